#include "harness/record/caveats.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/record/containment_json.h"
#include "harness/record/notebook_parts.h"
#include "harness/run/run.h"
#include "harness/scores/tolerance.h"

#define ALL_STAGES 5    /* that a scorer has, as records name them */
#define ENOUGH_ROUNDS 4 /* below it intervals are wide */

const char *pf_caveat_name(pf_caveat caveat)
{
#define PF_CAVEAT_NAME(constant, name, of) name,
	static const char *const names[] = {PF_CAVEAT_LIST(PF_CAVEAT_NAME)};
#undef PF_CAVEAT_NAME
	return names[caveat];
}

/* Limits in any order: they are counted, and have a least and a most. */
static void read_limits(const json_t *object, double *limits, size_t capacity)
{
	const char *name;
	json_t *value;
	size_t count = 0;
	json_object_foreach((json_t *)object, name, value)
	{
		if (count < capacity && json_is_number(value)) {
			limits[count++] = json_number_value(value);
		}
	}
	for (; count < capacity; count++) {
		limits[count] = PF_NOT_DECLARED;
	}
}

static double bound_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	return json_is_number(value) ? json_number_value(value) : PF_NOT_DECLARED;
}

char *pf_caveat_approximate(const json_t *variant, char *out, size_t capacity)
{
	size_t index;
	const json_t *trial, *found = NULL;
	pf_tolerance tolerance = {.declared = true};
	out[0] = '\0';
	if (json_is_object(
		    json_object_get(variant, "tolerance"))) { /* a record of one variant says it once */
		found = json_object_get(variant, "tolerance");
	}
	json_array_foreach(json_object_get(variant, "trials"), index, trial)
	{
		const json_t *own = json_object_get(trial, "tolerance");
		found = pf_note_counts(variant, trial) == PF_COUNTS && json_is_object(own) ? own : found;
	}
	if (!found) {
		return out;
	}
	read_limits(json_object_get(found, "measures"), tolerance.measures, PF_MEASURE_COUNT);
	read_limits(json_object_get(found, "factors"), tolerance.factors, PF_FACTOR_COUNT);
	tolerance.total = bound_of(found, "score");
	tolerance.best_shots = bound_of(found, "best_shots");
	tolerance.rank_correlation = bound_of(found, "rank_correlation");
	tolerance.not_compared = (unsigned)json_integer_value(json_object_get(found, "not_compared"));
	tolerance.bursts = json_is_true(json_object_get(found, "bursts"));
	tolerance.ranks = json_is_true(json_object_get(found, "ranks"));
	return pf_tolerance_text(&tolerance, out, capacity);
}

/* Trials of a step (NULL: of all), those with a time, and those of them that are tagged. */
struct trials {
	size_t all, timed, tagged;
};

static void count_trials(const json_t *variant, struct trials *trials)
{
	size_t index;
	const json_t *trial;
	json_array_foreach(json_object_get(variant, "trials"), index, trial)
	{
		bool timed = pf_note_counts(variant, trial) != PF_COUNTS_NOT;
		trials->all++;
		trials->timed += timed;
		trials->tagged += timed && json_array_size(json_object_get(trial, "disturbed_by")) > 0;
	}
}

/* Share of a core that trials of one worker got; 0: unknown. */
static double core_share(const json_t *record)
{
	double cpu = 0, wall = 0;
	size_t index, count;
	const json_t *variant;
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		double own_cpu, own_wall;
		bool own = pf_note_number(variant, "workers") == 1 &&
			   strcmp(pf_note_text(variant, "status"), "ok") == 0 &&
			   !json_object_get(json_object_get(variant, "outside"), "command_sha256");
		count = own ? pf_note_mean(variant, "cpu_ns", NULL, &own_cpu) : 0;
		if (count && pf_note_mean(variant, "wall_ns", NULL, &own_wall)) {
			cpu += own_cpu * (double)count;
			wall += own_wall * (double)count;
		}
	}
	return wall > 0 ? cpu / wall : 0;
}

