/* The model of a run: some variants, each with some trials, interleaved. Everything that is shown or written
 * of a run (table, record, exports) renders this one struct. */
#ifndef HARNESS_RUN_H
#define HARNESS_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/run/decision.h"
#include "harness/run/first_result.h"
#include "harness/run/reference.h"
#include "harness/run/run_keeper.h"
#include "harness/run/run_status.h"
#include "harness/stats/student.h"
#include "harness/trial/trial.h"
#include "photofinish/variant.h"

#define PF_LABEL_MAX 200

#define PF_LEVEL 0.95 /* of all intervals shown */

/* A variant taking part, with the options that it runs with. */
typedef struct pf_contestant {
	const struct pf_variant *variant;
	char label[128]; /* its name, with options where some were given: unique in a run */
	uint32_t workers;
	int64_t options[PF_MAX_OPTIONS];
	pf_run_status status;
	char reason[512];
	pf_trial *trials; /* at most one a round, in the order of the rounds; pf_run_counts says which have
			     figures */
	size_t trial_count;
	const struct pf_build *build; /* that its trials are started from (other_build.h); NULL: this one */
	uint32_t stored_cores;        /* of the machine that a stored one ran on; 0: it ran on this one */
	pf_decision decision;         /* where run->decided */
} pf_contestant;

typedef struct pf_run {
	const pf_session *session;
	const char *command; /* "journey", "run" or "compare" */
	char dataset_hash[2 * PF_SHA256_BYTES + 1];
	char started[32];  /* UTC, ISO 8601 */
	const char *label; /* the user's own words for it (a commit, say), at most PF_LABEL_MAX bytes; NULL */
	pf_contestant *contestants;
	size_t contestant_count;
	uint32_t rounds; /* asked for; with enough_steps: for each, and for all that joined once it is over */
	uint32_t rounds_done;        /* in which every variant that was still in the run had its trial */
	uint64_t seed;               /* of the order within the rounds */
	uint32_t resumed;            /* how often it went on after it had been interrupted */
	const pf_run_keeper *keeper; /* NULL: nothing is kept before the end */
	bool cold_cache;             /* the photos are dropped from the page cache before each trial */
	/* Asked after each whole round: true ends the run there. NULL: all rounds. */
	bool (*enough)(void *context, const struct pf_run *run);
	void *enough_context;
	uint64_t rounds_begin_ns; /* of the first round */
	/* NULL: all run in every round. Otherwise they join one after another, each for `rounds` rounds of
	 * its own with the floor, the baseline, its parent and the incumbent, until this says true. */
	bool (*enough_steps)(const struct pf_run *run);
	const char *why_partial; /* static text; NULL where it is not */
	bool partial; /* ended before all rounds were done: on request, or by an error of the harness */
	pf_reference reference;
	const struct pf_run_facts *stored; /* run_facts.h: of a run read back; NULL: it was measured here */
	const struct pf_build *own_build;  /* of a run read back: the build that measured it */
	pf_first_results first_results;    /* measured: false where there was no cause */
	struct pf_claim *claims;           /* harness/claims; NULL where none are answered */
	size_t claim_count;
	struct pf_callgrind *callgrind; /* callgrind.h; NULL: not asked for. Freed by pf_run_release */
	const struct pf_run_comparison *comparison; /* run_comparison.h; NULL where no two are compared */
	const struct pf_memory_report *memory;      /* memory_trials.h; NULL: not asked for. The caller's */
	bool show_spans;                            /* --spans: printed with the run */
	bool decided;               /* a journey whose contestants have their decision (run_decision.h) */
	const struct pf_goal *goal; /* harness/claims; NULL: none. Belongs to the caller */
} pf_run;

/* Hears of the run as it goes; every function may be NULL. */
typedef struct pf_run_listener {
	void (*warming)(void *context, size_t done, size_t total);
	void (*reference_begins)(void *context, const pf_run *run);
	void (*reference_ends)(void *context, const pf_run *run);
	void (*trial_begins)(void *context, const pf_run *run, const pf_contestant *contestant,
			     uint32_t round);
	void (*trial_hears)(void *context, const pf_outcomes *so_far, const pf_frame *frame);
	void (*trial_looks)(void *context, uint32_t busy, uint32_t of); /* of the reference, too */
	void (*trial_ends)(void *context, const pf_run *run, const pf_contestant *contestant);
	void *context;
} pf_run_listener;

