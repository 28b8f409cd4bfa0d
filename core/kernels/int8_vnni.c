#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <string.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni"))), \
			     apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512vnni")
#endif

#include "core/kernels/int8_body.h"
#include "core/kernels/int8_tiles.h"

#define MOST_POINTS(blocks) ((blocks) == 4 ? 6 : 12)
#define TILE tile

static inline __attribute__((always_inline)) void tile(const tile_of *t, const unsigned points,
						       const unsigned blocks)
{
	const pf_int8_conv *conv = t->conv;
	uint32_t run = conv->kernel * conv->in_channels, step = conv->stride * conv->in_channels;
	size_t block = block_bytes(conv);
	__m512i sums[12][4];
	for (unsigned p = 0; p < points; p++) {
		for (unsigned b = 0; b < blocks; b++) {
			sums[p][b] = _mm512_setzero_si512();
		}
	}
	const int8_t *w = t->weights;
	for (uint32_t y = 0; y < conv->kernel; y++) {
		const uint8_t *row = t->in + (size_t)y * conv->row_bytes;
		for (uint32_t i = 0; i < run; i += PF_INT8_INPUTS, w += PF_INT8_INPUTS * PF_INT8_OUTPUTS) {
			__m512i weights[4];
			for (unsigned b = 0; b < blocks; b++) {
				weights[b] = _mm512_loadu_si512(w + b * block);
			}
			for (unsigned p = 0; p < points; p++) {
				int32_t four;
				memcpy(&four, row + (size_t)p * step + i, sizeof four);
				__m512i all = _mm512_set1_epi32(four);
				for (unsigned b = 0; b < blocks; b++) {
					sums[p][b] = _mm512_dpbusd_epi32(sums[p][b], all, weights[b]);
				}
			}
		}
	}
	for (unsigned p = 0; p < points; p++) {
		for (unsigned b = 0; b < blocks; b++) {
			_mm512_storeu_si512(t->sums + (size_t)p * conv->out_channels + b * PF_INT8_OUTPUTS,
					    sums[p][b]);
		}
	}
}

static void sum(const pf_int8_conv *conv, const uint8_t *in, uint32_t count, int32_t *sums)
{
	uint32_t step = conv->stride * conv->in_channels, blocks = conv->out_channels / PF_INT8_OUTPUTS;
	for (uint32_t done = 0, wide; done < blocks; done += wide) {
		uint32_t left = count;
		tile_of t = {conv, in, conv->weights + done * block_bytes(conv),
			     sums + (size_t)done * PF_INT8_OUTPUTS};
		wide = blocks - done >= 4 ? 4 : blocks - done >= 2 ? 2 : 1;
		if (wide == 4) {
			ALL_POINTS(4);
		} else if (wide == 2) {
			ALL_POINTS(2);
		} else {
			ALL_POINTS(1);
		}
	}
}

const pf_int8_kernels pf_int8_vnni = {"avx512-vnni", quantise, sum, finish};
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
