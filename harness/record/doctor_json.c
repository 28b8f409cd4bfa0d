#include "harness/record/doctor_json.h"

#include <jansson.h>
#include <time.h>

#include "harness/record/environment_json.h"
#include "harness/record/observer_json.h"
#include "harness/stats/comparison.h"

static json_t *findings_json(const pf_finding *findings)
{
	json_t *list = json_array();
	for (int i = 0; findings && i < PF_FINDING_COUNT; i++) {
		const pf_finding *finding = &findings[i];
		json_array_append_new(
			list, json_pack("{s:s,s:s,s:s,s:s,s:o}", "name", pf_finding_name((pf_finding_id)i),
					"status", pf_finding_status_word(finding->status), "read",
					finding->read, "why", pf_finding_why((pf_finding_id)i), "mend",
					finding->mend[0] ? json_string(finding->mend) : json_null()));
	}
	return list;
}

static json_t *noise_json(const pf_slot_noise *noise, pf_kernel kernel)
{
	json_t *levels = json_array();
	for (size_t i = 0; i < noise->level_count; i++) {
		const pf_noise_level *level = &noise->levels[i];
		json_array_append_new(levels,
				      json_pack("{s:f,s:f,s:I}", "length_ns", level->length_ns, "deviation",
						level->deviation, "pairs", (json_int_t)level->pairs));
	}
	return json_pack("{s:s,s:I,s:I,s:f,s:f,s:f,s:f,s:f,s:I,s:o}", "kernel", pf_kernel_name(kernel),
			 "processor", (json_int_t)noise->cpu, "slots", (json_int_t)noise->slots, "median_ns",
			 noise->median_ns, "low_ns", noise->low_ns, "high_ns", noise->high_ns,
			 "longest_interruption_ns", noise->longest_ns, "stolen", noise->stolen,
			 "interruptions", (json_int_t)noise->interruptions, "levels", levels);
}

/* Margins by kernel and number of pairs; empty where nothing was measured long enough. */
static json_t *margins_json(const pf_noise_floor *floor)
{
	static const size_t pairs[] = {3, 5, 10, 20, 50};
	json_t *list = json_array();
	for (int kernel = 0; kernel < PF_KERNEL_COUNT; kernel++) {
		const pf_slot_noise *worst = pf_noise_worst(floor, (pf_kernel)kernel);
		for (size_t i = 0; worst && i < sizeof pairs / sizeof *pairs; i++) {
			const pf_noise_level *level = pf_noise_longest(worst);
			json_array_append_new(
				list,
				json_pack("{s:s,s:f,s:I,s:f}", "kernel", pf_kernel_name((pf_kernel)kernel),
					  "length_ns", level->length_ns, "pairs", (json_int_t)pairs[i],
					  "margin",
					  pf_noise_margin(level->deviation, pairs[i], PF_COMPARISON_ALPHA)));
		}
	}
	return list;
}

static json_t *floor_json(const pf_noise_floor *floor)
{
	if (!floor) {
		return json_null();
	}
	json_t *noises = json_array();
	for (size_t i = 0; i < floor->processors * PF_KERNEL_COUNT; i++) {
		json_array_append_new(noises,
				      noise_json(&floor->noises[i], (pf_kernel)(i % PF_KERNEL_COUNT)));
	}
	return json_pack("{s:f,s:f,s:b,s:o,s:o}", "seconds", floor->seconds, "buffer_bytes",
			 floor->buffer_bytes, "complete", (int)floor->complete, "noises", noises, "margins",
			 margins_json(floor));
}

pf_status pf_doctor_json(const pf_doctor_report *report, FILE *stream, pf_error *error)
{
	json_t *record = json_pack("{s:s,s:o,s:o,s:o,s:o}", "schema", "photofinish.doctor/1", "environment",
				   pf_environment_json(), "findings", findings_json(report->findings),
				   "noise_floor", floor_json(report->noise), "observer",
				   pf_observer_json(report->observer));
	if (!record) {
		return pf_fail(error, PF_ERR_INTERNAL, NULL, "cannot put the record together");
	}
	bool written = json_dumpf(record, stream,
				  JSON_INDENT(2) | JSON_SORT_KEYS | JSON_REAL_PRECISION(17)) == 0 &&
		       fputc('\n', stream) != EOF;
	json_decref(record);
	return written ? PF_OK : pf_fail_errno(error, NULL, "cannot write the record");
}