static bool busy_text(const json_t *record, char *out, size_t capacity)
{
	size_t index, used;
	const json_t *variant;
	struct trials trials = {0};
	double share = core_share(record);
	const char *disturbed = pf_note_text(record, "disturbed"); /* of records of one variant */
	bool starved = share > 0 && share < PF_QUIET_SHARE;
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		count_trials(variant, &trials);
	}
	used = (size_t)snprintf(out, capacity, "This machine was busy: ");
	if (trials.tagged) {
		used += (size_t)snprintf(out + used, capacity - used,
					 "%zu of %zu trial%s tagged as disturbed%s", trials.tagged,
					 trials.timed, trials.timed == 1 ? " is" : "s are",
					 starved ? ", and " : "; ");
	}
	if (starved) {
		used += (size_t)snprintf(out + used, capacity - used,
					 "trials of one worker got %.0f %% of a core; ", 100 * share);
	}
	if (disturbed[0]) {
		used += (size_t)snprintf(out + used, capacity - used, "%s; ", disturbed);
	}
	snprintf(out + used, capacity - used, "times are too long by what others took");
	return trials.tagged || starved || disturbed[0];
}

static bool partial_text(const json_t *record, char *out, size_t capacity)
{
	const char *why = pf_note_text(record, "why_partial");
	size_t used = (size_t)snprintf(out, capacity, "PARTIAL: %s", why[0] ? why : "ended");
	if (json_object_get(record, "rounds") && used < capacity) {
		snprintf(out + used, capacity - used, " after %.0f of %.0f rounds",
			 pf_note_number(record, "rounds_done"), pf_note_number(record, "rounds"));
	}
	return json_is_true(json_object_get(record, "partial"));
}

static bool unfit_text(const json_t *record, char *out, size_t capacity)
{
	const json_t *environment = json_object_get(record, "environment");
	bool sanitized = pf_note_text(environment, "sanitizers")[0],
	     debug = strcmp(pf_note_text(environment, "build_type"), "Debug") == 0;
	snprintf(out, capacity, "NOT FOR TIMING: built %s",
		 sanitized ? "with sanitizers" : "without optimisation");
	return sanitized || debug;
}

static bool weights_text(const json_t *record, char *out, size_t capacity)
{
#define PF_FACTOR_WEIGHT(constant, name, weight, text) {name, weight},
	static const struct {
		const char *name;
		double weight;
	} usual[] = {PF_FACTOR_LIST(PF_FACTOR_WEIGHT)};
#undef PF_FACTOR_WEIGHT
	const json_t *weights = json_object_get(json_object_get(record, "configuration"), "weights");
	bool same = true;
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
		const json_t *own = json_object_get(weights, usual[i].name);
		same = same && (!own || json_number_value(own) == usual[i].weight);
	}
	snprintf(out, capacity, "weights as configured, not the default ones");
	return !same;
}

/* Records from before there were presets have none. */
static bool preset_text(const json_t *record, char *out, size_t capacity)
{
	const char *preset = pf_note_text(json_object_get(record, "configuration"), "preset");
	snprintf(out, capacity, "PRESET %s: not the usual scores", preset);
	return preset[0] && strcmp(preset, "ultra") != 0;
}

static bool stages_text(const json_t *record, char *out, size_t capacity)
{
	const json_t *stages = json_object_get(json_object_get(record, "configuration"), "stages"), *stage;
	size_t index, used = (size_t)snprintf(out, capacity, "ONLY PART OF THE JOB:");
	json_array_foreach(stages, index, stage)
	{
		const char *name = json_string_value(stage);
		if (name && used < capacity) {
			used += (size_t)snprintf(out + used, capacity - used, "%s %s", index ? "," : "",
						 name);
		}
	}
	return json_is_array(stages) && json_array_size(stages) < ALL_STAGES;
}

static bool pose_text(const json_t *record, char *out, size_t capacity)
{
	const char *why = pf_note_text(json_object_get(record, "configuration"), "no_pose");
	snprintf(out, capacity, "WITHOUT POSE: %s", why);
	return why[0];
}

