/* A record by what a user calls it: a file, or an id of the history. */
#ifndef HARNESS_HISTORY_RECORD_H
#define HARNESS_HISTORY_RECORD_H

#include <jansson.h>

#include "harness/record/record_load.h"
#include "photofinish/status.h"

/* `name` is a file, the first characters of an id, or "last"; a file wins over an id. The caller owns
 * *record. PF_ERR_NOT_FOUND and others as pf_record_load and pf_history_find give them. */
pf_status pf_history_record_load(const char *name, json_t **record, pf_error *error);

/* The same with the record's id, for any kind of record (record_load.h). */
pf_status pf_history_record_load_any(const char *name, json_t **record, char id[PF_RECORD_ID + 1],
				     pf_error *error);

#endif
