/* Building the graph of a model: names become indices, order becomes an order in which nodes can run. */
#include <onnx.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/nn/onnx.h"
#include "core/nn/onnx_file.h"
#include "core/nn/onnx_scan.h"
#include "photofinish/file.h"

typedef struct name_entry {
	const char *name;
	int32_t value;
} name_entry;

typedef struct builder {
	pf_graph *graph;
	const Onnx__ModelProto *model;
	const char *folder_of;
	name_entry *names; /* sorted: what can be an input of a node */
	size_t name_count;
	pf_error *error;
} builder;

static int by_name(const void *a, const void *b)
{
	return strcmp(((const name_entry *)a)->name, ((const name_entry *)b)->name);
}

static pf_status no_memory(const builder *b)
{
	pf_fail(b->error, PF_ERR_NO_MEMORY, b->graph->file, "not enough memory");
	return PF_ERR_NO_MEMORY; /* said again for the analyser */
}

static const name_entry *find_name(const builder *b, const char *name)
{
	name_entry key = {.name = name};
	return b->name_count ? bsearch(&key, b->names, b->name_count, sizeof key, by_name) : NULL;
}

/* protobuf-c does not say why it has no message. */
static void *allocate(void *starved, size_t bytes)
{
	void *block = malloc(bytes);
	*(bool *)starved = *(bool *)starved || !block;
	return block;
}

static void give_back(void *starved, void *block)
{
	(void)starved;
	free(block);
}

static pf_status check_model(const builder *b)
{
	const Onnx__ModelProto *model = b->model;
	const char *file = b->graph->file;
	if (!model->graph || (model->graph->n_node == 0 && model->graph->n_output == 0)) {
		return pf_fail(b->error, PF_ERR_INVALID, file, "not an ONNX file, or one without a graph");
	}
	if (model->n_functions) {
		return pf_fail(b->error, PF_ERR_UNSUPPORTED, file, "functions in a model are not supported");
	}
	if (model->graph->n_sparse_initializer) {
		return pf_fail(b->error, PF_ERR_UNSUPPORTED, file, "sparse tensors are not supported");
	}
	if (model->graph->n_node > b->graph->options.max_nodes) {
		return pf_fail(b->error, PF_ERR_TOO_LARGE, file, "the model has %zu nodes, the limit is %llu",
			       model->graph->n_node, (unsigned long long)b->graph->options.max_nodes);
	}
	b->graph->opset = 0;
	for (size_t i = 0; i < model->n_opset_import; i++) {
		const char *domain = model->opset_import[i]->domain;
		if (!domain || !*domain || !strcmp(domain, "ai.onnx") != 0) {
			b->graph->opset = model->opset_import[i]->version;
		}
	}
	if (b->graph->opset < PF_MIN_OPSET || b->graph->opset > PF_MAX_OPSET) {
		return pf_fail(b->error, PF_ERR_UNSUPPORTED, file,
			       "the model uses operator set %lld; %d to %d are supported",
			       (long long)b->graph->opset, PF_MIN_OPSET, PF_MAX_OPSET);
	}
	return PF_OK;
}

/* Adds a value under a name that the file may use once. */
static pf_status add_name(builder *b, const char *name, int32_t *value)
{
	pf_status status = pf_graph_add_value(b->graph, name, value, b->error);
	if (status == PF_OK) {
		b->names[b->name_count++] = (name_entry){b->graph->values[*value].name, *value};
	}
	return status;
}

static pf_status add_initializers(builder *b)
{
	const Onnx__GraphProto *proto = b->model->graph;
	uint64_t external = 0;
	for (size_t i = 0; i < proto->n_initializer; i++) {
		const char *name = proto->initializer[i]->name;
		if (!name || !*name) {
			return pf_fail(b->error, PF_ERR_INVALID, b->graph->file, "a tensor has no name");
		}
		int32_t index;
		pf_status status = add_name(b, name, &index);
		if (status == PF_OK) {
			status = pf_onnx_tensor(proto->initializer[i], b->graph, b->folder_of, &external,
						&b->graph->values[index].tensor, b->error);
		}
		if (status != PF_OK) {
			return status;
		}
		b->graph->values[index].known = true;
		b->graph->values[index].is_parameter = true;
	}
	return PF_OK;
}

