/* Faster ways for a scorer to do the same work. None changes a score or an error: what a way cannot do goes
 * the plain path, and so does every reference. Variants choose them (pf_crew_score_all). */
#ifndef PHOTOFINISH_STRATEGY_H
#define PHOTOFINISH_STRATEGY_H

#include <stdbool.h>
#include <stdint.h>

#include "photofinish/status.h"

/* Bits of pf_scorer_config.strategy. */
enum {
	PF_STRATEGY_OWN_DECODER = 1, /* usual JPEG files by our own decoder, others by libjpeg-turbo */
	PF_STRATEGY_FUSED = 2,       /* with it: quality, faces and pose take rows while they are decoded */
	PF_STRATEGY_EXACT_FACES = 4, /* the cascade search by our own code */
	PF_STRATEGY_QUICK_START = 8, /* models are loaded once, before workers are forked */
	PF_STRATEGY_LONGEST_FIRST = 16, /* of pf_crew_score_all: long bursts are not begun at the end */
};

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

#endif