static bool cache_text(const json_t *record, char *out, size_t capacity)
{
	const char *state = pf_note_text(json_object_get(record, "dataset"), "cache");
	bool not_cold = strcmp(state, "not cold") == 0;
	snprintf(out, capacity, "%s",
		 not_cold ? "NOT COLD: photos were dropped from the cache, yet not all came from storage"
			  : "photos came from storage in part");
	return not_cold || strcmp(state, "not held") == 0;
}

static bool profiled_text(const json_t *record, char *out, size_t capacity)
{
	snprintf(out, capacity, "PROFILED: times carry what reading counters took");
	return json_is_true(json_object_get(record, "profiled"));
}

static bool rounds_text(const json_t *record, char *out, size_t capacity)
{
	double rounds = pf_note_number(record, "rounds_done");
	snprintf(out, capacity, "%.0f rounds give wide intervals; 5 or more narrow them", rounds);
	return rounds > 1 && rounds < ENOUGH_ROUNDS;
}

static bool lost_text(const json_t *record, char *out, size_t capacity)
{
	const json_t *reference = json_object_get(record, "reference");
	double failed = pf_note_number(reference, "photos_failed");
	snprintf(out, capacity,
		 "%.0f of %.0f photos could not be scored, in the reference and in every variant alike",
		 failed, failed + pf_note_number(reference, "photos_scored"));
	return failed > 0;
}

static bool approximate_text(const json_t *variant, char *out, size_t capacity)
{
	char limits[PF_TOLERANCE_TEXT];
	snprintf(out, capacity, "approximate: %s", pf_caveat_approximate(variant, limits, sizeof limits));
	return limits[0];
}

void pf_fell_back_text(double photos, const char *why, char *out, size_t capacity)
{
	snprintf(
		out, capacity,
		"FELL BACK: the processor found %.0f poses in the device's place (%s); its time is not a device's",
		photos, why);
}

static bool fell_text(const json_t *variant, char *out, size_t capacity)
{
	size_t index;
	const json_t *trial;
	const char *why = "";
	double photos = 0;
	json_array_foreach(json_object_get(variant, "trials"), index, trial)
	{
		const json_t *device = json_object_get(trial, "device");
		double fallen = pf_note_number(device, "photos_on_processor");
		if (pf_note_counts(variant, trial) == PF_COUNTS && fallen > 0) {
			photos += fallen;
			why = why[0] ? why : pf_note_text(device, "fell_back");
		}
	}
	pf_fell_back_text(photos, why, out, capacity);
	return photos > 0;
}

static bool unchecked_text(const json_t *variant, char *out, size_t capacity)
{
	size_t index, count = 0;
	const json_t *trial;
	double sum = 0;
	char time[PF_TEXT];
	json_array_foreach(json_object_get(variant, "trials"), index, trial)
	{
		if (pf_note_counts(variant, trial) == PF_COUNTS_UNCHECKED) {
			sum += pf_note_number(trial, "unchecked_wall_ns");
			count++;
		}
	}
	snprintf(out, capacity, "scores not checked: it wrote none; it took %s, which stands in no ratio",
		 pf_text_seconds(count ? sum * 1e-9 / (double)count : 0, time));
	return count > 0;
}

static bool over_text(const json_t *record, const json_t *variant, char *out, size_t capacity)
{
	double cores = pf_note_number(json_object_get(record, "environment"), "cores"),
	       workers = pf_note_number(variant, "workers");
	snprintf(out, capacity, "more workers than cores: %.0f on %.0f", workers, cores);
	return cores > 0 && workers > cores;
}

static bool has_time(const json_t *variant)
{
	pf_interval ignored;
	return pf_note_interval(variant, "wall_s", &ignored);
}

static bool disturbed_text(const json_t *variant, char *out, size_t capacity)
{
	struct trials trials = {0};
	count_trials(variant, &trials);
	snprintf(out, capacity, "%zu of %zu trials tagged as disturbed", trials.tagged, trials.timed);
	return trials.tagged;
}

static bool untimed_text(const json_t *variant, char *out, size_t capacity)
{
	struct trials trials = {0};
	count_trials(variant, &trials);
	snprintf(out, capacity, "%zu of %zu trials have no time", trials.all - trials.timed, trials.all);
	return has_time(variant) && trials.all > trials.timed;
}

