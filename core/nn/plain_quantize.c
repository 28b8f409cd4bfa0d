/* Operators on 8-bit integers. Sums are 32-bit and wrap; results are rounded (halves to even) and saturated.
 */
#include <math.h>
#include <string.h>

#include "core/nn/element.h"
#include "core/nn/graph.h"
#include "core/nn/plain.h"

#define CHUNK 64 /* outputs that are summed together */

static int64_t saturate(pf_type type, double value)
{
	int64_t whole = pf_to_int64(rint(value)), least = type == PF_TYPE_INT8 ? -128 : 0;
	int64_t most = type == PF_TYPE_INT8 ? 127 : 255;
	return whole < least ? least : whole > most ? most : whole;
}

/* Element `part` of input `i`, the only one where it has one, `absent` where it is not there. */
static float scale_of(const pf_call *call, uint32_t i, int64_t part)
{
	const pf_tensor *t = &call->in[i];
	return ((const float *)t->data)[pf_shape_elements(&t->shape) == 1 ? 0 : part];
}

static int32_t zero_of(const pf_call *call, uint32_t i, int64_t part)
{
	if (i >= call->ins || !call->in[i].data) {
		return 0;
	}
	const pf_tensor *t = &call->in[i];
	return (int32_t)pf_load_int(t, pf_shape_elements(&t->shape) == 1 ? 0 : part);
}

/* y = saturate(round(x / scale) + zero point) */
bool pf_plain_quantize(const pf_call *call)
{
	const pf_shape *shape = &call->in[0].shape;
	int32_t axis = call->node->params.index.axis;
	int64_t count = pf_shape_elements(shape);
	int64_t inner = pf_shape_product(shape, axis + 1, shape->rank),
		parts = shape->rank ? shape->dims[axis] : 1;
	const float *x = call->in[0].data;
	for (int64_t i = 0; i < count; i++) {
		int64_t part = i / inner % parts;
		double whole = rint((double)(x[i] / scale_of(call, 1, part)));
		pf_store_int(&call->out[0], i, saturate(call->out[0].type, whole + zero_of(call, 2, part)));
	}
	return true;
}

/* y = (x - zero point) * scale */
bool pf_plain_dequantize(const pf_call *call)
{
	const pf_shape *shape = &call->in[0].shape;
	int32_t axis = call->node->params.index.axis;
	int64_t count = pf_shape_elements(shape);
	int64_t inner = pf_shape_product(shape, axis + 1, shape->rank),
		parts = shape->rank ? shape->dims[axis] : 1;
	for (int64_t i = 0; i < count; i++) {
		int64_t part = i / inner % parts;
		((float *)call->out[0].data)[i] = (float)(pf_load_int(&call->in[0], i) -
							  zero_of(call, 2, part)) *
						  scale_of(call, 1, part);
	}
	return true;
}

/* The range, widened to hold 0, becomes 0 to 255. */
bool pf_plain_dynamic_quantize(const pf_call *call)
{
	int64_t count = pf_shape_elements(&call->in[0].shape);
	const float *x = call->in[0].data;
	float least = 0, most = 0;
	for (int64_t i = 0; i < count; i++) {
		least = x[i] < least ? x[i] : least;
		most = x[i] > most ? x[i] : most;
	}
	float scale = most == least ? 1 : (most - least) / 255;
	int64_t zero = saturate(PF_TYPE_UINT8, (double)(0 - least / scale));
	for (int64_t i = 0; i < count; i++) {
		double whole = rint((double)(x[i] / scale));
		pf_store_int(&call->out[0], i, saturate(PF_TYPE_UINT8, whole + (double)zero));
	}
	if (call->outs > 1 && call->out[1].data) {
		*(float *)call->out[1].data = scale;
	}
	if (call->outs > 2 && call->out[2].data) {
		*(uint8_t *)call->out[2].data = (uint8_t)zero;
	}
	return true;
}

/* Which inputs of a node are what; PF_NONE: there is none. */
enum { PF_NONE = 100 };

typedef struct places {
	uint32_t w, x_zero, w_zero, bias;
	bool scaled; /* scales are inputs 1, 4 and 6, the output's zero point is 7 */
} places;

static places places_of(const pf_call *call)
{
	return call->node->op->detail ? (places){3, 2, 5, 8, true} : (places){1, 2, 3, PF_NONE, false};
}

/* The sum becomes an output: itself, or of the output's scale and zero point. */
static void put(const pf_call *call, const places *at, int64_t i, uint32_t sum, int64_t part)
{
	if (!at->scaled) {
		((int32_t *)call->out[0].data)[i] = (int32_t)sum;
		return;
	}
	float factor = scale_of(call, 1, 0) * scale_of(call, 4, part) / scale_of(call, 6, 0);
	double whole = rint((double)((float)(int32_t)sum * factor));
	pf_store_int(&call->out[0], i, saturate(call->out[0].type, whole + zero_of(call, 7, 0)));
}

typedef struct conv {
	const pf_window *window;
	int64_t in_channels, in_h, in_w, out_channels, out_h, out_w, group_in;
	int32_t x_zero, w_zero;
} conv;

