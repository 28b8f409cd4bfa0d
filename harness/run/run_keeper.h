/* What keeps the trials of a run while it goes on. */
#ifndef HARNESS_RUN_KEEPER_H
#define HARNESS_RUN_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "photofinish/status.h"

struct pf_contestant;
struct pf_trial;
struct pf_run;

/* Keeps each trial as it ends, and gives back those that a run had before it was interrupted. */
typedef struct pf_run_keeper {
	/* Once the reference is there, before the first trial. It may set started and resumed. Where it
	 * fails, the run ends. */
	pf_status (*begin)(void *context, struct pf_run *run, pf_error *error);
	/* Sets *there if the next trial is there already: then *trial, and its contestant's status and
	 * reason, are as they were after it. */
	pf_status (*recall)(void *context, struct pf_contestant *contestant, uint32_t round,
			    struct pf_trial *trial, bool *there, pf_error *error);
	/* The contestant's last trial ended and was judged; NULL: a round is over. */
	void (*keep)(void *context, const struct pf_run *run, const struct pf_contestant *contestant);
	void *context;
} pf_run_keeper;

#endif
