#include "harness/bench/bench_counts.h"

pf_counter_value pf_bench_counter(const pf_bench *bench, const pf_bench_command *command, uint32_t round,
				  uint32_t event)
{
	const pf_counter_value none = {.known = false};
	return command->counts ? pf_count_scaled(&command->counts[round * bench->counters->count + event],
						 &bench->openings[event])
			       : none;
}

pf_counter_value pf_bench_counter_mean(const pf_bench *bench, const pf_bench_command *command, uint32_t event)
{
	pf_counter_value mean = {.running_share = 1};
	uint32_t known = 0;
	for (uint32_t i = 0; i < bench->rounds_done; i++) {
		pf_counter_value one = pf_bench_counter(bench, command, i, event);
		if (one.known) {
			known++;
			mean.value += one.value;
			mean.running_share = one.running_share < mean.running_share ? one.running_share
										    : mean.running_share;
		}
	}
	mean.known = known > 0;
	mean.value /= known ? known : 1;
	return mean;
}
