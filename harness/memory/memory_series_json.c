#include "harness/memory/memory_series_json.h"

#include <stdlib.h>

#include "harness/base/json_values.h"
#include "photofinish/hop.h"

enum { MOST_PROCESSES = 4096 }; /* of a record that is read: as many as are sampled */

static json_t *known(uint64_t value)
{
	return pf_json_integer_or_null(value, value != UINT64_MAX);
}

json_t *pf_slot_json(uint32_t slot)
{
	return pf_json_integer_or_null(slot, slot != PF_NO_SLOT);
}

uint32_t pf_slot_of(const json_t *object, const char *key)
{
	uint64_t slot = pf_json_count(object, key, PF_NO_SLOT);
	return slot < PF_NO_SLOT ? (uint32_t)slot : PF_NO_SLOT;
}

static json_t *smaps_json(const pf_smaps *smaps)
{
	return json_pack("{s:o,s:o,s:o,s:o}", "pss_bytes", pf_json_integer(smaps->pss), "rss_bytes",
			 pf_json_integer(smaps->rss), "shared_pss_bytes", known(smaps->shared), "own_bytes",
			 pf_json_integer(smaps->own));
}

static json_t *process_json(const pf_memory_series *series, const pf_memory_process *process)
{
	json_t *values = json_array();
	for (size_t i = 0; i < series->point_count; i++) {
		json_array_append_new(values, known(process->pss[i]));
	}
	return json_pack("{s:o,s:o,s:o,s:o}", "slot", pf_slot_json(process->slot), "samples",
			 pf_json_integer(process->samples), "peak", smaps_json(&process->peak), "pss_bytes",
			 values);
}

json_t *pf_memory_series_json(const pf_memory_series *series)
{
	json_t *processes = json_array(), *at = json_array(), *all = json_array(), *shared = json_array();
	for (size_t i = 0; i < series->process_count; i++) {
		json_array_append_new(processes, process_json(series, &series->processes[i]));
	}
	for (size_t i = 0; i < series->point_count; i++) {
		json_array_append_new(at, pf_json_integer(series->points[i].at_ns));
		json_array_append_new(all, pf_json_integer(series->points[i].all.pss));
		json_array_append_new(shared, known(series->points[i].all.shared));
	}
	json_t *points = json_pack("{s:o,s:o,s:o}", "at_ns", at, "pss_bytes", all, "shared_pss_bytes",
				   shared);
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "peak", smaps_json(&series->peak.all), "peak_at_ns",
			 pf_json_integer(series->peak.at_ns), "samples", pf_json_integer(series->samples),
			 "processes", processes, "cost_ns", pf_json_integer(series->cost_ns), "series",
			 points);
}

static void read_smaps(const json_t *object, pf_smaps *out)
{
	out->pss = pf_json_count(object, "pss_bytes", 0);
	out->rss = pf_json_count(object, "rss_bytes", 0);
	out->shared = pf_json_count(object, "shared_pss_bytes", UINT64_MAX);
	out->own = pf_json_count(object, "own_bytes", 0);
}

/* UINT64_MAX for what is no count. */
static uint64_t count_at(const json_t *array, size_t index)
{
	const json_t *value = json_array_get(array, index);
	return json_is_integer(value) && json_integer_value(value) >= 0 ? (uint64_t)json_integer_value(value)
									: UINT64_MAX;
}

static void read_points(const json_t *object, pf_memory_series *out)
{
	const json_t *at = json_object_get(object, "at_ns"), *all = json_object_get(object, "pss_bytes"),
		     *shared = json_object_get(object, "shared_pss_bytes");
	while (out->point_count < PF_MEMORY_POINTS && out->point_count < json_array_size(at)) {
		pf_memory_point *point = &out->points[out->point_count];
		point->at_ns = count_at(at, out->point_count);
		point->all.pss = count_at(all, out->point_count);
		point->all.shared = count_at(shared, out->point_count);
		if (point->at_ns == UINT64_MAX || point->all.pss == UINT64_MAX) {
			return;
		}
		out->point_count++;
	}
}

/* False for one that has not as many values as there are points: a record takes no more memory than its file.
 */
static bool read_process(const json_t *object, pf_memory_series *out)
{
	pf_memory_process *process = &out->processes[out->process_count];
	const json_t *values = json_object_get(object, "pss_bytes");
	if (json_array_size(values) != out->point_count) {
		return false;
	}
	process->slot = pf_slot_of(object, "slot");
	process->samples = (uint32_t)pf_json_count(object, "samples", 0);
	read_smaps(json_object_get(object, "peak"), &process->peak);
	process->pss = calloc(out->point_count + 1, sizeof *process->pss);
	for (size_t i = 0; process->pss && i < out->point_count; i++) {
		process->pss[i] = count_at(values, i);
	}
	out->process_count += process->pss != NULL;
	return process->pss != NULL;
}

pf_memory_series *pf_memory_series_of(const json_t *object)
{
	const json_t *processes = json_object_get(object, "processes"), *process;
	size_t index, count = json_array_size(processes);
	uint64_t samples = pf_json_count(object, "samples", 0);
	pf_memory_series *out = samples && count <= MOST_PROCESSES ? calloc(1, sizeof *out) : NULL;
	if (!out || !(out->processes = calloc(count + 1, sizeof *out->processes))) {
		free(out);
		return NULL;
	}
	out->samples = (uint32_t)samples;
	read_smaps(json_object_get(object, "peak"), &out->peak.all);
	out->peak.at_ns = pf_json_count(object, "peak_at_ns", 0);
	out->cost_ns = pf_json_count(object, "cost_ns", 0);
	read_points(json_object_get(object, "series"), out);
	json_array_foreach(processes, index, process)
	{
		if (!read_process(process, out)) {
			break;
		}
	}
	return out;
}
