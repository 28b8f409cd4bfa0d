/* Pools and Resize. */
#include <math.h>
#include <string.h>

#include "core/nn/onednn.h"
#include "core/nn/plain.h"

/* The output's layout is left to oneDNN. */
static bool open_layout(const pf_shape *shape, dnnl_memory_desc_t *md)
{
	dnnl_dims_t dims = {0};
	memcpy(dims, shape->dims, 4 * sizeof *dims);
	return dnnl_memory_desc_init_by_tag(md, 4, dims, dnnl_f32, dnnl_format_tag_any) == dnnl_success;
}

/* A window over the whole plane. */
static pf_window whole(const pf_shape *x)
{
	return (pf_window){
		.kernel = {x->dims[2], x->dims[3]}, .stride = {1, 1}, .dilation = {1, 1}, .groups = 1};
}

static bool pool_window(const pf_onednn_node *n, const pf_shape *x, const pf_shape *y, pf_window *w,
			dnnl_alg_kind_t *algorithm)
{
	const pf_node *node = n->node;
	*w = node->op->kind == PF_OP_MAX_POOL || node->op->kind == PF_OP_AVERAGE_POOL ? node->params.window
										      : whole(x);
	*algorithm = node->op->kind == PF_OP_MAX_POOL || node->op->kind == PF_OP_GLOBAL_MAX_POOL
			     ? dnnl_pooling_max
		     : w->include_pad ? dnnl_pooling_avg_include_padding
				      : dnnl_pooling_avg_exclude_padding;
	if (node->op->kind == PF_OP_REDUCE) { /* the mean over y and x */
		return node->params.reduce.kind == PF_REDUCE_MEAN && node->params.reduce.axes == 12 &&
		       y->rank == 4 && node->epilogue_count == 0;
	}
	return true;
}

pf_status pf_onednn_pool(pf_onednn_node *n)
{
	const pf_graph *graph = n->program->graph;
	const pf_shape *x = &pf_node_input(graph, n->node, 0)->shape,
		       *y = &pf_node_output(graph, n->node, 0)->shape;
	pf_window w;
	dnnl_alg_kind_t algorithm;
	if (x->rank != 4 || !pool_window(n, x, y, &w, &algorithm)) {
		return PF_OK;
	}
	dnnl_dims_t strides, kernel, dilates, begin, end;
	for (int i = 0; i < 2; i++) {
		int64_t extent = (w.kernel[i] - 1) * w.dilation[i] + 1;
		strides[i] = w.stride[i];
		kernel[i] = w.kernel[i];
		dilates[i] = w.dilation[i] - 1;
		begin[i] = w.pad_begin[i];
		end[i] = (y->dims[2 + i] - 1) * w.stride[i] + extent - x->dims[2 + i] - w.pad_begin[i];
		if (end[i] > w.pad_end[i] && algorithm == dnnl_pooling_avg_include_padding) {
			return PF_OK; /* what hangs over would count */
		}
		end[i] = end[i] < 0 ? 0 : end[i];
	}
	pf_layout src;
	pf_status status = pf_onednn_current(n, n->node->inputs[0], &src);
	if (status != PF_OK) {
		return status;
	}
	dnnl_memory_desc_t any;
	dnnl_pooling_v2_desc_t pooling;
	dnnl_primitive_desc_t pd;
	if (!open_layout(y, &any) ||
	    dnnl_pooling_v2_forward_desc_init(&pooling, dnnl_forward_inference, algorithm, &src.md, &any,
					      strides, kernel, dilates, begin, end) != dnnl_success ||
	    !pf_onednn_describe(n, &pooling, true, &pd)) {
		return PF_OK;
	}
	pf_onednn_arg args[2] = {{.id = DNNL_ARG_SRC, .md = src.md, .buffer = src.buffer},
				 {.id = DNNL_ARG_DST,
				  .md = *dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0),
				  .write = true}};
	status = pf_onednn_define(n, n->node->outputs[0], &args[1].md, &args[1].buffer);
	if (status != PF_OK) {
		dnnl_primitive_desc_destroy(pd);
		return status;
	}
	n->done = true;
	return pf_onednn_emit(n, pd, args, 2, PF_NO_BUFFER, false);
}

/* oneDNN knows one rule for coordinates, that of half pixels: true where the node's rule says the same. */
static bool same_coordinates(const pf_node *node, const pf_shape *x, const pf_shape *y)
{
	for (int axis = 2; axis < 4; axis++) {
		double in = (double)x->dims[axis], out = (double)y->dims[axis];
		if (fabs(node->params.resize.scale[axis] * in - out) > 1e-6 * out) {
			return false;
		}
		for (int64_t o = 0; o < y->dims[axis]; o++) {
			double centre = ((double)o + 0.5) * in / out - 0.5;
			if (node->params.resize.linear) {
				double ours = pf_resize_source(&node->params, axis, o, x->dims[axis],
							       y->dims[axis]);
				if (fabs(fmax(ours, 0) - fmax(centre, 0)) > 1e-6) {
					return false;
				}
			} else if (pf_resize_nearest_index(&node->params, axis, o, x->dims[axis],
							   y->dims[axis]) != (int64_t)round(centre)) {
				return false;
			}
		}
	}
	return true;
}

pf_status pf_onednn_resize(pf_onednn_node *n)
{
	const pf_graph *graph = n->program->graph;
	const pf_shape *x = &pf_node_input(graph, n->node, 0)->shape,
		       *y = &pf_node_output(graph, n->node, 0)->shape;
	if (x->rank != 4 || x->dims[0] != y->dims[0] || x->dims[1] != y->dims[1] || n->node->epilogue_count ||
	    !same_coordinates(n->node, x, y)) {
		return PF_OK;
	}
	pf_layout src;
	pf_status status = pf_onednn_current(n, n->node->inputs[0], &src);
	if (status != PF_OK) {
		return status;
	}
	dnnl_memory_desc_t any;
	dnnl_resampling_desc_t resampling;
	dnnl_primitive_desc_t pd;
	dnnl_alg_kind_t algorithm = n->node->params.resize.linear ? dnnl_resampling_linear
								  : dnnl_resampling_nearest;
	if (!open_layout(y, &any) ||
	    dnnl_resampling_forward_desc_init(&resampling, dnnl_forward_inference, algorithm, NULL, &src.md,
					      &any) != dnnl_success ||
	    !pf_onednn_describe(n, &resampling, false, &pd)) {
		return PF_OK;
	}
	pf_onednn_arg args[2] = {{.id = DNNL_ARG_SRC, .md = src.md, .buffer = src.buffer},
				 {.id = DNNL_ARG_DST,
				  .md = *dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0),
				  .write = true}};
	status = pf_onednn_define(n, n->node->outputs[0], &args[1].md, &args[1].buffer);
	if (status != PF_OK) {
		dnnl_primitive_desc_destroy(pd);
		return status;
	}
	n->done = true;
	return pf_onednn_emit(n, pd, args, 2, PF_NO_BUFFER, false);
}
