#include "core/kernels/int8_body.h"

#include <string.h>

/* The rows of a window are runs of kernel * in_channels bytes; weights come in the same order. */
static void sum(const pf_int8_conv *conv, const uint8_t *in, uint32_t count, int32_t *sums)
{
	uint32_t run = conv->kernel * conv->in_channels, step = conv->stride * conv->in_channels;
	for (uint32_t x = 0; x < count; x++, sums += conv->out_channels) {
		memset(sums, 0, conv->out_channels * sizeof *sums);
		const int8_t *w = conv->weights;
		for (uint32_t first = 0; first < conv->out_channels; first += PF_INT8_OUTPUTS) {
			for (uint32_t y = 0; y < conv->kernel; y++) {
				const uint8_t *row = in + (size_t)y * conv->row_bytes + (size_t)x * step;
				for (uint32_t i = 0; i < run; i += PF_INT8_INPUTS) {
					for (uint32_t c = 0; c < PF_INT8_OUTPUTS; c++, w += PF_INT8_INPUTS) {
						sums[first + c] += row[i] * w[0] + row[i + 1] * w[1] +
								   row[i + 2] * w[2] + row[i + 3] * w[3];
					}
				}
			}
		}
	}
}

const pf_int8_kernels pf_int8_plain = {"plain", quantise, sum, finish};
