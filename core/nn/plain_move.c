/* Moving data: views, strided copies, Concat, Pad, the gathers. */
#include <string.h>

#include "core/nn/element.h"
#include "core/nn/graph.h"
#include "core/nn/plain.h"

bool pf_plain_view(const pf_call *call)
{
	memmove(call->out[0].data, call->in[0].data,
		(size_t)pf_shape_elements(&call->out[0].shape) * pf_type_bytes(call->out[0].type));
	return true;
}

static void copy_row(const char *from, int64_t stride, char *to, int64_t count, size_t bytes)
{
	if (stride == 1) {
		memcpy(to, from, (size_t)count * bytes);
		return;
	}
	if (bytes == 4) {
		for (int64_t i = 0; i < count; i++) {
			memcpy(to + 4 * i, from + i * stride * 4, 4);
		}
		return;
	}
	for (int64_t i = 0; i < count; i++) {
		memcpy(to + (size_t)i * bytes, from + i * stride * (int64_t)bytes, bytes);
	}
}

/* Copies the box `dims` at `offset` into dense memory. */
static void copy_box(const pf_strided *s, const int64_t *dims, int64_t offset, const char *from, char *to,
		     size_t bytes)
{
	int64_t index[2 * PF_MAX_RANK] = {0}, total = 1;
	for (int i = 0; i < s->rank; i++) {
		total *= dims[i];
	}
	int last = s->rank - 1;
	int64_t row = s->rank ? dims[last] : 1, stride = s->rank ? s->strides[last] : 1;
	for (int64_t done = 0; done < total; done += row) {
		copy_row(from + offset * (int64_t)bytes, stride, to + (size_t)done * bytes, row, bytes);
		for (int axis = last - 1; axis >= 0; axis--) {
			offset += s->strides[axis];
			if (++index[axis] < dims[axis]) {
				break;
			}
			offset -= s->strides[axis] * index[axis];
			index[axis] = 0;
		}
	}
}

bool pf_plain_strided(const pf_call *call)
{
	const pf_strided *s = &call->node->params.strided;
	size_t bytes = pf_type_bytes(call->in[0].type);
	int64_t dims[2 * PF_MAX_RANK], begin = 0;
	memcpy(dims, s->dims, sizeof dims);
	for (uint32_t i = 0; i < call->outs; i++) {
		if (s->axis >= 0) { /* Split */
			dims[s->axis] = call->out[i].shape.dims[s->axis];
		}
		copy_box(s, dims, s->offset + (s->axis >= 0 ? begin * s->strides[s->axis] : 0),
			 call->in[0].data, call->out[i].data, bytes);
		begin += s->axis >= 0 ? dims[s->axis] : 0;
	}
	return true;
}

bool pf_plain_concat(const pf_call *call)
{
	const pf_shape *shape = &call->out[0].shape;
	int32_t axis = call->node->params.index.axis;
	size_t bytes = pf_type_bytes(call->out[0].type);
	int64_t outer = pf_shape_product(shape, 0, axis);
	size_t row = (size_t)pf_shape_product(shape, axis, shape->rank) * bytes, at = 0;
	for (uint32_t i = 0; i < call->ins; i++) {
		const pf_shape *from = &call->in[i].shape;
		size_t part = (size_t)pf_shape_product(from, axis, from->rank) * bytes;
		for (int64_t k = 0; k < outer && part; k++) {
			memcpy((char *)call->out[0].data + (size_t)k * row + at,
			       (const char *)call->in[i].data + (size_t)k * part, part);
		}
		at += part;
	}
	return true;
}

/* Where in the input a coordinate of the output lies; -1: in a constant pad. */
static int64_t pad_source(int64_t at, int64_t dim, int mode)
{
	if (at >= 0 && at < dim) {
		return at;
	}
	if (mode == PF_PAD_EDGE) {
		return at < 0 ? 0 : dim - 1;
	}
	if (mode == PF_PAD_REFLECT) {
		return at < 0 ? -at : 2 * (dim - 1) - at;
	}
	return -1;
}

