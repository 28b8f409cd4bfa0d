/* Tuning: a variant's numbers by successive halving on one half of the photos, and the best of them against
 * the variant as it is on the other half, until an e-process decides. */
#ifndef HARNESS_TUNE_H
#define HARNESS_TUNE_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/run/run.h"
#include "harness/stats/eprocess.h"
#include "harness/tune/candidates.h"

#define PF_TUNE_ALPHA 0.05

typedef struct pf_tune_order {
	const char *variant;
	uint32_t workers, cores;
	double budget_s; /* no round begins that would end later, by the times of its trials so far; but for
			    the first one and the first that confirms, whose times are not known */
	uint64_t seed;
	const pf_run_listener *listener;
	/* Opens a session on a part of the photos, and closes it. */
	pf_status (*open)(void *context, bool for_tuning, pf_session *session, pf_dataset **dataset,
			  pf_error *error);
	void *context;
} pf_tune_order;

typedef struct pf_tune_row {
	char label[128];
	uint32_t workers;
	bool timed;     /* false: it did not end well, as `reason` says */
	double seconds; /* geometric mean over the rounds of the last heat that it was in */
	double ratio;   /* of that to the default's in the same heat: other heats are other times */
	uint32_t heats, rounds;
	char reason[160];
} pf_tune_row;

typedef struct pf_tune {
	pf_tune_row rows[PF_TUNE_CANDIDATES_MOST]; /* [0]: as it is */
	size_t count, best;                        /* best: of the last heat; 0: none was faster than [0] */
	size_t photos[2];                          /* tuned on, confirmed on */
	/* Of the confirmation, where best > 0. */
	pf_word word; /* for the best against [0]; the best is taken where it is "faster" */
	size_t pairs;
	double ratio; /* geometric mean of best's time over [0]'s, of the pairs */
	bool out_of_time, interrupted;
} pf_tune;

/* The evidence that confirms. */
typedef struct pf_tune_evidence {
	pf_eprocess process;
	double log_ratios; /* summed up */
} pf_tune_evidence;

void pf_tune_evidence_start(pf_tune_evidence *evidence);

/* Takes the pairs of a run of [0], the default, against [1], the best, that it has not taken yet: fills in
 * `out`'s word, pairs and ratio. True where no more rounds are wanted: there is a word, or one of the two
 * does not end well (the default stays). Pure. */
bool pf_tune_is_decided(pf_tune *out, pf_tune_evidence *evidence, const pf_run *run);

/* PF_ERR_INVALID where the variant itself does not end well, what sessions and runs fail with. */
pf_status pf_tune_run(const pf_tune_order *order, pf_tune *out, pf_error *error);

#endif
