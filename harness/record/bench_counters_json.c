#include "harness/record/bench_counters_json.h"

#include "harness/base/json_values.h"
#include "harness/bench/bench_counts.h"

static const char *why_not(const pf_bench *bench, uint32_t event, bool known, char out[PF_COUNTER_WHY])
{
	if (bench->openings[event].why) {
		return pf_counter_why(bench->openings[event].why, pf_perf_event_paranoid(), out);
	}
	return known ? NULL : "it never ran, as no hardware counter was free; ask for fewer at a time";
}

static json_t *event_json(const pf_bench *bench, const pf_bench_command *command, uint32_t index,
			  pf_counter_value *mean)
{
	char why[PF_COUNTER_WHY];
	const pf_counter_event *event = &bench->counters->events[index];
	const pf_counter_opening *opening = &bench->openings[index];
	json_t *values = json_array();
	for (uint32_t i = 0; i < bench->rounds_done; i++) {
		pf_counter_value one = pf_bench_counter(bench, command, i, index);
		json_array_append_new(values, one.known ? json_real(one.value) : json_null());
	}
	*mean = pf_bench_counter_mean(bench, command, index);
	return json_pack("{s:s,s:s,s:o,s:o,s:o,s:o,s:o}", "name", event->name, "group", event->group, "scope",
			 opening->why ? json_null()
				      : json_string(opening->user_only    ? "user"
						    : event->exclude_user ? "kernel"
									  : "user and kernel"),
			 "unavailable", pf_json_string_or_null(why_not(bench, index, mean->known, why)),
			 "values", values, "mean", mean->known ? json_real(mean->value) : json_null(),
			 "running_share", mean->known ? json_real(mean->running_share) : json_null());
}

json_t *pf_bench_counters_json(const pf_bench *bench, const pf_bench_command *command)
{
	pf_counter_value means[PF_COUNTERS_MAX];
	json_t *events = json_array(), *list = json_array();
	if (!command->counts || !bench->rounds_done) {
		json_decref(events);
		json_decref(list);
		return json_null();
	}
	for (uint32_t i = 0; i < bench->counters->count; i++) {
		json_array_append_new(events, event_json(bench, command, i, &means[i]));
	}
	for (int i = 0; i < PF_DERIVED_COUNT; i++) {
		const pf_derived *derived = pf_derived_at(i);
		pf_counter_value value = pf_derived_value(i, bench->counters, means);
		if (value.known) {
			json_array_append_new(list, json_pack("{s:s,s:f,s:s,s:s}", "name", derived->name,
							      "mean", value.value, "unit", derived->unit,
							      "formula", derived->formula));
		}
	}
	return json_pack("{s:o,s:o}", "events", events, "derived", list);
}
