#include "harness/record/memory_json.h"

#include "harness/base/json_values.h"
#include "harness/memory/allocations_json.h"
#include "harness/memory/memory_series_json.h"
#include "harness/record/stored_trial.h"
#include "harness/record/trial_json.h"

/* What was sampled, and the trial that it was sampled in. */
static json_t *sampled_json(const pf_step_memory *step)
{
	const pf_trial *trial = &step->sampling;
	json_t *object = pf_memory_series_json(trial->found[PF_PROBE_memory]);
	json_object_set_new(object, "peak_rss_bytes",
			    pf_json_integer_or_null(trial->peak_rss_bytes, trial->peak_rss_bytes > 0));
	json_object_set_new(object, "wall_ns", pf_json_integer(trial->wall_ns));
	json_object_set_new(object, "trial", pf_trial_json(trial));
	return object;
}

static json_t *counted_json(const pf_step_memory *step)
{
	json_t *trials = json_array();
	for (size_t i = 0; i < step->counted; i++) {
		const pf_trial *trial = &step->counting[i];
		json_t *object = pf_allocations_json(trial->found[PF_PROBE_allocations]);
		json_object_set_new(object, "photos",
				    pf_json_integer(trial->photos_scored + trial->photos_failed));
		json_array_append_new(trials, object);
	}
	return trials;
}

void pf_step_memory_put(json_t *object, const pf_step_memory *step)
{
	json_object_set_new(object, "memory", step && step->sampled ? sampled_json(step) : json_null());
	json_object_set_new(object, "allocations", step && step->counted ? counted_json(step) : json_null());
	json_object_set_new(object, "not_measured", pf_json_string_or_null(step ? step->why : NULL));
}

static void read_sampled(const json_t *memory, uint32_t workers, pf_step_memory *out)
{
	pf_trial *trial = &out->sampling;
	const json_t *own = json_object_get(memory, "trial");
	pf_memory_series *series = pf_memory_series_of(memory);
	if (!series) {
		return;
	}
	out->sampled = true;
	if (json_is_object(own)) { /* older records have none: what it read and wrote is not known */
		pf_stored_trial(own, workers, trial);
	}
	trial->found[PF_PROBE_memory] = series;
	trial->peak_rss_bytes = pf_json_count(memory, "peak_rss_bytes", 0);
	trial->wall_ns = pf_json_count(memory, "wall_ns", 0);
}

void pf_step_memory_of(const json_t *object, uint32_t workers, pf_step_memory *out)
{
	size_t index;
	const json_t *counted;
	*out = (pf_step_memory){0};
	read_sampled(json_object_get(object, "memory"), workers, out);
	json_array_foreach(json_object_get(object, "allocations"), index, counted)
	{
		pf_allocations *allocations = out->counted < PF_ALLOCATION_TRIALS ? pf_allocations_of(counted)
										  : NULL;
		if (allocations) {
			pf_trial *trial = &out->counting[out->counted++];
			trial->found[PF_PROBE_allocations] = allocations;
			trial->photos_scored = pf_json_count(counted, "photos", 0); /* or failed */
		}
	}
	pf_json_plain(object, "not_measured", out->why, sizeof out->why);
}
