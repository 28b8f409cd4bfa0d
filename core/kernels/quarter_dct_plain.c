#include "core/kernels/quarter_dct.h"

#include <string.h>

/* One dimension of 8 values that lie `step` apart to 2, not yet shifted. */
static void transform(const int32_t *in, size_t step, int32_t out[2])
{
	int32_t mean = in[0] * PF_QUARTER_0;
	int32_t odd = in[step] * PF_QUARTER_1 + in[3 * step] * PF_QUARTER_3 + in[5 * step] * PF_QUARTER_5 +
		      in[7 * step] * PF_QUARTER_7;
	out[0] = mean + odd;
	out[1] = mean - odd;
}

static int transform_block(const int16_t *coefficients, const uint16_t *steps, uint8_t *out,
			   size_t stride_bytes)
{
	int32_t in[64], between[16], line[2];
	for (unsigned i = 0; i < 64; i++) {
		in[i] = (int16_t)(coefficients[i] * steps[i]);
	}
	for (unsigned x = 0; x < 8; x++) {
		transform(in + x, 8, line);
		for (unsigned y = 0; y < 2; y++) {
			int32_t value = (line[y] + PF_QUARTER_COLUMN_ROUND) >> PF_QUARTER_COLUMN_SHIFT;
			if (value > PF_QUARTER_COLUMN_MOST || value < -PF_QUARTER_COLUMN_MOST) {
				return 1;
			}
			between[8 * y + x] = value;
		}
	}
	for (unsigned y = 0; y < 2; y++) {
		transform(between + 8 * (size_t)y, 1, line);
		for (unsigned x = 0; x < 2; x++) {
			int32_t value = (line[x] + PF_QUARTER_ROW_ROUND) >> PF_QUARTER_ROW_SHIFT;
			out[y * stride_bytes + x] = (uint8_t)(value < -128  ? 0
							      : value > 127 ? 255
									    : value + 128);
		}
	}
	return 0;
}

int pf_quarter_dct_plain(int16_t *coefficients, const uint8_t *ends, uint32_t count, const uint16_t steps[64],
			 uint8_t *out, size_t stride_bytes)
{
	int wild = 0;
	(void)ends;
	for (uint32_t i = 0; i < count; i++, out += 2) {
		int16_t *block = coefficients + 64 * (size_t)i;
		wild |= transform_block(block, steps, out, stride_bytes);
		memset(block, 0, 64 * sizeof *block);
	}
	return wild;
}
