#include "harness/record/stored_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json_values.h"
#include "harness/base/plain_text.h"
#include "harness/claims/claims.h"
#include "harness/claims/goal.h"
#include "harness/counters/trial_counters.h"
#include "harness/record/build_json.h"
#include "harness/record/callgrind_json.h"
#include "harness/record/capabilities_json.h"
#include "harness/record/comparison_json.h"
#include "harness/record/decision_json.h"
#include "harness/record/memory_json.h"
#include "harness/record/notebook_parts.h"
#include "harness/record/stored_trial.h"
#include "harness/run/other_build.h"
#include "harness/run/run_comparison.h"
#include "harness/run/run_facts.h"
#include "harness/stats/enough.h"
#include "photofinish/file.h"

/* What files may ask for in memory: far beyond what is run, far below what hurts. */
enum {
	MOST_PHOTOS = 1000000,
	MOST_STEPS = 1024,
	MOST_TRIALS = 100000,
	MOST_COUNTED = 20000,
	MOST_WORKERS = 4096
};

struct pf_stored_run {
	pf_run run;
	pf_session session;
	pf_dataset dataset;
	pf_outcomes outcomes;
	pf_run_facts facts;
	pf_run_comparison comparison;
	pf_goal goal;
	pf_memory_report memory;
	pf_counter_plan counters;
	pf_callgrind callgrind;
	struct pf_variant *variants;
	pf_build own_build, *builds; /* builds: one a variant */
	char **texts;                /* all that were copied */
	size_t text_count, text_capacity;
};

/* A copy that lives as long as the run, without what a terminal would obey. */
static char *own_text(pf_stored_run *stored, const char *text)
{
	if (stored->text_count == stored->text_capacity) {
		stored->text_capacity = 2 * stored->text_capacity + 16;
		stored->texts = pf_enough(
			realloc(stored->texts, stored->text_capacity * sizeof *stored->texts));
	}
	size_t capacity = strlen(text) + 8;
	char *copy = pf_enough(malloc(capacity));
	stored->texts[stored->text_count++] = copy;
	return pf_plain_text(text, copy, capacity);
}

/* A name as it was before it was escaped for the record: those who print escape it. */
static char *own_name(pf_stored_run *stored, const char *text)
{
	char *copy = own_text(stored, text), *plain = own_text(stored, text);
	return pf_unescape(copy) ? copy : plain;
}

static const char *text_or_null(pf_stored_run *stored, const json_t *object, const char *key)
{
	const char *text = pf_note_text(object, key);
	return text[0] ? own_text(stored, text) : NULL;
}

static double real_or(const json_t *object, const char *key, double otherwise)
{
	const json_t *member = json_object_get(object, key);
	return json_is_number(member) ? json_number_value(member) : otherwise;
}

static size_t counted_trials(const json_t *trials)
{
	size_t index, counted = 0;
	const json_t *trial;
	json_array_foreach(trials, index, trial)
	{
		counted += json_is_object(json_object_get(trial, "counters"));
	}
	return counted;
}

static bool read_limits(const json_t *record, pf_error *error)
{
	size_t index, trials = 0, counted = 0;
	const json_t *variant, *variants = json_object_get(record, "variants");
	json_array_foreach(variants, index, variant)
	{
		counted += counted_trials(json_object_get(variant, "trials"));
		uint64_t workers = pf_json_count(variant, "workers", 0);
		trials += json_array_size(json_object_get(variant, "trials"));
		if (workers < 1 || workers > MOST_WORKERS) {
			pf_fail(error, PF_ERR_INVALID, NULL,
				"the record has a variant without workers, or with more than %d",
				MOST_WORKERS);
			return false;
		}
	}
	if (trials > MOST_TRIALS || counted > MOST_COUNTED || json_array_size(variants) > MOST_STEPS ||
	    pf_json_count(json_object_get(record, "dataset"), "photos", 0) > MOST_PHOTOS) {
		pf_fail(error, PF_ERR_INVALID, NULL,
			"the record has more than %d photos, %d steps or %d trials: more than can be shown",
			MOST_PHOTOS, MOST_STEPS, MOST_TRIALS);
		return false;
	}
	return true;
}

