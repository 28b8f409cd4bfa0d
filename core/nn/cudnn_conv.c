#include "core/nn/cudnn_conv.h"

static bool is_picture(const pf_tensor *tensor)
{
	return tensor->type == PF_TYPE_FLOAT && tensor->shape.rank == 4 &&
	       pf_shape_elements(&tensor->shape) > 0;
}

/* A transposed convolution's input has the size that the convolution of its output gives. */
static bool is_inverse(const pf_cudnn_conv *c)
{
	const int64_t in[2] = {c->in_h, c->in_w}, out[2] = {c->out_h, c->out_w};
	const pf_window *w = &c->window;
	bool fine = true;
	for (int i = 0; i < 2; i++) {
		int64_t room = out[i] + w->pad_begin[i] + w->pad_end[i] -
			       w->dilation[i] * (w->kernel[i] - 1) - 1;
		fine = fine && room >= 0 && room / w->stride[i] + 1 == in[i];
	}
	return fine;
}

int pf_cudnn_conv_of(const pf_graph *graph, const pf_node *node, bool half, pf_cudnn_conv *conv)
{
	bool transposed = node->op->kind == PF_OP_CONV_TRANSPOSE;
	if (node->op->kind != PF_OP_CONV && !transposed) {
		return -1;
	}
	const pf_tensor *x = pf_node_input(graph, node, 0), *weights = pf_node_input(graph, node, 1),
			*bias = pf_node_input(graph, node, 2), *y = pf_node_output(graph, node, 0);
	if (!is_picture(x) || !is_picture(y) || !weights->data || weights->type != PF_TYPE_FLOAT ||
	    (pf_node_has_input(node, 2) && !bias->data)) {
		return -1;
	}
	*conv = (pf_cudnn_conv){.batch = x->shape.dims[0],
				.in_channels = x->shape.dims[1],
				.in_h = x->shape.dims[2],
				.in_w = x->shape.dims[3],
				.out_channels = y->shape.dims[1],
				.out_h = y->shape.dims[2],
				.out_w = y->shape.dims[3],
				.window = node->params.window,
				.half = half,
				.biased = !transposed,
				.transposed = transposed};
	uint32_t covered = 0;
	if (transposed) { /* output padding that the forward convolution does not come back from has none */
		return is_inverse(conv) ? 0 : -1;
	}
	if (covered < node->epilogue_count && node->epilogues[covered].add) {
		conv->added = true;
		covered++;
	}
	if (covered < node->epilogue_count && !node->epilogues[covered].add &&
	    node->epilogues[covered].act.kind == PF_ACT_RELU) {
		conv->relu = true;
		covered++;
	}
	return (int)covered;
}
