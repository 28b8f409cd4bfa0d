/* Progress of a run: milestones, events and a status line whose ETA is that of the whole command. */
#ifndef HARNESS_RUN_PROGRESS_H
#define HARNESS_RUN_PROGRESS_H

#include "harness/run/run.h"

extern const pf_run_listener pf_run_progress;

/* Of the trials after the rounds that measure the time to the first result; `context` is not used. */
void pf_run_progress_first(void *context, size_t done, size_t total);

/* Of those that look into memory (memory_trials.h). */
void pf_run_progress_memory(const char *label, size_t done, size_t total);

#endif
