/* What a run's variants do with memory: trials of their own after the rounds, in which memory is sampled or
 * allocations are counted. They are profiled, not timed: what looking costs is in no time that is shown. */
#ifndef HARNESS_MEMORY_TRIALS_H
#define HARNESS_MEMORY_TRIALS_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/run/run.h"

/* Of such a trial's time, in CPU time of one core: a sample takes about 2 ms for each 100 MB that the trial
 * has mapped, so that 0.5 % would give one sample in 2 s. */
#define PF_MEMORY_SHARE 0.05

#define PF_ALLOCATION_TRIALS 2 /* whether counts are the same again is told, too */

/* Of one contestant. Trials that did not do their work well are left out, and `why` says so. */
typedef struct pf_step_memory {
	bool sampled; /* `sampling` is a trial whose memory was sampled at least once */
	pf_trial sampling;
	size_t counted; /* so many of `counting` are trials whose allocations were counted */
	pf_trial counting[PF_ALLOCATION_TRIALS];
	char why[256]; /* what is missing, or "" */
} pf_step_memory;

typedef struct pf_memory_report {
	bool sample, count;    /* asked for */
	pf_step_memory *steps; /* of the run's contestants, in their order */
	size_t step_count;
} pf_memory_report;

/* Makes the trials that report->sample and ->count ask for, of each contestant that is well; an interrupt
 * ends them after the one at hand. `told` hears of each (NULL: nobody). PF_ERR_UNAVAILABLE where allocations
 * cannot be counted. Release the report in any case. */
pf_status pf_memory_trials_run(const pf_run *run, pf_memory_report *report,
			       void (*told)(const char *label, size_t done, size_t total), pf_error *error);
void pf_memory_report_release(pf_memory_report *report);

/* The largest sampled sum of PSS; 0 where there is none. */
uint64_t pf_memory_peak_pss(const pf_run *run, const pf_contestant *contestant);

/* What is known of a contestant; NULL where nothing was asked for. */
const pf_step_memory *pf_memory_of(const pf_run *run, const pf_contestant *contestant);

/* True if all counted trials of a step made the same calls in each stage, and there were at least two. */
bool pf_allocations_repeat(const pf_step_memory *step);

#endif
