/* What a gate found, as a record; and back. */
#ifndef HARNESS_GATE_JSON_H
#define HARNESS_GATE_JSON_H

#include <jansson.h>

#include "harness/gate/gate.h"

#define PF_GATE_SCHEMA "photofinish.gate/1"
#define PF_BASELINE_SCHEMA "photofinish.baseline/1"

/* New reference: all of it with the raw observations; NULL without memory. */
json_t *pf_gate_json(const pf_gate *gate);

/* New reference: what is exact of one arm on these instruction sets, for a file in git, with what `file`
 * (NULL: none) has of others. No times. */
json_t *pf_gate_baseline_json(const pf_gate *gate, int arm, const char *file);

/* Puts what such a file holds for these instruction sets into the baseline's side of the workloads, by name.
 * Where it has nothing for them all are INCONCLUSIVE. PF_ERR_INVALID: it is no such file. */
pf_status pf_gate_baseline_read(const char *file, pf_gate *gate, pf_error *error);

#endif
