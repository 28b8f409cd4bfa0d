#include "harness/memory/allocations_json.h"

#include <stdlib.h>

#include "harness/base/json_values.h"
#include "harness/memory/memory_series_json.h"
#include "photofinish/file.h"

static const char *name_of(int stage)
{
	return stage < PF_STAGE_COUNT ? pf_stage_name((pf_stage)stage) : "outside";
}

static json_t *count_json(const pf_allocation_count *count)
{
	return json_pack("{s:o,s:o,s:o,s:o}", "allocations", pf_json_integer(count->allocations),
			 "reallocations", pf_json_integer(count->reallocations), "frees",
			 pf_json_integer(count->frees), "bytes", pf_json_integer(count->bytes));
}

static json_t *process_json(const pf_allocated_process *process)
{
	json_t *object = count_json(&process->total);
	json_object_set_new(object, "slot", pf_slot_json(process->slot));
	json_object_set_new(object, "inherited_bytes", pf_json_integer(process->inherited_bytes));
	json_object_set_new(object, "peak_live_bytes", pf_json_integer(process->peak_live_bytes));
	json_object_set_new(object, "end_live_bytes", pf_json_integer(process->end_live_bytes));
	return object;
}

json_t *pf_allocations_json(const pf_allocations *counted)
{
	char hex[2 * PF_SHA256_BYTES + 1];
	json_t *stages = json_object(), *processes = json_array();
	for (int i = 0; i <= PF_STAGE_COUNT; i++) {
		const pf_allocation_count *count = &counted->stages[i];
		if (count->allocations || count->reallocations || count->frees) {
			json_t *stage = count_json(count);
			json_object_set_new(stage, "peak_live_bytes",
					    pf_json_integer(counted->stage_peak_live_bytes[i]));
			json_object_set_new(stages, name_of(i), stage);
		}
	}
	for (size_t i = 0; i < counted->process_count; i++) {
		json_array_append_new(processes, process_json(&counted->processes[i]));
	}
	pf_sha256_hex(counted->digest, hex);
	return json_pack("{s:s,s:o,s:o,s:o}", "digest", hex, "lost_processes",
			 pf_json_integer(counted->lost_processes), "stages", stages, "processes", processes);
}

static void read_count(const json_t *object, pf_allocation_count *out)
{
	out->allocations = pf_json_count(object, "allocations", 0);
	out->reallocations = pf_json_count(object, "reallocations", 0);
	out->frees = pf_json_count(object, "frees", 0);
	out->bytes = pf_json_count(object, "bytes", 0);
}

static void add(pf_allocation_count *sum, const pf_allocation_count *one)
{
	sum->allocations += one->allocations;
	sum->reallocations += one->reallocations;
	sum->frees += one->frees;
	sum->bytes += one->bytes;
}

pf_allocations *pf_allocations_of(const json_t *object)
{
	const json_t *processes = json_object_get(object, "processes"),
		     *stages = json_object_get(object, "stages"), *entry;
	size_t count = json_array_size(processes), index;
	pf_allocations *out = count ? calloc(1, sizeof *out) : NULL;
	if (!out || !(out->processes = calloc(count, sizeof *out->processes))) {
		free(out);
		return NULL;
	}
	out->process_count = count;
	out->lost_processes = pf_json_count(object, "lost_processes", 0);
	pf_json_bytes(object, "digest", out->digest, sizeof out->digest);
	for (int i = 0; i <= PF_STAGE_COUNT; i++) {
		entry = json_object_get(stages, name_of(i));
		read_count(entry, &out->stages[i]);
		out->stage_peak_live_bytes[i] = pf_json_count(entry, "peak_live_bytes", 0);
	}
	json_array_foreach(processes, index, entry)
	{
		pf_allocated_process *process = &out->processes[index];
		read_count(entry, &process->total);
		process->slot = pf_slot_of(entry, "slot");
		process->inherited_bytes = pf_json_count(entry, "inherited_bytes", 0);
		process->peak_live_bytes = pf_json_count(entry, "peak_live_bytes", 0);
		process->end_live_bytes = pf_json_count(entry, "end_live_bytes", 0);
		add(&out->total, &process->total);
	}
	return out;
}
