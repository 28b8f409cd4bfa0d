/* How a time grows with a size: the exponent by itself, and the law that fits best. Pure functions. */
#ifndef HARNESS_POWER_LAW_H
#define HARNESS_POWER_LAW_H

#include "harness/stats/student.h"

#define PF_POWER_LEAST_POINTS 4

/* X(constant, name) */
#define PF_LAW_LIST(X)             \
	X(PF_LAW_1, "1")           \
	X(PF_LAW_LOG, "log n")     \
	X(PF_LAW_N, "n")           \
	X(PF_LAW_N_LOG, "n log n") \
	X(PF_LAW_N2, "n^2")        \
	X(PF_LAW_N3, "n^3")
#define PF_LAW_ENUM(constant, name) constant,
typedef enum pf_law { PF_LAW_LIST(PF_LAW_ENUM) PF_LAW_COUNT } pf_law;
#undef PF_LAW_ENUM
const char *pf_law_name(pf_law law);

/* The exponent b of t = a n^b: the slope of log t over log n by least squares, with its t-interval from the
 * residuals, count - 2 degrees of freedom (Draper and Smith, Applied Regression Analysis, 1998, 1.4). The
 * residuals are what the law does not explain, steps of caches too. n and t > 0, n not all the same, count
 * at least PF_POWER_LEAST_POINTS. `n` of the interval is count. */
pf_interval pf_power_exponent(const double *n, const double *t, size_t count, double level);

/* t = fixed + factor f(n) with fixed >= 0 and factor > 0, by least squares of the relative errors. */
typedef struct pf_law_fit {
	pf_law law;
	double fixed, factor;
	double error; /* root of the mean squared relative error */
} pf_law_fit;

/* The law of the least error; of the simplest among those whose errors are within a tenth of each other. The
 * constant law is taken only where no other one is better by more than that. */
pf_law_fit pf_law_best(const double *n, const double *t, size_t count);

#endif
