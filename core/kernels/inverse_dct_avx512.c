/* Four blocks at once, one in each quarter of the registers; what is left at the end of a row is AVX2's. */
#include "core/kernels/inverse_dct.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define AVX512 static inline __attribute__((target("avx512f,avx512bw"), always_inline))
#define BLOCKS 4

/* Eight rows of eight 16-bit values, of all blocks. */
typedef struct rows {
	__m512i at[8];
} rows;

AVX512 __m512i constants(int a, int b)
{
	return _mm512_set1_epi32((int)((uint32_t)b << 16 | ((uint32_t)a & 0xFFFF)));
}

AVX512 rows transpose(rows r)
{
	rows t;
	for (int i = 0; i < 4; i++) { /* values 0..3 of two rows, then 4..7 */
		t.at[2 * i] = _mm512_unpacklo_epi16(r.at[2 * i], r.at[2 * i + 1]);
		t.at[2 * i + 1] = _mm512_unpackhi_epi16(r.at[2 * i], r.at[2 * i + 1]);
	}
	for (int i = 0; i < 2; i++) {
		r.at[4 * i] = _mm512_unpacklo_epi32(t.at[4 * i], t.at[4 * i + 2]);
		r.at[4 * i + 1] = _mm512_unpackhi_epi32(t.at[4 * i], t.at[4 * i + 2]);
		r.at[4 * i + 2] = _mm512_unpacklo_epi32(t.at[4 * i + 1], t.at[4 * i + 3]);
		r.at[4 * i + 3] = _mm512_unpackhi_epi32(t.at[4 * i + 1], t.at[4 * i + 3]);
	}
	for (int i = 0; i < 4; i++) {
		t.at[2 * i] = _mm512_unpacklo_epi64(r.at[i], r.at[i + 4]);
		t.at[2 * i + 1] = _mm512_unpackhi_epi64(r.at[i], r.at[i + 4]);
	}
	return t;
}

/* Half of the columns of one dimension: pairs of inputs 0 and 4, 2 and 6, 1 and 3, 5 and 7. `corner`: inputs
 * 4 to 7 are 0. */
AVX512 void transform_half(__m512i p04, __m512i p26, __m512i p13, __m512i p57, bool corner, int by,
			   __m512i out[8])
{
	const __m512i half = _mm512_set1_epi32(1 << (by - 1));
	__m512i high = _mm512_madd_epi16(p26, constants(PF_DCT_0_541 + PF_DCT_0_765, PF_DCT_0_541));
	__m512i low = _mm512_madd_epi16(p26, constants(PF_DCT_0_541, PF_DCT_0_541 - PF_DCT_1_847));
	__m512i sum = _mm512_add_epi32(_mm512_madd_epi16(p04, constants(PF_DCT_ONE, PF_DCT_ONE)), half);
	__m512i difference =
		corner ? sum
		       : _mm512_add_epi32(_mm512_madd_epi16(p04, constants(PF_DCT_ONE, -PF_DCT_ONE)), half);
	__m512i even[4] = {_mm512_add_epi32(sum, high), _mm512_add_epi32(difference, low),
			   _mm512_sub_epi32(difference, low), _mm512_sub_epi32(sum, high)};
	/* Each is a sum over inputs 1, 3, 5 and 7; plain C says where the factors come from. */
	__m512i odd[4] = {
		_mm512_madd_epi16(p13, constants(PF_DCT_1_501 - PF_DCT_0_899 + PF_DCT_1_175 - PF_DCT_0_390,
						 PF_DCT_1_175)),
		_mm512_madd_epi16(p13, constants(PF_DCT_1_175,
						 PF_DCT_3_072 - PF_DCT_2_562 + PF_DCT_1_175 - PF_DCT_1_961)),
		_mm512_madd_epi16(p13, constants(PF_DCT_1_175 - PF_DCT_0_390, PF_DCT_1_175 - PF_DCT_2_562)),
		_mm512_madd_epi16(p13, constants(PF_DCT_1_175 - PF_DCT_0_899, PF_DCT_1_175 - PF_DCT_1_961)),
	};
	if (!corner) {
		const __m512i more[4] = {
			constants(PF_DCT_1_175 - PF_DCT_0_390, PF_DCT_1_175 - PF_DCT_0_899),
			constants(PF_DCT_1_175 - PF_DCT_2_562, PF_DCT_1_175 - PF_DCT_1_961),
			constants(PF_DCT_2_053 - PF_DCT_2_562 + PF_DCT_1_175 - PF_DCT_0_390, PF_DCT_1_175),
			constants(PF_DCT_1_175, PF_DCT_0_298 - PF_DCT_0_899 + PF_DCT_1_175 - PF_DCT_1_961),
		};
		for (int i = 0; i < 4; i++) {
			odd[i] = _mm512_add_epi32(odd[i], _mm512_madd_epi16(p57, more[i]));
		}
	}
	for (int i = 0; i < 4; i++) {
		out[i] = _mm512_srai_epi32(_mm512_add_epi32(even[i], odd[i]), by);
		out[7 - i] = _mm512_srai_epi32(_mm512_sub_epi32(even[i], odd[i]), by);
	}
}

