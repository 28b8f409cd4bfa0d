#include "harness/stats/student.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "harness/stats/enough.h"

/* Continued fraction of the incomplete beta function by Lentz's method. */
static double beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300, precision = 1e-15;
	double c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0);
	d = 1.0 / (fabs(d) < tiny ? tiny : d);
	double h = d;
	for (int m = 1; m <= 500; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		d = 1.0 + even * d;
		c = 1.0 + even / c;
		d = 1.0 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		h *= d * c;
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		d = 1.0 + odd * d;
		c = 1.0 + odd / c;
		d = 1.0 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		h *= d * c;
		if (fabs(d * c - 1.0) < precision) {
			break;
		}
	}
	return h;
}

/* Regularised incomplete beta function I_x(a, b). */
double pf_incomplete_beta(double a, double b, double x)
{
	if (x <= 0.0 || x >= 1.0) {
		return x <= 0.0 ? 0.0 : 1.0;
	}
	double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
	/* The fraction converges fast below the distribution's bulk; the symmetry covers the rest. */
	return x < (a + 1.0) / (a + b + 2.0) ? front * beta_fraction(a, b, x) / a
					     : 1.0 - front * beta_fraction(b, a, 1.0 - x) / b;
}

double pf_student_cdf(double t, double df)
{
	/* Near 0 the argument of the first form rounds to 1; the second one is its complement. */
	double tail = t * t > df ? 0.5 * pf_incomplete_beta(df / 2.0, 0.5, df / (df + t * t))
				 : 0.5 - 0.5 * pf_incomplete_beta(0.5, df / 2.0, t * t / (df + t * t));
	return t > 0.0 ? 1.0 - tail : tail;
}

double pf_student_quantile(double p, double df)
{
	assert(p > 0.0 && p < 1.0 && df > 0.0);
	double low = -1.0, high = 1.0;
	while (pf_student_cdf(low, df) > p) {
		low *= 2.0;
	}
	while (pf_student_cdf(high, df) < p) {
		high *= 2.0;
	}
	double scale = exp(lgamma(0.5 * (df + 1.0)) - lgamma(0.5 * df)) / sqrt(df * 3.14159265358979324);
	double t = 0.5 * (low + high);
	/* Newton's steps where they stay within the bounds, which close in, else halving. */
	for (int i = 0; i < 200 && high - low > 1e-13 * fabs(high); i++) {
		double miss = pf_student_cdf(t, df) - p;
		*(miss < 0.0 ? &low : &high) = t;
		double step = miss / (scale * pow(1.0 + t * t / df, -0.5 * (df + 1.0)));
		if (fabs(step) <= 1e-14 * fabs(t)) {
			return t - step;
		}
		t = t - step > low && t - step < high ? t - step : 0.5 * (low + high);
	}
	return t;
}

pf_interval pf_mean_interval(const double *samples, size_t n, double level)
{
	assert(n >= 1);
	double sum = 0.0, squares = 0.0;
	for (size_t i = 0; i < n; i++) {
		sum += samples[i];
	}
	double mean = sum / (double)n;
	pf_interval result = {.mean = mean, .low = mean, .high = mean, .level = level, .n = n};
	if (n < 2) {
		return result;
	}
	for (size_t i = 0; i < n; i++) {
		squares += (samples[i] - mean) * (samples[i] - mean);
	}
	double error = sqrt(squares / (double)(n - 1) / (double)n);
	double half = pf_student_quantile(0.5 + level / 2.0, (double)(n - 1)) * error;
	result.low = mean - half;
	result.high = mean + half;
	result.has_interval = true;
	return result;
}

pf_interval pf_ratio_interval(const double *a, const double *b, size_t n, double level)
{
	assert(n >= 1);
	double *logs = malloc(n * sizeof *logs);
	if (!logs) {
		pf_out_of_memory();
	}
	for (size_t i = 0; i < n; i++) {
		logs[i] = log(a[i] / b[i]);
	}
	pf_interval result = pf_mean_interval(logs, n, level);
	free(logs);
	result.mean = exp(result.mean);
	result.low = exp(result.low);
	result.high = exp(result.high);
	return result;
}

pf_interval pf_total_ratio_interval(const double *a, const double *b, size_t n, double level)
{
	assert(n >= 1);
	double sum_a = 0.0, sum_b = 0.0, squares = 0.0;
	for (size_t i = 0; i < n; i++) {
		sum_a += a[i];
		sum_b += b[i];
	}
	double ratio = sum_a / sum_b;
	pf_interval result = {.mean = ratio, .low = ratio, .high = ratio, .level = level, .n = n};
	if (n < 2) {
		return result;
	}
	for (size_t i = 0; i < n; i++) {
		squares += (a[i] - ratio * b[i]) * (a[i] - ratio * b[i]);
	}
	double error = sqrt(squares / (double)(n - 1) / (double)n) / (sum_b / (double)n);
	double half = pf_student_quantile(0.5 + level / 2.0, (double)(n - 1)) * error / ratio;
	result.low = ratio * exp(-half);
	result.high = ratio * exp(half);
	result.has_interval = true;
	return result;
}

pf_interval pf_interval_within(pf_interval interval, double least, double most)
{
	interval.low = fmax(interval.low, least);
	interval.high = fmin(interval.high, most);
	return interval;
}
