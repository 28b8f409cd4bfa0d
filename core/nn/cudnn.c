/* The cuDNN backend: a workspace has a context, a stream and its memory of its own on the device. */
#include "core/nn/cudnn.h"

#include "core/gpu/gpu_times.h"

#include <stdlib.h>

static pf_status prepare(pf_program *program, pf_error *error)
{
	const pf_graph *graph = program->graph;
	pf_cudnn *b = calloc(1, sizeof *b);
	program->backend_state = b;
	if (b) {
		b->blocks_of = malloc((graph->value_count + 1) * sizeof *b->blocks_of);
		b->uses = calloc(graph->value_count + 1, sizeof *b->uses);
		b->blocks = calloc(graph->value_count + 1, sizeof *b->blocks);
	}
	if (!b || !b->blocks_of || !b->uses || !b->blocks) {
		return pf_fail(error, PF_ERR_NO_MEMORY, graph->file, "not enough memory");
	}
	b->half = program->backend == &pf_backend_cudnn;
	b->one_stream = true;
	for (size_t i = 0; i < graph->value_count; i++) {
		b->blocks_of[i] = PF_NO_BLOCK;
		b->uses[i] = graph->values[i].is_output;
	}
	for (size_t i = 0; i < graph->node_count; i++) {
		for (uint32_t k = 0; k < graph->nodes[i].input_count; k++) {
			if (graph->nodes[i].inputs[k] != PF_NO_VALUE) {
				b->uses[graph->nodes[i].inputs[k]]++;
			}
		}
	}
	pf_status status = pf_gpu_device_open(&b->device, error);
	return status == PF_OK ? pf_cudnn_target_of(&b->device.api, b->device.cudnn, &b->target, error)
			       : status;
}

static pf_status compile_node(const pf_cudnn_node *n)
{
	bool done = false;
	pf_status status = PF_OK;
	if (n->node->op->kind == PF_OP_CONV || n->node->op->kind == PF_OP_CONV_TRANSPOSE) {
		status = pf_cudnn_emit_conv(n, &done);
	} else if (n->node->op->kind == PF_OP_RESIZE) {
		status = pf_cudnn_emit_resize(n, &done);
	}
	if (status != PF_OK || done) {
		n->program->node_backends[n->index] = n->program->backend->name;
		pf_cudnn_used(n);
		return status;
	}
	if (n->node->op->kind != PF_OP_VIEW) {
		n->backend->one_stream = false;
	}
	for (uint32_t i = 0; status == PF_OK && i < n->node->input_count; i++) {
		if (pf_node_has_input(n->node, i)) {
			status = pf_cudnn_to_host(n, n->node->inputs[i]);
		}
	}
	status = status == PF_OK ? pf_plain_emit(n->program, n->index, n->error) : status;
	pf_cudnn_used(n);
	return status;
}

static pf_status compile(pf_program *program, pf_error *error)
{
	const pf_graph *graph = program->graph;
	pf_status status = prepare(program, error);
	pf_cudnn *b = program->backend_state;
	for (size_t i = 0; status == PF_OK && b && i < graph->node_count; i++) {
		const pf_cudnn_node n = {program, b, &graph->nodes[i], (int32_t)i, error};
		status = compile_node(&n);
	}
	for (size_t i = 0; status == PF_OK && i < graph->output_count; i++) {
		int32_t value = graph->outputs[i], at = graph->values[value].producer;
		at = at == PF_NO_NODE ? 0 : at;
		const pf_cudnn_node n = {program, b, &graph->nodes[at], at, error};
		status = pf_cudnn_to_host(&n, value);
	}
	return status;
}

static bool end_recording(pf_cudnn *b, bool done)
{
	const pf_gpu_api *api = &b->device.api;
	CUgraph graph = NULL;
	if (api->cuStreamEndCapture(b->device.stream, &graph) != CUDA_SUCCESS || !graph) {
		return false;
	}
	done = done && api->cuGraphInstantiateWithFlags(&b->replay, graph, 0) == CUDA_SUCCESS;
	api->cuGraphDestroy(graph);
	b->replay = done ? b->replay : NULL;
	return done;
}

