/* The two kernels, in a file of their own so that nothing is inlined across. */
#include "mix.h"

#ifndef PLACE
#define PLACE "nowhere"
#endif

const char *const places[] = {PLACE "/one", PLACE "/another", PLACE "/two", PLACE "/3",
			      "one",        "another",        "two"};

uint64_t mix(uint64_t *words, int count)
{
	uint64_t hash = 0x9e3779b97f4a7c15u;
	for (int i = 0; i < count; i++) {
		hash = (hash ^ words[i]) * 0xff51afd7ed558ccdu;
		hash ^= hash >> 29;
	}
	return hash;
}

void sift(uint64_t *words, int count)
{
	for (int i = 1; i < count; i++) {
		uint64_t word = words[i];
		int at = i;
		for (; at > 0 && words[at - 1] > word; at--) {
			words[at] = words[at - 1];
		}
		words[at] = word;
	}
}
