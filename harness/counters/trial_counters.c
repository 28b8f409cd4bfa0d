#include "harness/counters/trial_counters.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DERIVED(name, unit, formula, source) {name, unit, formula, source},
static const pf_derived derived[] = {PF_DERIVED_LIST(DERIVED)};
static_assert(sizeof derived / sizeof *derived == PF_DERIVED_COUNT, "the header counts them");

/* factor * above / below, in the order of the list; below NULL: slots, above NULL: the rest of the slots. */
static const struct ratio {
	const char *above, *below;
	double factor;
} ratios[] = {
	{"instructions", "cycles", 1},
	{"cycles", "task-clock", 1}, /* cycles a nanosecond are GHz */
	{"cache-misses", "cache-references", 100},
	{"cache-misses", "instructions", 1000},
	{"L1-dcache-load-misses", "L1-dcache-loads", 100},
	{"L1-dcache-load-misses", "instructions", 1000},
	{"branch-misses", "branches", 100},
	{"branch-misses", "instructions", 1000},
	{"dTLB-load-misses", "dTLB-loads", 100},
	{"dTLB-load-misses", "instructions", 1000},
	{"iTLB-load-misses", "instructions", 1000},
	{"topdown-retired", NULL, 100},
	{"topdown-frontend", NULL, 100},
	{"topdown-backend", NULL, 100},
	{NULL, NULL, 100},
};
static_assert(sizeof ratios / sizeof *ratios == PF_DERIVED_COUNT, "one for each");

/* Why there is nothing of an event, in the words of the machine that it was to be counted on. */
static void note_why_not(pf_trial_counters *out)
{
	for (uint32_t i = 0; i < out->plan.count; i++) {
		if (out->openings[i].why) {
			pf_counter_why(out->openings[i].why, pf_perf_event_paranoid(), out->why_not[i]);
		} else if (!out->counted) {
			snprintf(out->why_not[i], PF_COUNTER_WHY, "the trial did not come to its end");
		} else if (!pf_trial_counter(out, i).known) {
			snprintf(out->why_not[i], PF_COUNTER_WHY,
				 "it never ran, as no hardware counter was free; ask for fewer at a time");
		}
	}
}

pf_trial_counters *pf_trial_counters_collect(const pf_counter_block *block, const pf_counter_plan *plan,
					     uint32_t workers, uint64_t wall_ns)
{
	pf_trial_counters *out = block ? calloc(1, sizeof *out) : NULL;
	if (!out) {
		return NULL;
	}
	double most_ns = 0;
	out->plan = *plan;
	out->counted = atomic_load(&block->counted) != 0;
	memcpy(out->openings, block->openings, sizeof out->openings);
	memcpy(out->counts, block->counts, sizeof out->counts);
	out->read_ns = block->read_ns >= 0 && block->read_ns < 1e9 ? block->read_ns : 0; /* else no time */
	out->opening_ns = block->opening_ns;
	for (uint32_t i = 0; i <= workers; i++) {
		const pf_counter_slot *slot = &block->slots[i];
		if (slot->threads && !out->any_stage) {
			memcpy(out->stage_openings, slot->openings, sizeof out->stage_openings);
			out->any_stage = true;
		}
		for (int stage = 0; stage <= PF_STAGE_COUNT; stage++) {
			for (uint32_t event = 0; event < out->plan.count; event++) {
				const pf_count *count = &slot->stages[stage][event];
				out->stages[stage][event].value += count->value;
				out->stages[stage][event].enabled_ns += count->enabled_ns;
				out->stages[stage][event].running_ns += count->running_ns;
			}
		}
		out->reads += slot->reads;
		out->opening_ns += slot->opening_ns;
		double ns = (double)slot->reads * out->read_ns + (double)slot->opening_ns;
		most_ns = ns > most_ns ? ns : most_ns;
	}
	out->cost_share = wall_ns ? (most_ns + (double)block->opening_ns) / (double)wall_ns : 0;
	note_why_not(out);
	return out;
}

