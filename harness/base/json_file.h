/* JSON documents from and into files: read within bounds, written as all records are (sorted keys, all 17
 * digits, all or nothing). */
#ifndef HARNESS_JSON_FILE_H
#define HARNESS_JSON_FILE_H

#include <jansson.h>

#include "photofinish/status.h"

/* Largest file that pf_json_load reads. */
#define PF_JSON_MAX_BYTES (256u << 20)

/* json_loadb that is bounded by the size of the text: one whose tree would take more than 64 MiB and 12 times
 * its bytes (by counting braces, members and values, before anything is allocated; what photofinish writes
 * takes at most as much) is refused: NULL, and why->text says so. `why` may be NULL. */
json_t *pf_json_parse(const char *bytes, size_t count, size_t flags, json_error_t *why);

/* pf_json_parse of a regular file of at most PF_JSON_MAX_BYTES: whatever else is there is refused, and never
 * waited for. */
json_t *pf_json_load(const char *path, size_t flags, json_error_t *why);

/* Writes `record` (taken over; NULL, as json_pack gives on failure, is PF_ERR_INTERNAL) to `path`, "-" being
 * standard output. A record with "partial": true replaces no file but a partial one: PF_ERR_EXISTS. */
pf_status pf_json_write(json_t *record, const char *path, pf_error *error);

/* The bytes that pf_json_write writes, *count of them; NULL without memory. The caller frees them. */
char *pf_json_text(const json_t *record, size_t *count);

#endif
