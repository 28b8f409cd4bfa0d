/* The loops of int8.h that a compiler makes vectors of, for each set of instructions that includes this. */
#include "core/kernels/int8.h"

static void quantise(const float *in, float inverse, uint32_t count, uint8_t *out)
{
	for (uint32_t i = 0; i < count; i++) {
		float value = in[i] * inverse + 0.5f;
		value = value > 0.0f ? value : 0.0f;
		value = value < (float)PF_INT8_MOST ? value : (float)PF_INT8_MOST;
		out[i] = (uint8_t)(int32_t)value;
	}
}

static void finish(const int32_t *sums, const float *scales, const float *biases, const float *added,
		   bool relu, uint32_t count, uint32_t channels, float *out)
{
	float least = relu ? 0.0f : -__builtin_inff();
	for (uint32_t x = 0; x < count; x++, sums += channels, out += channels) {
		if (added) {
			for (uint32_t c = 0; c < channels; c++) {
				float value = (float)sums[c] * scales[c] + biases[c] + added[c];
				out[c] = value > least ? value : least;
			}
			added += channels;
			continue;
		}
		for (uint32_t c = 0; c < channels; c++) {
			float value = (float)sums[c] * scales[c] + biases[c];
			out[c] = value > least ? value : least;
		}
	}
}
