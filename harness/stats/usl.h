/* The Universal Scalability Law (Gunther 2007): C(N) = N / (1 + sigma (N - 1) + kappa N (N - 1)). Pure
 * functions. */
#ifndef HARNESS_USL_H
#define HARNESS_USL_H

#include <stdbool.h>
#include <stddef.h>

#define PF_USL_LEAST_POINTS 4 /* different numbers of workers: one of them is where C is 1 by definition */

/* Speedup with `workers` >= 1: sigma is contention (the serial share), kappa is coherency. */
double pf_usl_speedup(double sigma, double kappa, double workers);

/* Least squares on the speedups themselves (Gauss and Newton with halved steps, from the fit of the linear
 * form N / C - 1). Either may come out below 0: faster than linear, or noise. False with fewer than
 * PF_USL_LEAST_POINTS different numbers of workers, or where the points do not tell the two apart. */
bool pf_usl_fit(const double *workers, const double *speedups, size_t n, double *sigma, double *kappa);

#endif
