#include "harness/record/counters_json.h"

static json_t *integer(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *real_or_null(const pf_counter_value *value)
{
	return value->known ? json_real(value->value) : json_null();
}

/* What the kernel counted, and what it makes of the whole time. */
static json_t *count_json(const pf_count *count, const pf_counter_value *scaled)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:o}", "value",
			 scaled->known ? integer(count->value) : json_null(), "time_enabled_ns",
			 integer(count->enabled_ns), "time_running_ns", integer(count->running_ns), "scaled",
			 real_or_null(scaled), "running_share",
			 scaled->known ? json_real(scaled->running_share) : json_null());
}

static json_t *event_json(const pf_trial_counters *counters, uint32_t index)
{
	const pf_counter_event *event = &counters->plan.events[index];
	const pf_counter_opening *opening = &counters->openings[index];
	char why[PF_COUNTER_WHY];
	pf_counter_value scaled = pf_trial_counter(counters, index);
	json_t *object = count_json(&counters->counts[index], &scaled);
	const char *reason = opening->why ? pf_counter_why(opening->why, pf_perf_event_paranoid(), why)
			     : !counters->counted ? "the trial did not come to its end"
			     : !scaled.known      ? "it never ran: no hardware counter was free"
						  : NULL;
	json_object_set_new(object, "name", json_string(event->name));
	json_object_set_new(object, "group", json_string(event->group));
	json_object_set_new(object, "type", integer(event->type));
	json_object_set_new(object, "config", integer(event->config));
	json_object_set_new(object, "scope",
			    reason ? json_null()
				   : json_string(opening->user_only    ? "user"
						 : event->exclude_user ? "kernel"
								       : "user and kernel"));
	json_object_set_new(object, "unavailable", reason ? json_string(reason) : json_null());
	return object;
}

static json_t *derived_json(const pf_trial_counters *counters, const pf_counter_value *values)
{
	json_t *object = json_object();
	for (int i = 0; i < PF_DERIVED_COUNT; i++) {
		const pf_derived *derived = pf_derived_at(i);
		pf_counter_value value = pf_derived_value(i, &counters->plan, values);
		if (value.known) {
			json_object_set_new(object, derived->name,
					    json_pack("{s:f,s:s,s:s,s:s,s:f}", "value", value.value, "unit",
						      derived->unit, "formula", derived->formula, "source",
						      derived->source, "running_share", value.running_share));
		}
	}
	return object;
}

/* Stages in which an event ran. */
static json_t *stages_json(const pf_trial_counters *counters)
{
	json_t *stages = json_object();
	for (unsigned stage = 0; stage <= PF_STAGE_COUNT; stage++) {
		json_t *events = json_object();
		for (uint32_t i = 0; i < counters->plan.count; i++) {
			pf_counter_value scaled = pf_stage_counter(counters, stage, i);
			if (scaled.known) {
				json_object_set_new(events, counters->plan.events[i].name,
						    count_json(&counters->stages[stage][i], &scaled));
			}
		}
		const char *name = stage < PF_STAGE_COUNT ? pf_stage_name((pf_stage)stage) : "between";
		if (json_object_size(events)) {
			json_object_set(stages, name, events);
		}
		json_decref(events);
	}
	return stages;
}

json_t *pf_trial_counters_json(const pf_trial *trial)
{
	const pf_trial_counters *counters = trial->counters;
	pf_counter_value values[PF_COUNTERS_MAX];
	if (!counters) {
		return json_null();
	}
	json_t *events = json_array();
	for (uint32_t i = 0; i < counters->plan.count; i++) {
		json_array_append_new(events, event_json(counters, i));
	}
	pf_trial_counter_values(counters, values);
	bool opened = counters->read_ns > 0;
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "events", events, "derived",
			 derived_json(counters, values), "stages", stages_json(counters), "reads",
			 integer(counters->reads), "read_ns",
			 opened ? json_real(counters->read_ns) : json_null(), "opening_ns",
			 opened ? integer(counters->opening_ns) : json_null(), "cost_share",
			 opened ? json_real(counters->cost_share) : json_null());
}

json_t *pf_trial_energy_json(const pf_trial *trial)
{
	const pf_energy *energy = &trial->energy;
	json_t *domains = json_object();
	for (uint32_t i = 0; i < energy->count; i++) {
		json_object_set_new(domains, energy->domains[i].name, json_real(energy->domains[i].joules));
	}
	return json_pack("{s:o,s:o,s:o}", "domains_joules", domains, "source",
			 energy->count ? json_string(energy->source) : json_null(), "unavailable",
			 energy->count ? json_null() : json_string(energy->why));
}
