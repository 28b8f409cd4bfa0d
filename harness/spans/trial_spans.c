#include "harness/spans/trial_spans.h"

#include <stdlib.h>
#include <string.h>

/* What lanes are found from: the spans of all of them, one after another, and their stretches. */
struct taken {
	pf_span *spans;
	pf_stretch *stretches;
	pf_lane *lanes;
};

/* Copies the spans; where a ring was overwritten, the time that all lanes know begins with the oldest of its
 * latest ones. */
static void take_spans(pf_trial_spans *out, struct taken *taken, const pf_trial_traces *from, uint64_t end_ns)
{
	size_t count = 0;
	for (size_t i = 0; i < out->lane_count; i++) {
		pf_trial_lane *lane = &out->lanes[i];
		const pf_span *ring = from->rings + i * from->capacity;
		lane->spans = taken->spans + count;
		memcpy(taken->spans + count, ring, (size_t)lane->kept * sizeof *ring);
		if (lane->ended > lane->kept) { /* they are put into the ring as they end */
			uint64_t oldest_ns = ring[lane->ended & (from->capacity - 1)].end_ns;
			uint64_t from_ns = oldest_ns > out->begin_ns ? oldest_ns - out->begin_ns : 0;
			out->from_ns = from_ns > out->from_ns ? from_ns : out->from_ns;
		}
		count += (size_t)lane->kept;
	}
	out->to_ns = end_ns > out->begin_ns ? end_ns - out->begin_ns : 0;
	out->from_ns = out->from_ns < out->to_ns ? out->from_ns : out->to_ns;
}

static uint64_t since(uint64_t ns, uint64_t begin_ns)
{
	return ns > begin_ns ? ns - begin_ns : 0;
}

static void find_lanes(pf_trial_spans *out, struct taken *taken, const pf_trace *traces)
{
	pf_stretch *next = taken->stretches;
	pf_span *spans = taken->spans;
	for (size_t i = 0; i < out->lane_count; i++) {
		const pf_trace *trace = &traces[i];
		size_t kept = (size_t)out->lanes[i].kept;
		for (size_t k = 0; k < kept; k++) { /* times from here on count from the trial's begin */
			spans[k].begin_ns = since(spans[k].begin_ns, out->begin_ns);
			spans[k].end_ns = since(spans[k].end_ns, out->begin_ns);
		}
		pf_lane *lane = &taken->lanes[i];
		lane->stretches = next;
		lane->count = pf_stretches_find(spans, kept, out->from_ns, out->to_ns, next);
		lane->begin_ns = trace->entered_ns ? since(trace->entered_ns, out->begin_ns) : out->to_ns;
		if (trace->lived_ns && lane->count) { /* a worker that was replaced */
			lane->begin_ns = lane->stretches[0].begin_ns < lane->begin_ns
						 ? lane->stretches[0].begin_ns
						 : lane->begin_ns;
		}
		lane->end_ns = trace->left_ns ? since(trace->left_ns, out->begin_ns)
			       : lane->count  ? lane->stretches[lane->count - 1].end_ns
					      : lane->begin_ns;
		next += lane->count;
		spans += kept;
	}
}

static void sum_lane(pf_trial_lane *lane, const pf_trace *trace)
{
	for (int stage = 0; stage < PF_STAGE_COUNT; stage++) {
		pf_stage_sum sum;
		pf_trace_sum(trace, (pf_stage)stage, &sum);
		if (stage != PF_STAGE_WAIT) {
			lane->off_cpu_ns += since(sum.own_ns, sum.cpu_ns);
			lane->run_delay_ns += sum.run_delay_ns;
		}
	}
}

static void sum_stages(pf_trial_spans *out, const pf_trace *traces)
{
	for (size_t i = 0; i < out->lane_count; i++) {
		for (int stage = 0; stage < PF_STAGE_END; stage++) {
			pf_stage_sum sum, *all = &out->stages[stage];
			pf_trace_sum(&traces[i], (pf_stage)stage, &sum);
			all->spans += sum.spans;
			all->wall_ns += sum.wall_ns;
			all->own_ns += sum.own_ns;
			all->cpu_ns += sum.cpu_ns;
			all->run_delay_ns += sum.run_delay_ns;
		}
	}
}

