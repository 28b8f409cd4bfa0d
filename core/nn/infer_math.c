/* Products, reductions, softmax, and what is computed while loading. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/nn/infer.h"

pf_status pf_setup_gemm(pf_infer *infer)
{
	const pf_tensor *a = pf_infer_input(infer, 0), *b = pf_infer_input(infer, 1),
			*c = pf_infer_input(infer, 2);
	pf_params *p = &infer->node->params;
	pf_status status = pf_infer_floats(infer, 0, 3);
	p->gemm.alpha = pf_attr_float(infer, "alpha", 1);
	p->gemm.beta = pf_attr_float(infer, "beta", 1);
	p->gemm.transpose_a = pf_attr_int(infer, "transA", 0) != 0;
	p->gemm.transpose_b = pf_attr_int(infer, "transB", 0) != 0;
	if (status != PF_OK || infer->status != PF_OK) {
		return status != PF_OK ? status : infer->status;
	}
	if (a->shape.rank != 2 || b->shape.rank != 2) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its inputs are no matrices");
	}
	int64_t m = a->shape.dims[p->gemm.transpose_a], k = a->shape.dims[!p->gemm.transpose_a];
	int64_t n = b->shape.dims[!p->gemm.transpose_b];
	pf_shape shape = {2, {m, n}}, joined;
	if (b->shape.dims[p->gemm.transpose_b] != k) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its matrices do not fit");
	}
	if (pf_node_has_input(infer->node, 2) &&
	    (!pf_shape_broadcast(&c->shape, &shape, &joined) || !pf_shape_equal(&joined, &shape))) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its third input does not fit");
	}
	infer->node->macs = (uint64_t)m * (uint64_t)n * (uint64_t)(k ? k : 1);
	return pf_infer_output(infer, 0, PF_TYPE_FLOAT, &shape);
}

pf_status pf_setup_matmul(pf_infer *infer)
{
	pf_status status = pf_infer_floats(infer, 0, 2);
	return status == PF_OK ? pf_infer_matmul(infer, 1, PF_TYPE_FLOAT) : status;
}

pf_status pf_infer_matmul(pf_infer *infer, uint32_t second, pf_type type)
{
	const pf_tensor *a = pf_infer_input(infer, 0), *b = pf_infer_input(infer, second);
	pf_params *p = &infer->node->params;
	pf_shape left = a->shape, right = b->shape;
	if (left.rank == 0 || right.rank == 0) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its inputs are scalars");
	}
	bool row = left.rank == 1, column = right.rank == 1; /* vectors gain an axis and lose it again */
	if (row) {
		left = (pf_shape){2, {1, left.dims[0]}};
	}
	if (column) {
		right = (pf_shape){2, {right.dims[0], 1}};
	}
	p->matmul.m = left.dims[left.rank - 2];
	p->matmul.k = left.dims[left.rank - 1];
	p->matmul.n = right.dims[right.rank - 1];
	int64_t k = right.dims[right.rank - 2];
	pf_shape left_batch = left, right_batch = right, batch;
	left_batch.rank -= 2;
	right_batch.rank -= 2;
	if (k != p->matmul.k || !pf_shape_broadcast(&left_batch, &right_batch, &batch)) {
		char from[80], to[80];
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "shapes %s and %s do not fit",
				     pf_shape_text(&a->shape, from, sizeof from),
				     pf_shape_text(&b->shape, to, sizeof to));
	}
	p->matmul.batch_rank = batch.rank;
	memcpy(p->matmul.batch, batch.dims, sizeof batch.dims);
	pf_shape_broadcast_strides(&left_batch, &batch, p->matmul.a_strides);
	pf_shape_broadcast_strides(&right_batch, &batch, p->matmul.b_strides);
	for (int i = 0; i < batch.rank; i++) {
		p->matmul.a_strides[i] *= p->matmul.m * p->matmul.k;
		p->matmul.b_strides[i] *= p->matmul.k * p->matmul.n;
	}
	pf_shape shape = batch;
	if (!row) {
		shape.dims[shape.rank++] = p->matmul.m;
	}
	if (!column) {
		shape.dims[shape.rank++] = p->matmul.n;
	}
	pf_status status = pf_infer_output(infer, 0, type, &shape);
	if (status == PF_OK) {
		infer->node->macs = (uint64_t)pf_shape_elements(&shape) * (uint64_t)(k ? k : 1);
	}
	return status;
}

pf_status pf_setup_softmax(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	bool flat = infer->graph->opset < 13; /* then all axes from the stated one on are one */
	int32_t axis = 0, rank = x->shape.rank;
	pf_status status = pf_infer_floats(infer, 0, 1);
	if (status == PF_OK) {
		status = pf_infer_axis(infer, pf_attr_int(infer, "axis", flat ? 1 : -1), rank, &axis);
	}
	if (status != PF_OK) {
		return status;
	}
	pf_params *p = &infer->node->params;
	p->softmax.outer = pf_shape_product(&x->shape, 0, axis);
	p->softmax.n = pf_shape_product(&x->shape, axis, flat ? rank : axis + 1);
	p->softmax.inner = flat ? 1 : pf_shape_product(&x->shape, axis + 1, rank);
	return pf_infer_output(infer, 0, PF_TYPE_FLOAT, &x->shape);
}

