#include "harness/stats/random.h"

uint64_t pf_random_next(pf_random *random)
{
	uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

uint64_t pf_random_below(pf_random *random, uint64_t bound)
{
	uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
	uint64_t value;
	do {
		value = pf_random_next(random);
	} while (value >= limit);
	return value % bound;
}

double pf_random_uniform(pf_random *random)
{
	return ((double)(pf_random_next(random) >> 11) + 0.5) * 0x1p-53;
}
