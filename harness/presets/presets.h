/* What presets cost and what they are worth: all of them by one variant, interleaved, each trial's scores
 * checked against a reference of its own preset; their ranks against those of ultra and against the truth. */
#ifndef HARNESS_PRESETS_H
#define HARNESS_PRESETS_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/run/run.h"
#include "harness/scores/paths.h"
#include "harness/stats/student.h"
#include "photofinish/preset.h"

/* A preset is worth having against another one if it is faster or nearer to ultra. */
typedef enum pf_preset_verdict {
	PF_PRESET_PARETO,    /* against each other one: faster, by its whole interval, or nearer */
	PF_PRESET_DOMINATED, /* one is as fast and as near */
	PF_PRESET_SAME,      /* an earlier one does the same with each of these photos: nothing to compare */
	PF_PRESET_UNDECIDED, /* it may be faster than one that is as near, but the interval holds 1 */
} pf_preset_verdict;

typedef struct pf_preset_row {
	const pf_preset_plan *plan;
	pf_paths paths;
	/* Of the trials that count, PF_LEVEL t-intervals. */
	pf_interval wall_s, cpu_s, memory_bytes; /* memory: sums of the processes' peaks, an upper bound */
	pf_interval speedup;                     /* ultra's time over its own, paired by round */
	/* Against ultra: bursts of at least two scored photos, those with the same best one
	 * (Clopper-Pearson), and the mean of the bursts' Kendall's tau (t-interval). */
	size_t bursts, same_best;
	double same_low, same_high;
	pf_interval tau;
	/* Against the truth, where there is one: bursts whose best shot is the truth's (Clopper-Pearson);
	 * those that only it and only ultra found, and the share of `lost` among both. */
	size_t true_bursts, found, gained, lost;
	double found_low, found_high, lost_low, lost_high;
	pf_preset_verdict verdict;
	uint32_t by; /* the preset that dominates it, that it could not be told from, or that does the same */
} pf_preset_row;

typedef struct pf_presets {
	/* Set by the caller. */
	const pf_dataset *dataset;
	const pf_session *sessions; /* PF_PRESETS of them, each of its preset and all else the same */
	const pf_contestant *contestant;
	uint32_t rounds;
	uint64_t seed;
	void (*tell)(void *context, const char *what, uint32_t done, uint32_t total);
	void *context;
	/* Set by pf_presets_measure. */
	uint32_t rounds_done;
	bool has_truth, partial;
	pf_preset_row rows[PF_PRESETS];
	double *wall_s;      /* of round r and preset p at r * PF_PRESETS + p; 0: it does not count. Owned */
	char uncounted[512]; /* why the first of those does not count */
	char wrong[512]; /* "preset fast: 3 of 24 photos differ ..."; "": nothing is wrong, and no figures */
} pf_presets;

/* Makes the references, then runs each preset once a round, and fills in all figures. `presets->wrong` is no
 * error. PF_ERR_CANCELLED where an interrupt came before a whole round was done; after that the rounds that
 * were done are kept (partial). */
pf_status pf_presets_measure(pf_presets *presets, pf_error *error);
void pf_presets_release(pf_presets *presets);

/* Fills in the rows' verdicts from their times by round and their tau. Pure. */
void pf_presets_judge(pf_presets *presets);

#endif
