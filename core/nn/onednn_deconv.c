/* A transposed convolution with a stride s as s * s convolutions: the outputs o for which (o + pad) mod s is
 * the same see the same taps of the kernel, k = r, r + s, ..., so each such phase is a plain convolution of
 * the input with those taps, mirrored. oneDNN's own deconvolution reaches a third of its convolution's rate.
 */
#include <stdlib.h>
#include <string.h>

#include "core/nn/onednn.h"

/* One phase along one axis: outputs first, first + s, ... (count of them), by `taps` taps from `remainder`
 * on. */
typedef struct phase {
	int64_t remainder, taps, first, count, pad_begin, pad_end;
} phase;

static bool find_phase(const pf_window *w, int axis, int64_t remainder, int64_t in, int64_t out, phase *p)
{
	int64_t stride = w->stride[axis], pad = w->pad_begin[axis], kernel = w->kernel[axis];
	p->remainder = remainder;
	p->taps = (kernel - remainder + stride - 1) / stride;
	/* Output o = s t + r - pad takes inputs t, t - 1, ..., t - taps + 1. */
	int64_t from = pad > remainder ? (pad - remainder + stride - 1) / stride : 0;
	int64_t last = out - 1 + pad - remainder;
	p->count = last < 0 ? 0 : last / stride - from + 1;
	p->first = stride * from + remainder - pad;
	p->pad_begin = p->taps - 1 - from;
	p->pad_end = p->count - 1 + p->taps - in - p->pad_begin;
	return p->taps > 0 && p->count > 0 && p->pad_begin >= 0 && p->pad_end >= 0;
}

static bool is_fit(const pf_onednn_node *n, phase phases[2][4])
{
	const pf_graph *graph = n->program->graph;
	const pf_window *w = &n->node->params.window;
	const pf_shape *x = &pf_node_input(graph, n->node, 0)->shape,
		       *y = &pf_node_output(graph, n->node, 0)->shape;
	bool fit = w->groups == 1 && x->dims[1] > 1 && y->dims[1] > 1;
	for (uint32_t i = 0; i < n->node->epilogue_count; i++) {
		fit &= !n->node->epilogues[i].add;
	}
	for (int axis = 0; axis < 2; axis++) {
		fit &= w->stride[axis] >= 2 && w->stride[axis] <= 4 && w->dilation[axis] == 1 &&
		       w->kernel[axis] >= w->stride[axis];
		for (int64_t r = 0; fit && r < w->stride[axis]; r++) {
			fit = find_phase(w, axis, r, x->dims[2 + axis], y->dims[2 + axis], &phases[axis][r]);
		}
	}
	return fit;
}

/* The phase's kernel, dense [output, input, y, x], from ONNX's [input, output, y, x]. */
static float *take_taps(const pf_onednn_node *n, const phase *py, const phase *px)
{
	const pf_graph *graph = n->program->graph;
	const pf_window *w = &n->node->params.window;
	const float *weights = pf_node_input(graph, n->node, 1)->data;
	int64_t in = pf_node_input(graph, n->node, 0)->shape.dims[1];
	int64_t out = pf_node_output(graph, n->node, 0)->shape.dims[1];
	float *taken = calloc((size_t)(out * in * py->taps * px->taps), sizeof *taken), *at = taken;
	for (int64_t o = 0; taken && o < out; o++) {
		for (int64_t i = 0; i < in; i++) {
			const float *plane = weights + (i * out + o) * w->kernel[0] * w->kernel[1];
			for (int64_t y = py->taps - 1; y >= 0; y--) {
				for (int64_t x = px->taps - 1; x >= 0; x--) {
					*at++ = plane[(py->remainder + y * w->stride[0]) * w->kernel[1] +
						      px->remainder + x * w->stride[1]];
				}
			}
		}
	}
	return taken;
}

static bool describe(const pf_onednn_node *n, const phase *py, const phase *px, dnnl_memory_desc_t *given,
		     dnnl_memory_desc_t *bias, dnnl_primitive_desc_t *pd)
{
	const pf_graph *graph = n->program->graph;
	const pf_shape *x = &pf_node_input(graph, n->node, 0)->shape;
	int64_t out = pf_node_output(graph, n->node, 0)->shape.dims[1];
	dnnl_dims_t src_dims = {x->dims[0], x->dims[1], x->dims[2], x->dims[3]};
	dnnl_dims_t dst_dims = {x->dims[0], out, py->count, px->count};
	dnnl_dims_t weight_dims = {out, x->dims[1], py->taps, px->taps}, bias_dims = {out};
	dnnl_dims_t strides = {1, 1}, begin = {py->pad_begin, px->pad_begin},
		    end = {py->pad_end, px->pad_end}, dilates = {0};
	dnnl_memory_desc_t src, dst, weights;
	dnnl_convolution_desc_t convolution;
	return dnnl_memory_desc_init_by_tag(&src, 4, src_dims, dnnl_f32, dnnl_format_tag_any) ==
		       dnnl_success &&
	       dnnl_memory_desc_init_by_tag(&dst, 4, dst_dims, dnnl_f32, dnnl_format_tag_any) ==
		       dnnl_success &&
	       dnnl_memory_desc_init_by_tag(&weights, 4, weight_dims, dnnl_f32, dnnl_format_tag_any) ==
		       dnnl_success &&
	       dnnl_memory_desc_init_by_tag(given, 4, weight_dims, dnnl_f32, dnnl_oihw) == dnnl_success &&
	       dnnl_memory_desc_init_by_tag(bias, 1, bias_dims, dnnl_f32, dnnl_a) == dnnl_success &&
	       dnnl_dilated_convolution_forward_desc_init(&convolution, dnnl_forward_inference,
							  dnnl_convolution_direct, &src, &weights,
							  pf_node_has_input(n->node, 2) ? bias : NULL, &dst,
							  strides, dilates, begin, end) == dnnl_success &&
	       pf_onednn_describe(n, &convolution, true, pd);
}

