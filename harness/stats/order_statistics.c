#include "harness/stats/order_statistics.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/enough.h"
#include "harness/stats/student.h"

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

void pf_sort(double *samples, size_t n)
{
	qsort(samples, n, sizeof *samples, ascending);
}

/* Puts the element of rank k (from 0) where sorting would, nothing larger before it and nothing smaller
 * behind (Hoare's selection). */
static double select_rank(double *samples, size_t n, size_t k)
{
	size_t low = 0, high = n - 1;
	while (low < high) {
		double pivot = samples[low + (high - low) / 2];
		size_t i = low, j = high;
		while (i <= j) {
			while (samples[i] < pivot) {
				i++;
			}
			while (samples[j] > pivot) {
				j--;
			}
			if (i <= j) {
				double kept = samples[i];
				samples[i++] = samples[j];
				samples[j] = kept;
				if (j == 0) {
					break;
				}
				j--;
			}
		}
		if (k <= j) {
			high = j;
		} else if (k >= i) {
			low = i;
		} else {
			break;
		}
	}
	return samples[k];
}

double pf_median_reorder(double *samples, size_t n)
{
	assert(n >= 1);
	double upper = select_rank(samples, n, n / 2);
	if (n % 2) {
		return upper;
	}
	double lower = samples[0];
	for (size_t i = 1; i < n / 2; i++) {
		lower = samples[i] > lower ? samples[i] : lower;
	}
	return 0.5 * (lower + upper);
}

static double *copy_of(const double *samples, size_t n)
{
	double *copy = malloc(n * sizeof *copy);
	if (!copy) {
		pf_out_of_memory();
	}
	return memcpy(copy, samples, n * sizeof *copy);
}

double pf_median(const double *samples, size_t n)
{
	assert(n >= 1);
	double *copy = copy_of(samples, n);
	double median = pf_median_reorder(copy, n);
	free(copy);
	return median;
}

double pf_quantile(const double *sorted, size_t n, double p)
{
	assert(n >= 1 && p >= 0.0 && p <= 1.0);
	double at = p * (double)(n - 1);
	size_t below = (size_t)at;
	return below + 1 >= n ? sorted[n - 1]
			      : sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]);
}

/* P(X <= k) for X of n trials with the probability p. */
static double binomial_cdf(size_t k, size_t n, double p)
{
	return k >= n ? 1.0 : pf_incomplete_beta((double)(n - k), (double)k + 1.0, 1.0 - p);
}

int pf_quantile_ranks(size_t n, double p, double level, size_t *low, size_t *high)
{
	assert(p > 0.0 && p < 1.0 && level > 0.0 && level < 1.0);
	double tail = (1.0 - level) / 2.0;
	if (n == 0 || binomial_cdf(0, n, p) > tail || binomial_cdf(n - 1, n, p) < 1.0 - tail) {
		return 0;
	}
	/* The largest rank with P(fewer than it lie below the quantile) within the tail. */
	size_t from = 1, to = n;
	while (from < to) {
		size_t middle = from + (to - from + 1) / 2;
		if (binomial_cdf(middle - 1, n, p) <= tail) {
			from = middle;
		} else {
			to = middle - 1;
		}
	}
	*low = from;
	for (from = 1, to = n; from < to;) {
		size_t middle = from + (to - from) / 2;
		if (binomial_cdf(middle - 1, n, p) >= 1.0 - tail) {
			to = middle;
		} else {
			from = middle + 1;
		}
	}
	*high = from;
	return 1;
}
