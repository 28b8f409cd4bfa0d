/* The oneDNN backend: primitives as steps. Blocked layouts are kept between nodes; what oneDNN has no fast
 * primitive for falls back to the plain kernel on dense data. */
#include "core/nn/onednn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/nn/ranges.h"

/* libgomp's, whose header clang does not bring along. */
extern int omp_get_max_threads(void);
extern void omp_set_num_threads(int threads);

typedef struct primitive_state {
	pf_onednn *backend;
	dnnl_primitive_t primitive;
	int count;
	dnnl_exec_arg_t args[PF_ONEDNN_ARGS + 1]; /* the last: scratchpad */
	int32_t places[PF_ONEDNN_ARGS + 1];       /* of each argument in the step's buffers; -1: owned */
	void *owned[PF_ONEDNN_ARGS + 1];
	const void *copy_from; /* a sum's other half, where it could not share the output's memory */
	void *copy_to;
	size_t copy_bytes;
	int32_t copied; /* the argument, -1: none */
} primitive_state;

static bool run(const pf_step *step)
{
	const primitive_state *state = step->state;
	if (state->copy_from) {
		memcpy(state->copy_to, state->copy_from, state->copy_bytes);
	}
	dnnl_primitive_execute(state->primitive, state->backend->stream, state->count, state->args);
	return true;
}

static pf_status bind(pf_step *step, pf_program *program, pf_error *error)
{
	primitive_state *state = step->state;
	for (int i = 0; i < state->count; i++) {
		void *address = state->places[i] < 0
					? state->owned[i]
					: pf_program_address(program, step->buffers[state->places[i]]);
		if (dnnl_memory_set_data_handle(state->args[i].memory, address) != dnnl_success) {
			return pf_fail(error, PF_ERR_INTERNAL, program->graph->file,
				       "oneDNN refused an address");
		}
	}
	if (state->copied >= 0) {
		const void *from = pf_program_address(program, step->buffers[state->copied]);
		state->copy_to = pf_program_address(program, step->buffers[step->reads]);
		state->copy_from = from == state->copy_to ? NULL : from;
	}
	return PF_OK;
}

static void release(pf_step *step)
{
	primitive_state *state = step->state;
	for (int i = 0; state && i < state->count; i++) {
		dnnl_memory_destroy(state->args[i].memory);
		free(state->owned[i]);
	}
	if (state && state->primitive) {
		dnnl_primitive_destroy(state->primitive);
	}
	free(state);
}

/* Argument `i` gets its memory object and its place in the step's buffers. */
static bool fill_argument(pf_step *step, primitive_state *state, const pf_onednn_arg *arg, uint32_t *read,
			  uint32_t *write)
{
	int i = state->count++;
	state->owned[i] = arg->owned;
	state->args[i].arg = arg->id;
	state->places[i] = -1;
	if (!arg->owned) {
		state->places[i] = (int32_t)(arg->write ? (*write)++ : (*read)++);
		step->buffers[state->places[i]] = arg->buffer;
	}
	return dnnl_memory_create(&state->args[i].memory, &arg->md, state->backend->engine,
				  DNNL_MEMORY_NONE) == dnnl_success;
}

static pf_status add_scratchpad(const pf_onednn_node *n, dnnl_primitive_desc_t pd, pf_onednn_arg *scratchpad,
				bool *needed)
{
	const dnnl_memory_desc_t *md = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
	*needed = md && dnnl_memory_desc_get_size(md) > 0;
	if (!*needed) {
		return PF_OK;
	}
	*scratchpad = (pf_onednn_arg){.id = DNNL_ARG_SCRATCHPAD, .md = *md, .write = true};
	return pf_program_buffer(n->program, dnnl_memory_desc_get_size(md), &scratchpad->buffer, n->error);
}

