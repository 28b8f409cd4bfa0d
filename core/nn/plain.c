/* The plain backend: each node's kernel on dense buffers. Other backends fall back to it node by node. */
#include "core/nn/plain.h"

#include <stdlib.h>

#include "core/nn/program.h"

typedef struct plain_state {
	pf_call call;
	pf_tensor tensors[]; /* inputs, then outputs */
} plain_state;

static pf_status bind(pf_step *step, pf_program *program, pf_error *error)
{
	(void)error;
	plain_state *state = step->state;
	for (uint32_t i = 0; i < step->reads + step->writes; i++) {
		if (step->buffers[i] != PF_NO_BUFFER) {
			state->tensors[i].data = pf_program_address(program, step->buffers[i]);
		}
	}
	return PF_OK;
}

static bool run(const pf_step *step)
{
	const plain_state *state = step->state;
	return state->call.node->op->kernel(&state->call);
}

const pf_call *pf_plain_call(const pf_step *step)
{
	return &((const plain_state *)step->state)->call;
}

static void release(pf_step *step)
{
	free(step->state);
}

/* Element by element: the output may be the first input. */
static int32_t in_place(const pf_graph *graph, const pf_node *node)
{
	const pf_tensor *out = pf_node_output(graph, node, 0);
	if (node->op->kind == PF_OP_UNARY || node->op->kind == PF_OP_BATCH_NORM) {
		return 0;
	}
	for (uint32_t i = 0; i < 2 && node->op->kind == PF_OP_BINARY; i++) {
		const pf_tensor *in = pf_node_input(graph, node, i);
		if (in->type == out->type && pf_shape_equal(&in->shape, &out->shape)) {
			return (int32_t)i;
		}
	}
	return -1;
}

static pf_status emit_view(pf_program *program, const pf_node *node, int32_t index, pf_error *error)
{
	int32_t buffer;
	pf_status status = pf_program_value(program, node->inputs[0], &buffer, error);
	program->value_buffers[node->outputs[0]] = buffer;
	program->node_backends[index] = "view";
	return status;
}

static pf_status fill_step(pf_program *program, pf_step *step, const pf_node *node, pf_error *error)
{
	plain_state *state = step->state;
	pf_status status = PF_OK;
	for (uint32_t i = 0; status == PF_OK && i < step->reads; i++) {
		state->tensors[i] = *pf_node_input(program->graph, node, i);
		if (pf_node_has_input(node, i)) {
			status = pf_program_value(program, node->inputs[i], &step->buffers[i], error);
		}
	}
	for (uint32_t i = 0; status == PF_OK && i < step->writes; i++) {
		state->tensors[step->reads + i] = *pf_node_output(program->graph, node, i);
		if (node->outputs[i] != PF_NO_VALUE) {
			status = pf_program_value(program, node->outputs[i], &step->buffers[step->reads + i],
						  error);
		}
	}
	return status;
}

pf_status pf_plain_emit(pf_program *program, int32_t index, pf_error *error)
{
	const pf_node *node = &program->graph->nodes[index];
	if (node->op->kind == PF_OP_VIEW) {
		return emit_view(program, node, index, error);
	}
	pf_step *step;
	pf_status status = pf_program_step(program, index, node->input_count, node->output_count, &step,
					   error);
	if (status != PF_OK) {
		return status;
	}
	uint32_t tensors = node->input_count + node->output_count;
	plain_state *state = calloc(1, sizeof *state + tensors * sizeof *state->tensors);
	if (!state) {
		return pf_fail(error, PF_ERR_NO_MEMORY, program->graph->file, "not enough memory");
	}
	state->call = (pf_call){node, state->tensors, state->tensors + node->input_count, node->input_count,
				node->output_count};
	step->state = state;
	step->bind = bind;
	step->run = run;
	step->release = release;
	step->in_place = in_place(program->graph, node);
	program->node_backends[index] = pf_backend_plain.name;
	return fill_step(program, step, node, error);
}

static pf_status compile(pf_program *program, pf_error *error)
{
	pf_status status = PF_OK;
	for (size_t i = 0; status == PF_OK && i < program->graph->node_count; i++) {
		status = pf_plain_emit(program, (int32_t)i, error);
	}
	for (size_t i = 0; status == PF_OK && i < program->graph->output_count; i++) {
		int32_t buffer; /* constants that are outputs */
		status = pf_program_value(program, program->graph->outputs[i], &buffer, error);
	}
	return status;
}

const pf_backend pf_backend_plain = {.name = "plain", .compile = compile};
