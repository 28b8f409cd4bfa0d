#include "harness/record/spans_json.h"

#include "harness/spans/trial_spans.h"

static json_t *integer(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *integer_or_null(uint64_t value, bool known)
{
	return known ? integer(value) : json_null();
}

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
	json_object_set_new(object, "cpu_ns", integer(sum->cpu_ns));
	json_object_set_new(object, "run_delay_ns", integer_or_null(sum->run_delay_ns, delay_known));
	json_object_set_new(object, "waited_ns", integer(sum->own_ns > run_ns ? sum->own_ns - run_ns : 0));
	json_object_set_new(object, "waited_for",
			    json_string(wait_name(pf_engine_stages.wait(pf_engine_stages.context, stage))));
}

static json_t *parts_json(const pf_trial_spans *spans, pf_stage stage)
{
	json_t *parts = json_object();
	for (int part = PF_STAGE_COUNT + 1; part < PF_STAGE_END; part++) {
		const pf_stage_sum *sum = &spans->stages[part];
		if (pf_stage_whole((pf_stage)part) == stage && sum->spans) {
			json_t *object = json_pack("{s:o,s:o}", "wall_ns", integer(sum->own_ns), "spans",
						   integer(sum->spans));
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
		json_t *object = json_pack("{s:o,s:o,s:o}", "wall_ns", integer(trial->stage_ns[i]), "main_ns",
					   integer(trial->main_stage_ns[i]), "spans",
					   integer(trial->stage_spans[i]));
		if (trial->spans) {
			const pf_stage_sum *sum = &trial->spans->stages[i];
			json_object_set_new(object, "inclusive_ns", integer(sum->wall_ns));
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
		json_object_set_new(object, "slot", integer(i));
		json_object_set_new(object, "busy_ns", integer(lane->times.busy_ns));
		json_object_set_new(object, "starved_ns", integer(lane->times.starved_ns));
		json_object_set_new(object, "between_ns", integer(lane->times.between_ns));
		json_object_set_new(object, "not_begun_ns", integer(lane->times.not_begun_ns));
		json_object_set_new(object, "finished_ns", integer(lane->times.finished_ns));
		json_object_set_new(object, "off_cpu_ns", integer(lane->off_cpu_ns));
		json_object_set_new(object, "run_delay_ns",
				    integer_or_null(lane->run_delay_ns, spans->tree.run_delay_known));
		json_object_set_new(object, "spans", integer(lane->ended));
		json_object_set_new(object, "spans_kept", integer(lane->kept));
		json_array_append_new(lanes, object);
	}
	return lanes;
}

static json_t *overlap_json(const pf_trial_spans *spans)
{
	json_t *busy = json_array();
	for (size_t n = 0; n <= pf_trial_spans_workers(spans); n++) {
		json_array_append_new(busy, integer(spans->busy_ns[n]));
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
					    integer(stage_ns[i]));
		}
	}
	return stages;
}

static json_t *path_json(const pf_trial_spans *spans)
{
	json_t *runs = json_array();
	for (size_t i = 0; i < spans->run_count && i < PF_PATH_RUNS; i++) {
		const pf_path_run *run = &spans->runs[i];
		json_array_append_new(runs,
				      json_pack("{s:o,s:o,s:o,s:o}", "slot", integer(run->lane), "begin_ns",
						integer(run->begin_ns), "end_ns", integer(run->end_ns),
						"stages", shares_json(run->stage_ns)));
	}
	return json_pack("{s:o,s:o,s:o}", "stages", shares_json(spans->path_ns), "parts", runs,
			 "parts_in_all", integer(spans->run_count));
}

json_t *pf_spans_json(const pf_trial *trial)
{
	const pf_trial_spans *spans = trial->spans;
	if (!spans || !trial->checked) {
		return json_null();
	}
	const pf_span_tree *tree = &spans->tree;
	json_t *object = json_object();
	json_object_set_new(object, "ended", integer(tree->ended));
	json_object_set_new(object, "overwritten", integer(tree->overwritten));
	json_object_set_new(object, "too_deep", integer(tree->too_deep));
	json_object_set_new(object, "unbalanced", integer(tree->unbalanced));
	json_object_set_new(object, "lost_paths", integer(tree->lost_paths));
	json_object_set_new(object, "lifetime_ns", integer(tree->lifetime_ns));
	json_object_set_new(object, "unattributed_ns", integer(tree->unattributed.own_ns));
	json_object_set_new(object, "unattributed_cpu_ns", integer(tree->unattributed.cpu_ns));
	json_object_set_new(object, "from_ns", integer(spans->from_ns));
	json_object_set_new(object, "to_ns", integer(spans->to_ns));
	json_object_set_new(object, "has_workers", json_boolean(spans->has_workers));
	json_object_set_new(object, "workers_busy_ns", overlap_json(spans));
	json_object_set_new(object, "slots", lanes_json(spans));
	json_object_set_new(object, "critical_path", path_json(spans));
	return object;
}
