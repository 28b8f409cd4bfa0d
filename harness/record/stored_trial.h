/* A trial of a stored record, read back into the model. */
#ifndef HARNESS_STORED_TRIAL_H
#define HARNESS_STORED_TRIAL_H

#include <jansson.h>

#include "harness/trial/trial.h"

/* Fills a zeroed *out. What the record lacks, or has in a form that is not known, was not measured. A trial
 * that claims to be checked and has no time is not. The caller frees it by pf_trial_release. */
void pf_stored_trial(const json_t *trial, uint32_t workers, pf_trial *out);

/* "0,2,4-7". False for what is no such list. */
bool pf_stored_cpus(const char *text, pf_cpus *out);

/* The first slot of the trials that did not get, or not keep, what was asked for: slot *slot of the trial
 * that is returned, with what it got in *place; NULL if there is none. */
const json_t *pf_stored_misplaced(const json_t *trials, uint32_t *slot, pf_place *place);

#endif