static pf_status bind_dim(const builder *b, const char *shown, const Onnx__TypeProto__Tensor *type, size_t i,
			  const pf_network_binding *binding, int64_t *dim)
{
	const Onnx__TensorShapeProto__Dimension *declared = type->shape->dim[i];
	bool open = declared->value_case != ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE ||
		    declared->dim_value <= 0;
	if (binding) {
		*dim = binding->shape.dims[i];
	} else if (open && i > 0) {
		return pf_fail(b->error, PF_ERR_INVALID, b->graph->file,
			       "input \"%s\" leaves dimension %zu open: state its shape", shown, i);
	} else {
		*dim = open ? 1 : declared->dim_value;
	}
	return PF_OK;
}

static pf_status input_type(const builder *b, const Onnx__ValueInfoProto *info, pf_tensor *tensor)
{
	char shown[96];
	pf_escape(info->name, shown, sizeof shown);
	const Onnx__TypeProto *type = info->type;
	if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || !type->tensor_type ||
	    !type->tensor_type->shape) {
		return pf_fail(b->error, PF_ERR_UNSUPPORTED, b->graph->file,
			       "input \"%s\" is not a tensor with a shape", shown);
	}
	const Onnx__TypeProto__Tensor *declared = type->tensor_type;
	if (!pf_onnx_type(declared->elem_type, &tensor->type)) {
		return pf_fail(b->error, PF_ERR_UNSUPPORTED, b->graph->file,
			       "input \"%s\": data type %d is not supported", shown, declared->elem_type);
	}
	const pf_network_binding *binding = NULL;
	for (size_t i = 0; i < b->graph->options.binding_count; i++) {
		const char *input = b->graph->options.bindings[i].input;
		if (!input || !strcmp(input, info->name)) {
			binding = &b->graph->options.bindings[i];
		}
	}
	if (declared->shape->n_dim > PF_MAX_RANK ||
	    (binding && binding->shape.rank != (int32_t)declared->shape->n_dim)) {
		return pf_fail(b->error, PF_ERR_INVALID, b->graph->file, "input \"%s\" has %zu dimensions",
			       shown, declared->shape->n_dim);
	}
	tensor->shape.rank = (int32_t)declared->shape->n_dim;
	for (size_t i = 0; i < declared->shape->n_dim; i++) {
		pf_status status = bind_dim(b, shown, declared, i, binding, &tensor->shape.dims[i]);
		if (status != PF_OK) {
			return status;
		}
	}
	int64_t elements;
	if (!pf_shape_check(&tensor->shape, &elements) ||
	    (uint64_t)elements * pf_type_bytes(tensor->type) > b->graph->options.max_activation_bytes) {
		return pf_fail(b->error, PF_ERR_TOO_LARGE, b->graph->file, "input \"%s\" is too large",
			       shown);
	}
	return PF_OK;
}

/* Inputs that are no constants. */
static pf_status add_inputs(builder *b)
{
	const Onnx__GraphProto *proto = b->model->graph;
	pf_graph *graph = b->graph;
	graph->inputs = calloc(proto->n_input + 1, sizeof *graph->inputs);
	if (!graph->inputs) {
		return no_memory(b);
	}
	size_t constants = b->name_count;
	if (constants) {
		qsort(b->names, constants, sizeof *b->names, by_name);
	}
	for (size_t i = 0; i < proto->n_input; i++) {
		const Onnx__ValueInfoProto *info = proto->input[i];
		name_entry key = {.name = info->name};
		if (!info->name || !*info->name) {
			return pf_fail(b->error, PF_ERR_INVALID, graph->file, "an input has no name");
		}
		if (constants && bsearch(&key, b->names, constants, sizeof key, by_name)) {
			continue;
		}
		int32_t index;
		pf_status status = add_name(b, info->name, &index);
		if (status == PF_OK) {
			status = input_type(b, info, &graph->values[index].tensor);
		}
		if (status != PF_OK) {
			return status;
		}
		graph->values[index].known = true;
		graph->inputs[graph->input_count++] = index;
	}
	return PF_OK;
}

/* What a node is once its operator was found, without inputs and outputs that are left out at the end. */
typedef struct checked_node {
	const pf_op *op;
	uint32_t inputs, outputs;
} checked_node;

