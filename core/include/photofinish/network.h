/* Networks: an ONNX file as an immutable, fused graph; workspace.h executes it.
 * docs/network.md lists what is supported, the caps and how a network is executed. */
#ifndef PHOTOFINISH_NETWORK_H
#define PHOTOFINISH_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PF_MAX_RANK 8

/* X(constant, name, bytes of an element). 16-bit and 64-bit floats of a file become 32-bit ones. */
#define PF_TYPE_LIST(X)              \
	X(PF_TYPE_FLOAT, "float", 4) \
	X(PF_TYPE_INT32, "int32", 4) \
	X(PF_TYPE_INT64, "int64", 8) \
	X(PF_TYPE_UINT8, "uint8", 1) \
	X(PF_TYPE_BOOL, "bool", 1)   \
	X(PF_TYPE_INT8, "int8", 1)

#define PF_TYPE_ENUM(constant, name, bytes) constant,
typedef enum pf_type { PF_TYPE_LIST(PF_TYPE_ENUM) PF_TYPE_COUNT } pf_type;
#undef PF_TYPE_ENUM

PF_API const char *pf_type_name(pf_type type); /* "?" for values out of range */
PF_API size_t pf_type_bytes(pf_type type);

/* Dims outermost first; rank 0 is a scalar. */
typedef struct pf_shape {
	int32_t rank;
	int64_t dims[PF_MAX_RANK];
} pf_shape;

/* Number of elements; the dims must be those of a loaded network (they cannot overflow). */
PF_API int64_t pf_shape_elements(const pf_shape *shape);

/* A named input or output: dense, row-major, in the order of its dims (NCHW or NHWC as the model has it). */
typedef struct pf_network_tensor {
	const char *name; /* bytes of the file: escape them before showing them */
	pf_type type;
	pf_shape shape;
	bool open_rows; /* dims[0] is the most there can be: each run says how many there are */
} pf_network_tensor;

/* The shape to give to an input that the file leaves open, or has fixed otherwise. */
typedef struct pf_network_binding {
	const char *input; /* NULL: any */
	pf_shape shape;
} pf_network_binding;

/* Caps on what a file may ask for; each refusal is PF_ERR_TOO_LARGE or PF_ERR_MEMORY_LIMIT. */
typedef struct pf_network_options {
	uint64_t max_file_bytes;       /* of the .onnx and of its external data together; default 512 MiB */
	uint64_t max_nodes;            /* default 20,000 */
	uint64_t max_folded_bytes;     /* constants computed while loading; default 64 MiB */
	uint64_t max_activation_bytes; /* one worker's arena; default 160 MiB */
	uint64_t max_work;             /* multiply-adds and elements of one run; default 2e12 */
	const pf_network_binding *bindings;
	size_t binding_count;
	bool unfused; /* every node of the file as it stands; default false */
} pf_network_options;

PF_API void pf_network_options_default(pf_network_options *options);

typedef struct pf_network pf_network; /* immutable once loaded: may be shared by threads and across fork */

/* Loads a file. An open first dimension of an input is bound to 1; any other must be bound by the options.
 * PF_ERR_INVALID: malformed; PF_ERR_UNSUPPORTED: names the node and its operator. The caller frees *out. */
PF_API pf_status pf_network_load(const char *file, const pf_network_options *options, pf_network **out,
				 pf_error *error);

/* The same from memory, which is not kept; `name` (may be NULL) stands for the file in errors. External data
 * are refused. */
PF_API pf_status pf_network_load_memory(const void *bytes, size_t size, const char *name,
					const pf_network_options *options, pf_network **out, pf_error *error);
PF_API void pf_network_free(pf_network *network); /* NULL is fine; after its workspaces */

PF_API size_t pf_network_input_count(const pf_network *network);
PF_API size_t pf_network_output_count(const pf_network *network);
PF_API const pf_network_tensor *pf_network_input(const pf_network *network, size_t index);
PF_API const pf_network_tensor *pf_network_output(const pf_network *network, size_t index);

typedef struct pf_network_stats {
	uint64_t parameters;     /* floats of the file that nodes use */
	uint64_t macs;           /* multiply-adds of convolutions and matrix products in one run */
	uint64_t constant_bytes; /* held by the loaded network */
	size_t file_nodes;       /* as in the file */
	size_t nodes;            /* left after folding and fusing */
	int64_t opset;
	uint64_t value_bytes; /* that nodes read and write in one run, constants too: each value once for each
				 node */
} pf_network_stats;

PF_API void pf_network_stats_get(const pf_network *network, pf_network_stats *stats);

/* One node that is left after folding and fusing; strings belong to the network. */
typedef struct pf_network_node {
	const char *name;     /* bytes of the file: escape them before showing them */
	const char *operator; /* "Conv", "Conv+Add+Relu" */
	pf_type type;         /* of its first output */
	pf_shape shape;       /* of its first output */
	size_t outputs;
	uint64_t parameters, macs;
	int64_t from; /* the node that makes its first input; -1: none, it is an input of the network */
} pf_network_node;

PF_API size_t pf_network_node_count(const pf_network *network);
PF_API void pf_network_node_get(const pf_network *network, size_t index, pf_network_node *node);

#ifdef __cplusplus
}
#endif

#endif
