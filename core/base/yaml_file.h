/* Small YAML files by libcyaml: strict (unknown keys are errors), no aliases, bounded size, errors of one
 * line. */
#ifndef PHOTOFINISH_YAML_FILE_H
#define PHOTOFINISH_YAML_FILE_H

#include <cyaml/cyaml.h>

#include "photofinish/status.h"

#define PF_YAML_BYTES_MAX (64 * 1024)

/* Loads `file` by `schema` into *data, NULL for a file without any content. PF_ERR_INVALID names the key;
 * others are pf_fail_errno's. The caller frees *data with pf_yaml_free, also after a failure. */
pf_status pf_yaml_load(const char *file, const cyaml_schema_value_t *schema, void **data, pf_error *error);
void pf_yaml_free(const cyaml_schema_value_t *schema, void *data); /* NULL is fine */

/* Sets *to to *value, where the file states it (`value` is not NULL) and it lies in low..high (NaN does not);
 * otherwise PF_ERR_INVALID that names the key. */
pf_status pf_yaml_take(const double *value, double low, double high, const char *key, const char *file,
		       double *to, pf_error *error);

#endif