pf_counter_value pf_count_scaled(const pf_count *count, const pf_counter_opening *opening)
{
	pf_counter_value out = {false, 0, 0};
	if (opening->why || !count->running_ns || !count->enabled_ns) {
		return out;
	}
	/* Two clocks: an event that ran all the time may seem to have run a little longer. */
	bool all = count->running_ns >= count->enabled_ns;
	out.known = true;
	out.running_share = all ? 1 : (double)count->running_ns / (double)count->enabled_ns;
	out.value = all ? (double)count->value : (double)count->value / out.running_share;
	return out;
}

pf_counter_value pf_trial_counter(const pf_trial_counters *counters, uint32_t event)
{
	return counters->counted ? pf_count_scaled(&counters->counts[event], &counters->openings[event])
				 : (pf_counter_value){false, 0, 0};
}

pf_counter_value pf_stage_counter(const pf_trial_counters *counters, unsigned stage, uint32_t event)
{
	return counters->any_stage
		       ? pf_count_scaled(&counters->stages[stage][event], &counters->stage_openings[event])
		       : (pf_counter_value){false, 0, 0};
}

void pf_trial_counter_values(const pf_trial_counters *counters, pf_counter_value *values)
{
	for (uint32_t i = 0; i < counters->plan.count; i++) {
		values[i] = pf_trial_counter(counters, i);
	}
}

void pf_stage_counter_values(const pf_trial_counters *counters, unsigned stage, pf_counter_value *values)
{
	for (uint32_t i = 0; i < counters->plan.count; i++) {
		values[i] = pf_stage_counter(counters, stage, i);
	}
}

const pf_derived *pf_derived_at(int index)
{
	return &derived[index];
}

static pf_counter_value value_of(const char *name, const pf_counter_plan *plan,
				 const pf_counter_value *values)
{
	for (uint32_t i = 0; i < plan->count; i++) {
		if (strcmp(plan->events[i].name, name) == 0) {
			return values[i];
		}
	}
	return (pf_counter_value){false, 0, 0};
}

static pf_counter_value quotient(const pf_counter_value *above, const pf_counter_value *below, double factor)
{
	pf_counter_value out = {false, 0, 0};
	if (above->known && below->known && below->value > 0) {
		out.known = true;
		out.value = factor * above->value / below->value;
		out.running_share = above->running_share < below->running_share ? above->running_share
										: below->running_share;
	}
	return out;
}

static pf_counter_value share_of_slots(const char *name, const pf_counter_plan *plan,
				       const pf_counter_value *values)
{
	pf_counter_value cycles = value_of("cycles", plan, values), slots = value_of(name, plan, values);
	return plan->slots_per_cycle ? quotient(&slots, &cycles, 100.0 / plan->slots_per_cycle)
				     : (pf_counter_value){false, 0, 0};
}

/* What is left of the slots; known only where the processor counts the other three. */
static pf_counter_value rest_of_slots(const pf_counter_plan *plan, const pf_counter_value *values)
{
	static const char *const others[] = {"topdown-retired", "topdown-frontend", "topdown-backend"};
	pf_counter_value out = {true, 100, 1};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		pf_counter_value share = share_of_slots(others[i], plan, values);
		out.known = out.known && share.known;
		out.value -= share.value;
		out.running_share = share.running_share < out.running_share ? share.running_share
									    : out.running_share;
	}
	return out.known ? out : (pf_counter_value){false, 0, 0};
}

pf_counter_value pf_derived_value(int index, const pf_counter_plan *plan, const pf_counter_value *values)
{
	const struct ratio *ratio = &ratios[index];
	if (!ratio->above) {
		return rest_of_slots(plan, values);
	}
	if (!ratio->below) {
		return share_of_slots(ratio->above, plan, values);
	}
	pf_counter_value above = value_of(ratio->above, plan, values),
			 below = value_of(ratio->below, plan, values);
	return quotient(&above, &below, ratio->factor);
}
