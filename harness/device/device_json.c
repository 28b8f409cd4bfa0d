#include <stdlib.h>

#include "harness/base/json_values.h"
#include "harness/device/device.h"

static json_t *parts_json(const pf_device_work *work)
{
	json_t *parts = json_object();
	for (int part = 0; part < PF_DEVICE_PARTS; part++) {
		const pf_device_time *time = &work->parts[part];
		json_object_set_new(parts, pf_device_part_name((pf_device_part)part),
				    json_pack("{s:o,s:o,s:o}", "count", pf_json_integer(time->count), "ns",
					      pf_json_integer(time->ns), "bytes",
					      pf_json_integer(time->bytes)));
	}
	return parts;
}

static json_t *overlap_json(const pf_device_overlap *overlap)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "wall_ns", pf_json_integer(overlap->wall_ns), "copy_ns",
			 pf_json_integer(overlap->copy_ns), "compute_ns",
			 pf_json_integer(overlap->compute_ns), "both_ns", pf_json_integer(overlap->both_ns),
			 "busy_ns", pf_json_integer(overlap->busy_ns), "with_decode_ns",
			 pf_json_integer(overlap->with_decode_ns));
}

static json_t *load_json(const pf_nvml_load *load)
{
	bool busy = load->busy_samples > 0, memory = load->memory_samples > 0;
	return json_pack("{s:o,s:o,s:o,s:o,s:o}", "samples",
			 pf_json_integer(busy ? load->busy_samples : load->memory_samples), "busy_percent",
			 busy ? json_real(load->busy_percent) : json_null(), "used_most_bytes",
			 pf_json_integer_or_null(load->used_most_bytes, memory), "memory_bytes",
			 pf_json_integer_or_null(load->memory_bytes, memory), "unavailable",
			 busy && memory ? json_null() : pf_json_string_or_null(load->why));
}

json_t *pf_device_json(const pf_device_found *found)
{
	if (!found) {
		return json_null();
	}
	const pf_device_work *work = &found->work;
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:s,s:o}", "name",
			 pf_json_string_or_null(work->name), "bus", pf_json_string_or_null(work->bus),
			 "photos", pf_json_integer(work->photos), "photos_on_processor",
			 pf_json_integer(work->fallen), "fell_back", pf_json_string_or_null(work->why),
			 "parts", parts_json(work), "untimed", pf_json_integer(work->untimed), "overlap",
			 overlap_json(&found->overlap), "timeline", found->timeline, "load",
			 load_json(&found->load));
}

static void read_load(const json_t *object, pf_nvml_load *out)
{
	uint64_t samples = pf_json_count(object, "samples", 0);
	out->busy_samples = json_is_number(json_object_get(object, "busy_percent")) ? samples : 0;
	out->memory_samples = json_is_integer(json_object_get(object, "memory_bytes")) ? samples : 0;
	out->busy_percent = pf_json_real(object, "busy_percent", 0);
	out->used_most_bytes = pf_json_count(object, "used_most_bytes", 0);
	out->memory_bytes = pf_json_count(object, "memory_bytes", 0);
	pf_json_plain(object, "unavailable", out->why, sizeof out->why);
}

pf_device_found *pf_device_of(const json_t *object)
{
	pf_device_found *found = json_is_object(object) ? calloc(1, sizeof *found) : NULL;
	const json_t *parts = json_object_get(object, "parts"), *overlap = json_object_get(object, "overlap");
	if (!found) {
		return NULL;
	}
	pf_json_plain(object, "name", found->work.name, sizeof found->work.name);
	pf_json_plain(object, "bus", found->work.bus, sizeof found->work.bus);
	pf_json_plain(object, "fell_back", found->work.why, sizeof found->work.why);
	pf_json_plain(object, "timeline", found->timeline, sizeof found->timeline);
	found->work.photos = pf_json_count(object, "photos", 0);
	found->work.fallen = pf_json_count(object, "photos_on_processor", 0);
	found->work.untimed = pf_json_count(object, "untimed", 0);
	for (int part = 0; part < PF_DEVICE_PARTS; part++) {
		const json_t *from = json_object_get(parts, pf_device_part_name((pf_device_part)part));
		found->work.parts[part] = (pf_device_time){.count = pf_json_count(from, "count", 0),
							   .ns = pf_json_count(from, "ns", 0),
							   .bytes = pf_json_count(from, "bytes", 0)};
	}
	found->overlap = (pf_device_overlap){.wall_ns = pf_json_count(overlap, "wall_ns", 0),
					     .copy_ns = pf_json_count(overlap, "copy_ns", 0),
					     .compute_ns = pf_json_count(overlap, "compute_ns", 0),
					     .both_ns = pf_json_count(overlap, "both_ns", 0),
					     .busy_ns = pf_json_count(overlap, "busy_ns", 0),
					     .with_decode_ns = pf_json_count(overlap, "with_decode_ns", 0)};
	read_load(json_object_get(object, "load"), &found->load);
	return found;
}
