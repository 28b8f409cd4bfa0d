#include "harness/record/record.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "harness/counters/counters.h"
#include "harness/record/build_json.h"
#include "harness/record/callgrind_json.h"
#include "harness/record/capabilities_json.h"
#include "harness/record/comparison_json.h"
#include "harness/record/decision_json.h"
#include "harness/record/environment_json.h"
#include "harness/record/goal_json.h"
#include "harness/record/interval_json.h"
#include "harness/record/memory_json.h"
#include "harness/record/observer_json.h"
#include "harness/record/outside_json.h"
#include "harness/record/placement_json.h"
#include "harness/record/record_claims.h"
#include "harness/record/record_head.h"
#include "harness/record/session_json.h"
#include "harness/record/trial_json.h"
#include "harness/run/page_cache.h"
#include "harness/run/run_comparison.h"
#include "harness/run/run_facts.h"
#include "photofinish/file.h"

enum { MOST_FAILURES = 100 }; /* photos that are named */

static json_t *integer(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *string_or_null(const char *text)
{
	return text && text[0] ? json_string(text) : json_null();
}

static json_t *options_json(const pf_contestant *contestant)
{
	json_t *options = json_object();
	const struct pf_option *known = contestant->variant->options;
	for (int i = 0; known && known[i].name; i++) {
		json_object_set_new(options, known[i].name, json_integer(contestant->options[i]));
	}
	return options;
}

/* What follows from the trials. */
static void put_figures(json_t *object, const pf_run *run, const pf_contestant *contestant)
{
	const pf_contestant *parent = pf_run_find(run, contestant->variant->parent),
			    *baseline = pf_run_baseline(run);
	pf_interval seconds, speedup;
	bool timed = pf_run_time(contestant, &seconds);
	json_object_set_new(object, "wall_s", pf_interval_json(&seconds, timed));
	bool compared = parent && pf_run_speedup(contestant, parent, &speedup);
	json_object_set_new(object, "speedup_over_parent", pf_interval_json(&speedup, compared));
	compared = baseline && pf_run_speedup(contestant, baseline, &speedup);
	json_object_set_new(object, "speedup_over_baseline", pf_interval_json(&speedup, compared));
}

static json_t *contestant_json(const pf_run *run, const pf_contestant *contestant)
{
	const struct pf_variant *variant = contestant->variant;
	json_t *object = json_object(), *trials = json_array();
	for (size_t i = 0; i < contestant->trial_count; i++) {
		json_array_append_new(trials, pf_trial_json(&contestant->trials[i]));
	}
	json_object_set_new(object, "name", json_string(contestant->label));
	json_object_set_new(object, "parent", string_or_null(variant->parent));
	json_object_set_new(object, "capabilities", pf_capabilities_json(variant->caps));
	json_object_set_new(object, "outside", pf_outside_json(variant));
	json_object_set_new(object, "build", pf_build_json(contestant->build));
	json_object_set_new(object, "workers", integer(contestant->workers));
	json_object_set_new(object, "options", options_json(contestant));
	json_object_set_new(object, "story", pf_record_story(variant));
	json_object_set_new(object, "status", json_string(pf_run_status_name(contestant->status)));
	json_object_set_new(object, "reason", string_or_null(contestant->reason));
	put_figures(object, run, contestant);
	json_object_set_new(object, "decision",
			    run->decided ? pf_decision_json(&contestant->decision) : json_null());
	pf_step_memory_put(object, pf_memory_of(run, contestant));
	json_object_set_new(object, "trials", trials);
	return object;
}

static json_t *dataset_json(const pf_run *run)
{
	const pf_dataset *dataset = run->session->dataset;
	uint64_t bytes = 0;
	char name[512];
	for (size_t i = 0; i < dataset->count; i++) {
		bytes += dataset->photos[i].size_bytes;
	}
	return json_pack("{s:s,s:o,s:o,s:s,s:s}", "name", pf_escape(dataset->name, name, sizeof name),
			 "photos", integer(dataset->count), "bytes", integer(bytes), "hash",
			 run->dataset_hash, "cache", pf_run_cache_state(run));
}

/* The first photos that could not be scored. */
static json_t *failures_json(const pf_run *run)
{
	const pf_outcomes *outcomes = run->reference.outcomes;
	json_t *failures = json_array();
	for (size_t i = 0; outcomes && i < outcomes->count && json_array_size(failures) < MOST_FAILURES;
	     i++) {
		const pf_outcome *photo = &outcomes->photos[i];
		char path[1024], message[1024];
		if (photo->done && photo->status != PF_OK) {
			pf_escape(run->session->dataset->photos[i].path, path, sizeof path);
			pf_escape(photo->message ? photo->message : "", message, sizeof message);
			json_array_append_new(failures,
					      json_pack("{s:s,s:s,s:s}", "path", path, "status",
							pf_status_name(photo->status), "error", message));
		}
	}
	return failures;
}

static json_t *megapixels_json(double megapixels)
{
	return megapixels > 0 ? json_real(megapixels) : json_null();
}

static json_t *reference_json(const pf_run *run)
{
	const pf_outcomes *reference = run->reference.outcomes;
	const pf_run_facts facts = pf_run_facts_of(run);
	char hex[2 * PF_SHA256_BYTES + 1];
	pf_sha256_hex(run->reference.digest, hex);
	return json_pack("{s:o,s:o,s:s,s:b,s:o,s:o,s:o,s:o,s:{s:o,s:o,s:o},s:o}", "photos_scored",
			 integer(reference ? reference->scored : 0), "photos_failed",
			 integer(reference ? reference->failed : 0), "scores_digest", reference ? hex : "",
			 "from_cache", (int)run->reference.from_cache, "bursts", integer(facts.bursts),
			 "singles", integer(facts.singles), "median_megapixels",
			 megapixels_json(facts.median_megapixels), "mean_megapixels",
			 megapixels_json(facts.mean_megapixels), "paths", "whole", integer(facts.paths.whole),
			 "half", integer(facts.paths.half), "quarter", integer(facts.paths.quarter),
			 "failures", failures_json(run));
}

/* Null where no two were compared. */
static json_t *run_comparison_json(const pf_run *run)
{
	const pf_run_comparison *own = run->comparison;
	json_t *split = json_object();
	if (!own) {
		json_decref(split);
		return json_null();
	}
	json_t *object = pf_comparison_json(run->contestants[0].label, run->contestants[1].label,
					    &own->result, own->cpu_known ? &own->cpu : NULL, own->pairs,
					    &own->rules, own->max_time_s);
	for (int i = 0; i < PF_PARTS && own->pairs; i++) {
		json_object_set_new(split, pf_part_name(i), pf_interval_json(&own->split[i], true));
	}
	json_object_set_new(object, "split", split);
	json_object_set_new(object, "stopped", json_string(own->stopped));
	return object;
}

/* What the run printed beside its tables, by the options that ask for it. */
static json_t *asked_json(const pf_run *run)
{
	json_t *asked = json_array();
	const struct {
		bool given;
		const char *option;
	} options[] = {{run->show_spans, "spans"},
		       {run->memory && run->memory->sample, "memory"},
		       {run->memory && run->memory->count, "allocations"}};
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		if (options[i].given) {
			json_array_append_new(asked, json_string(options[i].option));
		}
	}
	return asked;
}

