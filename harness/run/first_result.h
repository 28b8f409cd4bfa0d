/* Trials that end at the first scored photo: how the time until then grows with the number of photos. */
#ifndef HARNESS_FIRST_RESULT_H
#define HARNESS_FIRST_RESULT_H

#include "harness/scores/outcomes.h"
#include "harness/trial/trial.h"
#include "photofinish/variant.h"

enum { PF_FIRST_TRIALS = 5 };

/* Seconds from a trial's start to its first scored photo, of two variants over two sizes of one dataset. */
typedef struct pf_first_results {
	bool measured;
	size_t small_photos, large_photos; /* the first photos of the dataset; all of it */
	size_t n;                          /* pairs: sample i of all four was taken in one round */
	double streaming_small[PF_FIRST_TRIALS], streaming_large[PF_FIRST_TRIALS];
	double parallel_small[PF_FIRST_TRIALS], parallel_large[PF_FIRST_TRIALS];
} pf_first_results;

/* A variant and what it runs with. */
typedef struct pf_first_runner {
	const struct pf_variant *variant;
	uint32_t workers;
	const int64_t *options;
} pf_first_runner;

/* The smaller of two sizes: a hundredth of `photos`, and no less than PF_BURST_WINDOW, the heads that
 * streaming reads before its first burst: below it both variants read them all. 0: they are too few for two
 * sizes. */
size_t pf_first_small_photos(size_t photos);

/* Runs both variants on the first `small_photos` of the photos and on all of them, PF_FIRST_TRIALS
 * times in turn; each trial is killed at its first scored photo, whose score is compared with `reference`.
 * The round of a trial that ended otherwise, was held up or scored differently does not count. Stops early,
 * with what it has, at an interrupt. `told` (may be NULL) hears of each trial as it begins. */
pf_status pf_first_results_measure(const pf_session *session, size_t small_photos,
				   const pf_outcomes *reference, const pf_first_runner *streaming,
				   const pf_first_runner *parallel,
				   void (*told)(void *context, size_t done, size_t total), void *context,
				   pf_first_results *out, pf_error *error);

#endif
