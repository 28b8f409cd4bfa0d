/* Networks: an ONNX file as an immutable, fused graph, and workspaces that execute it.
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
	X(PF_TYPE_BOOL, "bool", 1)

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
} pf_network_node;

PF_API size_t pf_network_node_count(const pf_network *network);
PF_API void pf_network_node_get(const pf_network *network, size_t index, pf_network_node *node);

/* Names of the backends that were built in: "plain" always, "onednn" where it is; NULL past the last. */
PF_API const char *pf_network_backend(size_t index);

/* What its results depend on besides the network: "oneDNN 2.6.3 (isa 495)", "plain C"; static. */
PF_API const char *pf_network_backend_version(size_t index);

typedef struct pf_workspace pf_workspace; /* one worker's; one thread at a time */

enum pf_workspace_flag {
	PF_WORKSPACE_KEEP = 1u << 0, /* every node's output outlives the run: for pf_workspace_read_node */
};

/* Compiles the network for a backend and allocates everything that runs need. Call it in the worker, after
 * the fork. PF_ERR_USAGE: no such backend. The caller destroys *out. */
PF_API pf_status pf_workspace_create(const pf_network *network, const char *backend, unsigned flags,
				     pf_workspace **out, pf_error *error);
PF_API void pf_workspace_destroy(pf_workspace *workspace); /* NULL is fine */

/* Where to put input `index` (64-byte aligned; runs leave it as it is) and where output `index` lies after a
 * run. Valid until the workspace is destroyed. */
PF_API void *pf_workspace_input(pf_workspace *workspace, size_t index);
PF_API const void *pf_workspace_output(const pf_workspace *workspace, size_t index);

/* Executes the network once, on the calling thread alone. Allocates nothing. Fails only where a model
 * computes an index that lies outside of what it indexes. */
PF_API pf_status pf_workspace_run(pf_workspace *workspace, pf_error *error);

/* What a node cost since the last reset. */
typedef struct pf_node_time {
	uint64_t ns;         /* the node itself */
	uint64_t reorder_ns; /* changing the layout of its inputs, and of outputs that leave the network */
} pf_node_time;

/* From now on runs add to times[0 .. nodes): the caller's, zeroed by it. NULL: stop. */
PF_API void pf_workspace_profile(pf_workspace *workspace, pf_node_time *times);

/* Which backend runs node `index`: the workspace's own, "plain" (fallback) or "view" (nothing to do). */
PF_API const char *pf_workspace_node_backend(const pf_workspace *workspace, size_t index);
PF_API uint64_t pf_workspace_arena_bytes(const pf_workspace *workspace);

/* Copies output `output` of a node after a run into `out` (dense, `bytes` exactly its size). Needs
 * PF_WORKSPACE_KEEP. PF_ERR_USAGE: wrong size or index. */
PF_API pf_status pf_workspace_read_node(pf_workspace *workspace, size_t index, size_t output, void *out,
					size_t bytes, pf_error *error);

/* How fast a network runs on one core. GFLOP/s are 2 * macs / CPU time of the thread in its fastest run: other
 * processes on the core show in the wall times, not in these. */
typedef struct pf_network_bench_result {
	uint32_t rounds;
	uint64_t best_ns, median_ns; /* wall */
	double gflops;
	double convolution_gflops; /* of one 3x3 convolution, 128 to 128 channels on 56 x 56, in turns with it
				    */
	double share;              /* gflops / convolution_gflops */
} pf_network_bench_result;

/* Runs the network and the convolution `rounds` >= 1 times each, in turns, after one run of each that is not
 * counted. Integer inputs are all zero. */
PF_API pf_status pf_network_bench(const pf_network *network, const char *backend, uint32_t rounds,
				  pf_network_bench_result *result, pf_error *error);

#ifdef __cplusplus
}
#endif

#endif
