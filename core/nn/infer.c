/* Types and shapes in the order of the nodes; what is constant is computed on the way, by the plain kernels.
 */
#include "core/nn/infer.h"

#include <stdlib.h>
#include <string.h>

#include "photofinish/file.h"

#define FOLD_WORK 2000000000u /* elements and multiply-adds that folding may cost in all */

const pf_tensor *pf_infer_input(const pf_infer *infer, uint32_t i)
{
	return pf_node_input(infer->graph, infer->node, i);
}

static pf_status check_size(pf_infer *infer, pf_type type, const pf_shape *shape, uint64_t limit,
			    const char *what)
{
	int64_t elements;
	if (!pf_shape_check(shape, &elements) || (uint64_t)elements * pf_type_bytes(type) > limit) {
		char text[160];
		return PF_INFER_FAIL(infer, PF_ERR_TOO_LARGE, "%s %s is too large", what,
				     pf_shape_text(shape, text, sizeof text));
	}
	return PF_OK;
}

pf_status pf_infer_output(pf_infer *infer, uint32_t i, pf_type type, const pf_shape *shape)
{
	if (infer->status != PF_OK) {
		return infer->status;
	}
	if (i >= infer->node->output_count || infer->node->outputs[i] == PF_NO_VALUE) {
		return PF_OK;
	}
	pf_status status = check_size(infer, type, shape, infer->graph->options.max_activation_bytes,
				      "its output of shape");
	if (status == PF_OK) {
		pf_value *value = &infer->graph->values[infer->node->outputs[i]];
		value->tensor.type = type;
		value->tensor.shape = *shape;
		value->known = true;
	}
	return status;
}

pf_status pf_infer_constant(pf_infer *infer, uint32_t i, pf_type type, const pf_shape *shape, void **data)
{
	pf_graph *graph = infer->graph;
	pf_status status = pf_infer_output(infer, i, type, shape);
	if (status != PF_OK) {
		return status;
	}
	size_t bytes = (size_t)pf_shape_elements(shape) * pf_type_bytes(type);
	if (graph->folded_bytes + bytes > graph->options.max_folded_bytes) {
		return PF_INFER_FAIL(infer, PF_ERR_MEMORY_LIMIT,
				     "constants computed while loading pass %llu MiB",
				     (unsigned long long)(graph->options.max_folded_bytes >> 20));
	}
	void *memory = aligned_alloc(64, (bytes + 64) / 64 * 64);
	if (!memory) {
		return pf_fail(infer->error, PF_ERR_NO_MEMORY, graph->file, "not enough memory");
	}
	graph->folded_bytes += bytes;
	pf_value *value = &graph->values[infer->node->outputs[i]];
	value->tensor.data = *data = memory;
	value->producer = PF_NO_NODE;
	return PF_OK;
}

pf_status pf_infer_ints(pf_infer *infer, uint32_t i, int64_t *out, size_t capacity, size_t *count)
{
	*count = 0;
	if (!pf_node_has_input(infer->node, i)) {
		return PF_OK;
	}
	const pf_tensor *tensor = pf_infer_input(infer, i);
	if (!tensor->data) {
		return PF_INFER_FAIL(
			infer, PF_ERR_UNSUPPORTED,
			"input %u must be a constant (shapes that depend on data are not supported)", i);
	}
	int64_t elements = pf_shape_elements(&tensor->shape);
	if ((tensor->type != PF_TYPE_INT64 && tensor->type != PF_TYPE_INT32) || tensor->shape.rank > 1 ||
	    elements > (int64_t)capacity) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "input %u must be a list of at most %zu integers",
				     i, capacity);
	}
	*count = (size_t)elements;
	for (int64_t k = 0; k < elements; k++) {
		out[k] = tensor->type == PF_TYPE_INT64 ? ((const int64_t *)tensor->data)[k]
						       : ((const int32_t *)tensor->data)[k];
	}
	return PF_OK;
}

