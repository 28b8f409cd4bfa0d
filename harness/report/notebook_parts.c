#include "harness/report/notebook_parts.h"

#include <string.h>

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

/* Bytes of the sequence at `at` that a terminal would obey: C0, DEL, C1, bidirectional controls; 0: none. */
static size_t control_bytes(const unsigned char *at)
{
	if (at[0] < 0x20 || at[0] == 0x7F) {
		return 1;
	}
	if ((at[0] == 0xC2 && at[1] >= 0x80 && at[1] <= 0x9F) || (at[0] == 0xD8 && at[1] == 0x9C)) {
		return 2;
	}
	bool marks = at[0] == 0xE2 && at[1] == 0x80 &&
		     (at[2] == 0x8E || at[2] == 0x8F || (at[2] >= 0xA8 && at[2] <= 0xAE));
	return marks || (at[0] == 0xE2 && at[1] == 0x81 && at[2] >= 0xA6 && at[2] <= 0xA9) ? 3 : 0;
}

void pf_note_print(FILE *stream, const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at;) {
		size_t control = control_bytes(at);
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

size_t pf_note_mean(const json_t *variant, const char *key, const char *part, double *mean)
{
	size_t index, count = 0;
	const json_t *trial;
	double sum = 0;
	json_array_foreach(json_object_get(variant, "trials"), index, trial)
	{
		const json_t *figure = json_object_get(trial, key);
		figure = part ? json_object_get(json_object_get(figure, part), "wall_ns") : figure;
		if (json_is_true(json_object_get(trial, "checked")) && json_is_number(figure)) {
			sum += json_number_value(figure);
			count++;
		}
	}
	*mean = count ? sum / (double)count : 0;
	return count;
}
