/* What is left when a graph is loaded: labels, sums, the descriptions of inputs and outputs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/nn/graph.h"

static const char *act_name(pf_act_kind kind)
{
	for (size_t i = 0; i < pf_op_count(); i++) {
		const pf_op *op = pf_op_at(i);
		if (op->kind == PF_OP_UNARY && op->detail == (int)kind) {
			return op->name;
		}
	}
	return kind == PF_ACT_SILU ? "SiLU" : "Identity";
}

static bool make_label(pf_node *node)
{
	char label[128];
	int used = snprintf(label, sizeof label, "%s", node->op->name);
	for (uint32_t i = 0; i < node->epilogue_count; i++) {
		const pf_epilogue *epilogue = &node->epilogues[i];
		used += snprintf(label + used, sizeof label - (size_t)used, "+%s",
				 epilogue->add ? "Add" : act_name(epilogue->act.kind));
	}
	node->label = strdup(label);
	return node->label != NULL;
}

static pf_network_tensor *describe(const pf_graph *graph, const int32_t *values, size_t count)
{
	pf_network_tensor *tensors = calloc(count + 1, sizeof *tensors);
	for (size_t i = 0; tensors && i < count; i++) {
		const pf_value *value = &graph->values[values[i]];
		tensors[i] = (pf_network_tensor){value->name, value->tensor.type, value->tensor.shape,
						 value->rows != PF_NO_VALUE};
	}
	return tensors;
}

pf_status pf_graph_complete(pf_graph *graph, pf_error *error)
{
	pf_graph_sweep(graph);
	for (size_t i = 0; i < graph->node_count; i++) {
		graph->work += pf_node_work(graph, &graph->nodes[i]);
		if (graph->work > graph->options.max_work) {
			return pf_node_fail(graph, &graph->nodes[i], error, PF_ERR_TOO_LARGE,
					    "up to here a run costs more than %llu operations",
					    (unsigned long long)graph->options.max_work);
		}
		if (!make_label(&graph->nodes[i])) {
			return pf_fail(error, PF_ERR_NO_MEMORY, graph->file, "not enough memory");
		}
	}
	for (size_t i = 0; i < graph->value_count; i++) {
		const pf_tensor *tensor = &graph->values[i].tensor;
		if (tensor->data) {
			graph->constant_bytes += (uint64_t)pf_shape_elements(&tensor->shape) *
						 pf_type_bytes(tensor->type);
		}
	}
	graph->input_tensors = describe(graph, graph->inputs, graph->input_count);
	graph->output_tensors = describe(graph, graph->outputs, graph->output_count);
	if (!graph->input_tensors || !graph->output_tensors) {
		return pf_fail(error, PF_ERR_NO_MEMORY, graph->file, "not enough memory");
	}
	return PF_OK;
}
