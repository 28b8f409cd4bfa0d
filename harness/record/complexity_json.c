#include "harness/record/complexity_json.h"

#include "harness/base/json_values.h"
#include "harness/record/environment_json.h"

static json_t *points_json(const pf_growth *own)
{
	json_t *points = json_array();
	for (size_t i = 0; i < own->count; i++) {
		json_array_append_new(points, json_pack("{s:I,s:f,s:I}", "n", (json_int_t)own->points[i].n,
							"cpu_ns", own->points[i].least_ns, "rounds",
							(json_int_t)own->points[i].rounds));
	}
	return points;
}

static json_t *growth_json(const pf_growth *own)
{
	json_t *json = json_pack("{s:s,s:s,s:s,s:s,s:o,s:s}", "workload", own->workload->name, "what",
				 own->workload->what, "axis", own->axis, "unit", own->workload->unit,
				 "points", points_json(own), "verdict", pf_growth_verdict_name(own->verdict));
	if (own->verdict >= PF_GROWTH_UNKNOWN) {
		json_object_set_new(json, "missing", pf_json_string_or_null(own->why));
		return json;
	}
	json_object_set_new(json, "exponent",
			    json_pack("{s:f,s:f,s:f,s:f}", "mean", own->exponent.mean, "low",
				      own->exponent.low, "high", own->exponent.high, "level",
				      own->exponent.level));
	json_object_set_new(json, "law",
			    json_pack("{s:s,s:f,s:f,s:f}", "name", pf_law_name(own->fit.law), "fixed_ns",
				      own->fit.fixed, "factor_ns", own->fit.factor, "error", own->fit.error));
	json_object_set_new(json, "last_doubling", json_real(own->last_doubling));
	return json;
}

json_t *pf_growth_json(const pf_growth *list, size_t count, double seconds, bool complete)
{
	json_t *workloads = json_array();
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(workloads, growth_json(&list[i]));
	}
	return json_pack("{s:s,s:o,s:f,s:f,s:b,s:o}", "schema", PF_COMPLEXITY_SCHEMA, "environment",
			 pf_environment_json(), "seconds", seconds, "most_exponent", PF_GROWTH_MOST,
			 "complete", (int)complete, "workloads", workloads);
}
