/* Clopper-Pearson intervals against published values and by their definition. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/stats/binomial.h"

static void check(size_t k, size_t n, double low, double high)
{
	double a, b;
	pf_binomial_interval(k, n, 0.95, &a, &b);
	assert_true(fabs(a - low) < 5e-5 && fabs(b - high) < 5e-5);
}

/* Closed forms at 0 and n (1 - (a/2)^(1/n)); 5 of 10 stands in the tables of Clopper and Pearson. */
static void test_published(void **state)
{
	(void)state;
	check(0, 10, 0.0, 0.30850);
	check(5, 10, 0.18709, 0.81291);
	check(10, 10, 0.69150, 1.0);
	check(1, 1, 0.025, 1.0);
	check(0, 300, 0.0, 0.01222);
}

/* P(X >= k) at the lower end and P(X <= k) at the upper end are the tail. */
static void test_tails(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 40; n += 13) {
		for (size_t k = 1; k < n; k++) {
			double low, high, below = 0, above = 0, term_low, term_high;
			pf_binomial_interval(k, n, 0.95, &low, &high);
			for (size_t i = 0; i <= n; i++) {
				double choose = lgamma((double)n + 1) - lgamma((double)i + 1) -
						lgamma((double)(n - i) + 1);
				term_low = exp(choose + (double)i * log(low) + (double)(n - i) * log1p(-low));
				term_high = exp(choose + (double)i * log(high) +
						(double)(n - i) * log1p(-high));
				above += i >= k ? term_low : 0;
				below += i <= k ? term_high : 0;
			}
			assert_true(fabs(above - 0.025) < 1e-9 && fabs(below - 0.025) < 1e-9);
		}
	}
}

/* What one-sided bounds prove: 1 - 0.05^(1 / n) without a success. */
static void test_upper(void **state)
{
	(void)state;
	assert_true(fabs(pf_binomial_upper(0, 300, 0.95) - 0.009936) < 5e-7);
	assert_true(fabs(pf_binomial_upper(0, 3000, 0.95) - 0.00099808) < 5e-9);
	assert_true(pf_binomial_upper(7, 7, 0.95) == 1);
	double low, high;
	pf_binomial_interval(13, 90, 0.9, &low, &high);
	assert_true(fabs(pf_binomial_upper(13, 90, 0.95) - high) < 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_tails),
		cmocka_unit_test(test_upper),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
