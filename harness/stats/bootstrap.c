#include "harness/stats/bootstrap.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/order_statistics.h"
#include "harness/stats/random.h"

static double normal_cdf(double z)
{
	return 0.5 * erfc(-z * 0.70710678118654752);
}

static double normal_quantile(double p)
{
	double low = -40.0, high = 40.0;
	for (int i = 0; i < 80; i++) {
		double middle = 0.5 * (low + high);
		if (normal_cdf(middle) < p) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return 0.5 * (low + high);
}

/* The statistic as it is and, if there are enough samples, of the resamples, ascending. */
typedef struct replicates {
	bool enough;
	double estimate;
	double *sorted, *scratch; /* resamples; n */
	size_t count;
} replicates;

static replicates replicate(const double *samples, size_t n, size_t least, pf_statistic statistic,
			    void *context, const pf_bootstrap *plan)
{
	assert(plan->resamples >= 200 && plan->level > 0.0 && plan->level < 1.0);
	replicates r = {.enough = n >= least,
			.count = plan->resamples,
			.sorted = malloc((plan->resamples + n) * sizeof(double))};
	if (!r.sorted) {
		abort();
	}
	r.scratch = r.sorted + plan->resamples;
	memcpy(r.scratch, samples, n * sizeof *samples);
	r.estimate = statistic(r.scratch, n, context);
	if (!r.enough) {
		return r;
	}
	pf_random random = {.state = plan->seed};
	for (size_t i = 0; i < plan->resamples; i++) {
		for (size_t k = 0; k < n; k++) {
			r.scratch[k] = samples[pf_random_below(&random, n)];
		}
		r.sorted[i] = statistic(r.scratch, n, context);
	}
	pf_sort(r.sorted, r.count);
	return r;
}

static pf_interval interval_of(const replicates *r, size_t n, double level, double from, double to)
{
	pf_interval result = {
		.mean = r->estimate, .low = r->estimate, .high = r->estimate, .level = level, .n = n};
	if (r->enough) {
		result.low = pf_quantile(r->sorted, r->count, from);
		result.high = pf_quantile(r->sorted, r->count, to);
		result.has_interval = true;
	}
	return result;
}

/* The level of a tail that makes up for resamples spreading less than samples do: Phi(t_p sqrt(n / (n - 1))).
 */
static double expanded(double p, size_t n)
{
	return n < 2 ? p
		     : normal_cdf(pf_student_quantile(p, (double)(n - 1)) *
				  sqrt((double)n / (double)(n - 1)));
}

pf_interval pf_bootstrap_percentile(const double *samples, size_t n, pf_statistic statistic, void *context,
				    const pf_bootstrap *plan)
{
	assert(n >= 1);
	replicates r = replicate(samples, n, PF_PERCENTILE_LEAST, statistic, context, plan);
	pf_interval result = interval_of(&r, n, plan->level, (1.0 - plan->level) / 2.0,
					 (1.0 + plan->level) / 2.0);
	free(r.sorted);
	return result;
}

/* From leaving out one sample at a time: sum of cubes / (6 (sum of squares)^1.5). */
static double acceleration(const double *samples, size_t n, pf_statistic statistic, void *context,
			   double *scratch)
{
	double *without = malloc(n * sizeof *without), mean = 0.0, squares = 0.0, cubes = 0.0;
	if (!without) {
		abort();
	}
	for (size_t i = 0; i < n; i++) {
		memcpy(scratch, samples, i * sizeof *scratch);
		memcpy(scratch + i, samples + i + 1, (n - 1 - i) * sizeof *scratch);
		without[i] = statistic(scratch, n - 1, context);
		mean += without[i] / (double)n;
	}
	for (size_t i = 0; i < n; i++) {
		double d = mean - without[i];
		squares += d * d;
		cubes += d * d * d;
	}
	free(without);
	return squares > 0.0 ? cubes / (6.0 * pow(squares, 1.5)) : 0.0;
}

pf_interval pf_bootstrap_bca(const double *samples, size_t n, pf_statistic statistic, void *context,
			     const pf_bootstrap *plan)
{
	assert(n >= 1);
	replicates r = replicate(samples, n, PF_BCA_LEAST, statistic, context, plan);
	double from = expanded((1.0 - plan->level) / 2.0, n), to = 1.0 - from, below = 0.0;
	if (r.enough) {
		for (size_t i = 0; i < r.count; i++) {
			below += r.sorted[i] < r.estimate ? 1.0 : r.sorted[i] == r.estimate ? 0.5 : 0.0;
		}
		below /= (double)r.count;
		if (below > 0.0 && below < 1.0) {
			double a = acceleration(samples, n, statistic, context, r.scratch);
			double z0 = normal_quantile(below), low = z0 + normal_quantile(from),
			       high = z0 + normal_quantile(to);
			from = normal_cdf(z0 + low / (1.0 - a * low));
			to = normal_cdf(z0 + high / (1.0 - a * high));
		}
	}
	pf_interval result = interval_of(&r, n, plan->level, from, to);
	free(r.sorted);
	return result;
}
