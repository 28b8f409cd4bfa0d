#include "tests/unit/noise.h"

#include <math.h>

double draw_normal(pf_random *random)
{
	double radius = sqrt(-2 * log(pf_random_uniform(random)));
	return radius * cos(2 * 3.14159265358979324 * pf_random_uniform(random));
}

static double none(pf_random *random)
{
	(void)random;
	return 0;
}

static double gaussian(pf_random *random)
{
	return 0.02 * draw_normal(random);
}

static double t3(pf_random *random)
{
	double squares = 0;
	for (int i = 0; i < 3; i++) {
		double z = draw_normal(random);
		squares += z * z;
	}
	return 0.02 * draw_normal(random) / sqrt(squares / 3);
}

static double cauchy(pf_random *random)
{
	return 0.01 * tan(3.14159265358979324 * (pf_random_uniform(random) - 0.5));
}

static double spikes(pf_random *random)
{
	double calm = 0.01 * draw_normal(random);
	return pf_random_uniform(random) < 0.1 ? calm + 0.1 + 0.6 * pf_random_uniform(random) : calm;
}

static double late(pf_random *random)
{
	return -0.05 * log(pf_random_uniform(random));
}

static double skewed(pf_random *random)
{
	return 0.03 * exp(draw_normal(random));
}

const pf_noise pf_noise_none = {"none", none, 0};
const pf_noise pf_noise_normal = {"normal", gaussian, 0};
const pf_noise pf_noise_t3 = {"t3", t3, 0};
const pf_noise pf_noise_cauchy = {"cauchy", cauchy, 0};
const pf_noise pf_noise_spikes = {"spikes", spikes, 0.04};
const pf_noise pf_noise_late = {"late", late, 0.05};
const pf_noise pf_noise_skewed = {"skewed", skewed, 0.03 * 1.6487212707001282};

static void flat(pf_random *random, double *drift, size_t count)
{
	(void)random;
	for (size_t i = 0; i < count; i++) {
		drift[i] = 0;
	}
}

static void line(double *drift, size_t count, double height)
{
	for (size_t i = 0; i < count; i++) {
		drift[i] = height * (double)i / (double)(count - 1);
	}
}

static void steady(pf_random *random, double *drift, size_t count)
{
	(void)random;
	line(drift, count, 0.3);
}

static void steep(pf_random *random, double *drift, size_t count)
{
	(void)random;
	line(drift, count, 1.5);
}

static void step(pf_random *random, double *drift, size_t count)
{
	size_t at = (size_t)pf_random_below(random, count);
	for (size_t i = 0; i < count; i++) {
		drift[i] = i >= at ? 0.2 : 0;
	}
}

static void walk(pf_random *random, double *drift, size_t count)
{
	double at = 0;
	for (size_t i = 0; i < count; i++) {
		drift[i] = at += 0.03 * draw_normal(random);
	}
}

static void lasting(pf_random *random, double *drift, size_t count)
{
	double at = 0.03 * draw_normal(random) / sqrt(1 - 0.81);
	for (size_t i = 0; i < count; i++) {
		drift[i] = at;
		at = 0.9 * at + 0.03 * draw_normal(random);
	}
}

static void neighbour(pf_random *random, double *drift, size_t count)
{
	size_t phase = (size_t)pf_random_below(random, 6);
	for (size_t i = 0; i < count; i++) {
		drift[i] = (i + phase) / 3 % 2 ? 0.2 : 0;
	}
}

const pf_drift pf_drift_none = {"no drift", flat};
const pf_drift pf_drift_steady = {"steady", steady};
const pf_drift pf_drift_steep = {"steep", steep};
const pf_drift pf_drift_step = {"step", step};
const pf_drift pf_drift_walk = {"walk", walk};
const pf_drift pf_drift_lasting = {"lasting", lasting};
const pf_drift pf_drift_neighbour = {"neighbour", neighbour};
