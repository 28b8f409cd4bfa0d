#include <string.h>

#include "core/nn/graph.h"
#include "core/nn/plain.h"

/* Sizes of one convolution; planes of rank-3 tensors have height 1. */
typedef struct geometry {
	int64_t batch, in_channels, in_h, in_w, out_channels, out_h, out_w;
	const pf_window *window;
} geometry;

static geometry measure(const pf_call *call)
{
	const pf_shape *x = &call->in[0].shape, *y = &call->out[0].shape;
	bool flat = x->rank == 3;
	return (geometry){.batch = x->dims[0],
			  .in_channels = x->dims[1],
			  .in_h = flat ? 1 : x->dims[2],
			  .in_w = x->dims[x->rank - 1],
			  .out_channels = y->dims[1],
			  .out_h = flat ? 1 : y->dims[2],
			  .out_w = y->dims[y->rank - 1],
			  .window = &call->node->params.window};
}

/* Output columns [*from, *to) whose tap `k` of the kernel lies inside of the input. */
static void inside(int64_t k, int64_t stride, int64_t dilation, int64_t pad, int64_t in, int64_t out,
		   int64_t *from, int64_t *to)
{
	int64_t shift = k * dilation - pad; /* input index of output 0 */
	*from = shift < 0 ? (-shift + stride - 1) / stride : 0;
	*to = shift >= in ? 0 : (in - 1 - shift) / stride + 1;
	*to = *to > out ? out : *to;
}

/* Adds what one kernel plane takes from one input plane to one output plane. */
static void conv_plane(const geometry *g, const float *x, const float *weights, float *y)
{
	const pf_window *w = g->window;
	for (int64_t ky = 0; ky < w->kernel[0]; ky++) {
		int64_t top, bottom;
		inside(ky, w->stride[0], w->dilation[0], w->pad_begin[0], g->in_h, g->out_h, &top, &bottom);
		for (int64_t kx = 0; kx < w->kernel[1]; kx++) {
			const float weight = weights[ky * w->kernel[1] + kx];
			int64_t left, right;
			inside(kx, w->stride[1], w->dilation[1], w->pad_begin[1], g->in_w, g->out_w, &left,
			       &right);
			for (int64_t oy = top; oy < bottom; oy++) {
				int64_t iy = oy * w->stride[0] + ky * w->dilation[0] - w->pad_begin[0];
				int64_t ix = left * w->stride[1] + kx * w->dilation[1] - w->pad_begin[1];
				const float *in = x + iy * g->in_w + (left < right ? ix : 0);
				float *out = y + oy * g->out_w;
				if (w->stride[1] == 1) {
					for (int64_t ox = left; ox < right; ox++) {
						out[ox] += weight * in[ox - left];
					}
				} else {
					for (int64_t ox = left; ox < right; ox++) {
						out[ox] += weight * in[(ox - left) * w->stride[1]];
					}
				}
			}
		}
	}
}

static void fill(float *y, int64_t count, float value)
{
	for (int64_t i = 0; i < count; i++) {
		y[i] = value;
	}
}

bool pf_plain_conv(const pf_call *call)
{
	const geometry g = measure(call);
	const float *x = call->in[0].data, *weights = call->in[1].data;
	const float *bias = call->ins > 2 ? call->in[2].data : NULL;
	float *y = call->out[0].data;
	int64_t in_plane = g.in_h * g.in_w, out_plane = g.out_h * g.out_w;
	int64_t kernel = g.window->kernel[0] * g.window->kernel[1];
	int64_t group_in = g.in_channels / g.window->groups, group_out = g.out_channels / g.window->groups;
	for (int64_t n = 0; n < g.batch; n++) {
		for (int64_t c = 0; c < g.out_channels; c++) {
			float *out = y + (n * g.out_channels + c) * out_plane;
			int64_t first = c / group_out * group_in;
			fill(out, out_plane, bias ? bias[c] : 0);
			for (int64_t k = 0; k < group_in; k++) {
				conv_plane(&g, x + (n * g.in_channels + first + k) * in_plane,
					   weights + (c * group_in + k) * kernel, out);
			}
		}
	}
	pf_plain_epilogues(call);
	return true;
}

/* Each input element spreads the kernel plane over the output plane. */
static void spread_plane(const geometry *g, const float *x, const float *weights, float *y)
{
	const pf_window *w = g->window;
	for (int64_t iy = 0; iy < g->in_h; iy++) {
		for (int64_t ky = 0; ky < w->kernel[0]; ky++) {
			int64_t oy = iy * w->stride[0] + ky * w->dilation[0] - w->pad_begin[0];
			if (oy < 0 || oy >= g->out_h) {
				continue;
			}
			for (int64_t ix = 0; ix < g->in_w; ix++) {
				for (int64_t kx = 0; kx < w->kernel[1]; kx++) {
					int64_t ox = ix * w->stride[1] + kx * w->dilation[1] -
						     w->pad_begin[1];
					if (ox >= 0 && ox < g->out_w) {
						y[oy * g->out_w + ox] += x[iy * g->in_w + ix] *
									 weights[ky * w->kernel[1] + kx];
					}
				}
			}
		}
	}
}

bool pf_plain_conv_transpose(const pf_call *call)
{
	const geometry g = measure(call);
	const float *x = call->in[0].data, *weights = call->in[1].data;
	const float *bias = call->ins > 2 ? call->in[2].data : NULL;
	float *y = call->out[0].data;
	int64_t in_plane = g.in_h * g.in_w, out_plane = g.out_h * g.out_w;
	int64_t kernel = g.window->kernel[0] * g.window->kernel[1];
	int64_t group_in = g.in_channels / g.window->groups, group_out = g.out_channels / g.window->groups;
	for (int64_t n = 0; n < g.batch; n++) {
		for (int64_t c = 0; c < g.out_channels; c++) {
			float *out = y + (n * g.out_channels + c) * out_plane;
			int64_t first = c / group_out * group_in;
			fill(out, out_plane, bias ? bias[c] : 0);
			for (int64_t k = first; k < first + group_in; k++) {
				spread_plane(&g, x + (n * g.in_channels + k) * in_plane,
					     weights + (k * group_out + c % group_out) * kernel, out);
			}
		}
	}
	pf_plain_epilogues(call);
	return true;
}