bool pf_plain_pad(const pf_call *call)
{
	const pf_shape *in = &call->in[0].shape, *out = &call->out[0].shape;
	const pf_params *p = &call->node->params;
	size_t bytes = pf_type_bytes(call->out[0].type);
	int64_t strides[PF_MAX_RANK], index[PF_MAX_RANK] = {0}, total = pf_shape_elements(out);
	const int64_t zero = 0;
	const void *value = &zero;
	if (call->ins > 2 && call->in[2].data) {
		value = call->in[2].data;
	} else if (call->out[0].type == PF_TYPE_FLOAT) {
		value = &p->pad.value;
	}
	pf_shape_strides(in, strides);
	for (int64_t i = 0; i < total; i++) {
		int64_t offset = 0;
		for (int axis = 0; axis < out->rank && offset >= 0; axis++) {
			int64_t at = pad_source(index[axis] - p->pad.begin[axis], in->dims[axis],
						(int)p->pad.mode);
			offset = at < 0 ? -1 : offset + at * strides[axis];
		}
		const char *from = offset < 0 ? value
					      : (const char *)call->in[0].data + (size_t)offset * bytes;
		memcpy((char *)call->out[0].data + (size_t)i * bytes, from, bytes);
		for (int axis = out->rank - 1; axis >= 0 && ++index[axis] == out->dims[axis]; axis--) {
			index[axis] = 0;
		}
	}
	return true;
}

bool pf_plain_gather(const pf_call *call)
{
	const pf_shape *shape = &call->in[0].shape;
	int32_t axis = call->node->params.index.axis;
	int64_t outer = pf_shape_product(shape, 0, axis), dim = shape->dims[axis];
	size_t part = (size_t)pf_shape_product(shape, axis + 1, shape->rank) *
		      pf_type_bytes(call->out[0].type);
	int64_t count = pf_shape_elements(&call->in[1].shape);
	char *to = call->out[0].data;
	for (int64_t o = 0; o < outer; o++) {
		for (int64_t i = 0; i < count; i++, to += part) {
			int64_t at = pf_load_index(&call->in[1], i, dim);
			if (at < 0) {
				return false;
			}
			memcpy(to, (const char *)call->in[0].data + (size_t)(o * dim + at) * part, part);
		}
	}
	return true;
}

bool pf_plain_gather_elements(const pf_call *call)
{
	const pf_shape *in = &call->in[0].shape, *out = &call->out[0].shape;
	int32_t axis = call->node->params.index.axis;
	size_t bytes = pf_type_bytes(call->out[0].type);
	int64_t strides[PF_MAX_RANK], index[PF_MAX_RANK] = {0}, total = pf_shape_elements(out);
	pf_shape_strides(in, strides);
	for (int64_t i = 0; i < total; i++) {
		int64_t at = pf_load_index(&call->in[1], i, in->dims[axis]);
		if (at < 0) {
			return false;
		}
		int64_t offset = at * strides[axis];
		for (int k = 0; k < out->rank; k++) {
			offset += k == axis ? 0 : index[k] * strides[k];
		}
		memcpy((char *)call->out[0].data + (size_t)i * bytes,
		       (const char *)call->in[0].data + (size_t)offset * bytes, bytes);
		for (int k = out->rank - 1; k >= 0 && ++index[k] == out->dims[k]; k--) {
			index[k] = 0;
		}
	}
	return true;
}

bool pf_plain_gather_nd(const pf_call *call)
{
	const pf_shape *in = &call->in[0].shape, *indices = &call->in[1].shape;
	int32_t batch_dims = call->node->params.index.batch_dims;
	int64_t depth = indices->dims[indices->rank - 1], strides[PF_MAX_RANK];
	int64_t batches = pf_shape_product(indices, 0, batch_dims);
	int64_t tuples = pf_shape_product(indices, batch_dims, indices->rank - 1);
	int64_t block = pf_shape_product(in, batch_dims, in->rank);
	size_t bytes = pf_type_bytes(call->out[0].type);
	size_t part = (size_t)pf_shape_product(in, batch_dims + (int)depth, in->rank) * bytes;
	char *to = call->out[0].data;
	pf_shape_strides(in, strides);
	for (int64_t b = 0; b < batches; b++) {
		for (int64_t t = 0; t < tuples; t++, to += part) {
			int64_t offset = b * block;
			for (int64_t k = 0; k < depth; k++) {
				int64_t at = pf_load_index(&call->in[1], (b * tuples + t) * depth + k,
							   in->dims[batch_dims + k]);
				if (at < 0) {
					return false;
				}
				offset += at * strides[batch_dims + k];
			}
			memcpy(to, (const char *)call->in[0].data + (size_t)offset * bytes, part);
		}
	}
	return true;
}
