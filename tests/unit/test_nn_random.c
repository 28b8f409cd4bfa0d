/* Random graphs of 3 to 30 nodes: fused against unfused, oneDNN against plain, node by node and at the
 * outputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/network_case.h"
#include "tests/unit/onnx_fixture.h"

#define MOST_VALUES 40

typedef struct generator {
	onnx_model model;
	unsigned seed;
	pf_shape shapes[MOST_VALUES]; /* of v0, v1, ...: rank 4 all */
	int count, constants;
} generator;

static unsigned draw(generator *g, unsigned below)
{
	g->seed = g->seed * 1664525u + 1013904223u;
	return (g->seed >> 8) % below;
}

static const char *name_of(int value)
{
	static char names[4][16];
	static unsigned next;
	char *name = names[next++ % 4];
	snprintf(name, 16, "v%d", value);
	return name;
}

/* Adds a constant of random floats and gives its name. */
static const char *constant(generator *g, const pf_shape *shape, float least, float most)
{
	static char name[16];
	snprintf(name, sizeof name, "c%d", g->constants++);
	int64_t elements = pf_shape_elements(shape);
	float *data = malloc((size_t)elements * sizeof *data);
	assert_non_null(data);
	for (int64_t i = 0; i < elements; i++) {
		data[i] = least + (most - least) * (float)draw(g, 10000) / 10000;
	}
	onnx_constant(&g->model, name, &(pf_tensor){PF_TYPE_FLOAT, *shape, data});
	free(data);
	return name;
}

static void add(generator *g, const char *operator, const char * inputs, const char *attributes,
		pf_shape shape)
{
	g->shapes[g->count] = shape;
	onnx_node(&g->model, operator, inputs, name_of(g->count), attributes);
	g->count++;
}

static void add_conv(generator *g, int from)
{
	static const int64_t widths[] = {1, 3, 8, 16, 17, 32};
	const pf_shape *x = &g->shapes[from];
	bool depthwise = draw(g, 4) == 0, transposed = draw(g, depthwise ? 3 : 6) == 0;
	int64_t kernel = 1 + 2 * (int64_t)draw(g, 2), out = depthwise ? x->dims[1] : widths[draw(g, 6)];
	int64_t stride = x->dims[2] > 4 && draw(g, 3) == 0 ? 2 : 1;
	pf_shape w = {4, {out, depthwise ? 1 : x->dims[1], kernel, kernel}}, y = *x, b = {1, {out}};
	char attributes[128], inputs[64];
	int64_t pad = kernel / 2;
	snprintf(attributes, sizeof attributes, "pads=I%d,%d,%d,%d strides=I%d,%d group=i%d", (int)pad,
		 (int)pad, (int)pad, (int)pad, (int)stride, (int)stride, depthwise ? (int)out : 1);
	y.dims[1] = out;
	if (transposed && !depthwise) {
		w.dims[0] = x->dims[1];
		w.dims[1] = out;
	}
	for (int i = 2; i < 4; i++) {
		y.dims[i] = transposed ? (x->dims[i] - 1) * stride + kernel - 2 * pad
				       : (x->dims[i] + 2 * pad - kernel) / stride + 1;
	}
	float scale = 1.5f / (float)(w.dims[depthwise || !transposed] * kernel);
	int used = snprintf(inputs, sizeof inputs, "%s,%s", name_of(from), constant(g, &w, -scale, scale));
	if (draw(g, 2)) {
		snprintf(inputs + used, sizeof inputs - (size_t)used, ",%s", constant(g, &b, -0.5f, 0.5f));
	}
	add(g, transposed ? "ConvTranspose" : "Conv", inputs, attributes, y);
}

static void add_norm(generator *g, int from)
{
	pf_shape c = {1, {g->shapes[from].dims[1]}};
	char inputs[96];
	int used = snprintf(inputs, sizeof inputs, "%s", name_of(from));
	static const float ranges[4][2] = {{0.5f, 1.5f}, {-0.5f, 0.5f}, {-0.3f, 0.3f}, {0.5f, 2}};
	for (int i = 0; i < 4; i++) {
		used += snprintf(inputs + used, sizeof inputs - (size_t)used, ",%s",
				 constant(g, &c, ranges[i][0], ranges[i][1]));
	}
	add(g, "BatchNormalization", inputs, "epsilon=f0.001", g->shapes[from]);
}

