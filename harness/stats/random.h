/* A small seeded random generator. Not for secrets. */
#ifndef HARNESS_RANDOM_H
#define HARNESS_RANDOM_H

#include <stdint.h>

/* SplitMix64 (Steele, Lea, Flood 2014): any state is a good seed. */
typedef struct pf_random {
	uint64_t state;
} pf_random;

uint64_t pf_random_next(pf_random *random);

/* Uniform in 0 .. bound - 1, without bias; bound >= 1. */
uint64_t pf_random_below(pf_random *random, uint64_t bound);

/* Uniform in (0, 1), 2^53 different values; never 0 or 1. */
double pf_random_uniform(pf_random *random);

#endif
