/* Small YAML files by libcyaml: strict (unknown keys are errors), no aliases, bounded size. For the engine's
 * configuration, model cards and dataset specs; not for variants. */
#ifndef PHOTOFINISH_YAML_FILE_H
#define PHOTOFINISH_YAML_FILE_H

#include "photofinish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PF_YAML_BYTES_MAX (64 * 1024)

struct cyaml_schema_value; /* of <cyaml/cyaml.h> */

/* Loads `file` by `schema` into *data, NULL for a file without any content. PF_ERR_INVALID says in one line
 * which key is wrong, what is expected of it, and where: "weights.sharpness: expected a number, not \"abc\",
 * line 3". Others are pf_fail_errno's. The caller frees *data with pf_yaml_free, also after a failure. */
PF_API pf_status pf_yaml_load(const char *file, const struct cyaml_schema_value *schema, void **data,
			      pf_error *error);
PF_API void pf_yaml_free(const struct cyaml_schema_value *schema, void *data); /* NULL is fine */

/* Sets *to to *value, where the file states it (`value` is not NULL) and it lies in low..high (NaN does not);
 * otherwise PF_ERR_INVALID that names the key. */
PF_API pf_status pf_yaml_take(const double *value, double low, double high, const char *key, const char *file,
			      double *to, pf_error *error);

#ifdef __cplusplus
}
#endif
#endif
