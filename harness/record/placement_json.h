/* Where workers ran, as records have it. */
#ifndef HARNESS_PLACEMENT_JSON_H
#define HARNESS_PLACEMENT_JSON_H

#include <jansson.h>

#include "harness/run/run.h"

/* What was chosen for the run: the places, what the process may use at all. */
json_t *pf_run_placement_json(const pf_run *run);

/* One object for each slot that a worker entered: asked, got, kept. What a worker that was killed would have
 * told is null. */
json_t *pf_trial_placement_json(const pf_trial *trial);

#endif