static pf_status check_node(const builder *b, const Onnx__NodeProto *proto, const char *name,
			    checked_node *checked)
{
	char operator[64], domain[64];
	pf_escape(proto->op_type ? proto->op_type : "", operator, sizeof operator);
	pf_escape(proto->domain ? proto->domain : "", domain, sizeof domain);
	const pf_op *op = pf_op_find(operator);
	pf_node shown = {.name = name, .op = &(pf_op){.name = operator} };
	if (*domain && strcmp(domain, "ai.onnx") != 0) {
		return pf_node_fail(b->graph, &shown, b->error, PF_ERR_UNSUPPORTED,
				    "operators of domain %s are not supported", domain);
	}
	if (!op) {
		return pf_node_fail(b->graph, &shown, b->error, PF_ERR_UNSUPPORTED,
				    "the operator is not supported");
	}
	size_t inputs = proto->n_input, outputs = proto->n_output;
	while (inputs > op->least_inputs && !*proto->input[inputs - 1]) {
		inputs--;
	}
	while (outputs > 1 && !*proto->output[outputs - 1]) {
		outputs--;
	}
	if (inputs < op->least_inputs || inputs > op->most_inputs) {
		return pf_node_fail(b->graph, &shown, b->error, PF_ERR_INVALID, "it has %zu inputs", inputs);
	}
	if (outputs < 1 || outputs > op->most_outputs) {
		return pf_node_fail(b->graph, &shown, b->error, PF_ERR_UNSUPPORTED, "it has %zu outputs",
				    outputs);
	}
	/* An operator that takes any number of inputs has no optional ones. */
	size_t required = op->most_inputs == UINT32_MAX ? inputs : op->least_inputs;
	for (size_t i = 0; i < required; i++) {
		if (!*proto->input[i]) {
			return pf_node_fail(b->graph, &shown, b->error, PF_ERR_INVALID,
					    "input %zu is missing", i);
		}
	}
	if (!*proto->output[0]) { /* no operator here has an optional first one */
		return pf_node_fail(b->graph, &shown, b->error, PF_ERR_INVALID, "output 0 is missing");
	}
	*checked = (checked_node){op, (uint32_t)inputs, (uint32_t)outputs};
	return PF_OK;
}

/* Max, Min and Sum of other than two become a chain of twos; of one, a view. */
static pf_status add_chain(builder *b, const Onnx__NodeProto *proto, const char *name,
			   const checked_node *checked)
{
	pf_graph *graph = b->graph;
	size_t count = checked->inputs, steps = count > 1 ? count - 1 : 1;
	int32_t previous = PF_NO_VALUE, index, output;
	for (size_t i = 0; i < steps; i++) {
		pf_status status = pf_graph_add_node(graph, name, count > 1 ? 2 : 1, 1, &index, b->error);
		if (status == PF_OK) {
			status = i + 1 == steps ? add_name(b, proto->output[0], &output)
						: pf_graph_add_value(graph, name, &output, b->error);
		}
		if (status != PF_OK) {
			return status;
		}
		pf_node *node = &graph->nodes[index];
		node->op = count > 1 ? checked->op : pf_op_find("Identity");
		node->proto = proto;
		node->outputs[0] = output;
		/* The first input of a link is the link before it; others are looked up later, by position.
		 */
		node->inputs[0] = previous;
		if (count > 1) {
			node->inputs[1] = -2 - (int32_t)(i + 1);
		}
		if (i == 0) {
			node->inputs[0] = -2;
		}
		graph->values[output].producer = index;
		previous = output;
	}
	return PF_OK;
}

/* The second operand of a binary operator before set 7, which broadcasts by an axis, brought to where the
 * seventh expects it. PF_NO_VALUE where it is there. */
static pf_status add_aligned(builder *b, const Onnx__NodeProto *proto, const char *name, const pf_op *op,
			     int32_t *value)
{
	bool needed = op->kind == PF_OP_BINARY && op->least_inputs == 2 && b->graph->opset < 7 &&
		      op->detail == PF_BINARY_PRELU;
	for (size_t i = 0; i < proto->n_attribute && op->least_inputs == 2 && b->graph->opset < 7; i++) {
		needed |= op->kind == PF_OP_BINARY && proto->attribute[i]->name &&
			  !strcmp(proto->attribute[i]->name, "axis");
	}
	*value = PF_NO_VALUE;
	if (!needed) {
		return PF_OK;
	}
	int32_t index;
	pf_status status = pf_graph_add_node(b->graph, name, 2, 1, &index, b->error);
	if (status == PF_OK) {
		status = pf_graph_add_value(b->graph, name, value, b->error);
	}
	if (status == PF_OK) {
		pf_node *node = &b->graph->nodes[index];
		node->op = &pf_op_align;
		node->proto = proto;
		node->outputs[0] = *value;
		node->inputs[0] = -2 - 1; /* looked up later */
		node->inputs[1] = -2;
		b->graph->values[*value].producer = index;
	}
	return status;
}

