/* Options of commands that can look into what their steps do with memory. */
#ifndef HARNESS_MEMORY_ARGS_H
#define HARNESS_MEMORY_ARGS_H

#include "harness/cli/options.h"
#include "harness/progress/run_progress.h"
#include "harness/run/memory_trials.h"

/* Rows of an option table for a pf_memory_report named `r`. */
#define PF_MEMORY_ARGS(r)                                                                          \
	{.name = "memory",                                                                         \
	 .type = PF_ARG_FLAG,                                                                      \
	 .target = &(r).sample,                                                                    \
	 .help = "sample memory by process, in one more trial of each variant that is not timed"}, \
	{                                                                                          \
		.name = "allocations", .type = PF_ARG_FLAG, .target = &(r).count,                  \
		.help = "count allocations by stage, in two more trials of each variant"           \
	}

/* Makes the trials that were asked for, once the rounds are over. */
static inline pf_status pf_memory_args_run(pf_run *run, pf_memory_report *report, pf_error *error)
{
	if (!report->sample && !report->count) {
		return PF_OK;
	}
	run->memory = report;
	return pf_memory_trials_run(run, report, pf_run_progress_memory, error);
}

#endif
