#include "harness/record/spans_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json_values.h"
#include "harness/spans/trial_spans.h"

static const char *wait_name(pf_wait_kind kind)
{
	static const char *const names[PF_WAIT_KINDS] = {
		[PF_WAIT_QUEUE] = "queue", [PF_WAIT_IO] = "io", [PF_WAIT_BLOCKED] = "blocked"};
	return names[kind];
}

/* CPU time, and what is left of the stage's own time, by its kind. */
static void put_waits(json_t *object, const pf_stage_sum *sum, pf_stage stage, bool delay_known)
{
	uint64_t run_ns = sum->cpu_ns + sum->run_delay_ns;
	json_object_set_new(object, "cpu_ns", pf_json_integer(sum->cpu_ns));
	json_object_set_new(object, "run_delay_ns", pf_json_integer_or_null(sum->run_delay_ns, delay_known));
	json_object_set_new(object, "waited_ns",
			    pf_json_integer(sum->own_ns > run_ns ? sum->own_ns - run_ns : 0));
	json_object_set_new(object, "waited_for",
			    json_string(wait_name(pf_engine_stages.wait(pf_engine_stages.context, stage))));
}

static json_t *parts_json(const pf_trial_spans *spans, pf_stage stage)
{
	json_t *parts = json_object();
	for (int part = PF_STAGE_COUNT + 1; part < PF_STAGE_END; part++) {
		const pf_stage_sum *sum = &spans->stages[part];
		if (pf_stage_whole((pf_stage)part) == stage && sum->spans) {
			json_t *object = json_pack("{s:o,s:o}", "wall_ns", pf_json_integer(sum->own_ns),
						   "spans", pf_json_integer(sum->spans));
			put_waits(object, sum, (pf_stage)part, spans->tree.run_delay_known);
			json_object_set_new(parts, pf_stage_name((pf_stage)part), object);
		}
	}
	return parts;
}

json_t *pf_stages_json(const pf_trial *trial)
{
	json_t *stages = json_object();
	for (int i = 0; i < PF_STAGE_COUNT && trial->checked; i++) {
		if (!trial->stage_spans[i]) {
			continue;
		}
		json_t *object = json_pack("{s:o,s:o,s:o}", "wall_ns", pf_json_integer(trial->stage_ns[i]),
					   "main_ns", pf_json_integer(trial->main_stage_ns[i]), "spans",
					   pf_json_integer(trial->stage_spans[i]));
		if (trial->spans) {
			const pf_stage_sum *sum = &trial->spans->stages[i];
			json_object_set_new(object, "inclusive_ns", pf_json_integer(sum->wall_ns));
			put_waits(object, sum, (pf_stage)i, trial->spans->tree.run_delay_known);
			json_object_set_new(object, "parts", parts_json(trial->spans, (pf_stage)i));
		}
		json_object_set_new(stages, pf_stage_name((pf_stage)i), object);
	}
	return stages;
}

static json_t *lanes_json(const pf_trial_spans *spans)
{
	json_t *lanes = json_array();
	for (size_t i = 0; i < spans->lane_count; i++) {
		const pf_trial_lane *lane = &spans->lanes[i];
		json_t *object = json_object();
		json_object_set_new(object, "slot", pf_json_integer(i));
		json_object_set_new(object, "busy_ns", pf_json_integer(lane->times.busy_ns));
		json_object_set_new(object, "starved_ns", pf_json_integer(lane->times.starved_ns));
		json_object_set_new(object, "between_ns", pf_json_integer(lane->times.between_ns));
		json_object_set_new(object, "not_begun_ns", pf_json_integer(lane->times.not_begun_ns));
		json_object_set_new(object, "finished_ns", pf_json_integer(lane->times.finished_ns));
		json_object_set_new(object, "off_cpu_ns", pf_json_integer(lane->off_cpu_ns));
		json_object_set_new(object, "run_delay_ns",
				    pf_json_integer_or_null(lane->run_delay_ns, spans->tree.run_delay_known));
		json_object_set_new(object, "spans", pf_json_integer(lane->ended));
		json_object_set_new(object, "spans_kept", pf_json_integer(lane->kept));
		json_object_set_new(object, "timeline", json_string(lane->timeline));
		json_array_append_new(lanes, object);
	}
	return lanes;
}

static json_t *overlap_json(const pf_trial_spans *spans)
{
	json_t *busy = json_array();
	for (size_t n = 0; n <= pf_trial_spans_workers(spans); n++) {
		json_array_append_new(busy, pf_json_integer(spans->busy_ns[n]));
	}
	return busy;
}

static json_t *shares_json(const uint64_t *stage_ns)
{
	json_t *stages = json_object();
	for (int i = 0; i <= PF_STAGE_COUNT; i++) {
		if (stage_ns[i]) {
			json_object_set_new(stages,
					    i < PF_STAGE_COUNT ? pf_stage_name((pf_stage)i) : "unattributed",
					    pf_json_integer(stage_ns[i]));
		}
	}
	return stages;
}