static pf_status add_nodes(builder *b)
{
	pf_graph *graph = b->graph;
	for (size_t i = 0; i < b->model->graph->n_node; i++) {
		const Onnx__NodeProto *proto = b->model->graph->node[i];
		char number[24];
		snprintf(number, sizeof number, "#%zu", i);
		const char *name = proto->name && *proto->name ? proto->name : number;
		checked_node checked = {0};
		pf_status status = check_node(b, proto, name, &checked);
		if (status != PF_OK || !checked.op) {
			return status;
		}
		if (checked.op->most_inputs == UINT32_MAX && checked.op->kind == PF_OP_BINARY) {
			status = add_chain(b, proto, name, &checked);
			if (status != PF_OK) {
				return status;
			}
			continue;
		}
		int32_t index, aligned;
		status = add_aligned(b, proto, name, checked.op, &aligned);
		if (status == PF_OK) {
			status = pf_graph_add_node(graph, name, checked.inputs, checked.outputs, &index,
						   b->error);
		}
		if (status != PF_OK) {
			return status;
		}
		graph->nodes[index].op = checked.op;
		graph->nodes[index].proto = proto;
		for (uint32_t k = 0; k < checked.inputs; k++) {
			graph->nodes[index].inputs[k] = k == 1 && aligned != PF_NO_VALUE
								? aligned
								: -2 - (int32_t)k; /* looked up later */
		}
		for (uint32_t k = 0; k < checked.outputs; k++) {
			int32_t value = PF_NO_VALUE;
			if (*proto->output[k]) {
				status = add_name(b, proto->output[k], &value);
				if (status != PF_OK) {
					return status;
				}
				graph->values[value].producer = index;
			}
			graph->nodes[index].outputs[k] = value;
		}
	}
	return PF_OK;
}

static pf_status link_nodes(builder *b)
{
	pf_graph *graph = b->graph;
	char shown[96];
	if (b->name_count) {
		qsort(b->names, b->name_count, sizeof *b->names, by_name);
	}
	for (size_t i = 1; i < b->name_count; i++) {
		if (by_name(&b->names[i - 1], &b->names[i]) == 0) {
			return pf_fail(b->error, PF_ERR_INVALID, graph->file, "two things are named \"%s\"",
				       pf_escape(b->names[i].name, shown, sizeof shown));
		}
	}
	for (size_t i = 0; i < graph->node_count; i++) {
		pf_node *node = &graph->nodes[i];
		const Onnx__NodeProto *proto = node->proto;
		for (uint32_t k = 0; k < node->input_count; k++) {
			if (node->inputs[k] > -2) {
				continue; /* a chain's own link */
			}
			const char *name = proto->input[-2 - node->inputs[k]];
			const name_entry *entry = *name ? find_name(b, name) : NULL;
			if (*name && !entry) {
				return pf_node_fail(graph, node, b->error, PF_ERR_INVALID,
						    "its input \"%s\" is nowhere (a missing initializer?)",
						    pf_escape(name, shown, sizeof shown));
			}
			node->inputs[k] = entry ? entry->value : PF_NO_VALUE;
		}
	}
	graph->outputs = calloc(b->model->graph->n_output + 1, sizeof *graph->outputs);
	if (!graph->outputs) {
		return no_memory(b);
	}
	for (size_t i = 0; i < b->model->graph->n_output; i++) {
		const char *name = b->model->graph->output[i]->name;
		const name_entry *entry = name ? find_name(b, name) : NULL;
		if (!entry) {
			return pf_fail(b->error, PF_ERR_INVALID, graph->file, "output \"%s\" is nowhere",
				       pf_escape(name ? name : "", shown, sizeof shown));
		}
		graph->outputs[graph->output_count++] = entry->value;
		graph->values[entry->value].is_output = true;
	}
	return PF_OK;
}

