/* What a journey keeps, decided over a run (decision.h has the rule). */
#ifndef HARNESS_RUN_DECISION_H
#define HARNESS_RUN_DECISION_H

#include "harness/run/run.h"

/* Gives each contestant its decision, in the order in which they stand: run->decided. */
void pf_run_decide(pf_run *run);

/* The incumbent after the first `count` contestants by what was measured so far, or NULL. */
const pf_contestant *pf_run_incumbent(const pf_run *run, size_t count);

#endif
