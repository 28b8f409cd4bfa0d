/* Four blocks at once: in the first pass two, one in each half of the registers, and two more; in the second
 * all four. */
#include "core/kernels/half_dct.h"

#if defined(__x86_64__)
#include <stdbool.h>
#include <string.h>

#include "core/kernels/dct_avx2.h"
#include "core/kernels/inverse_dct.h"

/* Four outputs of half of the columns: pairs of inputs 0 and 2, 6 and 0, 1 and 3, 5 and 7. `corner`: inputs 4
 * to 7 are 0. */
AVX2 void transform_half(__m256i p02, __m256i p62, __m256i p13, __m256i p57, bool corner, int round, int by,
			 __m256i out[4])
{
	const __m256i half = _mm256_set1_epi32(round);
	__m256i plus = _mm256_add_epi32(_mm256_madd_epi16(p02, constants(PF_HALF_0, PF_HALF_2)), half);
	__m256i minus = _mm256_add_epi32(_mm256_madd_epi16(p02, constants(PF_HALF_0, -PF_HALF_2)), half);
	__m256i a = _mm256_madd_epi16(p13, constants(PF_HALF_1A, PF_HALF_3A));
	__m256i b = _mm256_madd_epi16(p13, constants(PF_HALF_1B, PF_HALF_3B));
	if (!corner) {
		__m256i six = _mm256_madd_epi16(p62, constants(PF_HALF_6, 0));
		plus = _mm256_sub_epi32(plus, six);
		minus = _mm256_add_epi32(minus, six);
		a = _mm256_add_epi32(a, _mm256_madd_epi16(p57, constants(PF_HALF_5A, PF_HALF_7A)));
		b = _mm256_add_epi32(b, _mm256_madd_epi16(p57, constants(PF_HALF_5B, PF_HALF_7B)));
	}
	out[0] = _mm256_srai_epi32(_mm256_add_epi32(plus, a), by);
	out[1] = _mm256_srai_epi32(_mm256_add_epi32(minus, b), by);
	out[2] = _mm256_srai_epi32(_mm256_sub_epi32(minus, b), by);
	out[3] = _mm256_srai_epi32(_mm256_sub_epi32(plus, a), by);
}

/* Eight rows of eight values in each half to four; with `few` only the first four columns count. */
AVX2 void transform(const __m256i in[8], bool corner, bool few, int round, int by, __m256i out[4])
{
	__m256i low[4], high[4];
	transform_half(_mm256_unpacklo_epi16(in[0], in[2]), _mm256_unpacklo_epi16(in[6], in[2]),
		       _mm256_unpacklo_epi16(in[1], in[3]), _mm256_unpacklo_epi16(in[5], in[7]), corner,
		       round, by, low);
	if (!few) {
		transform_half(_mm256_unpackhi_epi16(in[0], in[2]), _mm256_unpackhi_epi16(in[6], in[2]),
			       _mm256_unpackhi_epi16(in[1], in[3]), _mm256_unpackhi_epi16(in[5], in[7]),
			       corner, round, by, high);
	}
	for (int i = 0; i < 4; i++) {
		out[i] = _mm256_packs_epi32(low[i], few ? _mm256_setzero_si256() : high[i]);
	}
}

/* Rows 0..3 of the columns of two blocks. */
AVX2 void columns(const int16_t *first, const int16_t *second, bool corner, const uint16_t *steps,
		  __m256i out[4], __m256i *bits)
{
	__m256i in[8];
	for (int i = 0; i < 8; i++) {
		in[i] = corner && i > 3 ? _mm256_setzero_si256()
					: load_row(first + 8 * i, second + 8 * i, steps + 8 * i);
	}
	transform(in, corner, corner, PF_HALF_COLUMN_ROUND, PF_HALF_COLUMN_SHIFT, out);
	for (int i = 0; i < 4; i++) {
		*bits = _mm256_or_si256(*bits, _mm256_abs_epi16(out[i]));
	}
}

AVX2 void transpose(__m256i r[8])
{
	__m256i t[8];
	for (int i = 0; i < 4; i++) {
		t[2 * i] = _mm256_unpacklo_epi16(r[2 * i], r[2 * i + 1]);
		t[2 * i + 1] = _mm256_unpackhi_epi16(r[2 * i], r[2 * i + 1]);
	}
	for (int i = 0; i < 2; i++) {
		r[4 * i] = _mm256_unpacklo_epi32(t[4 * i], t[4 * i + 2]);
		r[4 * i + 1] = _mm256_unpackhi_epi32(t[4 * i], t[4 * i + 2]);
		r[4 * i + 2] = _mm256_unpacklo_epi32(t[4 * i + 1], t[4 * i + 3]);
		r[4 * i + 3] = _mm256_unpackhi_epi32(t[4 * i + 1], t[4 * i + 3]);
	}
	for (int i = 0; i < 4; i++) {
		t[2 * i] = _mm256_unpacklo_epi64(r[i], r[i + 4]);
		t[2 * i + 1] = _mm256_unpackhi_epi64(r[i], r[i + 4]);
	}
	memcpy(r, t, sizeof t);
}

