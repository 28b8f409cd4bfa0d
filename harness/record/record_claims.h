/* Parts of a run's record: the claims with what they rest on, and the story of a step. */
#ifndef HARNESS_RECORD_CLAIMS_H
#define HARNESS_RECORD_CLAIMS_H

#include <jansson.h>

#include "harness/run/run.h"

/* New references. */
json_t *pf_record_claims(const pf_run *run);                    /* an array, empty where none are answered */
json_t *pf_record_first_results(const pf_first_results *first); /* null where those trials were not made */
json_t *pf_record_story(const struct pf_variant *variant);      /* what a step changes, and why */

#endif
