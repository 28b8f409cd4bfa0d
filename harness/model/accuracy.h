/* Accuracy against the truth of a rendered dataset: keypoints, faces, and the best shot of each burst. And
 * whether a variant whose scores are approximate is as near to the truth as the plain path. */
#ifndef HARNESS_ACCURACY_H
#define HARNESS_ACCURACY_H

#include "harness/stats/student.h"
#include "photofinish/dataset.h"
#include "photofinish/scorer.h"

#define PF_PCK_SHARE 0.1 /* of the athlete's box, its longest side */

/* What an approximate way may lose: points of PCK; of each photo's laplacian. */
#define PF_ACCURACY_PCK_LOSS 0.3
#define PF_ACCURACY_LAPLACIAN_SHARE 0.01
#define PF_ACCURACY_PHOTOS_MIN 400 /* of a verdict */

typedef struct pf_accuracy {
	size_t photos, failed, bursts; /* failed: could not be scored */
	/* Share of visible keypoints (truth's visibility 2) within PF_PCK_SHARE of the longest side of the
	 * athlete's box. The interval is over groups of photos of one scene: keypoints of one scene are not
	 * independent. */
	size_t keypoints, near;
	pf_interval pck;
	double chance_pck; /* the same with the pose found in another group's photo, laid on this one's */
	size_t by_keypoint[17], near_by_keypoint[17];
	/* Faces of the athletes and of the others that the truth calls frontal and unhidden, and how many of
	 * them were found: the centre of each, true and found, lies inside the other. `finds` are all that
	 * was found, `false_finds` those of them that are no true face. */
	size_t athletes_faces, athletes_found, others_faces, others_found, finds, false_finds;
	/* Bursts whose best shot is the truth's. */
	size_t agreed;
	double agreed_low, agreed_high; /* Clopper-Pearson, PF_LEVEL */
	double chance_agreed;           /* share that a random choice would hit: the mean of 1 / photos */
} pf_accuracy;

/* The plain path and another one on the same photos. */
typedef struct pf_accuracy_pair {
	pf_accuracy plain, other; /* the other's is empty where only the plain path was asked for */
	/* Bursts whose best shot only one of them finds. `lost_low`, `lost_high`: the share of `lost` among
	 * both, Clopper-Pearson. */
	size_t gained, lost;
	double lost_low, lost_high;
	/* Photos that both have scored; those in which sharpness is judged on the same tiles, and of them the
	 * relative differences of `laplacian`. */
	size_t compared, same_tiles;
	double laplacian_mean, laplacian_most;
	/* Agreement of the other with the plain path: keypoints that one of them sees within 2 px of the
	 * network's input (PF_ACCURACY_NEAR of the photo's longer side), photos with the same number of
	 * faces, bursts with the same best shot. */
	size_t keypoints, same_keypoints, same_faces, same_best;
} pf_accuracy_pair;

#define PF_ACCURACY_NEAR (2.0 / 384)

/* Whether the other path may stand for the plain one, by each gate and by all of them. */
typedef struct pf_accuracy_gates {
	bool pck, faces, best, laplacian;
	bool failed; /* as many photos could not be scored as on the plain path */
	bool enough; /* photos for a verdict */
	bool all;    /* but for `enough` */
} pf_accuracy_gates;

pf_accuracy_gates pf_accuracy_judge(const pf_accuracy_pair *pair);

/* Scores the first `most` photos of `dataset` (0: all; whole groups only) in `workers` processes and compares
 * them with `truth_file` (docs/datasets.md). `strategy`: PF_STRATEGY_* bits of the other path; 0: the plain
 * one alone. `progress` may be NULL. PF_ERR_INVALID: the truth is malformed or of other photos;
 * PF_ERR_UNAVAILABLE: no model; PF_ERR_CANCELLED at an interrupt. */
pf_status pf_accuracy_measure(const pf_dataset *dataset, const char *truth_file,
			      const pf_scorer_config *config, uint32_t strategy, uint32_t workers,
			      size_t most, void (*progress)(void *context, size_t done, size_t total),
			      void *context, pf_accuracy_pair *out, pf_error *error);

#endif
