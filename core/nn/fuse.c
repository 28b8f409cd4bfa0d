/* Rewriting: activations that a file spells out become one, batch norms go into the convolution before them,
 * activations and additions into the node that makes their input. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/nn/graph.h"

typedef struct fuser {
	pf_graph *graph;
	uint32_t *uses; /* of each value by nodes and as an output */
	pf_error *error;
} fuser;

static pf_node *producer(const fuser *f, int32_t value)
{
	int32_t index = value == PF_NO_VALUE ? PF_NO_NODE : f->graph->values[value].producer;
	return index == PF_NO_NODE ? NULL : &f->graph->nodes[index];
}

/* Identity and Dropout vanish where their output is not the network's. */
static pf_status skip_identities(pf_graph *graph, pf_error *error)
{
	int32_t *stands_for = malloc((graph->value_count + 1) * sizeof *stands_for);
	if (!stands_for) {
		return pf_fail(error, PF_ERR_NO_MEMORY, graph->file, "not enough memory");
	}
	for (size_t i = 0; i < graph->value_count; i++) {
		stands_for[i] = (int32_t)i;
	}
	for (size_t i = 0; i < graph->node_count; i++) {
		pf_node *node = &graph->nodes[i];
		for (uint32_t k = 0; !node->removed && k < node->input_count; k++) {
			if (node->inputs[k] != PF_NO_VALUE) {
				node->inputs[k] = stands_for[node->inputs[k]];
			}
		}
		bool identity = !strcmp(node->op->name, "Identity") || !strcmp(node->op->name, "Dropout");
		if (!node->removed && identity && !graph->values[node->outputs[0]].is_output) {
			stands_for[node->outputs[0]] = node->inputs[0];
			node->removed = true;
		}
	}
	free(stands_for);
	return PF_OK;
}

/* The only use of the value is the one at hand. */
static bool used_once(const fuser *f, int32_t value)
{
	return f->uses[value] == 1;
}

/* `host` takes the place and the output of node `at`, which is the only one that uses host's output. */
static void absorb(fuser *f, pf_node *host, size_t at)
{
	pf_node *taken = &f->graph->nodes[at];
	int32_t output = taken->outputs[0];
	pf_node gone = *taken;
	*taken = *host;
	*host = gone;
	host->removed = true;
	taken->outputs[0] = output;
	f->graph->values[output].producer = (int32_t)at;
}

static bool is_scalar(const fuser *f, int32_t value, float wanted)
{
	const pf_tensor *tensor = &f->graph->values[value].tensor;
	return tensor->data && tensor->type == PF_TYPE_FLOAT && pf_shape_elements(&tensor->shape) == 1 &&
	       fabsf(*(const float *)tensor->data - wanted) <= 1e-6f * fabsf(wanted);
}

static bool is_act(const pf_node *node, pf_act_kind kind)
{
	return node && !node->removed && node->op->kind == PF_OP_UNARY && node->params.act.kind == kind &&
	       node->epilogue_count == 0;
}

/* clip(x + 3, 0, 6), whose division by 6 makes a hard sigmoid; gives x. */
static int32_t six_times_hardsigmoid(const fuser *f, const pf_node *clip)
{
	if (!is_act(clip, PF_ACT_CLIP) || clip->params.act.a != 0 || clip->params.act.b != 6 ||
	    !used_once(f, clip->inputs[0])) {
		return PF_NO_VALUE;
	}
	const pf_node *add = producer(f, clip->inputs[0]);
	if (!add || add->removed || add->op->kind != PF_OP_BINARY || add->params.binary != PF_BINARY_ADD ||
	    add->epilogue_count) {
		return PF_NO_VALUE;
	}
	for (int k = 0; k < 2; k++) {
		if (is_scalar(f, add->inputs[k], 3)) {
			return add->inputs[1 - k];
		}
	}
	return PF_NO_VALUE;
}

static void become_unary(fuser *f, pf_node *node, const pf_op *op, pf_act act, int32_t x)
{
	for (uint32_t k = 0; k < node->input_count; k++) {
		f->uses[node->inputs[k]]--;
	}
	node->op = op;
	node->params.act = act;
	node->inputs[0] = x;
	node->input_count = 1;
	f->uses[x]++;
}