static void add_act(generator *g, int from)
{
	static const char *const acts[][2] = {
		{"Relu", ""},        {"Sigmoid", ""},   {"LeakyRelu", "alpha=f0.1"},
		{"HardSigmoid", ""}, {"HardSwish", ""}, {"Tanh", ""},
		{"Elu", ""},         {"Abs", ""},       {"Erf", ""},
		{"Softplus", ""},    {"Neg", ""}};
	unsigned which = draw(g, 14);
	if (which >= 11) { /* SiLU as files spell it */
		add(g, "Sigmoid", name_of(from), "", g->shapes[from]);
		char inputs[32];
		snprintf(inputs, sizeof inputs, "%s,%s", name_of(from), name_of(g->count - 1));
		add(g, "Mul", inputs, "", g->shapes[from]);
		return;
	}
	add(g, acts[which][0], name_of(from), acts[which][1], g->shapes[from]);
}

/* With a value of the same shape, of one element a channel, or a constant. */
static void add_binary(generator *g, int from)
{
	static const char *const operators[] = {"Add", "Add", "Mul", "Sub", "Max", "Min"};
	const char *operator= operators[draw(g, 6)];
	pf_shape x = g->shapes[from], channel = {4, {1, x.dims[1], 1, 1}}, scalar = {0};
	char inputs[48];
	int other = -1;
	for (int i = g->count - 1; i >= 0 && draw(g, 5); i--) {
		if (pf_shape_equal(&g->shapes[i], &x) || pf_shape_equal(&g->shapes[i], &channel)) {
			other = i;
		}
	}
	if (other >= 0) {
		snprintf(inputs, sizeof inputs, "%s,%s", name_of(from), name_of(other));
	} else {
		snprintf(inputs, sizeof inputs, draw(g, 2) ? "%s,%s" : "%2$s,%1$s", name_of(from),
			 constant(g, draw(g, 2) ? &channel : &scalar, -1, 1));
	}
	add(g, operator, inputs, "", x);
}

static void add_pool(generator *g, int from)
{
	pf_shape y = g->shapes[from];
	switch (draw(g, 4)) {
	case 0:
		add(g, "MaxPool", name_of(from), "kernel_shape=I3,3 pads=I1,1,1,1", y);
		break;
	case 1:
		add(g, "AveragePool", name_of(from), "kernel_shape=I3,3 pads=I1,1,1,1", y);
		break;
	case 2:
		y.dims[2] = y.dims[3] = 1;
		add(g, "GlobalAveragePool", name_of(from), "", y);
		break;
	default:
		y.dims[2] = y.dims[3] = 1;
		add(g, "ReduceMean", name_of(from), "axes=I2,3", y);
		break;
	}
}

static void add_concat(generator *g, int from)
{
	char inputs[64];
	pf_shape y = g->shapes[from];
	int used = snprintf(inputs, sizeof inputs, "%s", name_of(from));
	for (int i = 0; i < g->count && y.dims[1] < 100 && used < 30; i++) {
		if (g->shapes[i].dims[2] == y.dims[2] && g->shapes[i].dims[3] == y.dims[3] && draw(g, 2)) {
			used += snprintf(inputs + used, sizeof inputs - (size_t)used, ",%s", name_of(i));
			y.dims[1] += g->shapes[i].dims[1];
		}
	}
	add(g, "Concat", inputs, "axis=i1", y);
}

static void add_move(generator *g, int from)
{
	pf_shape y = g->shapes[from];
	if (y.dims[1] % 2 == 0 && draw(g, 2)) {
		pf_shape half = y;
		half.dims[1] /= 2;
		char outputs[40];
		snprintf(outputs, sizeof outputs, "%s,%s", name_of(g->count), name_of(g->count + 1));
		onnx_node(&g->model, "Split", name_of(from), outputs, "axis=i1");
		g->shapes[g->count++] = half;
		g->shapes[g->count++] = half;
		return;
	}
	if (y.dims[2] <= 16 && draw(g, 2)) {
		float data[4] = {1, 1, 2, 2};
		char inputs[48];
		onnx_constant(&g->model, "up", &(pf_tensor){PF_TYPE_FLOAT, {1, {4}}, data});
		snprintf(inputs, sizeof inputs, "%s,,up", name_of(from));
		y.dims[2] *= 2;
		y.dims[3] *= 2;
		add(g, "Resize", inputs,
		    draw(g, 2) ? "mode=slinear"
			       : "coordinate_transformation_mode=sasymmetric nearest_mode=sfloor",
		    y);
		return;
	}
	int64_t width = y.dims[3];
	y.dims[3] = y.dims[2];
	y.dims[2] = width;
	add(g, "Transpose", name_of(from), "perm=I0,1,3,2", y);
}

