#include <limits.h>
#include <math.h>
#include <string.h>

#include "core/nn/element.h"
#include "core/nn/graph.h"
#include "core/nn/plain.h"

static float sigmoid(float x)
{
	return 1.0f / (1.0f + expf(-x));
}

static float clamp(float x, float least, float most)
{
	return x < least ? least : x > most ? most : x;
}

#define EACH(expression)                      \
	for (int64_t i = 0; i < count; i++) { \
		float v = x[i];               \
		y[i] = (expression);          \
	}                                     \
	break

static void act_arithmetic(const pf_act *act, const float *x, float *y, int64_t count)
{
	const float a = (float)act->a, b = (float)act->b;
	switch (act->kind) {
	case PF_ACT_RELU:
		EACH(v < 0 ? 0 : v);
	case PF_ACT_LEAKY_RELU:
		EACH(v < 0 ? a * v : v);
	case PF_ACT_CLIP:
		EACH(clamp(v, a, b));
	case PF_ACT_HARDSIGMOID:
		EACH(clamp(a * v + b, 0, 1));
	case PF_ACT_HARDSWISH:
		EACH(v * clamp(v / 6 + 0.5f, 0, 1));
	case PF_ACT_NEG:
		EACH(-v);
	case PF_ACT_ABS:
		EACH(fabsf(v));
	case PF_ACT_RECIPROCAL:
		EACH(1 / v);
	case PF_ACT_FLOOR:
		EACH(floorf(v));
	case PF_ACT_CEIL:
		EACH(ceilf(v));
	case PF_ACT_ROUND:
		EACH(rintf(v));
	case PF_ACT_SIGN:
		EACH((float)((v > 0) - (v < 0)));
	case PF_ACT_SQRT:
		EACH(sqrtf(v));
	case PF_ACT_SOFTSIGN:
		EACH(v / (1 + fabsf(v)));
	case PF_ACT_THRESHOLDED_RELU:
		EACH(v > a ? v : 0);
	case PF_ACT_SHRINK:
		EACH(v < -a ? v + b : v > a ? v - b : 0);
	default:
		EACH(v);
	}
}

void pf_plain_act(const pf_act *act, const float *x, float *y, int64_t count)
{
	const float a = (float)act->a, b = (float)act->b;
	switch (act->kind) {
	case PF_ACT_SELU:
		EACH(v > 0 ? b * v : b * a * expm1f(v));
	case PF_ACT_CELU:
		EACH(v < 0 ? a * expm1f(v / a) : v);
	case PF_ACT_SIGMOID:
		EACH(sigmoid(v));
	case PF_ACT_SILU:
		EACH(v * sigmoid(v));
	case PF_ACT_TANH:
		EACH(tanhf(v));
	case PF_ACT_ELU:
		EACH(v < 0 ? a * expm1f(v) : v);
	case PF_ACT_SOFTPLUS:
		EACH(v > 20 ? v : log1pf(expf(v)));
	case PF_ACT_GELU:
		EACH(0.5f * v * (1 + erff(v * 0.70710678f)));
	case PF_ACT_ERF:
		EACH(erff(v));
	case PF_ACT_EXP:
		EACH(expf(v));
	case PF_ACT_LOG:
		EACH(logf(v));
	case PF_ACT_SIN:
		EACH(sinf(v));
	case PF_ACT_COS:
		EACH(cosf(v));
	default:
		act_arithmetic(act, x, y, count);
		break;
	}
}

static int64_t clamp_int(int64_t value, int64_t least, int64_t most)
{
	return value < least ? least : value > most ? most : value;
}

static int64_t act_int(const pf_act *act, int64_t v)
{
	switch (act->kind) {
	case PF_ACT_RELU:
		return v < 0 ? 0 : v;
	case PF_ACT_NEG:
		return (int64_t)(0 - (uint64_t)v);
	case PF_ACT_ABS:
		return v < 0 ? (int64_t)(0 - (uint64_t)v) : v;
	case PF_ACT_SIGN:
		return (v > 0) - (v < 0);
	case PF_ACT_CLIP:
		return clamp_int(v, pf_to_int64(act->a), pf_to_int64(act->b));
	case PF_ACT_NOT:
		return !v;
	default:
		return v;
	}
}

