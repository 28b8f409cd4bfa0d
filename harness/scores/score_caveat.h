/* What stands with scores that are not the usual ones. */
#ifndef HARNESS_SCORE_CAVEAT_H
#define HARNESS_SCORE_CAVEAT_H

#include "photofinish/scorer.h"

#define PF_SCORE_CAVEAT 400

/* What makes these other scores than usual: "" where nothing does. */
void pf_score_caveat(const pf_scorer_config *scorer, char out[PF_SCORE_CAVEAT]);

#endif
