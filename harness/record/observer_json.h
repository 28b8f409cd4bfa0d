/* What observing cost, as JSON. */
#ifndef HARNESS_OBSERVER_JSON_H
#define HARNESS_OBSERVER_JSON_H

#include <jansson.h>

#include "harness/trial/observer.h"

/* Unit costs; null where none were measured. */
json_t *pf_observer_json(const pf_observer *observer);

/* Of a trial: counts, cost and share; null where no unit costs are known. */
json_t *pf_observed_json(const pf_observed *observed);

/* The reverse. */
void pf_observed_of(const json_t *object, pf_observed *observed);

#endif
