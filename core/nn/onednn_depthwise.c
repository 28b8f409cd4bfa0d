/* Transposed convolutions with one channel in each group, for which oneDNN's own takes many times as long
 * (docs/network.md): each output point gathers the taps that reach it, y[o] = b + sum over k of w[k] x[i]
 * with o = s i + d k - p, for 16 channels at once, in whatever layout keeps channels together (channels-last,
 * or blocks of 8 or 16). */
#include <stdlib.h>
#include <string.h>

#include "core/nn/onednn.h"
#include "core/nn/plain.h"

#define MOST_TAPS 64 /* along one axis; larger kernels are left to the plain kernel */
#define LANES 16

/* Along one axis: output o takes taps[first[o] .. first[o + 1]). */
typedef struct tap {
	int64_t in, kernel;
} tap;

typedef struct axis_taps {
	int64_t *first;
	tap *taps;
} axis_taps;

typedef struct depthwise_state {
	const pf_node *node;
	int64_t images;   /* blocks of channels of all pictures */
	int64_t blocks;   /* of one picture */
	int64_t channels; /* that lie together */
	int64_t in_h, in_w, out_h, out_w, kernel_w;
	axis_taps y, x;
	float *weights; /* [block, ky, kx, channel] */
	float *bias;    /* [block, channel] */
	const float *from, *added;
	float *to;
} depthwise_state;

static void free_taps(axis_taps *axis)
{
	free(axis->first);
	free(axis->taps);
}

static bool find_taps(const pf_window *w, int axis, int64_t in, int64_t out, axis_taps *list)
{
	list->first = calloc((size_t)out + 1, sizeof *list->first);
	list->taps = calloc((size_t)(out * w->kernel[axis]) + 1, sizeof *list->taps);
	if (!list->first || !list->taps) {
		return false;
	}
	int64_t count = 0;
	for (int64_t o = 0; o < out; o++) {
		list->first[o] = count;
		for (int64_t k = 0; k < w->kernel[axis]; k++) {
			int64_t shifted = o + w->pad_begin[axis] - k * w->dilation[axis];
			int64_t i = shifted / w->stride[axis];
			if (shifted >= 0 && shifted % w->stride[axis] == 0 && i < in) {
				list->taps[count++] = (tap){i, k};
			}
		}
	}
	list->first[out] = count;
	return true;
}

typedef float lanes __attribute__((vector_size(4 * sizeof(float)), aligned(4)));

/* 4 * vectors channels of one output point; x, w, bias and y point at the first of them. */
static inline __attribute__((always_inline)) void gather(const depthwise_state *s, int64_t oy, int64_t ox,
							 const float *x, const float *w, const float *bias,
							 float *y, const int vectors)
{
	lanes sum[LANES / 4];
	memcpy(sum, bias, (size_t)vectors * sizeof *sum);
	for (int64_t a = s->y.first[oy]; a < s->y.first[oy + 1]; a++) {
		const float *row = x + s->y.taps[a].in * s->in_w * s->channels;
		const float *kernel = w + s->y.taps[a].kernel * s->kernel_w * s->channels;
		for (int64_t b = s->x.first[ox]; b < s->x.first[ox + 1]; b++) {
			const lanes *u = (const lanes *)(row + s->x.taps[b].in * s->channels);
			const lanes *v = (const lanes *)(kernel + s->x.taps[b].kernel * s->channels);
			for (int i = 0; i < vectors; i++) {
				sum[i] += u[i] * v[i];
			}
		}
	}
	memcpy(y, sum, (size_t)vectors * sizeof *sum);
}

/* The same for any number of channels. */
static void gather_rest(const depthwise_state *s, int64_t oy, int64_t ox, const float *x, const float *w,
			const float *bias, float *y, int64_t count)
{
	memcpy(y, bias, (size_t)count * sizeof *y);
	for (int64_t a = s->y.first[oy]; a < s->y.first[oy + 1]; a++) {
		for (int64_t b = s->x.first[ox]; b < s->x.first[ox + 1]; b++) {
			const float *u = x + (s->y.taps[a].in * s->in_w + s->x.taps[b].in) * s->channels;
			const float *v = w + (s->y.taps[a].kernel * s->kernel_w + s->x.taps[b].kernel) *
						     s->channels;
			for (int64_t c = 0; c < count; c++) {
				y[c] += u[c] * v[c];
			}
		}
	}
}

static void follow_row(const depthwise_state *s, int64_t at, int64_t count)
{
	float *y = s->to + at;
	for (uint32_t i = 0; i < s->node->epilogue_count; i++) {
		if (!s->node->epilogues[i].add) {
			pf_plain_act(&s->node->epilogues[i].act, y, y, count);
			continue;
		}
		for (int64_t k = 0; k < count; k++) {
			y[k] += s->added[at + k];
		}
	}
}

