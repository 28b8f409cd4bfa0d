#include <stdlib.h>
#include <string.h>

#include "core/nn/onednn.h"

typedef struct conv_setup {
	dnnl_memory_desc_t src, weights, bias, dst; /* layouts left open */
	dnnl_memory_desc_t given;                   /* the weights as they stand in the file */
	dnnl_dims_t strides, dilates, pad_begin, pad_end;
	bool transposed;
} conv_setup;

static bool any(dnnl_memory_desc_t *md, int rank, const int64_t *from)
{
	dnnl_dims_t dims = {0};
	memcpy(dims, from, (size_t)rank * sizeof *dims);
	return dnnl_memory_desc_init_by_tag(md, rank, dims, dnnl_f32, dnnl_format_tag_any) == dnnl_success;
}

/* oneDNN's order is [group,] output, input, y, x; ONNX's transposed weights have input before output. */
static bool set_weights(const pf_onednn_node *n, conv_setup *s)
{
	const pf_graph *graph = n->program->graph;
	const pf_window *w = &n->node->params.window;
	int64_t groups = w->groups, taps = w->kernel[0] * w->kernel[1];
	int64_t out = pf_node_output(graph, n->node, 0)->shape.dims[1] / groups;
	int64_t in = pf_node_input(graph, n->node, 0)->shape.dims[1] / groups;
	int64_t out_stride = s->transposed ? taps : in * taps, in_stride = s->transposed ? out * taps : taps;
	dnnl_dims_t grouped = {groups, out, in, w->kernel[0], w->kernel[1]};
	dnnl_dims_t grouped_strides = {out * in * taps, out_stride, in_stride, w->kernel[1], 1};
	dnnl_dims_t dims = {out, in, w->kernel[0], w->kernel[1]};
	dnnl_dims_t strides = {out_stride, in_stride, w->kernel[1], 1};
	if (groups > 1) {
		return any(&s->weights, 5, grouped) &&
		       dnnl_memory_desc_init_by_strides(&s->given, 5, grouped, dnnl_f32, grouped_strides) ==
			       dnnl_success;
	}
	return any(&s->weights, 4, dims) &&
	       dnnl_memory_desc_init_by_strides(&s->given, 4, dims, dnnl_f32, strides) == dnnl_success;
}

static bool set_up(const pf_onednn_node *n, conv_setup *s)
{
	const pf_graph *graph = n->program->graph;
	const pf_window *w = &n->node->params.window;
	const pf_shape *x = &pf_node_input(graph, n->node, 0)->shape,
		       *y = &pf_node_output(graph, n->node, 0)->shape;
	s->transposed = n->node->op->kind == PF_OP_CONV_TRANSPOSE;
	for (int i = 0; i < 2; i++) {
		int64_t extent = (w->kernel[i] - 1) * w->dilation[i] + 1;
		int64_t sliding = s->transposed ? x->dims[2 + i] : y->dims[2 + i];
		int64_t wide = s->transposed ? y->dims[2 + i] : x->dims[2 + i];
		s->strides[i] = w->stride[i];
		s->dilates[i] = w->dilation[i] - 1;
		s->pad_begin[i] = w->pad_begin[i];
		s->pad_end[i] = (sliding - 1) * w->stride[i] + extent - wide - w->pad_begin[i];
	}
	dnnl_dims_t bias = {y->dims[1]};
	return any(&s->src, 4, x->dims) && any(&s->dst, 4, y->dims) && set_weights(n, s) &&
	       dnnl_memory_desc_init_by_tag(&s->bias, 1, bias, dnnl_f32, dnnl_a) == dnnl_success;
}

static bool describe_as(const pf_onednn_node *n, const conv_setup *s, dnnl_alg_kind_t algorithm,
			const dnnl_memory_desc_t *bias, dnnl_primitive_desc_t *pd)
{
	dnnl_convolution_desc_t convolution;
	return dnnl_dilated_convolution_forward_desc_init(
		       &convolution, dnnl_forward_inference, algorithm, &s->src, &s->weights, bias, &s->dst,
		       s->strides, s->dilates, s->pad_begin, s->pad_end) == dnnl_success &&
	       pf_onednn_describe(n, &convolution, true, pd);
}

static bool describe(const pf_onednn_node *n, const conv_setup *s, dnnl_primitive_desc_t *pd)
{
	const dnnl_memory_desc_t *bias = pf_node_has_input(n->node, 2) ? &s->bias : NULL;
	if (s->transposed) {
		dnnl_deconvolution_desc_t deconvolution;
		return dnnl_dilated_deconvolution_forward_desc_init(
			       &deconvolution, dnnl_forward_inference, dnnl_deconvolution_direct, &s->src,
			       &s->weights, bias, &s->dst, s->strides, s->dilates, s->pad_begin,
			       s->pad_end) == dnnl_success &&
		       pf_onednn_describe(n, &deconvolution, true, pd);
	}
	const pf_window *w = &n->node->params.window;
	bool small = w->kernel[0] == 3 && w->kernel[1] == 3 && w->stride[0] == 1 && w->stride[1] == 1;
	return (n->backend->winograd && small && describe_as(n, s, dnnl_convolution_winograd, bias, pd)) ||
	       describe_as(n, s, dnnl_convolution_direct, bias, pd);
}