bool pf_plain_unary(const pf_call *call)
{
	const pf_act *act = &call->node->params.act;
	int64_t count = pf_shape_elements(&call->out->shape);
	if (call->in[0].type == PF_TYPE_FLOAT) {
		pf_plain_act(act, call->in[0].data, call->out[0].data, count);
		pf_plain_epilogues(call);
		return true;
	}
	for (int64_t i = 0; i < count; i++) {
		pf_store_int(&call->out[0], i, act_int(act, pf_load_int(&call->in[0], i)));
	}
	return true;
}

void pf_plain_epilogues(const pf_call *call)
{
	float *y = call->out[0].data;
	int64_t count = pf_shape_elements(&call->out[0].shape);
	for (uint32_t i = 0; i < call->node->epilogue_count; i++) {
		const pf_epilogue *epilogue = &call->node->epilogues[i];
		if (!epilogue->add) {
			pf_plain_act(&epilogue->act, y, y, count);
			continue;
		}
		const float *added = call->in[call->ins - 1].data;
		for (int64_t k = 0; k < count; k++) {
			y[k] += added[k];
		}
	}
}

/* One row of a broadcast: strides are 0 or 1. */
#define ROW(expression)                             \
	for (int64_t i = 0; i < count; i++) {       \
		float u = a[i * sa], v = b[i * sb]; \
		y[i] = (expression);                \
	}                                           \
	break

static void float_row(pf_binary_kind kind, const float *a, int64_t sa, const float *b, int64_t sb, float *y,
		      int64_t count)
{
	switch (kind) {
	case PF_BINARY_ADD:
		ROW(u + v);
	case PF_BINARY_SUB:
		ROW(u - v);
	case PF_BINARY_MUL:
		ROW(u * v);
	case PF_BINARY_DIV:
		ROW(u / v);
	case PF_BINARY_POW:
		ROW(v == 2.0f ? u * u : powf(u, v));
	case PF_BINARY_MAX:
		ROW(u > v ? u : v);
	case PF_BINARY_MIN:
		ROW(u < v ? u : v);
	case PF_BINARY_MOD:
		ROW(fmodf(u, v));
	default:
		ROW(u < 0 ? u * v : u); /* PRelu */
	}
}

static bool compare(pf_binary_kind kind, double u, double v)
{
	switch (kind) {
	case PF_BINARY_EQUAL:
		return u == v;
	case PF_BINARY_LESS:
		return u < v;
	case PF_BINARY_LESS_EQUAL:
		return u <= v;
	case PF_BINARY_GREATER:
		return u > v;
	default:
		return u >= v;
	}
}

static int64_t power(int64_t base, int64_t exponent)
{
	uint64_t result = 1, factor = (uint64_t)base;
	if (exponent < 0) {
		return base == 1 ? 1 : base == -1 ? (exponent & 1 ? -1 : 1) : 0;
	}
	for (; exponent; exponent >>= 1) {
		result *= exponent & 1 ? factor : 1;
		factor *= factor;
	}
	return (int64_t)result;
}