pf_status pf_onednn_emit(const pf_onednn_node *n, dnnl_primitive_desc_t pd, const pf_onednn_arg *args,
			 int count, int32_t summed, bool reorder)
{
	pf_onednn_arg scratchpad;
	bool scratch = false;
	pf_step *step = NULL;
	uint32_t reads = 0, writes = 0, read = 0, write;
	primitive_state *state = calloc(1, sizeof *state);
	pf_status status = state ? add_scratchpad(n, pd, &scratchpad, &scratch)
				 : pf_fail(n->error, PF_ERR_NO_MEMORY, n->program->graph->file,
					   "not enough memory");
	for (int i = 0; i < count; i++) {
		reads += !args[i].write && !args[i].owned;
		writes += args[i].write;
	}
	if (status == PF_OK) {
		status = pf_program_step(n->program, n->index, reads + (summed != PF_NO_BUFFER),
					 writes + scratch, &step, n->error);
	}
	if (status != PF_OK || !state || !step) {
		for (int i = 0; i < count; i++) {
			free(args[i].owned);
		}
		free(state);
		dnnl_primitive_desc_destroy(pd);
		return status;
	}
	*state = (primitive_state){.backend = n->backend, .copied = -1};
	step->state = state;
	step->bind = bind;
	step->run = run;
	step->release = release;
	step->reorder = reorder;
	write = step->reads;
	bool made = true;
	for (int i = 0; i < count; i++) {
		made &= fill_argument(step, state, &args[i], &read, &write);
	}
	if (scratch) {
		made &= fill_argument(step, state, &scratchpad, &read, &write);
	}
	if (summed != PF_NO_BUFFER) {
		state->copied = step->in_place = (int32_t)read;
		state->copy_bytes = n->program->buffers[summed].bytes;
		step->buffers[read] = summed;
	}
	made &= dnnl_primitive_create(&state->primitive, pd) == dnnl_success;
	dnnl_primitive_desc_destroy(pd);
	return made ? PF_OK
		    : pf_node_fail(n->program->graph, n->node, n->error, PF_ERR_INTERNAL,
				   "oneDNN refused a primitive");
}

int pf_onednn_act(const pf_act *act, pf_onednn_eltwise out[2])
{
	const float a = (float)act->a, b = (float)act->b;
	switch (act->kind) {
	case PF_ACT_RELU:
		out[0] = (pf_onednn_eltwise){dnnl_eltwise_relu, 0, 0};
		return 1;
	case PF_ACT_LEAKY_RELU:
		out[0] = (pf_onednn_eltwise){dnnl_eltwise_relu, a, 0};
		return 1;
	case PF_ACT_CLIP:
		out[0] = (pf_onednn_eltwise){dnnl_eltwise_clip, a, b};
		return 1;
	case PF_ACT_SIGMOID:
		out[0] = (pf_onednn_eltwise){dnnl_eltwise_logistic, 0, 0};
		return 1;
	case PF_ACT_HARDSIGMOID:
		out[0] = (pf_onednn_eltwise){dnnl_eltwise_linear, a, b};
		out[1] = (pf_onednn_eltwise){dnnl_eltwise_clip, 0, 1};
		return 2;
	case PF_ACT_HARDSWISH:
		out[0] = (pf_onednn_eltwise){dnnl_eltwise_hardswish, 0, 0};
		return 1;
	case PF_ACT_SILU:
		out[0] = (pf_onednn_eltwise){dnnl_eltwise_swish, 1, 0};
		return 1;
	case PF_ACT_TANH:
		out[0] = (pf_onednn_eltwise){dnnl_eltwise_tanh, 0, 0};
		return 1;
	case PF_ACT_ELU:
		out[0] = (pf_onednn_eltwise){dnnl_eltwise_elu, a, 0};
		return 1;
	case PF_ACT_GELU:
		out[0] = (pf_onednn_eltwise){dnnl_eltwise_gelu_erf, 0, 0};
		return 1;
	case PF_ACT_EXP:
		out[0] = (pf_onednn_eltwise){dnnl_eltwise_exp, 0, 0};
		return 1;
	case PF_ACT_SQRT:
		out[0] = (pf_onednn_eltwise){dnnl_eltwise_sqrt, 0, 0};
		return 1;
	case PF_ACT_ABS:
		out[0] = (pf_onednn_eltwise){dnnl_eltwise_abs, 0, 0};
		return 1;
	case PF_ACT_NEG:
		out[0] = (pf_onednn_eltwise){dnnl_eltwise_linear, -1, 0};
		return 1;
	default:
		return 0;
	}
}

bool pf_onednn_is_fast(dnnl_primitive_desc_t pd)
{
	const char *name = "";
	dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, (void *)&name);
	return strncmp(name, "ref", 3) != 0;
}

static bool append_epilogues(const pf_node *node, dnnl_post_ops_t ops)
{
	bool fine = true;
	for (uint32_t i = 0; i < node->epilogue_count; i++) {
		if (node->epilogues[i].add) {
			fine &= dnnl_post_ops_append_sum(ops, 1) == dnnl_success;
			continue;
		}
		pf_onednn_eltwise eltwise[2];
		int count = pf_onednn_act(&node->epilogues[i].act, eltwise);
		fine &= count > 0;
		for (int k = 0; k < count; k++) {
			fine &= dnnl_post_ops_append_eltwise(ops, 1, eltwise[k].kind, eltwise[k].alpha,
							     eltwise[k].beta) == dnnl_success;
		}
	}
	return fine;
}

