#include "harness/record/url_load_json.h"

#include <inttypes.h>
#include <stdio.h>

#include "harness/base/json_values.h"
#include "harness/record/load_json.h"
#include "harness/record/outside_json.h"
#include "harness/record/record_kind.h"

static json_t *outcomes_json(const size_t outcomes[PF_SENT_COUNT])
{
	json_t *object = json_object();
	for (int i = 0; i < PF_SENT_COUNT; i++) {
		json_object_set_new(object, pf_sent_name((pf_sent)i), json_integer((json_int_t)outcomes[i]));
	}
	return object;
}

static double goodput(const pf_url_phase *phase)
{
	return phase->lasted_s > 0 ? (double)phase->outcomes[PF_SENT_OK] / phase->lasted_s : 0;
}

static json_t *phases_json(const pf_url_load *load)
{
	json_t *list = json_array();
	for (size_t i = 0; i < load->phase_count; i++) {
		const pf_url_phase *phase = &load->phases[i];
		bool rate = !phase->users;
		json_array_append_new(
			list,
			json_pack("{s:o,s:o,s:o,s:I,s:f,s:o,s:o,s:o}", "rate_from_per_s",
				  rate ? json_real(phase->rate.from) : json_null(), "rate_to_per_s",
				  rate ? json_real(phase->rate.to) : json_null(), "users",
				  rate ? json_null() : json_integer(phase->users), "requests",
				  (json_int_t)phase->sent, "lasted_s", phase->lasted_s, "goodput_per_s",
				  load->wrong ? json_null() : json_real(goodput(phase)), "outcomes",
				  outcomes_json(phase->outcomes), "latency",
				  load->wrong ? json_null() : pf_load_percentiles_json(phase->latency)));
	}
	return list;
}

static json_t *counts_json(const pf_url_load *load)
{
	json_t *object = json_object();
	for (size_t i = 0; i < PF_URL_COUNTS && load->counts[i].count; i++) {
		json_object_set_new(object, load->counts[i].what,
				    json_integer((json_int_t)load->counts[i].count));
	}
	return object;
}

/* As columns, in the order of being due. */
static json_t *requests_json(const pf_url_load *load)
{
	json_t *photo = json_array(), *phase = json_array(), *due = json_array(), *delay = json_array(),
	       *latency = json_array(), *code = json_array(), *outcome = json_array();
	for (size_t i = 0; i < load->count; i++) {
		const pf_url_request *request = &load->requests[i];
		json_array_append_new(photo, json_integer(request->photo));
		json_array_append_new(phase, json_integer(request->phase));
		json_array_append_new(due, json_integer((json_int_t)request->due_ns));
		json_array_append_new(delay, json_integer((json_int_t)request->delay_ns));
		json_array_append_new(latency, json_integer((json_int_t)request->latency_ns));
		json_array_append_new(code, json_integer(request->code));
		json_array_append_new(outcome, json_string(pf_sent_name(request->outcome)));
	}
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "photo", photo, "phase", phase, "due_ns", due,
			 "delay_ns", delay, "latency_ns", latency, "code", code, "outcome", outcome);
}

static json_t *place_json(int phase)
{
	return phase < 0 ? json_null() : json_integer(phase);
}

static json_t *rate_json(const pf_url_load *load, int phase)
{
	return phase < 0 ? json_null() : json_real(load->phases[phase].rate.from);
}

static json_t *stress_json(const pf_url_load *load, const pf_stress *stress)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "held_per_s", rate_json(load, stress->held),
			 "held_phase", place_json(stress->held), "broken_per_s",
			 rate_json(load, stress->broken), "broken_phase", place_json(stress->broken),
			 "beyond_per_s", rate_json(load, stress->beyond), "beyond_phase",
			 place_json(stress->beyond), "fails",
			 stress->beyond < 0 ? json_null() : json_string(stress->fails));
}

json_t *pf_url_load_record(const pf_url_load *load, const pf_stress *stress, const pf_slo *slos,
			   size_t slo_count, const pf_record_head *head)
{
	char seed[32];
	pf_percentile delay;
	size_t outcomes[PF_SENT_COUNT] = {0};
	double lasted_s = 0;
	bool right = load->wrong == 0;
	bool delay_known = pf_histogram_percentile(load->delay, 0.99, PF_LEVEL, &delay);
	for (size_t i = 0; i < load->phase_count; i++) {
		lasted_s += load->phases[i].lasted_s;
		for (int j = 0; j < PF_SENT_COUNT; j++) {
			outcomes[j] += load->phases[i].outcomes[j];
		}
	}
	snprintf(seed, sizeof seed, "%" PRIu64, load->seed);
	json_t *record = json_pack(
		"{s:s,s:s,s:s,s:s,s:s,s:b,s:I,s:I,s:I,s:b,s:f,s:o,s:o,s:o,s:o,s:o,s:I,s:I,s:o,s:o}", "schema",
		PF_LOAD_SCHEMA, "scenario",
		stress                                       ? "stress"
		: load->phase_count && load->phases[0].users ? "users"
							     : "server",
		"url", load->target.url, "variant", load->target.url, "seed", seed, "partial",
		(int)load->partial, "requests_sent", (json_int_t)load->count, "wrong",
		(json_int_t)load->wrong, "other_setting", (json_int_t)load->other_setting, "checked",
		(int)!load->unchecked, "duration_s", lasted_s, "deadline_s",
		load->deadline_s > 0 ? json_real(load->deadline_s) : json_null(), "outcomes",
		outcomes_json(outcomes), "answers", counts_json(load), "latency",
		right ? pf_load_percentiles_json(load->latency) : json_null(), "phases", phases_json(load),
		"backlog_most", (json_int_t)load->backlog_most, "delay_most_ns",
		(json_int_t)pf_histogram_most(load->delay), "delay_p99_ns",
		delay_known ? json_real(delay.value) : json_null(), "slos",
		pf_load_slos_json(slos, right ? slo_count : 0));
	json_object_set_new(record, "requests", right ? requests_json(load) : json_null());
	json_object_set_new(record, "stress", stress ? stress_json(load, stress) : json_null());
	json_object_set_new(record, "held_to",
			    pf_json_string_or_null(load->variant ? load->variant->name : NULL));
	json_object_set_new(record, "first_wrong", pf_json_string_or_null(load->first_wrong));
	json_object_set_new(record, "why_partial",
			    pf_json_string_or_null(load->partial ? "stopped on request" : NULL));
	json_object_set_new(record, "tolerance", pf_tolerance_json(&load->tolerance));
	return pf_load_finish_json(record, head, load->session);
}
