#include "harness/record/limits_json.h"

#include "harness/base/json_values.h"
#include "harness/record/environment_json.h"

static json_t *samples_json(const pf_limit_samples *own)
{
	if (!own->count) {
		return json_null();
	}
	json_t *samples = json_array();
	for (size_t i = 0; i < own->count; i++) {
		json_array_append_new(samples, json_real(own->samples[i]));
	}
	return json_pack("{s:f,s:f,s:f,s:f,s:o}", "best", own->best, "median", own->median, "low", own->low,
			 "high", own->high, "samples", samples);
}

json_t *pf_limits_json(const pf_limits *limits, const char *dataset, double seconds)
{
	json_t *list = json_array();
	for (int i = 0; i < PF_LIMIT_COUNT; i++) {
		const pf_limit *own = &limits->limits[i];
		json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:o,s:o,s:o}", "name",
						      pf_limit_name((pf_limit_id)i), "unit",
						      pf_limit_unit((pf_limit_id)i), "what",
						      pf_limit_text((pf_limit_id)i), "one",
						      samples_json(&own->one), "all", samples_json(&own->all),
						      "missing", pf_json_string_or_null(own->why)));
	}
	return json_pack("{s:s,s:o,s:o,s:I,s:f,s:b,s:o}", "schema", "photofinish.limits/1", "environment",
			 pf_environment_json(), "dataset", pf_json_string_or_null(dataset), "processes",
			 (json_int_t)limits->processes, "seconds", seconds, "complete", (int)limits->complete,
			 "limits", list);
}