static json_t *path_json(const pf_trial_spans *spans)
{
	json_t *runs = json_array();
	for (size_t i = 0; i < spans->run_count && i < PF_PATH_RUNS; i++) {
		const pf_path_run *run = &spans->runs[i];
		json_array_append_new(runs, json_pack("{s:o,s:o,s:o,s:o}", "slot", pf_json_integer(run->lane),
						      "begin_ns", pf_json_integer(run->begin_ns), "end_ns",
						      pf_json_integer(run->end_ns), "stages",
						      shares_json(run->stage_ns)));
	}
	return json_pack("{s:o,s:o,s:o}", "stages", shares_json(spans->path_ns), "parts", runs,
			 "parts_in_all", pf_json_integer(spans->run_count));
}

/* The stages as they stand within each other: each before what it encloses. */
static json_t *nested_json(const pf_span_tree *tree)
{
	json_t *rows = json_array();
	for (size_t i = 0; i < tree->count; i++) {
		const pf_span_row *row = &tree->rows[i];
		json_array_append_new(
			rows,
			json_pack("{s:s,s:o,s:o,s:o,s:o,s:o,s:o}", "stage", pf_stage_name(row->stage),
				  "depth", pf_json_integer(row->depth), "spans", pf_json_integer(row->spans),
				  "inclusive_ns", pf_json_integer(row->wall_ns), "wall_ns",
				  pf_json_integer(row->own_ns), "cpu_ns", pf_json_integer(row->cpu_ns),
				  "run_delay_ns",
				  pf_json_integer_or_null(row->run_delay_ns, tree->run_delay_known)));
	}
	return rows;
}

json_t *pf_spans_json(const pf_trial *trial)
{
	const pf_trial_spans *spans = trial->spans;
	if (!spans || !trial->checked) {
		return json_null();
	}
	const pf_span_tree *tree = &spans->tree;
	json_t *object = json_object();
	json_object_set_new(object, "ended", pf_json_integer(tree->ended));
	json_object_set_new(object, "overwritten", pf_json_integer(tree->overwritten));
	json_object_set_new(object, "too_deep", pf_json_integer(tree->too_deep));
	json_object_set_new(object, "unbalanced", pf_json_integer(tree->unbalanced));
	json_object_set_new(object, "lost_paths", pf_json_integer(tree->lost_paths));
	json_object_set_new(object, "lifetime_ns", pf_json_integer(tree->lifetime_ns));
	json_object_set_new(object, "unattributed_ns", pf_json_integer(tree->unattributed.own_ns));
	json_object_set_new(object, "unattributed_cpu_ns", pf_json_integer(tree->unattributed.cpu_ns));
	json_object_set_new(object, "unattributed_run_delay_ns",
			    pf_json_integer_or_null(tree->unattributed.run_delay_ns, tree->run_delay_known));
	json_object_set_new(object, "nested", nested_json(tree));
	json_object_set_new(object, "from_ns", pf_json_integer(spans->from_ns));
	json_object_set_new(object, "to_ns", pf_json_integer(spans->to_ns));
	json_object_set_new(object, "has_workers", json_boolean(spans->has_workers));
	json_object_set_new(object, "workers_busy_ns", overlap_json(spans));
	json_object_set_new(object, "slots", lanes_json(spans));
	json_object_set_new(object, "critical_path", path_json(spans));
	return object;
}

/* PF_STAGE_END for a name that is none. */
static pf_stage stage_of(const char *name)
{
	int stage = 0;
	while (stage < PF_STAGE_END &&
	       (stage == PF_STAGE_COUNT || strcmp(pf_stage_name((pf_stage)stage), name) != 0)) {
		stage++;
	}
	return (pf_stage)stage;
}

static void read_sum(const json_t *object, const char *inclusive, pf_stage_sum *out)
{
	out->spans = pf_json_count(object, "spans", 0);
	out->own_ns = pf_json_count(object, "wall_ns", 0);
	out->wall_ns = pf_json_count(object, inclusive, 0);
	out->cpu_ns = pf_json_count(object, "cpu_ns", 0);
	out->run_delay_ns = pf_json_count(object, "run_delay_ns", 0);
}

static void read_stages(const json_t *stages, pf_trial_spans *out)
{
	for (int i = 0; i < PF_STAGE_END; i++) {
		pf_stage whole = i == PF_STAGE_COUNT ? PF_STAGE_COUNT : pf_stage_whole((pf_stage)i);
		const json_t *stage = json_object_get(stages, pf_stage_name(whole));
		if (i < PF_STAGE_COUNT) {
			read_sum(stage, "inclusive_ns", &out->stages[i]);
		} else if (i > PF_STAGE_COUNT) { /* nothing stands within a part */
			read_sum(json_object_get(json_object_get(stage, "parts"), pf_stage_name((pf_stage)i)),
				 "wall_ns", &out->stages[i]);
		}
	}
}

enum { MOST_DEPTH = 64 }; /* of what is shown: far beyond what is traced */

