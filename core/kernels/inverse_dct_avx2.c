/* Two blocks at once, one in each half of the registers. */
#include "core/kernels/inverse_dct.h"

#if defined(__x86_64__)
#include <string.h>

#include "core/kernels/dct_avx2.h"

/* Eight rows of eight 16-bit values, of both blocks. */
typedef struct rows {
	__m256i at[8];
} rows;

AVX2 rows transpose(rows r)
{
	rows t;
	for (int i = 0; i < 4; i++) { /* values 0..3 of two rows, then 4..7 */
		t.at[2 * i] = _mm256_unpacklo_epi16(r.at[2 * i], r.at[2 * i + 1]);
		t.at[2 * i + 1] = _mm256_unpackhi_epi16(r.at[2 * i], r.at[2 * i + 1]);
	}
	for (int i = 0; i < 2; i++) {
		r.at[4 * i] = _mm256_unpacklo_epi32(t.at[4 * i], t.at[4 * i + 2]);
		r.at[4 * i + 1] = _mm256_unpackhi_epi32(t.at[4 * i], t.at[4 * i + 2]);
		r.at[4 * i + 2] = _mm256_unpacklo_epi32(t.at[4 * i + 1], t.at[4 * i + 3]);
		r.at[4 * i + 3] = _mm256_unpackhi_epi32(t.at[4 * i + 1], t.at[4 * i + 3]);
	}
	for (int i = 0; i < 4; i++) {
		t.at[2 * i] = _mm256_unpacklo_epi64(r.at[i], r.at[i + 4]);
		t.at[2 * i + 1] = _mm256_unpackhi_epi64(r.at[i], r.at[i + 4]);
	}
	return t;
}

/* Half of the columns of one dimension: pairs of inputs 0 and 4, 2 and 6, 1 and 3, 5 and 7. `corner`: inputs
 * 4 to 7 are 0. */
AVX2 void transform_half(__m256i p04, __m256i p26, __m256i p13, __m256i p57, bool corner, int by,
			 __m256i out[8])
{
	const __m256i half = _mm256_set1_epi32(1 << (by - 1));
	__m256i high = _mm256_madd_epi16(p26, constants(PF_DCT_0_541 + PF_DCT_0_765, PF_DCT_0_541));
	__m256i low = _mm256_madd_epi16(p26, constants(PF_DCT_0_541, PF_DCT_0_541 - PF_DCT_1_847));
	__m256i sum = _mm256_add_epi32(_mm256_madd_epi16(p04, constants(PF_DCT_ONE, PF_DCT_ONE)), half);
	__m256i difference =
		corner ? sum
		       : _mm256_add_epi32(_mm256_madd_epi16(p04, constants(PF_DCT_ONE, -PF_DCT_ONE)), half);
	__m256i even[4] = {_mm256_add_epi32(sum, high), _mm256_add_epi32(difference, low),
			   _mm256_sub_epi32(difference, low), _mm256_sub_epi32(sum, high)};
	/* Each is a sum over inputs 1, 3, 5 and 7; plain C says where the factors come from. */
	__m256i odd[4] = {
		_mm256_madd_epi16(p13, constants(PF_DCT_1_501 - PF_DCT_0_899 + PF_DCT_1_175 - PF_DCT_0_390,
						 PF_DCT_1_175)),
		_mm256_madd_epi16(p13, constants(PF_DCT_1_175,
						 PF_DCT_3_072 - PF_DCT_2_562 + PF_DCT_1_175 - PF_DCT_1_961)),
		_mm256_madd_epi16(p13, constants(PF_DCT_1_175 - PF_DCT_0_390, PF_DCT_1_175 - PF_DCT_2_562)),
		_mm256_madd_epi16(p13, constants(PF_DCT_1_175 - PF_DCT_0_899, PF_DCT_1_175 - PF_DCT_1_961)),
	};
	if (!corner) {
		const __m256i more[4] = {
			constants(PF_DCT_1_175 - PF_DCT_0_390, PF_DCT_1_175 - PF_DCT_0_899),
			constants(PF_DCT_1_175 - PF_DCT_2_562, PF_DCT_1_175 - PF_DCT_1_961),
			constants(PF_DCT_2_053 - PF_DCT_2_562 + PF_DCT_1_175 - PF_DCT_0_390, PF_DCT_1_175),
			constants(PF_DCT_1_175, PF_DCT_0_298 - PF_DCT_0_899 + PF_DCT_1_175 - PF_DCT_1_961),
		};
		for (int i = 0; i < 4; i++) {
			odd[i] = _mm256_add_epi32(odd[i], _mm256_madd_epi16(p57, more[i]));
		}
	}
	for (int i = 0; i < 4; i++) {
		out[i] = _mm256_srai_epi32(_mm256_add_epi32(even[i], odd[i]), by);
		out[7 - i] = _mm256_srai_epi32(_mm256_sub_epi32(even[i], odd[i]), by);
	}
}

