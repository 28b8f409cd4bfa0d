/* What makes times doubtful: outliers, a slow first run, drift, very short ones. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/stats/random.h"
#include "harness/stats/sample_faults.h"

enum { N = 20 };

/* Between 0.095 and 0.105 s. */
static void fill(double *seconds, uint64_t seed)
{
	pf_random random = {.state = seed};
	for (size_t i = 0; i < N; i++) {
		seconds[i] = 0.095 + 1e-5 * (double)pf_random_below(&random, 1001);
	}
}

static void test_nothing_is_said_of_good_ones(void **state)
{
	(void)state;
	size_t drifting = 0;
	for (uint64_t seed = 1; seed <= 1000; seed++) {
		double seconds[N];
		fill(seconds, seed);
		pf_sample_faults faults = pf_sample_faults_of(seconds, N);
		assert_int_equal(faults.outliers, 0);
		assert_false(faults.slow_first || faults.is_short);
		drifting += faults.drifts;
	}
	assert_true(drifting <= 5); /* one in a thousand, at most */
}

static void test_outliers(void **state)
{
	(void)state;
	double seconds[N];
	fill(seconds, 1);
	seconds[7] = 0.5;
	seconds[8] = 0.001;
	pf_sample_faults faults = pf_sample_faults_of(seconds, N);
	assert_int_equal(faults.outliers, 2);
	assert_false(faults.slow_first);
	seconds[8] = 0.1;
	seconds[7] = 0.1;
	seconds[0] = 0.4;
	faults = pf_sample_faults_of(seconds, N);
	assert_int_equal(faults.outliers, 1);
	assert_true(faults.slow_first && fabs(faults.first_factor - 4) < 0.3);
	assert_false(pf_sample_faults_of(seconds, 3).slow_first);
	/* The same time again and again, and once another: nothing is known of their spread. */
	for (size_t i = 0; i < N; i++) {
		seconds[i] = i == 3 ? 0.2 : 0.1;
	}
	assert_int_equal(pf_sample_faults_of(seconds, N).outliers, 0);
}

static void test_drift(void **state)
{
	(void)state;
	for (int sign = -1; sign <= 1; sign += 2) {
		double seconds[N];
		fill(seconds, 2);
		for (size_t i = 0; i < N; i++) {
			seconds[i] *= 1 + sign * 0.01 * (double)i;
		}
		pf_sample_faults faults = pf_sample_faults_of(seconds, N);
		assert_true(faults.drifts && sign * faults.drift > 0.1 && sign * faults.drift < 0.2);
		assert_false(pf_sample_faults_of(seconds, 9).drifts);
	}
	double small[N]; /* a trend that is proved, and too small to be told */
	for (size_t i = 0; i < N; i++) {
		small[i] = 0.1 + 1e-4 * (double)i;
	}
	assert_false(pf_sample_faults_of(small, N).drifts);
}

static void test_short_ones(void **state)
{
	(void)state;
	assert_true(pf_sample_faults_of((double[]){0.001, 0.002, 0.9}, 3).is_short);
	assert_false(pf_sample_faults_of((double[]){0.006}, 1).is_short);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_said_of_good_ones),
		cmocka_unit_test(test_outliers),
		cmocka_unit_test(test_drift),
		cmocka_unit_test(test_short_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
