/* Energy of a trial, as records have it. */
#ifndef HARNESS_ENERGY_JSON_H
#define HARNESS_ENERGY_JSON_H

#include <jansson.h>

#include "harness/energy/energy.h"

json_t *pf_energy_json(const pf_energy *energy); /* new reference */

/* The reverse; what is no energy is none, without a reason. */
void pf_energy_of(const json_t *object, pf_energy *out);

#endif
