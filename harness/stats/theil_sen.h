/* The slope of a trend that a few wild samples do not move, and how sure it is where neighbours resemble each
 * other. Pure functions; they abort where there is no memory. */
#ifndef HARNESS_THEIL_SEN_H
#define HARNESS_THEIL_SEN_H

#include <stddef.h>
#include <stdint.h>

#include "harness/stats/student.h"

#define PF_TREND_MOST 2000 /* samples: two million slopes */
#define PF_TREND_LEAST                                           \
	30 /* samples for an interval: fewer hold too few blocks \
	    */

/* Theil and Sen's slope: the median of the slopes of all pairs with different x (Sen 1968). 2 <= n <=
 * PF_TREND_MOST, not all x equal; x in any order. Up to 29 % of the samples may be arbitrarily wrong. */
double pf_theil_sen(const double *x, const double *y, size_t n);

/* The slope with a bootstrap interval over the residuals, resampled in circular blocks of neighbours (Politis
 * and Romano 1992), so that a disturbance that lasts counts once; stretched by Student's t for as many values
 * as there are blocks. x ascending, at even steps or nearly. `block` samples, at most n / 4, so that it spans
 * what lasts; 0: 2 n^(1/3) + 1, long enough where neighbours correlate by up to 0.6. `resamples` >= 200; each
 * takes n^2 / 2 slopes (n = 200, 1,000 of them: 0.2 s). mean: the slope; no interval below PF_TREND_LEAST
 * samples. */
pf_interval pf_theil_sen_interval(const double *x, const double *y, size_t n, size_t block, size_t resamples,
				  double level, uint64_t seed);

#endif
