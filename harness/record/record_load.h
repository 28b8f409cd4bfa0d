/* Stored records, read back: files are untrusted until they were looked at. */
#ifndef HARNESS_RECORD_LOAD_H
#define HARNESS_RECORD_LOAD_H

#include <jansson.h>

#include "photofinish/status.h"

#define PF_RECORD_ID 12 /* characters of a record's id */

#define PF_RECORD_MAX_BYTES (64u << 20) /* larger files are refused unread */

/* Reads the record of a run and checks what its readers rest on: the schema's name, and that environment,
 * dataset, variants and trials are what they should be. Members that are not known are ignored, those that
 * are missing were not measured. id (may be NULL) becomes the record's id: the first digits of the SHA-256 of
 * the file's bytes. The caller drops its reference to *out. PF_ERR_INVALID says what is wrong; FIFOs, devices
 * and files above PF_RECORD_MAX_BYTES are refused. */
pf_status pf_record_load(const char *path, json_t **out, char id[PF_RECORD_ID + 1], pf_error *error);

/* The same for any kind of record (record_kind.h), checked as its readers need it. */
pf_status pf_record_load_any(const char *path, json_t **out, char id[PF_RECORD_ID + 1], pf_error *error);

/* The id of a record of these bytes. */
void pf_record_id(const void *bytes, size_t count, char id[PF_RECORD_ID + 1]);

#endif