pf_status pf_infer_scalar(pf_infer *infer, uint32_t i, double missing, double *out)
{
	*out = missing;
	if (!pf_node_has_input(infer->node, i)) {
		return PF_OK;
	}
	const pf_tensor *tensor = pf_infer_input(infer, i);
	if (!tensor->data || pf_shape_elements(&tensor->shape) != 1) {
		return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "input %u must be a constant of one element",
				     i);
	}
	switch (tensor->type) {
	case PF_TYPE_FLOAT:
		*out = *(const float *)tensor->data;
		break;
	case PF_TYPE_INT32:
		*out = *(const int32_t *)tensor->data;
		break;
	case PF_TYPE_INT64:
		*out = (double)*(const int64_t *)tensor->data;
		break;
	case PF_TYPE_INT8:
		*out = *(const int8_t *)tensor->data;
		break;
	default:
		*out = *(const uint8_t *)tensor->data;
		break;
	}
	return PF_OK;
}

pf_status pf_infer_axis(pf_infer *infer, int64_t axis, int32_t rank, int32_t *out)
{
	if (axis < -(int64_t)rank || axis >= rank) {
		return PF_INFER_FAIL(infer, PF_ERR_INVALID, "axis %lld does not fit %d dimensions",
				     (long long)axis, rank);
	}
	*out = (int32_t)(axis < 0 ? axis + rank : axis);
	return PF_OK;
}

pf_status pf_infer_floats(pf_infer *infer, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		if (pf_node_has_input(infer->node, i) && pf_infer_input(infer, i)->type != PF_TYPE_FLOAT) {
			return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED,
					     "input %u of type %s is not supported", i,
					     pf_type_name(pf_infer_input(infer, i)->type));
		}
	}
	return PF_OK;
}

pf_status pf_infer_axes(pf_infer *infer, bool by_input, int32_t rank, uint32_t *mask, bool *stated)
{
	int64_t axes[PF_MAX_RANK] = {0};
	size_t count = 0;
	pf_status status = PF_OK;
	if (by_input) {
		status = pf_infer_ints(infer, 1, axes, PF_MAX_RANK, &count);
		*stated = pf_node_has_input(infer->node, 1) && count > 0;
	} else {
		pf_attr_ints(infer, "axes", axes, PF_MAX_RANK, &count);
		status = infer->status;
		*stated = count > 0;
	}
	*mask = 0;
	for (size_t i = 0; status == PF_OK && i < count; i++) {
		int32_t axis = 0;
		status = pf_infer_axis(infer, axes[i], rank, &axis);
		if (status == PF_OK && (*mask >> axis & 1)) {
			status = PF_INFER_FAIL(infer, PF_ERR_INVALID, "an axis stands twice");
		}
		*mask |= 1u << axis;
	}
	return status;
}

/* Elements that computing a node touches; at most what one tensor may have, times a few. */
uint64_t pf_node_work(const pf_graph *graph, const pf_node *node)
{
	uint64_t work = node->macs + node->work;
	for (uint32_t i = 0; i < node->input_count; i++) {
		work += (uint64_t)pf_shape_elements(&pf_node_input(graph, node, i)->shape);
	}
	for (uint32_t i = 0; i < node->output_count; i++) {
		work += (uint64_t)pf_shape_elements(&pf_node_output(graph, node, i)->shape);
	}
	return work;
}

static bool can_fold(const pf_graph *graph, const pf_node *node, uint64_t spent)
{
	uint64_t bytes = 0;
	for (uint32_t i = 0; i < node->input_count; i++) {
		if (pf_node_has_input(node, i) && !pf_node_input(graph, node, i)->data) {
			return false;
		}
	}
	for (uint32_t i = 0; i < node->output_count; i++) {
		const pf_tensor *out = pf_node_output(graph, node, i);
		bytes += (uint64_t)pf_shape_elements(&out->shape) * pf_type_bytes(out->type);
	}
	return node->op->kernel && node->op->kind != PF_OP_NON_MAX_SUPPRESSION &&
	       graph->folded_bytes + bytes <= graph->options.max_folded_bytes &&
	       spent + pf_node_work(graph, node) <= FOLD_WORK;
}

