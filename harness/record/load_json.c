#include "harness/record/load_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "harness/base/json_values.h"
#include "harness/machine/disturbances.h"
#include "harness/record/caveats.h"
#include "harness/record/interval_json.h"
#include "harness/record/machine_json.h"
#include "harness/record/outside_json.h"
#include "harness/record/record_kind.h"
#include "harness/record/session_json.h"

json_t *pf_load_slos_json(const pf_slo *slos, size_t count)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(list,
				      json_pack("{s:s,s:s,s:s}", "slo", slos[i].text, "verdict",
						pf_slo_verdict_name(slos[i].verdict), "why", slos[i].why));
	}
	return list;
}

static json_t *percentile_json(const pf_histogram *histogram, double p)
{
	pf_percentile value;
	bool known = pf_histogram_percentile(histogram, p, PF_LEVEL, &value);
	return json_pack("{s:f,s:o,s:o,s:o,s:f,s:I,s:I}", "p", p, "ns",
			 known ? json_real(value.value) : json_null(), "low_ns",
			 known ? json_real(value.low) : json_null(), "high_ns",
			 known ? json_real(value.high) : json_null(), "level", PF_LEVEL, "n",
			 (json_int_t)pf_histogram_count(histogram), "needs_n",
			 (json_int_t)pf_slo_least_count(p, PF_LEVEL));
}

/* The least and the most of the sample, which have no interval. */
static json_t *end_json(const pf_histogram *histogram, double p)
{
	uint64_t ns = p > 0 ? pf_histogram_most(histogram) : pf_histogram_least(histogram);
	return json_pack("{s:f,s:f,s:I}", "p", p, "ns", (double)ns, "n",
			 (json_int_t)pf_histogram_count(histogram));
}

json_t *pf_load_percentiles_json(const pf_histogram *histogram)
{
	static const double shown[] = {0.5, 0.9, 0.95, 0.99, 0.999};
	json_t *list = json_array();
	json_array_append_new(list, end_json(histogram, 0));
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		json_array_append_new(list, percentile_json(histogram, shown[i]));
	}
	json_array_append_new(list, end_json(histogram, 1));
	return list;
}

static json_t *queries_json(const pf_load *load)
{
	json_t *list = json_array();
	bool served = load->scenario == PF_SCENARIO_SERVER || pf_load_uses_intake(load);
	for (size_t i = 0; i < load->count; i++) {
		const pf_load_query *query = &load->queries[i];
		json_array_append_new(
			list, json_pack("{s:I,s:I,s:I,s:o}", "photo", (json_int_t)query->photo, "latency_ns",
					(json_int_t)query->latency_ns, "startup_ns",
					(json_int_t)query->startup_ns, "service_ns",
					served ? json_integer((json_int_t)query->service_ns) : json_null()));
	}
	return list;
}

json_t *pf_load_finish_json(json_t *record, const pf_record_head *head, const pf_session *session)
{
	if (record) {
		pf_record_head_put(record, head);
		json_object_set_new(record, "configuration", pf_configuration_json(session));
		json_object_set_new(record, "dataset", pf_session_dataset_json(session));
		json_object_set_new(record, "caveats", pf_caveats_of_one_json(record));
	}
	return record;
}