/* Records the steps of one run as a graph of the device. Where that fails they go on to be queued one by one:
 * what was wrong with more than the recording shows there. */
static bool record(pf_program *program)
{
	pf_cudnn *b = program->backend_state;
	int32_t failed;
	if (b->device.api.cuStreamBeginCapture(b->device.stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL) !=
	    CUDA_SUCCESS) {
		return false;
	}
	b->recording = true;
	bool done = pf_program_run(program, NULL, &failed);
	b->recording = false;
	done = end_recording(b, done);
	b->device.failure.code = PF_OK;
	return done;
}

/* The graph is of the layers; copies of inputs and outputs stand around it, as they do in other runs. */
static bool replay(pf_program *program)
{
	pf_cudnn *b = program->backend_state;
	pf_gpu_device *d = &b->device;
	bool fine = pf_cudnn_run_copies(program, true);
	pf_gpu_part_begin(d, PF_DEVICE_NETWORK);
	fine = fine && pf_gpu_check(d, d->api.cuGraphLaunch(b->replay, d->stream), "replaying the network");
	pf_gpu_part_end(d, 0);
	return fine && pf_cudnn_run_copies(program, false) && pf_gpu_wait(d);
}

static void time_device(pf_program *program, pf_trace *trace)
{
	pf_cudnn *b = program->backend_state;
	pf_gpu_times_open(&b->device, trace);
}

/* The first run loads what is loaded lazily, the second is recorded, all others are replayed. Timed runs are
 * queued step by step, and each step's time is that of queueing it. */
static pf_status run(pf_program *program, pf_node_time *times, pf_error *error)
{
	pf_cudnn *b = program->backend_state;
	int32_t failed = 0;
	if (b->device.failure.code != PF_OK) { /* a context does not recover */
		return pf_gpu_fail(&b->device, error);
	}
	bool fine = pf_gpu_check(&b->device, b->device.api.cuCtxSetCurrent(b->device.context),
				 "entering the context");
	if (fine && b->one_stream && b->runs == 1) {
		b->one_stream = record(program);
	}
	b->runs += b->runs < 2;
	if (fine) {
		fine = b->replay && !times ? replay(program) : pf_program_run(program, times, &failed);
	}
	if (fine) {
		return PF_OK;
	}
	return b->device.failure.code != PF_OK ? pf_gpu_fail(&b->device, error)
					       : pf_program_bad_index(program, failed, error);
}

static pf_status read_value(pf_program *program, int32_t value, void *out, pf_error *error)
{
	pf_cudnn *b = program->backend_state;
	if (b->blocks_of[value] == PF_NO_BLOCK) {
		return pf_fail(error, PF_ERR_INTERNAL, program->graph->file, "a value was not computed");
	}
	return pf_cudnn_fetch(b, &program->graph->values[value].tensor, value, out)
		       ? PF_OK
		       : pf_gpu_fail(&b->device, error);
}

static void destroy(pf_program *program)
{
	pf_cudnn *b = program->backend_state;
	if (!b) {
		return;
	}
	if (b->device.stream) {
		b->device.api.cuStreamSynchronize(b->device.stream);
	}
	if (b->replay) {
		b->device.api.cuGraphExecDestroy(b->replay);
	}
	pf_cudnn_release_pictures(b);
	pf_cudnn_release_memory(b);
	pf_cudnn_target_clear(&b->target);
	pf_gpu_device_close(&b->device);
	free(b);
}

#define BACKEND(as)                                                                                   \
	{                                                                                             \
		.name = (as), .compile = compile, .read = read_value, .destroy = destroy, .run = run, \
		.take_pictures = pf_cudnn_take_pictures, .picture = pf_cudnn_picture,                 \
		.peaks = pf_cudnn_peaks, .time = time_device                                          \
	}

const pf_backend pf_backend_cudnn = BACKEND("cudnn");
const pf_backend pf_backend_cudnn_fp32 = BACKEND("cudnn-fp32");
