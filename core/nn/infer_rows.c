/* Rows whose number depends on data (NonMaxSuppression's): which axis of a node's outputs they are. Operators
 * that treat each row by itself compute the most there can be; all others are refused. */
#include "core/nn/infer.h"

static const pf_value *input_value(const pf_infer *infer, uint32_t i)
{
	return &infer->graph->values[infer->node->inputs[i]];
}

static bool has_rows(const pf_infer *infer, uint32_t i)
{
	return pf_node_has_input(infer->node, i) && input_value(infer, i)->rows != PF_NO_VALUE;
}

/* Axis of the output, by broadcasting; -1: another input has rows of another kind, or several of its own. */
static int32_t by_broadcast(const pf_infer *infer, uint32_t marked)
{
	const pf_shape *out = &pf_node_output(infer->graph, infer->node, 0)->shape;
	const pf_value *value = input_value(infer, marked);
	int32_t axis = value->rows_axis + out->rank - value->tensor.shape.rank;
	for (uint32_t i = 0; i < infer->node->input_count; i++) {
		const pf_value *other = input_value(infer, i);
		int32_t at = axis - (out->rank - other->tensor.shape.rank);
		bool same = other->rows == value->rows && at == other->rows_axis;
		bool one = other->rows == PF_NO_VALUE && (at < 0 || other->tensor.shape.dims[at] == 1);
		if (!same && !one) {
			return -1;
		}
	}
	return axis;
}

/* Views keep the order of elements: rows stay rows where as many elements lie between them. */
static int32_t by_view(const pf_shape *in, const pf_shape *out, int32_t axis)
{
	int64_t before = pf_shape_product(in, 0, axis), rows = in->dims[axis];
	for (int32_t i = 0; rows > 1 && i < out->rank; i++) {
		if (pf_shape_product(out, 0, i) == before && out->dims[i] == rows) {
			return i;
		}
	}
	return -1;
}

static int32_t by_strides(const pf_infer *infer, const pf_shape *in, int32_t axis)
{
	const pf_strided *s = &infer->node->params.strided;
	const pf_shape *out = &pf_node_output(infer->graph, infer->node, 0)->shape;
	for (int32_t i = 0; s->perm[0] >= 0 && i < out->rank; i++) {
		if (s->perm[i] == axis) {
			return i;
		}
	}
	bool whole = s->is_slice && s->starts[axis] == 0 && out->dims[axis] == in->dims[axis];
	return whole || (s->axis >= 0 && s->axis != axis) ? axis : -1;
}

static int32_t by_gather(const pf_infer *infer)
{
	int32_t axis = infer->node->params.index.axis, rank = pf_infer_input(infer, 1)->shape.rank;
	if (has_rows(infer, 0) == has_rows(infer, 1)) {
		return -1;
	}
	if (has_rows(infer, 1)) {
		return axis + input_value(infer, 1)->rows_axis;
	}
	int32_t rows = input_value(infer, 0)->rows_axis;
	return rows == axis ? -1 : rows < axis ? rows : rows + rank - 1;
}

static int32_t by_gather_nd(const pf_infer *infer)
{
	bool fits = !has_rows(infer, 0) && infer->node->params.index.batch_dims == 0 &&
		    input_value(infer, 1)->rows_axis < pf_infer_input(infer, 1)->shape.rank - 1;
	return fits ? input_value(infer, 1)->rows_axis : -1;
}

static int32_t find_axis(const pf_infer *infer, uint32_t marked)
{
	const pf_node *node = infer->node;
	const pf_value *value = input_value(infer, marked);
	const pf_shape *in = &value->tensor.shape, *out = &pf_node_output(infer->graph, node, 0)->shape;
	switch (node->op->kind) {
	case PF_OP_UNARY:
	case PF_OP_CAST:
		return value->rows_axis;
	case PF_OP_BINARY:
	case PF_OP_WHERE:
		return by_broadcast(infer, marked);
	case PF_OP_CONCAT:
		return node->params.index.axis != value->rows_axis ? by_broadcast(infer, marked) : -1;
	case PF_OP_VIEW:
		return pf_shape_equal(in, out) ? value->rows_axis : by_view(in, out, value->rows_axis);
	case PF_OP_STRIDED:
		return by_strides(infer, in, value->rows_axis);
	case PF_OP_GATHER:
		return by_gather(infer);
	case PF_OP_GATHER_ND:
		return by_gather_nd(infer);
	default:
		return -1;
	}
}

pf_status pf_infer_rows(pf_infer *infer)
{
	uint32_t marked = 0;
	while (marked < infer->node->input_count && !has_rows(infer, marked)) {
		marked++;
	}
	if (marked == infer->node->input_count) {
		return PF_OK;
	}
	int32_t axis = find_axis(infer, marked), rows = input_value(infer, marked)->rows;
	if (axis < 0) {
		return PF_INFER_FAIL(
			infer, PF_ERR_UNSUPPORTED,
			"the number of rows of input %u depends on data, which is not supported here",
			marked);
	}
	for (uint32_t i = 0; i < infer->node->output_count; i++) {
		if (infer->node->outputs[i] != PF_NO_VALUE) {
			infer->graph->values[infer->node->outputs[i]].rows = rows;
			infer->graph->values[infer->node->outputs[i]].rows_axis = axis;
		}
	}
	return PF_OK;
}
