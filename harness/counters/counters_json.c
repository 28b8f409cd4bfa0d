#include "harness/counters/counters_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json_values.h"

static json_t *real_or_null(const pf_counter_value *value)
{
	return value->known ? json_real(value->value) : json_null();
}

/* What the kernel counted, and what it makes of the whole time. */
static json_t *count_json(const pf_count *count, const pf_counter_value *scaled)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:o}", "value",
			 scaled->known ? pf_json_integer(count->value) : json_null(), "time_enabled_ns",
			 pf_json_integer(count->enabled_ns), "time_running_ns",
			 pf_json_integer(count->running_ns), "scaled", real_or_null(scaled), "running_share",
			 scaled->known ? json_real(scaled->running_share) : json_null());
}

/* What was counted of the program: null where the event could not be opened. */
static json_t *scope_json(const pf_counter_event *event, const pf_counter_opening *opening)
{
	return opening->why ? json_null()
			    : json_string(opening->user_only    ? "user"
					  : event->exclude_user ? "kernel"
								: "user and kernel");
}

static json_t *event_json(const pf_trial_counters *counters, uint32_t index)
{
	const pf_counter_event *event = &counters->plan.events[index];
	pf_counter_value scaled = pf_trial_counter(counters, index);
	json_t *object = count_json(&counters->counts[index], &scaled);
	json_object_set_new(object, "name", json_string(event->name));
	json_object_set_new(object, "group", json_string(event->group));
	json_object_set_new(object, "type", pf_json_integer(event->type));
	json_object_set_new(object, "config", pf_json_integer(event->config));
	json_object_set_new(object, "scope", scope_json(event, &counters->openings[index]));
	json_object_set_new(object, "unavailable", pf_json_string_or_null(counters->why_not[index]));
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

json_t *pf_trial_counters_json(const pf_trial_counters *counters)
{
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
	return json_pack(
		"{s:o,s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "events", events, "counted", (int)counters->counted,
		"slots_per_cycle",
		pf_json_integer_or_null(counters->plan.slots_per_cycle, counters->plan.slots_per_cycle > 0),
		"derived", derived_json(counters, values), "stages", stages_json(counters), "reads",
		pf_json_integer(counters->reads), "read_ns",
		opened ? json_real(counters->read_ns) : json_null(), "opening_ns",
		opened ? pf_json_integer(counters->opening_ns) : json_null(), "cost_share",
		opened ? json_real(counters->cost_share) : json_null());
}

static void read_count(const json_t *object, pf_count *out)
{
	out->value = pf_json_count(object, "value", 0);
	out->enabled_ns = pf_json_count(object, "time_enabled_ns", 0);
	out->running_ns = pf_json_count(object, "time_running_ns", 0);
}

static void read_event(const json_t *object, pf_trial_counters *out)
{
	uint32_t index = out->plan.count++;
	pf_counter_event *event = &out->plan.events[index];
	const char *scope = pf_json_string(object, "scope");
	pf_json_plain(object, "name", event->name, sizeof event->name);
	pf_json_plain(object, "group", event->group, sizeof event->group);
	pf_json_plain(object, "unavailable", out->why_not[index], sizeof out->why_not[index]);
	event->type = (uint32_t)pf_json_count(object, "type", 0);
	event->config = (uint64_t)json_integer_value(json_object_get(object, "config"));
	event->exclude_user = strcmp(scope, "kernel") == 0;
	out->openings[index].why = scope[0] ? 0 : ENODATA; /* which number it was, the reason tells */
	out->openings[index].user_only = strcmp(scope, "user") == 0;
	read_count(object, &out->counts[index]);
}

static void read_stages(const json_t *stages, pf_trial_counters *out)
{
	for (unsigned stage = 0; stage <= PF_STAGE_COUNT; stage++) {
		const char *name = stage < PF_STAGE_COUNT ? pf_stage_name((pf_stage)stage) : "between";
		const json_t *events = json_object_get(stages, name);
		out->any_stage = out->any_stage || json_object_size(events) > 0;
		for (uint32_t i = 0; i < out->plan.count; i++) {
			read_count(json_object_get(events, out->plan.events[i].name), &out->stages[stage][i]);
		}
	}
}

pf_trial_counters *pf_trial_counters_of(const json_t *object)
{
	const json_t *events = json_object_get(object, "events");
	pf_trial_counters *out = json_array_size(events) ? calloc(1, sizeof *out) : NULL;
	size_t index;
	const json_t *event;
	if (!out) {
		return NULL;
	}
	json_array_foreach(events, index, event)
	{
		if (out->plan.count < PF_COUNTERS_MAX) {
			read_event(event, out);
		}
	}
	read_stages(json_object_get(object, "stages"), out);
	out->plan.slots_per_cycle = (uint32_t)pf_json_count(object, "slots_per_cycle", 0);
	out->counted = !json_is_false(json_object_get(object, "counted")); /* older records do not tell */
	out->reads = pf_json_count(object, "reads", 0);
	out->read_ns = pf_json_real(object, "read_ns", 0);
	out->opening_ns = pf_json_count(object, "opening_ns", 0);
	out->cost_share = pf_json_real(object, "cost_share", 0);
	return out;
}
