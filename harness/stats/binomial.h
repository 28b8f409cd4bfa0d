/* The interval of a share of successes. Pure functions. */
#ifndef HARNESS_BINOMIAL_H
#define HARNESS_BINOMIAL_H

#include <stddef.h>

/* Clopper and Pearson's exact two-sided interval of a share: `successes` of `n` >= 1 at the confidence
 * `level` (Clopper and Pearson 1934). The coverage is at least `level` for every true share. */
void pf_binomial_interval(size_t successes, size_t n, double level, double *low, double *high);

#endif
