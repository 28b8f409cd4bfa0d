/* How fast a network runs, against the best that one convolution does on the same core in the same minutes.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/nn/graph.h"
#include "core/nn/onnx.h"
#include "photofinish/network.h"
#include "photofinish/trace.h"
#include "photofinish/workspace.h"

static pf_status no_memory(pf_error *error)
{
	return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
}

/* A network of one 3x3 convolution, 128 to 128 channels on 56 x 56: 0.46 GMAC, 1.6 MB a side, so that neither
 * memory nor overhead sets the pace. */
static pf_status make_convolution(pf_network **out, pf_error *error)
{
	static const pf_shape image = {4, {1, 128, 56, 56}}, kernel = {4, {128, 128, 3, 3}};
	pf_network *network = calloc(1, sizeof *network);
	float *weights = aligned_alloc(64, (size_t)pf_shape_elements(&kernel) * sizeof *weights);
	if (!network || !weights) {
		free(network);
		free(weights);
		return no_memory(error);
	}
	pf_graph *graph = &network->graph;
	pf_network_options_default(&graph->options);
	graph->file = strdup("one convolution");
	graph->inputs = calloc(1, sizeof *graph->inputs);
	graph->outputs = calloc(1, sizeof *graph->outputs);
	int32_t values[3] = {0}, node = 0;
	pf_status status = graph->file && graph->inputs && graph->outputs ? PF_OK : no_memory(error);
	static const char *const names[3] = {"image", "weights", "result"};
	for (int i = 0; status == PF_OK && i < 3; i++) {
		status = pf_graph_add_value(graph, names[i], &values[i], error);
	}
	if (status == PF_OK) {
		status = pf_graph_add_node(graph, "convolution", 3, 1, &node, error);
	}
	if (status != PF_OK) {
		free(weights);
		pf_network_free(network);
		return status;
	}
	for (int64_t i = 0; i < pf_shape_elements(&kernel); i++) {
		weights[i] = (float)(i % 13) / 13 - 0.5f;
	}
	const pf_tensor tensors[3] = {
		{PF_TYPE_FLOAT, image, NULL}, {PF_TYPE_FLOAT, kernel, weights}, {PF_TYPE_FLOAT, image, NULL}};
	for (int i = 0; i < 3; i++) {
		graph->values[values[i]].tensor = tensors[i];
		graph->values[values[i]].known = true;
	}
	pf_node *convolution = &graph->nodes[node];
	convolution->op = pf_op_find("Conv");
	convolution->inputs[0] = values[0];
	convolution->inputs[1] = values[1];
	convolution->inputs[2] = PF_NO_VALUE;
	convolution->outputs[0] = values[2];
	convolution->params.window = (pf_window){.kernel = {3, 3},
						 .stride = {1, 1},
						 .dilation = {1, 1},
						 .pad_begin = {1, 1},
						 .pad_end = {1, 1},
						 .groups = 1};
	convolution->macs = (uint64_t)pf_shape_elements(&image) * 128 * 9;
	graph->values[values[2]].producer = node;
	graph->values[values[2]].is_output = true;
	graph->inputs[graph->input_count++] = values[0];
	graph->outputs[graph->output_count++] = values[2];
	status = pf_graph_complete(graph, error);
	if (status != PF_OK) {
		pf_network_free(network);
		return status;
	}
	*out = network;
	return PF_OK;
}

static pf_status open_workspace(const pf_network *network, const char *backend, pf_workspace **out,
				pf_error *error)
{
	pf_status status = pf_workspace_create(network, backend, 0, out, error);
	for (size_t i = 0; status == PF_OK && i < network->graph.input_count; i++) {
		/* Halves, so that activations do not saturate and no denormals come up. */
		const pf_network_tensor *tensor = pf_network_input(network, i);
		int64_t count = pf_shape_elements(&tensor->shape);
		for (int64_t k = 0; tensor->type == PF_TYPE_FLOAT && k < count; k++) {
			((float *)pf_workspace_input(*out, i))[k] = (float)(k % 17) / 17 - 0.5f;
		}
	}
	return status;
}

static uint64_t cpu_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

typedef struct run_time {
	uint64_t wall_ns, cpu_ns;
} run_time;

static int by_time(const void *a, const void *b)
{
	uint64_t x = ((const run_time *)a)->wall_ns, y = ((const run_time *)b)->wall_ns;
	return x < y ? -1 : x > y;
}

static pf_status timed_run(pf_workspace *workspace, run_time *time, pf_error *error)
{
	uint64_t wall = pf_now_ns(), cpu = cpu_ns();
	pf_status status = pf_workspace_run(workspace, error);
	*time = (run_time){pf_now_ns() - wall, cpu_ns() - cpu};
	return status;
}

static uint64_t least_cpu(const run_time *times, uint32_t count)
{
	uint64_t least = UINT64_MAX;
	for (uint32_t i = 0; i < count; i++) {
		least = times[i].cpu_ns < least ? times[i].cpu_ns : least;
	}
	return least ? least : 1;
}

pf_status pf_network_bench(const pf_network *network, const char *backend, uint32_t rounds,
			   pf_network_bench_result *result, pf_error *error)
{
	pf_network *convolution = NULL;
	pf_workspace *workspaces[2] = {NULL, NULL};
	run_time *times[2] = {calloc(rounds + 1, sizeof(run_time)), calloc(rounds + 1, sizeof(run_time))};
	if (!times[0] || !times[1] || !rounds) {
		free(times[0]);
		free(times[1]);
		no_memory(error);
		return PF_ERR_NO_MEMORY;
	}
	pf_status status = make_convolution(&convolution, error);
	const pf_network *networks[2] = {network, convolution};
	for (int k = 0; status == PF_OK && k < 2; k++) {
		status = open_workspace(networks[k], backend, &workspaces[k], error);
		run_time warm;
		status = status == PF_OK ? timed_run(workspaces[k], &warm, error) : status;
	}
	/* In turns, so that what slows the machine down slows both. */
	for (uint32_t i = 0; status == PF_OK && i < rounds; i++) {
		for (int k = 0; status == PF_OK && k < 2; k++) {
			status = timed_run(workspaces[k], &times[k][i], error);
		}
	}
	if (status == PF_OK) {
		pf_network_stats stats[2];
		for (int k = 0; k < 2; k++) {
			qsort(times[k], rounds, sizeof(run_time), by_time);
			pf_network_stats_get(networks[k], &stats[k]);
		}
		*result = (pf_network_bench_result){
			.rounds = rounds,
			.best_ns = times[0][0].wall_ns,
			.median_ns = times[0][rounds / 2].wall_ns,
			.gflops = 2.0 * (double)stats[0].macs / (double)least_cpu(times[0], rounds),
			.convolution_gflops = 2.0 * (double)stats[1].macs /
					      (double)least_cpu(times[1], rounds),
		};
		result->share = result->gflops / result->convolution_gflops;
	}
	pf_workspace_destroy(workspaces[0]);
	pf_workspace_destroy(workspaces[1]);
	pf_network_free(convolution);
	free(times[0]);
	free(times[1]);
	return status;
}
