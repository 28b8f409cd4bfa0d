/* Spans of trials in records. */
#ifndef HARNESS_SPANS_JSON_H
#define HARNESS_SPANS_JSON_H

#include <jansson.h>

#include "harness/trial/trial.h"

/* New references. The stages' times; an object without members for a trial that was not checked. */
json_t *pf_stages_json(const pf_trial *trial);

/* What else the spans say: what was kept, lanes, overlap and critical path. Null for a trial that has no
 * spans or was not checked. */
json_t *pf_spans_json(const pf_trial *trial);

/* The reverse: of a trial's "spans" and "stages"; freed by pf_trial_spans_free. NULL where there are none.
 * The spans themselves are in no record. */
struct pf_trial_spans *pf_spans_of(const json_t *spans, const json_t *stages);

#endif
