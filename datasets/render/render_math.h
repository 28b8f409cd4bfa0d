/* Arithmetic of the renderer: vectors, rotations, sine by polynomial and a counter-based random stream.
 * Only + - * / sqrt on IEEE floats and integers, so that every CPU computes the same bits. */
#ifndef PF_RENDER_MATH_H
#define PF_RENDER_MATH_H

#include <stdint.h>

typedef struct pf_vec3 {
	float x, y, z;
} pf_vec3;

/* Axes of a body part as unit vectors: to the athlete's right, up along the part, to its front. */
typedef struct pf_frame3 {
	pf_vec3 right, up, front;
} pf_frame3;

static inline pf_vec3 pf_vec(float x, float y, float z)
{
	return (pf_vec3){x, y, z};
}

static inline pf_vec3 pf_add(pf_vec3 a, pf_vec3 b)
{
	return (pf_vec3){a.x + b.x, a.y + b.y, a.z + b.z};
}

static inline pf_vec3 pf_sub(pf_vec3 a, pf_vec3 b)
{
	return (pf_vec3){a.x - b.x, a.y - b.y, a.z - b.z};
}

static inline pf_vec3 pf_mul(pf_vec3 a, float s)
{
	return (pf_vec3){a.x * s, a.y * s, a.z * s};
}

/* a + b * s */
static inline pf_vec3 pf_along(pf_vec3 a, pf_vec3 b, float s)
{
	return (pf_vec3){a.x + b.x * s, a.y + b.y * s, a.z + b.z * s};
}

static inline float pf_dot(pf_vec3 a, pf_vec3 b)
{
	return a.x * b.x + a.y * b.y + a.z * b.z;
}

static inline float pf_clampf(float v, float lo, float hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

static inline float pf_mix(float a, float b, float t)
{
	return a + (b - a) * t;
}

/* 0 below lo, 1 above hi, a cubic between */
static inline float pf_smoothstep(float lo, float hi, float v)
{
	float t = pf_clampf((v - lo) / (hi - lo), 0.0f, 1.0f);
	return t * t * (3.0f - 2.0f * t);
}

static inline int pf_floor_int(float v)
{
	int i = (int)v;
	return (float)i > v ? i - 1 : i;
}

static inline int pf_round_int(float v)
{
	return pf_floor_int(v + 0.5f);
}

/* 2^ev for |ev| < 30 */
float pf_exp2(float ev);

/* Sine and cosine of degrees, error under 2e-6. */
float pf_sin_deg(float degrees);
float pf_cos_deg(float degrees);

pf_vec3 pf_normalised(pf_vec3 v);

/* Point of `frame` at (right, up, front) from `origin`. */
pf_vec3 pf_at(const pf_frame3 *frame, pf_vec3 origin, float right, float up, float front);

/* The frame turned about its own axis, in degrees: swing moves "down" to the front (flexion), spread moves
 * "down" to the right (abduction of the right side), twist moves the front to the right. */
pf_frame3 pf_swing(pf_frame3 frame, float degrees);
pf_frame3 pf_spread(pf_frame3 frame, float degrees);
pf_frame3 pf_twist(pf_frame3 frame, float degrees);

/* A random stream is a key and a counter: streams of different keys are independent, so that each photo can
 * be rendered alone and in any order. */
typedef struct pf_rng {
	uint64_t key, counter;
} pf_rng;

pf_rng pf_rng_make(uint64_t seed, uint64_t a, uint64_t b, uint64_t purpose);
uint32_t pf_rng_u32(pf_rng *rng);
uint32_t pf_rng_below(pf_rng *rng, uint32_t limit); /* 0 .. limit - 1; limit > 0 */
float pf_rng_range(pf_rng *rng, float lo, float hi);
float pf_rng_normal(pf_rng *rng); /* mean 0, deviation 1, bounded by 3.5 */
int pf_rng_chance(pf_rng *rng, float probability);

/* Fast hash of two integers, for textures. */
static inline uint32_t pf_hash2(uint32_t a, uint32_t b)
{
	uint32_t h = a * 0x9E3779B1u ^ (b + 0x7F4A7C15u) * 0x85EBCA77u;
	h = (h ^ (h >> 15)) * 0x2C1B3C6Du;
	h = (h ^ (h >> 12)) * 0x297A2D39u;
	return h ^ (h >> 15);
}

#endif
