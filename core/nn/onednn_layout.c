#include <stdlib.h>
#include <string.h>

#include "core/nn/onednn.h"

bool pf_onednn_dense(const pf_shape *shape, dnnl_memory_desc_t *md)
{
	int64_t strides[PF_MAX_RANK];
	dnnl_dims_t dims = {1}, steps = {1};
	int rank = shape->rank ? shape->rank : 1;
	if (rank > 6 || pf_shape_elements(shape) == 0) {
		return false;
	}
	pf_shape_strides(shape, strides);
	for (int i = 0; i < shape->rank; i++) {
		dims[i] = shape->dims[i];
		steps[i] = strides[i];
	}
	return dnnl_memory_desc_init_by_strides(md, rank, dims, dnnl_f32, steps) == dnnl_success;
}

static pf_status no_layout(const pf_onednn_node *n)
{
	return pf_node_fail(n->program->graph, n->node, n->error, PF_ERR_INTERNAL, "oneDNN refused a layout");
}

pf_status pf_onednn_current(const pf_onednn_node *n, int32_t value, pf_layout *layout)
{
	*layout = n->backend->layouts[value];
	if (layout->buffer != PF_NO_BUFFER) {
		return PF_OK;
	}
	if (!pf_onednn_dense(&n->program->graph->values[value].tensor.shape, &layout->md)) {
		return no_layout(n);
	}
	return pf_program_value(n->program, value, &layout->buffer, n->error);
}

/* A step that copies from one layout to another. */
static pf_status reorder(const pf_onednn_node *n, const pf_layout *from, const pf_layout *to)
{
	dnnl_primitive_desc_t pd;
	dnnl_primitive_attr_t attributes;
	if (dnnl_primitive_attr_create(&attributes) != dnnl_success) {
		return no_layout(n);
	}
	dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
	dnnl_status_t created = dnnl_reorder_primitive_desc_create(&pd, &from->md, n->backend->engine,
								   &to->md, n->backend->engine, attributes);
	dnnl_primitive_attr_destroy(attributes);
	if (created != dnnl_success) {
		return no_layout(n);
	}
	pf_onednn_arg args[2] = {{.id = DNNL_ARG_FROM, .md = from->md, .buffer = from->buffer},
				 {.id = DNNL_ARG_TO, .md = to->md, .buffer = to->buffer, .write = true}};
	return pf_onednn_emit(n, pd, args, 2, PF_NO_BUFFER, true);
}

static size_t bytes_of(const dnnl_memory_desc_t *md)
{
	return dnnl_memory_desc_get_size(md);
}

pf_status pf_onednn_as(const pf_onednn_node *n, int32_t value, const dnnl_memory_desc_t *md, int32_t *buffer)
{
	pf_layout have;
	pf_status status = pf_onednn_current(n, value, &have);
	if (status != PF_OK) {
		return status;
	}
	if (dnnl_memory_desc_equal(&have.md, md)) {
		*buffer = have.buffer;
		return PF_OK;
	}
	dnnl_memory_desc_t dense;
	if (pf_onednn_dense(&n->program->graph->values[value].tensor.shape, &dense) &&
	    dnnl_memory_desc_equal(&dense, md)) {
		status = pf_onednn_make_dense(n, value);
		*buffer = n->program->value_buffers[value];
		return status;
	}
	pf_layout wanted = {.md = *md};
	status = pf_program_buffer(n->program, bytes_of(md), &wanted.buffer, n->error);
	if (status == PF_OK) {
		status = reorder(n, &have, &wanted);
	}
	if (status == PF_OK && n->backend->layouts[value].buffer == PF_NO_BUFFER) {
		n->backend->layouts[value] = wanted; /* for those who come later */
	}
	*buffer = wanted.buffer;
	return status;
}

pf_status pf_onednn_make_dense(const pf_onednn_node *n, int32_t value)
{
	const pf_layout *have = &n->backend->layouts[value];
	if (n->program->value_buffers[value] != PF_NO_BUFFER || have->buffer == PF_NO_BUFFER) {
		int32_t buffer;
		return pf_program_value(n->program, value, &buffer, n->error);
	}
	pf_layout from = *have, to;
	if (!pf_onednn_dense(&n->program->graph->values[value].tensor.shape, &to.md)) {
		return no_layout(n);
	}
	pf_status status = pf_program_value(n->program, value, &to.buffer, n->error);
	return status == PF_OK ? reorder(n, &from, &to) : status;
}

pf_status pf_onednn_define(const pf_onednn_node *n, int32_t value, const dnnl_memory_desc_t *md,
			   int32_t *buffer)
{
	dnnl_memory_desc_t dense;
	if (pf_onednn_dense(&n->program->graph->values[value].tensor.shape, &dense) &&
	    dnnl_memory_desc_equal(&dense, md)) {
		return pf_program_value(n->program, value, buffer, n->error);
	}
	pf_status status = pf_program_buffer(n->program, bytes_of(md), buffer, n->error);
	if (status == PF_OK) {
		n->backend->layouts[value] = (pf_layout){*md, *buffer};
	}
	return status;
}

bool pf_onednn_of_kind(const pf_shape *shape, dnnl_format_tag_t kind, dnnl_memory_desc_t *md)
{
	dnnl_dims_t dims = {0};
	memcpy(dims, shape->dims, (size_t)shape->rank * sizeof *dims);
	return shape->rank == 4 && kind != dnnl_format_tag_undef &&
	       dnnl_memory_desc_init_by_tag(md, 4, dims, dnnl_f32, kind) == dnnl_success;
}

dnnl_format_tag_t pf_onednn_kind(const dnnl_memory_desc_t *md)
{
	static const dnnl_format_tag_t kinds[] = {dnnl_nhwc, dnnl_nChw8c, dnnl_nChw16c};
	for (size_t i = 0; md->ndims == 4 && i < sizeof kinds / sizeof *kinds; i++) {
		dnnl_memory_desc_t same;
		if (dnnl_memory_desc_init_by_tag(&same, 4, md->dims, dnnl_f32, kinds[i]) == dnnl_success &&
		    dnnl_memory_desc_equal(&same, md)) {
			return kinds[i];
		}
	}
	return dnnl_format_tag_undef;
}

int64_t pf_onednn_block(dnnl_format_tag_t kind)
{
	return kind == dnnl_nChw16c ? 16 : kind == dnnl_nChw8c ? 8 : 1;
}

pf_status pf_onednn_connect(const pf_onednn_node *n, dnnl_format_tag_t from, dnnl_format_tag_t to,
			    int32_t *buffers, uint32_t *reads)
{
	const pf_graph *graph = n->program->graph;
	dnnl_memory_desc_t in, out;
	if (!pf_onednn_of_kind(&pf_node_input(graph, n->node, 0)->shape, from, &in) ||
	    !pf_onednn_of_kind(&pf_node_output(graph, n->node, 0)->shape, to, &out)) {
		return pf_node_fail(graph, n->node, n->error, PF_ERR_INTERNAL, "oneDNN refused a layout");
	}
	*reads = 0;
	pf_status status = pf_onednn_as(n, n->node->inputs[0], &in, &buffers[(*reads)++]);
	for (uint32_t i = 0; status == PF_OK && i < n->node->epilogue_count; i++) {
		if (n->node->epilogues[i].add) {
			status = pf_onednn_as(n, n->node->inputs[n->node->input_count - 1], &out,
					      &buffers[(*reads)++]);
		}
	}
	return status == PF_OK ? pf_onednn_define(n, n->node->outputs[0], &out, &buffers[*reads]) : status;
}
