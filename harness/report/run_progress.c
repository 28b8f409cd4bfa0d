#include "harness/report/run_progress.h"

#include <stdio.h>

#include "harness/report/progress.h"
#include "harness/report/text.h"

/* What the status line says of the trial at hand. */
static struct {
	char label[200];
} at_hand;

static void warming(void *context, size_t done, size_t total)
{
	(void)context;
	pf_progress_update("reading the photos", done, total, "photos", NULL);
}

static void reference_begins(void *context, const pf_run *run)
{
	(void)context;
	(void)run;
	snprintf(at_hand.label, sizeof at_hand.label, "reference");
}

static void reference_ends(void *context, const pf_run *run)
{
	(void)context;
	const pf_outcomes *outcomes = run->reference.outcomes;
	pf_progress_milestone(
		"reference: %zu of %zu photos scored%s; every variant's scores are compared with it",
		outcomes->scored, outcomes->count, run->reference.from_cache ? " (kept from before)" : "");
	if (run->reference.note[0]) {
		pf_progress_milestone("%s", run->reference.note);
	}
}

static void trial_begins(void *context, const pf_run *run, const pf_contestant *contestant, uint32_t round)
{
	(void)context;
	snprintf(at_hand.label, sizeof at_hand.label, "round %u of %u, %s", round, run->rounds,
		 contestant->label);
}

static void trial_hears(void *context, const pf_outcomes *so_far, const pf_frame *frame)
{
	(void)context;
	(void)frame;
	pf_progress_update(at_hand.label, so_far->scored + so_far->failed, so_far->count, "photos", NULL);
}

static void trial_ends(void *context, const pf_run *run, const pf_contestant *contestant)
{
	(void)context;
	(void)run;
	const pf_trial *trial = &contestant->trials[contestant->trial_count - 1];
	char time[PF_TEXT];
	if (trial->checked && trial->tolerance.declared) {
		pf_progress_milestone("%s: %s, scores within their tolerance", at_hand.label,
				      pf_text_seconds((double)trial->wall_ns * 1e-9, time));
	} else if (trial->checked) {
		pf_progress_milestone(
			"%s: %s, %s", at_hand.label, pf_text_seconds((double)trial->wall_ns * 1e-9, time),
			contestant->status == PF_RUN_FLOOR ? "nothing to score" : "scores identical");
	} else {
		bool disturbed = trial->ending == PF_ENDED_DISTURBED;
		pf_progress_milestone("%s: %s: %s", at_hand.label,
				      disturbed ? "not timed" : pf_run_status_name(contestant->status),
				      disturbed ? trial->reason : contestant->reason);
	}
}

const pf_run_listener pf_run_progress = {
	.warming = warming,
	.reference_begins = reference_begins,
	.reference_ends = reference_ends,
	.trial_begins = trial_begins,
	.trial_hears = trial_hears,
	.trial_ends = trial_ends,
};
