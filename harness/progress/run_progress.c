#include "harness/progress/run_progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/text.h"
#include "harness/claims/claims.h"
#include "harness/progress/progress.h"
#include "harness/progress/trial_progress.h"
#include "harness/run/run_comparison.h"

/* The trial at hand, and what is known of the time that the command still takes. */
static struct {
	const pf_run *run;
	const pf_contestant *contestant; /* NULL: the reference */
	pf_trial_progress trial;
	double reference_s; /* what it took; 0: not known */
	pf_eta left;
} at_hand;

static bool still_runs(const pf_contestant *contestant)
{
	return contestant->status == PF_RUN_OK || contestant->status == PF_RUN_FLOOR ||
	       contestant->status == PF_RUN_UNCHECKED;
}

static pf_eta_step step_of(const pf_run *run, const pf_contestant *contestant)
{
	pf_eta_step step = {
		.trials = contestant->trial_count,
		.parent = PF_ETA_NO_PARENT,
		.left = still_runs(contestant) ? run->rounds - (uint32_t)contestant->trial_count : 0,
		.floor = contestant->variant->caps & PF_CAP_FLOOR,
	};
	const pf_contestant *parent = pf_run_find(run, contestant->variant->parent);
	if (parent && parent != contestant) {
		step.parent = (size_t)(parent - run->contestants);
	}
	for (size_t i = 0; i < step.trials; i++) {
		double seconds = (double)contestant->trials[i].wall_ns * 1e-9;
		step.mean_s += seconds / (double)step.trials;
		step.least_s = i == 0 || seconds < step.least_s ? seconds : step.least_s;
		step.most_s = i == 0 || seconds > step.most_s ? seconds : step.most_s;
	}
	return step;
}

/* A journey has trials beside its rounds: both variants, both sizes. On the small size they last next to
 * nothing, on the whole about as long as what was seen in the rounds. */
static void add_first_results(const pf_run *run, pf_eta *left)
{
	char why[200];
	pf_interval streaming, parallel;
	const pf_contestant *one = pf_run_find(run, "streaming"), *other = pf_run_find(run, "parallel");
	if (left->known && run->command && run->command[0] == 'j' && one && other &&
	    pf_run_first_result(one, &streaming) && pf_run_first_result(other, &parallel) &&
	    pf_claims_want_first_results(run, why, sizeof why)) {
		double each_s = PF_FIRST_TRIALS * (streaming.mean + parallel.mean);
		left->low_s += each_s;
		left->high_s += 2 * each_s;
	}
}

/* A comparison may end before its last round: when it is decided, or when its time is up. */
static void end_sooner(const pf_run *run, pf_eta *left)
{
	const pf_run_comparison *comparison = run->comparison;
	if (!comparison || !left->known) {
		return;
	}
	if (comparison->max_time_s > 0 && run->rounds_done + 1 >= comparison->least_rounds) {
		double elapsed_s = (double)(pf_now_ns() - run->rounds_begin_ns) * 1e-9;
		double allowed_s = fmax(comparison->max_time_s - elapsed_s, 0);
		left->low_s = fmin(left->low_s, allowed_s);
		left->high_s = fmin(left->high_s, allowed_s);
	}
	if (comparison->rules.until_decided) {
		left->low_s = 0;
	}
}

/* Of all rounds and steps, the trial at hand included. */
static void estimate(void)
{
	const pf_run *run = at_hand.run;
	size_t count = run->contestant_count;
	const pf_trial_progress *trial = &at_hand.trial;
	pf_eta_step *steps = calloc(count + 1, sizeof *steps);
	pf_eta *trials = calloc(count + 1, sizeof *trials);
	pf_eta_hand hand = {
		.step = at_hand.contestant ? (size_t)(at_hand.contestant - run->contestants) : count,
		.elapsed_s = (double)(pf_now_ns() - trial->begin_ns) * 1e-9,
		.done_share = (double)trial->done / (double)trial->dataset->count,
	};
	at_hand.left = (pf_eta){0};
	/* Where steps join until there is enough, nobody knows how many will. */
	if (steps && trials && !run->enough_steps) {
		double serial_s = at_hand.reference_s;
		for (size_t i = 0; i < count; i++) {
			steps[i] = step_of(run, &run->contestants[i]);
		}
		if (!at_hand.contestant) { /* the reference is one step more, with a single trial */
			steps[count] = (pf_eta_step){.parent = PF_ETA_NO_PARENT, .left = 1};
			count++;
		}
		pf_eta_trials(steps, count, &hand, serial_s, trials);
		at_hand.left = pf_eta_rest(steps, trials, count, &hand);
		add_first_results(run, &at_hand.left);
		end_sooner(run, &at_hand.left);
	}
	free(steps);
	free(trials);
}

static void warming(void *context, size_t done, size_t total)
{
	(void)context;
	pf_progress_update("reading the photos", done, total, "photos", NULL);
	at_hand.trial.begin_ns = pf_now_ns(); /* the reference begins after that */
}

