/* Theil-Sen and the bootstraps against published examples and by what they promise; how often their intervals
 * hold is test_coverage.c's. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slope_published),
		cmocka_unit_test(test_slope_resists),
		cmocka_unit_test(test_slope_interval),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
