/* Bootstrap intervals of any statistic of independent samples, for where no formula is at hand. Pure
 * functions; they abort where there is no memory. Ratios of times have a better interval at every n:
 * pf_ratio_interval. */
#ifndef HARNESS_BOOTSTRAP_H
#define HARNESS_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#include "harness/stats/student.h"

/* Fewer samples get no interval: it would cover less than 93 % where it says 95 (docs/statistics.md). */
#define PF_PERCENTILE_LEAST 100
#define PF_BCA_LEAST 200

/* Of `n` >= 1 samples in any order; may reorder them. */
typedef double (*pf_statistic)(double *samples, size_t n, void *context);

typedef struct pf_bootstrap {
	double level;     /* 0.95 */
	size_t resamples; /* >= 200; 2,000 for ends that stay within 5 % of the interval's length */
	uint64_t seed;
} pf_bootstrap;

/* Percentile interval (Efron 1979), its tails expanded for small samples (Hesterberg 2015, 4.2). mean: the
 * statistic of the samples as they are. */
pf_interval pf_bootstrap_percentile(const double *samples, size_t n, pf_statistic statistic, void *context,
				    const pf_bootstrap *plan);

/* Bias-corrected and accelerated (Efron 1987; Efron and Tibshirani 1993, 14.3): follows a skewed statistic.
 * The acceleration comes from leaving out one sample at a time. Where every resample lies on one side of the
 * statistic, or leaving out changes nothing, it is the percentile interval. */
pf_interval pf_bootstrap_bca(const double *samples, size_t n, pf_statistic statistic, void *context,
			     const pf_bootstrap *plan);

#endif