/* Runs the plain kernel on constants; its outputs become constants. */
static pf_status fold(pf_infer *infer)
{
	pf_node *node = infer->node;
	pf_tensor *tensors = calloc((size_t)node->input_count + node->output_count, sizeof *tensors);
	if (!tensors) {
		return pf_fail(infer->error, PF_ERR_NO_MEMORY, infer->graph->file, "not enough memory");
	}
	pf_tensor *outs = tensors + node->input_count;
	pf_status status = PF_OK;
	bool parameters = false;
	for (uint32_t i = 0; i < node->input_count; i++) {
		tensors[i] = *pf_node_input(infer->graph, node, i);
		parameters |= pf_node_has_input(node, i) &&
			      infer->graph->values[node->inputs[i]].is_parameter;
	}
	for (uint32_t i = 0; status == PF_OK && i < node->output_count; i++) {
		outs[i] = *pf_node_output(infer->graph, node, i);
		if (node->outputs[i] != PF_NO_VALUE) {
			status = pf_infer_constant(infer, i, outs[i].type, &outs[i].shape, &outs[i].data);
			infer->graph->values[node->outputs[i]].is_parameter = parameters;
		}
	}
	pf_call call = {node, tensors, outs, node->input_count, node->output_count};
	if (status == PF_OK && !node->op->kernel(&call)) {
		status = PF_INFER_FAIL(infer, PF_ERR_INVALID, "an index lies outside of what it indexes");
	}
	node->removed = true;
	free(tensors);
	return status;
}

static pf_status infer_node(pf_infer *infer)
{
	pf_node *node = infer->node;
	for (uint32_t i = 0; i < node->input_count; i++) {
		if (node->inputs[i] != PF_NO_VALUE && !infer->graph->values[node->inputs[i]].known) {
			return PF_INFER_FAIL(infer, PF_ERR_UNSUPPORTED, "the shape of input %u is not known",
					     i);
		}
	}
	pf_status status = node->op->setup(infer);
	status = status == PF_OK ? infer->status : status;
	return status == PF_OK ? pf_infer_rows(infer) : status;
}

/* Outputs of a node that nobody fills (statistics of training) are no outputs of a network. */
static pf_status check_outputs(const pf_graph *graph, pf_error *error)
{
	char name[96];
	for (size_t i = 0; i < graph->output_count; i++) {
		const pf_value *value = &graph->values[graph->outputs[i]];
		if (value->rows != PF_NO_VALUE && value->rows_axis != 0) {
			return pf_fail(
				error, PF_ERR_UNSUPPORTED, graph->file,
				"output \"%s\": how long its dimension %d is depends on data, which is supported for the first one only",
				pf_escape(value->name, name, sizeof name), value->rows_axis);
		}
		if (!value->known) {
			return pf_fail(error, PF_ERR_UNSUPPORTED, graph->file,
				       "output \"%s\" is one that its node makes in training only",
				       pf_escape(value->name, name, sizeof name));
		}
	}
	return PF_OK;
}

pf_status pf_graph_infer(pf_graph *graph, const char *folder_of, pf_error *error)
{
	uint64_t spent = 0;
	for (size_t i = 0; i < graph->node_count; i++) {
		pf_node *node = &graph->nodes[i];
		pf_infer infer = {.graph = graph, .node = node, .folder_of = folder_of, .error = error};
		pf_status status = infer_node(&infer);
		if (status != PF_OK) {
			return status;
		}
		if (node->op->kind == PF_OP_CONSTANT) {
			node->removed = true;
		} else if (can_fold(graph, node, spent)) {
			spent += pf_node_work(graph, node);
			status = fold(&infer);
			if (status != PF_OK) {
				return status;
			}
		}
	}
	return check_outputs(graph, error);
}
