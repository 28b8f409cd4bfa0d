#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/nn/graph.h"
#include "core/nn/program.h"
#include "photofinish/network.h"
#include "photofinish/workspace.h"

struct pf_workspace {
	pf_program program;
	pf_node_time *times;
};

static const pf_backend *const backends[] = {
#ifdef PF_WITH_ONEDNN
	&pf_backend_onednn,
#endif
	&pf_backend_plain,
};

/* Those of a device, which a machine may be without though the build has them, and those that only a strategy
 * asks for. */
static const pf_backend *const further_backends[] = {
#ifdef PF_WITH_ONEDNN
	&pf_backend_onednn_bytes,
	&pf_backend_onednn_winograd,
#endif
#ifdef PF_WITH_CUDA
	&pf_backend_cudnn,
	&pf_backend_cudnn_fp32,
#endif
	NULL,
};

const char *pf_network_backend(size_t index)
{
	return index < sizeof backends / sizeof *backends ? backends[index]->name : NULL;
}

/* Threads that compile the same network share what oneDNN keeps of it; one after the other they find it
 * there, where side by side they would wait for each other inside the library. */
static pthread_mutex_t compiling = PTHREAD_MUTEX_INITIALIZER;

static int enter(const pf_backend *backend)
{
	return backend->enter ? backend->enter() : 0;
}

static void leave(const pf_backend *backend, int entered)
{
	if (backend->leave) {
		backend->leave(entered);
	}
}

pf_status pf_workspace_create(const pf_network *network, const char *backend, unsigned flags,
			      pf_workspace **out, pf_error *error)
{
	const pf_backend *found = NULL;
	for (size_t i = 0; i < sizeof backends / sizeof *backends; i++) {
		if (!strcmp(backends[i]->name, backend)) {
			found = backends[i];
		}
	}
	for (size_t i = 0; further_backends[i]; i++) {
		if (!strcmp(further_backends[i]->name, backend)) {
			found = further_backends[i];
		}
	}
	if (!found) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "there is no backend of that name in this build");
	}
	pf_workspace *workspace = calloc(1, sizeof *workspace);
	if (!workspace) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	pthread_mutex_lock(&compiling);
	int entered = enter(found);
	pf_status status = pf_program_init(&workspace->program, &network->graph, found, flags, error);
	if (status == PF_OK) {
		status = found->compile(&workspace->program, error);
	}
	if (status == PF_OK) {
		status = pf_program_plan(&workspace->program, error);
	}
	leave(found, entered);
	pthread_mutex_unlock(&compiling);
	if (status != PF_OK) {
		pf_workspace_destroy(workspace);
		return status;
	}
	*out = workspace;
	return PF_OK;
}

void pf_workspace_destroy(pf_workspace *workspace)
{
	if (workspace) {
		pf_program_clear(&workspace->program);
		free(workspace);
	}
}

void *pf_workspace_input(pf_workspace *workspace, size_t index)
{
	const pf_program *program = &workspace->program;
	return pf_program_address(program, program->value_buffers[program->graph->inputs[index]]);
}

const void *pf_workspace_output(const pf_workspace *workspace, size_t index)
{
	const pf_program *program = &workspace->program;
	return pf_program_address(program, program->value_buffers[program->graph->outputs[index]]);
}

int64_t pf_workspace_output_rows(const pf_workspace *workspace, size_t index)
{
	const pf_program *program = &workspace->program;
	const pf_value *value = &program->graph->values[program->graph->outputs[index]];
	if (value->rows == PF_NO_VALUE) {
		return value->tensor.shape.rank ? value->tensor.shape.dims[0] : 1;
	}
	return *(const int32_t *)pf_program_address(program, program->value_buffers[value->rows]);
}

pf_status pf_workspace_run(pf_workspace *workspace, pf_error *error)
{
	pf_program *program = &workspace->program;
	int32_t failed = 0;
	int entered = enter(program->backend);
	pf_status status = PF_OK;
	if (program->backend->run) {
		status = program->backend->run(program, workspace->times, error);
	} else if (!pf_program_run(program, workspace->times, &failed)) {
		status = pf_program_bad_index(program, failed, error);
	}
	leave(program->backend, entered);
	return status;
}

bool pf_workspace_take_pictures(pf_workspace *workspace, uint32_t maxima)
{
	const pf_backend *backend = workspace->program.backend;
	return backend->take_pictures && backend->take_pictures(&workspace->program, maxima);
}

pf_status pf_workspace_picture(pf_workspace *workspace, size_t index, const pf_picture *picture,
			       pf_error *error)
{
	return workspace->program.backend->picture(&workspace->program, index, picture, error);
}

const pf_gpu_peak *pf_workspace_peaks(const pf_workspace *workspace)
{
	const pf_backend *backend = workspace->program.backend;
	return backend->peaks ? backend->peaks(&workspace->program) : NULL;
}

bool pf_workspace_time(pf_workspace *workspace, pf_trace *trace)
{
	const pf_backend *backend = workspace->program.backend;
	if (backend->time) {
		backend->time(&workspace->program, trace);
	}
	return backend->time;
}

void pf_workspace_profile(pf_workspace *workspace, pf_node_time *times)
{
	workspace->times = times;
}

const char *pf_workspace_node_backend(const pf_workspace *workspace, size_t index)
{
	return workspace->program.node_backends[index];
}

uint64_t pf_workspace_arena_bytes(const pf_workspace *workspace)
{
	return workspace->program.arena_bytes;
}

pf_status pf_workspace_read_node(pf_workspace *workspace, size_t index, size_t output, void *out,
				 size_t bytes, pf_error *error)
{
	pf_program *program = &workspace->program;
	const pf_graph *graph = program->graph;
	if (!(program->flags & PF_WORKSPACE_KEEP) || index >= graph->node_count ||
	    output >= graph->nodes[index].output_count ||
	    graph->nodes[index].outputs[output] == PF_NO_VALUE) {
		return pf_fail(error, PF_ERR_USAGE, graph->file, "there is no such output to read");
	}
	int32_t value = graph->nodes[index].outputs[output];
	const pf_tensor *tensor = &graph->values[value].tensor;
	if (bytes != (size_t)pf_shape_elements(&tensor->shape) * pf_type_bytes(tensor->type)) {
		return pf_fail(error, PF_ERR_USAGE, graph->file,
			       "the memory does not have the output's size");
	}
	int32_t buffer = program->value_buffers[value];
	if (buffer != PF_NO_BUFFER) {
		memcpy(out, pf_program_address(program, buffer), bytes);
		return PF_OK;
	}
	int entered = enter(program->backend);
	pf_status status = program->backend->read(program, value, out, error);
	leave(program->backend, entered);
	return status;
}
