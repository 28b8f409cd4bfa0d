#include "harness/stats/histogram.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "harness/stats/order_statistics.h"

struct pf_histogram {
	unsigned bits;
	size_t buckets;
	uint64_t count, least, most;
	uint64_t counts[];
};

pf_histogram *pf_histogram_create(unsigned bits)
{
	assert(bits >= 1 && bits <= 12);
	/* 2^(bits + 1) buckets of width 1, then 2^bits for each further power of two. */
	size_t buckets = (size_t)(65 - bits) << bits;
	pf_histogram *histogram = calloc(1, sizeof *histogram + buckets * sizeof *histogram->counts);
	if (histogram) {
		histogram->bits = bits;
		histogram->buckets = buckets;
		histogram->least = UINT64_MAX;
	}
	return histogram;
}

void pf_histogram_free(pf_histogram *histogram)
{
	free(histogram);
}

/* The power of two of a bucket's width. */
static unsigned shift_of(const pf_histogram *histogram, uint64_t value)
{
	unsigned length = value ? 64u - (unsigned)__builtin_clzll(value) : 0;
	return length > histogram->bits + 1 ? length - histogram->bits - 1 : 0;
}

static size_t bucket_of(const pf_histogram *histogram, uint64_t value)
{
	unsigned shift = shift_of(histogram, value);
	return ((size_t)shift << histogram->bits) + (size_t)(value >> shift);
}

static void bounds_of(const pf_histogram *histogram, size_t bucket, uint64_t *first, uint64_t *last)
{
	size_t row = bucket >> histogram->bits;
	unsigned shift = row > 1 ? (unsigned)row - 1 : 0;
	uint64_t within = bucket - ((size_t)shift << histogram->bits);
	*first = within << shift;
	*last = *first + ((UINT64_C(1) << shift) - 1);
}

void pf_histogram_add(pf_histogram *histogram, uint64_t value)
{
	histogram->counts[bucket_of(histogram, value)]++;
	histogram->count++;
	histogram->least = value < histogram->least ? value : histogram->least;
	histogram->most = value > histogram->most ? value : histogram->most;
}

uint64_t pf_histogram_count(const pf_histogram *histogram)
{
	return histogram->count;
}

uint64_t pf_histogram_least(const pf_histogram *histogram)
{
	return histogram->count ? histogram->least : 0;
}

uint64_t pf_histogram_most(const pf_histogram *histogram)
{
	return histogram->most;
}

/* Bounds of the value of the 1-based rank, no wider than all values. */
static void rank_bounds(const pf_histogram *histogram, uint64_t rank, double *low, double *high)
{
	uint64_t before = 0, first, last;
	size_t bucket = 0;
	while (before + histogram->counts[bucket] < rank) {
		before += histogram->counts[bucket++];
	}
	bounds_of(histogram, bucket, &first, &last);
	*low = (double)(first > histogram->least ? first : histogram->least);
	*high = (double)(last < histogram->most ? last : histogram->most);
}

bool pf_histogram_percentile(const pf_histogram *histogram, double p, double level, pf_percentile *out)
{
	size_t low_rank, high_rank;
	double low, high, ignored;
	if (!pf_quantile_ranks((size_t)histogram->count, p, level, &low_rank, &high_rank)) {
		return false;
	}
	*out = (pf_percentile){.n = histogram->count};
	rank_bounds(histogram, (uint64_t)ceil(p * (double)histogram->count), &low, &high);
	out->value = 0.5 * (low + high);
	rank_bounds(histogram, low_rank, &out->low, &ignored);
	rank_bounds(histogram, high_rank, &ignored, &out->high);
	return true;
}
