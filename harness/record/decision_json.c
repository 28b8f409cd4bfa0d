#include "harness/record/decision_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/plain_text.h"
#include "harness/record/capabilities_json.h"
#include "harness/record/interval_json.h"
#include "harness/record/notebook_parts.h"
#include "harness/stats/enough.h"

static json_t *text_or_null(const char *text)
{
	return text[0] ? json_string(text) : json_null();
}

json_t *pf_decision_json(const pf_decision *decision)
{
	json_t *object = json_object();
	json_object_set_new(object, "verdict", json_string(pf_keep_name(decision->keep)));
	json_object_set_new(object, "reason", json_string(decision->reason));
	json_object_set_new(object, "incumbent", text_or_null(decision->incumbent));
	json_object_set_new(object, "ratio", pf_interval_json(&decision->ratio, decision->has_ratio));
	json_object_set_new(object, "word",
			    decision->has_ratio ? json_string(pf_word_name(decision->word)) : json_null());
	json_object_set_new(object, "purpose", json_string(pf_purpose_name(decision->purpose)));
	json_object_set_new(object, "purpose_against", text_or_null(decision->purpose_against));
	json_object_set_new(object, "purpose_ratio",
			    pf_interval_json(&decision->purpose_ratio, decision->has_purpose_ratio));
	json_object_set_new(object, "becomes_incumbent", json_boolean(decision->becomes_incumbent));
	json_object_set_new(object, "approximate", json_boolean(decision->approximate));
	return object;
}

static pf_word word_of(const char *name)
{
	for (int i = 0; i < PF_WORD_COUNT; i++) {
		if (strcmp(pf_word_name((pf_word)i), name) == 0) {
			return (pf_word)i;
		}
	}
	return PF_WORD_UNDECIDED;
}

bool pf_decision_of(const json_t *decision, pf_decision *out)
{
	*out = (pf_decision){0};
	if (!json_is_object(decision)) {
		return false;
	}
	out->keep = pf_keep_of(pf_note_text(decision, "verdict"));
	pf_plain_text(pf_note_text(decision, "reason"), out->reason, sizeof out->reason);
	pf_plain_text(pf_note_text(decision, "incumbent"), out->incumbent, sizeof out->incumbent);
	pf_plain_text(pf_note_text(decision, "purpose_against"), out->purpose_against,
		      sizeof out->purpose_against);
	out->has_ratio = pf_note_interval(decision, "ratio", &out->ratio);
	out->word = word_of(pf_note_text(decision, "word"));
	out->purpose = pf_purpose_of(pf_note_text(decision, "purpose"));
	out->has_purpose_ratio = pf_note_interval(decision, "purpose_ratio", &out->purpose_ratio);
	out->becomes_incumbent = json_is_true(json_object_get(decision, "becomes_incumbent"));
	out->approximate = json_is_true(json_object_get(decision, "approximate"));
	return true;
}

static void fill_trial(const json_t *variant, const json_t *trial, pf_decision_trial *out)
{
	static const char *const keys[PF_PURPOSES] = {[PF_PURPOSE_TIME] = "wall_ns",
						      [PF_PURPOSE_FIRST_RESULT] = "first_result_ns",
						      [PF_PURPOSE_MEMORY] = "peak_rss_bytes"};
	*out = (pf_decision_trial){
		.round = (uint32_t)fmax(0, fmin(pf_note_number(trial, "round"), 1e9)),
		.counts = pf_note_counts(variant, trial) == PF_COUNTS,
		.disturbed = json_array_size(json_object_get(trial, "disturbed_by")) > 0,
	};
	for (int i = 0; i < PF_PURPOSES; i++) {
		double value;
		out->figures[i] = pf_note_figure(trial, keys[i], &value) ? value : 0;
	}
}

static pf_decision_trial *fill(const json_t *variant, pf_decision_step *step)
{
	unsigned caps = pf_capabilities_of(json_object_get(variant, "capabilities"));
	const json_t *trials = json_object_get(variant, "trials"), *trial;
	bool within = false, beyond = false;
	size_t index, count = json_array_size(trials);
	pf_decision_trial *out = pf_enough(calloc(count + 1, sizeof *out));
	json_array_foreach(trials, index, trial)
	{
		bool declared = json_is_object(json_object_get(trial, "tolerance"));
		fill_trial(variant, trial, &out[index]);
		within = within || (out[index].counts && declared);
		beyond = beyond || (out[index].counts && !declared);
	}
	*step = (pf_decision_step){
		.name = pf_note_text(variant, "name"),
		.reason = pf_note_text(variant, "reason"),
		.status = pf_run_status_of(pf_note_text(variant, "status")),
		.approximate = caps & PF_CAP_APPROX || within,
		.tolerance_checked = within && !beyond,
		.processes = caps & PF_CAP_WORKERS && !(caps & PF_CAP_THREADS),
		.trials = out,
		.trial_count = count,
	};
	return out;
}

/* A journey of an older version: no variant says what became of it. */
static bool lacks_decisions(const json_t *record)
{
	size_t index;
	const json_t *variant;
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		if (json_object_get(variant, "decision")) {
			return false;
		}
	}
	return strcmp(pf_note_text(record, "command"), "journey") == 0;
}

void pf_decisions_complete(json_t *record)
{
	json_t *variants = json_object_get(record, "variants"), *variant;
	size_t index, count = json_array_size(variants);
	if (!lacks_decisions(record)) {
		return;
	}
	pf_decision_step *steps = pf_enough(calloc(count + 1, sizeof *steps));
	pf_decision_trial **trials = pf_enough(calloc(count + 1, sizeof(pf_decision_trial *)));
	pf_decision *decisions = pf_enough(calloc(count + 1, sizeof *decisions));
	json_array_foreach(variants, index, variant)
	{
		trials[index] = fill(variant, &steps[index]);
	}
	pf_decide(steps, count, decisions);
	json_array_foreach(variants, index, variant)
	{
		json_object_set_new(variant, "decision", pf_decision_json(&decisions[index]));
		free(trials[index]);
	}
	free(decisions);
	free(trials);
	free(steps);
}