/* The gate's own use of its inputs ends with it. */
static void drop(fuser *f, pf_node *node)
{
	node->removed = true;
	for (uint32_t k = 0; k < node->input_count; k++) {
		if (node->inputs[k] != PF_NO_VALUE) {
			f->uses[node->inputs[k]]--;
		}
	}
}

/* x sigmoid(x), x hardsigmoid(x). */
static void join_gate(fuser *f, pf_node *mul)
{
	for (int k = 0; k < 2; k++) {
		int32_t x = mul->inputs[1 - k];
		pf_node *gate = producer(f, mul->inputs[k]);
		if (!gate || gate->removed || !used_once(f, mul->inputs[k]) || gate->input_count < 1 ||
		    gate->inputs[0] != x) {
			continue;
		}
		if (is_act(gate, PF_ACT_SIGMOID)) {
			become_unary(f, mul, &pf_op_silu, (pf_act){.kind = PF_ACT_SILU}, x);
			drop(f, gate);
			return;
		}
		if (is_act(gate, PF_ACT_HARDSIGMOID) && fabs(gate->params.act.a - 1.0 / 6) < 1e-6 &&
		    gate->params.act.b == 0.5) {
			become_unary(f, mul, &pf_op_hardswish, (pf_act){.kind = PF_ACT_HARDSWISH}, x);
			drop(f, gate);
			return;
		}
	}
}

/* clip(x + 3, 0, 6) / 6 and x clip(x + 3, 0, 6) / 6. */
static void join_sixth(fuser *f, pf_node *div)
{
	if (!is_scalar(f, div->inputs[1], 6) || !used_once(f, div->inputs[0])) {
		return;
	}
	pf_node *over = producer(f, div->inputs[0]);
	if (!over || over->removed || over->epilogue_count) {
		return;
	}
	int32_t x = six_times_hardsigmoid(f, over);
	if (x != PF_NO_VALUE) {
		drop(f, producer(f, over->inputs[0]));
		drop(f, over);
		become_unary(f, div, pf_op_find("HardSigmoid"),
			     (pf_act){.kind = PF_ACT_HARDSIGMOID, .a = 1.0 / 6, .b = 0.5}, x);
		return;
	}
	for (int k = 0; k < 2 && over->op->kind == PF_OP_BINARY && over->params.binary == PF_BINARY_MUL;
	     k++) {
		pf_node *clip = producer(f, over->inputs[k]);
		if (!clip || !used_once(f, over->inputs[k])) {
			continue;
		}
		x = six_times_hardsigmoid(f, clip);
		if (x != PF_NO_VALUE && x == over->inputs[1 - k]) {
			drop(f, producer(f, clip->inputs[0]));
			drop(f, clip);
			drop(f, over);
			become_unary(f, div, &pf_op_hardswish, (pf_act){.kind = PF_ACT_HARDSWISH}, x);
			return;
		}
	}
}

/* Constants that may be written to: the node's own, or a copy where others use them too. */
static float *own_constant(fuser *f, pf_node *node, uint32_t input)
{
	int32_t index = node->inputs[input];
	pf_tensor *tensor = &f->graph->values[index].tensor;
	if (used_once(f, index)) {
		return tensor->data;
	}
	size_t bytes = (size_t)pf_shape_elements(&tensor->shape) * sizeof(float);
	float *copy = NULL;
	int32_t fresh;
	if (f->graph->folded_bytes + bytes <= f->graph->options.max_folded_bytes) {
		copy = aligned_alloc(64, (bytes + 64) / 64 * 64);
	}
	if (!copy || pf_graph_add_value(f->graph, f->graph->values[index].name, &fresh, NULL) != PF_OK) {
		free(copy);
		return NULL;
	}
	uint32_t *uses = reallocarray(f->uses, f->graph->value_count + 1, sizeof *uses);
	if (!uses) {
		free(copy);
		return NULL;
	}
	f->uses = uses;
	uses[fresh] = 1;
	uses[index]--;
	f->graph->folded_bytes += bytes;
	memcpy(copy, f->graph->values[index].tensor.data, bytes);
	f->graph->values[fresh].tensor = f->graph->values[index].tensor;
	f->graph->values[fresh].tensor.data = copy;
	f->graph->values[fresh].known = true;
	node->inputs[input] = fresh;
	return copy;
}