/* All bytes are the first photo's: only their sum is told of. */
static void read_dataset(pf_stored_run *stored, const json_t *record)
{
	const json_t *dataset = json_object_get(record, "dataset");
	const char *cache = pf_note_text(dataset, "cache");
	size_t count = pf_json_count(dataset, "photos", 0);
	stored->dataset = (pf_dataset){
		.name = own_name(stored, pf_note_text(dataset, "name")),
		.photos = pf_enough(calloc(count + 1, sizeof *stored->dataset.photos)),
		.count = count,
	};
	stored->dataset.photos[0].size_bytes = pf_json_count(dataset, "bytes", 0);
	stored->run.cold_cache = strcmp(cache, "cold") == 0 || strcmp(cache, "not cold") == 0;
	snprintf(stored->run.dataset_hash, sizeof stored->run.dataset_hash, "%s",
		 pf_note_text(dataset, "hash"));
}

static void read_failures(pf_stored_run *stored, const json_t *failures)
{
	size_t index;
	const json_t *failure;
	pf_outcomes *outcomes = &stored->outcomes;
	json_array_foreach(failures, index, failure)
	{
		if (index >= outcomes->count) {
			return;
		}
		pf_outcome *photo = &outcomes->photos[index];
		photo->done = true;
		photo->status = pf_status_from_name(pf_note_text(failure, "status"));
		photo->status = photo->status == PF_OK ? PF_ERR_INTERNAL : photo->status;
		photo->message = own_name(stored, pf_note_text(failure, "error"));
		stored->dataset.photos[index].path = own_name(stored, pf_note_text(failure, "path"));
	}
}

static void read_reference(pf_stored_run *stored, const json_t *record)
{
	const json_t *reference = json_object_get(record, "reference");
	stored->outcomes = (pf_outcomes){
		.count = stored->dataset.count,
		.scored = pf_json_count(reference, "photos_scored", 0),
		.failed = pf_json_count(reference, "photos_failed", 0),
		.photos = pf_enough(calloc(stored->dataset.count + 1, sizeof *stored->outcomes.photos)),
	};
	stored->run.reference = (pf_reference){
		.outcomes = &stored->outcomes,
		.from_cache = json_is_true(json_object_get(reference, "from_cache")),
	};
	read_failures(stored, json_object_get(reference, "failures"));
	stored->facts.photos_known = json_is_integer(json_object_get(reference, "bursts"));
	stored->facts.bursts = pf_json_count(reference, "bursts", 0);
	stored->facts.singles = pf_json_count(reference, "singles", 0);
	stored->facts.median_megapixels = pf_note_number(reference, "median_megapixels");
	stored->facts.mean_megapixels = pf_note_number(reference, "mean_megapixels");
	const json_t *paths = json_object_get(reference, "paths"); /* older records have none */
	stored->facts.paths = (pf_paths){.whole = pf_json_count(paths, "whole", 0),
					 .half = pf_json_count(paths, "half", 0),
					 .quarter = pf_json_count(paths, "quarter", 0)};
}

static void read_machine(pf_stored_run *stored, const json_t *record)
{
	const json_t *environment = json_object_get(record, "environment"),
		     *placement = json_object_get(record, "placement");
	bool sanitized = pf_note_text(environment, "sanitizers")[0],
	     debug = strcmp(pf_note_text(environment, "build_type"), "Debug") == 0;
	stored->facts.cores = (uint32_t)fmin((double)pf_json_count(environment, "cores", 1), 1e6);
	stored->facts.cpu_quota = pf_note_number(placement, "cpu_quota");
	stored->facts.unfit = sanitized ? "built with sanitizers"
			      : debug   ? "built without optimisation"
					: NULL;
	stored->session.placement.places = (uint32_t)json_array_size(json_object_get(placement, "places"));
	stored->session.placement.cores = (uint32_t)pf_json_count(placement, "cores", stored->facts.cores);
	stored->session.placement.kind = PF_PLACEMENT_CORES;
	for (int i = 0; i < PF_PLACEMENT_COUNT; i++) {
		if (strcmp(pf_placement_name((pf_placement_kind)i), pf_note_text(placement, "kind")) == 0) {
			stored->session.placement.kind = (pf_placement_kind)i;
		}
	}
}

