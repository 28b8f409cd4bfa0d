/* Histograms against the sorted values themselves: the error bound over the whole range, merging, and
 * percentiles only where the sample allows them, with intervals that hold. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/stats/histogram.h"
#include "harness/stats/order_statistics.h"
#include "harness/stats/random.h"

/* One value six times: its median's interval is its bucket, whatever it is. */
static void check_value(unsigned bits, uint64_t value)
{
	pf_histogram *histogram = pf_histogram_create(bits);
	pf_percentile median;
	assert_non_null(histogram);
	/* two others, so that the exact least and most do not narrow the bucket */
	pf_histogram_add(histogram, 0);
	for (int i = 0; i < 40; i++) {
		pf_histogram_add(histogram, value);
	}
	pf_histogram_add(histogram, UINT64_MAX);
	assert_true(pf_histogram_percentile(histogram, 0.5, 0.95, &median));
	double error = fabs(median.value - (double)value) / (double)(value ? value : 1);
	if (!(error <= ldexp(1, -(int)bits - 1)) || median.low > (double)value ||
	    median.high < (double)value) {
		fail_msg("%u bits, %llu: %.17g (%.17g to %.17g)", bits, (unsigned long long)value,
			 median.value, median.low, median.high);
	}
	if (value < UINT64_C(2) << bits) {
		assert_true(median.value == (double)value);
	}
	pf_histogram_free(histogram);
}

static void test_error_bound(void **state)
{
	(void)state;
	for (unsigned bits = 1; bits <= 12; bits += bits < 7 ? 3 : 5) {
		for (unsigned power = 0; power < 64; power++) {
			uint64_t at = UINT64_C(1) << power;
			check_value(bits, at);
			check_value(bits, at - 1);
			check_value(bits, at + at / 3);
		}
		check_value(bits, UINT64_MAX);
	}
}

static uint64_t draw_time(pf_random *random)
{
	return (uint64_t)(2e8 * exp(-0.4 * log(pf_random_uniform(random)))); /* a heavy tail, ns */
}

static void test_against_sorted(void **state)
{
	(void)state;
	enum { COUNT = 5000 };
	static const double wanted[] = {0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999};
	pf_random random = {.state = 31};
	double *sorted = calloc(COUNT, sizeof *sorted);
	pf_histogram *histogram = pf_histogram_create(7);
	assert_true(sorted && histogram);
	assert_int_equal(pf_histogram_least(histogram), 0);
	for (int i = 0; i < COUNT; i++) {
		uint64_t value = draw_time(&random);
		sorted[i] = (double)value;
		pf_histogram_add(histogram, value);
	}
	pf_sort(sorted, COUNT);
	assert_int_equal(pf_histogram_count(histogram), COUNT);
	assert_true((double)pf_histogram_least(histogram) == sorted[0]);
	assert_true((double)pf_histogram_most(histogram) == sorted[COUNT - 1]);
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		pf_percentile got;
		size_t low, high, rank = (size_t)ceil(wanted[i] * COUNT);
		assert_true(pf_histogram_percentile(histogram, wanted[i], 0.95, &got));
		assert_int_equal(pf_quantile_ranks(COUNT, wanted[i], 0.95, &low, &high), 1);
		assert_true(fabs(got.value / sorted[rank - 1] - 1) <= 1.0 / 256);
		assert_true(got.low <= sorted[low - 1] && got.low > sorted[low - 1] * (1 - 1.0 / 128));
		assert_true(got.high >= sorted[high - 1] && got.high < sorted[high - 1] * (1 + 1.0 / 128));
	}
	pf_histogram_free(histogram);
	free(sorted);
}

static void test_only_where_allowed(void **state)
{
	(void)state;
	pf_percentile got;
	pf_histogram *histogram = pf_histogram_create(7);
	assert_false(pf_histogram_percentile(histogram, 0.5, 0.95, &got));
	for (uint64_t i = 1; i <= 367; i++) {
		pf_histogram_add(histogram, i);
	}
	assert_false(pf_histogram_percentile(histogram, 0.99, 0.95, &got));
	assert_true(pf_histogram_percentile(histogram, 0.99, 0.90, &got));
	assert_true(pf_histogram_percentile(histogram, 0.95, 0.95, &got));
	pf_histogram_add(histogram, 368);
	assert_true(pf_histogram_percentile(histogram, 0.99, 0.95, &got));
	assert_true(got.high == 368);
	assert_false(pf_histogram_percentile(histogram, 0.999, 0.95, &got));
	pf_histogram_free(histogram);
}

/* The interval of a percentile holds the true one at least as often as it says, at the least n and above. */
static void test_coverage(void **state)
{
	(void)state;
	static const struct {
		size_t n;
		double p;
	} cases[] = {{6, 0.5}, {15, 0.5}, {72, 0.95}, {200, 0.95}, {368, 0.99}};
	enum { RUNS = 1000 };
	pf_random random = {.state = 32};
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		double truth = 2e8 * exp(-0.4 * log(1 - cases[c].p)), holds = 0;
		for (int run = 0; run < RUNS; run++) {
			pf_histogram *histogram = pf_histogram_create(7);
			pf_percentile got;
			for (size_t i = 0; i < cases[c].n; i++) {
				pf_histogram_add(histogram, draw_time(&random));
			}
			assert_true(pf_histogram_percentile(histogram, cases[c].p, 0.95, &got));
			holds += got.low <= truth && truth <= got.high;
			pf_histogram_free(histogram);
		}
		print_message("%g percentile of %zu: %.1f %% hold\n", 100 * cases[c].p, cases[c].n,
			      100 * holds / RUNS);
		assert_true(holds / RUNS >= 0.95 - 2.5 * sqrt(0.95 * 0.05 / RUNS));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error_bound),
		cmocka_unit_test(test_against_sorted),
		cmocka_unit_test(test_only_where_allowed),
		cmocka_unit_test(test_coverage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
