/* GridSample: y[n, c, h, w] is x[n, c] at grid[n, h, w] = (x, y), -1 and 1 being the sides of the picture
 * (align_corners: the centres of the outermost pixels). */
#include <math.h>

#include "core/nn/graph.h"
#include "core/nn/plain.h"

#define FAR 1e9f /* beyond every picture; keeps conversions to integers in range */

static float to_pixels(float at, int64_t size, bool align_corners)
{
	float pixels = align_corners ? (at + 1) / 2 * (float)(size - 1) : ((at + 1) * (float)size - 1) / 2;
	return pixels > -FAR && pixels < FAR ? pixels : pixels >= FAR ? FAR : -FAR; /* NaN lies outside */
}

/* Mirrored at the sides until it lies between them. */
static float reflect(float at, float low, float high)
{
	float range = high - low;
	if (!(range > 0)) {
		return low;
	}
	float beyond = fmodf(fabsf(at - low), 2 * range);
	return low + (beyond > range ? 2 * range - beyond : beyond);
}

static float pad(const pf_params *p, float at, int64_t size)
{
	float low = p->sample.align_corners ? 0 : -0.5f,
	      high = (float)size - (p->sample.align_corners ? 1 : 0.5f);
	if (p->sample.padding == PF_SAMPLE_ZEROS) {
		return at;
	}
	if (p->sample.padding == PF_SAMPLE_REFLECTION) {
		at = reflect(at, low, high);
	}
	return at < 0 ? 0 : at > (float)(size - 1) ? (float)(size - 1) : at;
}

typedef struct picture {
	const pf_params *p;
	const float *x;
	int64_t h, w;
} picture;

/* A pixel of the picture or of what surrounds it. */
static float pixel(const picture *from, float y, float x)
{
	int64_t row = (int64_t)pad(from->p, y, from->h), column = (int64_t)pad(from->p, x, from->w);
	return row >= 0 && row < from->h && column >= 0 && column < from->w ? from->x[row * from->w + column]
									    : 0;
}

static float linear(const picture *from, float y, float x)
{
	float top = floorf(y), left = floorf(x), v = y - top, h = x - left;
	return (pixel(from, top, left) * (1 - h) + pixel(from, top, left + 1) * h) * (1 - v) +
	       (pixel(from, top + 1, left) * (1 - h) + pixel(from, top + 1, left + 1) * h) * v;
}

/* Keys' kernel with a = -0.75, at the distances 1 + t, t, 1 - t and 2 - t. */
static void cubic_weights(float t, float weights[4])
{
	const float a = -0.75f;
	float u = t + 1, s = 1 - t, r = 2 - t;
	weights[0] = ((a * u - 5 * a) * u + 8 * a) * u - 4 * a;
	weights[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
	weights[2] = ((a + 2) * s - (a + 3)) * s * s + 1;
	weights[3] = ((a * r - 5 * a) * r + 8 * a) * r - 4 * a;
}

static float cubic(const picture *from, float y, float x)
{
	float top = floorf(y), left = floorf(x), down[4], across[4], sum = 0;
	cubic_weights(y - top, down);
	cubic_weights(x - left, across);
	for (int i = 0; i < 4; i++) {
		float row = 0;
		for (int k = 0; k < 4; k++) {
			row += across[k] * pixel(from, top + (float)(i - 1), left + (float)(k - 1));
		}
		sum += down[i] * row;
	}
	return sum;
}

static float sample(const picture *from, float y, float x)
{
	switch (from->p->sample.mode) {
	case PF_SAMPLE_LINEAR:
		return linear(from, pad(from->p, y, from->h), pad(from->p, x, from->w));
	case PF_SAMPLE_NEAREST:
		return pixel(from, rintf(pad(from->p, y, from->h)), rintf(pad(from->p, x, from->w)));
	default: /* the place stays, each of the 16 pixels is looked up by itself */
		return cubic(from, y, x);
	}
}

bool pf_plain_grid_sample(const pf_call *call)
{
	const pf_shape *in = &call->in[0].shape, *out = &call->out[0].shape;
	const pf_params *p = &call->node->params;
	int64_t channels = in->dims[1], points = out->dims[2] * out->dims[3];
	for (int64_t n = 0; n < in->dims[0]; n++) {
		const float *grid = (const float *)call->in[1].data + n * points * 2;
		for (int64_t c = n * channels; c < (n + 1) * channels; c++) {
			picture from = {p, (const float *)call->in[0].data + c * in->dims[2] * in->dims[3],
					in->dims[2], in->dims[3]};
			float *y = (float *)call->out[0].data + c * points;
			for (int64_t i = 0; i < points; i++) {
				float x = to_pixels(grid[2 * i], from.w, p->sample.align_corners);
				y[i] = sample(&from,
					      to_pixels(grid[2 * i + 1], from.h, p->sample.align_corners), x);
			}
		}
	}
	return true;
}
