#include "harness/history/history_row.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/record/capabilities_json.h"
#include "harness/record/notebook_parts.h"
#include "harness/record/record_kind.h"
#include "photofinish/variant.h"

static void add_flag(char *flags, size_t capacity, const char *flag)
{
	size_t used = strlen(flags);
	snprintf(flags + used, capacity - used, "%s%s", used ? "," : "", flag);
}

/* The run was stopped before any trial of the step ended: nothing is wrong with it. */
static bool was_stopped(const json_t *record, const json_t *variant)
{
	size_t index;
	const json_t *trial;
	json_array_foreach(json_object_get(variant, "trials"), index, trial)
	{
		if (strcmp(pf_note_text(trial, "ending"), "cancelled") != 0) {
			return false;
		}
	}
	return json_is_true(json_object_get(record, "partial")) &&
	       strcmp(pf_note_text(variant, "status"), "invalid") == 0;
}

/* Steps of that status, but for those that are there to show a failure, or that were not got to. */
static size_t with_status(const json_t *record, const char *status)
{
	size_t index, count = 0;
	const json_t *variant;
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		bool announced = pf_capabilities_of(json_object_get(variant, "capabilities")) &
				 PF_CAP_MAY_CRASH;
		count += !announced && strcmp(pf_note_text(variant, "status"), status) == 0 &&
			 !was_stopped(record, variant);
	}
	return count;
}

/* Whether something else took the machine from what was measured and counts. */
static bool was_disturbed(const json_t *record)
{
	size_t trials;
	return pf_note_tagged(record, &trials) || pf_note_text(record, "disturbed")[0] ||
	       json_array_size(json_object_get(record, "disturbed_by")) ||
	       pf_note_number(record, "held_up_s") > 0;
}

/* Timed commands of which a run ended with another status than 0. */
static bool any_run_failed(const json_t *record)
{
	size_t index, run;
	const json_t *result, *code;
	json_array_foreach(json_object_get(record, "results"), index, result)
	{
		json_array_foreach(json_object_get(result, "exit_codes"), run, code)
		{
			if (json_integer_value(code) != 0) {
				return true;
			}
		}
	}
	return false;
}

static void find_flags(const json_t *record, char *flags, size_t capacity)
{
	static const char *const endings[][2] = {
		{"wrong_output", "wrong-output"}, {"invalid", "invalid"}, {"crashed", "crashed"},
		{"timeout", "timeout"},           {"failed", "failed"},   {"unchecked", "unchecked"}};
	const json_t *environment = json_object_get(record, "environment"),
		     *configuration = json_object_get(record, "configuration"),
		     *stages = json_object_get(configuration, "stages");
	const char *cache = pf_note_text(json_object_get(record, "dataset"), "cache"),
		   *preset = pf_note_text(configuration, "preset");
	const struct {
		bool so;
		const char *flag;
	} known[] = {
		{json_is_true(json_object_get(record, "partial")), "partial"},
		{pf_note_number(record, "resumed") > 0, "resumed"},
		{pf_note_text(environment, "sanitizers")[0] ||
			 strcmp(pf_note_text(environment, "build_type"), "Debug") == 0,
		 "not-for-timing"},
		{json_is_true(json_object_get(record, "profiled")), "profiled"},
		{json_is_array(stages) && json_array_size(stages) < 5, "part-of-the-job"},
		{pf_note_text(configuration, "no_pose")[0], "without-pose"},
		{preset[0] && strcmp(preset, "ultra") != 0, "preset"},
		{strcmp(cache, "not cold") == 0, "not-cold"},
		{strcmp(cache, "not held") == 0, "not-warm"},
		{was_disturbed(record), "disturbed"},
	};
	flags[0] = '\0';
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (known[i].so) {
			add_flag(flags, capacity, known[i].flag);
		}
	}
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		bool own = strcmp(pf_history_step_of(record, 0).status, endings[i][0]) == 0 &&
			   !json_object_get(record, "variants") && !json_object_get(record, "results");
		if (own || with_status(record, endings[i][0])) {
			add_flag(flags, capacity, endings[i][1]);
		}
	}
	if (any_run_failed(record)) {
		add_flag(flags, capacity, "failed");
	}
}

static int64_t count_or_none(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	return json_is_integer(value) ? json_integer_value(value) : -1;
}

static size_t steps_of(const json_t *record)
{
	const json_t *variants = json_object_get(record, "variants"),
		     *results = json_object_get(record, "results");
	return variants ? json_array_size(variants) : results ? json_array_size(results) : 1;
}