/* Reads every photo once (which warms the page cache, and compares them with the manifest), fetches the
 * reference, then runs every contestant once a round, in the order of pf_shuffle_round, and checks all
 * scores inside the rounds. A contestant that does not end well, or whose scores differ, runs no more. A
 * trial that the harness could not time, because it did not get to run itself, does not count. The first
 * interrupt ends the run after the trial at hand drained: run->partial. On failure what was measured until
 * then is kept, too. run->session, contestants, rounds and seed are set by the caller. */
pf_status pf_run_execute(pf_run *run, const pf_run_listener *listener, pf_error *error);
void pf_run_release(
	pf_run *run); /* trials, reference and claims; the contestants' array belongs to the caller */

/* The rule for a trial of a run; notebook_parts.h has it for records. */
static inline pf_trial_counting pf_run_counts(const pf_contestant *contestant, const pf_trial *trial)
{
	bool timed = (trial->checked || trial->unscored) && trial->wall_ns > 0;
	return pf_trial_counts(contestant->status, trial->ending == PF_ENDED_OK, trial->checked, timed);
}

/* Mean wall time in seconds of the contestant's trials that count. False if there is none. */
bool pf_run_time(const pf_contestant *contestant, pf_interval *seconds);

/* The same of a program that wrote no scores (PF_COUNTS_UNCHECKED). Not to be compared. */
bool pf_run_unchecked_time(const pf_contestant *contestant, pf_interval *seconds);
bool pf_run_unmeasured(const pf_contestant *contestant); /* it did well, but has no time: it is invalid */

/* How many times as fast as `other` this contestant is (other's time over its own), paired by round. False
 * unless both are ok. */
bool pf_run_speedup(const pf_contestant *contestant, const pf_contestant *other, pf_interval *ratio);

typedef struct pf_trial_pair {
	const pf_trial *a, *b;
} pf_trial_pair;

/* The trials of the rounds in which both have a trial that counts, in the order of the rounds. `out` has room
 * for a->trial_count. Returns how many; 0 unless both are ok. */
size_t pf_run_pairs(const pf_contestant *a, const pf_contestant *b, pf_trial_pair *out);

/* What its checked trials' scores were held to; NULL: they are the reference's bits, or none was checked. */
const pf_tolerance *pf_run_tolerance(const pf_contestant *contestant);

/* Mean time to the first scored photo of the trials that count, in seconds. False if there was none. */
bool pf_run_first_result(const pf_contestant *contestant, pf_interval *seconds);

/* Largest sum of its processes' peak resident sizes in a trial that counts; 0: unknown. An upper bound:
 * shared pages count in each process. */
uint64_t pf_run_most_memory(const pf_contestant *contestant);

/* CPU time over wall time of all trials that count and had one worker and scored photos; 0 if there was none.
 * Well below 1 the machine was busy with other work (or waited for storage). */
double pf_run_core_share(const pf_run *run);

/* The trial that counts whose wall time is the median (of two in the middle, the shorter); NULL: none. */
const pf_trial *pf_run_median_trial(const pf_contestant *contestant);

#define PF_QUIET_SHARE 0.92 /* that a trial of one worker gets at least on a quiet machine */

/* Largest share of a trial's time that its counters cost; 0 where nothing was counted. Above
 * PF_COUNTERS_COST_LIMIT the run's times are not for claims or baselines. */
double pf_run_counters_cost(const pf_run *run);

/* Of the dataset's bytes: more than that from storage is not "warm". But what a few pages of a library or a
 * folder take moves no time. */
#define PF_WARM_SHARE 0.01
#define PF_WARM_BYTES (1u << 20)

/* True if no trial that counts read more than that from storage. */
bool pf_run_stayed_warm(const pf_run *run);

/* The first contestant that changes no other, or NULL. */
const pf_contestant *pf_run_baseline(const pf_run *run);

const pf_contestant *pf_run_find(const pf_run *run, const char *name); /* that runs variant `name`; or NULL */

#endif