/* All columns; with `few` only the first four columns are not 0, and of the others nothing is said. */
AVX2 rows transform(rows in, bool corner, bool few, int by, __m256i *bits)
{
	const __m256i zero = _mm256_setzero_si256();
	__m256i low[8], high[8];
	rows out;
	transform_half(_mm256_unpacklo_epi16(in.at[0], in.at[4]), _mm256_unpacklo_epi16(in.at[2], in.at[6]),
		       _mm256_unpacklo_epi16(in.at[1], in.at[3]), _mm256_unpacklo_epi16(in.at[5], in.at[7]),
		       corner, by, low);
	if (!few) {
		transform_half(_mm256_unpackhi_epi16(in.at[0], in.at[4]),
			       _mm256_unpackhi_epi16(in.at[2], in.at[6]),
			       _mm256_unpackhi_epi16(in.at[1], in.at[3]),
			       _mm256_unpackhi_epi16(in.at[5], in.at[7]), corner, by, high);
	}
	for (int i = 0; i < 8; i++) {
		out.at[i] = _mm256_packs_epi32(low[i], few ? zero : high[i]);
		*bits = _mm256_or_si256(*bits, _mm256_abs_epi16(out.at[i]));
	}
	return out;
}

AVX2 void store_rows(const rows *r, uint8_t *out, size_t stride_bytes, bool second)
{
	const __m256i centre = _mm256_set1_epi8(-128);
	for (size_t y = 0; y < 8; y += 2) {
		__m256i packed = _mm256_add_epi8(_mm256_packs_epi16(r->at[y], r->at[y + 1]), centre);
		/* row y of both blocks, then row y + 1 */
		packed = _mm256_permute4x64_epi64(packed, _MM_SHUFFLE(3, 1, 2, 0));
		__m128i upper = _mm256_castsi256_si128(packed), lower = _mm256_extracti128_si256(packed, 1);
		void *to = out + y * stride_bytes, *below = out + (y + 1) * stride_bytes;
		if (second) {
			_mm_storeu_si128(to, upper);
			_mm_storeu_si128(below, lower);
		} else {
			_mm_storel_epi64(to, upper);
			_mm_storel_epi64(below, lower);
		}
	}
}

/* Two blocks, or one twice where there is no second; sets bits in *between and *samples as they come up. */
AVX2 void transform_pair(int16_t *coefficients, bool second, bool corner, const uint16_t *steps, uint8_t *out,
			 size_t stride_bytes, __m256i *between, __m256i *samples)
{
	const __m256i zero = _mm256_setzero_si256();
	int16_t *other = second ? coefficients + 64 : coefficients;
	rows r;
	for (int i = 0; i < 8; i++) {
		r.at[i] = corner && i > 3 ? zero
					  : load_row(coefficients + 8 * i, other + 8 * i, steps + 8 * i);
	}
	r = transform(r, corner, corner, PF_DCT_COLUMN_SHIFT, between);
	r = transpose(r);
	r = transform(r, corner, false, PF_DCT_ROW_SHIFT, samples);
	r = transpose(r);
	store_rows(&r, out, stride_bytes, second);
	wipe(coefficients);
	if (second) {
		wipe(other);
	}
}

AVX2 uint8_t flat_sample(int32_t product, uint32_t *bits)
{
	int32_t value = (product + 4) >> 3;
	*bits |= (uint32_t)(value < 0 ? -value : value);
	return (uint8_t)(value < -128 ? 0 : value > 127 ? 255 : value + 128);
}

AVX2 void fill_flat(int16_t *coefficients, bool second, int32_t step, uint8_t *out, size_t stride_bytes,
		    uint32_t *bits)
{
	uint64_t one = flat_sample(coefficients[0] * step, bits) * 0x0101010101010101u, two = 0;
	coefficients[0] = 0;
	if (second) {
		two = flat_sample(coefficients[64] * step, bits) * 0x0101010101010101u;
		coefficients[64] = 0;
	}
	for (size_t y = 0; y < 8; y++) {
		memcpy(out + y * stride_bytes, &one, sizeof one);
		if (second) {
			memcpy(out + y * stride_bytes + 8, &two, sizeof two);
		}
	}
}

__attribute__((target("avx2"))) int pf_inverse_dct_avx2(int16_t *coefficients, const uint8_t *ends,
							uint32_t blocks, const uint16_t steps[64],
							uint8_t *out, size_t stride_bytes)
{
	__m256i between = _mm256_setzero_si256(), samples = between;
	uint32_t flat = 0;
	for (uint32_t i = 0; i < blocks; i += 2, coefficients += 128, out += 16) {
		bool second = i + 1 < blocks;
		uint8_t end = second && ends[i + 1] > ends[i] ? ends[i + 1] : ends[i];
		if (end == 1) {
			fill_flat(coefficients, second, steps[0], out, stride_bytes, &flat);
		} else if (end <= PF_DCT_CORNER_END) {
			transform_pair(coefficients, second, true, steps, out, stride_bytes, &between,
				       &samples);
		} else {
			transform_pair(coefficients, second, false, steps, out, stride_bytes, &between,
				       &samples);
		}
	}
	return or_of_16(between) > PF_DCT_COLUMN_MOST || (or_of_16(samples) | flat) > PF_DCT_SAMPLE_MOST;
}
#endif
