#include "harness/record/stored_trial.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/json_values.h"
#include "harness/base/plain_text.h"
#include "harness/counters/counters_json.h"
#include "harness/record/bytes_json.h"
#include "harness/record/containment_json.h"
#include "harness/record/machine_json.h"
#include "harness/record/notebook_parts.h"
#include "harness/record/observer_json.h"
#include "harness/record/outside_json.h"
#include "harness/record/spans_json.h"
#include "harness/record/trial_json.h"

enum { ERRNOS = 200 }; /* Linux has fewer */

bool pf_stored_cpus(const char *text, pf_cpus *out)
{
	*out = (pf_cpus){0};
	for (const char *at = text; *at;) {
		char *end;
		unsigned long first = *at >= '0' && *at <= '9' ? strtoul(at, &end, 10) : PF_MAX_CPUS,
			      last = first;
		if (first < PF_MAX_CPUS && *end == '-') {
			at = end + 1;
			last = *at >= '0' && *at <= '9' ? strtoul(at, &end, 10) : PF_MAX_CPUS;
		}
		if (last >= PF_MAX_CPUS || last < first || (*end && (*end != ',' || !end[1]))) {
			return false;
		}
		for (unsigned long cpu = first; cpu <= last; cpu++) {
			pf_cpus_add(out, (uint32_t)cpu);
		}
		at = *end ? end + 1 : end;
	}
	return true;
}

static void read_stages(const json_t *stages, pf_trial *out)
{
	for (int i = 0; i < PF_STAGE_COUNT; i++) {
		const json_t *stage = json_object_get(stages, pf_stage_name((pf_stage)i));
		out->stage_ns[i] = pf_json_count(stage, "wall_ns", 0);
		out->main_stage_ns[i] = pf_json_count(stage, "main_ns", 0);
		out->stage_spans[i] = pf_json_count(stage, "spans", 0);
	}
}

void pf_stored_trial(const json_t *trial, uint32_t workers, pf_trial *out)
{
	out->round = (uint32_t)pf_json_count(trial, "round", 0);
	out->workers = workers;
	out->ending = pf_ending_of(pf_note_text(trial, "ending"));
	pf_plain_text(pf_note_text(trial, "reason"), out->reason, sizeof out->reason);
	for (int i = 0; i < PF_TRIAL_FIGURE_COUNT; i++) {
		*pf_trial_figure_at(out, &pf_trial_figures[i]) = pf_json_count(trial,
									       pf_trial_figures[i].name, 0);
	}
	uint64_t unchecked_ns = pf_json_count(trial, "unchecked_wall_ns", 0);
	out->checked = json_is_true(json_object_get(trial, "checked")) && out->ending == PF_ENDED_OK &&
		       out->wall_ns > 0;
	out->unscored = !out->checked && unchecked_ns > 0;
	out->wall_ns = out->checked ? out->wall_ns : unchecked_ns;
	read_stages(json_object_get(trial, "stages"), out);
	pf_machine_state_of(json_object_get(trial, "machine"), &out->machine);
	pf_observed_of(json_object_get(trial, "observer"), &out->observed);
	pf_tolerance_of(json_object_get(trial, "tolerance"), &out->tolerance);
	pf_agreement_of_json(json_object_get(trial, "agreement"), &out->agreement);
	pf_probes_read(trial, out->found);
	pf_containment_of(json_object_get(trial, "containment"), out);
	pf_io_of(json_object_get(trial, "io"), &out->io);
	pf_moved_of(json_object_get(trial, "hops"), out);
	out->spans = pf_spans_of(json_object_get(trial, "spans"), json_object_get(trial, "stages"));
	pf_json_bytes(trial, "scores_digest", out->digest, sizeof out->digest);
}

/* The number whose text that is; 0 where there is none. */
static int32_t errno_of(const char *text)
{
	for (int number = 1; text[0] && number < ERRNOS; number++) {
		if (strcmp(strerror(number), text) == 0) {
			return number;
		}
	}
	return 0;
}

static bool is_misplaced(const json_t *entry, pf_place *place)
{
	const char *kept = json_string_value(json_object_get(entry, "kept"));
	*place = (pf_place){
		.entered = (uint32_t)pf_json_count(entry, "entered", 0),
		.left = (uint32_t)pf_json_count(entry, "left", 0),
		.bind_errno = errno_of(pf_note_text(entry, "refused")),
	};
	bool read = pf_stored_cpus(pf_note_text(entry, "asked"), &place->asked) &&
		    pf_stored_cpus(pf_note_text(entry, "got"), &place->got) &&
		    pf_stored_cpus(kept ? kept : "", &place->kept);
	bool got = memcmp(&place->asked, &place->got, sizeof place->got) == 0,
	     held = !place->left || memcmp(&place->asked, &place->kept, sizeof place->kept) == 0;
	return read && place->entered && pf_cpus_count(&place->asked) && (!got || !held);
}

const json_t *pf_stored_misplaced(const json_t *trials, uint32_t *slot, pf_place *place)
{
	size_t index, k;
	const json_t *trial, *entry;
	json_array_foreach(trials, index, trial)
	{
		json_array_foreach(json_object_get(trial, "placement"), k, entry)
		{
			if (is_misplaced(entry, place)) {
				*slot = (uint32_t)pf_json_count(entry, "slot", 0);
				return trial;
			}
		}
	}
	return NULL;
}
