/* Simulated disturbances of trials: what simulations of intervals and verdicts draw from. */
#ifndef PF_TEST_NOISE_H
#define PF_TEST_NOISE_H

#include <stddef.h>

#include "harness/stats/random.h"

double draw_normal(pf_random *random); /* mean 0, deviation 1 */

/* On the logarithm of a time. */
typedef struct pf_noise {
	const char *name;
	double (*draw)(pf_random *random);
	double mean; /* of what it draws */
} pf_noise;

extern const pf_noise pf_noise_none;
extern const pf_noise pf_noise_normal; /* deviation 2 % */
extern const pf_noise pf_noise_t3;     /* Student's t, 3 degrees of freedom, times 2 % */
extern const pf_noise pf_noise_cauchy; /* no mean at all; times 1 % */
extern const pf_noise pf_noise_spikes; /* 1 %, and in one trial of ten 10 to 70 % more */
extern const pf_noise pf_noise_late;   /* only ever slower: exponential, mean 5 % */
extern const pf_noise pf_noise_skewed; /* lognormal: median 3 %, mean 5 %, now and then 30 % */

/* What `count` trials one after another share: fills `drift`. */
typedef struct pf_drift {
	const char *name;
	void (*draw)(pf_random *random, double *drift, size_t count);
} pf_drift;

extern const pf_drift pf_drift_none;
extern const pf_drift pf_drift_steady;    /* 30 % slower from the first trial to the last */
extern const pf_drift pf_drift_steep;     /* 150 % */
extern const pf_drift pf_drift_step;      /* 20 % slower from some trial on */
extern const pf_drift pf_drift_walk;      /* a random walk, 3 % a trial */
extern const pf_drift pf_drift_lasting;   /* first order autoregression, coefficient 0.9, 3 % a trial */
extern const pf_drift pf_drift_neighbour; /* another load: three trials 20 % slower, three not, and so on */

#endif
