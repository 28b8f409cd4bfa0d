/* Objectives: what --slo takes, and what a sample proves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/load/slo.h"

static void test_parses(void **state)
{
	(void)state;
	pf_slo slo;
	assert_true(pf_slo_parse("p95=200ms", &slo));
	assert_int_equal(slo.metric, PF_SLO_PERCENTILE);
	assert_float_equal(slo.p, 0.95, 1e-12);
	assert_float_equal(slo.limit, 200e6, 1e-3);
	assert_true(pf_slo_parse("p99.9=1.5s", &slo));
	assert_float_equal(slo.p, 0.999, 1e-12);
	assert_float_equal(slo.limit, 1.5e9, 1e-3);
	assert_true(pf_slo_parse("max=300us", &slo));
	assert_int_equal(slo.metric, PF_SLO_MAX);
	assert_float_equal(slo.limit, 300e3, 1e-6);
	assert_true(pf_slo_parse("throughput=12.5", &slo));
	assert_int_equal(slo.metric, PF_SLO_THROUGHPUT);
	static const char *const wrong[] = {
		"p95",     "p95=",     "p95=200",  "p0=1s",        "p100=1s",
		"p95=-1s", "p95=0ms",  "p95=1y",   "p95=nans",     "p95=infs",
		"p=1s",    "q95=1ms",  "max=fast", "throughput=0", "throughput=9/s",
		"p9x=1ms", "p 95=1ms", "",         "=1ms",         "p95=1msx"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		if (pf_slo_parse(wrong[i], &slo)) {
			fail_msg("\"%s\" was taken", wrong[i]);
		}
	}
}

/* n latencies of 1, 2, ... n ms. */
static pf_histogram *latencies(unsigned n)
{
	pf_histogram *histogram = pf_histogram_create(7);
	assert_non_null(histogram);
	for (unsigned i = 1; i <= n; i++) {
		pf_histogram_add(histogram, i * UINT64_C(1000000));
	}
	return histogram;
}

static pf_slo_verdict judge(const char *text, const pf_histogram *histogram, const char *why)
{
	pf_slo slo;
	assert_true(pf_slo_parse(text, &slo));
	pf_slo_judge_latency(&slo, histogram, 0.95);
	if (!strstr(slo.why, why)) {
		fail_msg("%s: %s", text, slo.why);
	}
	return slo.verdict;
}

/* Of 100 values the median lies between the ranks 40 and 61 (order statistics, Hahn and Meeker's table 15).
 */
static void test_judges_by_the_whole_interval(void **state)
{
	(void)state;
	pf_histogram *histogram = latencies(100);
	assert_int_equal(judge("p50=62ms", histogram, "the interval is"), PF_SLO_MET);
	assert_int_equal(judge("p50=50ms", histogram, ""), PF_SLO_UNDECIDED);
	assert_int_equal(judge("p50=60ms", histogram, ""), PF_SLO_UNDECIDED);
	assert_int_equal(judge("p50=39ms", histogram, ""), PF_SLO_MISSED);
	assert_int_equal(judge("p99=1s", histogram, "needs n >= 368, has 100"), PF_SLO_UNDECIDED);
	assert_int_equal(judge("max=100ms", histogram, "the most in this sample"), PF_SLO_MET);
	assert_int_equal(judge("max=99ms", histogram, ""), PF_SLO_MISSED);
	pf_histogram_free(histogram);
	histogram = pf_histogram_create(7);
	assert_int_equal(judge("p50=1s", histogram, "needs n >= 6, has 0"), PF_SLO_UNDECIDED);
	assert_int_equal(judge("max=1s", histogram, "nothing was measured"), PF_SLO_UNDECIDED);
	pf_histogram_free(histogram);
}

static void test_judges_throughput(void **state)
{
	(void)state;
	pf_slo slo;
	pf_interval rate = {.mean = 10, .low = 9, .high = 11, .n = 5, .has_interval = true};
	assert_true(pf_slo_parse("throughput=9", &slo));
	pf_slo_judge_throughput(&slo, &rate);
	assert_int_equal(slo.verdict, PF_SLO_MET);
	slo.limit = 10;
	pf_slo_judge_throughput(&slo, &rate);
	assert_int_equal(slo.verdict, PF_SLO_UNDECIDED);
	slo.limit = 11.5;
	pf_slo_judge_throughput(&slo, &rate);
	assert_int_equal(slo.verdict, PF_SLO_MISSED);
	rate = (pf_interval){.mean = 10, .low = 10, .high = 10, .n = 1};
	slo.limit = 1;
	pf_slo_judge_throughput(&slo, &rate);
	assert_int_equal(slo.verdict, PF_SLO_UNDECIDED);
}

static void test_least_counts(void **state)
{
	(void)state;
	assert_int_equal(pf_slo_least_count(0.5, 0.95), 6);
	assert_int_equal(pf_slo_least_count(0.95, 0.95), 72); /* 0.95^72 <= 0.025 < 0.95^71 */
	assert_int_equal(pf_slo_least_count(0.99, 0.95), 368);
	assert_int_equal(pf_slo_least_count(0.999, 0.95), 3688);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parses),
		cmocka_unit_test(test_judges_by_the_whole_interval),
		cmocka_unit_test(test_judges_throughput),
		cmocka_unit_test(test_least_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
