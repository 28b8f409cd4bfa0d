/* Counters and energy of a trial, as records have them. */
#ifndef HARNESS_COUNTERS_JSON_H
#define HARNESS_COUNTERS_JSON_H

#include <jansson.h>

#include "harness/trial/trial.h"

/* New references. */
json_t *pf_trial_counters_json(const pf_trial *trial); /* null where nothing was to be counted */
json_t *pf_trial_energy_json(const pf_trial *trial);

#endif