/* What the tables tell of: other weights than usual, stages that were left out. */
static void read_scorer(pf_stored_run *stored, const json_t *record)
{
	const json_t *configuration = json_object_get(record, "configuration"),
		     *stages = json_object_get(configuration, "stages"),
		     *weights = json_object_get(configuration, "weights"), *name;
	pf_scorer_config *scorer = &stored->session.order.scorer;
	char list[160] = "";
	size_t index, used = 0;
	pf_error ignored;
	pf_scorer_config_default(scorer);
	for (int i = 0; i < PF_FACTOR_COUNT; i++) {
		scorer->weights[i] = real_or(weights, pf_factor_name((pf_factor)i), scorer->weights[i]);
	}
	json_array_foreach(stages, index, name)
	{
		const char *text = json_string_value(name);
		if (text && used + strlen(text) + 2 < sizeof list) {
			used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? "," : "",
						 text);
		}
	}
	if (used && pf_scorer_config_stages(scorer, list, &ignored) != PF_OK) {
		scorer->left_out = 0;
	}
	const char *preset = pf_note_text(configuration, "preset");
	if (!preset[0] || pf_preset_find(preset, &scorer->preset, &ignored) != PF_OK) {
		scorer->preset = PF_PRESET_ULTRA;
	}
	/* What was there then, not what is here now: only whether there was a pose is shown of it. */
	const char *no_pose = pf_note_text(configuration, "no_pose");
	snprintf(scorer->no_pose, sizeof scorer->no_pose, "%s", no_pose);
	snprintf(scorer->model_file, sizeof scorer->model_file, "%s", no_pose[0] ? "" : "as recorded");
}

static void read_places(pf_contestant *contestant, const json_t *trials)
{
	pf_place place;
	uint32_t slot;
	const json_t *trial = pf_stored_misplaced(trials, &slot, &place);
	size_t index;
	const json_t *entry;
	if (!trial || slot > contestant->workers) {
		return;
	}
	json_array_foreach(trials, index, entry)
	{
		if (entry == trial) {
			pf_trial *own = &contestant->trials[index];
			own->places = pf_enough(calloc(contestant->workers + 1, sizeof *own->places));
			own->places[slot] = place;
		}
	}
}

static void read_builds(pf_stored_run *stored, const json_t *record)
{
	size_t index;
	const json_t *variant;
	pf_build *own = &stored->own_build;
	stored->builds = pf_enough(calloc(stored->run.contestant_count, sizeof *stored->builds));
	pf_build_of_json(json_object_get(record, "environment"), own, own); /* it has the same keys */
	snprintf(own->engine_sha256, sizeof own->engine_sha256, "%s",
		 pf_note_text(json_object_get(record, "configuration"), "engine_sha256"));
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		pf_build *build = &stored->builds[index];
		const json_t *found = json_object_get(variant, "build");
		if (pf_build_of_json(found, build, own)) {
			stored->run.contestants[index].build = build;
		}
	}
	stored->run.own_build = own;
}

static void read_contestant(pf_stored_run *stored, const json_t *variant, size_t index)
{
	pf_contestant *contestant = &stored->run.contestants[index];
	const json_t *trials = json_object_get(variant, "trials"), *trial;
	char *name = own_text(stored, pf_note_text(variant, "name"));
	size_t k;
	pf_plain_text(name, contestant->label, sizeof contestant->label);
	name[strcspn(name, ": ")] = '\0'; /* without options, or " (again)" */
	stored->variants[index] = (struct pf_variant){
		.abi_version = PF_ABI_VERSION,
		.struct_size = sizeof(struct pf_variant),
		.name = name,
		.parent = text_or_null(stored, variant, "parent"),
		.caps = pf_capabilities_of(json_object_get(variant, "capabilities")),
	};
	contestant->variant = &stored->variants[index];
	contestant->workers = (uint32_t)pf_json_count(variant, "workers", 1);
	contestant->stored_cores = stored->facts.cores;
	contestant->status = pf_run_status_of(pf_note_text(variant, "status"));
	pf_plain_text(pf_note_text(variant, "reason"), contestant->reason, sizeof contestant->reason);
	contestant->trials = pf_enough(calloc(json_array_size(trials) + 1, sizeof *contestant->trials));
	contestant->trial_count = json_array_size(trials);
	json_array_foreach(trials, k, trial)
	{
		pf_stored_trial(trial, contestant->workers, &contestant->trials[k]);
	}
	read_places(contestant, trials);
	if (pf_decision_of(json_object_get(variant, "decision"), &contestant->decision)) {
		stored->variants[index].purpose = contestant->decision.purpose;
		stored->run.decided = true;
	}
}

static pf_interval interval_of(const json_t *object, const char *key)
{
	pf_interval interval = {0};
	pf_note_interval(object, key, &interval);
	return interval;
}

