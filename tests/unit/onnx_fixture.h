/* A writer of small ONNX files for tests: the wire format of protobuf, by hand. Dies on lack of memory. */
#ifndef PF_TEST_ONNX_FIXTURE_H
#define PF_TEST_ONNX_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "core/nn/tensor.h"

typedef struct onnx_bytes {
	uint8_t *data;
	size_t size, capacity;
} onnx_bytes;

void onnx_put(onnx_bytes *b, const void *data, size_t size);
void onnx_varint(onnx_bytes *b, uint64_t value);
void onnx_number(onnx_bytes *b, unsigned field, uint64_t value);
void onnx_field(onnx_bytes *b, unsigned field, const void *data, size_t size);
void onnx_text(onnx_bytes *b, unsigned field, const char *text);
void onnx_message(onnx_bytes *b, unsigned field, onnx_bytes *message); /* takes the message */
void onnx_clear(onnx_bytes *b);

/* A graph under construction; names are separated by commas, an empty one leaves an input out. */
typedef struct onnx_model {
	onnx_bytes graph;
	int64_t opset;
} onnx_model;

/* ONNX's number of a type. */
int onnx_type(pf_type type);
void onnx_input(onnx_model *m, const char *name, pf_type type, const pf_shape *shape);
void onnx_output(onnx_model *m, const char *name);
void onnx_constant(onnx_model *m, const char *name, const pf_tensor *tensor);
/* A tensor that claims `dims` and brings `size` bytes. */
void onnx_raw_constant(onnx_model *m, const char *name, int data_type, const int64_t *dims, size_t rank,
		       const void *data, size_t size);

/* `attributes`: "axis=i1 alpha=f0.5 perm=I0,2,1 scales=F1,2 mode=slinear", "" for none. */
void onnx_node(onnx_model *m, const char *operator, const char * inputs, const char *outputs,
	       const char *attributes);

/* The file's bytes; takes the graph. The caller clears the result. */
onnx_bytes onnx_finish(onnx_model *m);

#endif
