#include "harness/run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/interrupt.h"
#include "harness/run/other_build.h"
#include "harness/run/page_cache.h"
#include "harness/run/run_decision.h"
#include "harness/stats/shuffle.h"
#include "photofinish/file.h"

/* The status that the trial alone gives. */
static pf_run_status status_of_ending(pf_ending ending)
{
	switch (ending) {
	case PF_ENDED_OK:
	case PF_ENDED_DISTURBED:
		return PF_RUN_OK;
	case PF_ENDED_FAILED:
		return PF_RUN_FAILED;
	case PF_ENDED_CRASHED:
		return PF_RUN_CRASHED;
	case PF_ENDED_TIMEOUT:
		return PF_RUN_TIMEOUT;
	case PF_ENDED_UNAVAILABLE:
		return PF_RUN_UNAVAILABLE;
	case PF_ENDED_CANCELLED:
	case PF_ENDED_INVALID:
	case PF_ENDED_AT_FIRST_RESULT:
		break;
	}
	return PF_RUN_INVALID;
}

/* Photos that differ from the reference. One from the cache is made afresh before anyone is accused. */
static pf_status compare(pf_run *run, const pf_trial *trial, size_t *differ, size_t *first, pf_error *error)
{
	*differ = pf_outcomes_differ(run->reference.outcomes, trial->outcomes, first);
	if (!*differ || !run->reference.from_cache) {
		return PF_OK;
	}
	pf_status status = pf_reference_renew(run->session, &run->reference, error);
	if (status == PF_OK) {
		*differ = pf_outcomes_differ(run->reference.outcomes, trial->outcomes, first);
	}
	return status;
}

/* Adds how many photos failed that the reference has scored, and what the first of them said. */
static void describe_failures(const pf_outcomes *reference, const pf_outcomes *own, char *out,
			      size_t capacity)
{
	size_t failed = 0, used = strlen(out);
	const char *message = NULL;
	for (size_t i = 0; i < own->count; i++) {
		if (reference->photos[i].status == PF_OK && own->photos[i].status != PF_OK) {
			failed++;
			message = message ? message : own->photos[i].message;
		}
	}
	if (failed) {
		char text[256];
		snprintf(out + used, capacity - used, "; %zu could not be scored (%s)", failed,
			 pf_escape(message ? message : "", text, sizeof text));
	}
}

/* The same of scores that are approximate, and of ranks that follow from them. */
static void check_tolerance(pf_run *run, pf_contestant *contestant, pf_trial *trial)
{
	size_t first = 0;
	char name[256], what[192];
	size_t exceeded = pf_tolerance_exceeded(&trial->tolerance, run->reference.outcomes, trial->outcomes,
						&first, what, sizeof what);
	trial->agreement = pf_agreement_of(run->reference.outcomes, trial->outcomes);
	trial->checked = exceeded == 0 &&
			 pf_tolerance_agrees(&trial->tolerance, &trial->agreement, what, sizeof what);
	if (exceeded) {
		pf_escape(run->session->dataset->photos[first].path, name, sizeof name);
		contestant->status = PF_RUN_WRONG_OUTPUT;
		snprintf(contestant->reason, sizeof contestant->reason,
			 "%zu of %zu photos are not within its declared tolerance, the first is %s: %s",
			 exceeded, trial->outcomes->count, name, what);
	} else if (!trial->checked) {
		contestant->status = PF_RUN_WRONG_OUTPUT;
		snprintf(contestant->reason, sizeof contestant->reason, "its declared tolerance: %s", what);
	}
}

/* Compares the scores of a trial that ended well with the reference. */
static pf_status check_scores(pf_run *run, pf_contestant *contestant, pf_trial *trial, pf_error *error)
{
	size_t differ = 0, first = 0;
	char name[256], what[192];
	if (trial->unscored) {
		contestant->status = PF_RUN_UNCHECKED;
		snprintf(contestant->reason, sizeof contestant->reason, "it wrote no scores");
		return PF_OK;
	}
	if (trial->tolerance.declared) {
		check_tolerance(run, contestant, trial);
		return PF_OK;
	}
	pf_status status = compare(run, trial, &differ, &first, error);
	if (status != PF_OK) {
		return status;
	}
	const pf_outcomes *reference = run->reference.outcomes;
	trial->checked = differ == 0 && trial->outcomes->bursts == reference->bursts;
	if (differ) {
		pf_escape(run->session->dataset->photos[first].path, name, sizeof name);
		pf_outcome_describe_difference(&reference->photos[first], &trial->outcomes->photos[first],
					       what, sizeof what);
		contestant->status = PF_RUN_WRONG_OUTPUT;
		snprintf(contestant->reason, sizeof contestant->reason,
			 "%zu of %zu photos differ from the reference, the first is %s: %s", differ,
			 trial->outcomes->count, name, what);
		describe_failures(reference, trial->outcomes, contestant->reason, sizeof contestant->reason);
	} else if (!trial->checked) {
		contestant->status = PF_RUN_WRONG_OUTPUT;
		snprintf(contestant->reason, sizeof contestant->reason,
			 "it told of %zu bursts, the reference of %zu", trial->outcomes->bursts,
			 reference->bursts);
	}
	return PF_OK;
}

