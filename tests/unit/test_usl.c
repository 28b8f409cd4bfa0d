/* The Universal Scalability Law: known parameters come back; noisy points fit as well as a search finds. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/stats/usl.h"

static const double workers[] = {1, 2, 4, 8, 16, 32};
enum { POINTS = 6 };

static void test_known_parameters(void **state)
{
	(void)state;
	static const double cases[][2] = {{0, 0}, {0.05, 0}, {0.02, 0.0005}, {0.3, 0.01}, {-0.02, 0.001}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double speedups[POINTS], sigma, kappa;
		for (int k = 0; k < POINTS; k++) {
			speedups[k] = pf_usl_speedup(cases[i][0], cases[i][1], workers[k]);
		}
		assert_true(pf_usl_fit(workers, speedups, POINTS, &sigma, &kappa));
		assert_true(fabs(sigma - cases[i][0]) < 1e-9 && fabs(kappa - cases[i][1]) < 1e-9);
	}
	/* By hand: 8 / (1 + 0.05 * 7 + 0.001 * 8 * 7) = 8 / 1.406. Without coherency it is Amdahl's law. */
	assert_true(fabs(pf_usl_speedup(0.05, 0.001, 8) - 8 / 1.406) < 1e-12);
	assert_true(fabs(pf_usl_speedup(0.05, 0, 8) - 1 / (0.05 + 0.95 / 8)) < 1e-12);
}

static double squares(const double *speedups, double sigma, double kappa)
{
	double sum = 0;
	for (int i = 0; i < POINTS; i++) {
		double n = workers[i];
		double off = speedups[i] - n / (1 + sigma * (n - 1) + kappa * n * (n - 1));
		sum += off * off;
	}
	return sum;
}

/* Another method: a grid that narrows around its best point. */
static void search(const double *speedups, double *sigma, double *kappa)
{
	double width = 0.5, height = 0.05;
	*sigma = 0.2;
	*kappa = 0.02;
	for (int round = 0; round < 60; round++) {
		double s0 = *sigma, k0 = *kappa, best = squares(speedups, s0, k0);
		for (int i = -20; i <= 20; i++) {
			for (int k = -20; k <= 20; k++) {
				double s = s0 + width * i / 20, kap = k0 + height * k / 20;
				double sum = squares(speedups, s, kap);
				if (sum < best) {
					best = sum;
					*sigma = s;
					*kappa = kap;
				}
			}
		}
		width *= 0.75;
		height *= 0.75;
	}
}

static void test_noisy_points_against_a_search(void **state)
{
	(void)state;
	static const double noise[][POINTS] = {{0, 0.03, -0.05, 0.04, -0.02, 0.06},
					       {0, -0.02, 0.06, -0.07, 0.03, 0.01},
					       {0, 0.1, 0.1, -0.1, 0.1, -0.1}};
	for (size_t i = 0; i < 3; i++) {
		double speedups[POINTS], sigma, kappa, s, k;
		for (int p = 0; p < POINTS; p++) {
			speedups[p] = pf_usl_speedup(0.08, 0.002, workers[p]) * (1 + noise[i][p]);
		}
		assert_true(pf_usl_fit(workers, speedups, POINTS, &sigma, &kappa));
		search(speedups, &s, &k);
		assert_true(squares(speedups, sigma, kappa) <= squares(speedups, s, k) * (1 + 1e-9));
		assert_true(fabs(sigma - s) < 1e-4 && fabs(kappa - k) < 1e-5);
	}
}

static void test_too_few_points(void **state)
{
	(void)state;
	static const double same[] = {1, 2, 4, 4, 2, 1};
	const double speedups[] = {1, 1.9, 3.5, 3.4, 1.8, 1};
	double sigma, kappa;
	assert_false(pf_usl_fit(workers, speedups, 3, &sigma, &kappa));
	assert_false(pf_usl_fit(same, speedups, POINTS, &sigma, &kappa));
	assert_true(pf_usl_fit(workers, speedups, 4, &sigma, &kappa));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_parameters),
		cmocka_unit_test(test_noisy_points_against_a_search),
		cmocka_unit_test(test_too_few_points),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
