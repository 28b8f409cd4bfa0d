#include "tests/unit/network_case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_tensor(FILE *file, pf_tensor *tensor)
{
	int32_t head[2], dims[PF_MAX_RANK];
	if (fread(head, sizeof head, 1, file) != 1 || head[1] < 0 || head[1] > PF_MAX_RANK ||
	    fread(dims, sizeof *dims, (size_t)head[1], file) != (size_t)head[1]) {
		return false;
	}
	tensor->type = (pf_type)head[0];
	tensor->shape.rank = head[1];
	for (int i = 0; i < head[1]; i++) {
		tensor->shape.dims[i] = dims[i];
	}
	size_t bytes = (size_t)pf_shape_elements(&tensor->shape) * pf_type_bytes(tensor->type);
	tensor->data = malloc(bytes + 1);
	return tensor->data && fread(tensor->data, 1, bytes, file) == bytes;
}

bool network_case_load(network_case *c, const char *file)
{
	*c = (network_case){0};
	FILE *stream = fopen(file, "rb");
	char magic[4];
	int32_t counts[2];
	bool fine = stream && fread(magic, 4, 1, stream) == 1 && !memcmp(magic, "PFNN", 4) &&
		    fread(counts, sizeof counts, 1, stream) == 1 && counts[0] >= 0 && counts[1] >= 0 &&
		    counts[0] + counts[1] <= 16;
	for (int i = 0; fine && i < counts[0] + counts[1]; i++) {
		fine = read_tensor(stream, &c->tensors[i]);
	}
	if (fine) {
		c->input_count = (size_t)counts[0];
		c->output_count = (size_t)counts[1];
	}
	if (stream) {
		fclose(stream);
	}
	return fine;
}

void network_case_free(network_case *c)
{
	for (size_t i = 0; i < 16; i++) {
		free(c->tensors[i].data);
	}
}

static double element(const pf_tensor *tensor, int64_t i)
{
	switch (tensor->type) {
	case PF_TYPE_FLOAT:
		return ((const float *)tensor->data)[i];
	case PF_TYPE_INT32:
		return ((const int32_t *)tensor->data)[i];
	case PF_TYPE_INT64:
		return (double)((const int64_t *)tensor->data)[i];
	case PF_TYPE_INT8:
		return ((const int8_t *)tensor->data)[i];
	default:
		return ((const uint8_t *)tensor->data)[i];
	}
}

double tensor_difference(const pf_tensor *got, const pf_tensor *expected)
{
	if (got->type != expected->type || !pf_shape_equal(&got->shape, &expected->shape)) {
		return INFINITY;
	}
	double largest = 0, magnitude = 1e-6;
	int64_t count = pf_shape_elements(&got->shape);
	for (int64_t i = 0; i < count; i++) {
		double a = element(got, i), b = element(expected, i);
		if (isnan(a) != isnan(b) || isinf(a) != isinf(b)) {
			return INFINITY;
		}
		if (isnan(b) || isinf(b)) {
			continue;
		}
		magnitude = fmax(magnitude, fabs(b));
		largest = fmax(largest, fabs(a - b));
	}
	return largest / magnitude;
}

static void *output(const pf_workspace *workspace, size_t index)
{
	return (void *)pf_workspace_output(workspace, index);
}

double network_case_difference(const pf_network *network, const network_case *c, const char *backend,
			       pf_error *error)
{
	if (pf_network_input_count(network) != c->input_count ||
	    pf_network_output_count(network) != c->output_count) {
		return INFINITY;
	}
	pf_workspace *workspace;
	if (pf_workspace_create(network, backend, 0, &workspace, error) != PF_OK) {
		return INFINITY;
	}
	double worst = 0;
	for (int round = 0; round < 2; round++) { /* the second shows what a run leaves behind */
		for (size_t i = 0; i < c->input_count; i++) {
			const pf_tensor *in = &c->tensors[i];
			memcpy(pf_workspace_input(workspace, i), in->data,
			       (size_t)pf_shape_elements(&in->shape) * pf_type_bytes(in->type));
		}
		if (pf_workspace_run(workspace, error) != PF_OK) {
			worst = INFINITY;
		}
		for (size_t i = 0; i < c->output_count; i++) {
			const pf_network_tensor *out = pf_network_output(network, i);
			pf_tensor got = {out->type, out->shape, output(workspace, i)};
			if (out->open_rows) {
				got.shape.dims[0] = pf_workspace_output_rows(workspace, i);
			}
			worst = fmax(worst, tensor_difference(&got, &c->tensors[c->input_count + i]));
		}
	}
	pf_workspace_destroy(workspace);
	return worst;
}

