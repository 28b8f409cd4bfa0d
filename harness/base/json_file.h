/* JSON documents into files, as all records are written: sorted keys, all 17 digits, all or nothing. */
#ifndef HARNESS_JSON_FILE_H
#define HARNESS_JSON_FILE_H

#include <jansson.h>

#include "photofinish/status.h"

/* json_load_file of a regular file: whatever else is there is refused, and never waited for. */
json_t *pf_json_load(const char *path, size_t flags, json_error_t *why);

/* Writes `record` (taken over; NULL, as json_pack gives on failure, is PF_ERR_INTERNAL) to `path`, "-" being
 * standard output. A record with "partial": true replaces no file but a partial one: PF_ERR_EXISTS. */
pf_status pf_json_write(json_t *record, const char *path, pf_error *error);

/* The bytes that pf_json_write writes, *count of them; NULL without memory. The caller frees them. */
char *pf_json_text(const json_t *record, size_t *count);

#endif
