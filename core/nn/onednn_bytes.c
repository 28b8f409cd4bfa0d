/* Convolutions with 8 bits among oneDNN's primitives: weights by channel, inputs by a range that was measured
 * on training scenes (ranges.h). Between nodes everything stays float, channels last. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernels/int8.h"
#include "core/nn/onednn.h"
#include "core/nn/plain.h"
#include "core/nn/ranges.h"

#define ROW_POINTS_MAX 4096

typedef struct bytes_state {
	const pf_node *node;
	const pf_int8_kernels *kernels;
	pf_int8_conv conv;
	int64_t images, in_h, in_w, out_h, out_w;
	uint32_t pad;    /* on each side of the padded input */
	uint32_t block;  /* channels that lie together in the input; 0: all of them */
	bool relu, rest; /* ReLU follows at once; something else does */
	float inverse;   /* of the input's step */
	int8_t *weights;
	float *scales, *biases;
	const float *from, *added;
	float *to;
	uint8_t *padded; /* one picture */
	int32_t *sums;   /* of a row */
} bytes_state;

static size_t padded_bytes(const bytes_state *s)
{
	return (size_t)(s->in_h + 2 * s->pad) * s->conv.row_bytes + 64;
}

/* The row of an input whose channels lie in blocks. */
static void take_blocks(const bytes_state *s, const float *image, int64_t y, uint8_t *row)
{
	uint8_t bytes[16];
	for (uint32_t c = 0; c < s->conv.in_channels; c += s->block) {
		const float *in = image + ((int64_t)(c / s->block) * s->in_h + y) * s->in_w * s->block;
		uint32_t left = s->conv.in_channels - c, count = left < s->block ? left : s->block;
		for (int64_t x = 0; x < s->in_w; x++, in += s->block) {
			s->kernels->quantise(in, s->inverse, count, bytes);
			memcpy(row + (size_t)x * s->conv.in_channels + c, bytes, count);
		}
	}
}

/* The picture as bytes, with zeros around it. */
static void take_image(const bytes_state *s, const float *image)
{
	size_t channels = s->conv.in_channels, edge = s->pad * channels, row = s->conv.row_bytes;
	uint8_t *to = s->padded;
	memset(to, 0, s->pad * row);
	to += s->pad * row;
	for (int64_t y = 0; y < s->in_h; y++, to += row) {
		memset(to, 0, edge);
		if (s->block) {
			take_blocks(s, image, y, to + edge);
		} else {
			s->kernels->quantise(image + y * s->in_w * (int64_t)channels, s->inverse,
					     (uint32_t)(s->in_w * (int64_t)channels), to + edge);
		}
		memset(to + row - edge, 0, edge);
	}
	memset(to, 0, s->pad * row);
}

static void follow_row(const bytes_state *s, int64_t at, int64_t count)
{
	float *y = s->to + at;
	for (uint32_t i = 0; i < s->node->epilogue_count; i++) {
		if (!s->node->epilogues[i].add) {
			pf_plain_act(&s->node->epilogues[i].act, y, y, count);
			continue;
		}
		for (int64_t k = 0; s->added && k < count; k++) { /* it is there with every `add` */
			y[k] += s->added[at + k];
		}
	}
}

static bool run(const pf_step *step)
{
	const bytes_state *s = step->state;
	const pf_int8_conv *conv = &s->conv;
	int64_t row = s->out_w * conv->out_channels;
	for (int64_t image = 0; image < s->images; image++) {
		uint32_t lying = s->block ? (conv->in_channels + s->block - 1) / s->block * s->block
					  : conv->in_channels;
		take_image(s, s->from + image * s->in_h * s->in_w * lying);
		for (int64_t y = 0; y < s->out_h; y++) {
			int64_t at = (image * s->out_h + y) * row;
			s->kernels->sum(conv, s->padded + (size_t)(y * conv->stride) * conv->row_bytes,
					(uint32_t)s->out_w, s->sums);
			s->kernels->finish(s->sums, s->scales, s->biases,
					   s->added && !s->rest ? s->added + at : NULL, s->relu,
					   (uint32_t)s->out_w, conv->out_channels, s->to + at);
			if (s->rest) {
				follow_row(s, at, row);
			}
		}
	}
	return true;
}

