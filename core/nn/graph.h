/* The graph: values and nodes with static shapes, independent of the file format and of any backend.
 * Built by onnx_graph.c, completed by infer.c, rewritten by fuse*.c; immutable afterwards. */
#ifndef PF_NN_GRAPH_H
#define PF_NN_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/nn/op.h"
#include "core/nn/tensor.h"
#include "photofinish/network.h"
#include "photofinish/status.h"

#define PF_NO_VALUE (-1)
#define PF_NO_NODE (-1)

typedef struct pf_value {
	const char *name;  /* in the graph's names; never NULL */
	pf_tensor tensor;  /* data: the constant, owned; NULL if it is computed by runs */
	int32_t producer;  /* PF_NO_NODE: input or constant */
	bool known;        /* type and shape are */
	bool is_output;    /* of the network */
	bool is_parameter; /* a tensor of the file */
	int32_t rows; /* the value whose first number says how many of rows_axis there are; PF_NO_VALUE: all
		       */
	int32_t rows_axis;
} pf_value;

/* What follows in the same node, element by element, after the operator: an activation or the addition of
 * another value of the same shape. */
typedef struct pf_epilogue {
	bool add;   /* the last input of the node is added */
	pf_act act; /* else */
} pf_epilogue;

#define PF_MAX_EPILOGUES 3

typedef struct pf_node {
	const char *name;
	const pf_op *op;
	int32_t *inputs, *outputs; /* values; inputs may be PF_NO_VALUE */
	uint32_t input_count, output_count;
	pf_params params;
	pf_epilogue epilogues[PF_MAX_EPILOGUES];
	uint32_t epilogue_count;
	char *label;       /* "Conv+Add+Relu", made when the graph is complete */
	const void *proto; /* Onnx__NodeProto while loading, NULL for nodes that are ours */
	bool removed;      /* folded or fused away */
	uint64_t work;     /* of pools, which have no multiply-adds to speak of */
	uint64_t macs;
} pf_node;

typedef struct pf_graph {
	const char *file; /* for errors; owned */
	pf_value *values;
	size_t value_count, value_capacity;
	pf_node *nodes; /* in an order in which they can be run */
	size_t node_count, node_capacity;
	int32_t *inputs, *outputs;
	size_t input_count, output_count;
	pf_network_tensor *input_tensors, *output_tensors;
	char **names; /* every string that values and nodes point to */
	size_t name_count, name_capacity;
	int64_t opset;
	size_t file_nodes;
	uint64_t folded_bytes, work, parameters, constant_bytes;
	pf_network_options options;
} pf_graph;

struct pf_network {
	pf_graph graph;
};

/* All of these return PF_ERR_NO_MEMORY or fill *index. Names are copied. */
pf_status pf_graph_add_value(pf_graph *graph, const char *name, int32_t *index, pf_error *error);
pf_status pf_graph_add_node(pf_graph *graph, const char *name, uint32_t inputs, uint32_t outputs,
			    int32_t *index, pf_error *error);
const char *pf_graph_keep_name(pf_graph *graph, const char *name); /* NULL: no memory */
void pf_graph_clear(pf_graph *graph);

/* Drops nodes that are marked removed or whose outputs no one needs, and the constants that no one needs. */
void pf_graph_sweep(pf_graph *graph);

/* Fails with `node "NAME" (OP): ` before the message. */
pf_status pf_node_fail(const pf_graph *graph, const pf_node *node, pf_error *error, pf_status code,
		       const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The tensor of input or output `i`; a null one (no data, rank 0, unknown) where it is left out. */
const pf_tensor *pf_node_input(const pf_graph *graph, const pf_node *node, uint32_t i);
const pf_tensor *pf_node_output(const pf_graph *graph, const pf_node *node, uint32_t i);
bool pf_node_has_input(const pf_node *node, uint32_t i);

/* Elements that computing a node reads and writes, and its multiply-adds. */
uint64_t pf_node_work(const pf_graph *graph, const pf_node *node);

/* infer.c: types, shapes and parameters of every node, in order; folds what is constant. */
pf_status pf_graph_infer(pf_graph *graph, const char *folder_of, pf_error *error);
/* fuse.c: batch norm into convolutions, activations and additions into their producers. */
pf_status pf_graph_fuse(pf_graph *graph, pf_error *error);
/* labels, work and parameters; refuses graphs beyond the options' work. */
pf_status pf_graph_complete(pf_graph *graph, pf_error *error);

#endif
