/* The record of a run: one JSON document, schema "photofinish.run/1" (docs/run-schema.json). */
#ifndef HARNESS_RECORD_H
#define HARNESS_RECORD_H

#include <jansson.h>

#include "harness/record/record_kind.h"
#include "harness/run/run.h"

/* New reference to the record; NULL on failure. */
json_t *pf_record_json(const pf_run *run);

/* Makes the figures of a run's record anew that follow from its trials; `run` was read from it. */
void pf_record_complete(json_t *record, const pf_run *run);

#endif