static bool constants(const fuser *f, const pf_node *node, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		if (pf_node_has_input(node, i) && !pf_node_input(f->graph, node, i)->data) {
			return false;
		}
	}
	return true;
}

/* Gives a convolution without a bias the batch norm's shift, to be written over. */
static bool have_bias(fuser *f, pf_node *conv, const pf_node *norm)
{
	if (pf_node_has_input(conv, 2)) {
		return true;
	}
	conv->inputs[2] = norm->inputs[2];
	f->uses[norm->inputs[2]]++;
	float *bias = own_constant(f, conv, 2);
	if (!bias) {
		f->uses[norm->inputs[2]]--;
		conv->inputs[2] = PF_NO_VALUE;
		return false;
	}
	memset(bias, 0, (size_t)pf_node_input(f->graph, norm, 2)->shape.dims[0] * sizeof(float));
	return true;
}

static void join_norm(fuser *f, size_t at)
{
	pf_node *norm = &f->graph->nodes[at], *conv = producer(f, norm->inputs[0]);
	if (!conv || conv->removed ||
	    (conv->op->kind != PF_OP_CONV && conv->op->kind != PF_OP_CONV_TRANSPOSE) ||
	    conv->epilogue_count || !used_once(f, norm->inputs[0]) || !constants(f, norm, 1, 5) ||
	    !constants(f, conv, 1, 3)) {
		return;
	}
	float *weights = have_bias(f, conv, norm) ? own_constant(f, conv, 1) : NULL;
	float *bias = weights ? own_constant(f, conv, 2) : NULL;
	if (!bias) {
		return;
	}
	const float *scale = pf_node_input(f->graph, norm, 1)->data,
		    *shift = pf_node_input(f->graph, norm, 2)->data;
	const float *mean = pf_node_input(f->graph, norm, 3)->data,
		    *variance = pf_node_input(f->graph, norm, 4)->data;
	const pf_shape *shape = &pf_node_input(f->graph, conv, 1)->shape;
	int64_t channels = pf_node_output(f->graph, conv, 0)->shape.dims[1];
	bool transposed = conv->op->kind == PF_OP_CONV_TRANSPOSE;
	int64_t group_out = channels / conv->params.window.groups,
		taps = pf_shape_product(shape, 2, shape->rank);
	int64_t rows = shape->dims[0], columns = shape->dims[1];
	for (int64_t r = 0; r < rows; r++) {
		for (int64_t c = 0; c < columns; c++) {
			int64_t group = r / (rows / conv->params.window.groups);
			int64_t channel = transposed ? group * group_out + c : r;
			double factor = scale[channel] /
					sqrt((double)variance[channel] + norm->params.norm.epsilon);
			for (int64_t i = 0; i < taps; i++) {
				weights[(r * columns + c) * taps + i] *= (float)factor;
			}
		}
	}
	for (int64_t c = 0; c < channels; c++) {
		double factor = scale[c] / sqrt((double)variance[c] + norm->params.norm.epsilon);
		bias[c] = (float)((bias[c] - (double)mean[c]) * factor + shift[c]);
	}
	absorb(f, conv, at);
}

static bool can_host(const pf_node *node)
{
	if (!node || node->removed || node->epilogue_count == PF_MAX_EPILOGUES) {
		return false;
	}
	switch (node->op->kind) {
	case PF_OP_CONV:
	case PF_OP_CONV_TRANSPOSE:
	case PF_OP_GEMM:
	case PF_OP_MATMUL:
	case PF_OP_BATCH_NORM:
		return true;
	case PF_OP_BINARY:
		return node->params.binary == PF_BINARY_ADD && node->epilogue_count == 0;
	default:
		return false;
	}
}

static bool can_follow(const pf_act *act)
{
	return act->kind >= PF_ACT_RELU && act->kind <= PF_ACT_GELU && act->kind != PF_ACT_SOFTPLUS;
}

