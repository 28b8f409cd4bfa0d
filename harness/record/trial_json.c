#include "harness/record/trial_json.h"

#include <string.h>

#include "harness/base/json_values.h"
#include "harness/counters/counters_json.h"
#include "harness/record/bytes_json.h"
#include "harness/record/containment_json.h"
#include "harness/record/machine_json.h"
#include "harness/record/observer_json.h"
#include "harness/record/outside_json.h"
#include "harness/record/placement_json.h"
#include "harness/record/spans_json.h"

static const char *const ending_names[] = {
	[PF_ENDED_OK] = "ok",
	[PF_ENDED_FAILED] = "failed",
	[PF_ENDED_CRASHED] = "crashed",
	[PF_ENDED_TIMEOUT] = "timeout",
	[PF_ENDED_CANCELLED] = "cancelled",
	[PF_ENDED_INVALID] = "invalid",
	[PF_ENDED_DISTURBED] = "disturbed",
	[PF_ENDED_UNAVAILABLE] = "unavailable",
	[PF_ENDED_AT_FIRST_RESULT] = "first_result",
};

const char *pf_ending_name(pf_ending ending)
{
	return ending_names[ending];
}

pf_ending pf_ending_of(const char *name)
{
	for (size_t i = 0; i < sizeof ending_names / sizeof *ending_names; i++) {
		if (strcmp(ending_names[i], name) == 0) {
			return (pf_ending)i;
		}
	}
	return PF_ENDED_FAILED;
}

static void put_figures(json_t *object, const pf_trial *trial)
{
	uint64_t value;
	for (int i = 0; i < PF_TRIAL_FIGURE_COUNT; i++) {
		bool told = pf_trial_figure_told(trial, &pf_trial_figures[i], &value);
		json_object_set_new(object, pf_trial_figures[i].name, pf_json_integer_or_null(value, told));
	}
}

json_t *pf_trial_json(const pf_trial *trial)
{
	if (trial->as_kept) {
		return json_incref(trial->as_kept);
	}
	char hex[2 * PF_SHA256_BYTES + 1];
	json_t *object = json_object();
	bool scored = trial->ending == PF_ENDED_OK && !trial->unscored;
	pf_sha256_hex(trial->digest, hex);
	put_figures(object, trial);
	json_object_set_new(object, "round", pf_json_integer(trial->round));
	json_object_set_new(object, "ending", json_string(pf_ending_name(trial->ending)));
	json_object_set_new(object, "reason", trial->reason[0] ? json_string(trial->reason) : json_null());
	json_object_set_new(object, "checked", json_boolean(trial->checked));
	json_object_set_new(object, "unchecked_wall_ns",
			    pf_json_integer_or_null(trial->wall_ns, trial->unscored));
	json_object_set_new(object, "tolerance", pf_tolerance_json(&trial->tolerance));
	json_object_set_new(object, "agreement", pf_agreement_json(&trial->tolerance, &trial->agreement));
	json_object_set_new(object, "stages", pf_stages_json(trial));
	json_object_set_new(object, "spans", pf_spans_json(trial));
	json_object_set_new(object, "placement", pf_trial_placement_json(trial));
	pf_probes_write(object, trial->found);
	json_object_set_new(object, "io", pf_io_json(&trial->io));
	json_object_set_new(object, "hops", pf_moved_json(trial));
	json_object_set_new(object, "observer", pf_observed_json(&trial->observed));
	json_object_set_new(object, "machine", pf_machine_state_json(&trial->machine));
	json_object_set_new(object, "disturbed_by", pf_disturbed_by_json(&trial->machine));
	json_object_set_new(object, "containment", pf_containment_json(trial));
	json_object_set_new(object, "scores_digest", scored ? json_string(hex) : json_null());
	return object;
}
