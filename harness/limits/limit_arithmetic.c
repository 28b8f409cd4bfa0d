/* Arithmetic in registers: as many independent sums as hide the latency of one. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/limits/limit_job.h"

enum { TURNS = 20000 }; /* of the inner loop: some tenths of a millisecond */

typedef struct sums {
	double (*turn)(void);
} sums;

static volatile float kept; /* so that nothing is optimised away */

typedef float floats __attribute__((vector_size(16)));

static double turn_plain(void)
{
	enum { SUMS = 10 };
	floats sum[SUMS], factor = {0.999f, 0.999f, 0.999f, 0.999f}, term = {0.001f, 0.001f, 0.001f, 0.001f};
	for (int i = 0; i < SUMS; i++) {
		sum[i] = term + (float)i;
	}
	for (int turn = 0; turn < TURNS; turn++) {
#pragma GCC unroll 10
		for (int i = 0; i < SUMS; i++) {
			sum[i] = sum[i] * factor + term;
		}
	}
	for (int i = 0; i < SUMS; i++) {
		kept = sum[i][0] + sum[i][3];
	}
	return 2.0 * 4 * SUMS * TURNS;
}

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx2,fma"))) static double turn_avx2(void)
{
	enum { SUMS = 12 };
	__m256 sum[SUMS], factor = _mm256_set1_ps(0.999f), term = _mm256_set1_ps(0.001f);
	for (int i = 0; i < SUMS; i++) {
		sum[i] = _mm256_set1_ps((float)i);
	}
	for (int turn = 0; turn < TURNS; turn++) {
#pragma GCC unroll 12
		for (int i = 0; i < SUMS; i++) {
			sum[i] = _mm256_fmadd_ps(sum[i], factor, term);
		}
	}
	for (int i = 0; i < SUMS; i++) {
		kept = _mm256_cvtss_f32(sum[i]);
	}
	return 2.0 * 8 * SUMS * TURNS;
}

__attribute__((target("avx512f"))) static double turn_avx512(void)
{
	enum { SUMS = 16 };
	__m512 sum[SUMS], factor = _mm512_set1_ps(0.999f), term = _mm512_set1_ps(0.001f);
	for (int i = 0; i < SUMS; i++) {
		sum[i] = _mm512_set1_ps((float)i);
	}
	for (int turn = 0; turn < TURNS; turn++) {
#pragma GCC unroll 16
		for (int i = 0; i < SUMS; i++) {
			sum[i] = _mm512_fmadd_ps(sum[i], factor, term);
		}
	}
	for (int i = 0; i < SUMS; i++) {
		kept = _mm512_cvtss_f32(sum[i]);
	}
	return 2.0 * 16 * SUMS * TURNS;
}

__attribute__((target("avx512f,avx512bf16"))) static double turn_bf16(void)
{
	enum { SUMS = 16 };
	__m512 sum[SUMS];
	__m512bh a = (__m512bh)_mm512_set1_epi16(0x3f80), b = (__m512bh)_mm512_set1_epi16(0x3a80);
	for (int i = 0; i < SUMS; i++) {
		sum[i] = _mm512_set1_ps((float)i);
	}
	for (int turn = 0; turn < TURNS; turn++) {
#pragma GCC unroll 16
		for (int i = 0; i < SUMS; i++) {
			sum[i] = _mm512_dpbf16_ps(sum[i], a, b);
		}
	}
	for (int i = 0; i < SUMS; i++) {
		kept = _mm512_cvtss_f32(sum[i]);
	}
	return 2.0 * 32 * SUMS * TURNS;
}

__attribute__((target("avx512f,avx512vnni"))) static double turn_int8(void)
{
	enum { SUMS = 16 };
	__m512i sum[SUMS], a = _mm512_set1_epi8(1), b = _mm512_set1_epi8(-1);
	for (int i = 0; i < SUMS; i++) {
		sum[i] = _mm512_set1_epi32(i);
	}
	for (int turn = 0; turn < TURNS; turn++) {
#pragma GCC unroll 16
		for (int i = 0; i < SUMS; i++) {
			sum[i] = _mm512_dpbusd_epi32(sum[i], a, b);
		}
	}
	for (int i = 0; i < SUMS; i++) {
		kept = (float)_mm_cvtsi128_si32(_mm512_castsi512_si128(sum[i]));
	}
	return 2.0 * 64 * SUMS * TURNS;
}

static double (*turn_of(pf_limit_id id))(void)
{
	__builtin_cpu_init();
	switch (id) {
	case PF_LIMIT_FP32_PLAIN:
		return turn_plain;
	case PF_LIMIT_FP32_AVX2:
		return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? turn_avx2 : NULL;
	case PF_LIMIT_FP32_AVX512:
		return __builtin_cpu_supports("avx512f") ? turn_avx512 : NULL;
	case PF_LIMIT_BF16:
		return __builtin_cpu_supports("avx512bf16") ? turn_bf16 : NULL;
	case PF_LIMIT_INT8:
		return __builtin_cpu_supports("avx512vnni") ? turn_int8 : NULL;
	default:
		return NULL;
	}
}
#else
static double (*turn_of(pf_limit_id id))(void)
{
	return id == PF_LIMIT_FP32_PLAIN ? turn_plain : NULL;
}
#endif

static bool is_here(pf_limit_id id)
{
	return turn_of(id) != NULL;
}

static void *open_sums(const pf_limit_setting *setting, pf_limit_id id, char why[200])
{
	(void)setting;
	sums *own = malloc(sizeof *own);
	if (!own) {
		snprintf(why, 200, "no memory");
		return NULL;
	}
	*own = (sums){.turn = turn_of(id)};
	return own;
}

static double run_sums(void *state)
{
	return ((sums *)state)->turn();
}

#define ARITHMETIC                                                                                    \
	{                                                                                             \
		.open = open_sums, .run = run_sums, .close = free, .scale = 1e-9, .is_here = is_here, \
		.missing = "the processor has no such instructions"                                   \
	}
const pf_limit_job pf_limit_fp32_job = ARITHMETIC;
const pf_limit_job pf_limit_int8_job = ARITHMETIC;
