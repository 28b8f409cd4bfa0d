/* Resize and Upsample, by the formulas of the ONNX operator's specification. */
#include <math.h>
#include <stdbool.h>

#include "core/nn/graph.h"
#include "core/nn/plain.h"

double pf_resize_source(const pf_params *p, int axis, int64_t o, int64_t in, int64_t out)
{
	double scale = p->resize.scale[axis];
	switch (p->resize.coordinate) {
	case PF_RESIZE_HALF_PIXEL:
		return ((double)o + 0.5) / scale - 0.5;
	case PF_RESIZE_PYTORCH_HALF_PIXEL:
		return out > 1 ? ((double)o + 0.5) / scale - 0.5 : 0;
	case PF_RESIZE_ALIGN_CORNERS:
		return out > 1 ? (double)o * (double)(in - 1) / (double)(out - 1) : 0;
	case PF_RESIZE_TF_HALF_PIXEL_FOR_NN:
		return ((double)o + 0.5) / scale;
	default:
		return (double)o / scale;
	}
}

int64_t pf_resize_nearest_index(const pf_params *p, int axis, int64_t o, int64_t in, int64_t out)
{
	double x = in == out ? (double)o : pf_resize_source(p, axis, o, in, out);
	switch (p->resize.nearest) {
	case PF_NEAREST_ROUND_PREFER_FLOOR:
		x = ceil(x - 0.5);
		break;
	case PF_NEAREST_ROUND_PREFER_CEIL:
		x = floor(x + 0.5);
		break;
	case PF_NEAREST_FLOOR:
		x = floor(x);
		break;
	default:
		x = ceil(x);
		break;
	}
	return x < 0 ? 0 : x > (double)(in - 1) ? in - 1 : (int64_t)x;
}

static void resize_nearest(const pf_call *call)
{
	const pf_shape *in = &call->in[0].shape, *out = &call->out[0].shape;
	int64_t strides[PF_MAX_RANK], index[PF_MAX_RANK] = {0}, total = pf_shape_elements(out);
	int last = out->rank - 1;
	int64_t row = out->rank ? out->dims[last] : 1;
	pf_shape_strides(in, strides);
	for (int64_t done = 0; done < total; done += row) {
		const float *x = call->in[0].data;
		float *y = (float *)call->out[0].data + done;
		for (int k = 0; k < last; k++) {
			x += pf_resize_nearest_index(&call->node->params, k, index[k], in->dims[k],
						     out->dims[k]) *
			     strides[k];
		}
		for (int64_t i = 0; i < row; i++) {
			y[i] = out->rank ? x[pf_resize_nearest_index(&call->node->params, last, i,
								     in->dims[last], row)]
					 : x[0];
		}
		for (int k = last - 1; k >= 0 && ++index[k] == out->dims[k]; k--) {
			index[k] = 0;
		}
	}
}

pf_resize_tap pf_resize_linear_tap(const pf_params *p, int axis, int64_t o, int64_t in, int64_t out)
{
	double x = in == out ? (double)o : pf_resize_source(p, axis, o, in, out);
	x = x < 0 ? 0 : x > (double)(in - 1) ? (double)(in - 1) : x;
	int64_t low = (int64_t)x;
	return (pf_resize_tap){low, low + 1 < in ? low + 1 : low, (float)(x - (double)low)};
}

static void resize_linear(const pf_call *call)
{
	const pf_shape *in = &call->in[0].shape, *out = &call->out[0].shape;
	const pf_params *p = &call->node->params;
	int ax = out->rank - 1, ay = out->rank - 2;
	bool flat = out->rank < 3; /* a row for each outer index */
	int64_t in_h = flat ? 1 : in->dims[ay], out_h = flat ? 1 : out->dims[ay];
	int64_t in_w = in->dims[ax], out_w = out->dims[ax];
	int64_t planes = pf_shape_product(out, 0, flat ? ax : ay);
	const float *x = call->in[0].data;
	float *y = call->out[0].data;
	for (int64_t c = 0; c < planes; c++, x += in_h * in_w) {
		for (int64_t oy = 0; oy < out_h; oy++) {
			pf_resize_tap v = flat ? (pf_resize_tap){0, 0, 0}
					       : pf_resize_linear_tap(p, ay, oy, in_h, out_h);
			const float *low = x + v.low * in_w, *high = x + v.high * in_w;
			for (int64_t ox = 0; ox < out_w; ox++) {
				pf_resize_tap h = pf_resize_linear_tap(p, ax, ox, in_w, out_w);
				float top = low[h.low] * (1 - h.share) + low[h.high] * h.share;
				float bottom = high[h.low] * (1 - h.share) + high[h.high] * h.share;
				*y++ = top * (1 - v.share) + bottom * v.share;
			}
		}
	}
}

bool pf_plain_resize(const pf_call *call)
{
	if (call->node->params.resize.linear && call->out[0].shape.rank > 0) {
		resize_linear(call);
	} else {
		resize_nearest(call);
	}
	return true;
}
