/* The interval of a share of successes. Pure functions. */
#ifndef HARNESS_BINOMIAL_H
#define HARNESS_BINOMIAL_H

#include <stddef.h>

/* Clopper and Pearson's exact two-sided interval of a share: `successes` of `n` >= 1 at the confidence
 * `level` (Clopper and Pearson 1934). The coverage is at least `level` for every true share. */
void pf_binomial_interval(size_t successes, size_t n, double level, double *low, double *high);

/* The exact one-sided upper bound at `level`: "at most this share". 0 of 300 proves 1.0 %, 0 of 3,000 proves
 * 0.1 %. */
double pf_binomial_upper(size_t successes, size_t n, double level);

#endif
