/* Accuracy against the truth of a rendered dataset: keypoints, and the best shot of each burst. */
#ifndef HARNESS_ACCURACY_H
#define HARNESS_ACCURACY_H

#include "harness/stats/student.h"
#include "photofinish/dataset.h"
#include "photofinish/scorer.h"

#define PF_PCK_SHARE 0.1 /* of the athlete's box, its longest side */

typedef struct pf_accuracy {
	size_t photos, failed, bursts; /* failed: could not be scored */
	/* Share of visible keypoints (truth's visibility 2) within PF_PCK_SHARE of the longest side of the
	 * athlete's box. The interval is over groups of photos of one scene: keypoints of one scene are not
	 * independent. */
	size_t keypoints, near;
	pf_interval pck;
	double chance_pck; /* the same with the pose found in another group's photo, laid on this one's */
	size_t by_keypoint[17], near_by_keypoint[17];
	/* Bursts whose best shot is the truth's. */
	size_t agreed;
	double agreed_low, agreed_high; /* Clopper-Pearson, PF_LEVEL */
	double chance_agreed;           /* share that a random choice would hit: the mean of 1 / photos */
} pf_accuracy;

/* Scores the first `most` photos of `dataset` (0: all; whole groups only) in `workers` processes and compares
 * them with `truth_file` (docs/datasets.md). `progress` may be NULL. PF_ERR_INVALID: the truth is malformed
 * or of other photos; PF_ERR_UNAVAILABLE: no model; PF_ERR_CANCELLED at an interrupt. */
pf_status pf_accuracy_measure(const pf_dataset *dataset, const char *truth_file,
			      const pf_scorer_config *config, uint32_t workers, size_t most,
			      void (*progress)(void *context, size_t done, size_t total), void *context,
			      pf_accuracy *out, pf_error *error);

#endif
