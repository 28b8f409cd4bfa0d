#include "harness/model/model_check.h"

#include <math.h>
#include <stdlib.h>

#include "harness/stats/shuffle.h"

void pf_model_fill_inputs(const pf_network *network, pf_workspace *workspace, uint64_t seed)
{
	pf_random random = {.state = seed};
	for (size_t i = 0; i < pf_network_input_count(network); i++) {
		const pf_network_tensor *tensor = pf_network_input(network, i);
		void *data = pf_workspace_input(workspace, i);
		if (!data) {
			continue;
		}
		for (int64_t k = 0; k < pf_shape_elements(&tensor->shape); k++) {
			uint64_t draw = pf_random_next(&random);
			switch (tensor->type) {
			case PF_TYPE_FLOAT:
				((float *)data)[k] = (float)(draw >> 40) / (float)(1 << 23) - 1.0f;
				break;
			case PF_TYPE_INT32:
				((int32_t *)data)[k] = (int32_t)(draw & 255);
				break;
			case PF_TYPE_INT64:
				((int64_t *)data)[k] = (int64_t)(draw & 255);
				break;
			default:
				((uint8_t *)data)[k] = tensor->type == PF_TYPE_BOOL ? draw & 1 : draw & 255;
				break;
			}
		}
	}
}

static double value_at(const void *data, pf_type type, int64_t index)
{
	switch (type) {
	case PF_TYPE_FLOAT:
		return ((const float *)data)[index];
	case PF_TYPE_INT32:
		return ((const int32_t *)data)[index];
	case PF_TYPE_INT64:
		return (double)((const int64_t *)data)[index];
	case PF_TYPE_INT8:
		return ((const int8_t *)data)[index];
	default:
		return ((const uint8_t *)data)[index];
	}
}

static double compare(const void *a, const void *b, pf_type type, int64_t count)
{
	double largest = 0, difference = 0;
	for (int64_t i = 0; i < count; i++) {
		double x = value_at(a, type, i), y = value_at(b, type, i);
		if (isfinite(x) != isfinite(y)) {
			return INFINITY;
		}
		if (isfinite(x)) {
			largest = fmax(largest, fabs(x));
			difference = fmax(difference, fabs(x - y));
		}
	}
	return difference / (largest > 0 ? largest : 1);
}

static pf_status compare_node(const pf_network *network, pf_workspace *const spaces[2], size_t index,
			      double *difference, pf_error *error)
{
	pf_network_node node;
	pf_network_node_get(network, index, &node);
	int64_t count = pf_shape_elements(&node.shape);
	size_t bytes = (size_t)count * pf_type_bytes(node.type);
	void *a = malloc(bytes + 1), *b = malloc(bytes + 1);
	if (!a || !b) {
		free(a);
		free(b);
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	pf_status status = pf_workspace_read_node(spaces[0], index, 0, a, bytes, error);
	if (status == PF_OK) {
		status = pf_workspace_read_node(spaces[1], index, 0, b, bytes, error);
	}
	if (status == PF_OK) {
		*difference = compare(a, b, node.type, count);
	}
	free(a);
	free(b);
	return status;
}

pf_status pf_model_check_run(const pf_network *network, const char *backend, const char *other, uint64_t seed,
			     double *differences, pf_model_check *out, pf_error *error)
{
	const char *const backends[2] = {backend, other};
	pf_workspace *spaces[2] = {NULL, NULL};
	pf_status status = PF_OK;
	*out = (pf_model_check){0};
	for (int i = 0; i < 2 && status == PF_OK; i++) {
		status = pf_workspace_create(network, backends[i], PF_WORKSPACE_KEEP, &spaces[i], error);
		if (status == PF_OK) {
			pf_model_fill_inputs(network, spaces[i], seed);
			status = pf_workspace_run(spaces[i], error);
		}
	}
	for (size_t i = 0; i < pf_network_node_count(network) && status == PF_OK; i++) {
		status = compare_node(network, spaces, i, &differences[i], error);
		if (status == PF_OK && differences[i] > out->largest) {
			out->largest = differences[i];
			out->largest_node = i;
		}
	}
	pf_workspace_destroy(spaces[0]);
	pf_workspace_destroy(spaces[1]);
	return status;
}
