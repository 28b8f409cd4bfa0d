#include "harness/record/memory_json.h"

#include "photofinish/dataset.h"

static json_t *integer(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *known(uint64_t value)
{
	return value == UINT64_MAX ? json_null() : integer(value);
}

static json_t *slot_json(uint32_t slot)
{
	return slot == PF_NO_SLOT ? json_null() : integer(slot);
}

static json_t *smaps_json(const pf_smaps *smaps)
{
	return json_pack("{s:o,s:o,s:o,s:o}", "pss_bytes", integer(smaps->pss), "rss_bytes",
			 integer(smaps->rss), "shared_pss_bytes", known(smaps->shared), "own_bytes",
			 integer(smaps->own));
}

static json_t *process_json(const pf_memory_series *series, const pf_memory_process *process)
{
	json_t *values = json_array();
	for (size_t i = 0; i < series->point_count; i++) {
		json_array_append_new(values, known(process->pss[i]));
	}
	return json_pack("{s:o,s:o,s:o,s:o}", "slot", slot_json(process->slot), "samples",
			 integer(process->samples), "peak", smaps_json(&process->peak), "pss_bytes", values);
}

json_t *pf_memory_json(const pf_step_memory *step)
{
	if (!step || !step->sampled) {
		return json_null();
	}
	const pf_trial *trial = &step->sampling;
	const pf_memory_series *series = trial->memory;
	json_t *processes = json_array(), *at = json_array(), *all = json_array(), *shared = json_array();
	for (size_t i = 0; i < series->process_count; i++) {
		json_array_append_new(processes, process_json(series, &series->processes[i]));
	}
	for (size_t i = 0; i < series->point_count; i++) {
		json_array_append_new(at, integer(series->points[i].at_ns));
		json_array_append_new(all, integer(series->points[i].all.pss));
		json_array_append_new(shared, known(series->points[i].all.shared));
	}
	json_t *object = json_pack("{s:o,s:o,s:o,s:o}", "peak", smaps_json(&series->peak.all), "peak_at_ns",
				   integer(series->peak.at_ns), "samples", integer(series->samples),
				   "processes", processes);
	json_object_set_new(object, "peak_rss_bytes",
			    trial->peak_rss_bytes ? integer(trial->peak_rss_bytes) : json_null());
	json_object_set_new(object, "wall_ns", integer(trial->wall_ns));
	json_object_set_new(object, "cost_ns", integer(series->cost_ns));
	json_object_set_new(
		object, "series",
		json_pack("{s:o,s:o,s:o}", "at_ns", at, "pss_bytes", all, "shared_pss_bytes", shared));
	return object;
}

static json_t *count_json(const pf_allocation_count *count)
{
	return json_pack("{s:o,s:o,s:o,s:o}", "allocations", integer(count->allocations), "reallocations",
			 integer(count->reallocations), "frees", integer(count->frees), "bytes",
			 integer(count->bytes));
}

static json_t *counts_json(const pf_trial *trial)
{
	const pf_allocations *counted = trial->allocations;
	char hex[2 * PF_SHA256_BYTES + 1];
	json_t *stages = json_object(), *processes = json_array();
	for (int i = 0; i <= PF_STAGE_COUNT; i++) {
		const pf_allocation_count *count = &counted->stages[i];
		if (count->allocations || count->reallocations || count->frees) {
			json_t *stage = count_json(count);
			json_object_set_new(stage, "peak_live_bytes",
					    integer(counted->stage_peak_live_bytes[i]));
			json_object_set_new(
				stages, i < PF_STAGE_COUNT ? pf_stage_name((pf_stage)i) : "outside", stage);
		}
	}
	for (size_t i = 0; i < counted->process_count; i++) {
		const pf_allocated_process *process = &counted->processes[i];
		json_t *one = count_json(&process->total);
		json_object_set_new(one, "slot", slot_json(process->slot));
		json_object_set_new(one, "inherited_bytes", integer(process->inherited_bytes));
		json_object_set_new(one, "peak_live_bytes", integer(process->peak_live_bytes));
		json_object_set_new(one, "end_live_bytes", integer(process->end_live_bytes));
		json_array_append_new(processes, one);
	}
	pf_sha256_hex(counted->digest, hex);
	return json_pack("{s:s,s:o,s:o,s:o,s:o}", "digest", hex, "lost_processes",
			 integer(counted->lost_processes), "stages", stages, "processes", processes, "photos",
			 integer(trial->photos_scored + trial->photos_failed));
}

json_t *pf_allocations_json(const pf_step_memory *step)
{
	if (!step || !step->counted) {
		return json_null();
	}
	json_t *trials = json_array();
	for (size_t i = 0; i < step->counted; i++) {
		json_array_append_new(trials, counts_json(&step->counting[i]));
	}
	return trials;
}

json_t *pf_io_json(const pf_io_count *io)
{
	return !io->known ? json_null()
			  : json_pack("{s:o,s:o,s:o,s:o}", "read_call_bytes", integer(io->read_call_bytes),
				      "written_bytes", integer(io->written_bytes), "device_read_bytes",
				      integer(io->device_read_bytes), "device_written_bytes",
				      integer(io->device_written_bytes));
}

json_t *pf_moved_json(const pf_trial *trial)
{
	json_t *hops = json_array();
	for (size_t i = 0; i < trial->moved_count; i++) {
		const pf_moved *moved = &trial->moved[i];
		json_t *hop = json_pack("{s:s,s:o,s:o,s:o}", "kind", pf_hop_name(moved->kind), "from",
					slot_json(moved->from), "frames", integer(moved->frames), "bytes",
					integer(moved->bytes));
		json_object_set_new(hop, "to",
				    moved->to == PF_HARNESS_SLOT ? json_string("harness")
								 : slot_json(moved->to));
		json_array_append_new(hops, hop);
	}
	return hops;
}