static void read_comparison(pf_stored_run *stored, const json_t *record)
{
	const json_t *comparison = json_object_get(record, "comparison"),
		     *split = json_object_get(comparison, "split");
	pf_run_comparison *own = &stored->comparison;
	if (!json_is_object(comparison) || stored->run.contestant_count != 2) {
		return;
	}
	*own = (pf_run_comparison){
		.rules = pf_comparison_rules_of_json(comparison),
		.max_time_s = pf_note_number(comparison, "max_time_s"),
		.stopped = own_text(stored, pf_note_text(comparison, "stopped")),
		.pairs = pf_json_count(comparison, "pairs", 0),
		.result = pf_comparison_of_json(comparison),
		.cpu = pf_comparison_of_json(json_object_get(comparison, "cpu")),
		.cpu_known = json_is_object(json_object_get(comparison, "cpu")),
	};
	own->pairs = own->result.ratio.mean > 0 ? own->pairs : 0;
	for (int i = 0; i < PF_PARTS; i++) {
		own->split[i] = interval_of(split, pf_part_name(i));
	}
	stored->run.comparison = own;
}

static void read_goal(pf_stored_run *stored, const json_t *record)
{
	const json_t *goal = json_object_get(record, "goal");
	if (!json_is_object(goal)) {
		return;
	}
	stored->goal = (pf_goal){
		.seconds = pf_note_number(goal, "seconds"),
		.photos = (uint32_t)pf_json_count(goal, "photos", 0),
		.has_price = json_is_number(json_object_get(goal, "price_per_hour")),
		.price_per_hour = pf_note_number(goal, "price_per_hour"),
		.until_met = json_is_true(json_object_get(goal, "until_met")),
		.rounds_each = (uint32_t)pf_json_count(goal, "rounds_each", 0),
	};
	stored->run.goal = stored->goal.photos && stored->goal.seconds > 0 ? &stored->goal : NULL;
}

static pf_verdict verdict_of(const char *name)
{
	for (int i = 0; i < PF_VERDICT_COUNT; i++) {
		if (strcmp(pf_verdict_name((pf_verdict)i), name) == 0) {
			return (pf_verdict)i;
		}
	}
	return PF_VERDICT_UNDECIDED;
}

static void read_claims(pf_stored_run *stored, const json_t *record)
{
	const json_t *claims = json_object_get(record, "claims"), *claim;
	size_t index, count = json_array_size(claims) < MOST_STEPS ? json_array_size(claims) : MOST_STEPS;
	stored->run.claims = pf_enough(calloc(count + 1, sizeof *stored->run.claims));
	json_array_foreach(claims, index, claim)
	{
		if (index == count) {
			break;
		}
		pf_claim *own = &stored->run.claims[index];
		const char *unit = pf_note_text(claim, "unit");
		double mean = pf_note_number(claim, "measured");
		*own = (pf_claim){
			.id = own_text(stored, pf_note_text(claim, "id")),
			.statement = own_text(stored, pf_note_text(claim, "statement")),
			.unit = strcmp(unit, "ratio") == 0   ? PF_CLAIM_RATIO
				: strcmp(unit, "share") == 0 ? PF_CLAIM_SHARE
							     : PF_CLAIM_NO_FIGURE,
			.published = real_or(claim, "published", NAN),
			.note = text_or_null(stored, claim, "note"),
			.has_measured = json_is_number(json_object_get(claim, "measured")),
			.measured = {.mean = mean,
				     .low = real_or(claim, "low", mean),
				     .high = real_or(claim, "high", mean),
				     .level = PF_LEVEL,
				     .has_interval = json_is_number(json_object_get(claim, "low"))},
			.verdict = verdict_of(pf_note_text(claim, "verdict")),
		};
		pf_plain_text(pf_note_text(claim, "why"), own->why, sizeof own->why);
	}
	stored->run.claim_count = count;
}

/* Options that the run was given; older records tell of them by what there is. */
static bool was_asked(const json_t *record, const char *option)
{
	const json_t *asked = json_object_get(record, "asked"), *entry;
	size_t index;
	json_array_foreach(asked, index, entry)
	{
		const char *name = json_string_value(entry);
		if (name && strcmp(name, option) == 0) {
			return true;
		}
	}
	json_array_foreach(json_object_get(record, "variants"), index, entry)
	{
		const json_t *part = json_object_get(entry, option);
		if (!asked && (json_is_object(part) || json_is_array(part))) {
			return true;
		}
	}
	return false;
}