void *pf_onednn_pack(const pf_onednn_node *n, const void *from, const dnnl_memory_desc_t *given,
		     const dnnl_memory_desc_t *wanted)
{
	size_t bytes = dnnl_memory_desc_get_size(wanted);
	void *packed = aligned_alloc(64, (bytes + 64) / 64 * 64);
	dnnl_primitive_desc_t pd = NULL;
	dnnl_primitive_t primitive = NULL;
	dnnl_memory_t source = NULL, target = NULL;
	dnnl_engine_t engine = n->backend->engine;
	bool fine = packed && dnnl_memory_create(&source, given, engine, (void *)from) == dnnl_success &&
		    dnnl_memory_create(&target, wanted, engine, packed) == dnnl_success &&
		    dnnl_reorder_primitive_desc_create(&pd, given, engine, wanted, engine, NULL) ==
			    dnnl_success &&
		    dnnl_primitive_create(&primitive, pd) == dnnl_success;
	if (fine) {
		dnnl_exec_arg_t args[2] = {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, target}};
		fine = dnnl_primitive_execute(primitive, n->backend->stream, 2, args) == dnnl_success;
	}
	dnnl_primitive_destroy(primitive);
	dnnl_primitive_desc_destroy(pd);
	dnnl_memory_destroy(source);
	dnnl_memory_destroy(target);
	if (!fine) {
		free(packed);
		return NULL;
	}
	return packed;
}

/* Buffers of source, sum and output, in the layouts that the primitive chose. */
static pf_status connect(const pf_onednn_node *n, dnnl_primitive_desc_t pd, pf_onednn_arg *src,
			 pf_onednn_arg *dst, int32_t *summed)
{
	*summed = PF_NO_BUFFER;
	src->md = *dnnl_primitive_desc_query_md(pd, dnnl_query_src_md, 0);
	dst->md = *dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0);
	pf_status status = pf_onednn_as(n, n->node->inputs[0], &src->md, &src->buffer);
	for (uint32_t i = 0; status == PF_OK && i < n->node->epilogue_count; i++) {
		if (n->node->epilogues[i].add) {
			int32_t added = n->node->inputs[n->node->input_count - 1];
			status = pf_onednn_as(n, added, &dst->md, summed);
		}
	}
	return status == PF_OK ? pf_onednn_define(n, n->node->outputs[0], &dst->md, &dst->buffer) : status;
}

pf_status pf_onednn_conv(pf_onednn_node *n)
{
	const pf_graph *graph = n->program->graph;
	const pf_tensor *weights = pf_node_input(graph, n->node, 1), *bias = pf_node_input(graph, n->node, 2);
	bool biased = pf_node_has_input(n->node, 2);
	conv_setup s;
	dnnl_primitive_desc_t pd;
	if (pf_node_input(graph, n->node, 0)->shape.rank != 4 || !weights->data || (biased && !bias->data)) {
		return PF_OK;
	}
	if (n->node->op->kind == PF_OP_CONV_TRANSPOSE) {
		pf_status status = pf_onednn_depthwise(n);
		if (status == PF_OK && !n->done) {
			status = pf_onednn_deconv(n);
		}
		if (status != PF_OK || n->done) {
			return status;
		}
	}
	if (!set_up(n, &s) || !describe(n, &s, &pd)) {
		return PF_OK;
	}
	pf_onednn_arg args[4] = {{.id = DNNL_ARG_SRC},
				 {.id = DNNL_ARG_DST, .write = true},
				 {.id = DNNL_ARG_WEIGHTS},
				 {.id = DNNL_ARG_BIAS, .md = s.bias}};
	int32_t summed;
	pf_status status = connect(n, pd, &args[0], &args[1], &summed);
	args[2].md = *dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
	if (status == PF_OK) {
		args[2].owned = pf_onednn_pack(n, weights->data, &s.given, &args[2].md);
		args[3].owned = biased ? pf_onednn_pack(n, bias->data, &s.bias, &s.bias) : NULL;
	}
	if (status == PF_OK && (!args[2].owned || (biased && !args[3].owned))) {
		status = pf_fail(n->error, PF_ERR_NO_MEMORY, graph->file, "not enough memory");
	}
	if (status != PF_OK) {
		free(args[2].owned);
		free(args[3].owned);
		dnnl_primitive_desc_destroy(pd);
		return status;
	}
	n->done = true;
	return pf_onednn_emit(n, pd, args, biased ? 4 : 3, summed, false);
}
