/* A convolution of bytes cut into tiles of `points` outputs times `blocks` of 16 channels, whose sums stay in
 * registers: TILE(points, blocks) is what the version that includes this has. */
#include <stddef.h>

#include "core/kernels/int8.h"

/* What a tile reads and writes. */
typedef struct tile_of {
	const pf_int8_conv *conv;
	const uint8_t *in;
	const int8_t *weights;
	int32_t *sums;
} tile_of;

/* Bytes of the weights of one block of 16 channels. */
static inline size_t block_bytes(const pf_int8_conv *conv)
{
	return (size_t)conv->kernel * conv->kernel * conv->in_channels * PF_INT8_OUTPUTS;
}

#define ALL_POINTS(blocks)                                                          \
	do {                                                                        \
		for (; left >= MOST_POINTS(blocks); left -= MOST_POINTS(blocks)) {  \
			TILE(&t, MOST_POINTS(blocks), blocks);                      \
			t.in += (size_t)MOST_POINTS(blocks) * step;                 \
			t.sums += (size_t)MOST_POINTS(blocks) * conv->out_channels; \
		}                                                                   \
		for (; left >= 3; left -= 3) {                                      \
			TILE(&t, 3, blocks);                                        \
			t.in += 3 * (size_t)step;                                   \
			t.sums += 3 * (size_t)conv->out_channels;                   \
		}                                                                   \
		for (; left > 0; left--) {                                          \
			TILE(&t, 1, blocks);                                        \
			t.in += step;                                               \
			t.sums += conv->out_channels;                               \
		}                                                                   \
	} while (0)