/* What was looked at in trials of their own, or beside the times. */
static void read_looks(pf_stored_run *stored, const json_t *record)
{
	const json_t *variants = json_object_get(record, "variants");
	pf_run *run = &stored->run;
	pf_memory_report *memory = &stored->memory;
	memory->sample = was_asked(record, "memory");
	memory->count = was_asked(record, "allocations");
	run->show_spans = was_asked(record, "spans");
	if (memory->sample || memory->count) {
		memory->steps = pf_enough(calloc(run->contestant_count + 1, sizeof *memory->steps));
		memory->step_count = run->contestant_count;
		run->memory = memory;
	}
	for (size_t i = 0; i < memory->step_count; i++) {
		pf_step_memory_of(json_array_get(variants, i), run->contestants[i].workers,
				  &memory->steps[i]);
	}
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		for (size_t k = 0; k < contestant->trial_count && !stored->counters.count; k++) {
			const pf_trial_counters *counters = contestant->trials[k].found[PF_PROBE_counters];
			stored->counters = counters ? counters->plan : stored->counters;
		}
	}
	stored->session.asked[PF_PROBE_counters] = stored->counters.count ? &stored->counters : NULL;
	run->callgrind = pf_callgrind_of(json_object_get(record, "callgrind"), &stored->callgrind)
				 ? &stored->callgrind
				 : NULL;
}

static void read_run(pf_stored_run *stored, const json_t *record)
{
	const json_t *variants = json_object_get(record, "variants"), *variant;
	const char *why = text_or_null(stored, record, "why_partial");
	size_t index, count = json_array_size(variants);
	pf_run *run = &stored->run;
	*run = (pf_run){
		.session = &stored->session,
		.command = own_text(stored, pf_note_text(record, "command")),
		.label = text_or_null(stored, record, "label"),
		.contestants = pf_enough(calloc(count, sizeof *run->contestants)),
		.contestant_count = count,
		.rounds = (uint32_t)fmin((double)pf_json_count(record, "rounds", 1), MOST_TRIALS),
		.rounds_done = (uint32_t)fmin((double)pf_json_count(record, "rounds_done", 0), MOST_TRIALS),
		.partial = json_is_true(json_object_get(record, "partial")),
		.resumed = (uint32_t)fmin((double)pf_json_count(record, "resumed", 0), MOST_TRIALS),
		.why_partial = why ? why : "ended",
		.stored = &stored->facts,
	};
	snprintf(run->started, sizeof run->started, "%s", pf_note_text(record, "started"));
	stored->session = (pf_session){.dataset = &stored->dataset, .manifest_fd = -1};
	stored->variants = pf_enough(calloc(count, sizeof *stored->variants));
	read_dataset(stored, record);
	read_reference(stored, record);
	read_machine(stored, record);
	read_scorer(stored, record);
	json_array_foreach(variants, index, variant)
	{
		read_contestant(stored, variant, index);
	}
	read_builds(stored, record);
	read_looks(stored, record);
	read_comparison(stored, record);
	read_goal(stored, record);
	read_claims(stored, record);
}

pf_status pf_stored_run_read(const json_t *record, pf_stored_run **out, pf_error *error)
{
	*out = NULL;
	if (!read_limits(record, error)) {
		return PF_ERR_INVALID;
	}
	*out = pf_enough(calloc(1, sizeof **out));
	read_run(*out, record);
	return PF_OK;
}

const pf_run *pf_stored_run_model(const pf_stored_run *stored)
{
	return &stored->run;
}

void pf_stored_run_free(pf_stored_run *stored)
{
	if (!stored) {
		return;
	}
	for (size_t i = 0; i < stored->run.contestant_count; i++) {
		for (size_t k = 0; k < stored->run.contestants[i].trial_count; k++) {
			pf_trial_release(&stored->run.contestants[i].trials[k]);
		}
		free(stored->run.contestants[i].trials);
	}
	pf_memory_report_release(&stored->memory);
	for (size_t i = 0; i < stored->text_count; i++) {
		free(stored->texts[i]);
	}
	free(stored->run.contestants);
	free(stored->run.claims);
	free(stored->outcomes.photos);
	free(stored->dataset.photos);
	free(stored->variants);
	free(stored->builds);
	free(stored->texts);
	free(stored);
}
