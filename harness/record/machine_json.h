/* What else the machine did during a trial, as JSON. */
#ifndef HARNESS_MACHINE_JSON_H
#define HARNESS_MACHINE_JSON_H

#include <jansson.h>

#include "harness/machine/machine_state.h"

/* What could not be read is null. */
json_t *pf_machine_state_json(const pf_machine_state *state);

/* The reverse; what is not there could not be read. */
void pf_machine_state_of(const json_t *object, pf_machine_state *state);

/* A list of what disturbed the trial, in words; empty where nothing did. */
json_t *pf_disturbed_by_json(const pf_machine_state *state);

#endif