/* Where the file's order can be run it is kept; else nodes are put in one that can. A cycle has none. */
static pf_status sort_nodes(builder *b)
{
	pf_graph *graph = b->graph;
	size_t count = graph->node_count, placed = 0;
	int32_t *order = malloc((count + 1) * sizeof *order), *stack = malloc((count + 1) * sizeof *stack);
	uint8_t *state = calloc(count + 1, 1); /* 1: entered, 2: placed */
	uint32_t *next = calloc(count + 1, sizeof *next);
	pf_node *sorted = malloc((count + 1) * sizeof *sorted);
	pf_status status = order && stack && state && next && sorted ? PF_OK : no_memory(b);
	for (size_t i = 0; status == PF_OK && i < count; i++) {
		size_t depth = 0;
		if (state[i] == 0) {
			stack[depth++] = (int32_t)i;
			state[i] = 1;
		}
		while (depth && status == PF_OK) { /* depth first along the inputs */
			int32_t at = stack[depth - 1];
			const pf_node *node = &graph->nodes[at];
			if (next[at] == node->input_count) {
				state[at] = 2;
				order[placed++] = at;
				depth--;
				continue;
			}
			int32_t value = node->inputs[next[at]++];
			int32_t from = value == PF_NO_VALUE ? PF_NO_NODE : graph->values[value].producer;
			if (from != PF_NO_NODE && state[from] == 1) {
				status = pf_node_fail(graph, &graph->nodes[from], b->error, PF_ERR_INVALID,
						      "it needs its own result (a cycle)");
			} else if (from != PF_NO_NODE && state[from] == 0) {
				stack[depth++] = from;
				state[from] = 1;
			}
		}
	}
	for (size_t i = 0; status == PF_OK && i < count; i++) {
		sorted[i] = graph->nodes[order[i]];
		for (uint32_t k = 0; k < sorted[i].output_count; k++) {
			if (sorted[i].outputs[k] != PF_NO_VALUE) {
				graph->values[sorted[i].outputs[k]].producer = (int32_t)i;
			}
		}
	}
	if (status == PF_OK && count) {
		memcpy(graph->nodes, sorted, count * sizeof *sorted);
	}
	free(order);
	free(stack);
	free(state);
	free(next);
	free(sorted);
	return status;
}

static pf_status build(builder *b)
{
	const Onnx__GraphProto *proto = b->model->graph;
	size_t names = proto->n_initializer + proto->n_input;
	for (size_t i = 0; i < proto->n_node; i++) {
		names += proto->node[i]->n_output;
	}
	b->names = calloc(names + 1, sizeof *b->names);
	pf_status status = b->names ? PF_OK : no_memory(b);
	pf_status (*const steps[])(builder *) = {add_initializers, add_inputs, add_nodes, link_nodes,
						 sort_nodes};
	for (size_t i = 0; status == PF_OK && i < sizeof steps / sizeof *steps; i++) {
		status = steps[i](b);
	}
	free(b->names);
	return status;
}

/* After folding and before fusing, which makes new tensors of old ones. */
static void count_parameters(pf_graph *graph)
{
	for (size_t i = 0; i < graph->value_count; i++) {
		const pf_value *value = &graph->values[i];
		if (value->is_parameter && value->tensor.data && value->tensor.type == PF_TYPE_FLOAT) {
			graph->parameters += (uint64_t)pf_shape_elements(&value->tensor.shape);
		}
	}
}

pf_status pf_onnx_load(const uint8_t *bytes, size_t size, const char *folder_of, pf_graph *graph,
		       pf_error *error)
{
	pf_status status = pf_onnx_sniff(bytes, size, false, graph->file, error);
	if (status != PF_OK) {
		return status;
	}
	status = pf_onnx_scan(bytes, size, graph->file, NULL, error);
	if (status == PF_ERR_INVALID) {
		pf_status known = pf_onnx_sniff(bytes, size, true, graph->file, error);
		return known == PF_OK ? status : known;
	}
	if (status != PF_OK) {
		return status;
	}
	bool starved = false;
	ProtobufCAllocator memory = {allocate, give_back, &starved};
	Onnx__ModelProto *model = onnx__model_proto__unpack(&memory, size, bytes);
	if (!model && starved) {
		return pf_fail(error, PF_ERR_NO_MEMORY, graph->file, "not enough memory");
	}
	if (!model) {
		return pf_fail(error, PF_ERR_INVALID, graph->file, "not an ONNX file, or a damaged one");
	}
	builder b = {.graph = graph, .model = model, .folder_of = folder_of, .error = error};
	status = check_model(&b);
	if (status == PF_OK) {
		graph->file_nodes = model->graph->n_node;
		status = build(&b);
	}
	if (status == PF_OK) {
		status = pf_graph_infer(graph, folder_of, error);
	}
	for (size_t i = 0; i < graph->node_count; i++) {
		graph->nodes[i].proto = NULL;
	}
	onnx__model_proto__free_unpacked(model, NULL);
	if (status == PF_OK) {
		pf_graph_sweep(graph);
		count_parameters(graph);
	}
	if (status == PF_OK && !graph->options.unfused) {
		status = pf_graph_fuse(graph, error);
	}
	return status == PF_OK ? pf_graph_complete(graph, error) : status;
}
