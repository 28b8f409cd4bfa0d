/* The order of trials. */
#ifndef HARNESS_SHUFFLE_H
#define HARNESS_SHUFFLE_H

#include <stddef.h>
#include <stdint.h>

#include "harness/stats/random.h"

/* Fisher-Yates: every order is equally likely. */
void pf_shuffle(pf_random *random, size_t *items, size_t count);

/* The order of round 1, 2, ...: `items` holds it for the next call, its first content does not matter. Odd
 * rounds draw one, even rounds reverse the one before (A B B A): a machine that grows slower or faster at a
 * steady pace then favours nobody, which a fresh order each round leaves to chance. */
void pf_shuffle_round(pf_random *random, size_t *items, size_t count, uint32_t round);

#endif
