/* Networks of one layer, on the backend that the engine uses. */
#include <math.h>
#include <stdlib.h>

#include "core/workloads/work.h"
#include "photofinish/network.h"
#include "photofinish/scorer.h"
#include "photofinish/workspace.h"

typedef struct layer_work {
	pf_network *network;
	pf_workspace *workspace;
} layer_work;

static void fill_input(layer_work *own, uint32_t seed)
{
	uint64_t random = ~(uint64_t)seed;
	float *input = pf_workspace_input(own->workspace, 0);
	int64_t count = pf_shape_elements(&pf_network_input(own->network, 0)->shape);
	for (int64_t i = 0; i < count; i++) {
		input[i] = (float)(pf_work_random(&random) >> 8) / 8388608.0f - 1.0f;
	}
}

static pf_status open_layer(void *state, const pf_work_kind *kind, const pf_workload_input *input,
			    pf_error *error)
{
	layer_work *own = state;
	pf_layer_file file = ((const pf_work_layer_kind *)(const void *)kind)->file;
	uint8_t *bytes = NULL;
	size_t size = 0;
	pf_scorer_config config;
	pf_scorer_config_default(&config); /* its backend is what poses are found by */
	const char *backend = pf_work_way_of(input).backend;
	if (!pf_network_backend(0)) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "networks are not built in");
	}
	file.seed = input->seed;
	pf_status status = pf_layer_file_make(&file, &bytes, &size, error);
	if (status == PF_OK) {
		status = pf_network_load_memory(bytes, size, file.op, NULL, &own->network, error);
	}
	free(bytes);
	if (status == PF_OK) {
		status = pf_workspace_create(own->network, backend ? backend : config.backend, 0,
					     &own->workspace, error);
	}
	if (status == PF_OK) {
		fill_input(own, input->seed);
	}
	return status;
}

static pf_status run_layer(void *state)
{
	const layer_work *own = state;
	return pf_workspace_run(own->workspace, NULL);
}

static void layer_outputs(const void *state, pf_work_hash *hash)
{
	const layer_work *own = state;
	const pf_network_tensor *output = pf_network_output(own->network, 0);
	pf_work_add(hash, pf_workspace_output(own->workspace, 0),
		    (size_t)pf_shape_elements(&output->shape) * pf_type_bytes(output->type));
}

/* As near as "model check" asks by default, relative to the larger of value and mean magnitude. */
static bool layers_agree(const void *state, const void *plainest)
{
	const layer_work *own = state, *other = plainest;
	const pf_network_tensor *output = pf_network_output(own->network, 0);
	const float *a = pf_workspace_output(own->workspace, 0),
		    *b = pf_workspace_output(other->workspace, 0);
	int64_t count = pf_shape_elements(&output->shape);
	double mean = 0;
	bool agree = output->type == PF_TYPE_FLOAT;
	for (int64_t i = 0; agree && i < count; i++) {
		mean += fabs((double)b[i]) / (double)count;
	}
	for (int64_t i = 0; agree && i < count; i++) {
		agree = fabs((double)a[i] - (double)b[i]) <= 1e-4 * fmax(mean, fabs((double)b[i]));
	}
	return agree;
}

static void close_layer(void *state)
{
	layer_work *own = state;
	pf_workspace_destroy(own->workspace);
	pf_network_free(own->network);
}

static const float doubled[] = {1.0f, 1.0f, 2.0f, 2.0f};

#define KIND                                        \
	.kind = {.state_bytes = sizeof(layer_work), \
		 .open = open_layer,                \
		 .unit = run_layer,                 \
		 .outputs = layer_outputs,          \
		 .close = close_layer,              \
		 .agrees = layers_agree}
#define LAYER(name, of, with, ...) \
	[PF_WORK_LAYER_##name] = {KIND, .file = {.op = of, .attributes = with, .inputs = {__VA_ARGS__}}}

const pf_work_layer_kind pf_work_layers[PF_WORK_LAYER_COUNT] = {
	LAYER(conv3x3, "Conv", "kernel_shape=I3,3 pads=I1,1,1,1", {{1, 32, 64, 48}}, {{32, 32, 3, 3}},
	      {{32}}),
	LAYER(conv1x1, "Conv", "kernel_shape=I1,1", {{1, 64, 64, 48}}, {{64, 64, 1, 1}}, {{64}}),
	LAYER(depthwise, "Conv", "kernel_shape=I3,3 pads=I1,1,1,1 group=i64", {{1, 64, 64, 48}},
	      {{64, 1, 3, 3}}, {{64}}),
	LAYER(deconv, "ConvTranspose", "kernel_shape=I4,4 strides=I2,2 pads=I1,1,1,1", {{1, 32, 32, 24}},
	      {{32, 32, 4, 4}}, {{32}}),
	LAYER(maxpool, "MaxPool", "kernel_shape=I3,3 strides=I2,2 pads=I1,1,1,1", {{1, 64, 64, 48}}),
	LAYER(avgpool, "GlobalAveragePool", "", {{1, 64, 64, 48}}),
	LAYER(resize, "Resize", "mode=slinear", {{1, 32, 32, 24}}, {{0}}, {{4}, doubled}),
	LAYER(gemm, "Gemm", "", {{64, 256}}, {{256, 256}}, {{256}}),
	LAYER(activation, "Sigmoid", "", {{1, 64, 64, 48}}),
	LAYER(add, "Add", "", {{1, 64, 64, 48}}, {{1, 64, 64, 48}}),
	LAYER(concat, "Concat", "axis=i1", {{1, 64, 64, 48}}, {{1, 64, 64, 48}}),
	LAYER(softmax, "Softmax", "axis=i2", {{64, 17, 192}}),
	LAYER(transpose, "Transpose", "perm=I0,2,3,1", {{1, 64, 64, 48}}),
	LAYER(reduce, "ReduceMean", "axes=I2,3", {{1, 64, 64, 48}}),
};