bool pf_onednn_describe(const pf_onednn_node *n, const void *operation, bool epilogues,
			dnnl_primitive_desc_t *pd)
{
	dnnl_primitive_attr_t attributes = NULL;
	dnnl_post_ops_t ops = NULL;
	bool fine = dnnl_primitive_attr_create(&attributes) == dnnl_success &&
		    dnnl_post_ops_create(&ops) == dnnl_success &&
		    (!epilogues || append_epilogues(n->node, ops)) &&
		    dnnl_primitive_attr_set_post_ops(attributes, ops) == dnnl_success &&
		    dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user) ==
			    dnnl_success &&
		    dnnl_primitive_desc_create(pd, operation, attributes, n->backend->engine, NULL) ==
			    dnnl_success;
	if (ops) {
		dnnl_post_ops_destroy(ops);
	}
	if (attributes) {
		dnnl_primitive_attr_destroy(attributes);
	}
	if (fine && !pf_onednn_is_fast(*pd)) {
		dnnl_primitive_desc_destroy(*pd);
		return false;
	}
	return fine;
}

static bool all_floats(const pf_graph *graph, const pf_node *node)
{
	for (uint32_t i = 0; i < node->input_count; i++) {
		const pf_tensor *in = pf_node_input(graph, node, i);
		if (pf_node_has_input(node, i) &&
		    (in->type != PF_TYPE_FLOAT || pf_shape_elements(&in->shape) == 0)) {
			return false;
		}
	}
	for (uint32_t i = 0; i < node->output_count; i++) {
		const pf_tensor *out = pf_node_output(graph, node, i);
		if (out->type != PF_TYPE_FLOAT || pf_shape_elements(&out->shape) == 0) {
			return false;
		}
	}
	return true;
}

static pf_status try_node(pf_onednn_node *n)
{
	if (!all_floats(n->program->graph, n->node)) {
		return PF_OK;
	}
	if (n->node->op->kind == PF_OP_CONV && n->backend->convolve) {
		pf_status status = n->backend->convolve(n);
		if (status != PF_OK || n->done) {
			return status;
		}
	}
	switch (n->node->op->kind) {
	case PF_OP_CONV:
	case PF_OP_CONV_TRANSPOSE:
		return pf_onednn_conv(n);
	case PF_OP_MAX_POOL:
	case PF_OP_AVERAGE_POOL:
	case PF_OP_GLOBAL_AVERAGE_POOL:
	case PF_OP_GLOBAL_MAX_POOL:
	case PF_OP_REDUCE:
		return pf_onednn_pool(n);
	case PF_OP_RESIZE:
		return pf_onednn_resize(n);
	case PF_OP_UNARY:
		return pf_onednn_unary(n);
	case PF_OP_BINARY:
		return pf_onednn_binary(n);
	case PF_OP_CONCAT:
		return pf_onednn_concat(n);
	case PF_OP_STRIDED:
		return pf_onednn_strided(n);
	case PF_OP_GEMM:
	case PF_OP_MATMUL:
		return pf_onednn_product(n);
	default:
		return PF_OK;
	}
}

static pf_status compile_node(pf_program *program, int32_t index, pf_error *error)
{
	pf_onednn_node n = {.program = program,
			    .backend = program->backend_state,
			    .node = &program->graph->nodes[index],
			    .index = index,
			    .error = error};
	pf_status status = try_node(&n);
	if (status != PF_OK || n.done) {
		program->node_backends[index] = pf_backend_onednn.name;
		return status;
	}
	for (uint32_t i = 0; status == PF_OK && i < n.node->input_count; i++) {
		if (pf_node_has_input(n.node, i)) {
			status = pf_onednn_make_dense(&n, n.node->inputs[i]);
		}
	}
	return status == PF_OK ? pf_plain_emit(program, index, error) : status;
}

static pf_status open_backend(pf_program *program, pf_error *error)
{
	pf_onednn *backend = calloc(1, sizeof *backend);
	program->backend_state = backend;
	if (backend) {
		backend->layouts = calloc(program->graph->value_count + 1, sizeof *backend->layouts);
	}
	return backend && backend->layouts
		       ? PF_OK
		       : pf_fail(error, PF_ERR_NO_MEMORY, program->graph->file, "not enough memory");
}