pf_history_step pf_history_step_of(const json_t *record, size_t index)
{
	const json_t *variants = json_object_get(record, "variants"),
		     *results = json_object_get(record, "results"),
		     *own = variants ? json_array_get(variants, index) : record;
	const char *status = pf_note_text(own, "status");
	if (results) {
		return (pf_history_step){.name = pf_note_text(json_array_get(results, index), "command"),
					 .status = "ok"};
	}
	return (pf_history_step){
		.name = pf_note_text(own, variants ? "name" : "variant"),
		.status = status[0] || variants                 ? status
			  : pf_note_number(record, "wrong") > 0 ? "wrong_output"
								: "ok",
		.workers = json_integer_value(json_object_get(own, "workers")),
	};
}

void pf_history_row_of(const json_t *record, pf_history_row *row)
{
	static const char *const kinds[] = {"run", "time", "load", "soak", "audit", ""};
	const json_t *dataset = json_object_get(record, "dataset"),
		     *environment = json_object_get(record, "environment");
	const char *hash = pf_note_text(dataset, "hash");
	*row = (pf_history_row){
		.kind = kinds[pf_record_kind_of(record)],
		.started = pf_note_text(record, "started"),
		.command = pf_note_text(record, "command"),
		.label = pf_note_text(record, "label"),
		.dataset = pf_note_text(dataset, "name"),
		.dataset_hash = hash[0] ? hash : pf_note_text(dataset, "sha256"),
		.cpu = pf_note_text(environment, "cpu"),
		.photos = count_or_none(dataset, "photos"),
		.cores = json_integer_value(json_object_get(environment, "cores")),
		.rounds_done = count_or_none(record, "rounds_done"),
		.steps = steps_of(record),
	};
	pf_machine_id(environment, row->machine);
	find_flags(record, row->flags, sizeof row->flags);
}

const char *pf_history_kind_name(pf_history_kind kind)
{
	static const char *const names[PF_HISTORY_KINDS] = {"parent", "baseline", "compared"};
	return names[kind];
}

/* A ratio is a positive number, its interval holds it; anything else is none. */
static bool read_ratio(const json_t *interval, pf_interval *out)
{
	const json_t *low = json_object_get(interval, "low"), *high = json_object_get(interval, "high");
	double mean = json_number_value(json_object_get(interval, "mean"));
	bool has = json_is_number(low) && json_is_number(high);
	*out = (pf_interval){
		.mean = mean,
		.low = has ? json_number_value(low) : mean,
		.high = has ? json_number_value(high) : mean,
		.level = json_number_value(json_object_get(interval, "level")),
		.n = (size_t)json_integer_value(json_object_get(interval, "n")),
		.has_interval = has,
	};
	return mean > 0 && out->low > 0 && out->low <= mean && mean <= out->high && isfinite(out->high);
}

/* Of a comparison's ratio of times: for its first step the inverse is how many times as fast it was. */
static bool compared(const json_t *comparison, bool first, const char **other, pf_interval *ratio)
{
	if (!read_ratio(json_object_get(comparison, "ratio"), ratio)) {
		return false;
	}
	*other = pf_note_text(comparison, first ? "b" : "a");
	if (first) {
		pf_interval times = *ratio;
		ratio->mean = 1 / times.mean;
		ratio->low = 1 / times.high;
		ratio->high = 1 / times.low;
	}
	return (*other)[0] != '\0';
}

/* The first command was compared with each of the others. */
static bool ratio_of_command(const json_t *record, size_t index, pf_history_kind kind, const char **other,
			     pf_interval *ratio)
{
	const json_t *comparisons = json_object_get(record, "comparisons");
	bool two = json_array_size(comparisons) == 1;
	if (kind == PF_HISTORY_COMPARED && two) {
		return index < 2 && compared(json_array_get(comparisons, 0), index == 0, other, ratio);
	}
	return kind == PF_HISTORY_BASELINE && index > 0 &&
	       compared(json_array_get(comparisons, index - 1), false, other, ratio);
}

bool pf_history_ratio(const json_t *record, size_t index, pf_history_kind kind, const char **other,
		      pf_interval *ratio)
{
	const json_t *variant = json_array_get(json_object_get(record, "variants"), index);
	if (json_object_get(record, "results")) {
		return ratio_of_command(record, index, kind, other, ratio);
	}
	if (strcmp(pf_note_text(variant, "status"), "ok") != 0) {
		return false;
	}
	switch (kind) {
	case PF_HISTORY_PARENT:
		*other = pf_note_text(variant, "parent");
		return (*other)[0] && read_ratio(json_object_get(variant, "speedup_over_parent"), ratio);
	case PF_HISTORY_BASELINE:
		*other = pf_note_text(pf_note_baseline(record), "name");
		return (*other)[0] && strcmp(*other, pf_note_text(variant, "name")) != 0 &&
		       read_ratio(json_object_get(variant, "speedup_over_baseline"), ratio);
	default:
		return index < 2 && compared(json_object_get(record, "comparison"), index == 0, other, ratio);
	}
}
