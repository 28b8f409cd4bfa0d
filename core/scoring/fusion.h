/* From measures to factors and from factors to the total. docs/scoring.md states the formulas. Deterministic
 * to the last bit: + - * / and square roots of doubles in a fixed order. */
#ifndef PHOTOFINISH_FUSION_H
#define PHOTOFINISH_FUSION_H

#include <stdbool.h>

#include "photofinish/scorer.h"

/* Fills score->factors from score->measures. */
void pf_fusion_factors(pf_score *score);

/* True if the configuration has the stages that give this factor. */
bool pf_fusion_can_judge(const pf_scorer_config *config, pf_factor factor);

/* Fills score->total: the mean of the factors by `weights` (PF_FACTOR_COUNT of them, >= 0, not all 0). */
void pf_fusion_total(const double *weights, pf_score *score);

#endif
