#include "harness/record/presets_json.h"

#include <inttypes.h>

#include "harness/record/environment_json.h"
#include "harness/record/interval_json.h"
#include "harness/record/session_json.h"

static json_t *integer(size_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *truth_json(const pf_presets *presets, const pf_preset_row *row)
{
	if (!presets->has_truth) {
		return json_null();
	}
	return json_pack("{s:o,s:o,s:f,s:f,s:o,s:o,s:f,s:f}", "bursts", integer(row->true_bursts), "found",
			 integer(row->found), "low", row->found_low, "high", row->found_high, "gained",
			 integer(row->gained), "lost", integer(row->lost), "lost_low", row->lost_low,
			 "lost_high", row->lost_high);
}

static json_t *times_json(const pf_presets *presets, uint32_t preset)
{
	json_t *times = json_array();
	for (size_t r = 0; r < presets->rounds_done; r++) {
		double wall_s = presets->wall_s[r * PF_PRESETS + preset];
		json_array_append_new(times, wall_s > 0 ? json_real(wall_s) : json_null());
	}
	return times;
}

static json_t *row_json(const pf_presets *presets, uint32_t preset)
{
	static const char *const words[] = {[PF_PRESET_PARETO] = "worth having",
					    [PF_PRESET_DOMINATED] = "dominated",
					    [PF_PRESET_SAME] = "same",
					    [PF_PRESET_UNDECIDED] = "undecided"};
	const pf_preset_row *row = &presets->rows[preset];
	bool other = row->verdict != PF_PRESET_PARETO;
	return json_pack("{s:s,s:s,s:{s:o,s:o,s:o},s:o,s:o,s:o,s:o,s:o,s:{s:o,s:o,s:f,s:f},s:o,s:o,s:s,s:s?}",
			 "preset", row->plan->name, "summary", row->plan->summary, "paths", "whole",
			 integer(row->paths.whole), "half", integer(row->paths.half), "quarter",
			 integer(row->paths.quarter), "wall_s_by_round", times_json(presets, preset),
			 "wall_s", pf_interval_json(&row->wall_s, true), "cpu_s",
			 pf_interval_json(&row->cpu_s, true), "memory_bytes",
			 pf_interval_json(&row->memory_bytes, true), "speed_over_ultra",
			 pf_interval_json(&row->speedup, row->speedup.n > 0), "best_shots_as_ultra", "bursts",
			 integer(row->bursts), "same", integer(row->same_best), "low", row->same_low, "high",
			 row->same_high, "rank_correlation", pf_interval_json(&row->tau, row->tau.n > 0),
			 "truth", truth_json(presets, row), "verdict", words[row->verdict], "against",
			 other ? pf_preset_plan_of(row->by)->name : NULL);
}

json_t *pf_presets_json(const pf_presets *presets)
{
	char seed[24];
	json_t *rows = json_array();
	for (uint32_t p = 0; p < PF_PRESETS; p++) {
		json_array_append_new(rows, row_json(presets, p));
	}
	snprintf(seed, sizeof seed, "%" PRIu64, presets->seed);
	return json_pack("{s:s,s:o,s:o,s:o,s:s,s:I,s:I,s:I,s:s,s:b,s:s?,s:o}", "schema",
			 "photofinish.presets/1", "environment", pf_environment_json(), "configuration",
			 pf_configuration_json(&presets->sessions[PF_PRESET_ULTRA]), "dataset",
			 pf_session_dataset_json(&presets->sessions[PF_PRESET_ULTRA]), "variant",
			 presets->contestant->label, "workers", (json_int_t)presets->contestant->workers,
			 "rounds", (json_int_t)presets->rounds, "rounds_done",
			 (json_int_t)presets->rounds_done, "seed", seed, "partial", (int)presets->partial,
			 "uncounted", presets->uncounted[0] ? presets->uncounted : NULL, "presets", rows);
}