/* `in` has output columns 0..3: in each half rows 0..3 of one block, then of its neighbour. Four rows of 16
 * samples come out, of which the first `bytes` are written. */
AVX2 void store(const __m256i in[4], uint8_t *out, size_t stride_bytes, size_t bytes)
{
	const __m256i centre = _mm256_set1_epi8(-128);
	__m256i left01 = _mm256_unpacklo_epi16(in[0], in[1]), left23 = _mm256_unpacklo_epi16(in[2], in[3]);
	__m256i right01 = _mm256_unpackhi_epi16(in[0], in[1]), right23 = _mm256_unpackhi_epi16(in[2], in[3]);
	__m256i left[2] = {_mm256_unpacklo_epi32(left01, left23), _mm256_unpackhi_epi32(left01, left23)};
	__m256i right[2] = {_mm256_unpacklo_epi32(right01, right23), _mm256_unpackhi_epi32(right01, right23)};
	for (size_t y = 0; y < 4; y += 2) {
		__m256i upper = _mm256_unpacklo_epi64(left[y / 2], right[y / 2]);
		__m256i lower = _mm256_unpackhi_epi64(left[y / 2], right[y / 2]);
		__m256i packed = _mm256_add_epi8(_mm256_packs_epi16(upper, lower), centre);
		uint8_t rows[32];
		packed = _mm256_permute4x64_epi64(packed, _MM_SHUFFLE(3, 1, 2, 0));
		if (bytes == 16) {
			_mm_storeu_si128((__m128i *)(void *)(out + y * stride_bytes),
					 _mm256_castsi256_si128(packed));
			_mm_storeu_si128((__m128i *)(void *)(out + (y + 1) * stride_bytes),
					 _mm256_extracti128_si256(packed, 1));
			continue;
		}
		_mm256_storeu_si256((__m256i *)(void *)rows, packed);
		memcpy(out + y * stride_bytes, rows, bytes);
		memcpy(out + (y + 1) * stride_bytes, rows + 16, bytes);
	}
}

AVX2 void four(int16_t *const block[4], bool corner, const uint16_t *steps, uint8_t *out, size_t stride_bytes,
	       size_t bytes, __m256i *bits)
{
	__m256i rows[8], done[4];
	columns(block[0], block[2], corner, steps, rows, bits);
	columns(block[1], block[3], corner, steps, rows + 4, bits);
	transpose(rows);
	transform(rows, corner, false, PF_HALF_ROW_ROUND, PF_HALF_ROW_SHIFT, done);
	store(done, out, stride_bytes, bytes);
}

/* Blocks that have no other coefficient than the first. */
AVX2 void flat(int16_t *const block[4], uint32_t here, const uint16_t *steps, uint8_t *out,
	       size_t stride_bytes, uint32_t *most)
{
	for (uint32_t k = 0; k < here; k++) {
		int32_t between = ((int16_t)(*block[k] * steps[0]) * PF_HALF_0 + PF_HALF_COLUMN_ROUND) >>
				  PF_HALF_COLUMN_SHIFT;
		int32_t value = (between * PF_HALF_0 + PF_HALF_ROW_ROUND) >> PF_HALF_ROW_SHIFT;
		uint32_t size = (uint32_t)(between < 0 ? -between : between);
		*most = size > *most ? size : *most;
		uint32_t sample = value < -128 ? 0 : value > 127 ? 255 : (uint32_t)(value + 128);
		uint32_t row = sample * 0x01010101u;
		for (size_t y = 0; y < 4; y++) {
			memcpy(out + y * stride_bytes + 4 * (size_t)k, &row, sizeof row);
		}
		*block[k] = 0;
	}
}

__attribute__((target("avx2"))) int pf_half_dct_avx2(int16_t *coefficients, const uint8_t *ends,
						     uint32_t count, uint32_t second, uint32_t pair,
						     const uint16_t steps[64], uint8_t *out,
						     size_t stride_bytes)
{
	__m256i bits = _mm256_setzero_si256();
	uint32_t most = 0;
	for (uint32_t i = 0; i < count; i += 4, out += 16) {
		uint32_t here = count - i < 4 ? count - i : 4, end = 0;
		int16_t *block[4];
		for (uint32_t k = 0; k < 4; k++) { /* the last one again where there is no other */
			uint32_t n = i + (k < here ? k : here - 1);
			size_t at = (size_t)(n / 2) * pair + n % 2 * second;
			block[k] = coefficients + 64 * at;
			end = ends[at] > end ? ends[at] : end;
		}
		if (end == 1) {
			flat(block, here, steps, out, stride_bytes, &most);
			continue;
		}
		if (end <= PF_DCT_CORNER_END) {
			four(block, true, steps, out, stride_bytes, 4 * (size_t)here, &bits);
		} else {
			four(block, false, steps, out, stride_bytes, 4 * (size_t)here, &bits);
		}
		for (uint32_t k = 0; k < here; k++) {
			wipe(block[k]);
		}
	}
	return or_of_16(bits) > PF_HALF_COLUMN_MOST || most > PF_HALF_COLUMN_MOST;
}
#endif