/* All columns; with `few` only the first four columns are not 0, and of the others nothing is said. */
AVX512 rows transform(rows in, bool corner, bool few, int by, __m512i *bits)
{
	const __m512i zero = _mm512_setzero_si512();
	__m512i low[8], high[8];
	rows out;
	transform_half(_mm512_unpacklo_epi16(in.at[0], in.at[4]), _mm512_unpacklo_epi16(in.at[2], in.at[6]),
		       _mm512_unpacklo_epi16(in.at[1], in.at[3]), _mm512_unpacklo_epi16(in.at[5], in.at[7]),
		       corner, by, low);
	if (!few) {
		transform_half(_mm512_unpackhi_epi16(in.at[0], in.at[4]),
			       _mm512_unpackhi_epi16(in.at[2], in.at[6]),
			       _mm512_unpackhi_epi16(in.at[1], in.at[3]),
			       _mm512_unpackhi_epi16(in.at[5], in.at[7]), corner, by, high);
	}
	for (int i = 0; i < 8; i++) {
		out.at[i] = _mm512_packs_epi32(low[i], few ? zero : high[i]);
		*bits = _mm512_or_si512(*bits, _mm512_abs_epi16(out.at[i]));
	}
	return out;
}

/* The same row of four blocks. */
AVX512 __m512i load_row(const int16_t *row, const uint16_t *steps)
{
	const __m128i *at = (const __m128i *)(const void *)row;
	__m512i values = _mm512_castsi128_si512(_mm_load_si128(at));
	values = _mm512_inserti32x4(values, _mm_load_si128(at + 8), 1);
	values = _mm512_inserti32x4(values, _mm_load_si128(at + 16), 2);
	values = _mm512_inserti32x4(values, _mm_load_si128(at + 24), 3);
	__m512i factors = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)steps));
	return _mm512_mullo_epi16(values, factors);
}

AVX512 void store_rows(const rows *r, uint8_t *out, size_t stride_bytes)
{
	const __m512i centre = _mm512_set1_epi8(-128), even_first = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
	for (size_t y = 0; y < 8; y += 2) {
		__m512i packed = _mm512_add_epi8(_mm512_packs_epi16(r->at[y], r->at[y + 1]), centre);
		packed = _mm512_permutexvar_epi64(even_first, packed);
		_mm256_storeu_si256((__m256i *)(void *)(out + y * stride_bytes),
				    _mm512_castsi512_si256(packed));
		_mm256_storeu_si256((__m256i *)(void *)(out + (y + 1) * stride_bytes),
				    _mm512_extracti64x4_epi64(packed, 1));
	}
}

/* Four blocks; sets bits in *between and *samples as they come up. */
AVX512 void transform_four(int16_t *coefficients, bool corner, const uint16_t *steps, uint8_t *out,
			   size_t stride_bytes, __m512i *between, __m512i *samples)
{
	const __m512i zero = _mm512_setzero_si512();
	rows r;
	for (int i = 0; i < 8; i++) {
		r.at[i] = corner && i > 3 ? zero : load_row(coefficients + 8 * i, steps + 8 * i);
	}
	r = transform(r, corner, corner, PF_DCT_COLUMN_SHIFT, between);
	r = transpose(r);
	r = transform(r, corner, false, PF_DCT_ROW_SHIFT, samples);
	r = transpose(r);
	store_rows(&r, out, stride_bytes);
	for (size_t i = 0; i < BLOCKS * 64; i += 32) {
		_mm512_store_si512(coefficients + i, zero);
	}
}

/* All bits of 16-bit values that any of them has. */
AVX512 uint32_t or_of_16(__m512i values)
{
	uint32_t bits = (uint32_t)_mm512_reduce_or_epi32(values);
	return (bits | bits >> 16) & 0xFFFF;
}

__attribute__((target("avx512f,avx512bw"))) int pf_inverse_dct_avx512(int16_t *coefficients,
								      const uint8_t *ends, uint32_t blocks,
								      const uint16_t steps[64], uint8_t *out,
								      size_t stride_bytes)
{
	__m512i between = _mm512_setzero_si512(), samples = between;
	int wild = 0;
	uint32_t i = 0;
	for (; i + BLOCKS <= blocks; i += BLOCKS, coefficients += 64 * BLOCKS, out += 8 * BLOCKS) {
		uint8_t end = 0;
		for (unsigned k = 0; k < BLOCKS; k++) {
			end = ends[i + k] > end ? ends[i + k] : end;
		}
		if (end == 1) {
			wild |= pf_inverse_dct_avx2(coefficients, ends + i, BLOCKS, steps, out, stride_bytes);
		} else if (end <= PF_DCT_CORNER_END) {
			transform_four(coefficients, true, steps, out, stride_bytes, &between, &samples);
		} else {
			transform_four(coefficients, false, steps, out, stride_bytes, &between, &samples);
		}
	}
	if (i < blocks) {
		wild |= pf_inverse_dct_avx2(coefficients, ends + i, blocks - i, steps, out, stride_bytes);
	}
	return wild || or_of_16(between) > PF_DCT_COLUMN_MOST || or_of_16(samples) > PF_DCT_SAMPLE_MOST;
}
#endif
