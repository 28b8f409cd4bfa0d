#include "photofinish/network.h"

#include <stdlib.h>
#include <string.h>

#include "core/nn/graph.h"
#include "core/nn/onnx.h"
#include "core/nn/onnx_file.h"

void pf_network_options_default(pf_network_options *options)
{
	*options = (pf_network_options){.max_file_bytes = 512u << 20,
					.max_nodes = 20000,
					.max_folded_bytes = 64u << 20,
					.max_activation_bytes = 160u << 20,
					.max_work = 2000000000000u};
}

static pf_status load(const uint8_t *bytes, size_t size, const char *name, const char *folder_of,
		      const pf_network_options *options, pf_network **out, pf_error *error)
{
	pf_network *network = calloc(1, sizeof *network);
	if (network) {
		network->graph.file = strdup(name);
	}
	if (!network || !network->graph.file) {
		free(network);
		return pf_fail(error, PF_ERR_NO_MEMORY, name, "not enough memory");
	}
	if (options) {
		network->graph.options = *options;
	} else {
		pf_network_options_default(&network->graph.options);
	}
	pf_status status = pf_onnx_load(bytes, size, folder_of, &network->graph, error);
	network->graph.options.bindings = NULL; /* the caller's */
	network->graph.options.binding_count = 0;
	if (status != PF_OK) {
		pf_network_free(network);
		return status;
	}
	*out = network;
	return PF_OK;
}

pf_status pf_network_load(const char *file, const pf_network_options *options, pf_network **out,
			  pf_error *error)
{
	pf_network_options defaults;
	pf_network_options_default(&defaults);
	pf_file_view view;
	pf_status status = pf_file_view_open(
		file, options ? options->max_file_bytes : defaults.max_file_bytes, &view, error);
	if (status == PF_OK) {
		status = load(view.bytes, view.size, file, file, options, out, error);
		pf_file_view_close(&view);
	}
	return status;
}

pf_status pf_network_load_memory(const void *bytes, size_t size, const char *name,
				 const pf_network_options *options, pf_network **out, pf_error *error)
{
	return load(bytes, size, name ? name : "", NULL, options, out, error);
}

void pf_network_free(pf_network *network)
{
	if (network) {
		pf_graph_clear(&network->graph);
		free(network);
	}
}

size_t pf_network_input_count(const pf_network *network)
{
	return network->graph.input_count;
}

size_t pf_network_output_count(const pf_network *network)
{
	return network->graph.output_count;
}

const pf_network_tensor *pf_network_input(const pf_network *network, size_t index)
{
	return &network->graph.input_tensors[index];
}

const pf_network_tensor *pf_network_output(const pf_network *network, size_t index)
{
	return &network->graph.output_tensors[index];
}

static uint64_t bytes_of(const pf_tensor *tensor)
{
	return (uint64_t)pf_shape_elements(&tensor->shape) * pf_type_bytes(tensor->type);
}

static uint64_t value_bytes_of(const pf_graph *graph, const pf_node *node)
{
	uint64_t bytes = 0;
	for (uint32_t i = 0; i < node->input_count; i++) {
		bytes += pf_node_has_input(node, i) ? bytes_of(pf_node_input(graph, node, i)) : 0;
	}
	for (uint32_t i = 0; i < node->output_count; i++) {
		bytes += bytes_of(pf_node_output(graph, node, i));
	}
	return bytes;
}

void pf_network_stats_get(const pf_network *network, pf_network_stats *stats)
{
	const pf_graph *graph = &network->graph;
	*stats = (pf_network_stats){.parameters = graph->parameters,
				    .constant_bytes = graph->constant_bytes,
				    .file_nodes = graph->file_nodes,
				    .nodes = graph->node_count,
				    .opset = graph->opset};
	for (size_t i = 0; i < graph->node_count; i++) {
		stats->macs += graph->nodes[i].macs;
		stats->value_bytes += value_bytes_of(graph, &graph->nodes[i]);
	}
}

size_t pf_network_node_count(const pf_network *network)
{
	return network->graph.node_count;
}

void pf_network_node_get(const pf_network *network, size_t index, pf_network_node *node)
{
	const pf_graph *graph = &network->graph;
	const pf_node *from = &graph->nodes[index];
	const pf_tensor *out = pf_node_output(graph, from, 0);
	*node = (pf_network_node){.name = from->name,
				  .operator= from->label,
				  .type = out->type,
				  .shape = out->shape,
				  .outputs = from->output_count,
				  .macs = from->macs,
				  .from = pf_node_has_input(from, 0) ? graph->values[from->inputs[0]].producer
								     : PF_NO_NODE};
	for (uint32_t i = 0; i < from->input_count; i++) {
		const pf_tensor *in = pf_node_input(graph, from, i);
		if (in->data && in->type == PF_TYPE_FLOAT) {
			node->parameters += (uint64_t)pf_shape_elements(&in->shape);
		}
	}
}
