/* Counts of times over their whole range in little memory, with bounded relative error (as HdrHistogram does
 * it): 64-bit values, linear buckets within each power of two. One owner at a time. */
#ifndef HARNESS_HISTOGRAM_H
#define HARNESS_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct pf_histogram pf_histogram;

/* `bits` 1 to 12: a value is known to within 2^-(bits + 1) of itself; values below 2^(bits + 1) exactly. 7:
 * 0.4 % and 58 KiB. NULL: no memory. */
pf_histogram *pf_histogram_create(unsigned bits);
void pf_histogram_free(pf_histogram *histogram); /* NULL is fine */

void pf_histogram_add(pf_histogram *histogram, uint64_t value);

uint64_t pf_histogram_count(const pf_histogram *histogram);
uint64_t pf_histogram_least(const pf_histogram *histogram); /* exact; 0 where there is none */
uint64_t pf_histogram_most(const pf_histogram *histogram);

/* A percentile with an interval that holds for any distribution of independent values. */
typedef struct pf_percentile {
	double value;     /* middle of the bucket of rank ceil(p n) */
	double low, high; /* from order statistics, widened by their buckets; at least `level` */
	uint64_t n;
} pf_percentile;

/* 0 < p < 1. False where the sample does not allow it: it is too small for the interval to exist
 * (pf_quantile_ranks), so that what it would give is next to its own largest value. */
bool pf_histogram_percentile(const pf_histogram *histogram, double p, double level, pf_percentile *out);

#endif
