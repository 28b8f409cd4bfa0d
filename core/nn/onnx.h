/* From an unpacked ONNX model to a graph, and the attributes of its nodes. */
#ifndef PF_NN_ONNX_H
#define PF_NN_ONNX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/nn/graph.h"
#include "photofinish/status.h"

#define PF_MIN_OPSET 6
#define PF_MAX_OPSET 20

struct Onnx__TensorProto;

/* Scans, unpacks, builds, infers, fuses and completes the graph; `folder_of` (NULL: from memory) is the file
 * whose folder external data may lie in. */
pf_status pf_onnx_load(const uint8_t *bytes, size_t size, const char *folder_of, pf_graph *graph,
		       pf_error *error);

/* Decodes a tensor of the file into *out, whose data the caller frees. The caps on bytes are the file's own
 * size: nothing is allocated that the file does not hold. */
pf_status pf_onnx_tensor(const struct Onnx__TensorProto *proto, const pf_graph *graph, const char *folder_of,
			 uint64_t *external_bytes, pf_tensor *out, pf_error *error);

/* The executor's type of an ONNX data type; false where there is none. */
bool pf_onnx_type(int32_t data_type, pf_type *type);

/* Attributes while shapes are inferred. Each returns the default where the attribute is absent; a wrong type
 * makes infer->status PF_ERR_INVALID, with its message. */
typedef struct pf_infer {
	pf_graph *graph;
	pf_node *node;
	const char *folder_of;
	pf_error *error;
	pf_status status; /* sticky */
} pf_infer;

bool pf_attr_has(const pf_infer *infer, const char *name);
int64_t pf_attr_int(pf_infer *infer, const char *name, int64_t absent);
float pf_attr_float(pf_infer *infer, const char *name, float absent);
/* Copies at most `capacity` - 1 bytes and a NUL; longer strings fail. */
void pf_attr_string(pf_infer *infer, const char *name, const char *absent, char *out, size_t capacity);
/* *count is 0 where it is absent; more than `capacity` fails. */
void pf_attr_ints(pf_infer *infer, const char *name, int64_t *out, size_t capacity, size_t *count);
void pf_attr_floats(pf_infer *infer, const char *name, float *out, size_t capacity, size_t *count);
/* Data owned by the caller; data NULL where absent. */
void pf_attr_tensor(pf_infer *infer, const char *name, pf_tensor *out);

#endif
