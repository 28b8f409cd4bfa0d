/* Counters of a trial, as records have them. */
#ifndef HARNESS_COUNTERS_JSON_H
#define HARNESS_COUNTERS_JSON_H

#include <jansson.h>

#include "harness/counters/trial_counters.h"

/* New reference; null for NULL: nothing was to be counted. */
json_t *pf_trial_counters_json(const pf_trial_counters *counters);

/* The reverse, freed by free(); NULL where nothing was counted. */
pf_trial_counters *pf_trial_counters_of(const json_t *object);

#endif