static void join_act(fuser *f, size_t at)
{
	pf_node *node = &f->graph->nodes[at], *host = producer(f, node->inputs[0]);
	pf_act act = node->params.act;
	if (!can_host(host) || !can_follow(&act) || !used_once(f, node->inputs[0]) || node->epilogue_count ||
	    pf_node_input(f->graph, node, 0)->type != PF_TYPE_FLOAT) {
		return;
	}
	host->epilogues[host->epilogue_count++] = (pf_epilogue){.act = act};
	absorb(f, host, at);
}

static void join_add(fuser *f, size_t at)
{
	pf_node *add = &f->graph->nodes[at], *host = NULL;
	int32_t other = PF_NO_VALUE;
	if (add->epilogue_count || add->inputs[0] == add->inputs[1] ||
	    !pf_shape_equal(&pf_node_input(f->graph, add, 0)->shape,
			    &pf_node_input(f->graph, add, 1)->shape)) {
		return;
	}
	for (int k = 0; k < 2; k++) {
		pf_node *candidate = producer(f, add->inputs[k]);
		bool conv = candidate && (candidate->op->kind == PF_OP_CONV ||
					  candidate->op->kind == PF_OP_CONV_TRANSPOSE);
		bool added = false;
		for (uint32_t i = 0; conv && i < candidate->epilogue_count; i++) {
			added |= candidate->epilogues[i].add;
		}
		/* Of two convolutions the later one: the other is done by then. */
		if (conv && can_host(candidate) && !added && used_once(f, add->inputs[k]) &&
		    !f->graph->values[add->inputs[1 - k]].tensor.data && (!host || candidate > host)) {
			host = candidate;
			other = add->inputs[1 - k];
		}
	}
	if (host) {
		host->inputs[host->input_count++] = other;
		host->epilogues[host->epilogue_count++] = (pf_epilogue){.add = true};
		absorb(f, host, at);
	}
}

static bool is_float_node(const fuser *f, const pf_node *node)
{
	return !node->removed && node->input_count && pf_node_input(f->graph, node, 0)->type == PF_TYPE_FLOAT;
}

/* Before any node joins another: an addition that has taken the clip of a hard swish hides it. */
static void join_spelt_out(fuser *f, pf_node *node)
{
	if (!is_float_node(f, node) || node->op->kind != PF_OP_BINARY) {
		return;
	}
	if (node->params.binary == PF_BINARY_MUL) {
		join_gate(f, node);
	} else if (node->params.binary == PF_BINARY_DIV) {
		join_sixth(f, node);
	}
}

static void fuse_node(fuser *f, size_t at)
{
	pf_node *node = &f->graph->nodes[at];
	bool floats = is_float_node(f, node);
	if (node->op->kind == PF_OP_BATCH_NORM) {
		join_norm(f, at);
	} else if (node->op->kind == PF_OP_UNARY && floats) {
		join_act(f, at);
	} else if (node->op->kind == PF_OP_BINARY && floats && node->params.binary == PF_BINARY_ADD) {
		join_add(f, at);
	}
}

pf_status pf_graph_fuse(pf_graph *graph, pf_error *error)
{
	pf_status status = skip_identities(graph, error);
	fuser f = {.graph = graph, .error = error};
	f.uses = calloc(graph->value_count + 1, sizeof *f.uses);
	if (status != PF_OK || !f.uses) {
		free(f.uses);
		return status != PF_OK ? status
				       : pf_fail(error, PF_ERR_NO_MEMORY, graph->file, "not enough memory");
	}
	for (size_t i = 0; i < graph->node_count; i++) {
		for (uint32_t k = 0; !graph->nodes[i].removed && k < graph->nodes[i].input_count; k++) {
			if (graph->nodes[i].inputs[k] != PF_NO_VALUE) {
				f.uses[graph->nodes[i].inputs[k]]++;
			}
		}
	}
	for (size_t i = 0; i < graph->output_count; i++) {
		f.uses[graph->outputs[i]]++;
	}
	for (size_t i = 0; i < graph->node_count; i++) {
		join_spelt_out(&f, &graph->nodes[i]);
	}
	for (size_t i = 0; i < graph->node_count; i++) {
		if (!graph->nodes[i].removed) {
			fuse_node(&f, i);
		}
	}
	free(f.uses);
	return PF_OK;
}
