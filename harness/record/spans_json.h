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

#endif
