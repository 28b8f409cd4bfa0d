/* The gate's exact checks: outputs, allocations, instructions. */
#ifndef HARNESS_GATE_EXACT_H
#define HARNESS_GATE_EXACT_H

#include "harness/gate/gate.h"

/* Reads the tables of both arms and fills in gate->workloads: those asked for that the baseline has, and as
 * NEW those that only the candidate has. PF_ERR_NOT_FOUND: one that was asked for is in neither. */
pf_status pf_gate_list(pf_gate *gate, pf_error *error);

/* Digests and allocations of an arm's workloads that are not decided yet, in processes of its own; a workload
 * whose process dies is decided. */
pf_status pf_gate_look(pf_gate *gate, int arm, pf_error *error);

/* Instructions of a unit, under valgrind. PF_ERR_UNAVAILABLE: it is not there. */
pf_status pf_gate_count_instructions(pf_gate *gate, int arm, pf_error *error);

/* Judges what is exact of one workload, both arms: FAIL with its reason, else nothing is changed. Pure. */
void pf_gate_judge_exact(pf_gate_workload *workload);

#endif