json_t *pf_load_record(const pf_load *load, const pf_slo *slos, size_t slo_count, const pf_record_head *head)
{
	char seed[32];
	pf_percentile hop;
	bool hop_known = pf_histogram_percentile(load->hop, 0.5, PF_LEVEL, &hop);
	bool server = load->scenario == PF_SCENARIO_SERVER, right = load->wrong == 0;
	snprintf(seed, sizeof seed, "%" PRIu64, load->seed);
	json_t *record = json_pack(
		"{s:s,s:s,s:s,s:I,s:s,s:b,s:I,s:I,s:s,s:f,s:o,s:o,s:o,s:o,s:o,s:o}", "schema", PF_LOAD_SCHEMA,
		"scenario", pf_scenario_name(load->scenario), "variant", load->contestant->label, "workers",
		(json_int_t)load->contestant->workers, "seed", seed, "partial", (int)load->partial, "photos",
		(json_int_t)load->count, "wrong", (json_int_t)load->wrong, "disturbed", load->disturbed,
		"duration_s", load->duration_s, "rate_per_s", server ? json_real(load->rate) : json_null(),
		"latency", right ? pf_load_percentiles_json(load->latency) : json_null(),
		server || pf_load_uses_intake(load) ? "service" : "less_startup",
		right ? pf_load_percentiles_json(load->inner) : json_null(), "queries",
		right ? queries_json(load) : json_null(), "harness_hop_p50_ns",
		hop_known ? json_real(hop.value) : json_null(), "slos",
		pf_load_slos_json(slos, right ? slo_count : 0));
	json_object_set_new(record, "way", json_string(pf_load_uses_intake(load) ? "intake" : "run"));
	json_object_set_new(record, "first_wrong", pf_json_string_or_null(load->first_wrong));
	json_object_set_new(record, "why_partial",
			    pf_json_string_or_null(load->partial ? "stopped on request" : NULL));
	json_object_set_new(record, "tolerance", pf_tolerance_json(&load->tolerance));
	return pf_load_finish_json(record, head, load->session);
}

/* Of all trials, each cause at its worst, as the other scenarios have it: "" where none was tagged. */
static void worst_disturbances(const pf_contestant *contestant, char out[PF_DISTURBANCES_TEXT])
{
	out[0] = '\0';
	for (int kind = 0; kind < PF_DISTURBANCE_COUNT; kind++) {
		double most = 0;
		uint32_t processors = 0;
		for (size_t i = 0; i < contestant->trial_count; i++) {
			const pf_machine_state *machine = &contestant->trials[i].machine;
			double amount = pf_machine_disturbed(machine, (pf_disturbance)kind);
			most = amount > most ? amount : most;
			processors = machine->processors;
		}
		char text[80];
		size_t used = strlen(out);
		if (most > 0) {
			snprintf(out + used, PF_DISTURBANCES_TEXT - used, "%s%s", used ? ", " : "",
				 pf_disturbance_text((pf_disturbance)kind, most, processors, text,
						     sizeof text));
		}
	}
}

json_t *pf_offline_record(const pf_run *run, const pf_interval *rate, const pf_slo *slos, size_t slo_count,
			  const char *label)
{
	const pf_contestant *contestant = &run->contestants[0];
	const pf_tolerance *tolerance = pf_run_tolerance(contestant);
	pf_record_head head = {.command = run->command, .label = label};
	char disturbed[PF_DISTURBANCES_TEXT];
	pf_interval time;
	json_t *trials = json_array();
	for (size_t i = 0; i < contestant->trial_count; i++) {
		const pf_trial *trial = &contestant->trials[i];
		json_array_append_new(
			trials,
			json_pack("{s:o,s:s,s:o,s:I,s:I}", "disturbed_by",
				  pf_disturbed_by_json(&trial->machine), "reason", trial->reason, "wall_ns",
				  trial->checked ? json_integer((json_int_t)trial->wall_ns) : json_null(),
				  "photos_scored", (json_int_t)trial->photos_scored, "photos_failed",
				  (json_int_t)trial->photos_failed));
	}
	snprintf(head.started, sizeof head.started, "%s", run->started);
	worst_disturbances(contestant, disturbed);
	bool timed = pf_run_time(contestant, &time);
	json_t *record = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:b,s:o,s:o,s:o,s:o}", "schema",
				   PF_LOAD_SCHEMA, "scenario", "offline", "disturbed", disturbed, "variant",
				   contestant->label, "status", pf_run_status_name(contestant->status),
				   "reason", contestant->reason, "workers", (json_int_t)contestant->workers,
				   "rounds_done", (json_int_t)run->rounds_done, "partial", (int)run->partial,
				   "trials", trials, "wall_s", pf_interval_json(&time, timed),
				   "throughput_photos_per_s", pf_interval_json(rate, rate->n > 0), "slos",
				   pf_load_slos_json(slos, slo_count));
	json_object_set_new(record, "why_partial",
			    pf_json_string_or_null(run->partial ? run->why_partial : NULL));
	json_object_set_new(record, "tolerance", tolerance ? pf_tolerance_json(tolerance) : json_null());
	return pf_load_finish_json(record, &head, run->session);
}
