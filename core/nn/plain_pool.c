/* Pools and normalisations. */
#include <math.h>

#include "core/nn/graph.h"
#include "core/nn/plain.h"

typedef struct plane {
	int64_t in_h, in_w, out_h, out_w;
	const pf_window *window;
} plane;

/* Average and maximum alike; with pads included, those count that were declared, not what hangs over. */
static float pool_window(const plane *p, const float *x, int64_t oy, int64_t ox, bool maximum)
{
	const pf_window *w = p->window;
	float best = -INFINITY;
	double sum = 0;
	int64_t inside = 0, padded = 0;
	for (int64_t ky = 0; ky < w->kernel[0]; ky++) {
		int64_t iy = oy * w->stride[0] + ky * w->dilation[0] - w->pad_begin[0];
		for (int64_t kx = 0; kx < w->kernel[1]; kx++) {
			int64_t ix = ox * w->stride[1] + kx * w->dilation[1] - w->pad_begin[1];
			padded += iy < p->in_h + w->pad_end[0] && ix < p->in_w + w->pad_end[1];
			if (iy >= 0 && iy < p->in_h && ix >= 0 && ix < p->in_w) {
				float value = x[iy * p->in_w + ix];
				best = value > best ? value : best;
				sum += value;
				inside++;
			}
		}
	}
	if (maximum) {
		return best;
	}
	int64_t count = w->include_pad ? padded : inside;
	return count ? (float)(sum / (double)count) : 0;
}

static bool pool(const pf_call *call, bool maximum)
{
	const pf_shape *in = &call->in[0].shape, *out = &call->out[0].shape;
	bool flat = in->rank == 3;
	plane p = {flat ? 1 : in->dims[2], in->dims[in->rank - 1], flat ? 1 : out->dims[2],
		   out->dims[out->rank - 1], &call->node->params.window};
	const float *x = call->in[0].data;
	float *y = call->out[0].data;
	for (int64_t c = 0; c < in->dims[0] * in->dims[1]; c++) {
		for (int64_t oy = 0; oy < p.out_h; oy++) {
			for (int64_t ox = 0; ox < p.out_w; ox++) {
				*y++ = pool_window(&p, x, oy, ox, maximum);
			}
		}
		x += p.in_h * p.in_w;
	}
	pf_plain_epilogues(call);
	return true;
}

bool pf_plain_max_pool(const pf_call *call)
{
	return pool(call, true);
}

bool pf_plain_average_pool(const pf_call *call)
{
	return pool(call, false);
}

bool pf_plain_global_pool(const pf_call *call)
{
	const pf_shape *shape = &call->in[0].shape;
	bool maximum = call->node->op->kind == PF_OP_GLOBAL_MAX_POOL;
	int64_t planes = shape->dims[0] * shape->dims[1], size = pf_shape_product(shape, 2, shape->rank);
	const float *x = call->in[0].data;
	for (int64_t c = 0; c < planes; c++, x += size) {
		double sum = 0;
		float best = -INFINITY;
		for (int64_t i = 0; i < size; i++) {
			sum += x[i];
			best = x[i] > best ? x[i] : best;
		}
		((float *)call->out[0].data)[c] = maximum ? best : (float)(sum / (double)size);
	}
	pf_plain_epilogues(call);
	return true;
}

bool pf_plain_batch_norm(const pf_call *call)
{
	const pf_shape *shape = &call->in[0].shape;
	const float *x = call->in[0].data, *scale = call->in[1].data, *shift = call->in[2].data,
		    *mean = call->in[3].data, *variance = call->in[4].data;
	float *y = call->out[0].data;
	int64_t size = pf_shape_product(shape, 2, shape->rank);
	for (int64_t n = 0; n < shape->dims[0]; n++) {
		for (int64_t c = 0; c < shape->dims[1]; c++, x += size, y += size) {
			float factor = scale[c] / sqrtf(variance[c] + call->node->params.norm.epsilon);
			for (int64_t i = 0; i < size; i++) {
				y[i] = (x[i] - mean[c]) * factor + shift[c];
			}
		}
	}
	pf_plain_epilogues(call);
	return true;
}

/* To mean 0 and variance 1, over `size` elements. */
static void normalise(const float *x, float *y, int64_t size, float epsilon)
{
	double sum = 0, squares = 0;
	for (int64_t i = 0; i < size; i++) {
		sum += x[i];
	}
	double mean = size ? sum / (double)size : 0;
	for (int64_t i = 0; i < size; i++) {
		squares += (x[i] - mean) * (x[i] - mean);
	}
	double factor = 1 / sqrt((size ? squares / (double)size : 0) + epsilon);
	for (int64_t i = 0; i < size; i++) {
		y[i] = (float)((x[i] - mean) * factor);
	}
}

bool pf_plain_layer_norm(const pf_call *call)
{
	const pf_shape *shape = &call->in[0].shape;
	int32_t axis = call->node->params.norm.axis;
	int64_t rows = pf_shape_product(shape, 0, axis), size = pf_shape_product(shape, axis, shape->rank);
	const float *scale = call->in[1].data, *shift = call->ins > 2 ? call->in[2].data : NULL;
	for (int64_t r = 0; r < rows; r++) {
		float *y = (float *)call->out[0].data + r * size;
		normalise((const float *)call->in[0].data + r * size, y, size,
			  call->node->params.norm.epsilon);
		for (int64_t i = 0; i < size; i++) {
			y[i] = y[i] * scale[i] + (shift ? shift[i] : 0);
		}
	}
	pf_plain_epilogues(call);
	return true;
}

bool pf_plain_instance_norm(const pf_call *call)
{
	const pf_shape *shape = &call->in[0].shape;
	int64_t size = pf_shape_product(shape, 2, shape->rank), channels = shape->dims[1];
	const float *scale = call->in[1].data, *shift = call->in[2].data;
	for (int64_t p = 0; p < shape->dims[0] * channels; p++) {
		float *y = (float *)call->out[0].data + p * size;
		normalise((const float *)call->in[0].data + p * size, y, size,
			  call->node->params.norm.epsilon);
		for (int64_t i = 0; i < size; i++) {
			y[i] = y[i] * scale[p % channels] + shift[p % channels];
		}
	}
	pf_plain_epilogues(call);
	return true;
}

/* y[c] = x[c] / (bias + alpha / size * sum of x[i]^2)^beta, i from c - floor((size - 1) / 2) to
 * c + ceil((size - 1) / 2), as far as there are channels. */
bool pf_plain_lrn(const pf_call *call)
{
	const pf_shape *shape = &call->in[0].shape;
	const pf_params *p = &call->node->params;
	int64_t channels = shape->dims[1], size = pf_shape_product(shape, 2, shape->rank);
	int64_t before = (p->lrn.size - 1) / 2, behind = p->lrn.size / 2;
	for (int64_t i = 0; i < pf_shape_elements(shape); i++) {
		int64_t c = i / size % channels;
		int64_t first = c < before ? 0 : c - before, last = c + behind;
		last = last < channels ? last : channels - 1;
		const float *x = (const float *)call->in[0].data + i;
		double sum = 0;
		for (int64_t k = first; k <= last; k++) {
			double value = x[(k - c) * size];
			sum += value * value;
		}
		((float *)call->out[0].data)[i] =
			(float)(*x /
				pow(p->lrn.bias + p->lrn.alpha / (double)p->lrn.size * sum, p->lrn.beta));
	}
	return true;
}