/* Integers wrap; a division by zero gives 0, so that no model can trap. */
static int64_t int_binary(pf_binary_kind kind, int64_t u, int64_t v)
{
	switch (kind) {
	case PF_BINARY_ADD:
		return (int64_t)((uint64_t)u + (uint64_t)v);
	case PF_BINARY_SUB:
		return (int64_t)((uint64_t)u - (uint64_t)v);
	case PF_BINARY_MUL:
		return (int64_t)((uint64_t)u * (uint64_t)v);
	case PF_BINARY_DIV:
		return v == 0 ? 0 : v == -1 ? (int64_t)(0 - (uint64_t)u) : u / v;
	case PF_BINARY_MOD: {
		int64_t rest = v == 0 || v == -1 ? 0 : u % v;
		return rest && (rest < 0) != (v < 0) ? rest + v : rest; /* the sign of the divisor */
	}
	case PF_BINARY_POW:
		return power(u, v);
	case PF_BINARY_MAX:
		return u > v ? u : v;
	case PF_BINARY_MIN:
		return u < v ? u : v;
	case PF_BINARY_EQUAL:
		return u == v;
	case PF_BINARY_LESS:
		return u < v;
	case PF_BINARY_LESS_EQUAL:
		return u <= v;
	case PF_BINARY_GREATER:
		return u > v;
	case PF_BINARY_GREATER_EQUAL:
		return u >= v;
	case PF_BINARY_AND:
		return u && v;
	case PF_BINARY_OR:
		return u || v;
	default:
		return !u != !v;
	}
}

static void int_row(const pf_call *call, int64_t at_a, int64_t sa, int64_t at_b, int64_t sb, int64_t at_y,
		    int64_t count)
{
	pf_binary_kind kind = call->node->params.binary;
	for (int64_t i = 0; i < count; i++) {
		int64_t u = pf_load_int(&call->in[0], at_a + i * sa),
			v = pf_load_int(&call->in[1], at_b + i * sb);
		pf_store_int(&call->out[0], at_y + i, int_binary(kind, u, v));
	}
}

static void binary_row(const pf_call *call, int64_t at_a, int64_t sa, int64_t at_b, int64_t sb, int64_t at_y,
		       int64_t count)
{
	pf_binary_kind kind = call->node->params.binary;
	const pf_tensor *x = &call->in[0], *y = &call->out[0];
	if (x->type != PF_TYPE_FLOAT) {
		int_row(call, at_a, sa, at_b, sb, at_y, count);
		return;
	}
	const float *a = (const float *)x->data + at_a, *b = (const float *)call->in[1].data + at_b;
	if (y->type == PF_TYPE_FLOAT && call->in[1].type == PF_TYPE_FLOAT) {
		float_row(kind, a, sa, b, sb, (float *)y->data + at_y, count);
		return;
	}
	for (int64_t i = 0; i < count; i++) {
		if (y->type == PF_TYPE_FLOAT) { /* a power with an integer exponent */
			float exponent = (float)pf_load_int(&call->in[1], at_b + i * sb);
			float_row(kind, a + i * sa, 0, &exponent, 0, (float *)y->data + at_y + i, 1);
		} else {
			((uint8_t *)y->data)[at_y + i] = compare(kind, a[i * sa], b[i * sb]);
		}
	}
}

/* The next row of a shape in row-major order: moves `count` offsets by their strides. */
static bool next_row(const pf_shape *shape, int64_t index[PF_MAX_RANK], int64_t *const offsets[],
		     const int64_t (*const strides[])[PF_MAX_RANK], int count)
{
	for (int axis = shape->rank - 2; axis >= 0; axis--) {
		index[axis]++;
		for (int k = 0; k < count; k++) {
			*offsets[k] += (*strides[k])[axis];
		}
		if (index[axis] < shape->dims[axis]) {
			return true;
		}
		for (int k = 0; k < count; k++) {
			*offsets[k] -= (*strides[k])[axis] * index[axis];
		}
		index[axis] = 0;
	}
	return false;
}

bool pf_plain_binary(const pf_call *call)
{
	const pf_shape *shape = &call->out[0].shape;
	int64_t sa[PF_MAX_RANK], sb[PF_MAX_RANK], index[PF_MAX_RANK] = {0}, a = 0, b = 0, y = 0;
	int64_t total = pf_shape_elements(shape);
	if (pf_shape_equal(&call->in[0].shape, &call->in[1].shape)) {
		binary_row(call, 0, 1, 0, 1, 0, total);
		pf_plain_epilogues(call);
		return true;
	}
	pf_shape_broadcast_strides(&call->in[0].shape, shape, sa);
	pf_shape_broadcast_strides(&call->in[1].shape, shape, sb);
	int64_t row = shape->rank ? shape->dims[shape->rank - 1] : 1;
	int64_t last_a = shape->rank ? sa[shape->rank - 1] : 0,
		last_b = shape->rank ? sb[shape->rank - 1] : 0;
	while (y < total) {
		binary_row(call, a, last_a, b, last_b, y, row);
		y += row;
		next_row(shape, index, (int64_t *[]){&a, &b},
			 (const int64_t(*const[])[PF_MAX_RANK]){&sa, &sb}, 2);
	}
	pf_plain_epilogues(call);
	return true;
}

