/* Student's t distribution and the intervals that rest on it. Pure functions. */
#ifndef HARNESS_STUDENT_H
#define HARNESS_STUDENT_H

#include <stdbool.h>
#include <stddef.h>

/* A mean with its two-sided t-interval. */
typedef struct pf_interval {
	double mean, low, high;
	double level; /* 0.95 */
	size_t n;
	bool has_interval; /* false with fewer than 2 samples: low and high are the mean then */
} pf_interval;

/* Regularised incomplete beta function I_x(a, b), a and b > 0 (continued fraction, Numerical Recipes 6.4;
 * NIST DLMF 8.17.22). */
double pf_incomplete_beta(double a, double b, double x);

/* P(T <= t) with `df` > 0 degrees of freedom, by the regularised incomplete beta function (continued
 * fraction, Numerical Recipes 6.4; NIST DLMF 8.17.22). Absolute error below 1e-12. */
double pf_student_cdf(double t, double df);

/* The t with P(T <= t) = p; 0 < p < 1. */
double pf_student_quantile(double p, double df);

/* Mean of `n` >= 1 samples, interval mean +- t * s / sqrt(n) with n - 1 degrees of freedom. */
pf_interval pf_mean_interval(const double *samples, size_t n, double level);

/* The interval without what cannot be: a time below 0, a share beyond 0 to 1. Still right as often as it
 * says. */
pf_interval pf_interval_within(pf_interval interval, double least, double most);

/* Ratio of paired times, a[i] / b[i] (all > 0): the t-interval on the logarithms, transformed back. The mean
 * is the geometric mean of the ratios. */
pf_interval pf_ratio_interval(const double *a, const double *b, size_t n, double level);

/* Ratio of the totals of paired times, sum a / sum b: the interval from the residuals a[i] - r b[i] (ratio
 * estimator; Cochran, Sampling Techniques, 1977, 6.4), taken on the logarithm, n - 1 degrees of freedom;
 * totals > 0. Where the ratio of a pair varies, this is another number than pf_ratio_interval's: it says what
 * many runs cost together. */
pf_interval pf_total_ratio_interval(const double *a, const double *b, size_t n, double level);

#endif
