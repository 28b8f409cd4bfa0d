/* Networks against expected outputs, and backends against each other. */
#ifndef PF_TEST_NETWORK_CASE_H
#define PF_TEST_NETWORK_CASE_H

#include <stddef.h>

#include "core/nn/tensor.h"
#include "photofinish/network.h"
#include "photofinish/workspace.h"

/* Inputs and expected outputs as tests/nn/export_models.py writes them. */
typedef struct network_case {
	size_t input_count, output_count;
	pf_tensor tensors[16]; /* inputs, then outputs; data owned */
} network_case;

bool network_case_load(network_case *c, const char *file);
void network_case_free(network_case *c);

/* Largest difference between two tensors of the same type and shape, relative to the largest magnitude in
 * `expected` (or 1e-6); infinity where one is NaN and the other is not, or shapes differ. */
double tensor_difference(const pf_tensor *got, const pf_tensor *expected);

/* Runs the network on the case's inputs; the largest difference over all outputs, infinity on any failure
 * (with the reason in `error`). */
double network_case_difference(const pf_network *network, const network_case *c, const char *backend,
			       pf_error *error);

/* Runs both backends on the same random inputs (drawn from `seed`) and compares node by node where
 * `every_node`, else the outputs. `worst` (may be NULL) gets the index of the node with the largest
 * difference. */
double backends_difference(const pf_network *network, unsigned seed, bool every_node, size_t *worst,
			   pf_error *error);

/* Floats in [-1, 1), integers in [0, 255]. */
void fill_random(const pf_network_tensor *tensor, void *data, unsigned *seed);

#endif
