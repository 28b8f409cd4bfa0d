/* Writes truth.json: what is known about each photo of a made dataset. Its fields are in docs/datasets.md. */
#ifndef PF_TRUTH_JSON_H
#define PF_TRUTH_JSON_H

#include "datasets/dataset_plan.h"

/* Derived from the plan alone, photo by photo, in byte order of the paths; written under a temporary name,
 * then renamed. */
pf_status pf_truth_write(const pf_plan *plan, const char *path, pf_error *error);

#endif
