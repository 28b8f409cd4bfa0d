#include "datasets/render/render_math.h"

#include <math.h>

float pf_sin_deg(float degrees)
{
	float turns = degrees * (1.0f / 360.0f);
	turns -= (float)pf_floor_int(turns + 0.5f); /* -0.5 .. 0.5 */
	if (turns > 0.25f) {
		turns = 0.5f - turns;
	} else if (turns < -0.25f) {
		turns = -0.5f - turns;
	}
	float x = turns * 6.28318531f, q = x * x;
	return x * (1.0f + q * (-0.166666667f +
				q * (0.00833333333f + q * (-0.000198412698f + q * 0.00000275573192f))));
}

float pf_cos_deg(float degrees)
{
	return pf_sin_deg(degrees + 90.0f);
}

float pf_exp2(float ev)
{
	int whole = pf_floor_int(ev);
	float x = (ev - (float)whole) * 0.693147181f;
	float value = 1.0f + x * (1.0f + x * (0.5f + x * (0.166666667f +
							  x * (0.0416666667f +
							       x * (0.00833333333f + x * 0.00138888889f)))));
	for (; whole > 0; whole--) {
		value *= 2.0f;
	}
	for (; whole < 0; whole++) {
		value *= 0.5f;
	}
	return value;
}

pf_vec3 pf_normalised(pf_vec3 v)
{
	float length = sqrtf(pf_dot(v, v));
	return length > 0.0f ? pf_mul(v, 1.0f / length) : pf_vec(0, 1, 0);
}

pf_vec3 pf_at(const pf_frame3 *frame, pf_vec3 origin, float right, float up, float front)
{
	return pf_along(pf_along(pf_along(origin, frame->right, right), frame->up, up), frame->front, front);
}

/* b turned towards a by the angle, and a away from b */
static void turn(pf_vec3 *a, pf_vec3 *b, float degrees)
{
	float s = pf_sin_deg(degrees), c = pf_cos_deg(degrees);
	pf_vec3 old_a = *a;
	*a = pf_sub(pf_mul(old_a, c), pf_mul(*b, s));
	*b = pf_add(pf_mul(*b, c), pf_mul(old_a, s));
}

pf_frame3 pf_swing(pf_frame3 frame, float degrees)
{
	/* down moves to the front, so up moves to the back and the front moves up */
	turn(&frame.up, &frame.front, degrees);
	return frame;
}

pf_frame3 pf_spread(pf_frame3 frame, float degrees)
{
	turn(&frame.up, &frame.right, degrees);
	return frame;
}

pf_frame3 pf_twist(pf_frame3 frame, float degrees)
{
	turn(&frame.right, &frame.front, degrees);
	return frame;
}

static uint64_t mix64(uint64_t v)
{
	v += 0x9E3779B97F4A7C15u;
	v = (v ^ (v >> 30)) * 0xBF58476D1CE4E5B9u;
	v = (v ^ (v >> 27)) * 0x94D049BB133111EBu;
	return v ^ (v >> 31);
}

pf_rng pf_rng_make(uint64_t seed, uint64_t a, uint64_t b, uint64_t purpose)
{
	return (pf_rng){mix64(mix64(mix64(mix64(seed) ^ a) ^ (b << 1)) ^ (purpose << 2)), 0};
}

uint32_t pf_rng_u32(pf_rng *rng)
{
	return (uint32_t)(mix64(rng->key ^ mix64(rng->counter++)) >> 32);
}

uint32_t pf_rng_below(pf_rng *rng, uint32_t limit)
{
	return (uint32_t)(((uint64_t)pf_rng_u32(rng) * limit) >> 32);
}

float pf_rng_range(pf_rng *rng, float lo, float hi)
{
	return lo + (hi - lo) * ((float)(pf_rng_u32(rng) >> 8) * (1.0f / 16777216.0f));
}

float pf_rng_normal(pf_rng *rng)
{
	float sum = 0;
	for (int i = 0; i < 4; i++) {
		sum += pf_rng_range(rng, -1.0f, 1.0f);
	}
	return sum * 0.866025404f; /* each has variance 1/3 */
}

int pf_rng_chance(pf_rng *rng, float probability)
{
	return pf_rng_range(rng, 0.0f, 1.0f) < probability;
}
