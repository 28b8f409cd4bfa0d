/* Two backends on the same random inputs, node by node. */
#ifndef HARNESS_MODEL_CHECK_H
#define HARNESS_MODEL_CHECK_H

#include <stdint.h>

#include "photofinish/network.h"
#include "photofinish/workspace.h"

typedef struct pf_model_check {
	double largest;      /* of the nodes' differences */
	size_t largest_node; /* where */
} pf_model_check;

/* Fills every input with random values from `seed` (floats from -1 to 1, integers from 0 to 255), runs both
 * backends and writes for each node the largest |a - b| over its first output, divided by the largest |a|
 * there (1 if that is 0), into differences[nodes]. Values that are not finite in one backend only count as
 * infinite. */
pf_status pf_model_check_run(const pf_network *network, const char *backend, const char *other, uint64_t seed,
			     double *differences, pf_model_check *out, pf_error *error);

/* Fills the inputs of a workspace as above. */
void pf_model_fill_inputs(const pf_network *network, pf_workspace *workspace, uint64_t seed);

#endif
