/* A difference of paired times, split into parts that add up to it. Pure functions. */
#ifndef HARNESS_SPLIT_H
#define HARNESS_SPLIT_H

#include <stddef.h>

#include "harness/stats/student.h"

/* The logarithmic mean of two numbers > 0: (a - b) / (log a - log b), a where they are equal. */
double pf_log_mean(double a, double b);

/* Row i of `a` and of `b` (`pairs` rows of `parts` numbers, pairs >= 1) holds the parts of one time, which
 * is their sum and > 0; a part may be negative. out[k] (`parts` of them) is what part k adds to the
 * geometric mean G of the ratios: the means add up to G - 1. With L the logarithmic mean of a pair's times,
 * log(time a / time b) = sum over k of (a_k - b_k) / L without a rest (logarithmic mean Divisia index, Ang
 * 2004); the mean over the pairs has a t-interval, and is shown times (G - 1) / log G. The interval is that
 * of the part's own mean: the factor counts as known. Aborts without memory. */
void pf_split(const double *a, const double *b, size_t pairs, size_t parts, double level, pf_interval *out);

#endif
