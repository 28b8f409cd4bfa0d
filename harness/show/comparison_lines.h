/* A comparison in words. */
#ifndef HARNESS_COMPARISON_LINES_H
#define HARNESS_COMPARISON_LINES_H

#include <stdio.h>

#include "harness/stats/comparison.h"

/* One part of a difference. */
typedef struct pf_part_share {
	const char *name;
	pf_interval share; /* 0.05 is +5 % */
} pf_part_share;

/* Which word `a` gets against `b`, the ratio with its interval, and what the word rests on; `pairs` >= 1. */
void pf_comparison_print(const char *a, const char *b, const pf_comparison *comparison, size_t pairs,
			 const pf_comparison_rules *rules, int columns, FILE *stream);

/* The same in one line for their CPU times, which stands beside it: a busy machine moves them less. A line
 * more where a verdict is withheld. */
void pf_comparison_print_cpu(const char *a, const char *b, const pf_comparison *cpu, size_t pairs,
			     const pf_comparison_rules *rules, int columns, FILE *stream);

/* "-18 %: decode -21, wait +3": the largest first, those below 0.1 points summed up; in brackets where the
 * interval holds 0. Reorders the parts. `total` is the share that they add up to. */
void pf_split_text(double total, pf_part_share *parts, size_t count, char *out, size_t capacity);

#endif
