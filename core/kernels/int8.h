/* Convolutions of bytes, in one version for every set of instructions. All versions give the same bits: sums
 * are integers, and the floats around them are multiplied and added element by element.
 *
 * Activations are 0..127, so that a pair of products (2 * 127 * 127) fits into 16 bits: AVX2 has no sum of
 * four products that does not saturate. */
#ifndef PHOTOFINISH_INT8_H
#define PHOTOFINISH_INT8_H

#include <stdbool.h>
#include <stdint.h>

#define PF_INT8_MOST 127
#define PF_INT8_INPUTS 4   /* input channels come in multiples of this */
#define PF_INT8_OUTPUTS 16 /* output channels, too */

/* Channels lie together (NHWC). */
typedef struct pf_int8_conv {
	uint32_t kernel, stride; /* of both axes: 1 or 3; 1 or 2 */
	uint32_t in_channels, out_channels;
	uint32_t row_bytes;    /* from one row of the input to the next */
	const int8_t *weights; /* [out / 16][y][x][in / 4][16][4], -127..127 */
} pf_int8_conv;

typedef struct pf_int8_kernels {
	const char *name;
	/* out[i] = in[i] * inverse rounded half up, limited to 0..127; what is no number becomes 0. */
	void (*quantise)(const float *in, float inverse, uint32_t count, uint8_t *out);
	/* sums[x][channel] of `count` neighbouring outputs; `in` is the corner of the first one's window. */
	void (*sum)(const pf_int8_conv *conv, const uint8_t *in, uint32_t count, int32_t *sums);
	/* out = sums * scales[channel] + biases[channel], then + added (NULL: nothing), then not below 0 with
	 * `relu`; of `count` points of `channels`. */
	void (*finish)(const int32_t *sums, const float *scales, const float *biases, const float *added,
		       bool relu, uint32_t count, uint32_t channels, float *out);
} pf_int8_kernels;

extern const pf_int8_kernels pf_int8_plain, pf_int8_avx2, pf_int8_vnni; /* for the list */

/* Version `index` of those that this processor can run, plain first; NULL past the last. */
const pf_int8_kernels *pf_int8_at(unsigned index);

/* The last of them that PF_CPU allows (kernels.h): AVX-512 with VNNI counts as avx512. */
const pf_int8_kernels *pf_int8_best(void);

#endif