static bool run(const pf_step *step)
{
	const depthwise_state *s = step->state;
	int64_t in_plane = s->in_h * s->in_w * s->channels, row = s->out_w * s->channels;
	int64_t kernel = s->node->params.window.kernel[0] * s->kernel_w * s->channels;
	for (int64_t image = 0; image < s->images; image++) {
		const float *x = s->from + image * in_plane;
		const float *w = s->weights + image % s->blocks * kernel;
		const float *bias = s->bias + image % s->blocks * s->channels;
		for (int64_t oy = 0; oy < s->out_h; oy++) {
			int64_t at = (image * s->out_h + oy) * row;
			for (int64_t ox = 0; ox < s->out_w; ox++) {
				float *y = s->to + at + ox * s->channels;
				int64_t c = 0;
				for (; c + LANES <= s->channels; c += LANES) {
					gather(s, oy, ox, x + c, w + c, bias + c, y + c, LANES / 4);
				}
				for (; c + 4 <= s->channels; c += 4) {
					gather(s, oy, ox, x + c, w + c, bias + c, y + c, 1);
				}
				if (c < s->channels) {
					gather_rest(s, oy, ox, x + c, w + c, bias + c, y + c,
						    s->channels - c);
				}
			}
			follow_row(s, at, row);
		}
	}
	return true;
}

static pf_status bind(pf_step *step, pf_program *program, pf_error *error)
{
	(void)error;
	depthwise_state *s = step->state;
	s->from = pf_program_address(program, step->buffers[0]);
	s->added = step->reads > 1 ? pf_program_address(program, step->buffers[1]) : NULL;
	s->to = pf_program_address(program, step->buffers[step->reads]);
	return PF_OK;
}

static void release_state(depthwise_state *s)
{
	if (s) {
		free_taps(&s->y);
		free_taps(&s->x);
		free(s->weights);
		free(s->bias);
		free(s);
	}
}

static void release(pf_step *step)
{
	release_state(step->state);
}

/* ONNX's [channel, 1, ky, kx] becomes [block, ky, kx, channel]. */
static bool pack(const pf_onednn_node *n, depthwise_state *s)
{
	const pf_graph *graph = n->program->graph;
	const pf_window *w = &n->node->params.window;
	const float *weights = pf_node_input(graph, n->node, 1)->data;
	const float *bias = pf_node_has_input(n->node, 2) ? pf_node_input(graph, n->node, 2)->data : NULL;
	int64_t taps = w->kernel[0] * w->kernel[1], channels = s->blocks * s->channels;
	s->weights = malloc((size_t)(channels * taps) * sizeof(float));
	s->bias = calloc((size_t)channels, sizeof(float));
	if (!s->weights || !s->bias) {
		return false;
	}
	for (int64_t c = 0; c < channels; c++) {
		float *to = s->weights + c / s->channels * taps * s->channels + c % s->channels;
		for (int64_t k = 0; k < taps; k++) {
			to[k * s->channels] = weights[c * taps + k];
		}
		s->bias[c] = bias ? bias[c] : 0;
	}
	return true;
}

static depthwise_state *make_state(const pf_onednn_node *n, int64_t block)
{
	const pf_graph *graph = n->program->graph;
	const pf_window *w = &n->node->params.window;
	const pf_shape *x = &pf_node_input(graph, n->node, 0)->shape,
		       *y = &pf_node_output(graph, n->node, 0)->shape;
	depthwise_state *s = calloc(1, sizeof *s);
	if (!s) {
		return NULL;
	}
	s->node = n->node;
	s->channels = block == 1 ? x->dims[1] : block;
	s->blocks = x->dims[1] / s->channels;
	s->images = x->dims[0] * s->blocks;
	s->in_h = x->dims[2];
	s->in_w = x->dims[3];
	s->out_h = y->dims[2];
	s->out_w = y->dims[3];
	s->kernel_w = w->kernel[1];
	if (!find_taps(w, 0, s->in_h, s->out_h, &s->y) || !find_taps(w, 1, s->in_w, s->out_w, &s->x) ||
	    !pack(n, s)) {
		release_state(s);
		return NULL;
	}
	return s;
}

pf_status pf_onednn_depthwise(pf_onednn_node *n)
{
	const pf_graph *graph = n->program->graph;
	const pf_window *w = &n->node->params.window;
	const pf_shape *x = &pf_node_input(graph, n->node, 0)->shape;
	if (w->groups != x->dims[1] || pf_node_output(graph, n->node, 0)->shape.dims[1] != x->dims[1] ||
	    w->kernel[0] > MOST_TAPS || w->kernel[1] > MOST_TAPS) {
		return PF_OK;
	}
	pf_layout have;
	int32_t buffers[3];
	uint32_t reads = 0;
	pf_status status = pf_onednn_current(n, n->node->inputs[0], &have);
	if (status != PF_OK) {
		return status;
	}
	dnnl_format_tag_t kind = pf_onednn_kind(&have.md);
	if (kind == dnnl_format_tag_undef || x->dims[1] % pf_onednn_block(kind)) {
		kind = dnnl_nhwc;
	}
	status = pf_onednn_connect(n, kind, kind, buffers, &reads);
	pf_step *step = NULL;
	if (status == PF_OK) {
		status = pf_program_step(n->program, n->index, reads, 1, &step, n->error);
	}
	depthwise_state *s = status == PF_OK ? make_state(n, pf_onednn_block(kind)) : NULL;
	if (!s || !step) {
		release_state(s);
		return status != PF_OK
			       ? status
			       : pf_fail(n->error, PF_ERR_NO_MEMORY, graph->file, "not enough memory");
	}
	memcpy(step->buffers, buffers, (reads + 1) * sizeof *buffers);
	step->state = s;
	step->bind = bind;
	step->run = run;
	step->release = release;
	n->done = true;
	return PF_OK;
}