static onnx_bytes generate(unsigned seed)
{
	generator g = {.model = {.opset = 14}, .seed = seed * 2654435761u + 1};
	static const int64_t widths[] = {1, 3, 16, 24};
	g.shapes[0] = (pf_shape){4, {1, widths[draw(&g, 4)], 5 + draw(&g, 9), 5 + draw(&g, 9)}};
	g.count = 1;
	onnx_input(&g.model, "v0", PF_TYPE_FLOAT, &g.shapes[0]);
	int nodes = 3 + (int)draw(&g, 28);
	bool resized = false;
	while (g.count <= nodes) {
		int from = draw(&g, 3) ? g.count - 1 : (int)draw(&g, (unsigned)g.count);
		unsigned kind = draw(&g, 12);
		if (kind < 4) {
			add_conv(&g, from);
		} else if (kind < 5) {
			add_norm(&g, from);
		} else if (kind < 7) {
			add_act(&g, from);
		} else if (kind < 9) {
			add_binary(&g, from);
		} else if (kind < 10) {
			add_pool(&g, from);
		} else if (kind < 11) {
			add_concat(&g, from);
		} else if (!resized) {
			add_move(&g, from);
			resized = true; /* its constant has one name */
		}
	}
	onnx_output(&g.model, name_of(g.count - 1));
	onnx_output(&g.model, name_of(1 + (int)draw(&g, (unsigned)g.count - 1)));
	return onnx_finish(&g.model);
}

static double fused_difference(const onnx_bytes *file, const pf_network *fused, pf_error *error)
{
	pf_network_options options;
	pf_network_options_default(&options);
	options.unfused = true;
	pf_network *plain = NULL;
	assert_int_equal(pf_network_load_memory(file->data, file->size, NULL, &options, &plain, error),
			 PF_OK);
	pf_workspace *workspace;
	assert_int_equal(pf_workspace_create(plain, "plain", 0, &workspace, error), PF_OK);
	network_case c = {.input_count = 1, .output_count = pf_network_output_count(plain)};
	const pf_network_tensor *in = pf_network_input(plain, 0);
	unsigned seed = 5;
	fill_random(in, pf_workspace_input(workspace, 0), &seed);
	assert_int_equal(pf_workspace_run(workspace, error), PF_OK);
	c.tensors[0] = (pf_tensor){in->type, in->shape, pf_workspace_input(workspace, 0)};
	for (size_t i = 0; i < c.output_count; i++) {
		const pf_network_tensor *out = pf_network_output(plain, i);
		c.tensors[1 + i] = (pf_tensor){out->type, out->shape,
					       (void *)pf_workspace_output(workspace, i)};
	}
	double difference = network_case_difference(fused, &c, "plain", error);
	pf_workspace_destroy(workspace);
	pf_network_free(plain);
	return difference;
}

static void test_random_graphs(void **state)
{
	(void)state;
	const char *count = getenv("PF_RANDOM_GRAPHS");
	unsigned rounds = count ? (unsigned)atoi(count) : 1000;
	double worst_fused = 0, worst_nodes = 0, worst_outputs = 0;
	size_t fused_nodes = 0, file_nodes = 0;
	for (unsigned i = 0; i < rounds; i++) {
		onnx_bytes file = generate(i);
		pf_network *network = NULL;
		pf_error error = {0};
		if (pf_network_load_memory(file.data, file.size, NULL, NULL, &network, &error) != PF_OK) {
			fail_msg("graph %u: %s", i, error.message);
		}
		pf_network_stats stats;
		pf_network_stats_get(network, &stats);
		fused_nodes += stats.nodes;
		file_nodes += stats.file_nodes;
		double fused = fused_difference(&file, network, &error), nodes = 0, outputs = 0;
		size_t node = 0;
		if (pf_network_backend(1)) {
			nodes = backends_difference(network, i, true, &node, &error);
			outputs = backends_difference(network, i, false, NULL, &error);
		}
		if (!(fused < 1e-4) || !(nodes < 1e-4) || !(outputs < 1e-4)) {
			pf_network_node info;
			pf_network_node_get(network, node, &info);
			fail_msg("graph %u: fused %g, onednn %g (worst %s %s), outputs %g %s", i, fused,
				 nodes, info.name, info.operator, outputs, error.message);
		}
		worst_fused = fused > worst_fused ? fused : worst_fused;
		worst_nodes = nodes > worst_nodes ? nodes : worst_nodes;
		worst_outputs = outputs > worst_outputs ? outputs : worst_outputs;
		pf_network_free(network);
		onnx_clear(&file);
	}
	print_message("%u graphs, %zu nodes fused to %zu: fused %.2g, onednn by node %.2g, outputs %.2g\n",
		      rounds, file_nodes, fused_nodes, worst_fused, worst_nodes, worst_outputs);
	assert_true(fused_nodes < file_nodes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_graphs)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