static void trial_start(const char *step, uint32_t round)
{
	if (pf_progress_is_json()) {
		pf_progress_event("trial_start",
				  json_pack("{s:s,s:I}", "step", step, "round", (json_int_t)round));
	}
}

static void reference_begins(void *context, const pf_run *run)
{
	(void)context;
	at_hand.run = run;
	at_hand.contestant = NULL;
	at_hand.reference_s = 0;
	pf_trial_progress_begin(&at_hand.trial, run->session->dataset, "reference", false);
	trial_start("reference", 0);
}

static void reference_ends(void *context, const pf_run *run)
{
	(void)context;
	const pf_outcomes *outcomes = run->reference.outcomes;
	bool cached = run->reference.from_cache;
	double seconds = (double)(pf_now_ns() - at_hand.trial.begin_ns) * 1e-9;
	at_hand.reference_s = cached ? 0 : seconds;
	if (pf_progress_is_json()) {
		json_t *event = json_pack("{s:s,s:i,s:s,s:b,s:I,s:I}", "step", "reference", "round", 0,
					  "status", "ok", "from_cache", cached, "photos_scored",
					  (json_int_t)outcomes->scored, "photos_failed",
					  (json_int_t)outcomes->failed);
		json_object_set_new(event, "wall_s", cached ? json_null() : json_real(seconds));
		pf_progress_event("trial_end", event);
	} else {
		pf_progress_milestone(
			"reference: %zu of %zu photos scored%s; every variant's scores are compared with it",
			outcomes->scored, outcomes->count, cached ? " (kept from before)" : "");
	}
	if (run->reference.note[0]) {
		pf_progress_milestone("%s", run->reference.note);
	}
}

static void trial_begins(void *context, const pf_run *run, const pf_contestant *contestant, uint32_t round)
{
	(void)context;
	char label[200];
	snprintf(label, sizeof label, "round %u of %u, %s", round, run->rounds, contestant->label);
	at_hand.run = run;
	at_hand.contestant = contestant;
	/* One variant alone shows its results as they come; among many they would bury the steps. */
	pf_trial_progress_begin(&at_hand.trial, run->session->dataset, label,
				run->contestant_count == 1 && round == 1);
	trial_start(contestant->label, round);
	estimate();
}

static void trial_hears(void *context, const pf_outcomes *so_far, const pf_frame *frame)
{
	(void)context;
	pf_trial_progress_hear(&at_hand.trial, so_far, frame);
	pf_trial_progress_show(&at_hand.trial, &at_hand.left);
}

static void trial_looks(void *context, uint32_t busy, uint32_t of)
{
	(void)context;
	pf_trial_progress_look(&at_hand.trial, busy, of);
	estimate();
}

static void tell_end(const pf_contestant *contestant, const pf_trial *trial)
{
	json_t *event = json_pack(
		"{s:s,s:I,s:s,s:s,s:b,s:I,s:I}", "step", contestant->label, "round", (json_int_t)trial->round,
		"status", pf_run_status_name(contestant->status), "reason",
		trial->ending == PF_ENDED_DISTURBED ? trial->reason : contestant->reason, "checked",
		trial->checked, "photos_scored", (json_int_t)trial->photos_scored, "photos_failed",
		(json_int_t)trial->photos_failed);
	bool first = trial->checked && trial->first_result_ns;
	json_object_set_new(event, "wall_s",
			    trial->checked ? json_real((double)trial->wall_ns * 1e-9) : json_null());
	json_object_set_new(event, "first_result_s",
			    first ? json_real((double)trial->first_result_ns * 1e-9) : json_null());
	pf_progress_event("trial_end", event);
}

static void trial_ends(void *context, const pf_run *run, const pf_contestant *contestant)
{
	(void)context;
	(void)run;
	const pf_trial *trial = &contestant->trials[contestant->trial_count - 1];
	const char *label = at_hand.trial.label;
	char time[PF_TEXT];
	pf_text_seconds((double)trial->wall_ns * 1e-9, time);
	if (pf_progress_is_json()) {
		tell_end(contestant, trial);
	} else if (trial->checked && trial->tolerance.declared) {
		pf_progress_milestone("%s: %s, scores approximate, within their tolerance", label, time);
	} else if (trial->checked) {
		pf_progress_milestone("%s: %s, %s", label, time,
				      contestant->status == PF_RUN_FLOOR ? "nothing to score"
									 : "scores identical");
	} else {
		bool disturbed = trial->ending == PF_ENDED_DISTURBED;
		pf_progress_milestone("%s: %s: %s", label,
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
	.trial_looks = trial_looks,
	.trial_ends = trial_ends,
};

void pf_run_progress_first(void *context, size_t done, size_t total)
{
	(void)context;
	pf_progress_update("time to the first result", done, total, "trials", NULL);
}

void pf_run_progress_memory(const char *label, size_t done, size_t total)
{
	char text[200];
	snprintf(text, sizeof text, "memory of %s", label);
	pf_progress_update(text, done, total, "steps", NULL);
}
