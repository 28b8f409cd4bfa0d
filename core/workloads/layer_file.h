/* An ONNX file of one operator, made in memory: the wire format of protobuf, by hand. */
#ifndef PHOTOFINISH_LAYER_FILE_H
#define PHOTOFINISH_LAYER_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "photofinish/status.h"

#define PF_LAYER_INPUTS 3 /* of the operator, the network's own input among them */

/* One input of the operator: dims are ended by 0; one without any is left out. */
typedef struct pf_layer_input {
	int64_t dims[5];
	const float *values; /* NULL: random ones, scaled by 1 / sqrt of the elements of dims[1..] */
} pf_layer_input;

typedef struct pf_layer_file {
	const char *op;
	const char *attributes; /* "group=i64 pads=I1,1,1,1 mode=slinear": integer, integers, string */
	pf_layer_input inputs[PF_LAYER_INPUTS]; /* the first is the network's, the others are constants */
	uint32_t seed;
} pf_layer_file;

/* The caller frees *bytes. Fails with PF_ERR_NO_MEMORY only. */
pf_status pf_layer_file_make(const pf_layer_file *file, uint8_t **bytes, size_t *size, pf_error *error);

#endif