void pf_record_complete(json_t *record, const pf_run *run)
{
	size_t index;
	json_t *variant;
	json_object_set_new(json_object_get(record, "dataset"), "cache",
			    json_string(pf_run_cache_state(run)));
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		put_figures(variant, run, &run->contestants[index]);
		if (pf_run_unmeasured(&run->contestants[index])) {
			json_object_set_new(variant, "status",
					    json_string(pf_run_status_name(PF_RUN_INVALID)));
			json_object_set_new(variant, "reason",
					    json_sprintf("not measured: %s", run->why_partial));
		}
	}
}

json_t *pf_record_json(const pf_run *run)
{
	char seed[32];
	snprintf(seed, sizeof seed, "%" PRIu64, run->seed); /* 64 bits are too many for some JSON readers */
	json_t *variants = json_array();
	for (size_t i = 0; i < run->contestant_count; i++) {
		json_array_append_new(variants, contestant_json(run, &run->contestants[i]));
	}
	json_t *record = json_pack("{s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:s,s:b,s:o}", "schema",
				   PF_RECORD_SCHEMA, "command", run->command, "started", run->started,
				   "environment", pf_environment_json(), "configuration",
				   pf_configuration_json(run->session), "dataset", dataset_json(run),
				   "reference", reference_json(run), "placement", pf_run_placement_json(run),
				   "rounds", integer(run->rounds), "rounds_done", integer(run->rounds_done),
				   "seed", seed, "partial", (int)run->partial, "variants", variants);
	const pf_counter_plan *counters = run->session->asked[PF_PROBE_counters];
	json_object_set_new(record, "profiled", json_boolean(counters && counters->count));
	json_object_set_new(record, "asked", asked_json(run));
	json_object_set_new(record, "label", pf_label_json(run->label));
	if (run->resumed) {
		json_object_set_new(record, "resumed", integer(run->resumed));
	}
	json_object_set_new(record, "callgrind", pf_callgrind_json(run->callgrind));
	json_object_set_new(record, "why_partial", string_or_null(run->partial ? run->why_partial : NULL));
	json_object_set_new(record, "comparison", run_comparison_json(run));
	json_object_set_new(record, "observer", pf_observer_json(run->session->observer));
	json_object_set_new(record, "goal", pf_goal_json(run));
	json_object_set_new(record, "claims", pf_record_claims(run));
	json_object_set_new(record, "first_result_trials", pf_record_first_results(&run->first_results));
	return record;
}
