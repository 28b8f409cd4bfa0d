/* What the transforms by AVX2 have in common. */
#ifndef PHOTOFINISH_DCT_AVX2_H
#define PHOTOFINISH_DCT_AVX2_H

#include <immintrin.h>
#include <stdint.h>

#define AVX2 static inline __attribute__((target("avx2"), always_inline))

/* Two 16-bit factors in each 32 bits, as _mm256_madd_epi16 takes them. */
AVX2 __m256i constants(int a, int b)
{
	return _mm256_set1_epi32((int)((uint32_t)b << 16 | ((uint32_t)a & 0xFFFF)));
}

/* A row of eight coefficients of two blocks, in one half each, times its eight steps. */
AVX2 __m256i load_row(const int16_t *first, const int16_t *second, const uint16_t *steps)
{
	__m256i values = _mm256_inserti128_si256(
		_mm256_castsi128_si256(_mm_load_si128((const __m128i *)(const void *)first)),
		_mm_load_si128((const __m128i *)(const void *)second), 1);
	__m256i factors = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)steps));
	return _mm256_mullo_epi16(values, factors);
}

/* Sets the 64 coefficients of a block to 0. Not in a loop, of which gcc makes a `rep stos`. */
AVX2 void wipe(int16_t *block)
{
	const __m256i zero = _mm256_setzero_si256();
	__m256i *to = (__m256i *)(void *)block;
	_mm256_store_si256(to, zero);
	_mm256_store_si256(to + 1, zero);
	_mm256_store_si256(to + 2, zero);
	_mm256_store_si256(to + 3, zero);
}

AVX2 uint32_t or_of_16(__m256i values)
{
	__m128i both = _mm_or_si128(_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1));
	uint64_t bits = (uint64_t)_mm_cvtsi128_si64(both) | (uint64_t)_mm_extract_epi64(both, 1);
	bits |= bits >> 32;
	return (uint32_t)((bits | bits >> 16) & 0xFFFF);
}

#endif
