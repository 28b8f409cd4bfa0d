#include "harness/record/callgrind_json.h"

#include "harness/base/json_values.h"

enum { MOST_TOP = 12 };

json_t *pf_callgrind_json(const pf_callgrind *callgrind)
{
	if (!callgrind) {
		return json_null();
	}
	bool measured = callgrind->why[0] == '\0';
	json_t *photos = json_array(), *top = json_array();
	for (uint32_t i = 0; measured && i < callgrind->count; i++) {
		const pf_callgrind_photo *photo = &callgrind->photos[i];
		json_t *stages = json_object();
		for (int part = 0; part < PF_KERNEL_PARTS; part++) {
			json_object_set_new(stages, pf_kernel_part_name((pf_kernel_part)part),
					    callgrind->known[part]
						    ? json_integer((json_int_t)photo->parts[part])
						    : json_null());
		}
		json_array_append_new(photos,
				      json_pack("{s:I,s:I,s:o,s:f}", "index", (json_int_t)photo->index,
						"instructions", (json_int_t)photo->total, "stages", stages,
						"score", photo->score));
	}
	for (uint32_t i = 0; measured && i < callgrind->top_count && i < MOST_TOP; i++) {
		json_array_append_new(top, json_pack("{s:s,s:I}", "function", callgrind->top[i].name,
						     "instructions", (json_int_t)callgrind->top[i].self));
	}
	return json_pack("{s:o,s:o,s:o,s:s,s:o}", "photos", photos, "top", top, "unavailable",
			 measured ? json_null() : json_string(callgrind->why), "network_isa",
			 PF_CALLGRIND_ISA, "largest_score_difference",
			 measured ? json_real(callgrind->largest_difference) : json_null());
}

static void read_photo(const json_t *object, pf_callgrind *out)
{
	pf_callgrind_photo *photo = &out->photos[out->count++];
	const json_t *stages = json_object_get(object, "stages");
	photo->index = (uint32_t)pf_json_count(object, "index", 0);
	photo->total = pf_json_count(object, "instructions", 0);
	photo->score = pf_json_real(object, "score", 0);
	for (int part = 0; part < PF_KERNEL_PARTS; part++) {
		const char *name = pf_kernel_part_name((pf_kernel_part)part);
		photo->parts[part] = pf_json_count(stages, name, 0);
		out->known[part] = json_is_integer(json_object_get(stages, name));
	}
}

bool pf_callgrind_of(const json_t *object, pf_callgrind *out)
{
	size_t index;
	const json_t *entry;
	*out = (pf_callgrind){0};
	json_array_foreach(json_object_get(object, "photos"), index, entry)
	{
		if (out->count < PF_KERNEL_PHOTOS) {
			read_photo(entry, out);
		}
	}
	json_array_foreach(json_object_get(object, "top"), index, entry)
	{
		if (out->top_count < PF_CALLGRIND_TOP) {
			pf_json_plain(entry, "function", out->top[out->top_count].name, PF_CALLGRIND_NAME);
			out->top[out->top_count++].self = pf_json_count(entry, "instructions", 0);
		}
	}
	pf_json_plain(object, "unavailable", out->why, sizeof out->why);
	out->largest_difference = pf_json_real(object, "largest_score_difference", 0);
	return json_is_object(object);
}