pf_status pf_setup_reduce(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	pf_reduce_kind kind = (pf_reduce_kind)infer->node->op->detail;
	bool by_input = infer->graph->opset >= 18 || (kind == PF_REDUCE_SUM && infer->graph->opset >= 13);
	bool keep = pf_attr_int(infer, "keepdims", 1) != 0;
	bool noop = pf_attr_int(infer, "noop_with_empty_axes", 0) != 0;
	uint32_t mask;
	bool stated;
	pf_status status = pf_infer_axes(infer, by_input, x->shape.rank, &mask, &stated);
	if (status != PF_OK || infer->status != PF_OK) {
		return status != PF_OK ? status : infer->status;
	}
	if (x->type != PF_TYPE_FLOAT && x->type != PF_TYPE_INT32 && x->type != PF_TYPE_INT64) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "type %s is not supported",
				     pf_type_name(x->type));
	}
	if (!stated) {
		mask = noop ? 0 : (1u << x->shape.rank) - 1;
	}
	pf_shape shape = {0};
	for (int i = 0; i < x->shape.rank; i++) {
		bool reduced = mask >> i & 1;
		if (reduced && x->shape.dims[i] == 0) {
			return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its input is empty");
		}
		if (!reduced || keep) {
			shape.dims[shape.rank++] = reduced ? 1 : x->shape.dims[i];
		}
	}
	infer->node->params.reduce.kind = kind;
	infer->node->params.reduce.axes = mask;
	infer->node->input_count = 1;
	return pf_infer_output(infer, 0, x->type, &shape);
}

pf_status pf_setup_arg(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	pf_params *p = &infer->node->params;
	p->arg.least = infer->node->op->detail != 0;
	p->arg.last = pf_attr_int(infer, "select_last_index", 0) != 0;
	bool keep = pf_attr_int(infer, "keepdims", 1) != 0;
	int32_t axis = 0;
	pf_status status = pf_infer_axis(infer, pf_attr_int(infer, "axis", 0), x->shape.rank, &axis);
	if (status != PF_OK) {
		return status;
	}
	if (x->type != PF_TYPE_FLOAT && x->type != PF_TYPE_INT32 && x->type != PF_TYPE_INT64) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "type %s is not supported",
				     pf_type_name(x->type));
	}
	if (x->shape.dims[axis] == 0) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its input is empty");
	}
	pf_shape shape = {0};
	for (int i = 0; i < x->shape.rank; i++) {
		if (i != axis || keep) {
			shape.dims[shape.rank++] = i == axis ? 1 : x->shape.dims[i];
		}
	}
	p->arg.axis = axis;
	return pf_infer_output(infer, 0, PF_TYPE_INT64, &shape);
}

pf_status pf_setup_topk(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	pf_params *p = &infer->node->params;
	int64_t k = 0;
	size_t count = 1;
	int32_t axis = 0;
	pf_status status = pf_infer_floats(infer, 0, 1);
	if (status == PF_OK) {
		status = pf_infer_axis(infer, pf_attr_int(infer, "axis", -1), x->shape.rank, &axis);
	}
	if (infer->graph->opset < 10) {
		k = pf_attr_int(infer, "k", 0);
	} else if (status == PF_OK) {
		status = pf_infer_ints(infer, 1, &k, 1, &count);
	}
	if (status != PF_OK || infer->status != PF_OK) {
		return status != PF_OK ? status : infer->status;
	}
	if (count != 1 || k < 0 || k > x->shape.dims[axis]) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "k %lld is out of range", (long long)k);
	}
	p->arg.axis = axis;
	p->arg.k = k;
	p->arg.least = pf_attr_int(infer, "largest", 1) == 0;
	pf_shape shape = x->shape;
	shape.dims[axis] = k;
	infer->node->input_count = 1;
	infer->node->work = (uint64_t)pf_shape_elements(&x->shape) * (uint64_t)(k ? k : 1);
	status = pf_infer_output(infer, 0, PF_TYPE_FLOAT, &shape);
	return status == PF_OK ? pf_infer_output(infer, 1, PF_TYPE_INT64, &shape) : status;
}

