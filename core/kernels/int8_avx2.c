#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <string.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC target("avx2")
#endif

#include "core/kernels/int8_body.h"
#include "core/kernels/int8_tiles.h"

#define MOST_POINTS(blocks) 4
#define TILE tile

/* 8 channels of 4 products each: pairs are added in 16 bits, which hold them, then pairs of those. */
static inline __attribute__((always_inline)) __m256i add_products(__m256i sums, __m256i bytes,
								  __m256i weights)
{
	__m256i pairs = _mm256_maddubs_epi16(bytes, weights);
	return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/* A block of 16 channels is two registers. */
static inline __attribute__((always_inline)) void tile(const tile_of *t, const unsigned points,
						       const unsigned blocks)
{
	const pf_int8_conv *conv = t->conv;
	uint32_t run = conv->kernel * conv->in_channels, step = conv->stride * conv->in_channels;
	__m256i low[4], high[4];
	(void)blocks;
	for (unsigned p = 0; p < points; p++) {
		low[p] = high[p] = _mm256_setzero_si256();
	}
	const int8_t *w = t->weights;
	for (uint32_t y = 0; y < conv->kernel; y++) {
		const uint8_t *row = t->in + (size_t)y * conv->row_bytes;
		for (uint32_t i = 0; i < run; i += PF_INT8_INPUTS, w += PF_INT8_INPUTS * PF_INT8_OUTPUTS) {
			__m256i first = _mm256_loadu_si256((const __m256i *)(const void *)w);
			__m256i second = _mm256_loadu_si256((const __m256i *)(const void *)(w + 32));
			for (unsigned p = 0; p < points; p++) {
				int32_t four;
				memcpy(&four, row + (size_t)p * step + i, sizeof four);
				__m256i all = _mm256_set1_epi32(four);
				low[p] = add_products(low[p], all, first);
				high[p] = add_products(high[p], all, second);
			}
		}
	}
	for (unsigned p = 0; p < points; p++) {
		int32_t *to = t->sums + (size_t)p * conv->out_channels;
		_mm256_storeu_si256((__m256i *)(void *)to, low[p]);
		_mm256_storeu_si256((__m256i *)(void *)(to + 8), high[p]);
	}
}

static void sum(const pf_int8_conv *conv, const uint8_t *in, uint32_t count, int32_t *sums)
{
	uint32_t step = conv->stride * conv->in_channels, blocks = conv->out_channels / PF_INT8_OUTPUTS;
	for (uint32_t done = 0; done < blocks; done++) {
		uint32_t left = count;
		tile_of t = {conv, in, conv->weights + done * block_bytes(conv),
			     sums + (size_t)done * PF_INT8_OUTPUTS};
		ALL_POINTS(1);
	}
}

const pf_int8_kernels pf_int8_avx2 = {"avx2", quantise, sum, finish};
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
