#include "harness/record/callgrind_json.h"

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
