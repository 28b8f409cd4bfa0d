#include "harness/measure/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/measure/interrupt.h"
#include "harness/measure/shuffle.h"
#include "photofinish/file.h"

#define PF_RUN_STATUS_NAME(constant, name) name,
static const char *const status_names[] = {PF_RUN_STATUS_LIST(PF_RUN_STATUS_NAME)};

const char *pf_run_status_name(pf_run_status status)
{
	return status_names[status];
}

/* The status that the trial alone gives. */
static pf_run_status status_of_ending(pf_ending ending)
{
	switch (ending) {
	case PF_ENDED_OK:
		return PF_RUN_OK;
	case PF_ENDED_FAILED:
		return PF_RUN_FAILED;
	case PF_ENDED_CRASHED:
		return PF_RUN_CRASHED;
	case PF_ENDED_TIMEOUT:
		return PF_RUN_TIMEOUT;
	case PF_ENDED_CANCELLED:
	case PF_ENDED_INVALID:
		break;
	}
	return PF_RUN_INVALID;
}

/* Compares the scores of a trial that ended OK with the reference. */
static void check_scores(const pf_run *run, pf_contestant *contestant, pf_trial *trial)
{
	size_t first = 0;
	size_t differ = pf_outcomes_differ(run->reference.outcomes, trial->outcomes, &first);
	trial->checked = differ == 0;
	if (differ) {
		char name[256];
		pf_escape(run->session->dataset->photos[first].path, name, sizeof name);
		contestant->status = PF_RUN_WRONG_OUTPUT;
		snprintf(contestant->reason, sizeof contestant->reason,
			 "%zu of %zu photos differ from the reference, the first is %s", differ,
			 trial->outcomes->count, name);
	}
}

static void judge(const pf_run *run, pf_contestant *contestant, pf_trial *trial)
{
	if (trial->ending == PF_ENDED_OK && contestant->variant->caps & PF_CAP_FLOOR) {
		contestant->status = PF_RUN_FLOOR;
		trial->checked = true;
		return;
	}
	contestant->status = status_of_ending(trial->ending);
	memcpy(contestant->reason, trial->reason, sizeof contestant->reason);
	if (trial->ending == PF_ENDED_OK) {
		check_scores(run, contestant, trial);
	}
}

static bool still_runs(const pf_contestant *contestant)
{
	return contestant->status == PF_RUN_OK || contestant->status == PF_RUN_FLOOR;
}

static pf_status run_trial(pf_run *run, pf_contestant *contestant, uint32_t round,
			   const pf_run_listener *listener, pf_error *error)
{
	pf_trial_listener ears = {.hear = listener->trial_hears, .context = listener->context};
	pf_trial *trial = &contestant->trials[contestant->trial_count];
	if (listener->trial_begins) {
		listener->trial_begins(listener->context, run, contestant, round);
	}
	pf_status status = pf_trial_run(run->session, contestant->variant, contestant->workers,
					contestant->options, ears.hear ? &ears : NULL, trial, error);
	if (status != PF_OK) {
		return status;
	}
	contestant->trial_count++;
	trial->round = round;
	if (trial->ending == PF_ENDED_CANCELLED) {
		run->partial = true; /* no judgement: it did what it was told to */
		return PF_OK;
	}
	judge(run, contestant, trial);
	/* Checked and digested: 27,539 photos times 10 variants times 5 rounds need not stay in memory. */
	pf_outcomes_free(trial->outcomes);
	trial->outcomes = NULL;
	if (listener->trial_ends) {
		listener->trial_ends(listener->context, run, contestant);
	}
	return PF_OK;
}

static pf_status run_rounds(pf_run *run, const pf_run_listener *listener, pf_error *error)
{
	pf_status status = PF_OK;
	size_t *order = calloc(run->contestant_count, sizeof *order);
	if (!order) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	pf_random random = {.state = run->seed};
	for (uint32_t round = 1; round <= run->rounds && status == PF_OK && !run->partial; round++) {
		for (size_t i = 0; i < run->contestant_count; i++) {
			order[i] = i;
		}
		pf_shuffle(&random, order, run->contestant_count);
		for (size_t i = 0; i < run->contestant_count && status == PF_OK && !run->partial; i++) {
			pf_contestant *contestant = &run->contestants[order[i]];
			if (pf_interrupts) {
				run->partial = true;
			} else if (still_runs(contestant)) {
				status = run_trial(run, contestant, round, listener, error);
			}
		}
		run->rounds_done += status == PF_OK && !run->partial;
	}
	free(order);
	return status;
}

