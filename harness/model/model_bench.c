#include "harness/model/model_bench.h"

#include <stdlib.h>
#include <string.h>

#include "harness/model/model_check.h"
#include "harness/run/run.h"
#include "photofinish/trace.h"

#define CHANNELS 256 /* of the large convolution, in and out */
#define SIDE 64
#define SLOT_NS 50000000u

/* Just enough of the protobuf wire format to write a model of one node. */
struct writer {
	unsigned char *bytes;
	size_t used, capacity;
};

static void put_byte(struct writer *out, unsigned value)
{
	if (out->used < out->capacity) {
		out->bytes[out->used] = (unsigned char)value;
	}
	out->used++;
}

static void put_varint(struct writer *out, uint64_t value)
{
	for (; value >= 128; value >>= 7) {
		put_byte(out, (unsigned)(value & 127) | 128);
	}
	put_byte(out, (unsigned)value);
}

static void put_integer(struct writer *out, unsigned field, uint64_t value)
{
	put_varint(out, field << 3);
	put_varint(out, value);
}

static void put_bytes(struct writer *out, unsigned field, const void *bytes, size_t size)
{
	put_varint(out, field << 3 | 2);
	put_varint(out, size);
	for (size_t i = 0; i < size; i++) {
		put_byte(out, ((const unsigned char *)bytes)[i]);
	}
}

static void put_text(struct writer *out, unsigned field, const char *text)
{
	put_bytes(out, field, text, strlen(text));
}

/* ValueInfoProto of a float tensor [1, CHANNELS, SIDE, SIDE]. */
static void put_value(struct writer *out, unsigned field, const char *name)
{
	unsigned char dims_bytes[64], tensor_bytes[96], type_bytes[112], value_bytes[160];
	struct writer dims = {dims_bytes, 0, sizeof dims_bytes},
		      tensor = {tensor_bytes, 0, sizeof tensor_bytes};
	struct writer type = {type_bytes, 0, sizeof type_bytes}, value = {value_bytes, 0, sizeof value_bytes};
	const uint64_t sides[4] = {1, CHANNELS, SIDE, SIDE};
	for (int i = 0; i < 4; i++) {
		unsigned char dim_bytes[8];
		struct writer dim = {dim_bytes, 0, sizeof dim_bytes};
		put_integer(&dim, 1, sides[i]);
		put_bytes(&dims, 1, dim_bytes, dim.used);
	}
	put_integer(&tensor, 1, 1);
	put_bytes(&tensor, 2, dims_bytes, dims.used);
	put_bytes(&type, 1, tensor_bytes, tensor.used);
	put_text(&value, 1, name);
	put_bytes(&value, 2, type_bytes, type.used);
	put_bytes(out, field, value_bytes, value.used);
}

/* NodeProto: y = Conv(x, w), padded by 1. */
static void put_node(struct writer *out)
{
	unsigned char pads_bytes[64], node_bytes[128];
	struct writer pads = {pads_bytes, 0, sizeof pads_bytes}, node = {node_bytes, 0, sizeof node_bytes};
	put_text(&pads, 1, "pads");
	for (int i = 0; i < 4; i++) {
		put_integer(&pads, 8, 1);
	}
	put_integer(&pads, 20, 7);
	put_text(&node, 1, "x");
	put_text(&node, 1, "w");
	put_text(&node, 2, "y");
	put_text(&node, 4, "Conv");
	put_bytes(&node, 5, pads_bytes, pads.used);
	put_bytes(out, 1, node_bytes, node.used);
}

static void put_weights(struct writer *out, const float *weights, size_t count)
{
	size_t capacity = count * sizeof *weights + 64;
	struct writer tensor = {malloc(capacity), 0, capacity};
	const uint64_t dims[4] = {CHANNELS, CHANNELS, 3, 3};
	if (!tensor.bytes) {
		tensor.capacity = 0;
	}
	for (int i = 0; i < 4; i++) {
		put_integer(&tensor, 1, dims[i]);
	}
	put_integer(&tensor, 2, 1);
	put_text(&tensor, 8, "w");
	put_bytes(&tensor, 9, weights, count * sizeof *weights);
	if (tensor.bytes) {
		put_bytes(out, 5, tensor.bytes, tensor.used);
	}
	free(tensor.bytes);
}

