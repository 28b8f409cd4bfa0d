/* How large the activations of a network become: what its 8-bit form needs beside the weights. Measured on
 * training scenes by scripts/calibrate_bytes.py, and kept beside the model, "pose.onnx" in "pose.bytes.yaml".
 */
#ifndef PF_NN_RANGES_H
#define PF_NN_RANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "photofinish/status.h"

typedef struct pf_range {
	char *node;   /* a convolution, by its name in the file */
	double *most; /* the largest value of its input that is told apart from smaller ones, above 0 */
} pf_range;

typedef struct pf_ranges {
	char *model; /* SHA-256 of the file that they belong to, in hexadecimal */
	pf_range *ranges;
	unsigned count;
} pf_ranges;

/* Where those of a model are looked for; false where the path does not fit. */
bool pf_ranges_path(const char *model_file, char *out, size_t capacity);

/* Loads those of `model_file`; the caller frees *out with pf_ranges_free. PF_ERR_NOT_FOUND where there are
 * none, PF_ERR_INVALID where they are malformed or another model's. `error` must not be NULL. */
pf_status pf_ranges_load(const char *model_file, pf_ranges **out, pf_error *error);
void pf_ranges_free(pf_ranges *ranges); /* NULL is fine */

/* 0 where the node has none. */
double pf_ranges_of(const pf_ranges *ranges, const char *node);

#endif
