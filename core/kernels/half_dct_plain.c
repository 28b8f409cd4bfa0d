#include "core/kernels/half_dct.h"

#include <string.h>

/* One dimension of 8 values that lie `step` apart to 4, not yet shifted. */
static void transform(const int32_t *in, size_t step, int32_t out[4])
{
	int32_t mean = in[0] * PF_HALF_0, even = in[2 * step] * PF_HALF_2 - in[6 * step] * PF_HALF_6;
	int32_t a = in[step] * PF_HALF_1A + in[3 * step] * PF_HALF_3A + in[5 * step] * PF_HALF_5A +
		    in[7 * step] * PF_HALF_7A;
	int32_t b = in[step] * PF_HALF_1B + in[3 * step] * PF_HALF_3B + in[5 * step] * PF_HALF_5B +
		    in[7 * step] * PF_HALF_7B;
	out[0] = mean + even + a;
	out[1] = mean - even + b;
	out[2] = mean - even - b;
	out[3] = mean + even - a;
}

static int transform_block(const int16_t *coefficients, const uint16_t *steps, uint8_t *out,
			   size_t stride_bytes)
{
	int32_t in[64], between[32], line[4];
	for (unsigned i = 0; i < 64; i++) {
		in[i] = (int16_t)(coefficients[i] * steps[i]);
	}
	for (unsigned x = 0; x < 8; x++) {
		transform(in + x, 8, line);
		for (unsigned y = 0; y < 4; y++) {
			int32_t value = (line[y] + PF_HALF_COLUMN_ROUND) >> PF_HALF_COLUMN_SHIFT;
			if (value > PF_HALF_COLUMN_MOST || value < -PF_HALF_COLUMN_MOST) {
				return 1;
			}
			between[8 * y + x] = value;
		}
	}
	for (unsigned y = 0; y < 4; y++) {
		transform(between + 8 * (size_t)y, 1, line);
		for (unsigned x = 0; x < 4; x++) {
			int32_t value = (line[x] + PF_HALF_ROW_ROUND) >> PF_HALF_ROW_SHIFT;
			out[y * stride_bytes + x] = (uint8_t)(value < -128  ? 0
							      : value > 127 ? 255
									    : value + 128);
		}
	}
	return 0;
}

int pf_half_dct_plain(int16_t *coefficients, const uint8_t *ends, uint32_t count, uint32_t second,
		      uint32_t pair, const uint16_t steps[64], uint8_t *out, size_t stride_bytes)
{
	int wild = 0;
	(void)ends;
	for (uint32_t i = 0; i < count; i++, out += 4) {
		int16_t *block = coefficients + 64 * ((size_t)(i / 2) * pair + i % 2 * second);
		wild |= transform_block(block, steps, out, stride_bytes);
		memset(block, 0, 64 * sizeof *block);
	}
	return wild;
}