/* The convolution of one phase into a buffer of its own, *result. */
static pf_status emit_phase(const pf_onednn_node *n, const phase *py, const phase *px, pf_layout *result,
			    bool *fits)
{
	dnnl_memory_desc_t given, bias;
	dnnl_primitive_desc_t pd;
	*fits = describe(n, py, px, &given, &bias, &pd);
	if (!*fits) {
		return PF_OK;
	}
	bool biased = pf_node_has_input(n->node, 2);
	pf_onednn_arg args[4] = {
		{.id = DNNL_ARG_SRC, .md = *dnnl_primitive_desc_query_md(pd, dnnl_query_src_md, 0)},
		{.id = DNNL_ARG_DST,
		 .md = *dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0),
		 .write = true},
		{.id = DNNL_ARG_WEIGHTS, .md = *dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0)},
		{.id = DNNL_ARG_BIAS, .md = bias}};
	pf_status status = pf_onednn_as(n, n->node->inputs[0], &args[0].md, &args[0].buffer);
	if (status == PF_OK) {
		status = pf_program_buffer(n->program, dnnl_memory_desc_get_size(&args[1].md),
					   &args[1].buffer, n->error);
	}
	float *taken = status == PF_OK ? take_taps(n, py, px) : NULL;
	if (taken) {
		args[2].owned = pf_onednn_pack(n, taken, &given, &args[2].md);
		args[3].owned = biased ? pf_onednn_pack(n, pf_node_input(n->program->graph, n->node, 2)->data,
							&bias, &bias)
				       : NULL;
		free(taken);
	}
	if (status == PF_OK && (!args[2].owned || (biased && !args[3].owned))) {
		status = pf_fail(n->error, PF_ERR_NO_MEMORY, n->program->graph->file, "not enough memory");
	}
	if (status != PF_OK) {
		free(args[2].owned);
		free(args[3].owned);
		dnnl_primitive_desc_destroy(pd);
		return status;
	}
	*result = (pf_layout){args[1].md, args[1].buffer};
	return pf_onednn_emit(n, pd, args, biased ? 4 : 3, PF_NO_BUFFER, false);
}

/* Copies a phase to its places in the output, which is channels-last. */
static pf_status place_phase(const pf_onednn_node *n, const phase *py, const phase *px, const pf_layout *from,
			     const pf_layout *whole)
{
	const pf_window *w = &n->node->params.window;
	const pf_shape *y = &pf_node_output(n->program->graph, n->node, 0)->shape;
	int64_t channels = y->dims[1], row = y->dims[3] * channels;
	dnnl_dims_t dims = {y->dims[0], channels, py->count, px->count};
	dnnl_dims_t strides = {y->dims[2] * row, 1, w->stride[0] * row, w->stride[1] * channels};
	pf_layout to = {.buffer = whole->buffer};
	if (dnnl_memory_desc_init_by_strides(&to.md, 4, dims, dnnl_f32, strides) != dnnl_success) {
		return pf_node_fail(n->program->graph, n->node, n->error, PF_ERR_INTERNAL,
				    "oneDNN refused a part");
	}
	to.md.offset0 = py->first * row + px->first * channels;
	return pf_onednn_copy(n, from, &to);
}

/* Before anything is emitted: a phase without a fast convolution leaves the node to others. */
static bool all_are_fast(const pf_onednn_node *n, const pf_window *w, phase phases[2][4])
{
	for (int64_t ry = 0; ry < w->stride[0]; ry++) {
		for (int64_t rx = 0; rx < w->stride[1]; rx++) {
			dnnl_memory_desc_t given, bias;
			dnnl_primitive_desc_t pd;
			if (!describe(n, &phases[0][ry], &phases[1][rx], &given, &bias, &pd)) {
				return false;
			}
			dnnl_primitive_desc_destroy(pd);
		}
	}
	return true;
}

pf_status pf_onednn_deconv(pf_onednn_node *n)
{
	const pf_window *w = &n->node->params.window;
	phase phases[2][4];
	pf_layout whole, part;
	if (!is_fit(n, phases) || !all_are_fast(n, w, phases) ||
	    !pf_onednn_of_kind(&pf_node_output(n->program->graph, n->node, 0)->shape, dnnl_nhwc, &whole.md)) {
		return PF_OK;
	}
	pf_status status = pf_onednn_define(n, n->node->outputs[0], &whole.md, &whole.buffer);
	for (int64_t ry = 0; status == PF_OK && ry < w->stride[0]; ry++) {
		for (int64_t rx = 0; status == PF_OK && rx < w->stride[1]; rx++) {
			bool fits;
			status = emit_phase(n, &phases[0][ry], &phases[1][rx], &part, &fits);
			if (status == PF_OK && !fits) {
				return pf_node_fail(n->program->graph, n->node, n->error, PF_ERR_INTERNAL,
						    "oneDNN refused a phase");
			}
			if (status == PF_OK) {
				status = place_phase(n, &phases[0][ry], &phases[1][rx], &part, &whole);
			}
		}
	}
	n->done = true;
	return status;
}
