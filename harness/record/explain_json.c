#include "harness/record/explain_json.h"

#include "harness/record/environment_json.h"
#include "harness/record/interval_json.h"

static json_t *real_or_null(double value)
{
	return value > 0 ? json_real(value) : json_null();
}

static json_t *limits_json(const pf_explained_limits *own)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:s?,s:o,s:o,s:o,s:o,s:s?,s:o,s:o,s:o}", "decode_photos_per_s",
			 real_or_null(own->photos_per_s), "decode_own_photos_per_s",
			 real_or_null(own->own_photos_per_s), "run_share_of_own",
			 real_or_null(own->run_of_own), "run_share", real_or_null(own->run), "decoder",
			 own->decode > 0 ? own->own_decoder ? "own" : "libjpeg-turbo" : NULL, "decode_share",
			 real_or_null(own->decode), "network_share", real_or_null(own->network),
			 "network_gflops", real_or_null(own->network_gflops), "peak_gflops",
			 real_or_null(own->peak_gflops), "peak", own->peak, "network_intensity",
			 real_or_null(own->intensity), "memory_gb_per_s", real_or_null(own->memory_gb_per_s),
			 "roof_gflops", real_or_null(own->roof_gflops));
}

static json_t *what_if_json(const pf_explanation *own)
{
	if (!own->asked) {
		return json_null();
	}
	json_t *factors = json_object();
	for (int i = 0; i < PF_STAGE_COUNT; i++) {
		if (own->what_if_factors[i] != 1) {
			json_object_set_new(factors, pf_stage_name((pf_stage)i),
					    json_real(own->what_if_factors[i]));
		}
	}
	return json_pack("{s:o,s:o}", "factors", factors, "speedup", pf_interval_json(&own->what_if, true));
}

json_t *pf_explain_json(const pf_explanation *own)
{
	char sentence[400];
	json_t *stages = json_array();
	for (size_t i = 0; i < own->stage_count; i++) {
		const pf_explained_stage *one = &own->stages[i];
		json_array_append_new(stages,
				      json_pack("{s:s,s:f,s:f,s:f,s:f,s:f}", "stage",
						pf_stage_name(one->stage), "own_s", one->own_s, "path_share",
						one->path_share, "main_share", one->main_share,
						"speedup_at_half", one->half, "speedup_at_none", one->none));
	}
	json_t *idle = json_pack("{s:f,s:f,s:f,s:f,s:f,s:f,s:f}", "working", own->busy, "others_ran",
				 own->others_ran, "blocked", own->blocked, "starved", own->starved, "between",
				 own->between, "not_begun", own->not_begun, "finished", own->finished);
	return json_pack("{s:s,s:o,s:s,s:s,s:f,s:I,s:I,s:b,s:s,s:{s:I,s:I,s:I},s:o,s:o,s:f,s:f,s:o,s:o}",
			 "schema", "photofinish.explain/1", "environment", pf_environment_json(), "variant",
			 own->label, "bound", pf_explain_sentence(own, sentence), "wall_s", own->wall_s,
			 "workers", (json_int_t)own->workers, "photos", (json_int_t)own->photos, "replayed",
			 (int)own->replayed, "preset", pf_preset_plan_of(own->preset)->name, "paths", "whole",
			 (json_int_t)own->paths.whole, "half", (json_int_t)own->paths.half, "quarter",
			 (json_int_t)own->paths.quarter, "stages", stages, "worker_time", idle, "serial_s",
			 own->serial_s, "parallel_s", own->parallel_s, "limits", limits_json(&own->limits),
			 "what_if", what_if_json(own));
}