pf_status pf_setup_constant(pf_infer *infer)
{
	pf_tensor value;
	void *data;
	pf_attr_tensor(infer, "value", &value);
	pf_status status = infer->status;
	if (status == PF_OK && value.data) { /* the file's bytes, so no folded ones */
		status = pf_infer_output(infer, 0, value.type, &value.shape);
		if (status != PF_OK) {
			free(value.data);
			return status;
		}
		pf_value *out = &infer->graph->values[infer->node->outputs[0]];
		out->tensor.data = value.data;
		out->producer = PF_NO_NODE;
		out->is_parameter = true;
		return PF_OK;
	}
	int64_t ints[64];
	float floats[64];
	size_t int_count, float_count;
	pf_attr_ints(infer, "value_ints", ints, 64, &int_count);
	pf_attr_floats(infer, "value_floats", floats, 64, &float_count);
	pf_shape shape = {.rank = int_count || float_count};
	shape.dims[0] = (int64_t)(int_count ? int_count : float_count);
	if (pf_attr_has(infer, "value_int")) {
		ints[0] = pf_attr_int(infer, "value_int", 0);
		int_count = 1;
	} else if (pf_attr_has(infer, "value_float")) {
		floats[0] = pf_attr_float(infer, "value_float", 0);
		float_count = 1;
	}
	if (infer->status != PF_OK) {
		return infer->status;
	}
	if (!int_count && !float_count) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "its kind of value is not supported");
	}
	status = pf_infer_constant(infer, 0, int_count ? PF_TYPE_INT64 : PF_TYPE_FLOAT, &shape, &data);
	if (status == PF_OK) {
		memcpy(data, int_count ? (const void *)ints : floats,
		       int_count ? int_count * sizeof *ints : float_count * sizeof *floats);
	}
	return status;
}

pf_status pf_setup_constant_of_shape(pf_infer *infer)
{
	int64_t dims[PF_MAX_RANK] = {0}, elements = 0;
	size_t count;
	pf_status status = pf_infer_ints(infer, 0, dims, PF_MAX_RANK, &count);
	if (status != PF_OK) {
		return status;
	}
	pf_shape shape = {.rank = (int32_t)count};
	memcpy(shape.dims, dims, count * sizeof *dims);
	if (!pf_shape_check(&shape, &elements)) {
		return PF_INFER_FAIL(infer, PF_ERR_TOO_LARGE, "its shape is negative or too large");
	}
	pf_tensor value;
	void *data;
	pf_attr_tensor(infer, "value", &value);
	status = infer->status;
	if (status == PF_OK && value.data && pf_shape_elements(&value.shape) != 1) {
		status = PF_INFER_FAIL(infer, PF_ERR_INVALID, "its value is not one element");
	}
	if (status == PF_OK) {
		status = pf_infer_constant(infer, 0, value.data ? value.type : PF_TYPE_FLOAT, &shape, &data);
	}
	size_t bytes = pf_type_bytes(value.data ? value.type : PF_TYPE_FLOAT);
	static const int64_t zero;
	for (int64_t i = 0; status == PF_OK && i < elements; i++) {
		memcpy((char *)data + (size_t)i * bytes, value.data ? value.data : &zero, bytes);
	}
	free(value.data);
	return status;
}

pf_status pf_setup_shape(pf_infer *infer)
{
	const pf_tensor *x = pf_infer_input(infer, 0);
	int64_t start = pf_attr_int(infer, "start", 0), end = pf_attr_int(infer, "end", x->shape.rank);
	int64_t rank = x->shape.rank;
	start = start < 0 ? start + rank : start;
	end = end < 0 ? end + rank : end;
	start = start < 0 ? 0 : start > rank ? rank : start;
	end = end < start ? start : end > rank ? rank : end;
	pf_shape shape = {1, {end - start}};
	void *data;
	pf_status status = pf_infer_constant(infer, 0, PF_TYPE_INT64, &shape, &data);
	if (status == PF_OK) {
		memcpy(data, x->shape.dims + start, (size_t)(end - start) * sizeof(int64_t));
	}
	return status;
}

pf_status pf_setup_size(pf_infer *infer)
{
	pf_shape shape = {0};
	void *data;
	pf_status status = pf_infer_constant(infer, 0, PF_TYPE_INT64, &shape, &data);
	if (status == PF_OK) {
		*(int64_t *)data = pf_shape_elements(&pf_infer_input(infer, 0)->shape);
	}
	return status;
}

pf_status pf_setup_range(pf_infer *infer)
{
	double start, limit, delta;
	pf_type type = pf_infer_input(infer, 0)->type;
	pf_status status = pf_infer_scalar(infer, 0, 0, &start);
	status = status == PF_OK ? pf_infer_scalar(infer, 1, 0, &limit) : status;
	status = status == PF_OK ? pf_infer_scalar(infer, 2, 1, &delta) : status;
	if (status != PF_OK) {
		return status;
	}
	double count = ceil((limit - start) / delta);
	if (delta == 0 || !(count <= PF_MAX_ELEMENTS) ||
	    (type != PF_TYPE_FLOAT && type != PF_TYPE_INT64 && type != PF_TYPE_INT32)) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "its limits are out of range");
	}
	pf_shape shape = {1, {count > 0 ? (int64_t)count : 0}};
	void *data;
	status = pf_infer_constant(infer, 0, type, &shape, &data);
	for (int64_t i = 0; status == PF_OK && i < shape.dims[0]; i++) {
		double value = start + (double)i * delta;
		if (type == PF_TYPE_FLOAT) {
			((float *)data)[i] = (float)value;
		} else if (type == PF_TYPE_INT64) {
			((int64_t *)data)[i] = (int64_t)value;
		} else {
			((int32_t *)data)[i] = (int32_t)value;
		}
	}
	return status;
}