static pf_status compile_graph(pf_program *program, pf_error *error)
{
	const pf_graph *graph = program->graph;
	pf_onednn *backend = program->backend_state;
	for (size_t i = 0; i < graph->value_count; i++) {
		backend->layouts[i].buffer = PF_NO_BUFFER;
	}
	/* oneDNN keeps the last 1,024 primitives of the process. With 256 MB of memory and that many it
	 * crashed while making one, presumably because it could not reserve memory for its code; with 256 it
	 * has not so far. A network has some hundred. */
	dnnl_set_primitive_cache_capacity(256);
	if (dnnl_engine_create(&backend->engine, dnnl_cpu, 0) != dnnl_success ||
	    dnnl_stream_create(&backend->stream, backend->engine, dnnl_stream_default_flags) !=
		    dnnl_success) {
		return pf_fail(error, PF_ERR_INTERNAL, graph->file, "oneDNN does not start");
	}
	pf_status status = PF_OK;
	for (size_t i = 0; status == PF_OK && i < graph->node_count; i++) {
		status = compile_node(program, (int32_t)i, error);
	}
	for (size_t i = 0; status == PF_OK && i < graph->output_count; i++) {
		int32_t value = graph->outputs[i], at = graph->values[value].producer;
		at = at == PF_NO_NODE ? 0 : at;
		pf_onednn_node n = {program, backend, &graph->nodes[at], at, false, error};
		status = pf_onednn_make_dense(&n, value);
	}
	return status;
}

static pf_status compile(pf_program *program, pf_error *error)
{
	pf_status status = open_backend(program, error);
	return status == PF_OK ? compile_graph(program, error) : status;
}

static pf_status compile_bytes(pf_program *program, pf_error *error)
{
	pf_status status = open_backend(program, error);
	pf_onednn *backend = program->backend_state;
	if (status == PF_OK) {
		backend->convolve = pf_onednn_bytes;
		status = pf_ranges_load(program->graph->file, &backend->ranges, error);
	}
	return status == PF_OK ? compile_graph(program, error) : status;
}

static pf_status compile_winograd(pf_program *program, pf_error *error)
{
	pf_status status = open_backend(program, error);
	if (status == PF_OK) {
		((pf_onednn *)program->backend_state)->winograd = true;
		status = compile_graph(program, error);
	}
	return status;
}

static pf_status read_value(pf_program *program, int32_t value, void *out, pf_error *error)
{
	pf_onednn *backend = program->backend_state;
	const pf_layout *layout = &backend->layouts[value];
	dnnl_memory_desc_t dense;
	dnnl_primitive_desc_t pd = NULL;
	dnnl_primitive_t primitive = NULL;
	dnnl_memory_t from = NULL, to = NULL;
	bool fine = layout->buffer != PF_NO_BUFFER &&
		    pf_onednn_dense(&program->graph->values[value].tensor.shape, &dense) &&
		    dnnl_memory_create(&from, &layout->md, backend->engine,
				       pf_program_address(program, layout->buffer)) == dnnl_success &&
		    dnnl_memory_create(&to, &dense, backend->engine, out) == dnnl_success &&
		    dnnl_reorder_primitive_desc_create(&pd, &layout->md, backend->engine, &dense,
						       backend->engine, NULL) == dnnl_success &&
		    dnnl_primitive_create(&primitive, pd) == dnnl_success;
	if (fine) {
		dnnl_exec_arg_t args[2] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
		fine = dnnl_primitive_execute(primitive, backend->stream, 2, args) == dnnl_success;
	}
	dnnl_primitive_destroy(primitive);
	dnnl_primitive_desc_destroy(pd);
	dnnl_memory_destroy(from);
	dnnl_memory_destroy(to);
	return fine ? PF_OK
		    : pf_fail(error, PF_ERR_INTERNAL, program->graph->file, "oneDNN cannot read a value");
}

static void destroy(pf_program *program)
{
	pf_onednn *backend = program->backend_state;
	if (!backend) {
		return;
	}
	if (backend->stream) {
		dnnl_stream_destroy(backend->stream);
	}
	if (backend->engine) {
		dnnl_engine_destroy(backend->engine);
	}
	pf_ranges_free(backend->ranges);
	free(backend->layouts);
	free(backend);
}

/* One thread: with more, a convolution waits for whichever core another process has (docs/network.md). The
 * setting belongs to the calling thread, which gets its own back. */
static int enter(void)
{
	int before = omp_get_max_threads();
	omp_set_num_threads(1);
	return before;
}

static void leave(int entered)
{
	omp_set_num_threads(entered);
}

const pf_backend pf_backend_onednn = {.name = "onednn",
				      .compile = compile,
				      .enter = enter,
				      .leave = leave,
				      .read = read_value,
				      .destroy = destroy};

const pf_backend pf_backend_onednn_bytes = {.name = "onednn-bytes",
					    .compile = compile_bytes,
					    .enter = enter,
					    .leave = leave,
					    .read = read_value,
					    .destroy = destroy};

const pf_backend pf_backend_onednn_winograd = {.name = "onednn-winograd",
					       .compile = compile_winograd,
					       .enter = enter,
					       .leave = leave,
					       .read = read_value,
					       .destroy = destroy};
