/* Two blocks at once, one in each half of the registers. */
#include "core/kernels/quarter_dct.h"

#if defined(__x86_64__)
#include <stdbool.h>
#include <string.h>

#include "core/kernels/dct_avx2.h"

/* Both outputs of four columns, from pairs of a first input and 1, of inputs 1 and 3, and of 5 and 7. */
AVX2 void transform_half(__m256i p01, __m256i p13, __m256i p57, __m256i out[2])
{
	__m256i mean = _mm256_madd_epi16(p01, constants(PF_QUARTER_0, PF_QUARTER_COLUMN_ROUND));
	__m256i odd = _mm256_add_epi32(_mm256_madd_epi16(p13, constants(PF_QUARTER_1, PF_QUARTER_3)),
				       _mm256_madd_epi16(p57, constants(PF_QUARTER_5, PF_QUARTER_7)));
	out[0] = _mm256_srai_epi32(_mm256_add_epi32(mean, odd), PF_QUARTER_COLUMN_SHIFT);
	out[1] = _mm256_srai_epi32(_mm256_sub_epi32(mean, odd), PF_QUARTER_COLUMN_SHIFT);
}

/* Rows 0 and 1 of the columns of two blocks. */
AVX2 void columns(const int16_t *first, const int16_t *second, const uint16_t *steps, __m256i out[2],
		  __m256i *bits)
{
	const __m256i one = _mm256_set1_epi16(1);
	__m256i r0 = load_row(first, second, steps), r1 = load_row(first + 8, second + 8, steps + 8),
		r3 = load_row(first + 24, second + 24, steps + 24),
		r5 = load_row(first + 40, second + 40, steps + 40),
		r7 = load_row(first + 56, second + 56, steps + 56), low[2], high[2];
	transform_half(_mm256_unpacklo_epi16(r0, one), _mm256_unpacklo_epi16(r1, r3),
		       _mm256_unpacklo_epi16(r5, r7), low);
	transform_half(_mm256_unpackhi_epi16(r0, one), _mm256_unpackhi_epi16(r1, r3),
		       _mm256_unpackhi_epi16(r5, r7), high);
	for (int i = 0; i < 2; i++) {
		out[i] = _mm256_packs_epi32(low[i], high[i]);
		*bits = _mm256_or_si256(*bits, _mm256_abs_epi16(out[i]));
	}
}

AVX2 __m256i row_weights(int sign)
{
	return _mm256_broadcastsi128_si256(_mm_setr_epi16(
		PF_QUARTER_0, (int16_t)(sign * PF_QUARTER_1), 0, (int16_t)(sign * PF_QUARTER_3), 0,
		(int16_t)(sign * PF_QUARTER_5), 0, (int16_t)(sign * PF_QUARTER_7)));
}

/* Of two blocks: four samples in the lowest bytes of each half, row by row. */
AVX2 __m256i rows(const __m256i in[2])
{
	__m256i upper = _mm256_hadd_epi32(_mm256_madd_epi16(in[0], row_weights(1)),
					  _mm256_madd_epi16(in[0], row_weights(-1)));
	__m256i lower = _mm256_hadd_epi32(_mm256_madd_epi16(in[1], row_weights(1)),
					  _mm256_madd_epi16(in[1], row_weights(-1)));
	__m256i sums = _mm256_add_epi32(_mm256_hadd_epi32(upper, lower),
					_mm256_set1_epi32(PF_QUARTER_ROW_ROUND));
	__m256i words = _mm256_packs_epi32(_mm256_srai_epi32(sums, PF_QUARTER_ROW_SHIFT), sums);
	return _mm256_xor_si256(_mm256_packs_epi16(words, words), _mm256_set1_epi8(-128));
}

AVX2 void store(__m256i samples, uint8_t *out, size_t stride_bytes, bool both)
{
	uint32_t first = (uint32_t)_mm256_extract_epi32(samples, 0),
		 second = (uint32_t)_mm256_extract_epi32(samples, 4);
	uint32_t upper = (first & 0xFFFF) | second << 16, lower = first >> 16 | (second & 0xFFFF0000);
	if (both) {
		memcpy(out, &upper, 4);
		memcpy(out + stride_bytes, &lower, 4);
	} else {
		memcpy(out, &upper, 2);
		memcpy(out + stride_bytes, &lower, 2);
	}
}

/* A block that has no other coefficient than the first. */
AVX2 void flat(int16_t *block, const uint16_t *steps, uint8_t *out, size_t stride_bytes, uint32_t *most)
{
	int32_t between = ((int16_t)(*block * steps[0]) * PF_QUARTER_0 + PF_QUARTER_COLUMN_ROUND) >>
			  PF_QUARTER_COLUMN_SHIFT;
	int32_t value = (between * PF_QUARTER_0 + PF_QUARTER_ROW_ROUND) >> PF_QUARTER_ROW_SHIFT;
	uint32_t size = (uint32_t)(between < 0 ? -between : between);
	*most = size > *most ? size : *most;
	uint32_t sample = value < -128 ? 0 : value > 127 ? 255 : (uint32_t)(value + 128);
	uint16_t row = (uint16_t)(sample * 0x0101u);
	memcpy(out, &row, sizeof row);
	memcpy(out + stride_bytes, &row, sizeof row);
	*block = 0;
}

__attribute__((target("avx2"))) int pf_quarter_dct_avx2(int16_t *coefficients, const uint8_t *ends,
							uint32_t count, const uint16_t steps[64],
							uint8_t *out, size_t stride_bytes)
{
	__m256i bits = _mm256_setzero_si256(), between[2];
	uint32_t most = 0;
	for (uint32_t i = 0; i < count; i += 2, out += 4) {
		bool both = count - i > 1;
		int16_t *first = coefficients + 64 * (size_t)i, *second = both ? first + 64 : first;
		if (ends[i] == 1 && (!both || ends[i + 1] == 1)) {
			flat(first, steps, out, stride_bytes, &most);
			if (both) {
				flat(second, steps, out + 2, stride_bytes, &most);
			}
			continue;
		}
		columns(first, second, steps, between, &bits);
		store(rows(between), out, stride_bytes, both);
		wipe(first);
		wipe(second);
	}
	return or_of_16(bits) > PF_QUARTER_COLUMN_MOST || most > PF_QUARTER_COLUMN_MOST;
}
#endif
