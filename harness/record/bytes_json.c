#include "harness/record/bytes_json.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/json_values.h"
#include "harness/memory/memory_series_json.h"

json_t *pf_io_json(const pf_io_count *io)
{
	return !io->known ? json_null()
			  : json_pack("{s:o,s:o,s:o,s:o}", "read_call_bytes",
				      pf_json_integer(io->read_call_bytes), "written_bytes",
				      pf_json_integer(io->written_bytes), "device_read_bytes",
				      pf_json_integer(io->device_read_bytes), "device_written_bytes",
				      pf_json_integer(io->device_written_bytes));
}

json_t *pf_moved_json(const pf_trial *trial)
{
	json_t *hops = json_array();
	for (size_t i = 0; i < trial->moved_count; i++) {
		const pf_moved *moved = &trial->moved[i];
		json_t *hop = json_pack("{s:s,s:o,s:o,s:o}", "kind", pf_hop_name(moved->kind), "from",
					pf_slot_json(moved->from), "frames", pf_json_integer(moved->frames),
					"bytes", pf_json_integer(moved->bytes));
		json_object_set_new(hop, "to",
				    moved->to == PF_HARNESS_SLOT ? json_string("harness")
								 : pf_slot_json(moved->to));
		json_array_append_new(hops, hop);
	}
	return hops;
}

void pf_io_of(const json_t *object, pf_io_count *out)
{
	*out = (pf_io_count){
		.known = json_is_object(object),
		.read_call_bytes = pf_json_count(object, "read_call_bytes", 0),
		.written_bytes = pf_json_count(object, "written_bytes", 0),
		.device_read_bytes = pf_json_count(object, "device_read_bytes", 0),
		.device_written_bytes = pf_json_count(object, "device_written_bytes", 0),
	};
}

/* PF_HOP_NONE for a name that is none. */
static pf_hop_kind kind_of(const char *name)
{
	int kind = PF_HOP_NONE + 1;
	while (kind < PF_HOP_COUNT && strcmp(pf_hop_name((pf_hop_kind)kind), name) != 0) {
		kind++;
	}
	return kind < PF_HOP_COUNT ? (pf_hop_kind)kind : PF_HOP_NONE;
}

void pf_moved_of(const json_t *hops, pf_trial *out)
{
	size_t index;
	const json_t *hop;
	out->moved = json_array_size(hops) ? calloc(json_array_size(hops), sizeof *out->moved) : NULL;
	json_array_foreach(hops, index, hop)
	{
		pf_hop_kind kind = kind_of(pf_json_string(hop, "kind"));
		bool harness = strcmp(pf_json_string(hop, "to"), "harness") == 0;
		if (out->moved && kind != PF_HOP_NONE) {
			out->moved[out->moved_count++] = (pf_moved){
				kind, pf_slot_of(hop, "from"),
				harness ? PF_HARNESS_SLOT : pf_slot_of(hop, "to"),
				pf_json_count(hop, "frames", 0), pf_json_count(hop, "bytes", 0)};
		}
	}
}