/* Room for the trials; variants that cannot run here are marked so. */
static pf_status admit(pf_run *run, pf_error *error)
{
	for (size_t i = 0; i < run->contestant_count; i++) {
		pf_contestant *contestant = &run->contestants[i];
		const char *why_not = "no reason given";
		struct pf_env env = {.abi_version = PF_ABI_VERSION,
				     .struct_size = sizeof env,
				     .workers = contestant->workers,
				     .options = contestant->options,
				     .scorer = &run->session->scorer,
				     .memory_limit_bytes = run->session->memory_limit_bytes};
		contestant->trials = calloc(run->rounds, sizeof *contestant->trials);
		if (!contestant->trials) {
			return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
		}
		if (contestant->variant->probe && contestant->variant->probe(&env, &why_not) != PF_OK) {
			contestant->status = PF_RUN_UNAVAILABLE;
			snprintf(contestant->reason, sizeof contestant->reason, "%s", why_not);
		}
	}
	return PF_OK;
}

static pf_status prepare_reference(pf_run *run, const pf_run_listener *listener, pf_error *error)
{
	pf_trial_listener ears = {.hear = listener->trial_hears, .context = listener->context};
	if (listener->reference_begins) {
		listener->reference_begins(listener->context, run);
	}
	pf_status status = pf_dataset_check_sizes(run->session->dataset, error);
	if (status == PF_OK) {
		status = pf_reference_get(run->session, ears.hear ? &ears : NULL, &run->reference, error);
	}
	if (status == PF_OK) {
		status = pf_dataset_warm(run->session->dataset, error);
	}
	if (status == PF_OK && listener->reference_ends) {
		listener->reference_ends(listener->context, run);
	}
	return status;
}

/* Trials that count: all of an ok contestant's but one that was cut short on request. */
static size_t timed_trials(const pf_contestant *contestant)
{
	size_t count = still_runs(contestant) ? contestant->trial_count : 0;
	return count && contestant->trials[count - 1].ending == PF_ENDED_CANCELLED ? count - 1 : count;
}

/* Stopped on request: what was not measured once is not ok. */
static void settle_unmeasured(pf_run *run)
{
	for (size_t i = 0; i < run->contestant_count; i++) {
		pf_contestant *contestant = &run->contestants[i];
		if (still_runs(contestant) && !timed_trials(contestant)) {
			contestant->status = PF_RUN_INVALID;
			snprintf(contestant->reason, sizeof contestant->reason,
				 "not measured: stopped on request before its first trial ended");
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

	pf_status status = admit(run, error);
	if (status == PF_OK) {
		status = prepare_reference(run, listener, error);
		if (status == PF_ERR_CANCELLED) {
			run->partial = true;
			settle_unmeasured(run);
			return PF_OK;
		}
	}
	if (status == PF_OK) {
		status = run_rounds(run, listener, error);
	}
	if (run->partial) {
		settle_unmeasured(run);
	}
	return status;
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
}

bool pf_run_time(const pf_contestant *contestant, pf_interval *seconds)
{
	size_t count = timed_trials(contestant);
	double *samples = calloc(count + 1, sizeof *samples);
	if (!samples || !count) {
		free(samples);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		samples[i] = (double)contestant->trials[i].wall_ns * 1e-9;
	}
	*seconds = pf_mean_interval(samples, count, PF_LEVEL);
	free(samples);
	return true;
}

bool pf_run_speedup(const pf_contestant *contestant, const pf_contestant *other, pf_interval *ratio)
{
	size_t count = timed_trials(contestant), others = timed_trials(other);
	count = count < others ? count : others; /* rounds are complete up to the one that was cut short */
	if (!count || contestant->status != PF_RUN_OK || other->status != PF_RUN_OK) {
		return false;
	}
	double *own = calloc(2 * count, sizeof *own);
	if (!own) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		own[i] = (double)contestant->trials[i].wall_ns;
		own[count + i] = (double)other->trials[i].wall_ns;
	}
	*ratio = pf_ratio_interval(own + count, own, count, PF_LEVEL);
	free(own);
	return true;
}

const pf_contestant *pf_run_find(const pf_run *run, const char *name)
{
	for (size_t i = 0; name && i < run->contestant_count; i++) {
		if (strcmp(run->contestants[i].variant->name, name) == 0) {
			return &run->contestants[i];
		}
	}
	return NULL;
}
