#include <string.h>

#include "core/nn/onednn.h"

/* An eltwise primitive on the value's current layout. */
static pf_status emit_eltwise(pf_onednn_node *n, int32_t value, const pf_onednn_eltwise *eltwise,
			      bool epilogues)
{
	pf_layout src;
	pf_status status = pf_onednn_current(n, value, &src);
	if (status != PF_OK) {
		return status;
	}
	dnnl_eltwise_desc_t operation;
	dnnl_primitive_desc_t pd;
	if (dnnl_eltwise_forward_desc_init(&operation, dnnl_forward_inference, eltwise->kind, &src.md,
					   eltwise->alpha, eltwise->beta) != dnnl_success ||
	    !pf_onednn_describe(n, &operation, epilogues, &pd)) {
		return PF_OK;
	}
	pf_onednn_arg args[2] = {{.id = DNNL_ARG_SRC, .md = src.md, .buffer = src.buffer},
				 {.id = DNNL_ARG_DST, .md = src.md, .write = true}};
	status = pf_onednn_define(n, n->node->outputs[0], &src.md, &args[1].buffer);
	if (status != PF_OK) {
		dnnl_primitive_desc_destroy(pd);
		return status;
	}
	n->done = true;
	status = pf_onednn_emit(n, pd, args, 2, PF_NO_BUFFER, false);
	if (status == PF_OK) {
		n->program->steps[n->program->step_count - 1].in_place = 0;
	}
	return status;
}

pf_status pf_onednn_unary(pf_onednn_node *n)
{
	pf_onednn_eltwise eltwise[2];
	int32_t rank = pf_node_input(n->program->graph, n->node, 0)->shape.rank;
	if (rank > 6 || n->node->epilogue_count || pf_onednn_act(&n->node->params.act, eltwise) != 1) {
		return PF_OK;
	}
	return emit_eltwise(n, n->node->inputs[0], &eltwise[0], false);
}

/* A constant of one element on the other side makes it a * x + b. */
static pf_status with_scalar(pf_onednn_node *n)
{
	const pf_graph *graph = n->program->graph;
	const pf_shape *y = &pf_node_output(graph, n->node, 0)->shape;
	for (uint32_t k = 0; k < 2; k++) {
		const pf_tensor *scalar = pf_node_input(graph, n->node, 1 - k);
		if (!scalar->data || pf_shape_elements(&scalar->shape) != 1 || y->rank > 6 ||
		    !pf_shape_equal(y, &pf_node_input(graph, n->node, k)->shape)) {
			continue;
		}
		float c = *(const float *)scalar->data;
		pf_onednn_eltwise eltwise = {dnnl_eltwise_linear, 1, 0};
		switch (n->node->params.binary) {
		case PF_BINARY_ADD:
			eltwise.beta = c;
			break;
		case PF_BINARY_SUB:
			eltwise.alpha = k == 0 ? 1 : -1;
			eltwise.beta = k == 0 ? -c : c;
			break;
		case PF_BINARY_MUL:
			eltwise.alpha = c;
			break;
		default:
			return PF_OK;
		}
		return emit_eltwise(n, n->node->inputs[k], &eltwise, true);
	}
	return PF_OK;
}

static bool algorithm_of(pf_binary_kind kind, dnnl_alg_kind_t *algorithm, bool *commutes)
{
	*commutes = kind != PF_BINARY_SUB && kind != PF_BINARY_DIV;
	switch (kind) {
	case PF_BINARY_ADD:
		*algorithm = dnnl_binary_add;
		return true;
	case PF_BINARY_SUB:
		*algorithm = dnnl_binary_sub;
		return true;
	case PF_BINARY_MUL:
		*algorithm = dnnl_binary_mul;
		return true;
	case PF_BINARY_DIV:
		*algorithm = dnnl_binary_div;
		return true;
	case PF_BINARY_MAX:
		*algorithm = dnnl_binary_max;
		return true;
	case PF_BINARY_MIN:
		*algorithm = dnnl_binary_min;
		return true;
	default:
		return false;
	}
}