static pf_status judge(pf_run *run, pf_contestant *contestant, pf_trial *trial, pf_error *error)
{
	bool ended_well = trial->ending == PF_ENDED_OK || trial->ending == PF_ENDED_DISTURBED;
	bool is_floor = contestant->variant->caps & PF_CAP_FLOOR;
	bool unchecked_before = contestant->status == PF_RUN_UNCHECKED;
	contestant->status = ended_well && is_floor ? PF_RUN_FLOOR : status_of_ending(trial->ending);
	pf_status status = PF_OK;
	if (ended_well && is_floor) {
		trial->checked = true;
	} else if (ended_well) {
		status = check_scores(run, contestant, trial, error);
	} else {
		memcpy(contestant->reason, trial->reason, sizeof contestant->reason);
	}
	if (unchecked_before &&
	    contestant->status == PF_RUN_OK) { /* one good trial does not vouch for the others */
		contestant->status = PF_RUN_UNCHECKED;
	}
	/* The scores are good, the time is not; the variant goes on. */
	trial->checked = trial->checked && trial->ending == PF_ENDED_OK;
	return status;
}

static bool still_runs(const pf_contestant *contestant)
{
	return contestant->status == PF_RUN_OK || contestant->status == PF_RUN_FLOOR ||
	       contestant->status == PF_RUN_UNCHECKED;
}

static void keep(const pf_run *run, const pf_contestant *contestant)
{
	if (run->keeper) {
		run->keeper->keep(run->keeper->context, run, contestant);
	}
}

static pf_status run_trial(pf_run *run, pf_contestant *contestant, uint32_t round,
			   const pf_run_listener *listener, pf_error *error)
{
	pf_trial_listener ears = {
		.hear = listener->trial_hears, .look = listener->trial_looks, .context = listener->context};
	pf_trial *trial = &contestant->trials[contestant->trial_count];
	bool there = false;
	pf_status status = run->keeper ? run->keeper->recall(run->keeper->context, contestant, round, trial,
							     &there, error)
				       : PF_OK;
	contestant->trial_count += there;
	if (status != PF_OK || there) {
		return status;
	}
	if (listener->trial_begins) {
		listener->trial_begins(listener->context, run, contestant, round);
	}
	if (run->cold_cache) {
		pf_page_cache_drop(run->session->dataset);
	}
	pf_session session = *run->session;
	session.executable = contestant->build ? contestant->build->executable : session.executable;
	status = pf_trial_run(&session, contestant->variant, contestant->workers, contestant->options, &ears,
			      trial, error);
	if (status != PF_OK) {
		return status;
	}
	contestant->trial_count++;
	trial->round = round;
	if (trial->ending == PF_ENDED_CANCELLED) {
		run->partial = true; /* no judgement: it did what it was told to */
		return PF_OK;
	}
	status = judge(run, contestant, trial, error);
	/* Checked and digested: 27,539 photos times 10 variants times 5 rounds need not stay in memory. */
	pf_outcomes_free(trial->outcomes);
	trial->outcomes = NULL;
	if (status == PF_OK) {
		keep(run, contestant);
	}
	if (listener->trial_ends) {
		listener->trial_ends(listener->context, run, contestant);
	}
	return status;
}

/* Who runs in some rounds: indices of contestants. */
struct members {
	size_t *list, *order; /* order: of the list */
	size_t count;
	pf_random random;
};

static pf_status run_rounds(pf_run *run, struct members *members, uint32_t rounds,
			    const pf_run_listener *listener, pf_error *error)
{
	pf_status status = PF_OK;
	uint32_t before = run->rounds_done;
	for (uint32_t round = 1; round <= rounds && status == PF_OK && !run->partial; round++) {
		pf_shuffle_round(&members->random, members->order, members->count, round);
		for (size_t i = 0; i < members->count && status == PF_OK && !run->partial; i++) {
			pf_contestant *contestant = &run->contestants[members->list[members->order[i]]];
			if (pf_interrupts) {
				run->partial = true;
			} else if (still_runs(contestant)) {
				status = run_trial(run, contestant, before + round, listener, error);
			}
		}
		if (status == PF_OK && !run->partial) {
			run->rounds_done++;
			keep(run, NULL);
		}
		if (status == PF_OK && !run->partial && run->enough &&
		    run->enough(run->enough_context, run)) {
			break;
		}
	}
	return status;
}

/* Those that run beside contestant `joining`: floors, the baseline, its parent and the incumbent, so that
 * each of its ratios is of times that were measured in turn. */
static void gather(const pf_run *run, size_t joining, struct members *members)
{
	const pf_contestant *parent = pf_run_find(run, run->contestants[joining].variant->parent),
			    *baseline = pf_run_baseline(run), *incumbent = pf_run_incumbent(run, joining);
	members->count = 0;
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		bool before = i < joining &&
			      (contestant == parent || contestant == baseline || contestant == incumbent);
		if (i == joining || before || contestant->variant->caps & PF_CAP_FLOOR) {
			members->list[members->count++] = i;
		}
	}
}

