/* The loops themselves, in C, compiled once for each set of instructions: whoever includes this may define
 * KERNEL first. */
#ifndef PHOTOFINISH_KERNELS_BODY_H
#define PHOTOFINISH_KERNELS_BODY_H

#include <string.h>

#include "core/kernels/kernels.h"

#ifndef KERNEL
#define KERNEL static inline
#endif

KERNEL void widen(int16_t *restrict out, const uint8_t *restrict row, uint32_t count)
{
	for (uint32_t x = 0; x < count; x++) {
		out[x] = row[x];
	}
}

/* Each pair of bytes is loaded as one 16-bit value whose halves are added: no shuffling in vector code, and
 * the byte order does not matter. */
KERNEL void bin_2x2(int16_t *restrict out, const uint8_t *restrict upper, const uint8_t *restrict lower,
		    uint32_t count)
{
	for (uint32_t x = 0; x < count; x++) {
		uint16_t a, b;
		memcpy(&a, upper + 2 * (size_t)x, 2);
		memcpy(&b, lower + 2 * (size_t)x, 2);
		uint16_t sum = (uint16_t)((a & 255) + (a >> 8) + (b & 255) + (b >> 8) + 2);
		out[x] = (int16_t)(sum >> 2);
	}
}

/* Four histograms, because neighbouring samples are often equal and would wait for each other's increment. */
KERNEL void histogram(const int16_t *row, uint32_t count, uint32_t histograms[4][256])
{
	uint32_t x = 0;
	for (; x + 4 <= count; x += 4) {
		histograms[0][(uint8_t)row[x]]++;
		histograms[1][(uint8_t)row[x + 1]]++;
		histograms[2][(uint8_t)row[x + 2]]++;
		histograms[3][(uint8_t)row[x + 3]]++;
	}
	for (; x < count; x++) {
		histograms[0][(uint8_t)row[x]]++;
	}
}

/* Everything fits into 16 bits before it is multiplied (|gx|, |gy|, |laplacian| <= 1,020, |noise| <= 2,040),
 * and 1,024 squares of 1,020 fit into 32. */
KERNEL void sum_gradients(const int16_t *up, const int16_t *middle, const int16_t *down, uint32_t count,
			  pf_segment_sums *sums)
{
	int32_t laplacian = 0, laplacian_squared = 0, sxx = 0, syy = 0, sxy = 0, noise = 0, brightness = 0;
	for (uint32_t i = 0; i < count; i++) {
		const int16_t *a = up + i, *m = middle + i, *z = down + i;
		int16_t centre = m[0];
		int16_t cross = (int16_t)(a[0] + z[0] + m[-1] + m[1]);
		int16_t corners = (int16_t)(a[-1] + a[1] + z[-1] + z[1]);
		int16_t falling = (int16_t)(z[1] - a[-1]), rising = (int16_t)(z[-1] - a[1]);
		int16_t gx = (int16_t)(falling - rising + 2 * (m[1] - m[-1]));
		int16_t gy = (int16_t)(falling + rising + 2 * (z[0] - a[0]));
		int16_t second = (int16_t)(cross - 4 * centre);
		int16_t fine = (int16_t)(corners - 2 * cross + 4 * centre);
		laplacian += second;
		laplacian_squared += second * second;
		sxx += gx * gx;
		syy += gy * gy;
		sxy += gx * gy;
		noise += fine < 0 ? -fine : fine;
		brightness += centre;
	}
	*sums = (pf_segment_sums){.laplacian = laplacian,
				  .laplacian_squared = laplacian_squared,
				  .sxx = sxx,
				  .syy = syy,
				  .sxy = sxy,
				  .noise = noise,
				  .brightness = brightness};
}

/* 65,535 * 128 * 128 is the largest sum and fits into 32 bits. */
KERNEL void sum_chroma(const uint8_t *cb, const uint8_t *cr, uint32_t count, pf_chroma_row_sums *sums)
{
	int32_t b = 0, r = 0, bb = 0, rr = 0, br = 0;
	for (uint32_t x = 0; x < count; x++) {
		int16_t u = (int16_t)(cb[x] - 128), v = (int16_t)(cr[x] - 128);
		b += u;
		r += v;
		bb += u * u;
		rr += v * v;
		br += u * v;
	}
	*sums = (pf_chroma_row_sums){.cb = b, .cr = r, .cbcb = bb, .crcr = rr, .cbcr = br};
}

/* 16-bit factors: every instruction set multiplies those quickly. */
KERNEL void add_weighted(uint32_t *restrict sums, const uint8_t *restrict row, int16_t weight, uint32_t count)
{
	for (uint32_t x = 0; x < count; x++) {
		int16_t value = row[x];
		sums[x] += (uint32_t)(value * weight);
	}
}

KERNEL void add_bytes(uint16_t *restrict sums, const uint8_t *restrict row, uint32_t count)
{
	for (uint32_t x = 0; x < count; x++) {
		sums[x] = (uint16_t)(sums[x] + row[x]);
	}
}

KERNEL void mix_rows(uint32_t *restrict out, const uint8_t *restrict first, const uint8_t *restrict last,
		     const uint16_t *restrict between, const uint16_t weights[3], uint32_t count)
{
	uint32_t a = weights[0], b = weights[1], c = weights[2];
	for (uint32_t x = 0; x < count; x++) {
		out[x] = first[x] * a + last[x] * b + between[x] * c;
	}
}

/* Products are rounded before they are added: contraction is off. */
KERNEL void mix_rows_float(float *restrict out, const uint8_t *restrict first, const uint8_t *restrict last,
			   const uint16_t *restrict between, const float weights[3], uint32_t count)
{
	float a = weights[0], b = weights[1], c = weights[2];
	for (uint32_t x = 0; x < count; x++) {
		out[x] = a * (float)first[x] + b * (float)last[x] + c * (float)between[x];
	}
}

#define KERNEL_FUNCTIONS                                                                            \
	.widen = widen, .bin_2x2 = bin_2x2, .histogram = histogram, .sum_gradients = sum_gradients, \
	.sum_chroma = sum_chroma, .add_weighted = add_weighted, .add_bytes = add_bytes,             \
	.mix_rows = mix_rows, .mix_rows_float = mix_rows_float

#endif
