/* What the versions of the JPEG kernels have in common: the constants of libjpeg's accurate integer inverse
 * DCT (Loeffler, Ligtenberg and Moschytz 1989), and the functions themselves. */
#ifndef PHOTOFINISH_INVERSE_DCT_H
#define PHOTOFINISH_INVERSE_DCT_H

#include <stddef.h>
#include <stdint.h>

#include "core/kernels/entropy.h"

/* Fixed point with 13 bits. */
enum {
	PF_DCT_0_298 = 2446,
	PF_DCT_0_390 = 3196,
	PF_DCT_0_541 = 4433,
	PF_DCT_0_765 = 6270,
	PF_DCT_0_899 = 7373,
	PF_DCT_1_175 = 9633,
	PF_DCT_1_501 = 12299,
	PF_DCT_1_847 = 15137,
	PF_DCT_1_961 = 16069,
	PF_DCT_2_053 = 16819,
	PF_DCT_2_562 = 20995,
	PF_DCT_3_072 = 25172,
	PF_DCT_ONE = 8192,
};

#define PF_DCT_COLUMN_SHIFT 11 /* both passes keep 2 bits of fraction between them */
#define PF_DCT_ROW_SHIFT 18
/* Between the passes, and of a sample before 128 is added: what is beyond is computed in more than one way.
 */
#define PF_DCT_COLUMN_MOST 16383
#define PF_DCT_SAMPLE_MOST 511
#define PF_DCT_CORNER_END \
	10 /* a block that ends there has its coefficients in its first four rows and columns */

uint32_t pf_decode_mcus_plain(pf_entropy *entropy, uint32_t first, uint32_t count);
uint32_t pf_decode_mcus_avx2(pf_entropy *entropy, uint32_t first, uint32_t count);
void pf_decode_pair_avx2(pf_lane *first, pf_lane *second);
int pf_inverse_dct_plain(int16_t *coefficients, const uint8_t *ends, uint32_t blocks,
			 const uint16_t steps[64], uint8_t *out, size_t stride_bytes);
int pf_inverse_dct_avx2(int16_t *coefficients, const uint8_t *ends, uint32_t blocks, const uint16_t steps[64],
			uint8_t *out, size_t stride_bytes);
int pf_inverse_dct_avx512(int16_t *coefficients, const uint8_t *ends, uint32_t blocks,
			  const uint16_t steps[64], uint8_t *out, size_t stride_bytes);

#endif
