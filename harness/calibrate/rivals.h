/* The rules by which others call a benchmark slower, on the same observations as ours. Pure functions. */
#ifndef HARNESS_RIVALS_H
#define HARNESS_RIVALS_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/gate/gate_decision.h"

enum { PF_RIVAL_SAMPLES = 20 }; /* of each arm: the first ones that were taken */

/* X(constant, name, rule) */
#define PF_RIVAL_LIST(X)                                                                                    \
	X(PF_RIVAL_BENCHSTAT, "benchstat", "medians differ by the Mann-Whitney U test, two-sided p < 0.05") \
	X(PF_RIVAL_ASV, "asv", "1.1 times slower, and the Mann-Whitney U test, two-sided p < 0.002")        \
	X(PF_RIVAL_CRITERION, "criterion",                                                                  \
	  "bootstrapped t-test of the means, p < 0.05, and the 95 % interval of their change beyond 1 %")   \
	X(PF_RIVAL_THRESHOLD, "10 %", "the mean is more than 10 % slower")

#define PF_RIVAL_ENUM(constant, name, rule) constant,
typedef enum pf_rival { PF_RIVAL_LIST(PF_RIVAL_ENUM) PF_RIVALS } pf_rival;
#undef PF_RIVAL_ENUM
const char *pf_rival_name(pf_rival rival);
const char *pf_rival_rule(pf_rival rival);

/* Two-sided p of the Mann-Whitney U test, exact where no two of the up to 20 samples each are equal (Mann and
 * Whitney 1947), else by the normal approximation with continuity and ties corrected; 1 where all are equal.
 * `n` of each, 1 .. PF_RIVAL_SAMPLES. */
double pf_mann_whitney(const double *a, const double *b, size_t n);

/* Whether the rule calls the candidate slower, from times of a unit: `a` the baseline's, `b` the candidate's.
 */
bool pf_rival_says_slower(pf_rival rival, const double *a, const double *b, size_t n);

/* The samples for them: of the first PF_RIVAL_SAMPLES observations of the first stage. Returns how many. */
size_t pf_rival_samples(const pf_gate_observation *observations, size_t count, double a[PF_RIVAL_SAMPLES],
			double b[PF_RIVAL_SAMPLES]);

#endif
