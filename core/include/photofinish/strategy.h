/* Faster ways for a scorer to do its work. What a way cannot do goes the plain path, and so does every
 * reference. Variants choose them (pf_crew_score_all). */
#ifndef PHOTOFINISH_STRATEGY_H
#define PHOTOFINISH_STRATEGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/preset.h"
#include "photofinish/status.h"

/* Bits of pf_scorer_config.strategy. Those of the first group change no score and no error. */
enum {
	PF_STRATEGY_OWN_DECODER = 1, /* usual JPEG files by our own decoder, others by libjpeg-turbo */
	PF_STRATEGY_FUSED = 2,       /* with it: quality, faces and pose take rows while they are decoded */
	PF_STRATEGY_EXACT_FACES = 4, /* the cascade search by our own code */
	PF_STRATEGY_QUICK_START = 8, /* models are loaded once, before workers are forked */
	PF_STRATEGY_LONGEST_FIRST = 16, /* of pf_crew_score_all: near the end long bursts are begun first */
	/* Switches off FUSED and PAIRS: the processor needs the planes. */
	PF_STRATEGY_FALL_BACK = 32, /* where a device cannot run the pose network, the processor does, as the
				     * worker's trace tells (device_work.h) */
	PF_STRATEGY_PAIRS = 64, /* with both of the decoder: two photos of a burst are decoded side by side */

	/* PF_STRATEGY_APPROXIMATE: scores may differ; who has them is PF_CAP_APPROX and states by how much.
	 */
	PF_STRATEGY_HEAD_WINDOW = 1 << 16, /* faces are searched around the head that the pose has found */
	PF_STRATEGY_INT8 = 1 << 17,        /* convolutions of the pose network with 8 bits */
	PF_STRATEGY_HALF_LUMA =
		1 << 18, /* with both of the decoder: luma at half size, where that is enough */
	PF_STRATEGY_WINOGRAD = 1 << 19, /* 3x3 convolutions by oneDNN's Winograd algorithm, where it has it */
};
#define PF_STRATEGY_APPROXIMATE 0xFFFF0000u

/* Why one of the ways that `strategy` names is not gone with this configuration on this machine: static text,
 * for people. NULL where all are. */
struct pf_scorer_config;
PF_API const char *pf_scorer_strategy_problem(const struct pf_scorer_config *config, uint32_t strategy);

/* With PF_STRATEGY_QUICK_START a scorer may be created before a fork, which then is each child's own: its
 * spans go to `trace` from now on. Networks have to be executed by the processor: a device's do not survive a
 * fork, and pf_scorer_may_be_forked is false. */
struct pf_scorer;
struct pf_trace;
PF_API bool pf_scorer_may_be_forked(const struct pf_scorer_config *config);
PF_API void pf_scorer_set_trace(struct pf_scorer *scorer, struct pf_trace *trace);

/* Loads the libraries that scorers of this configuration need and that are not loaded yet (span `startup`).
 * Called before a fork it is done once, and their memory is shared; else each scorer does it. It does not
 * fail: pf_scorer_create says why. `trace` may be NULL. */
PF_API void pf_scorer_prepare(const struct pf_scorer_config *config, struct pf_trace *trace);

/* With PF_STRATEGY_PAIRS (pf_scorer_takes_two): two photos, each of which ends as by pf_scorer_photo, decoded
 * side by side; two of each. The trace names the photo at hand, the first of them while both are decoded,
 * whose span `decode` is both photos'. */
struct pf_dataset;
struct pf_score;
PF_API bool pf_scorer_takes_two(const struct pf_scorer *scorer);
PF_API void pf_scorer_two(struct pf_scorer *scorer, const struct pf_dataset *dataset,
			  const uint32_t photos[2], struct pf_score *scores, pf_status status[2],
			  pf_error error[2]);

/* What lies behind the scores of the photo that pf_scorer_detect judged last: its pose (PF_ERR_UNAVAILABLE
 * without a model), and its faces, largest first. Valid until the next photo. */
struct pf_pose;
typedef struct pf_face_place {
	double left, top, right, bottom; /* shares of the upright photo's sides */
} pf_face_place;
PF_API pf_status pf_scorer_last_pose(const struct pf_scorer *scorer, struct pf_pose *pose, pf_error *error);
PF_API const pf_face_place *pf_scorer_last_faces(const struct pf_scorer *scorer, size_t *count);

#endif
