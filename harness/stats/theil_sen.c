#include "harness/stats/theil_sen.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "harness/stats/enough.h"
#include "harness/stats/order_statistics.h"
#include "harness/stats/random.h"

static double slope_of(const double *x, const double *y, size_t n, double *slopes)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = i + 1; k < n; k++) {
			if (x[i] != x[k]) {
				slopes[count++] = (y[k] - y[i]) / (x[k] - x[i]);
			}
		}
	}
	assert(count > 0);
	return pf_median_reorder(slopes, count);
}

static double *room(size_t count)
{
	double *memory = malloc(count * sizeof *memory);
	if (!memory) {
		pf_out_of_memory();
	}
	return memory;
}

double pf_theil_sen(const double *x, const double *y, size_t n)
{
	assert(n >= 2 && n <= PF_TREND_MOST);
	double *slopes = room(n * (n - 1) / 2);
	double slope = slope_of(x, y, n, slopes);
	free(slopes);
	return slope;
}

static size_t block_of(size_t n, size_t block)
{
	size_t wanted = block ? block : (size_t)(2.0 * cbrt((double)n)) + 1;
	return wanted < n / 4 ? wanted : n / 4;
}

/* Fitted line plus residuals in blocks, the last one cut. */
static void resample(const double *fitted, const double *residuals, size_t n, size_t block, pf_random *random,
		     double *y)
{
	for (size_t at = 0; at < n;) {
		size_t from = (size_t)pf_random_below(random, n);
		for (size_t i = 0; i < block && at < n; i++, at++) {
			y[at] = fitted[at] + residuals[(from + i) % n];
		}
	}
}

/* A line was fitted to what are as many independent values as there are blocks: their residuals are smaller
 * than the noise, and its size is known no better than by so many. */
static double stretch_of(double blocks, double level)
{
	double p = 0.5 + level / 2.0;
	return sqrt(blocks / (blocks - 2.0)) * pf_student_quantile(p, blocks - 2.0) /
	       pf_student_quantile(p, 1e7);
}

pf_interval pf_theil_sen_interval(const double *x, const double *y, size_t n, size_t block, size_t resamples,
				  double level, uint64_t seed)
{
	assert(n >= 2 && n <= PF_TREND_MOST && resamples >= 200);
	double *slopes = room(n * (n - 1) / 2), *scratch = room(3 * n + resamples);
	double *fitted = scratch, *residuals = scratch + n, *drawn = scratch + 2 * n,
	       *again = scratch + 3 * n;
	double slope = slope_of(x, y, n, slopes);
	pf_interval result = {.mean = slope, .low = slope, .high = slope, .level = level, .n = n};
	if (n >= PF_TREND_LEAST) {
		for (size_t i = 0; i < n; i++) {
			drawn[i] = y[i] - slope * x[i];
		}
		double offset = pf_median(drawn, n);
		for (size_t i = 0; i < n; i++) {
			fitted[i] = offset + slope * x[i];
			residuals[i] = y[i] - fitted[i];
		}
		pf_random random = {.state = seed};
		for (size_t i = 0; i < resamples; i++) {
			resample(fitted, residuals, n, block_of(n, block), &random, drawn);
			again[i] = slope_of(x, drawn, n, slopes);
		}
		pf_sort(again, resamples);
		double stretch = stretch_of((double)n / (double)block_of(n, block), level);
		result.low = slope + stretch * (pf_quantile(again, resamples, (1.0 - level) / 2.0) - slope);
		result.high = slope + stretch * (pf_quantile(again, resamples, (1.0 + level) / 2.0) - slope);
		result.has_interval = true;
	}
	free(slopes);
	free(scratch);
	return result;
}
