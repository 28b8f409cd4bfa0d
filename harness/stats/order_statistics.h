/* Sorting, medians, quantiles. Pure functions; what needs scratch
 * memory aborts where there is none. NaN is not allowed. */
#ifndef HARNESS_ORDER_STATISTICS_H
#define HARNESS_ORDER_STATISTICS_H

#include <stddef.h>

/* Ascending. */
void pf_sort(double *samples, size_t n);

/* Of `n` >= 1 samples in any order; the mean of the middle two where n is even. Reorders the samples. */
double pf_median_reorder(double *samples, size_t n);

/* The same, and the samples stay as they are. */
double pf_median(const double *samples, size_t n);

/* The `p` quantile, 0 <= p <= 1, of `n` >= 1 ascending samples: linear between the ranks 1 + (n - 1) p
 * (Hyndman and Fan 1996, definition 7). An estimate; percentiles that must hold are pf_quantile_ranks'. */
double pf_quantile(const double *sorted, size_t n, double p);

/* 1-based ranks of the ascending samples between which the `p` quantile (0 < p < 1) of any continuous
 * distribution lies with a probability of at least `level`, both tails at most (1 - level) / 2 (order
 * statistics; David and Nagaraja 2003, 7.1; Hahn and Meeker 1991, 5.2). Returns 0 where `n` samples are too
 * few for both ranks to exist (median: 6, 0.95 quantile: 72, 0.99: 368, 0.999: 3688 at the level 0.95),
 * else 1. */
int pf_quantile_ranks(size_t n, double p, double level, size_t *low, size_t *high);

#endif