static bool read_tree(const json_t *object, pf_span_tree *out)
{
	const json_t *rows = json_object_get(object, "nested"), *row;
	size_t index;
	out->rows = calloc(json_array_size(rows) + 1, sizeof *out->rows);
	json_array_foreach(rows, index, row)
	{
		pf_stage stage = stage_of(pf_json_string(row, "stage"));
		uint64_t depth = pf_json_count(row, "depth", 0);
		if (out->rows && stage != PF_STAGE_END && depth < MOST_DEPTH) {
			pf_stage_sum sum;
			read_sum(row, "inclusive_ns", &sum);
			out->rows[out->count++] = (pf_span_row){.stage = stage,
								.depth = (uint32_t)depth,
								.spans = sum.spans,
								.wall_ns = sum.wall_ns,
								.own_ns = sum.own_ns,
								.cpu_ns = sum.cpu_ns,
								.run_delay_ns = sum.run_delay_ns};
		}
	}
	out->ended = pf_json_count(object, "ended", 0);
	out->overwritten = pf_json_count(object, "overwritten", 0);
	out->too_deep = pf_json_count(object, "too_deep", 0);
	out->unbalanced = pf_json_count(object, "unbalanced", 0);
	out->lost_paths = pf_json_count(object, "lost_paths", 0);
	out->lifetime_ns = pf_json_count(object, "lifetime_ns", 0);
	out->unattributed.own_ns = pf_json_count(object, "unattributed_ns", 0);
	out->unattributed.cpu_ns = pf_json_count(object, "unattributed_cpu_ns", 0);
	out->unattributed.run_delay_ns = pf_json_count(object, "unattributed_run_delay_ns", 0);
	out->run_delay_known = json_is_integer(json_object_get(object, "unattributed_run_delay_ns"));
	return out->rows != NULL;
}

static void read_shares(const json_t *object, uint64_t *stage_ns)
{
	for (int i = 0; i <= PF_STAGE_COUNT; i++) {
		stage_ns[i] = pf_json_count(
			object, i < PF_STAGE_COUNT ? pf_stage_name((pf_stage)i) : "unattributed", 0);
	}
}

static void read_path(const json_t *path, pf_trial_spans *out)
{
	const json_t *runs = json_object_get(path, "parts"), *run;
	size_t index;
	read_shares(json_object_get(path, "stages"), out->path_ns);
	json_array_foreach(runs, index, run)
	{
		if (index < PF_PATH_RUNS) {
			out->runs[index].lane = (size_t)pf_json_count(run, "slot", 0);
			out->runs[index].begin_ns = pf_json_count(run, "begin_ns", 0);
			out->runs[index].end_ns = pf_json_count(run, "end_ns", 0);
			read_shares(json_object_get(run, "stages"), out->runs[index].stage_ns);
			out->run_count = index + 1;
		}
	}
	uint64_t all = pf_json_count(path, "parts_in_all", 0);
	out->run_count = all > out->run_count && out->run_count == PF_PATH_RUNS ? (size_t)all
										: out->run_count;
}

static void read_lane(const json_t *object, pf_trial_lane *lane)
{
	lane->times.busy_ns = pf_json_count(object, "busy_ns", 0);
	lane->times.starved_ns = pf_json_count(object, "starved_ns", 0);
	lane->times.between_ns = pf_json_count(object, "between_ns", 0);
	lane->times.not_begun_ns = pf_json_count(object, "not_begun_ns", 0);
	lane->times.finished_ns = pf_json_count(object, "finished_ns", 0);
	lane->off_cpu_ns = pf_json_count(object, "off_cpu_ns", 0);
	lane->run_delay_ns = pf_json_count(object, "run_delay_ns", 0);
	lane->ended = pf_json_count(object, "spans", 0);
	lane->kept = pf_json_count(object, "spans_kept", 0);
	snprintf(lane->timeline, sizeof lane->timeline, "%s", pf_json_string(object, "timeline"));
}

pf_trial_spans *pf_spans_of(const json_t *object, const json_t *stages)
{
	const json_t *lanes = json_object_get(object, "slots"),
		     *busy = json_object_get(object, "workers_busy_ns"), *entry;
	size_t count = json_array_size(lanes), index;
	pf_trial_spans *out = count ? calloc(1, sizeof *out) : NULL;
	if (!out) {
		return NULL;
	}
	out->lane_count = count;
	out->has_workers = count > 1 && json_is_true(json_object_get(object, "has_workers"));
	out->lanes = calloc(count, sizeof *out->lanes);
	out->busy_ns = calloc(count + 1, sizeof *out->busy_ns);
	if (!read_tree(object, &out->tree) || !out->lanes || !out->busy_ns) {
		pf_trial_spans_free(out);
		return NULL;
	}
	json_array_foreach(lanes, index, entry)
	{
		read_lane(entry, &out->lanes[index]);
	}
	json_array_foreach(busy, index, entry)
	{
		if (index <= pf_trial_spans_workers(out) && json_integer_value(entry) > 0) {
			out->busy_ns[index] = (uint64_t)json_integer_value(entry);
		}
	}
	out->to_ns = pf_json_count(object, "to_ns", 0);
	out->from_ns = pf_json_count(object, "from_ns", 0);
	out->from_ns = out->from_ns < out->to_ns ? out->from_ns : out->to_ns;
	read_stages(stages, out);
	read_path(json_object_get(object, "critical_path"), out);
	return out;
}
