#include "harness/stats/shuffle.h"

static void swap(size_t *items, size_t a, size_t b)
{
	size_t kept = items[a];
	items[a] = items[b];
	items[b] = kept;
}

void pf_shuffle(pf_random *random, size_t *items, size_t count)
{
	for (size_t i = count; i > 1; i--) {
		swap(items, i - 1, (size_t)pf_random_below(random, i));
	}
}

void pf_shuffle_round(pf_random *random, size_t *items, size_t count, uint32_t round)
{
	if (round % 2 == 0) {
		for (size_t i = 0; i < count / 2; i++) {
			swap(items, i, count - 1 - i);
		}
		return;
	}
	for (size_t i = 0; i < count; i++) {
		items[i] = i;
	}
	pf_shuffle(random, items, count);
}
