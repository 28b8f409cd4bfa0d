/* The inner loops of the engine, each in one version for every set of instructions that it was built for. All
 * versions give the same bits: integers, or floats in a stated order. tests/unit/test_kernels.c checks that,
 * and times them.
 *
 * A new version is a file beside kernels_plain.c and an entry in kernels.c's list. */
#ifndef PHOTOFINISH_KERNELS_H
#define PHOTOFINISH_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "core/kernels/entropy.h"
#include "photofinish/status.h"

/* Sets of instructions, as bits; each comes with those before it. */
enum { PF_CPU_AVX2 = 1, PF_CPU_AVX512 = 2 };

/* Longest part of a row that sum_gradients takes, so that its 32-bit sums cannot overflow. */
#define PF_SEGMENT_MAX_PX 1024

/* Sums over a part of a row; see pf_tile_sums for what each is. */
typedef struct pf_segment_sums {
	int32_t laplacian;
	int32_t laplacian_squared;
	int32_t sxx, syy, sxy;
	int32_t noise;
	int32_t brightness;
} pf_segment_sums;

typedef struct pf_chroma_row_sums {
	int32_t cb, cr, cbcb, crcr, cbcr;
} pf_chroma_row_sums;

/* Rows need no alignment. Nothing before or behind what is said is read or written; outputs overlap no
 * inputs. Any number of threads. */
typedef struct pf_kernels {
	const char *name; /* "plain", "avx2" */
	unsigned needs;   /* PF_CPU_* that the processor has to have */

	/* out[x] = row[x]. */
	void (*widen)(int16_t *out, const uint8_t *row, uint32_t count);
	/* Means of 2x2 boxes, rounded half up: `count` of them, from twice as many samples of each row. */
	void (*bin_2x2)(int16_t *out, const uint8_t *upper, const uint8_t *lower, uint32_t count);
	/* Adds the values 0..255 of a row to four interleaved histograms. */
	void (*histogram)(const int16_t *row, uint32_t count, uint32_t histograms[4][256]);
	/* All sums over `count` <= PF_SEGMENT_MAX_PX samples of the middle of three rows of values 0..255;
	 * samples -1 and `count` of each row are read too. */
	void (*sum_gradients)(const int16_t *up, const int16_t *middle, const int16_t *down, uint32_t count,
			      pf_segment_sums *sums);
	/* Sums of the samples less 128 and of their products, over at most 65,535 samples. */
	void (*sum_chroma)(const uint8_t *cb, const uint8_t *cr, uint32_t count, pf_chroma_row_sums *sums);
	/* sums[x] += weight * row[x]; the caller sees to it that 32 bits hold that. */
	void (*add_weighted)(uint32_t *sums, const uint8_t *row, int16_t weight, uint32_t count);
	/* sums[x] += row[x], modulo 2^16. */
	void (*add_bytes)(uint16_t *sums, const uint8_t *row, uint32_t count);
	/* out[x] = weights[0] * first[x] + weights[1] * last[x] + weights[2] * between[x]; the caller sees to
	 * it that 32 bits hold that. */
	void (*mix_rows)(uint32_t *out, const uint8_t *first, const uint8_t *last, const uint16_t *between,
			 const uint16_t weights[3], uint32_t count);
	/* The same in floats, each product and each sum, from left to right, rounded. */
	void (*mix_rows_float)(float *out, const uint8_t *first, const uint8_t *last, const uint16_t *between,
			       const float weights[3], uint32_t count);
	/* Decodes up to `count` MCUs, from number `first` of those that entropy->block points at: how many.
	 * Fewer where entropy->limit was reached, or something is odd (then entropy->odd). */
	uint32_t (*decode_mcus)(pf_entropy *entropy, uint32_t first, uint32_t count);
	/* Two lanes that go, until one of them does not: then its state says why. The other one goes on with
	 * the next call. NULL where there is no such loop. */
	void (*decode_pair)(pf_lane *first, pf_lane *second);
	/* The samples of `blocks` neighbouring blocks, 8 a block, into 8 rows of `out`, as libjpeg's "islow"
	 * makes them; sets the coefficients (aligned to 32 bytes) to 0. `steps` are the quantisation, in
	 * rows. Not 0 where libjpeg would have computed beyond what 16 bits hold: then the samples do not
	 * count. */
	int (*inverse_dct)(int16_t *coefficients, const uint8_t *ends, uint32_t blocks,
			   const uint16_t steps[64], uint8_t *out, size_t stride_bytes);
	/* The same at half size, see half_dct.h: approximate, and the same bits in all versions. */
	int (*half_dct)(int16_t *coefficients, const uint8_t *ends, uint32_t count, uint32_t second,
			uint32_t pair, const uint16_t steps[64], uint8_t *out, size_t stride_bytes);
	/* The same at a quarter of the size, see quarter_dct.h. */
	int (*quarter_dct)(int16_t *coefficients, const uint8_t *ends, uint32_t count,
			   const uint16_t steps[64], uint8_t *out, size_t stride_bytes);
} pf_kernels;

extern const pf_kernels pf_kernels_plain, pf_kernels_avx2, pf_kernels_avx512; /* for the list */

/* Version `index` of those that were built, plain first; NULL past the last. */
const pf_kernels *pf_kernels_at(size_t index);

/* The last version that needs nothing else than `flags`; never NULL. */
const pf_kernels *pf_kernels_get(unsigned flags);

/* What the processor has and the environment variable PF_CPU ("plain", "avx2" or "avx512": no more than that)
 * allows; read once in a process. And no more than pf_kernels_limit says to the calling thread. */
unsigned pf_kernels_flags(void);

/* From now on the calling thread is given no other instructions than `flags`; ~0u: all again. */
void pf_kernels_limit(unsigned flags);

/* PF_ERR_USAGE where PF_CPU is none of these words; then it limits nothing. */
pf_status pf_kernels_check(pf_error *error);

/* pf_kernels_get of pf_kernels_flags. */
const pf_kernels *pf_kernels_best(void);

#endif
