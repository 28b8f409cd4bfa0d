/* Concat, Split, Slice and Transpose without leaving blocked layouts where that is possible. */
#include <stdlib.h>
#include <string.h>

#include "core/nn/onednn.h"

/* The layout that all inputs can have: that of one that is not dense, if all have whole blocks of channels.
 */
static dnnl_format_tag_t common_kind(const pf_onednn_node *n)
{
	dnnl_format_tag_t kind = dnnl_format_tag_undef;
	for (uint32_t i = 0; i < n->node->input_count; i++) {
		const pf_layout *layout = &n->backend->layouts[n->node->inputs[i]];
		if (layout->buffer != PF_NO_BUFFER && pf_onednn_kind(&layout->md) != dnnl_format_tag_undef) {
			kind = pf_onednn_kind(&layout->md);
		}
	}
	for (uint32_t i = 0; i < n->node->input_count; i++) {
		if (pf_node_input(n->program->graph, n->node, i)->shape.dims[1] % pf_onednn_block(kind)) {
			return dnnl_format_tag_undef;
		}
	}
	return kind;
}

pf_status pf_onednn_copy(const pf_onednn_node *n, const pf_layout *from, const pf_layout *to)
{
	dnnl_primitive_desc_t pd;
	if (dnnl_reorder_primitive_desc_create(&pd, &from->md, n->backend->engine, &to->md,
					       n->backend->engine, NULL) != dnnl_success) {
		return pf_node_fail(n->program->graph, n->node, n->error, PF_ERR_INTERNAL,
				    "oneDNN refused a copy");
	}
	pf_onednn_arg args[2] = {{.id = DNNL_ARG_FROM, .md = from->md, .buffer = from->buffer},
				 {.id = DNNL_ARG_TO, .md = to->md, .buffer = to->buffer, .write = true}};
	return pf_onednn_emit(n, pd, args, 2, PF_NO_BUFFER, false);
}

/* Channels of `whole`, [begin, begin + count), as a layout of their own. */
static bool channels_of(const pf_layout *whole, const pf_shape *part, int64_t begin, pf_layout *out)
{
	dnnl_dims_t offsets = {0, begin};
	dnnl_dims_t dims = {0};
	memcpy(dims, part->dims, 4 * sizeof *dims);
	out->buffer = whole->buffer;
	return dnnl_memory_desc_init_submemory(&out->md, &whole->md, dims, offsets) == dnnl_success;
}

pf_status pf_onednn_concat(pf_onednn_node *n)
{
	const pf_graph *graph = n->program->graph;
	const pf_shape *y = &pf_node_output(graph, n->node, 0)->shape;
	pf_layout whole, from, to;
	if (y->rank != 4 || n->node->params.index.axis != 1 ||
	    !pf_onednn_of_kind(y, common_kind(n), &whole.md)) {
		return PF_OK;
	}
	pf_status status = pf_onednn_define(n, n->node->outputs[0], &whole.md, &whole.buffer);
	int64_t begin = 0;
	n->done = true;
	for (uint32_t i = 0; status == PF_OK && i < n->node->input_count; i++) {
		const pf_shape *x = &pf_node_input(graph, n->node, i)->shape;
		status = pf_onednn_current(n, n->node->inputs[i], &from);
		if (status == PF_OK && !channels_of(&whole, x, begin, &to)) {
			return pf_node_fail(graph, n->node, n->error, PF_ERR_INTERNAL,
					    "oneDNN refused a part");
		}
		status = status == PF_OK ? pf_onednn_copy(n, &from, &to) : status;
		begin += x->dims[1];
	}
	return status;
}

/* Split by channels, and Slice of channels, at multiples of the layout's block. */
static pf_status take_channels(pf_onednn_node *n)
{
	const pf_graph *graph = n->program->graph;
	const pf_strided *s = &n->node->params.strided;
	const pf_shape *x = &pf_node_input(graph, n->node, 0)->shape;
	pf_layout whole = n->backend->layouts[n->node->inputs[0]], part, target;
	dnnl_format_tag_t kind = x->rank == 4 && whole.buffer != PF_NO_BUFFER ? pf_onednn_kind(&whole.md)
									      : dnnl_format_tag_undef;
	int64_t begin = s->axis == 1 ? 0 : s->starts[1], block = pf_onednn_block(kind);
	bool fits = kind != dnnl_format_tag_undef && (s->axis == 1 || s->is_slice);
	for (uint32_t i = 0; fits && i < n->node->output_count; i++) {
		const pf_shape *y = &pf_node_output(graph, n->node, i)->shape;
		fits = y->dims[0] == x->dims[0] && y->dims[2] == x->dims[2] && y->dims[3] == x->dims[3] &&
		       begin % block == 0 && y->dims[1] % block == 0;
		begin += y->dims[1];
	}
	if (!fits) {
		return PF_OK;
	}
	pf_status status = PF_OK;
	begin = s->axis == 1 ? 0 : s->starts[1];
	n->done = true;
	for (uint32_t i = 0; status == PF_OK && i < n->node->output_count; i++) {
		const pf_shape *y = &pf_node_output(graph, n->node, i)->shape;
		if (!channels_of(&whole, y, begin, &part) || !pf_onednn_of_kind(y, kind, &target.md)) {
			return pf_node_fail(graph, n->node, n->error, PF_ERR_INTERNAL,
					    "oneDNN refused a part");
		}
		status = pf_onednn_define(n, n->node->outputs[i], &target.md, &target.buffer);
		status = status == PF_OK ? pf_onednn_copy(n, &part, &target) : status;
		begin += y->dims[1];
	}
	return status;
}

/* From whatever layout to dense, with the axes renamed on the way. */
static pf_status transpose(pf_onednn_node *n)
{
	const pf_graph *graph = n->program->graph;
	const pf_strided *s = &n->node->params.strided;
	pf_layout from, to;
	pf_status status = pf_onednn_current(n, n->node->inputs[0], &from);
	if (status != PF_OK || s->rank > 6) {
		return status;
	}
	int places[PF_MAX_RANK];
	for (int i = 0; i < s->rank; i++) {
		places[s->perm[i]] = i;
	}
	dnnl_memory_desc_t renamed;
	if (dnnl_memory_desc_permute_axes(&renamed, &from.md, places) != dnnl_success ||
	    !pf_onednn_dense(&pf_node_output(graph, n->node, 0)->shape, &to.md)) {
		return PF_OK;
	}
	from.md = renamed;
	status = pf_program_value(n->program, n->node->outputs[0], &to.buffer, n->error);
	n->done = true;
	return status == PF_OK ? pf_onednn_copy(n, &from, &to) : status;
}

pf_status pf_onednn_strided(pf_onednn_node *n)
{
	const pf_strided *s = &n->node->params.strided;
	int32_t rank = pf_node_input(n->program->graph, n->node, 0)->shape.rank;
	if (s->perm[0] >= 0 && rank > 1 && rank <= 6) {
		return transpose(n);
	}
	return take_channels(n);
}
