/* A trial in a record; stored_trial.h reads it back. */
#ifndef HARNESS_TRIAL_JSON_H
#define HARNESS_TRIAL_JSON_H

#include <jansson.h>

#include "harness/trial/trial.h"

/* New reference. Times of a trial whose output was not checked are null: they are no result. */
json_t *pf_trial_json(const pf_trial *trial);

/* "ok", "crashed", ... The reverse takes texts that are not known for PF_ENDED_FAILED. */
const char *pf_ending_name(pf_ending ending);
pf_ending pf_ending_of(const char *name);

#endif