/* One step after another until there is enough; what never joined is not run. */
static pf_status run_steps(pf_run *run, struct members *members, const pf_run_listener *listener,
			   pf_error *error)
{
	const uint32_t each = run->rounds;
	pf_status status = PF_OK;
	bool enough = false;
	run->rounds = 0;
	for (size_t i = 0; i < run->contestant_count && status == PF_OK && !run->partial; i++) {
		pf_contestant *contestant = &run->contestants[i];
		if (enough && contestant->trial_count == 0) {
			contestant->status = PF_RUN_NOT_RUN;
			snprintf(contestant->reason, sizeof contestant->reason, "the goal was met before it");
		}
		if (enough || contestant->trial_count > 0) { /* a floor has run with the first step */
			continue;
		}
		gather(run, i, members);
		run->rounds += each;
		status = run_rounds(run, members, each, listener, error);
		enough = status == PF_OK && run->enough_steps(run);
	}
	return status;
}

static pf_status run_all(pf_run *run, const pf_run_listener *listener, pf_error *error)
{
	size_t count = run->contestant_count;
	struct members members = {.count = count, .random = {.state = run->seed}};
	members.list = calloc(2 * count + 1, sizeof *members.list);
	if (!members.list) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	members.order = members.list + count;
	for (size_t i = 0; i < count; i++) {
		members.list[i] = i;
	}
	run->rounds_begin_ns = pf_now_ns();
	pf_status status = run->enough_steps ? run_steps(run, &members, listener, error)
					     : run_rounds(run, &members, run->rounds, listener, error);
	free(members.list);
	return status;
}

static pf_status make_room(pf_run *run, pf_error *error)
{
	size_t most = (size_t)run->rounds * (run->enough_steps ? run->contestant_count : 1);
	for (size_t i = 0; i < run->contestant_count; i++) {
		run->contestants[i].trials = calloc(most, sizeof *run->contestants[i].trials);
		if (!run->contestants[i].trials) {
			return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
		}
	}
	return PF_OK;
}

static pf_status prepare_reference(pf_run *run, const pf_run_listener *listener, pf_error *error)
{
	pf_trial_listener ears = {
		.hear = listener->trial_hears, .look = listener->trial_looks, .context = listener->context};
	if (listener->reference_begins) {
		listener->reference_begins(listener->context, run);
	}
	pf_status status = pf_dataset_warm(run->session->dataset, listener->warming, listener->context,
					   error);
	if (status == PF_OK) {
		status = pf_reference_get(run->session, &ears, &run->reference, error);
	}
	if (status == PF_OK && listener->reference_ends) {
		listener->reference_ends(listener->context, run);
	}
	return status;
}

bool pf_run_unmeasured(const pf_contestant *contestant)
{
	pf_interval ignored;
	bool unchecked = contestant->status == PF_RUN_UNCHECKED &&
			 pf_run_unchecked_time(contestant, &ignored);
	return still_runs(contestant) && !unchecked && !pf_run_time(contestant, &ignored);
}

static void settle_unmeasured(pf_run *run)
{
	for (size_t i = 0; i < run->contestant_count; i++) {
		pf_contestant *contestant = &run->contestants[i];
		if (pf_run_unmeasured(contestant)) {
			contestant->status = PF_RUN_INVALID;
			snprintf(contestant->reason, sizeof contestant->reason, "not measured: %s",
				 run->partial ? run->why_partial
				 : contestant->trial_count
					 ? contestant->trials[contestant->trial_count - 1].reason
					 : "no trial");
		}
	}
}

pf_status pf_run_execute(pf_run *run, const pf_run_listener *listener, pf_error *error)
{
	uint8_t hash[PF_SHA256_BYTES];
	time_t now = time(NULL);
	struct tm utc;
	pf_dataset_hash(run->session->dataset, hash);
	pf_sha256_hex(hash, run->dataset_hash);
	strftime(run->started, sizeof run->started, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));

	pf_status status = make_room(run, error);
	if (status == PF_OK) {
		status = prepare_reference(run, listener, error);
	}
	if (status == PF_OK && run->keeper) {
		status = run->keeper->begin(run->keeper->context, run, error);
	}
	if (status == PF_OK) {
		status = run_all(run, listener, error);
	}
	run->partial = run->partial || status != PF_OK;
	run->why_partial = !run->partial ? NULL
			   : status == PF_OK || status == PF_ERR_CANCELLED
				   ? "stopped on request"
				   : "an error of the harness ended it";
	settle_unmeasured(run);
	return status == PF_ERR_CANCELLED ? PF_OK : status;
}

void pf_run_release(pf_run *run)
{
	for (size_t i = 0; i < run->contestant_count; i++) {
		for (size_t k = 0; k < run->contestants[i].trial_count; k++) {
			pf_trial_release(&run->contestants[i].trials[k]);
		}
		free(run->contestants[i].trials);
	}
	pf_reference_release(&run->reference);
	free(run->claims);
	free(run->callgrind);
	run->callgrind = NULL;
	run->claims = NULL;
	run->claim_count = 0;
}
