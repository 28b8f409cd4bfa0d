/* Theil-Sen and the bootstraps against published examples and by what they promise; how often their intervals
 * hold is test_coverage.c's. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/stats/bootstrap.h"
#include "harness/stats/theil_sen.h"
#include "tests/unit/noise.h"

static void check_near(double actual, double expected, double tolerance)
{
	if (!(fabs(actual - expected) <= tolerance)) {
		print_error("%.15g, not %.15g +-%g\n", actual, expected, tolerance);
		fail();
	}
}

/* Hollander and Wolfe, example 9.1 (cloud seeding in Australia): slope -0.056. */
static void test_slope_published(void **state)
{
	(void)state;
	const double year[] = {1, 2, 3, 4, 5}, ratio[] = {1.26, 1.27, 1.12, 1.16, 1.03};
	check_near(pf_theil_sen(year, ratio, 5), -0.05625, 1e-12);
}

static void test_slope_resists(void **state)
{
	(void)state;
	double x[50], y[50];
	for (int i = 0; i < 50; i++) {
		x[i] = 0.5 * i;
		y[i] = i % 4 == 3 ? 1e6 : 3 - 0.25 * x[i]; /* a quarter is wild */
	}
	check_near(pf_theil_sen(x, y, 50), -0.25, 0.02);
	const double twice[] = {1, 1, 2, 2}, steps[] = {5, 5, 7, 7}; /* equal x give no slope */
	check_near(pf_theil_sen(twice, steps, 4), 2, 0);
}

static void test_slope_interval(void **state)
{
	(void)state;
	double x[60], y[60];
	pf_random random = {.state = 21};
	for (int i = 0; i < 60; i++) {
		x[i] = i;
		y[i] = 2 + 0.3 * i;
	}
	pf_interval exact = pf_theil_sen_interval(x, y, 60, 0, 200, 0.95, 1);
	assert_true(exact.has_interval && exact.n == 60);
	check_near(exact.low, 0.3, 1e-12);
	check_near(exact.high, 0.3, 1e-12);
	for (int i = 0; i < 60; i++) {
		y[i] += draw_normal(&random);
	}
	pf_interval one = pf_theil_sen_interval(x, y, 60, 0, 500, 0.95, 1),
		    same = pf_theil_sen_interval(x, y, 60, 0, 500, 0.95, 1),
		    strict = pf_theil_sen_interval(x, y, 60, 0, 500, 0.99, 1);
	check_near(one.low, same.low, 0); /* the seed decides */
	check_near(one.high, same.high, 0);
	check_near(one.mean, pf_theil_sen(x, y, 60), 0);
	assert_true(one.low < one.mean && one.mean < one.high);
	assert_true(strict.low < one.low && one.high < strict.high);
	/* Least squares would have the standard error sqrt(12 / n^3); both are of one size. */
	double expected = 2 * 2 * sqrt(12.0 / (60.0 * 60 * 60));
	assert_true(one.high - one.low > 0.7 * expected && one.high - one.low < 2.5 * expected);
	assert_false(pf_theil_sen_interval(x, y, PF_TREND_LEAST - 1, 0, 200, 0.95, 1).has_interval);
}

static double variance_of(double *samples, size_t n, void *context)
{
	double sum = 0, squares = 0;
	(void)context;
	for (size_t i = 0; i < n; i++) {
		sum += samples[i];
	}
	for (size_t i = 0; i < n; i++) {
		squares += (samples[i] - sum / (double)n) * (samples[i] - sum / (double)n);
	}
	return squares / (double)n;
}

static double mean_of(double *samples, size_t n, void *context)
{
	(void)context;
	double sum = 0;
	for (size_t i = 0; i < n; i++) {
		sum += samples[i];
	}
	return sum / (double)n;
}

/* The resamples' mean of a mean is the mean, and their deviation is known: sigma / sqrt(n). */
static void test_means(void **state)
{
	(void)state;
	double samples[200];
	for (int i = 0; i < 200; i++) {
		samples[i] = i;
	}
	pf_bootstrap plan = {0.95, 4000, 5};
	pf_interval got = pf_bootstrap_percentile(samples, 200, mean_of, NULL, &plan),
		    bca = pf_bootstrap_bca(samples, 200, mean_of, NULL, &plan);
	double half = 1.97196 * sqrt(variance_of(samples, 200, NULL) / 199);
	check_near(got.mean, 99.5, 0);
	check_near(got.low, 99.5 - half, 0.5);
	check_near(got.high, 99.5 + half, 0.5);
	assert_true(got.has_interval && got.n == 200);
	check_near(bca.low, got.low, 0.7); /* a symmetric sample: nothing to correct */
	check_near(bca.high, got.high, 0.7);
}

static double square_of_variance(double *samples, size_t n, void *context)
{
	double variance = variance_of(samples, n, context);
	return variance * variance;
}

/* Eight copies of Efron and Tibshirani's spatial test data (1993, table 14.1), of which the book takes the
 * variance (171.5) and its 90 % interval. The ends are those of a second implementation (numpy, 200,000
 * resamples). A BCa interval of a rising function of a statistic is that function of its interval. */
static void test_bca_of_a_variance(void **state)
{
	(void)state;
	static const double spatial[] = {48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6,
					 0,  33, 28, 34, 4,  32, 24, 47, 41, 24, 26, 30, 41};
	double samples[208];
	for (int i = 0; i < 208; i++) {
		samples[i] = spatial[i % 26];
	}
	pf_bootstrap plan = {0.90, 10000, 6};
	pf_interval percentile = pf_bootstrap_percentile(samples, 208, variance_of, NULL, &plan),
		    bca = pf_bootstrap_bca(samples, 208, variance_of, NULL, &plan),
		    squared = pf_bootstrap_bca(samples, 208, square_of_variance, NULL, &plan);
	check_near(bca.mean, 171.534, 0.001);
	check_near(percentile.low, 146.142, 0.7);
	check_near(percentile.high, 195.757, 0.7);
	check_near(bca.low, 148.663, 0.9);
	check_near(bca.high, 198.769, 0.9);
	check_near(sqrt(squared.low), bca.low, 0.5);
	check_near(sqrt(squared.high), bca.high, 0.5);
}

static void test_too_few(void **state)
{
	(void)state;
	double samples[PF_BCA_LEAST];
	for (int i = 0; i < PF_BCA_LEAST; i++) {
		samples[i] = i % 7;
	}
	pf_bootstrap plan = {0.95, 200, 5};
	assert_true(pf_bootstrap_bca(samples, PF_BCA_LEAST, mean_of, NULL, &plan).has_interval);
	assert_true(pf_bootstrap_percentile(samples, PF_PERCENTILE_LEAST, mean_of, NULL, &plan).has_interval);
	pf_interval few[] = {pf_bootstrap_bca(samples, PF_BCA_LEAST - 1, mean_of, NULL, &plan),
			     pf_bootstrap_percentile(samples, PF_PERCENTILE_LEAST - 1, mean_of, NULL, &plan)};
	for (int i = 0; i < 2; i++) {
		assert_false(few[i].has_interval);
		check_near(few[i].low, few[i].mean, 0);
	}
	memset(samples, 0, sizeof samples); /* nothing varies */
	pf_interval still = pf_bootstrap_bca(samples, PF_BCA_LEAST, mean_of, NULL, &plan);
	check_near(still.low, 0, 0);
	check_near(still.high, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slope_published),   cmocka_unit_test(test_slope_resists),
		cmocka_unit_test(test_slope_interval),    cmocka_unit_test(test_means),
		cmocka_unit_test(test_bca_of_a_variance), cmocka_unit_test(test_too_few),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
