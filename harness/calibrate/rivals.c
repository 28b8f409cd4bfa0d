/* Sources, as read in November 2026: benchstat: golang.org/x/perf, benchmath/anone.go (U test, alpha 0.05)
 * with the U test of github.com/aclements/go-moremath/stats; asv: airspeed-velocity/asv, asv/_stats.py
 * (is_different) and the documentation of "asv continuous" (factor 1.1); criterion: bheisler/criterion.rs,
 * src/analysis/compare.rs (bootstrap of t over mixed samples, bootstrap of the relative change of the means)
 * with the defaults of src/lib.rs: significance level 0.05, confidence level 0.95, noise threshold 0.01. It
 * resamples 100,000 times; so many are not needed to know p at 0.05. */
#include "harness/calibrate/rivals.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "harness/stats/order_statistics.h"
#include "harness/stats/random.h"

enum { RESAMPLES = 2000, U_MOST = PF_RIVAL_SAMPLES * PF_RIVAL_SAMPLES };

#define NAME(constant, name, rule) name,
#define RULE(constant, name, rule) rule,
static const char *const names[] = {PF_RIVAL_LIST(NAME)};
static const char *const rules[] = {PF_RIVAL_LIST(RULE)};
#undef NAME
#undef RULE

const char *pf_rival_name(pf_rival rival)
{
	return (unsigned)rival < PF_RIVALS ? names[rival] : "?";
}

const char *pf_rival_rule(pf_rival rival)
{
	return (unsigned)rival < PF_RIVALS ? rules[rival] : "?";
}

/* P(U <= u) where all orders of n and n samples are equally likely: with the next sample of either kind,
 * p(m, n, u) = m / (m + n) p(m - 1, n, u - n) + n / (m + n) p(m, n - 1, u). */
static double exact_below(size_t n, size_t u)
{
	static double p[PF_RIVAL_SAMPLES + 1][PF_RIVAL_SAMPLES + 1][U_MOST + 1];
	double sum = 0.0;
	for (size_t i = 0; i <= n; i++) {
		for (size_t k = 0; k <= n; k++) {
			for (size_t at = 0; at <= i * k; at++) {
				double whole = (double)(i + k);
				p[i][k][at] = i == 0 || k == 0
						      ? 1.0
						      : (at >= k && at - k <= (i - 1) * k
								 ? (double)i / whole * p[i - 1][k][at - k]
								 : 0.0) +
								(at <= i * (k - 1)
									 ? (double)k / whole * p[i][k - 1][at]
									 : 0.0);
			}
		}
	}
	for (size_t at = 0; at <= u; at++) {
		sum += p[n][n][at];
	}
	return sum;
}

/* By the normal approximation; `ties` is the sum of t^3 - t over groups of equal samples. */
static double normal_p(double u, double n, double ties)
{
	double whole = 2.0 * n, variance = n * n / 12.0 * ((whole + 1.0) - ties / (whole * (whole - 1.0)));
	double distance = fabs(u - 0.5 * n * n) - 0.5;
	return variance > 0.0 && distance > 0.0 ? erfc(distance / sqrt(2.0 * variance)) : 1.0;
}

double pf_mann_whitney(const double *a, const double *b, size_t n)
{
	double all[2 * PF_RIVAL_SAMPLES], u = 0.0, ties = 0.0;
	assert(n >= 1 && n <= PF_RIVAL_SAMPLES);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++) {
			u += b[k] > a[i] ? 1.0 : b[k] < a[i] ? 0.0 : 0.5;
		}
	}
	memcpy(all, a, n * sizeof *all);
	memcpy(all + n, b, n * sizeof *all);
	pf_sort(all, 2 * n);
	for (size_t i = 0, end; i < 2 * n; i = end) {
		for (end = i + 1; end < 2 * n && !(all[end] > all[i]); end++) {
		}
		double t = (double)(end - i);
		ties += t * t * t - t;
	}
	if (ties > 0.0) {
		return normal_p(u, (double)n, ties);
	}
	double below = exact_below(n, (size_t)fmin(u, (double)(n * n) - u));
	return fmin(1.0, 2.0 * below);
}

static double mean(const double *x, size_t n)
{
	double sum = 0.0;
	for (size_t i = 0; i < n; i++) {
		sum += x[i];
	}
	return sum / (double)n;
}

static double t_statistic(const double *a, const double *b, size_t n)
{
	double means[2] = {mean(a, n), mean(b, n)}, squares = 0.0;
	for (size_t i = 0; i < n; i++) {
		squares += (a[i] - means[0]) * (a[i] - means[0]) + (b[i] - means[1]) * (b[i] - means[1]);
	}
	double error = sqrt(squares / (double)(n - 1) / (double)n);
	return error > 0.0 ? (means[1] - means[0]) / error : means[1] > means[0] ? INFINITY : 0.0;
}

static void draw(pf_random *random, const double *from, size_t from_count, double *to, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		to[i] = from[pf_random_below(random, from_count)];
	}
}

static bool criterion(const double *a, const double *b, size_t n)
{
	static double changes[RESAMPLES];
	double all[2 * PF_RIVAL_SAMPLES], x[PF_RIVAL_SAMPLES], y[PF_RIVAL_SAMPLES],
		t = fabs(t_statistic(a, b, n));
	pf_random random = {1};
	size_t beyond = 0;
	memcpy(all, a, n * sizeof *all);
	memcpy(all + n, b, n * sizeof *all);
	for (int i = 0; i < RESAMPLES; i++) {
		draw(&random, all, 2 * n, x, n);
		draw(&random, all, 2 * n, y, n);
		beyond += fabs(t_statistic(x, y, n)) >= t;
		draw(&random, a, n, x, n);
		draw(&random, b, n, y, n);
		changes[i] = mean(y, n) / mean(x, n) - 1.0;
	}
	pf_sort(changes, RESAMPLES);
	return (double)beyond / RESAMPLES < 0.05 && pf_quantile(changes, RESAMPLES, 0.025) > 0.01;
}

bool pf_rival_says_slower(pf_rival rival, const double *a, const double *b, size_t n)
{
	if (n < 2) {
		return false;
	}
	switch (rival) {
	case PF_RIVAL_BENCHSTAT:
		return pf_median(b, n) > pf_median(a, n) && pf_mann_whitney(a, b, n) < 0.05;
	case PF_RIVAL_ASV:
		return pf_median(b, n) > 1.1 * pf_median(a, n) && pf_mann_whitney(a, b, n) < 0.002;
	case PF_RIVAL_CRITERION:
		return criterion(a, b, n);
	default:
		return mean(b, n) > 1.1 * mean(a, n);
	}
}

size_t pf_rival_samples(const pf_gate_observation *observations, size_t count, double a[PF_RIVAL_SAMPLES],
			double b[PF_RIVAL_SAMPLES])
{
	size_t n = 0;
	for (size_t i = 0; i < count && n < PF_RIVAL_SAMPLES; i++) {
		if (!observations[i].swapped) {
			a[n] = observations[i].ns[0];
			b[n++] = observations[i].ns[1];
		}
	}
	return n;
}
