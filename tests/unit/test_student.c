/* Student's t against published tables and closed forms, intervals against worked examples and by coverage.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/stats/shuffle.h"
#include "harness/stats/student.h"

static void check_near(double actual, double expected, double tolerance)
{
	if (!(fabs(actual - expected) <= tolerance)) {
		print_error("%.15g, not %.15g +-%g\n", actual, expected, tolerance);
		fail();
	}
}

static void test_published_quantiles(void **state)
{
	(void)state;
	/* NIST/SEMATECH e-Handbook, 1.3.6.7.2, and its longer digits in Abramowitz and Stegun, 26.10. */
	static const struct {
		double p, df, t;
	} table[] = {
		{0.975, 1, 12.7062},  {0.975, 2, 4.30265},   {0.975, 4, 2.77645}, {0.975, 9, 2.26216},
		{0.975, 30, 2.04227}, {0.975, 120, 1.97993}, {0.90, 3, 1.63774},  {0.95, 1, 6.31375},
		{0.95, 8, 1.85955},   {0.99, 5, 3.36493},    {0.995, 5, 4.03214}, {0.999, 10, 4.14370},
		{0.9995, 3, 12.9240}, {0.75, 1, 1.00000},    {0.5, 7, 0.0},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		double digit = table[i].t > 10 ? 1e-4 : 1e-5;
		check_near(pf_student_quantile(table[i].p, table[i].df), table[i].t, 0.51 * digit);
		check_near(pf_student_quantile(1 - table[i].p, table[i].df), -table[i].t, 0.51 * digit);
	}
	check_near(pf_student_quantile(0.975, 1e7), 1.959964, 1e-6); /* the normal distribution's */
}

/* One and two degrees of freedom have closed forms. */
static void test_cdf_against_closed_forms(void **state)
{
	(void)state;
	for (int i = -135; i <= 135; i++) {
		double t = 0.37 * i;
		check_near(pf_student_cdf(t, 1), 0.5 + atan(t) / 3.14159265358979324, 1e-12);
		check_near(pf_student_cdf(t, 2), 0.5 + t / (2 * sqrt(2 + t * t)), 1e-12);
		check_near(pf_student_cdf(t, 13.5) + pf_student_cdf(-t, 13.5), 1, 1e-12);
	}
	for (int i = 0; i < 40; i++) { /* where df / (df + t * t) rounds to 1 */
		double t = ldexp(1, -i);
		check_near(pf_student_cdf(t, 1), 0.5 + atan(t) / 3.14159265358979324, 1e-12);
		check_near(pf_student_cdf(-t, 2), 0.5 - t / (2 * sqrt(2 + t * t)), 1e-12);
	}
	check_near(pf_student_cdf(0, 5), 0.5, 1e-15);
}

static void test_quantile_inverts_cdf(void **state)
{
	(void)state;
	static const double levels[] = {1e-6, 0.001, 0.025, 0.3, 0.5, 0.77, 0.975, 0.9999};
	for (int k = 0; k < 24; k++) {
		double df = 0.7 + 0.3 * ldexp(1, k / 2) + 0.1 * k;
		for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
			check_near(pf_student_cdf(pf_student_quantile(levels[i], df), df), levels[i], 1e-12);
		}
	}
}

static void test_mean_interval_by_hand(void **state)
{
	(void)state;
	const double samples[] = {46.1, 45.3, 46.9, 46.0, 46.7};
	pf_interval interval = pf_mean_interval(samples, 5, 0.95);
	assert_true(interval.has_interval);
	assert_int_equal(interval.n, 5);
	check_near(interval.level, 0.95, 0);
	check_near(interval.mean, 46.2, 1e-12);
	check_near(interval.low, 45.4147027, 1e-6);
	check_near(interval.high, 46.9852973, 1e-6);
	interval = pf_mean_interval(samples, 5, 0.90);
	check_near(interval.high - interval.mean, 2.1318468 * 0.2828427, 1e-6);
}

static void test_one_sample_has_no_interval(void **state)
{
	(void)state;
	const double sample = 3, other = 2;
	pf_interval interval = pf_mean_interval(&sample, 1, 0.95);
	assert_false(interval.has_interval);
	check_near(interval.low, 3, 0);
	check_near(interval.high, 3, 0);
	interval = pf_ratio_interval(&sample, &other, 1, 0.95);
	assert_false(interval.has_interval);
	check_near(interval.mean, 1.5, 1e-15);
}

static void test_ratio_interval_by_hand(void **state)
{
	(void)state;
	/* Log-ratios 1, 2 and 3 times ln 2: mean 2 ln 2, deviation ln 2, t(0.975, 2) = 4.30265. */
	const double a[] = {6, 40, 8}, b[] = {3, 10, 1};
	pf_interval ratio = pf_ratio_interval(a, b, 3, 0.95);
	check_near(ratio.mean, 4, 1e-12);
	check_near(ratio.low, 0.7149242, 1e-6);
	check_near(ratio.high, 22.3799935, 1e-5);
	pf_interval inverse = pf_ratio_interval(b, a, 3, 0.95);
	check_near(inverse.mean * ratio.mean, 1, 1e-12);
	check_near(inverse.low * ratio.high, 1, 1e-12);
	/* Paired: what both share cancels out. */
	const double drifting[] = {2, 20, 200}, half[] = {1, 10, 100};
	ratio = pf_ratio_interval(drifting, half, 3, 0.95);
	check_near(ratio.low, 2, 1e-9);
	check_near(ratio.high, 2, 1e-9);
}

static double uniform(pf_random *random)
{
	return ((double)(pf_random_next(random) >> 11) + 0.5) * 0x1p-53;
}

static double normal(pf_random *random)
{
	double radius = sqrt(-2 * log(uniform(random)));
	return radius * cos(2 * 3.14159265358979324 * uniform(random));
}

/* A 95 % interval holds the truth in 95 % of the cases, also with 3 samples. */
static void test_coverage(void **state)
{
	(void)state;
	enum { ROUNDS = 20000 };
	pf_random random = {.state = 20240521};
	for (size_t n = 2; n <= 10; n += n < 3 ? 1 : 7) {
		int mean_holds = 0, ratio_holds = 0;
		for (int round = 0; round < ROUNDS; round++) {
			double a[10], b[10], x[10];
			for (size_t i = 0; i < n; i++) {
				double shared = exp(normal(&random)); /* a slow round is slow for both */
				a[i] = shared * 3.9 * exp(0.1 * normal(&random));
				b[i] = shared;
				x[i] = 46.1 + 0.8 * normal(&random);
			}
			pf_interval mean = pf_mean_interval(x, n, 0.95),
				    ratio = pf_ratio_interval(a, b, n, 0.95);
			mean_holds += mean.low <= 46.1 && 46.1 <= mean.high;
			ratio_holds += ratio.low <= 3.9 && 3.9 <= ratio.high;
		}
		/* 4 standard errors of a share of 0.95. */
		check_near((double)mean_holds / ROUNDS, 0.95, 0.0062);
		check_near((double)ratio_holds / ROUNDS, 0.95, 0.0062);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_quantiles),
		cmocka_unit_test(test_cdf_against_closed_forms),
		cmocka_unit_test(test_quantile_inverts_cdf),
		cmocka_unit_test(test_mean_interval_by_hand),
		cmocka_unit_test(test_one_sample_has_no_interval),
		cmocka_unit_test(test_ratio_interval_by_hand),
		cmocka_unit_test(test_coverage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
