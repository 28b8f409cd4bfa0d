/* What is counted in the loops of micro-benchmarks, as user counters. */
#ifndef HARNESS_MICRO_COUNTERS_H
#define HARNESS_MICRO_COUNTERS_H

#include "harness/counters/counters.h"
#include "harness/micro/gbench_run.h"

/* Hooks that count the plan's events in the thread of each loop, without its pauses; each gives a user
 * counter of its name, of one iteration. NULL where there is nothing to count. `openings` gets how the first
 * opening went. Both arguments are kept. */
const pf_gbench_hooks *pf_micro_count(const pf_counter_plan *plan, pf_counter_opening *openings);

#endif