void fill_random(const pf_network_tensor *tensor, void *data, unsigned *seed)
{
	int64_t count = pf_shape_elements(&tensor->shape);
	for (int64_t i = 0; i < count; i++) {
		*seed = *seed * 1664525u + 1013904223u;
		unsigned drawn = *seed >> 8;
		switch (tensor->type) {
		case PF_TYPE_FLOAT:
			((float *)data)[i] = (float)drawn / 8388608.0f - 1.0f;
			break;
		case PF_TYPE_INT32:
			((int32_t *)data)[i] = (int32_t)(drawn & 255);
			break;
		case PF_TYPE_INT64:
			((int64_t *)data)[i] = drawn & 255;
			break;
		case PF_TYPE_BOOL:
			((uint8_t *)data)[i] = drawn & 1;
			break;
		default:
			((uint8_t *)data)[i] = (uint8_t)drawn;
			break;
		}
	}
}

static double compare_nodes(const pf_network *network, pf_workspace *pair[2], size_t *worst, pf_error *error)
{
	double largest = 0;
	for (size_t i = 0; i < pf_network_node_count(network); i++) {
		pf_network_node node;
		pf_network_node_get(network, i, &node);
		size_t bytes = (size_t)pf_shape_elements(&node.shape) * pf_type_bytes(node.type);
		void *data[2] = {malloc(bytes + 1), malloc(bytes + 1)};
		double difference = INFINITY;
		if (pf_workspace_read_node(pair[0], i, 0, data[0], bytes, error) == PF_OK &&
		    pf_workspace_read_node(pair[1], i, 0, data[1], bytes, error) == PF_OK) {
			difference = tensor_difference(&(pf_tensor){node.type, node.shape, data[1]},
						       &(pf_tensor){node.type, node.shape, data[0]});
		}
		if (difference > largest) {
			largest = difference;
			if (worst) {
				*worst = i;
			}
		}
		free(data[0]);
		free(data[1]);
	}
	return largest;
}

double backends_difference(const pf_network *network, unsigned seed, bool every_node, size_t *worst,
			   pf_error *error)
{
	pf_workspace *pair[2] = {NULL, NULL};
	const char *const names[2] = {"plain", "onednn"};
	double largest = 0;
	for (int k = 0; k < 2; k++) {
		unsigned state = seed;
		if (pf_workspace_create(network, names[k], every_node ? PF_WORKSPACE_KEEP : 0, &pair[k],
					error) != PF_OK) {
			largest = INFINITY;
			break;
		}
		for (size_t i = 0; i < pf_network_input_count(network); i++) {
			fill_random(pf_network_input(network, i), pf_workspace_input(pair[k], i), &state);
		}
		if (pf_workspace_run(pair[k], error) != PF_OK) {
			largest = INFINITY;
		}
	}
	for (size_t i = 0; pair[1] && i < pf_network_output_count(network); i++) {
		const pf_network_tensor *out = pf_network_output(network, i);
		pf_tensor a = {out->type, out->shape, output(pair[0], i)},
			  b = {out->type, out->shape, output(pair[1], i)};
		largest = fmax(largest, tensor_difference(&b, &a));
	}
	if (pair[1] && every_node && largest < INFINITY) {
		largest = fmax(largest, compare_nodes(network, pair, worst, error));
	}
	pf_workspace_destroy(pair[0]);
	pf_workspace_destroy(pair[1]);
	return largest;
}
