/* Counters as a probe, where a session asks for them with a pf_counter_plan: hooks at the spans of the
 * trial's processes write into memory that the harness shares. What it finds is a pf_trial_counters. */
#include <stdlib.h>

#include "harness/counters/counter_spans.h"
#include "harness/counters/counters_json.h"
#include "harness/counters/trial_counters.h"
#include "harness/probe/probe.h"

static size_t block_bytes(const void *plan, uint32_t workers)
{
	return pf_counter_block_bytes(plan, workers);
}

static pf_status open_block(pf_probe_look *look, pf_error *error)
{
	pf_counter_block *block = look->shared;
	(void)error;
	if (block) {
		block->plan = *(const pf_counter_plan *)look->asked;
	}
	return PF_OK;
}

static void start(void *block, const pf_trace *traces, uint32_t workers)
{
	pf_counter_spans_start(&pf_counter_perf, block, traces, workers);
}

static void stop(void *block)
{
	pf_counter_spans_stop(block);
}

static void *collect(pf_probe_look *look)
{
	return pf_trial_counters_collect(look->shared, look->asked, look->workers, look->wall_ns);
}

static json_t *write_counters(const void *counters)
{
	return pf_trial_counters_json(counters);
}

static void *read_counters(const json_t *member)
{
	return pf_trial_counters_of(member);
}

const pf_probe pf_probe_counters = {
	.member = "counters",
	.on_request = true,
	.shared_bytes = block_bytes,
	.open = open_block,
	.start = start,
	.stop = stop,
	.collect = collect,
	.write = write_counters,
	.read = read_counters,
	.release = free,
};