static void find_times(pf_trial_spans *out, const struct taken *taken, const pf_trace *traces)
{
	const pf_lane *working = taken->lanes + (out->has_workers ? 1 : 0);
	pf_overlap_find(working, pf_trial_spans_workers(out), out->from_ns, out->to_ns, out->busy_ns);
	for (size_t i = 0; i < out->lane_count; i++) {
		out->lanes[i].times = pf_lane_times_find(&taken->lanes[i], out->from_ns, out->to_ns);
		pf_lane_timeline(&taken->lanes[i], out->from_ns, out->to_ns, out->lanes[i].timeline);
		sum_lane(&out->lanes[i], &traces[i]);
	}
	pf_critical_path path = pf_critical_path_find(taken->lanes, out->lane_count, out->has_workers,
						      out->from_ns, out->to_ns);
	for (size_t i = 0; i < path.count; i++) {
		out->path_ns[path.steps[i].stage] += path.steps[i].end_ns - path.steps[i].begin_ns;
	}
	out->run_count = pf_path_runs_find(&path, out->runs, PF_PATH_RUNS);
	pf_critical_path_release(&path);
}

/* The lanes, and how many spans each has; counted once, since whoever is left may go on writing. */
static bool open_lanes(pf_trial_spans *out, const pf_trial_traces *from, size_t *spans)
{
	out->lane_count = from->count;
	out->lanes = calloc(from->count, sizeof *out->lanes);
	out->busy_ns = calloc(from->count + 1, sizeof *out->busy_ns);
	*spans = 0;
	for (size_t i = 0; out->lanes && i < from->count; i++) {
		uint64_t ended = __atomic_load_n(&from->traces[i].ended, __ATOMIC_RELAXED);
		out->lanes[i].ended = ended;
		out->lanes[i].kept = ended < from->capacity ? ended : from->capacity;
		*spans += (size_t)out->lanes[i].kept;
	}
	return out->lanes && out->busy_ns;
}

pf_trial_spans *pf_trial_spans_create(const pf_trial_traces *from, uint64_t begin_ns, uint64_t end_ns,
				      bool has_workers, bool keep)
{
	size_t spans;
	struct taken taken = {0};
	pf_trial_spans *out = calloc(1, sizeof *out);
	if (!out || !open_lanes(out, from, &spans) ||
	    pf_span_tree_create(from->traces, from->count, &out->tree, NULL) != PF_OK) {
		goto failed;
	}
	out->has_workers = has_workers && from->count > 1;
	out->begin_ns = begin_ns;
	taken.spans = calloc(spans + 1, sizeof *taken.spans);
	taken.stretches = calloc(2 * spans + 1, sizeof *taken.stretches);
	taken.lanes = calloc(from->count, sizeof *taken.lanes);
	if (!taken.spans || !taken.stretches || !taken.lanes) {
		free(taken.spans);
		goto failed;
	}
	take_spans(out, &taken, from, end_ns);
	find_lanes(out, &taken, from->traces);
	sum_stages(out, from->traces);
	find_times(out, &taken, from->traces);
	free(taken.stretches);
	free(taken.lanes);
	out->kept = taken.spans;
	if (!keep) {
		pf_trial_spans_forget(out);
	}
	return out;
failed:
	free(taken.stretches);
	free(taken.lanes);
	pf_trial_spans_free(out);
	return NULL;
}

void pf_trial_spans_forget(pf_trial_spans *spans)
{
	for (size_t i = 0; i < spans->lane_count; i++) {
		spans->lanes[i].spans = NULL;
	}
	free(spans->kept);
	spans->kept = NULL;
}

void pf_trial_spans_free(pf_trial_spans *spans)
{
	if (spans) {
		pf_span_tree_release(&spans->tree);
		free(spans->lanes);
		free(spans->busy_ns);
		free(spans->kept);
		free(spans);
	}
}
