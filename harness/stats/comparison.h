/* From paired times to a ratio and one of the four words. Pure functions. */
#ifndef HARNESS_COMPARISON_H
#define HARNESS_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/stats/words.h"

#define PF_COMPARISON_LEVEL 0.95 /* of the interval that is shown */
#define PF_COMPARISON_ALPHA 0.01

typedef struct pf_comparison_rules {
	double margin;      /* > 0, as a share: differences within it are none */
	double alpha;       /* 0 < alpha < 1: the chance of a false word, at most */
	bool until_decided; /* the number of pairs was not fixed beforehand: the word is the e-process's */
} pf_comparison_rules;

typedef struct pf_comparison {
	pf_interval ratio;  /* times of A over times of B, geometric mean, at PF_COMPARISON_LEVEL */
	pf_interval strict; /* the same at the level 1 - alpha: what the word rests on, if fixed beforehand */
	pf_interval totals; /* total time of A over that of B, at the level 1 - alpha */
	pf_word word;       /* for A */
	pf_word withheld;   /* what the ratios alone would say, where the totals do not agree and the word is
			     * therefore undecided; else undecided */
	size_t decided_after; /* pairs that the e-process took; 0: it did not decide, or was not asked */
} pf_comparison;

/* Compares times of A and B, all > 0, paired by round, `n` >= 1. Where the number of pairs was fixed, the
 * word is pf_word_of the strict interval; else it is that of pf_eprocess over the pairs in their order, and
 * asking after each pair costs nothing in errors. One pair has no interval, and no word.
 *
 * Ratios and totals answer different questions where times vary much (a cache that holds every second time).
 * A word is said only where both agree: faster and slower need the whole interval of the totals on the same
 * side of 1, equivalent their ratio within the margin. That takes words away and adds none, so that alpha
 * stays an upper bound. */
pf_comparison pf_compare(const double *a, const double *b, size_t n, const pf_comparison_rules *rules);

#endif
