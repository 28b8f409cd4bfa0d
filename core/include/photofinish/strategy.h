/* Faster ways for a scorer to do the same work. None changes a score or an error: what a way cannot do goes
 * the plain path, and so does every reference. Variants choose them (pf_crew_score_all). */
#ifndef PHOTOFINISH_STRATEGY_H
#define PHOTOFINISH_STRATEGY_H

#include <stdint.h>

#include "photofinish/status.h"

/* Bits of pf_scorer_config.strategy. */
enum {
	PF_STRATEGY_OWN_DECODER = 1, /* usual JPEG files by our own decoder, others by libjpeg-turbo */
	PF_STRATEGY_FUSED = 2,       /* with it: quality, faces and pose take rows while they are decoded */
	PF_STRATEGY_EXACT_FACES = 4, /* the cascade search by our own code */
	PF_STRATEGY_QUICK_START = 8, /* models are loaded once, before workers are forked */
};

/* Why one of the ways that `strategy` names is not gone with this configuration on this machine: static text,
 * for people. NULL where all are. */
struct pf_scorer_config;
PF_API const char *pf_scorer_strategy_problem(const struct pf_scorer_config *config, uint32_t strategy);

#endif
