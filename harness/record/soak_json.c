#include "harness/record/soak_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "harness/base/json_values.h"
#include "harness/record/caveats.h"
#include "harness/record/interval_json.h"
#include "harness/record/outside_json.h"
#include "harness/record/record_kind.h"
#include "harness/record/session_json.h"

static json_t *trends_json(const pf_soak *soak)
{
	json_t *list = json_array();
	for (int i = 0; i < PF_SOAK_COUNT; i++) {
		const pf_soak_trend *trend = &soak->trends[i];
		pf_soak_metric metric = (pf_soak_metric)i;
		json_t *slope = pf_interval_json(&trend->slope, trend->slope.n > 0);
		if (json_is_object(slope)) {
			json_object_set_new(slope, "method",
					    json_string("Theil and Sen, block bootstrap of residuals"));
		}
		json_array_append_new(
			list, json_pack("{s:s,s:s,s:o,s:f,s:o,s:s,s:s}", "metric", pf_soak_name(metric),
					"unit", pf_soak_unit(metric), "level",
					trend->level > 0 ? json_real(trend->level) : json_null(),
					"smallest_slope_of_interest", trend->smallest, "slope_a_photo", slope,
					"verdict", pf_soak_verdict_name(metric, trend->verdict), "why",
					trend->why));
	}
	return list;
}

/* Columns, in the order of the process's photos; null: not looked at, or not known. */
static json_t *process_json(const pf_soak_process *process)
{
	json_t *photos = json_array(), *heap = json_array(), *rss = json_array(), *fds = json_array(),
	       *threads = json_array(), *times = json_array();
	for (size_t i = 0; i < process->count; i++) {
		const pf_soak_sample *s = &process->samples[i];
		json_array_append_new(photos, json_integer(s->photo));
		json_array_append_new(heap,
				      s->heap_bytes ? json_integer((json_int_t)s->heap_bytes) : json_null());
		json_array_append_new(rss,
				      s->rss_bytes ? json_integer((json_int_t)s->rss_bytes) : json_null());
		json_array_append_new(fds, s->rss_bytes ? json_integer(s->fds) : json_null());
		json_array_append_new(threads, s->rss_bytes ? json_integer(s->threads) : json_null());
		json_array_append_new(times,
				      s->photo_ns ? json_integer((json_int_t)s->photo_ns) : json_null());
	}
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "photo", photos, "heap_bytes", heap, "rss_bytes", rss,
			 "fds", fds, "threads", threads, "photo_ns", times);
}

json_t *pf_soak_record(const pf_soak *soak, const pf_record_head *head)
{
	char seed[32], hex[2 * PF_SHA256_BYTES + 1];
	uint8_t hash[PF_SHA256_BYTES];
	json_t *processes = json_array();
	snprintf(seed, sizeof seed, "%" PRIu64, soak->seed);
	pf_dataset_hash(soak->session->dataset, hash);
	pf_sha256_hex(hash, hex);
	for (size_t i = 0; i < soak->process_count; i++) {
		json_array_append_new(processes, process_json(&soak->processes[i]));
	}
	json_t *record = json_pack(
		"{s:s,s:s,s:I,s:s,s:s,s:b,s:I,s:s,s:I,s:f,s:I,s:I,s:I,s:I,s:o,s:o}", "schema", PF_SOAK_SCHEMA,
		"variant", soak->contestant->label, "workers", (json_int_t)soak->contestant->workers,
		"dataset_sha256", hex, "seed", seed, "partial", (int)soak->partial, "wrong",
		(json_int_t)soak->wrong, "disturbed", soak->disturbed, "photos", (json_int_t)soak->done,
		"wall_s", soak->wall_s, "runs", (json_int_t)soak->runs, "judged_processes",
		(json_int_t)soak->judged_processes, "judged_photos", (json_int_t)soak->judged_photos,
		"warmup_photos", (json_int_t)soak->warmup_photos, "trends", trends_json(soak), "processes",
		processes);
	if (record) {
		pf_record_head_put(record, head);
		json_object_set_new(record, "tolerance", pf_tolerance_json(&soak->tolerance));
		json_object_set_new(record, "configuration", pf_configuration_json(soak->session));
		json_object_set_new(record, "dataset", pf_session_dataset_json(soak->session));
		json_object_set_new(record, "why_partial",
				    pf_json_string_or_null(soak->partial ? "stopped on request" : NULL));
		json_object_set_new(record, "caveats", pf_caveats_of_one_json(record));
	}
	return record;
}