/* A network of one 3x3 convolution of 2.4 GMAC. */
static pf_status load_convolution(pf_network **out, pf_error *error)
{
	const size_t count = (size_t)CHANNELS * CHANNELS * 9;
	size_t capacity = count * sizeof(float) + 1024;
	unsigned char opset_bytes[8];
	float *weights = malloc(count * sizeof *weights);
	struct writer graph = {malloc(capacity), 0, capacity}, model = {malloc(capacity), 0, capacity};
	struct writer opset = {opset_bytes, 0, sizeof opset_bytes};
	pf_network_options options;
	pf_status status = PF_ERR_NO_MEMORY;
	if (weights && graph.bytes && model.bytes) {
		for (size_t i = 0; i < count; i++) {
			weights[i] = (float)(i % 17) / 256.0f - 0.03f;
		}
		put_node(&graph);
		put_text(&graph, 2, "convolution");
		put_weights(&graph, weights, count);
		put_value(&graph, 11, "x");
		put_value(&graph, 12, "y");
		put_integer(&opset, 2, 13);
		put_integer(&model, 1, 8);
		put_bytes(&model, 7, graph.bytes, graph.used);
		put_bytes(&model, 8, opset_bytes, opset.used);
		pf_network_options_default(&options);
		status = pf_network_load_memory(model.bytes, model.used, "convolution", &options, out, error);
	} else {
		pf_fail(error, status, NULL, "not enough memory");
	}
	free(weights);
	free(graph.bytes);
	free(model.bytes);
	return status;
}

/* Seconds of one run: as many as fit into a slot, at least one. */
static pf_status time_slot(pf_workspace *workspace, double *seconds, pf_error *error)
{
	pf_status status = PF_OK;
	uint64_t runs = 0, begin = pf_now_ns(), now = begin;
	while (status == PF_OK && (runs == 0 || now - begin < SLOT_NS)) {
		status = pf_workspace_run(workspace, error);
		now = pf_now_ns();
		runs++;
	}
	*seconds = (double)(now - begin) * 1e-9 / (double)runs;
	return status;
}

static void summarise(const double *times, const double *best, uint32_t rounds, uint64_t macs,
		      uint64_t best_macs, double *scratch, pf_model_bench *out)
{
	out->network_s = pf_mean_interval(times, rounds, PF_LEVEL);
	for (uint32_t i = 0; i < rounds; i++) {
		scratch[i] = 2.0 * (double)macs / times[i];
		scratch[rounds + i] = 2.0 * (double)best_macs / best[i];
	}
	out->network_flops = pf_mean_interval(scratch, rounds, PF_LEVEL);
	out->best_flops = pf_mean_interval(scratch + rounds, rounds, PF_LEVEL);
	out->share = pf_ratio_interval(scratch, scratch + rounds, rounds, PF_LEVEL);
}

pf_status pf_model_bench_run(const pf_network *network, const char *backend, uint32_t rounds,
			     pf_model_bench *out, pf_error *error)
{
	pf_network *convolution = NULL;
	pf_workspace *spaces[2] = {NULL, NULL};
	double *times = calloc(4 * (size_t)rounds, sizeof *times);
	if (!times) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	pf_status status = load_convolution(&convolution, error);
	const pf_network *const networks[2] = {network, convolution};
	for (int i = 0; i < 2 && status == PF_OK; i++) {
		status = pf_workspace_create(networks[i], backend, 0, &spaces[i], error);
		if (status == PF_OK) {
			pf_model_fill_inputs(networks[i], spaces[i], 1);
			status = pf_workspace_run(spaces[i], error);
		}
	}
	for (uint32_t round = 0; round < rounds && status == PF_OK; round++) {
		for (uint32_t turn = 0; turn < 2 && status == PF_OK; turn++) {
			uint32_t which = (round + turn) % 2;
			status = time_slot(spaces[which], &times[which * rounds + round], error);
		}
	}
	if (status == PF_OK) {
		pf_network_stats stats, best;
		pf_network_stats_get(network, &stats);
		pf_network_stats_get(convolution, &best);
		summarise(times, times + rounds, rounds, stats.macs, best.macs, times + 2 * (size_t)rounds,
			  out);
	}
	pf_workspace_destroy(spaces[0]);
	pf_workspace_destroy(spaces[1]);
	pf_network_free(convolution);
	free(times);
	return status;
}
