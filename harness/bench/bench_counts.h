/* What was counted of timed commands. */
#ifndef HARNESS_BENCH_COUNTS_H
#define HARNESS_BENCH_COUNTS_H

#include "harness/bench/bench.h"
#include "harness/counters/trial_counters.h"

/* Of one whole round (from 0), and the mean over those in which it is known, with the least running_share.
 * Not known where nothing is counted. */
pf_counter_value pf_bench_counter(const pf_bench *bench, const pf_bench_command *command, uint32_t round,
				  uint32_t event);
pf_counter_value pf_bench_counter_mean(const pf_bench *bench, const pf_bench_command *command,
				       uint32_t event);

#endif