static bool text_of_run(const json_t *record, pf_caveat caveat, char *out, size_t capacity)
{
	switch (caveat) {
	case PF_CAVEAT_PARTIAL:
		return partial_text(record, out, capacity);
	case PF_CAVEAT_UNFIT:
		return unfit_text(record, out, capacity);
	case PF_CAVEAT_WEIGHTS:
		return weights_text(record, out, capacity);
	case PF_CAVEAT_PRESET:
		return preset_text(record, out, capacity);
	case PF_CAVEAT_STAGES:
		return stages_text(record, out, capacity);
	case PF_CAVEAT_POSE:
		return pose_text(record, out, capacity);
	case PF_CAVEAT_CACHE:
		return cache_text(record, out, capacity);
	case PF_CAVEAT_BUSY:
		return busy_text(record, out, capacity);
	case PF_CAVEAT_PROFILED:
		return profiled_text(record, out, capacity);
	case PF_CAVEAT_ROUNDS:
		return rounds_text(record, out, capacity);
	case PF_CAVEAT_LOST:
		return lost_text(record, out, capacity);
	default:
		return false;
	}
}

static bool text_of_step(const json_t *record, const json_t *variant, pf_caveat caveat, char *out,
			 size_t capacity)
{
	switch (caveat) {
	case PF_CAVEAT_APPROXIMATE:
		return approximate_text(variant, out, capacity);
	case PF_CAVEAT_FELL:
		return fell_text(variant, out, capacity);
	case PF_CAVEAT_UNCHECKED:
		return unchecked_text(variant, out, capacity);
	case PF_CAVEAT_OVER:
		return over_text(record, variant, out, capacity);
	case PF_CAVEAT_DISTURBED:
		return disturbed_text(variant, out, capacity);
	case PF_CAVEAT_UNTIMED:
		return untimed_text(variant, out, capacity);
	case PF_CAVEAT_REFUSED:
		return pf_refused_text(variant, out, capacity);
	default:
		return false;
	}
}

void pf_caveats(const json_t *record, const json_t *variant,
		void (*take)(void *context, pf_caveat caveat, const char *text), void *context)
{
	for (int i = 0; i < PF_CAVEAT_COUNT; i++) {
		char text[PF_CAVEAT_TEXT];
		bool said = variant ? text_of_step(record, variant, (pf_caveat)i, text, sizeof text)
				    : text_of_run(record, (pf_caveat)i, text, sizeof text);
		if (said) {
			take(context, (pf_caveat)i, text);
		}
	}
}

void pf_caveats_of_one(const json_t *record, void (*take)(void *context, pf_caveat caveat, const char *text),
		       void *context)
{
	static const pf_caveat own[] = {PF_CAVEAT_APPROXIMATE, PF_CAVEAT_OVER};
	pf_caveats(record, NULL, take, context);
	for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
		char text[PF_CAVEAT_TEXT];
		if (text_of_step(record, record, own[i], text, sizeof text)) {
			take(context, own[i], text);
		}
	}
}

static void append_json(void *list, pf_caveat caveat, const char *text)
{
	json_array_append_new(list, json_pack("{s:s,s:s}", "kind", pf_caveat_name(caveat), "text", text));
}

json_t *pf_caveats_of_one_json(const json_t *record)
{
	json_t *list = json_array();
	pf_caveats_of_one(record, append_json, list);
	return list;
}

struct joined {
	char *out;
	size_t capacity, used;
};

static void join(void *context, pf_caveat caveat, const char *text)
{
	(void)caveat;
	struct joined *all = context;
	if (all->used < all->capacity) {
		all->used += (size_t)snprintf(all->out + all->used, all->capacity - all->used, "%s%s",
					      all->used ? "; " : "", text);
	}
}

char *pf_caveats_text(const json_t *record, const json_t *variant, char *out, size_t capacity)
{
	struct joined all = {.out = out, .capacity = capacity};
	out[0] = '\0';
	pf_caveats(record, variant, join, &all);
	return out;
}
