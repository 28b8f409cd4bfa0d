#include "harness/micro/micro_counters.h"

#include <stdatomic.h>
#include <string.h>

static const pf_counter_plan *plan;
static pf_counter_opening *first;
static atomic_bool told;

static _Thread_local pf_counter_reader reader;
static _Thread_local pf_count from[PF_COUNTERS_MAX], sums[PF_COUNTERS_MAX];
static _Thread_local pf_counter_opening openings[PF_COUNTERS_MAX];

static void add_until_now(void)
{
	pf_count now[PF_COUNTERS_MAX] = {0};
	reader.backend->read(&reader, now);
	for (uint32_t i = 0; i < plan->count; i++) {
		sums[i].value += now[i].value - from[i].value;
		sums[i].enabled_ns += now[i].enabled_ns - from[i].enabled_ns;
		sums[i].running_ns += now[i].running_ns - from[i].running_ns;
	}
}

static void go_on(void)
{
	reader.backend->read(&reader, from);
}

static void begin(void)
{
	memset(from, 0, sizeof from);
	memset(sums, 0, sizeof sums);
	pf_counter_perf.open(&pf_counter_perf, plan, false, &reader, openings);
	if (!atomic_exchange(&told, true)) {
		memcpy(first, openings, sizeof openings);
	}
	go_on();
}

static void end(pf_gbench_state *state)
{
	add_until_now();
	for (uint32_t i = 0; i < plan->count; i++) {
		if (!openings[i].why && sums[i].running_ns) {
			double scaled = (double)sums[i].value * (double)sums[i].enabled_ns /
					(double)sums[i].running_ns;
			pf_gbench_counter(state, plan->events[i].name, scaled, PF_GBENCH_AVERAGE_ITERATIONS);
		}
	}
	reader.backend->close(&reader);
}

static const pf_gbench_hooks hooks = {.begin = begin, .pause = add_until_now, .resume = go_on, .end = end};

const pf_gbench_hooks *pf_micro_count(const pf_counter_plan *wanted, pf_counter_opening *out)
{
	plan = wanted;
	first = out;
	return wanted->count ? &hooks : NULL;
}
