/* The inverse DCT to a quarter of the size: each sample is the mean of the sixteen that the whole inverse DCT
 * would give, before it rounds and limits them.
 *
 * The mean of samples 4i to 4i + 3 of the inverse 8-point DCT of X is, as cos(a) + cos(3a) + cos(5a) +
 * cos(7a) is sin(8a) / (2 sin(a)), X0 / sqrt(8) +- (X1 / s1 - X3 / s3 + X5 / s5 - X7 / s7) / 16 with s[k] =
 * sin(k pi/16)
 * (+ for i = 0, - for i = 1): the even coefficients but the first vanish. */
#ifndef PHOTOFINISH_QUARTER_DCT_H
#define PHOTOFINISH_QUARTER_DCT_H

#include <stddef.h>
#include <stdint.h>

/* Fixed point with 13 bits. */
enum {
	PF_QUARTER_0 = 2896, /* 1 / sqrt(8) */
	PF_QUARTER_1 = 2624, /* 1 / (16 sin(pi/16)) */
	PF_QUARTER_3 = -922, /* -1 / (16 sin(3 pi/16)) */
	PF_QUARTER_5 = 616,  /* 1 / (16 sin(5 pi/16)) */
	PF_QUARTER_7 = -522, /* -1 / (16 sin(7 pi/16)) */
};
#define PF_QUARTER_COLUMN_SHIFT 9 /* 4 bits of fraction between the passes */
#define PF_QUARTER_COLUMN_ROUND (1 << 8)
#define PF_QUARTER_ROW_SHIFT 17
/* Half, and the 32nd of a level that rounding the mean of sixteen half up adds on average. */
#define PF_QUARTER_ROW_ROUND ((1 << 16) + (1 << 12))
#define PF_QUARTER_COLUMN_MOST 16383 /* between the passes: what is beyond does not count */

/* The samples of `count` neighbouring blocks, 2 a block, into 2 rows of `out`; sets the coefficients (aligned
 * to 32 bytes) to 0. `ends`, one for each block, and `steps` are those of inverse_dct (kernels.h). Not 0
 * where numbers became too large: then the samples do not count. */
int pf_quarter_dct_plain(int16_t *coefficients, const uint8_t *ends, uint32_t count, const uint16_t steps[64],
			 uint8_t *out, size_t stride_bytes);
int pf_quarter_dct_avx2(int16_t *coefficients, const uint8_t *ends, uint32_t count, const uint16_t steps[64],
			uint8_t *out, size_t stride_bytes);

#endif
