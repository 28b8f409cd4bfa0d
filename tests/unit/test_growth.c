/* Exponents, laws and verdicts of growth; the knee of a sweep. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "harness/micro/complexity.h"
#include "harness/show/sweep_table.h"
#include "harness/stats/power_law.h"

enum { POINTS = 7 };

static double n[POINTS], t[POINTS];

/* t = f(n) with a disturbance that alternates by +-`noise`. */
static void draw(double (*f)(double), double noise)
{
	for (int i = 0; i < POINTS; i++) {
		n[i] = 430.0 * (1 << i);
		t[i] = f(n[i]) * (1 + (i % 2 ? noise : -noise));
	}
}

static double linear(double x)
{
	return 7 * x;
}

static double with_fixed(double x)
{
	return 100000 + 7 * x;
}

static double n_log_n(double x)
{
	return 3 * x * log2(1 + x);
}

static double squared(double x)
{
	return 0.5 * x * x;
}

static double constant(double x)
{
	return 42 + 0 * x;
}

static pf_law law_of(double (*f)(double), double noise)
{
	draw(f, noise);
	return pf_law_best(n, t, POINTS).law;
}

static void test_laws(void **state)
{
	(void)state;
	for (int percent = -1; percent <= 1; percent++) {
		double noise = percent / 100.0;
		assert_int_equal(law_of(linear, noise), PF_LAW_N);
		assert_int_equal(law_of(with_fixed, noise), PF_LAW_N);
		assert_int_equal(law_of(squared, noise), PF_LAW_N2);
		assert_int_equal(law_of(constant, noise), PF_LAW_1);
	}
	assert_int_equal(law_of(n_log_n, 0), PF_LAW_N_LOG);
	draw(with_fixed, 0);
	pf_law_fit fit = pf_law_best(n, t, POINTS);
	assert_true(fabs(fit.fixed - 100000) < 1 && fabs(fit.factor - 7) < 1e-3 && fit.error < 1e-9);
	assert_string_equal(pf_law_name(PF_LAW_N_LOG), "n log n");
}

static void test_exponents(void **state)
{
	(void)state;
	draw(squared, 0);
	pf_interval exact = pf_power_exponent(n, t, POINTS, 0.95);
	assert_true(fabs(exact.mean - 2) < 1e-12 && exact.high - exact.low < 1e-6);
	draw(linear, 0.05);
	pf_interval noisy = pf_power_exponent(n, t, POINTS, 0.95);
	assert_true(noisy.low < 1 && noisy.high > 1 && noisy.high - noisy.low > 0.02 && noisy.high < 1.1);
	/* By hand: x = 0, 1, 2, 3 (log 2), y = 0, 1, 1, 2: slope 0.6, residual variance 0.1, t(0.975, 2)
	 * = 4.3027. */
	const double of[] = {1, 2, 4, 8}, times[] = {1, 2, 2, 4};
	pf_interval hand = pf_power_exponent(of, times, 4, 0.95);
	assert_true(fabs(hand.mean - 0.6) < 1e-9);
	assert_true(fabs(hand.high - 0.6 - 4.302653 * sqrt(0.1 / 5)) < 1e-5);
}

static pf_growth_verdict verdict_of(double (*f)(double), double noise)
{
	pf_growth growth = {.count = POINTS};
	draw(f, noise);
	for (int i = 0; i < POINTS; i++) {
		growth.points[i] = (pf_growth_point){.n = (uint64_t)n[i], .least_ns = t[i]};
	}
	pf_growth_judge(&growth);
	return growth.verdict;
}

static void test_verdicts(void **state)
{
	(void)state;
	assert_int_equal(verdict_of(linear, 0.05), PF_GROWTH_FINE);
	assert_int_equal(verdict_of(n_log_n, 0.02), PF_GROWTH_FINE);
	assert_int_equal(verdict_of(constant, 0.05), PF_GROWTH_FINE);
	assert_int_equal(verdict_of(squared, 0.05), PF_GROWTH_TOO_FAST);
	assert_int_equal(verdict_of(linear, 0.7), PF_GROWTH_UNDECIDED);
	pf_growth few = {.count = PF_POWER_LEAST_POINTS - 1};
	pf_growth_judge(&few);
	assert_int_equal(few.verdict, PF_GROWTH_UNKNOWN);
	assert_string_equal(pf_growth_verdict_name(PF_GROWTH_TOO_FAST), "too fast");
}

static void test_the_knee(void **state)
{
	(void)state;
	const double workers[] = {1, 2, 4, 8};
	const double saturates[] = {10, 19, 21, 21}, scales[] = {10, 20, 39, 77}, falls[] = {10, 11, 9, 5},
		     holes[] = {0, 12, 0, 13}, one[] = {0, 12, 0, 0};
	assert_int_equal(pf_sweep_knee(workers, saturates, 4), 1); /* 100, 180.5, 110, 55 */
	assert_int_equal(pf_sweep_knee(workers, scales, 4), 3);
	assert_int_equal(pf_sweep_knee(workers, falls, 4), 0);
	assert_int_equal(pf_sweep_knee(workers, holes, 4), 1);
	assert_int_equal(pf_sweep_knee(workers, one, 4), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_laws),
		cmocka_unit_test(test_exponents),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_the_knee),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
