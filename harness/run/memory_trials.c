#include "harness/run/memory_trials.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/memory/allocations.h"
#include "harness/memory/memory_sampler.h"
#include "harness/run/other_build.h"

/* It did all its work, and what it handed out is what the contestant's timed trials did. */
static bool did_well(const pf_run *run, const pf_contestant *contestant, const pf_trial *trial)
{
	size_t first;
	char what[192];
	bool ended = trial->ending == PF_ENDED_OK ||
		     (trial->ending == PF_ENDED_DISTURBED && trial->worker_deaths == 0);
	if (!ended || trial->unscored || contestant->status == PF_RUN_FLOOR) {
		return ended;
	}
	if (trial->tolerance.declared) {
		const pf_agreement agreement = pf_agreement_of(run->reference.outcomes, trial->outcomes);
		return pf_tolerance_exceeded(&trial->tolerance, run->reference.outcomes, trial->outcomes,
					     &first, what, sizeof what) == 0 &&
		       pf_tolerance_agrees(&trial->tolerance, &agreement, what, sizeof what);
	}
	return pf_outcomes_differ(run->reference.outcomes, trial->outcomes, &first) == 0;
}

/* One trial; released, and false, where it says nothing: *why is told then. */
static pf_status once(const pf_run *run, pf_session *session, const pf_contestant *contestant,
		      pf_trial *trial, bool *good, char *why, size_t capacity, pf_error *error)
{
	*good = false;
	session->executable = contestant->build ? contestant->build->executable : session->executable;
	pf_status status = pf_trial_run(session, contestant->variant, contestant->workers,
					contestant->options, NULL, trial, error);
	if (status != PF_OK) {
		return status;
	}
	const pf_memory_series *series = trial->found[PF_PROBE_memory];
	bool counting = session->asked[PF_PROBE_allocations] != NULL;
	const char *what = counting ? "allocations" : "memory";
	*good = did_well(run, contestant, trial);
	if (!*good) {
		snprintf(why, capacity, "%s not measured: the trial for it %s%s", what,
			 trial->ending == PF_ENDED_OK ? "gave other scores" : "did not end well: ",
			 trial->ending == PF_ENDED_OK ? "" : trial->reason);
	} else if (counting && !trial->found[PF_PROBE_allocations]) {
		snprintf(why, capacity, "allocations not counted: none of its processes took the counter in");
		*good = false;
	} else if (!counting && (!series || !series->samples)) {
		int number = series ? series->why_errno : 0;
		snprintf(why, capacity, "memory not sampled: %s",
			 number ? strerror(number) : "it ended before the first sample");
		*good = false;
	}
	pf_outcomes_free(trial->outcomes);
	trial->outcomes = NULL;
	if (!*good) {
		pf_trial_release(trial);
	}
	return PF_OK;
}

static pf_status measure_step(const pf_run *run, const pf_memory_report *report, const char *library,
			      const pf_contestant *contestant, pf_step_memory *step, pf_error *error)
{
	pf_status status = PF_OK;
	bool good;
	if (report->sample && !pf_interrupts) {
		pf_session session = *run->session;
		static const double share = PF_MEMORY_SHARE;
		memset(session.asked, 0, sizeof session.asked); /* nothing else looks */
		session.asked[PF_PROBE_memory] = &share;
		session.observer = NULL; /* it is not timed: no judging by what is looked at */
		status = once(run, &session, contestant, &step->sampling, &step->sampled, step->why,
			      sizeof step->why, error);
	}
	for (int i = 0; report->count && i < PF_ALLOCATION_TRIALS && status == PF_OK && !pf_interrupts; i++) {
		pf_session session = *run->session;
		memset(session.asked, 0, sizeof session.asked);
		session.asked[PF_PROBE_allocations] = library;
		session.observer = NULL;
		status = once(run, &session, contestant, &step->counting[step->counted], &good, step->why,
			      sizeof step->why, error);
		step->counted += status == PF_OK && good;
	}
	return status;
}

pf_status pf_memory_trials_run(const pf_run *run, pf_memory_report *report,
			       void (*told)(const char *label, size_t done, size_t total), pf_error *error)
{
	char library[PATH_MAX];
	pf_status status = report->count ? pf_allocation_library(run->session->executable, library,
								 sizeof library, error)
					 : PF_OK;
	report->steps = calloc(run->contestant_count + 1, sizeof *report->steps);
	report->step_count = report->steps ? run->contestant_count : 0;
	if (status == PF_OK && !report->steps) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	for (size_t i = 0; i < report->step_count && status == PF_OK && !pf_interrupts; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		if (contestant->status != PF_RUN_OK && contestant->status != PF_RUN_FLOOR &&
		    contestant->status != PF_RUN_UNCHECKED) {
			snprintf(report->steps[i].why, sizeof report->steps[i].why, "%s",
				 pf_run_status_name(contestant->status));
			continue;
		}
		if (told) {
			told(contestant->label, i, run->contestant_count);
		}
		status = measure_step(run, report, library, contestant, &report->steps[i], error);
	}
	return status;
}

void pf_memory_report_release(pf_memory_report *report)
{
	for (size_t i = 0; i < report->step_count; i++) {
		pf_trial_release(&report->steps[i].sampling);
		for (size_t k = 0; k < PF_ALLOCATION_TRIALS; k++) {
			pf_trial_release(&report->steps[i].counting[k]);
		}
	}
	free(report->steps);
	*report = (pf_memory_report){0};
}

const pf_step_memory *pf_memory_of(const pf_run *run, const pf_contestant *contestant)
{
	size_t index = (size_t)(contestant - run->contestants);
	return run->memory && index < run->memory->step_count ? &run->memory->steps[index] : NULL;
}

uint64_t pf_memory_peak_pss(const pf_run *run, const pf_contestant *contestant)
{
	const pf_step_memory *step = pf_memory_of(run, contestant);
	const pf_memory_series *series = step && step->sampled ? step->sampling.found[PF_PROBE_memory] : NULL;
	return series ? series->peak.all.pss : 0;
}

bool pf_allocations_repeat(const pf_step_memory *step)
{
	for (size_t i = 0; i < step->counted; i++) {
		const pf_allocations *one = step->counting[i].found[PF_PROBE_allocations],
				     *first = step->counting[0].found[PF_PROBE_allocations];
		if (one->lost_processes || memcmp(one->digest, first->digest, PF_SHA256_BYTES) != 0) {
			return false;
		}
	}
	return step->counted > 1;
}