bool pf_plain_where(const pf_call *call)
{
	const pf_shape *shape = &call->out[0].shape;
	int64_t strides[3][PF_MAX_RANK], index[PF_MAX_RANK] = {0}, at[3] = {0};
	int64_t total = pf_shape_elements(shape), row = shape->rank ? shape->dims[shape->rank - 1] : 1;
	size_t bytes = pf_type_bytes(call->out[0].type);
	for (int k = 0; k < 3; k++) {
		pf_shape_broadcast_strides(&call->in[k].shape, shape, strides[k]);
	}
	const uint8_t *condition = call->in[0].data;
	const char *choices[2] = {call->in[2].data, call->in[1].data};
	int last = shape->rank - 1;
	for (int64_t y = 0; y < total; y += row) {
		for (int64_t i = 0; i < row; i++) {
			int64_t step[3] = {0};
			for (int k = 0; k < 3; k++) {
				step[k] = at[k] + (last >= 0 ? strides[k][last] * i : 0);
			}
			bool chosen = condition[step[0]] != 0;
			memcpy((char *)call->out[0].data + (size_t)(y + i) * bytes,
			       choices[chosen] + (size_t)step[chosen ? 1 : 2] * bytes, bytes);
		}
		next_row(shape, index, (int64_t *[]){&at[0], &at[1], &at[2]},
			 (const int64_t(*const[])[PF_MAX_RANK]){&strides[0], &strides[1], &strides[2]}, 3);
	}
	return true;
}

bool pf_plain_cast(const pf_call *call)
{
	const pf_tensor *x = &call->in[0], *y = &call->out[0];
	int64_t count = pf_shape_elements(&y->shape);
	if (x->type == y->type) {
		memmove(y->data, x->data, (size_t)count * pf_type_bytes(y->type));
		return true;
	}
	for (int64_t i = 0; i < count; i++) {
		if (y->type == PF_TYPE_FLOAT) {
			((float *)y->data)[i] = (float)pf_load_int(x, i);
		} else if (x->type != PF_TYPE_FLOAT) {
			pf_store_int(y, i, pf_load_int(x, i));
		} else if (y->type == PF_TYPE_BOOL) {
			((uint8_t *)y->data)[i] = ((const float *)x->data)[i] != 0;
		} else { /* towards zero, to the nearest that there is */
			int64_t value = pf_to_int64(((const float *)x->data)[i]);
			pf_store_int(y, i,
				     y->type == PF_TYPE_INT32 ? clamp_int(value, INT32_MIN, INT32_MAX)
							      : value);
		}
	}
	return true;
}

bool pf_plain_mean(const pf_call *call)
{
	const pf_shape *shape = &call->out[0].shape;
	int64_t total = pf_shape_elements(shape), strides[PF_MAX_RANK];
	float *y = call->out[0].data;
	for (uint32_t k = 0; k < call->ins; k++) {
		int64_t index[PF_MAX_RANK] = {0};
		pf_shape_broadcast_strides(&call->in[k].shape, shape, strides);
		for (int64_t i = 0; i < total; i++) {
			int64_t at = 0;
			for (int axis = 0; axis < shape->rank; axis++) {
				at += index[axis] * strides[axis];
			}
			y[i] = (k ? y[i] : 0) + ((const float *)call->in[k].data)[at];
			pf_next_index(shape, index);
		}
	}
	for (int64_t i = 0; i < total; i++) {
		y[i] /= (float)call->ins;
	}
	return true;
}