/* Both operands in layouts that one loop can read: the first in its own, the second like it. */
static pf_status match(pf_onednn_node *n, int32_t a, int32_t b, pf_layout *first, pf_layout *second,
		       bool *fits)
{
	const pf_shape *shape = &n->program->graph->values[b].tensor.shape;
	pf_status status = pf_onednn_current(n, a, first);
	if (status == PF_OK) {
		status = pf_onednn_current(n, b, second);
	}
	*fits = status == PF_OK;
	if (!*fits) {
		return status;
	}
	const pf_shape *whole = &n->program->graph->values[a].tensor.shape;
	bool equal = pf_shape_equal(shape, whole);
	dnnl_format_tag_t kind = pf_onednn_kind(&first->md);
	if (equal && kind == dnnl_format_tag_undef && pf_onednn_kind(&second->md) != dnnl_format_tag_undef) {
		first->md = second->md;
		return pf_onednn_as(n, a, &first->md, &first->buffer);
	}
	/* Of operands that are repeated, blocked layouts serve one value a channel. Where one channel is
	 * repeated, oneDNN 2.6's AVX2 loop takes the padding of its block for values. */
	bool blocked = kind == dnnl_nChw8c || kind == dnnl_nChw16c;
	bool by_channel = shape->dims[1] > 1 && pf_shape_elements(shape) == shape->dims[1];
	if (blocked && !equal && !by_channel) {
		*fits = pf_onednn_dense(whole, &first->md);
		kind = dnnl_format_tag_undef;
		status = *fits ? pf_onednn_as(n, a, &first->md, &first->buffer) : PF_OK;
		if (status != PF_OK || !*fits) {
			return status;
		}
	}
	if (equal) {
		second->md = first->md;
	} else if (kind != dnnl_format_tag_undef) {
		*fits = pf_onednn_of_kind(shape, kind, &second->md);
	} else {
		*fits = pf_onednn_dense(shape, &second->md);
	}
	return *fits ? pf_onednn_as(n, b, &second->md, &second->buffer) : PF_OK;
}

pf_status pf_onednn_binary(pf_onednn_node *n)
{
	const pf_graph *graph = n->program->graph;
	const pf_shape *y = &pf_node_output(graph, n->node, 0)->shape;
	int32_t a = n->node->inputs[0], b = n->node->inputs[1];
	dnnl_alg_kind_t algorithm;
	bool commutes, fits;
	pf_status status = with_scalar(n);
	if (status != PF_OK || n->done || !algorithm_of(n->node->params.binary, &algorithm, &commutes)) {
		return status;
	}
	if (commutes && !pf_shape_equal(&graph->values[a].tensor.shape, y)) {
		int32_t swapped = a;
		a = b;
		b = swapped;
	}
	if (!pf_shape_equal(&graph->values[a].tensor.shape, y) ||
	    graph->values[b].tensor.shape.rank != y->rank || y->rank > 6 || y->rank < 1) {
		return PF_OK;
	}
	pf_layout first, second;
	status = match(n, a, b, &first, &second, &fits);
	if (status != PF_OK || !fits) {
		return status;
	}
	dnnl_binary_desc_t operation;
	dnnl_primitive_desc_t pd;
	if (dnnl_binary_desc_init(&operation, algorithm, &first.md, &second.md, &first.md) != dnnl_success ||
	    !pf_onednn_describe(n, &operation, true, &pd)) {
		return PF_OK;
	}
	pf_onednn_arg args[3] = {{.id = DNNL_ARG_SRC_0, .md = first.md, .buffer = first.buffer},
				 {.id = DNNL_ARG_SRC_1, .md = second.md, .buffer = second.buffer},
				 {.id = DNNL_ARG_DST, .md = first.md, .write = true}};
	status = pf_onednn_define(n, n->node->outputs[0], &first.md, &args[2].buffer);
	if (status != PF_OK) {
		dnnl_primitive_desc_destroy(pd);
		return status;
	}
	n->done = true;
	status = pf_onednn_emit(n, pd, args, 3, PF_NO_BUFFER, false);
	/* With padding in the block, oneDNN 2.6's AVX2 loop reads again what it wrote. */
	if (status == PF_OK &&
	    !memcmp(first.md.dims, first.md.padded_dims, sizeof first.md.dims[0] * (size_t)y->rank)) {
		n->program->steps[n->program->step_count - 1].in_place = 0;
	}
	return status;
}