/* Buffers: input, addend if there is one; output, padded input, sums. */
static pf_status bind(pf_step *step, pf_program *program, pf_error *error)
{
	(void)error;
	bytes_state *s = step->state;
	s->from = pf_program_address(program, step->buffers[0]);
	s->added = step->reads > 1 ? pf_program_address(program, step->buffers[1]) : NULL;
	s->to = pf_program_address(program, step->buffers[step->reads]);
	s->padded = pf_program_address(program, step->buffers[step->reads + 1]);
	s->sums = pf_program_address(program, step->buffers[step->reads + 2]);
	return PF_OK;
}

static void release_state(bytes_state *s)
{
	if (s) {
		free(s->weights);
		free(s->scales);
		free(s->biases);
		free(s);
	}
}

static void release(pf_step *step)
{
	release_state(step->state);
}

static float larger(float a, float b)
{
	return a > b ? a : b;
}

/* Several maxima side by side: one after the other they would wait for each other. */
static float largest(const float *values, size_t count)
{
	enum { SIDE = 8 };
	float most[SIDE] = {0}, all = 0;
	size_t i = 0;
	for (; i + SIDE <= count; i += SIDE) {
		for (unsigned k = 0; k < SIDE; k++) {
			most[k] = larger(fabsf(values[i + k]), most[k]);
		}
	}
	for (; i < count; i++) {
		all = larger(fabsf(values[i]), all);
	}
	for (unsigned k = 0; k < SIDE; k++) {
		all = larger(most[k], all);
	}
	return all;
}

/* Halves go away from 0. */
static int8_t nearest(float value)
{
	return (int8_t)(int)(value + copysignf(0.5f, value));
}

/* ONNX's [out, in, y, x] becomes [out / 16][y][x][in / 4][16][4]. */
static void pack_channel(bytes_state *s, const float *weights, uint32_t channel, float per_step)
{
	const pf_int8_conv *c = &s->conv;
	uint32_t taps = c->kernel * c->kernel;
	size_t tap_bytes = (size_t)c->in_channels * PF_INT8_OUTPUTS;
	int8_t *block = s->weights +
			(size_t)(channel / PF_INT8_OUTPUTS) * taps * c->in_channels * PF_INT8_OUTPUTS;
	for (uint32_t i = 0; i < c->in_channels; i++) {
		size_t first = (size_t)(i / PF_INT8_INPUTS) * PF_INT8_OUTPUTS + channel % PF_INT8_OUTPUTS;
		int8_t *to = block + first * PF_INT8_INPUTS + i % PF_INT8_INPUTS;
		for (uint32_t t = 0; t < taps; t++) {
			to[t * tap_bytes] = nearest(weights[(size_t)i * taps + t] * per_step);
		}
	}
}

static bool pack(const pf_onednn_node *n, bytes_state *s, double most)
{
	const pf_graph *graph = n->program->graph;
	const float *weights = pf_node_input(graph, n->node, 1)->data;
	const float *bias = pf_node_has_input(n->node, 2) ? pf_node_input(graph, n->node, 2)->data : NULL;
	size_t outputs = s->conv.out_channels;
	size_t each = (size_t)s->conv.in_channels * s->conv.kernel * s->conv.kernel;
	s->weights = aligned_alloc(64, (outputs * each + 63) / 64 * 64);
	s->scales = calloc(outputs, sizeof *s->scales);
	s->biases = calloc(outputs, sizeof *s->biases);
	if (!s->weights || !s->scales || !s->biases) {
		return false;
	}
	float step = (float)(most / PF_INT8_MOST);
	s->inverse = 1.0f / step;
	for (uint32_t c = 0; c < outputs; c++) {
		float weight = largest(weights + c * each, each) / PF_INT8_MOST;
		pack_channel(s, weights + c * each, c, weight > 0 ? 1.0f / weight : 0);
		s->scales[c] = step * weight;
		s->biases[c] = bias ? bias[c] : 0;
	}
	s->conv.weights = s->weights;
	return true;
}

