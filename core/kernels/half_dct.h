/* The inverse DCT to half the size: each sample is the mean of the four that the whole inverse DCT would
 * give, before it rounds and limits them.
 *
 * The mean of samples 2i and 2i + 1 of the inverse 8-point DCT of X is, as cos(a) + cos(b) is a product,
 *   X0 / sqrt(8) + sum over k = 1..3 of 1/2 (cos(k pi/16) X[k] - sin(k pi/16) X[8 - k]) cos((2i + 1) k pi/8)
 * so that the coefficients 8 - k fold onto k, and the fourth vanishes. */
#ifndef PHOTOFINISH_HALF_DCT_H
#define PHOTOFINISH_HALF_DCT_H

#include <stddef.h>
#include <stdint.h>

/* Fixed point with 13 bits: 1/sqrt(8), and the factors of coefficient k in the sums of even and odd k. */
enum {
	PF_HALF_0 = 2896,
	PF_HALF_2 = 2676,   /* cos(2 pi/16) cos(pi/4) / 2 */
	PF_HALF_6 = 1108,   /* sin(2 pi/16) cos(pi/4) / 2, to be taken off */
	PF_HALF_1A = 3712,  /* of output 0: cos(pi/16) cos(pi/8) / 2 */
	PF_HALF_3A = 1303,  /* cos(3 pi/16) cos(3 pi/8) / 2 */
	PF_HALF_5A = -871,  /* -sin(3 pi/16) cos(3 pi/8) / 2 */
	PF_HALF_7A = -738,  /* -sin(pi/16) cos(pi/8) / 2 */
	PF_HALF_1B = 1537,  /* of output 1: cos(pi/16) cos(3 pi/8) / 2 */
	PF_HALF_3B = -3147, /* -cos(3 pi/16) cos(pi/8) / 2 */
	PF_HALF_5B = 2102,  /* sin(3 pi/16) cos(pi/8) / 2 */
	PF_HALF_7B = -306,  /* -sin(pi/16) cos(3 pi/8) / 2 */
};
#define PF_HALF_COLUMN_SHIFT 9 /* 4 bits of fraction between the passes */
#define PF_HALF_COLUMN_ROUND (1 << 8)
#define PF_HALF_ROW_SHIFT 17
/* Half, and the eighth of a level that rounding the mean of four half up adds on average. */
#define PF_HALF_ROW_ROUND ((1 << 16) + (1 << 14))
#define PF_HALF_COLUMN_MOST 16383 /* between the passes: what is beyond does not count */

/* The samples of `count` neighbouring blocks, 4 a block, into 4 rows of `out`; sets the coefficients (aligned
 * to 32 bytes) to 0. Of each pair of blocks the first lies `pair` blocks behind the first of the pair before,
 * the second one `second` blocks behind it. `ends`, one for each block as they lie, and `steps` are those of
 * inverse_dct (kernels.h). Not 0 where numbers became too large: then the samples do not count. */
int pf_half_dct_plain(int16_t *coefficients, const uint8_t *ends, uint32_t count, uint32_t second,
		      uint32_t pair, const uint16_t steps[64], uint8_t *out, size_t stride_bytes);
int pf_half_dct_avx2(int16_t *coefficients, const uint8_t *ends, uint32_t count, uint32_t second,
		     uint32_t pair, const uint16_t steps[64], uint8_t *out, size_t stride_bytes);

#endif
