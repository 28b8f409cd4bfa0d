/* Traces: names of stages, the life of a trace, and sums over it. */
#include "photofinish/trace.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

static_assert((int)PF_STAGE_END <= (int)PF_STAGES_MAX, "a trace has room for all stages");

#define PF_STAGE_NAME(constant, name, text) name,
#define PF_STAGE_TEXT(constant, name, text) text,
#define PF_PART_NAME(constant, stage, name, text) name,
#define PF_PART_TEXT(constant, stage, name, text) text,
#define PF_PART_WHOLE(constant, stage, name, text) stage,
static const char *const stage_names[] = {PF_STAGE_LIST(PF_STAGE_NAME) "none",
					  PF_STAGE_PART_LIST(PF_PART_NAME)};
static const char *const stage_texts[] = {PF_STAGE_LIST(PF_STAGE_TEXT) "outside of all stages",
					  PF_STAGE_PART_LIST(PF_PART_TEXT)};
static const pf_stage wholes[] = {PF_STAGE_PART_LIST(PF_PART_WHOLE)};

const char *pf_stage_name(pf_stage stage)
{
	return (unsigned)stage < PF_STAGE_END ? stage_names[stage] : "none";
}

const char *pf_stage_text(pf_stage stage)
{
	return (unsigned)stage < PF_STAGE_END ? stage_texts[stage] : "outside of all stages";
}

pf_stage pf_stage_whole(pf_stage stage)
{
	return stage > PF_STAGE_COUNT && stage < PF_STAGE_END ? wholes[stage - PF_STAGE_COUNT - 1] : stage;
}

void pf_trace_reset(pf_trace *trace)
{
	memset(trace, 0, sizeof *trace);
	for (int i = 0; i < PF_STAGES_MAX; i++) {
		trace->sums[i].stage = (uint16_t)i;
	}
	atomic_store(&trace->stage, (uint32_t)PF_STAGE_COUNT);
	atomic_store(&trace->photo, PF_NO_PHOTO);
}

void pf_trace_keep(pf_trace *trace, pf_span *ring, uint32_t capacity)
{
	assert((capacity & (capacity - 1)) == 0);
	trace->ring = capacity ? ring : NULL;
	trace->ring_capacity = capacity;
}

static uint64_t life_so_far(const pf_trace *trace)
{
	uint64_t end = trace->left_ns ? trace->left_ns : trace->mark_ns;
	return trace->entered_ns && end > trace->entered_ns ? end - trace->entered_ns : 0;
}

uint64_t pf_trace_lifetime_ns(const pf_trace *trace)
{
	return trace->lived_ns + life_so_far(trace);
}

/* Index of the sum that encloses sum `i`, or -1. It is always less, also in what a corrupted process wrote.
 */
static int outer_of(const pf_trace *trace, int i)
{
	return i >= PF_STAGES_MAX && trace->sums[i].outer < i ? trace->sums[i].outer : -1;
}

static bool within_itself(const pf_trace *trace, int i)
{
	for (int outer = outer_of(trace, i); outer >= 0; outer = outer_of(trace, outer)) {
		if (trace->sums[outer].stage == trace->sums[i].stage) {
			return true;
		}
	}
	return false;
}

void pf_trace_sum(const pf_trace *trace, pf_stage stage, pf_stage_sum *out)
{
	uint32_t paths = trace->paths < PF_SPAN_PATHS ? trace->paths : PF_SPAN_PATHS;
	*out = (pf_stage_sum){0};
	for (int i = 0; i < PF_STAGES_MAX + (int)paths; i++) {
		const pf_span_sum *sum = &trace->sums[i];
		bool same = sum->stage == (uint16_t)stage;
		if (same || pf_stage_whole((pf_stage)sum->stage) == stage) {
			out->spans += same ? sum->spans : 0;
			out->wall_ns += same && !within_itself(trace, i) ? sum->wall_ns : 0;
			out->own_ns += sum->wall_ns > sum->inner_ns ? sum->wall_ns - sum->inner_ns : 0;
			out->cpu_ns += sum->cpu_ns;
			out->run_delay_ns += sum->run_delay_ns;
		}
	}
}
