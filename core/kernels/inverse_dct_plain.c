#include "core/kernels/inverse_dct.h"

#include <string.h>

const uint8_t pf_zigzag[64 + 64] = {
	0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
	41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
	30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
};

/* One dimension of 8 values that lie `step` apart; results are not yet shifted. */
static void transform(const int32_t *in, size_t step, int32_t out[8])
{
	int32_t z1 = (in[2 * step] + in[6 * step]) * PF_DCT_0_541;
	int32_t low = z1 - in[6 * step] * PF_DCT_1_847, high = z1 + in[2 * step] * PF_DCT_0_765;
	int32_t sum = (in[0] + in[4 * step]) * PF_DCT_ONE, difference = (in[0] - in[4 * step]) * PF_DCT_ONE;
	int32_t even[4] = {sum + high, difference + low, difference - low, sum - high};

	int32_t a = in[7 * step], b = in[5 * step], c = in[3 * step], d = in[step];
	int32_t z5 = (a + c + b + d) * PF_DCT_1_175;
	int32_t ad = (a + d) * -PF_DCT_0_899, bc = (b + c) * -PF_DCT_2_562;
	int32_t ac = z5 - (a + c) * PF_DCT_1_961, bd = z5 - (b + d) * PF_DCT_0_390;
	int32_t odd[4] = {d * PF_DCT_1_501 + ad + bd, c * PF_DCT_3_072 + bc + ac, b * PF_DCT_2_053 + bc + bd,
			  a * PF_DCT_0_298 + ad + ac};
	for (unsigned i = 0; i < 4; i++) {
		out[i] = even[i] + odd[i];
		out[7 - i] = even[i] - odd[i];
	}
}

static int32_t shift(int32_t value, unsigned by)
{
	return (value + (1 << (by - 1))) >> by;
}

static int beyond(int32_t value, int32_t most)
{
	return value > most || value < -most;
}

static uint8_t sample_of(int32_t value)
{
	return (uint8_t)(value < -128 ? 0 : value > 127 ? 255 : value + 128);
}

/* Whether anything of a block is beyond. */
static int transform_block(const int16_t *coefficients, const uint16_t *steps, uint8_t *out,
			   size_t stride_bytes)
{
	int32_t in[64], between[64], line[8];
	int wild = 0;
	for (unsigned i = 0; i < 64; i++) {
		in[i] = (int16_t)(coefficients[i] * steps[i]);
	}
	for (unsigned x = 0; x < 8; x++) {
		transform(in + x, 8, line);
		for (unsigned y = 0; y < 8; y++) {
			int32_t value = shift(line[y], PF_DCT_COLUMN_SHIFT);
			wild |= beyond(value, PF_DCT_COLUMN_MOST);
			between[8 * y + x] = value;
		}
	}
	for (unsigned y = 0; y < 8 && !wild; y++) {
		transform(between + 8 * (size_t)y, 1, line);
		for (unsigned x = 0; x < 8; x++) {
			int32_t value = shift(line[x], PF_DCT_ROW_SHIFT);
			wild |= beyond(value, PF_DCT_SAMPLE_MOST);
			out[y * stride_bytes + x] = sample_of(value);
		}
	}
	return wild;
}

int pf_inverse_dct_plain(int16_t *coefficients, const uint8_t *ends, uint32_t blocks,
			 const uint16_t steps[64], uint8_t *out, size_t stride_bytes)
{
	int wild = 0;
	for (uint32_t i = 0; i < blocks; i++, coefficients += 64, out += 8) {
		if (ends[i] > 1) {
			wild |= transform_block(coefficients, steps, out, stride_bytes);
			memset(coefficients, 0, 64 * sizeof *coefficients);
			continue;
		}
		int32_t value = shift(coefficients[0] * steps[0], 3);
		wild |= beyond(value, PF_DCT_SAMPLE_MOST);
		for (unsigned y = 0; y < 8; y++) {
			memset(out + y * stride_bytes, sample_of(value), 8);
		}
		coefficients[0] = 0;
	}
	return wild;
}
