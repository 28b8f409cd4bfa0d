#include "harness/record/containment_json.h"

#include <stdio.h>

#include "harness/base/json_values.h"

json_t *pf_containment_json(const pf_trial *trial)
{
	char text[PF_CONTAINMENT_TEXT], name[PF_CALL_NAME];
	json_t *refused = json_object();
	uint64_t named = 0;
	for (uint32_t i = 0; i < trial->refusals.kinds; i++) {
		json_object_set_new(refused, pf_call_name(trial->refusals.calls[i].number, name),
				    pf_json_integer(trial->refusals.calls[i].count));
		named += trial->refusals.calls[i].count;
	}
	if (trial->refusals.total > named) {
		json_object_set_new(refused, "others", pf_json_integer(trial->refusals.total - named));
	}
	json_t *object = json_object();
	json_object_set_new(object, "in_force", json_string(pf_containment_text(&trial->containment, text)));
	json_object_set_new(object, "refused", refused);
	return object;
}

void pf_containment_of(const json_t *containment, pf_trial *out)
{
	const char *name;
	json_t *count;
	json_object_foreach(json_object_get(containment, "refused"), name, count)
	{
		if (json_integer_value(count) > 0) {
			pf_refusals_add(&out->refusals, pf_call_number(name),
					(uint64_t)json_integer_value(count));
		}
	}
}

bool pf_refused_text(const json_t *variant, char *out, size_t capacity)
{
	size_t index, used = (size_t)snprintf(out, capacity, "its processes were refused: ");
	bool any = false;
	const json_t *trial;
	const char *name;
	json_t *count, *sums = json_object();
	json_array_foreach(json_object_get(variant, "trials"), index, trial)
	{
		json_t *refused = json_object_get(json_object_get(trial, "containment"), "refused");
		json_object_foreach(refused, name, count)
		{
			json_int_t before = json_integer_value(json_object_get(sums, name));
			json_object_set_new(sums, name, json_integer(before + json_integer_value(count)));
		}
	}
	json_object_foreach(sums, name, count)
	{
		json_int_t times = json_integer_value(count);
		char text[32] = "";
		if (times > 1) {
			snprintf(text, sizeof text, " %lld times", (long long)times);
		}
		if (used < capacity) {
			used += (size_t)snprintf(out + used, capacity - used, "%s%s%s", any ? ", " : "", name,
						 text);
		}
		any = true;
	}
	json_decref(sums);
	return any;
}
