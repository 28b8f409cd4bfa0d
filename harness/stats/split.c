#include "harness/stats/split.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "harness/stats/enough.h"

double pf_log_mean(double a, double b)
{
	double x = a / b - 1.0;
	/* (a - b) / log(a / b) loses its digits where both are near each other: the series of b x / log1p(x).
	 */
	return fabs(x) < 1e-5 ? b * (1.0 + x / 2.0 - x * x / 12.0) : (a - b) / log(a / b);
}

static double sum_of(const double *parts, size_t count)
{
	double sum = 0.0;
	for (size_t i = 0; i < count; i++) {
		sum += parts[i];
	}
	return sum;
}

void pf_split(const double *a, const double *b, size_t pairs, size_t parts, double level, pf_interval *out)
{
	assert(pairs >= 1);
	double *shares = malloc(pairs * sizeof *shares), total = 0.0;
	if (!shares) {
		pf_out_of_memory();
	}
	for (size_t part = 0; part < parts; part++) {
		for (size_t i = 0; i < pairs; i++) {
			const double *row_a = a + i * parts, *row_b = b + i * parts;
			shares[i] = (row_a[part] - row_b[part]) /
				    pf_log_mean(sum_of(row_a, parts), sum_of(row_b, parts));
		}
		out[part] = pf_mean_interval(shares, pairs, level);
		total += out[part].mean;
	}
	double factor = fabs(total) < 1e-9 ? 1.0 : expm1(total) / total;
	for (size_t part = 0; part < parts; part++) {
		out[part].mean *= factor;
		out[part].low *= factor;
		out[part].high *= factor;
	}
	free(shares);
}