/* Adds one tap of one row to outputs [left, left + count) of an output row. */
static void add_tap(const conv *c, const pf_tensor *x, int64_t row, int64_t kx, int32_t weight, int64_t left,
		    int64_t count, uint32_t *sums)
{
	const pf_window *w = c->window;
	const uint8_t *bytes = (const uint8_t *)x->data + row;
	for (int64_t i = 0; i < count; i++) {
		int64_t ix = (left + i) * w->stride[1] + kx * w->dilation[1] - w->pad_begin[1];
		if (ix >= 0 && ix < c->in_w) { /* pads are 0, so the integer is the zero point */
			int32_t value = x->type == PF_TYPE_INT8 ? (int8_t)bytes[ix] : bytes[ix];
			sums[i] += (uint32_t)((value - c->x_zero) * weight);
		}
	}
}

static void sum_chunk(const conv *c, const pf_call *call, const pf_tensor *weights, int64_t n, int64_t out,
		      int64_t oy, int64_t left, int64_t count, uint32_t *sums)
{
	const pf_window *w = c->window;
	int64_t first = out / (c->out_channels / w->groups) * c->group_in;
	for (int64_t k = 0; k < c->group_in; k++) {
		for (int64_t ky = 0; ky < w->kernel[0]; ky++) {
			int64_t iy = oy * w->stride[0] + ky * w->dilation[0] - w->pad_begin[0];
			if (iy < 0 || iy >= c->in_h) {
				continue;
			}
			int64_t row = ((n * c->in_channels + first + k) * c->in_h + iy) * c->in_w;
			for (int64_t kx = 0; kx < w->kernel[1]; kx++) {
				int64_t at = ((out * c->group_in + k) * w->kernel[0] + ky) * w->kernel[1] +
					     kx;
				int32_t weight = (int32_t)pf_load_int(weights, at) - c->w_zero;
				add_tap(c, &call->in[0], row, kx, weight, left, count, sums);
			}
		}
	}
}

bool pf_plain_integer_conv(const pf_call *call)
{
	const pf_shape *x = &call->in[0].shape, *y = &call->out[0].shape;
	const places at = places_of(call);
	bool flat = x->rank == 3;
	conv c = {.window = &call->node->params.window,
		  .in_channels = x->dims[1],
		  .in_h = flat ? 1 : x->dims[2],
		  .in_w = x->dims[x->rank - 1],
		  .out_channels = y->dims[1],
		  .out_h = flat ? 1 : y->dims[2],
		  .out_w = y->dims[y->rank - 1],
		  .x_zero = zero_of(call, at.x_zero, 0)};
	c.group_in = c.in_channels / c.window->groups;
	uint32_t sums[CHUNK];
	for (int64_t row = 0; row < x->dims[0] * c.out_channels * c.out_h; row++) {
		int64_t out = row / c.out_h % c.out_channels;
		c.w_zero = zero_of(call, at.w_zero, out);
		for (int64_t left = 0; left < c.out_w; left += CHUNK) {
			int64_t count = c.out_w - left < CHUNK ? c.out_w - left : CHUNK;
			for (int64_t i = 0; i < count; i++) {
				sums[i] = (uint32_t)zero_of(call, at.bias, out);
			}
			sum_chunk(&c, call, &call->in[at.w], row / (c.out_channels * c.out_h), out,
				  row % c.out_h, left, count, sums);
			for (int64_t i = 0; i < count; i++) {
				put(call, &at, row * c.out_w + left + i, sums[i], out);
			}
		}
	}
	return true;
}

bool pf_plain_integer_matmul(const pf_call *call)
{
	const pf_params *p = &call->node->params;
	const places at = places_of(call);
	int64_t m = p->matmul.m, n = p->matmul.n, k = p->matmul.k, index[PF_MAX_RANK] = {0}, a = 0, b = 0;
	pf_shape batch = {.rank = p->matmul.batch_rank};
	memcpy(batch.dims, p->matmul.batch, sizeof batch.dims);
	int64_t batches = pf_shape_elements(&batch);
	for (int64_t i = 0; i < batches; i++) {
		a = b = 0;
		for (int axis = 0; axis < batch.rank; axis++) {
			a += index[axis] * p->matmul.a_strides[axis];
			b += index[axis] * p->matmul.b_strides[axis];
		}
		for (int64_t o = 0; o < m * n; o++) {
			uint32_t sum = 0;
			int32_t a_zero = zero_of(call, at.x_zero, 0),
				b_zero = zero_of(call, at.w_zero, o % n);
			for (int64_t l = 0; l < k; l++) {
				int64_t u = pf_load_int(&call->in[0], a + o / n * k + l) - a_zero;
				int64_t v = pf_load_int(&call->in[at.w], b + l * n + o % n) - b_zero;
				sum += (uint32_t)(u * v);
			}
			put(call, &at, i * m * n + o, sum, o % n);
		}
		pf_next_index(&batch, index);
	}
	return true;
}
