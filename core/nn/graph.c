#include "core/nn/graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "photofinish/file.h"

/* Grows *array so that it holds one more element. */
static bool grow(void **array, size_t count, size_t *capacity, size_t bytes)
{
	if (count < *capacity) {
		return true;
	}
	size_t wanted = *capacity ? *capacity * 2 : 64;
	void *larger = reallocarray(*array, wanted, bytes);
	if (!larger) {
		return false;
	}
	*array = larger;
	*capacity = wanted;
	return true;
}

const char *pf_graph_keep_name(pf_graph *graph, const char *name)
{
	char *copy = strdup(name);
	if (!copy ||
	    !grow((void **)&graph->names, graph->name_count, &graph->name_capacity, sizeof(char *))) {
		free(copy);
		return NULL;
	}
	graph->names[graph->name_count++] = copy;
	return copy;
}

pf_status pf_graph_add_value(pf_graph *graph, const char *name, int32_t *index, pf_error *error)
{
	const char *kept = pf_graph_keep_name(graph, name);
	if (!kept || !grow((void **)&graph->values, graph->value_count, &graph->value_capacity,
			   sizeof *graph->values)) {
		return pf_fail(error, PF_ERR_NO_MEMORY, graph->file, "not enough memory");
	}
	graph->values[graph->value_count] = (pf_value){
		.name = kept, .producer = PF_NO_NODE, .rows = PF_NO_VALUE};
	*index = (int32_t)graph->value_count++;
	return PF_OK;
}

pf_status pf_graph_add_node(pf_graph *graph, const char *name, uint32_t inputs, uint32_t outputs,
			    int32_t *index, pf_error *error)
{
	const char *kept = pf_graph_keep_name(graph, name);
	/* Room for the inputs that fusing appends. */
	int32_t *links = malloc(((size_t)inputs + outputs + 2) * sizeof *links);
	if (!kept || !links ||
	    !grow((void **)&graph->nodes, graph->node_count, &graph->node_capacity, sizeof *graph->nodes)) {
		free(links);
		return pf_fail(error, PF_ERR_NO_MEMORY, graph->file, "not enough memory");
	}
	graph->nodes[graph->node_count] = (pf_node){.name = kept,
						    .outputs = links,
						    .inputs = links + outputs,
						    .input_count = inputs,
						    .output_count = outputs};
	*index = (int32_t)graph->node_count++;
	return PF_OK;
}

void pf_graph_clear(pf_graph *graph)
{
	for (size_t i = 0; i < graph->value_count; i++) {
		free(graph->values[i].tensor.data);
	}
	for (size_t i = 0; i < graph->node_count; i++) {
		free(graph->nodes[i].outputs);
		free(graph->nodes[i].label);
	}
	for (size_t i = 0; i < graph->name_count; i++) {
		free(graph->names[i]);
	}
	free(graph->values);
	free(graph->nodes);
	free(graph->names);
	free(graph->inputs);
	free(graph->outputs);
	free(graph->input_tensors);
	free(graph->output_tensors);
	free((char *)graph->file);
	*graph = (pf_graph){0};
}

static void mark_needed(const pf_graph *graph, bool *needed)
{
	for (size_t i = 0; i < graph->output_count; i++) {
		needed[graph->outputs[i]] = true;
	}
	for (size_t i = graph->node_count; i-- > 0;) {
		pf_node *node = &graph->nodes[i];
		bool used = false;
		for (uint32_t k = 0; k < node->output_count; k++) {
			used |= node->outputs[k] != PF_NO_VALUE && needed[node->outputs[k]];
		}
		node->removed |= !used;
		for (uint32_t k = 0; !node->removed && k < node->input_count; k++) {
			if (node->inputs[k] != PF_NO_VALUE) {
				needed[node->inputs[k]] = true;
			}
		}
	}
}

void pf_graph_sweep(pf_graph *graph)
{
	bool *needed = calloc(graph->value_count + 1, sizeof *needed);
	if (!needed) {
		return; /* the graph stays as it is: larger, and right */
	}
	mark_needed(graph, needed);
	size_t kept = 0;
	for (size_t i = 0; i < graph->node_count; i++) {
		pf_node *node = &graph->nodes[i];
		if (node->removed) {
			free(node->outputs);
			free(node->label);
			continue;
		}
		for (uint32_t k = 0; k < node->output_count; k++) {
			if (node->outputs[k] != PF_NO_VALUE) {
				graph->values[node->outputs[k]].producer = (int32_t)kept;
			}
		}
		graph->nodes[kept++] = *node;
	}
	graph->node_count = kept;
	for (size_t i = 0; i < graph->value_count; i++) {
		if (!needed[i]) {
			free(graph->values[i].tensor.data);
			graph->values[i].tensor.data = NULL;
		}
	}
	free(needed);
}

static void format_message(char *out, size_t capacity, const char *format, va_list arguments)
{
	vsnprintf(out, capacity, format, arguments); /* NOLINT(clang-analyzer-valist.Uninitialized): it is */
}

pf_status pf_node_fail(const pf_graph *graph, const pf_node *node, pf_error *error, pf_status code,
		       const char *format, ...)
{
	char message[192], name[96];
	va_list arguments;
	va_start(arguments, format);
	format_message(message, sizeof message, format, arguments);
	va_end(arguments);
	return pf_fail(error, code, graph->file, "node \"%s\" (%s): %s",
		       pf_escape(node->name, name, sizeof name), node->op ? node->op->name : "?", message);
}

static const pf_tensor absent;

const pf_tensor *pf_node_input(const pf_graph *graph, const pf_node *node, uint32_t i)
{
	return pf_node_has_input(node, i) ? &graph->values[node->inputs[i]].tensor : &absent;
}

const pf_tensor *pf_node_output(const pf_graph *graph, const pf_node *node, uint32_t i)
{
	return i < node->output_count && node->outputs[i] != PF_NO_VALUE
		       ? &graph->values[node->outputs[i]].tensor
		       : &absent;
}

bool pf_node_has_input(const pf_node *node, uint32_t i)
{
	return i < node->input_count && node->inputs[i] != PF_NO_VALUE;
}
