#include "harness/stats/power_law.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

const char *pf_law_name(pf_law law)
{
#define NAME(constant, name) name,
	static const char *const names[] = {PF_LAW_LIST(NAME)};
#undef NAME
	return (unsigned)law < PF_LAW_COUNT ? names[law] : "?";
}

pf_interval pf_power_exponent(const double *n, const double *t, size_t count, double level)
{
	double x = 0, y = 0, xx = 0, xy = 0, squares = 0;
	assert(count >= PF_POWER_LEAST_POINTS);
	for (size_t i = 0; i < count; i++) {
		x += log(n[i]) / (double)count;
		y += log(t[i]) / (double)count;
	}
	for (size_t i = 0; i < count; i++) {
		xx += (log(n[i]) - x) * (log(n[i]) - x);
		xy += (log(n[i]) - x) * (log(t[i]) - y);
	}
	double slope = xy / xx;
	for (size_t i = 0; i < count; i++) {
		double residual = log(t[i]) - y - slope * (log(n[i]) - x);
		squares += residual * residual;
	}
	double df = (double)count - 2, deviation = sqrt(squares / df / xx);
	double half = deviation * pf_student_quantile(0.5 + level / 2, df);
	return (pf_interval){.mean = slope,
			     .low = slope - half,
			     .high = slope + half,
			     .level = level,
			     .n = count,
			     .has_interval = true};
}

static double value_of(pf_law law, double n)
{
	switch (law) {
	case PF_LAW_LOG:
		return log2(1 + n);
	case PF_LAW_N:
		return n;
	case PF_LAW_N_LOG:
		return n * log2(1 + n);
	case PF_LAW_N2:
		return n * n;
	case PF_LAW_N3:
		return n * n * n;
	default:
		return 1;
	}
}

/* Weights 1 / t: relative errors. */
static pf_law_fit fit(pf_law law, const double *n, const double *t, size_t count)
{
	double aa = 0, ab = 0, bb = 0, a = 0, b = 0;
	for (size_t i = 0; i < count; i++) {
		double one = 1 / t[i], own = value_of(law, n[i]) / t[i];
		aa += one * one;
		ab += one * own;
		bb += own * own;
		a += one;
		b += own;
	}
	double determinant = aa * bb - ab * ab;
	pf_law_fit result = {.law = law};
	bool apart = determinant > 1e-9 * aa * bb;
	if (apart) {
		result.fixed = (a * bb - b * ab) / determinant;
		result.factor = (b * aa - a * ab) / determinant;
	}
	if (!apart || result.fixed < 0) {
		result.fixed = 0;
		result.factor = b / bb;
	}
	for (size_t i = 0; i < count; i++) {
		double error = (result.fixed + result.factor * value_of(law, n[i])) / t[i] - 1;
		result.error += error * error / (double)count;
	}
	result.error = result.factor > 0 ? sqrt(result.error) : INFINITY;
	return result;
}

pf_law_fit pf_law_best(const double *n, const double *t, size_t count)
{
	pf_law_fit best = fit(PF_LAW_1, n, t, count);
	for (int law = PF_LAW_1 + 1; law < PF_LAW_COUNT; law++) {
		pf_law_fit own = fit((pf_law)law, n, t, count);
		if (own.error < 0.9 * best.error) {
			best = own;
		}
	}
	return best;
}
