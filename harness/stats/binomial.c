#include "harness/stats/binomial.h"

#include <assert.h>

#include "harness/stats/student.h"

/* The x at which the beta distribution with a and b has the probability p below it. */
static double beta_quantile(double p, double a, double b)
{
	double low = 0.0, high = 1.0;
	for (int i = 0; i < 100; i++) {
		double middle = 0.5 * (low + high);
		if (pf_incomplete_beta(a, b, middle) < p) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return 0.5 * (low + high);
}

void pf_binomial_interval(size_t successes, size_t n, double level, double *low, double *high)
{
	assert(n >= 1 && successes <= n);
	double tail = (1.0 - level) / 2.0, k = (double)successes, total = (double)n;
	*low = successes == 0 ? 0.0 : beta_quantile(tail, k, total - k + 1.0);
	*high = successes == n ? 1.0 : beta_quantile(1.0 - tail, k + 1.0, total - k);
}

double pf_binomial_upper(size_t successes, size_t n, double level)
{
	assert(n >= 1 && successes <= n);
	return successes == n ? 1.0 : beta_quantile(level, (double)successes + 1.0, (double)(n - successes));
}
