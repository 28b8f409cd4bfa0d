/* CumSum and the scatters. */
#include <string.h>

#include "core/nn/element.h"
#include "core/nn/graph.h"
#include "core/nn/plain.h"

/* One row of `n` elements, `step` apart (negative: backwards); an exclusive sum leaves out the element
 * itself. */
static void sum_floats(const float *x, float *y, int64_t n, int64_t step, bool exclusive)
{
	double sum = 0;
	for (int64_t k = 0; k < n; k++) {
		double next = sum + (double)x[k * step];
		y[k * step] = (float)(exclusive ? sum : next);
		sum = next;
	}
}

static void sum_integers(const pf_tensor *x, const pf_tensor *y, int64_t at, int64_t n, int64_t step,
			 bool exclusive)
{
	uint64_t sum = 0;
	for (int64_t k = 0; k < n; k++) {
		uint64_t next = sum + (uint64_t)pf_load_int(x, at + k * step);
		pf_store_int(y, at + k * step, (int64_t)(exclusive ? sum : next));
		sum = next;
	}
}

bool pf_plain_cumsum(const pf_call *call)
{
	const pf_params *p = &call->node->params;
	const pf_shape *shape = &call->in[0].shape;
	int64_t n = shape->dims[p->cumsum.axis],
		inner = pf_shape_product(shape, p->cumsum.axis + 1, shape->rank);
	int64_t rows = pf_shape_product(shape, 0, p->cumsum.axis) * inner;
	for (int64_t r = 0; n && r < rows; r++) {
		int64_t at = r / inner * n * inner + r % inner, step = inner;
		if (p->cumsum.reverse) {
			at += (n - 1) * inner;
			step = -inner;
		}
		if (call->in[0].type == PF_TYPE_FLOAT) {
			sum_floats((const float *)call->in[0].data + at, (float *)call->out[0].data + at, n,
				   step, p->cumsum.exclusive);
		} else {
			sum_integers(&call->in[0], &call->out[0], at, n, step, p->cumsum.exclusive);
		}
	}
	return true;
}

static float join_floats(pf_scatter_kind kind, float old, float update)
{
	switch (kind) {
	case PF_SCATTER_ADD:
		return old + update;
	case PF_SCATTER_MUL:
		return old * update;
	case PF_SCATTER_MAX:
		return update > old ? update : old;
	case PF_SCATTER_MIN:
		return update < old ? update : old;
	default:
		return update;
	}
}

static int64_t join_integers(pf_scatter_kind kind, int64_t old, int64_t update)
{
	switch (kind) {
	case PF_SCATTER_ADD:
		return (int64_t)((uint64_t)old + (uint64_t)update);
	case PF_SCATTER_MUL:
		return (int64_t)((uint64_t)old * (uint64_t)update);
	case PF_SCATTER_MAX:
		return update > old ? update : old;
	case PF_SCATTER_MIN:
		return update < old ? update : old;
	default:
		return update;
	}
}

/* Elements [to, to + count) of the output take [from, from + count) of the updates. */
static void write_run(const pf_call *call, int64_t to, int64_t from, int64_t count)
{
	pf_scatter_kind kind = call->node->params.scatter.kind;
	const pf_tensor *updates = &call->in[2], *out = &call->out[0];
	for (int64_t i = 0; i < count; i++) {
		if (out->type == PF_TYPE_FLOAT) {
			float *at = (float *)out->data + to + i;
			*at = join_floats(kind, *at, ((const float *)updates->data)[from + i]);
		} else {
			int64_t joined = join_integers(kind, pf_load_int(out, to + i),
						       pf_load_int(updates, from + i));
			pf_store_int(out, to + i, joined);
		}
	}
}

static void copy_data(const pf_call *call)
{
	size_t bytes = (size_t)pf_shape_elements(&call->out[0].shape) * pf_type_bytes(call->out[0].type);
	if (bytes) {
		memcpy(call->out[0].data, call->in[0].data, bytes);
	}
}

bool pf_plain_scatter_elements(const pf_call *call)
{
	const pf_shape *indices = &call->in[1].shape, *out = &call->out[0].shape;
	int32_t axis = call->node->params.scatter.axis;
	int64_t strides[PF_MAX_RANK], index[PF_MAX_RANK] = {0}, total = pf_shape_elements(indices);
	copy_data(call);
	pf_shape_strides(out, strides);
	for (int64_t i = 0; i < total; i++) {
		int64_t at = pf_load_index(&call->in[1], i, out->dims[axis]);
		if (at < 0) {
			return false;
		}
		int64_t offset = at * strides[axis];
		for (int k = 0; k < out->rank; k++) {
			offset += k == axis ? 0 : index[k] * strides[k];
		}
		write_run(call, offset, i, 1);
		pf_next_index(indices, index);
	}
	return true;
}

bool pf_plain_scatter_nd(const pf_call *call)
{
	const pf_shape *indices = &call->in[1].shape, *out = &call->out[0].shape;
	int64_t depth = indices->dims[indices->rank - 1], strides[PF_MAX_RANK];
	int64_t tuples = pf_shape_product(indices, 0, indices->rank - 1);
	int64_t part = pf_shape_product(out, (int)depth, out->rank);
	copy_data(call);
	pf_shape_strides(out, strides);
	for (int64_t t = 0; t < tuples; t++) {
		int64_t offset = 0;
		for (int64_t k = 0; k < depth; k++) {
			int64_t at = pf_load_index(&call->in[1], t * depth + k, out->dims[k]);
			if (at < 0) {
				return false;
			}
			offset += at * strides[k];
		}
		write_run(call, offset, t * part, part);
	}
	return true;
}