/* What the loops take. Inputs are not below 0 by where their ranges come from. */
static bool is_usual(const pf_onednn_node *n)
{
	const pf_window *w = &n->node->params.window;
	const pf_shape *x = &pf_node_input(n->program->graph, n->node, 0)->shape,
		       *y = &pf_node_output(n->program->graph, n->node, 0)->shape;
	int64_t pad = w->kernel[0] / 2;
	return x->rank == 4 && w->groups == 1 && w->kernel[0] == w->kernel[1] &&
	       (w->kernel[0] == 1 || w->kernel[0] == 3) && w->stride[0] == w->stride[1] &&
	       (w->stride[0] == 1 || w->stride[0] == 2) && w->dilation[0] == 1 && w->dilation[1] == 1 &&
	       w->pad_begin[0] == pad && w->pad_begin[1] == pad && x->dims[1] % PF_INT8_INPUTS == 0 &&
	       y->dims[1] % PF_INT8_OUTPUTS == 0 && y->dims[3] <= ROW_POINTS_MAX &&
	       (y->dims[2] - 1) * w->stride[0] + w->kernel[0] <= x->dims[2] + 2 * pad &&
	       (y->dims[3] - 1) * w->stride[0] + w->kernel[0] <= x->dims[3] + 2 * pad;
}

static bytes_state *make_state(const pf_onednn_node *n, dnnl_format_tag_t kind, double most)
{
	const pf_window *w = &n->node->params.window;
	const pf_shape *x = &pf_node_input(n->program->graph, n->node, 0)->shape,
		       *y = &pf_node_output(n->program->graph, n->node, 0)->shape;
	bytes_state *s = calloc(1, sizeof *s);
	if (!s) {
		return NULL;
	}
	*s = (bytes_state){.node = n->node,
			   .kernels = pf_int8_best(),
			   .conv = {.kernel = (uint32_t)w->kernel[0],
				    .stride = (uint32_t)w->stride[0],
				    .in_channels = (uint32_t)x->dims[1],
				    .out_channels = (uint32_t)y->dims[1]},
			   .images = x->dims[0],
			   .in_h = x->dims[2],
			   .in_w = x->dims[3],
			   .out_h = y->dims[2],
			   .out_w = y->dims[3],
			   .pad = (uint32_t)w->kernel[0] / 2,
			   .block = kind == dnnl_nhwc ? 0 : (uint32_t)pf_onednn_block(kind)};
	s->conv.row_bytes = (uint32_t)(s->in_w + 2 * s->pad) * s->conv.in_channels;
	const pf_epilogue *e = n->node->epilogues;
	uint32_t count = n->node->epilogue_count, added = count > 0 && e[0].add;
	s->relu = count == added + 1 && !e[added].add && e[added].act.kind == PF_ACT_RELU;
	s->rest = !s->relu && count > added;
	if (!pack(n, s, most)) {
		release_state(s);
		return NULL;
	}
	return s;
}

static pf_status emit(pf_onednn_node *n, bytes_state *s, int32_t buffers[5], uint32_t reads)
{
	pf_step *step = NULL;
	size_t sums = (size_t)s->out_w * s->conv.out_channels * sizeof(int32_t);
	pf_status status = pf_program_buffer(n->program, padded_bytes(s), &buffers[reads + 1], n->error);
	if (status == PF_OK) {
		status = pf_program_buffer(n->program, sums, &buffers[reads + 2], n->error);
	}
	if (status == PF_OK) {
		status = pf_program_step(n->program, n->index, reads, 3, &step, n->error);
	}
	if (status != PF_OK || !step) {
		release_state(s);
		return status;
	}
	memcpy(step->buffers, buffers, (reads + 3) * sizeof *buffers);
	step->state = s;
	step->bind = bind;
	step->run = run;
	step->release = release;
	n->done = true;
	return PF_OK;
}

pf_status pf_onednn_bytes(pf_onednn_node *n)
{
	double most = pf_ranges_of(n->backend->ranges, n->node->name);
	pf_layout have;
	int32_t buffers[5];
	uint32_t reads = 0;
	if (most <= 0 || !is_usual(n)) {
		return PF_OK;
	}
	pf_status status = pf_onednn_current(n, n->node->inputs[0], &have);
	if (status != PF_OK) {
		return status;
	}
	dnnl_format_tag_t kind = pf_onednn_kind(&have.md);
	kind = kind == dnnl_format_tag_undef ? dnnl_nhwc : kind;
	status = pf_onednn_connect(n, kind, dnnl_nhwc, buffers, &reads);
	if (status != PF_OK) {
		return status;
	}
	bytes_state *s = make_state(n, kind, most);
	return s ? emit(n, s, buffers, reads)
		 : pf_fail(n->error, PF_ERR_NO_MEMORY, n->program->graph->file, "not enough memory");
}
