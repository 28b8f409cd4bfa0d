#include "harness/history/history_row.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/record/capabilities_json.h"
#include "harness/record/notebook_parts.h"
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

static void find_flags(const json_t *record, char *flags, size_t capacity)
{
	static const char *const endings[][2] = {
		{"wrong_output", "wrong-output"}, {"invalid", "invalid"}, {"crashed", "crashed"},
		{"timeout", "timeout"},           {"failed", "failed"},   {"unchecked", "unchecked"}};
	const json_t *environment = json_object_get(record, "environment");
	const json_t *stages = json_object_get(json_object_get(record, "configuration"), "stages");
	const char *cache = pf_note_text(json_object_get(record, "dataset"), "cache");
	size_t trials;
	flags[0] = '\0';
	if (json_is_true(json_object_get(record, "partial"))) {
		add_flag(flags, capacity, "partial");
	}
	if (pf_note_text(environment, "sanitizers")[0] ||
	    strcmp(pf_note_text(environment, "build_type"), "Debug") == 0) {
		add_flag(flags, capacity, "not-for-timing");
	}
	if (json_is_true(json_object_get(record, "profiled"))) {
		add_flag(flags, capacity, "profiled");
	}
	if (json_is_array(stages) && json_array_size(stages) < 5) {
		add_flag(flags, capacity, "part-of-the-job");
	}
	if (strcmp(cache, "not cold") == 0 || strcmp(cache, "not held") == 0) {
		add_flag(flags, capacity, strcmp(cache, "not cold") == 0 ? "not-cold" : "not-warm");
	}
	if (pf_note_tagged(record, &trials)) { /* something else took the machine from one that counts */
		add_flag(flags, capacity, "disturbed");
	}
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		if (with_status(record, endings[i][0])) {
			add_flag(flags, capacity, endings[i][1]);
		}
	}
}

void pf_history_row_of(const json_t *record, pf_history_row *row)
{
	const json_t *dataset = json_object_get(record, "dataset"),
		     *environment = json_object_get(record, "environment");
	*row = (pf_history_row){
		.started = pf_note_text(record, "started"),
		.command = pf_note_text(record, "command"),
		.label = pf_note_text(record, "label"),
		.dataset = pf_note_text(dataset, "name"),
		.dataset_hash = pf_note_text(dataset, "hash"),
		.cpu = pf_note_text(environment, "cpu"),
		.photos = json_integer_value(json_object_get(dataset, "photos")),
		.cores = json_integer_value(json_object_get(environment, "cores")),
		.rounds_done = json_integer_value(json_object_get(record, "rounds_done")),
		.steps = json_array_size(json_object_get(record, "variants")),
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
static bool compared(const json_t *record, size_t index, const char **other, pf_interval *ratio)
{
	const json_t *comparison = json_object_get(record, "comparison");
	if (index > 1 || !read_ratio(json_object_get(comparison, "ratio"), ratio)) {
		return false;
	}
	*other = pf_note_text(comparison, index == 0 ? "b" : "a");
	if (index == 0) {
		pf_interval times = *ratio;
		ratio->mean = 1 / times.mean;
		ratio->low = 1 / times.high;
		ratio->high = 1 / times.low;
	}
	return (*other)[0] != '\0';
}

bool pf_history_ratio(const json_t *record, size_t index, pf_history_kind kind, const char **other,
		      pf_interval *ratio)
{
	const json_t *variant = json_array_get(json_object_get(record, "variants"), index);
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
		return compared(record, index, other, ratio);
	}
}
