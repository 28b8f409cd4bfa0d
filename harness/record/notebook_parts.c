#include "harness/record/notebook_parts.h"

#include <math.h>
#include <string.h>

#include "harness/base/plain_text.h"

#define PF_GIST 64 /* most of a sentence that is bold */

const char *pf_note_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

double pf_note_number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

bool pf_note_interval(const json_t *object, const char *key, pf_interval *out)
{
	const json_t *found = json_object_get(object, key);
	if (!json_is_number(json_object_get(found, "mean"))) {
		return false;
	}
	*out = (pf_interval){
		.mean = pf_note_number(found, "mean"),
		.low = pf_note_number(found, "low"),
		.high = pf_note_number(found, "high"),
		.level = pf_note_number(found, "level"),
		.n = (size_t)fmax(0, fmin(pf_note_number(found, "n"), 1e9)),
		.has_interval = json_is_number(json_object_get(found, "low")) &&
				json_is_number(json_object_get(found, "high")),
	};
	return true;
}

const json_t *pf_note_variant(const json_t *record, const char *name)
{
	size_t index;
	const json_t *variant;
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		if (name[0] && strcmp(pf_note_text(variant, "name"), name) == 0) {
			return variant;
		}
	}
	return NULL;
}

const json_t *pf_note_baseline(const json_t *record)
{
	size_t index;
	const json_t *variant;
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		const json_t *outside = json_object_get(variant, "outside");
		if (!pf_note_text(variant, "parent")[0] &&
		    strcmp(pf_note_text(variant, "status"), "floor") != 0 &&
		    !json_object_get(outside, "command_sha256")) {
			return variant;
		}
	}
	return NULL;
}

void pf_note_print(FILE *stream, const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at;) {
		size_t control = pf_plain_control(at);
		if (control) {
			fputc('?', stream);
			at += control;
			continue;
		}
		if (strchr("\\`*_<>[]|~&#", *at)) {
			fputc('\\', stream);
		}
		fputc(*at++, stream);
	}
}

bool pf_note_figure(const json_t *object, const char *key, double *value)
{
	const json_t *member = json_object_get(object, key);
	*value = json_number_value(member);
	return json_is_number(member) && *value >= 0 && isfinite(*value);
}

pf_trial_counting pf_note_counts(const json_t *variant, const json_t *trial)
{
	double wall;
	bool checked = json_is_true(json_object_get(trial, "checked"));
	bool timed = pf_note_figure(trial, checked ? "wall_ns" : "unchecked_wall_ns", &wall) && wall > 0;
	return pf_trial_counts(pf_run_status_of(pf_note_text(variant, "status")),
			       strcmp(pf_note_text(trial, "ending"), "ok") == 0, checked, timed);
}

void pf_note_print_gist(FILE *stream, const char *text)
{
	const char *colon = strchr(text, ':');
	char gist[PF_GIST];
	if (colon && (size_t)(colon - text) < sizeof gist) {
		snprintf(gist, sizeof gist, "%.*s", (int)(colon - text), text);
		fputs("**", stream);
		pf_note_print(stream, gist);
		fputs("**", stream);
		text = colon;
	}
	pf_note_print(stream, text);
	fputc('.', stream);
}

size_t pf_note_mean(const json_t *variant, const char *key, const char *part, double *mean)
{
	size_t index, count = 0;
	const json_t *trial;
	double sum = 0, value;
	json_array_foreach(json_object_get(variant, "trials"), index, trial)
	{
		const json_t *object = part ? json_object_get(json_object_get(trial, key), part) : trial;
		if (pf_note_counts(variant, trial) == PF_COUNTS &&
		    pf_note_figure(object, part ? "wall_ns" : key, &value)) {
			sum += value;
			count++;
		}
	}
	*mean = count ? sum / (double)count : 0;
	return count;
}

size_t pf_note_tagged_of(const json_t *variant, size_t *all)
{
	size_t tagged = 0, index;
	const json_t *trial;
	*all = 0;
	json_array_foreach(json_object_get(variant, "trials"), index, trial)
	{
		bool counts = pf_note_counts(variant, trial) != PF_COUNTS_NOT;
		tagged += counts && json_array_size(json_object_get(trial, "disturbed_by")) > 0;
		*all += counts;
	}
	return tagged;
}

size_t pf_note_tagged(const json_t *record, size_t *all)
{
	size_t tagged = 0, index, of_one;
	const json_t *variant;
	*all = 0;
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		tagged += pf_note_tagged_of(variant, &of_one);
		*all += of_one;
	}
	return tagged;
}
