/* Medians, quantiles, Hodges-Lehmann and the ranks of percentiles against published examples, a second
 * implementation, and by their definitions. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/stats/order_statistics.h"
#include "harness/stats/random.h"

static void check_near(double actual, double expected, double tolerance)
{
	if (!(fabs(actual - expected) <= tolerance)) {
		print_error("%.15g, not %.15g +-%g\n", actual, expected, tolerance);
		fail();
	}
}

static void insertion_sort(double *samples, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		for (size_t k = i; k > 0 && samples[k - 1] > samples[k]; k--) {
			double kept = samples[k];
			samples[k] = samples[k - 1];
			samples[k - 1] = kept;
		}
	}
}

static void test_medians(void **state)
{
	(void)state;
	pf_random random = {.state = 11};
	for (size_t n = 1; n <= 60; n++) {
		for (int round = 0; round < 50; round++) {
			double samples[60], sorted[60], kept[60];
			/* few values: many are equal */
			uint64_t values = round % 2 ? 4 : 1000000;
			for (size_t i = 0; i < n; i++) {
				samples[i] = kept[i] = sorted[i] = (double)pf_random_below(&random, values) -
								   2;
			}
			insertion_sort(sorted, n);
			double expected = n % 2 ? sorted[n / 2] : 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]);
			check_near(pf_median(samples, n), expected, 0);
			assert_memory_equal(samples, kept, n * sizeof *samples);
			check_near(pf_median_reorder(samples, n), expected, 0);
			pf_sort(kept, n);
			assert_memory_equal(kept, sorted, n * sizeof *kept);
		}
	}
}

/* What R's quantile() gives for 1:10 and for these five. */
static void test_quantiles(void **state)
{
	(void)state;
	const double ten[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, five[] = {2, 3, 5, 8, 13};
	check_near(pf_quantile(ten, 10, 0.25), 3.25, 1e-12);
	check_near(pf_quantile(ten, 10, 0.9), 9.1, 1e-12);
	check_near(pf_quantile(five, 5, 0.5), 5, 0);
	check_near(pf_quantile(five, 5, 0.95), 12, 1e-12);
	check_near(pf_quantile(five, 5, 0), 2, 0);
	check_near(pf_quantile(five, 5, 1), 13, 0);
	check_near(pf_quantile(five, 1, 0.7), 2, 0);
}

/* Ranks for the median at 95 %: the tables of the sign test (Hollander and Wolfe, A.2; Conover, A3). */
static void test_ranks_published(void **state)
{
	(void)state;
	static const struct {
		size_t n, low, high;
	} medians[] = {{6, 1, 6},   {8, 1, 8},   {9, 2, 8},   {10, 2, 9},
		       {12, 3, 10}, {15, 4, 12}, {20, 6, 15}, {25, 8, 18}};
	size_t low, high;
	for (size_t i = 0; i < sizeof medians / sizeof *medians; i++) {
		assert_int_equal(pf_quantile_ranks(medians[i].n, 0.5, 0.95, &low, &high), 1);
		assert_int_equal(low, medians[i].low);
		assert_int_equal(high, medians[i].high);
	}
}

/* The least n by its closed form: both (1 - p)^n and p^n must be within the tail. */
static void test_least_samples(void **state)
{
	(void)state;
	static const struct {
		double p;
		size_t least;
	} cases[] = {{0.5, 6}, {0.9, 36}, {0.95, 72}, {0.99, 368}, {0.999, 3688}, {0.05, 72}};
	size_t low = 0, high = 0;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double rare = fmax(cases[i].p, 1 - cases[i].p);
		assert_int_equal((size_t)ceil(log(0.025) / log(rare)), cases[i].least);
		assert_int_equal(pf_quantile_ranks(cases[i].least - 1, cases[i].p, 0.95, &low, &high), 0);
		assert_int_equal(pf_quantile_ranks(cases[i].least, cases[i].p, 0.95, &low, &high), 1);
		assert_true(low >= 1 && low < high && high <= cases[i].least);
	}
	assert_int_equal(pf_quantile_ranks(0, 0.5, 0.95, &low, &high), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_medians),
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_ranks_published),
		cmocka_unit_test(test_least_samples),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
