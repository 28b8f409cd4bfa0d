/* A small seeded random generator and the shuffling of trials. */
#ifndef HARNESS_SHUFFLE_H
#define HARNESS_SHUFFLE_H

#include <stddef.h>
#include <stdint.h>

/* SplitMix64 (Steele, Lea, Flood 2014): any state is a good seed. */
typedef struct pf_random {
	uint64_t state;
} pf_random;

uint64_t pf_random_next(pf_random *random);

/* Uniform in 0 .. bound - 1, without bias; bound >= 1. */
uint64_t pf_random_below(pf_random *random, uint64_t bound);

/* Fisher-Yates: every order is equally likely. */
void pf_shuffle(pf_random *random, size_t *items, size_t count);

#endif
