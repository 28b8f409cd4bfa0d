#include "harness/stats/usl.h"

#include <math.h>

double pf_usl_speedup(double sigma, double kappa, double workers)
{
	return workers / (1 + sigma * (workers - 1) + kappa * workers * (workers - 1));
}

static size_t different(const double *values, size_t n)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++) {
		bool before = false;
		for (size_t k = 0; k < i; k++) {
			before = before || values[k] == values[i];
		}
		count += !before;
	}
	return count;
}

static double squares(const double *workers, const double *speedups, size_t n, double sigma, double kappa)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++) {
		double off = speedups[i] - pf_usl_speedup(sigma, kappa, workers[i]);
		sum += off * off;
	}
	return sum;
}

/* Solves the normal equations of y = a x0 + b x1. */
typedef struct sums {
	double x00, x01, x11, y0, y1;
} sums;

static void add(sums *s, double x0, double x1, double y)
{
	s->x00 += x0 * x0;
	s->x01 += x0 * x1;
	s->x11 += x1 * x1;
	s->y0 += x0 * y;
	s->y1 += x1 * y;
}

static bool solve(const sums *s, double *a, double *b)
{
	double determinant = s->x00 * s->x11 - s->x01 * s->x01;
	if (!(determinant > 1e-12 * s->x00 * s->x11)) {
		return false;
	}
	*a = (s->y0 * s->x11 - s->y1 * s->x01) / determinant;
	*b = (s->y1 * s->x00 - s->y0 * s->x01) / determinant;
	return true;
}

bool pf_usl_fit(const double *workers, const double *speedups, size_t n, double *sigma, double *kappa)
{
	sums linear = {0};
	if (different(workers, n) < PF_USL_LEAST_POINTS) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		add(&linear, workers[i] - 1, workers[i] * (workers[i] - 1), workers[i] / speedups[i] - 1);
	}
	if (!solve(&linear, sigma, kappa)) {
		return false;
	}
	double best = squares(workers, speedups, n, *sigma, *kappa);
	for (int round = 0; round < 200; round++) {
		sums s = {0};
		double a, b, step = 1;
		for (size_t i = 0; i < n; i++) {
			double c = pf_usl_speedup(*sigma, *kappa, workers[i]), slope = -c * c / workers[i];
			add(&s, slope * (workers[i] - 1), slope * workers[i] * (workers[i] - 1),
			    speedups[i] - c);
		}
		if (!solve(&s, &a, &b)) {
			break;
		}
		double next = squares(workers, speedups, n, *sigma + a, *kappa + b);
		while (!(next < best) && step > 1e-9) {
			step /= 2;
			next = squares(workers, speedups, n, *sigma + step * a, *kappa + step * b);
		}
		if (!(next < best)) {
			break;
		}
		*sigma += step * a;
		*kappa += step * b;
		best = next;
	}
	return isfinite(*sigma) && isfinite(*kappa);
}
