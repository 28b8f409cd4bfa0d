/* The record of a run: one JSON document, schema "photofinish.run/1" (docs/run-schema.json). */
#ifndef HARNESS_RECORD_H
#define HARNESS_RECORD_H

#include <jansson.h>

#include "harness/run/run.h"

#define PF_RECORD_SCHEMA "photofinish.run/1"

/* "ok", "crashed", ... The reverse takes texts that are not known for PF_ENDED_FAILED. */
const char *pf_ending_name(pf_ending ending);
pf_ending pf_ending_of(const char *name);

/* New reference to the record; NULL on failure. */
json_t *pf_record_json(const pf_run *run);

#endif
