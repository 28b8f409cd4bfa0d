/* Each rewriting of fuse.c alone: what is left of the graph, and that it computes what the file says; and
 * graphs that look like one but must stay as they are. */
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

#define MOST_NODES 8

/* A graph over the inputs x [1,4,6,7], v [5,4] and the constants of add_constants; its outputs are `outputs`,
 * "y" where NULL. After loading exactly the operators of `left` are left, in this order. */
typedef struct fuse_case {
	const char *left;
	const char *nodes[MOST_NODES][4]; /* operator, inputs, output, attributes */
	const char *outputs;
} fuse_case;

/* Numbers without a pattern in [least, most). */
static void add_constant(onnx_model *m, const char *name, pf_shape shape, float least, float most)
{
	float data[256];
	unsigned seed = (unsigned char)name[0] * 257u + (unsigned char)name[strlen(name) - 1];
	int64_t count = pf_shape_elements(&shape);
	assert_true(count <= 256);
	for (int64_t i = 0; i < count; i++) {
		seed = seed * 1664525u + 1013904223u;
		data[i] = least + (most - least) * (float)(seed >> 8) / 16777216.0f;
	}
	onnx_constant(m, name, &(pf_tensor){PF_TYPE_FLOAT, shape, data});
}

static void add_constants(onnx_model *m)
{
	const pf_shape channels = {1, {4}}, scalar = {0};
	add_constant(m, "w", (pf_shape){4, {4, 4, 3, 3}}, -0.3f, 0.3f);
	add_constant(m, "one_by_one", (pf_shape){4, {4, 4, 1, 1}}, -0.5f, 0.5f);
	add_constant(m, "grouped", (pf_shape){4, {4, 2, 3, 3}}, -0.3f, 0.3f);
	add_constant(m, "transposed", (pf_shape){4, {4, 2, 3, 3}}, -0.3f,
		     0.3f); /* two groups: 4 channels out */
	add_constant(m, "matrix", (pf_shape){2, {4, 4}}, -0.7f, 0.7f);
	add_constant(m, "bias", channels, -1, 1);
	add_constant(m, "scale", channels, 0.5f, 1.5f);
	add_constant(m, "shift", channels, -1, 1);
	add_constant(m, "mean", channels, -0.5f, 0.5f);
	add_constant(m, "variance", channels, 0.3f, 2);
	add_constant(m, "image", (pf_shape){4, {1, 4, 6, 7}}, -1, 1);
	add_constant(m, "row", (pf_shape){4, {1, 1, 1, 7}}, -1, 1);
	add_constant(m, "zero", scalar, 0, 0);
	add_constant(m, "three", scalar, 3, 3);
	add_constant(m, "five", scalar, 5, 5);
	add_constant(m, "six", scalar, 6, 6);
}

static onnx_bytes build(const fuse_case *c)
{
	onnx_model m = {.opset = 20};
	const pf_shape image = {4, {1, 4, 6, 7}}, rows = {2, {5, 4}};
	onnx_input(&m, "x", PF_TYPE_FLOAT, &image);
	onnx_input(&m, "v", PF_TYPE_FLOAT, &rows);
	add_constants(&m);
	for (int i = 0; i < MOST_NODES && c->nodes[i][0]; i++) {
		onnx_node(&m, c->nodes[i][0], c->nodes[i][1], c->nodes[i][2],
			  c->nodes[i][3] ? c->nodes[i][3] : "");
	}
	char outputs[64], *rest = outputs, *name;
	snprintf(outputs, sizeof outputs, "%s", c->outputs ? c->outputs : "y");
	while ((name = strsep(&rest, ","))) {
		onnx_output(&m, name);
	}
	return onnx_finish(&m);
}

static pf_network *load(const fuse_case *c, const onnx_bytes *file, bool unfused)
{
	pf_network_options options;
	pf_network *network = NULL;
	pf_error error = {0};
	pf_network_options_default(&options);
	options.unfused = unfused;
	if (pf_network_load_memory(file->data, file->size, "case", &options, &network, &error) != PF_OK) {
		fail_msg("%s: %s", c->left, error.message);
	}
	return network;
}

/* What the file as it stands gives on the plain backend; the workspace owns the tensors. */
static network_case expect(const pf_network *unfused, pf_workspace **workspace)
{
	network_case expected = {.input_count = pf_network_input_count(unfused),
				 .output_count = pf_network_output_count(unfused)};
	unsigned seed = 3;
	assert_int_equal(pf_workspace_create(unfused, "plain", 0, workspace, NULL), PF_OK);
	for (size_t i = 0; i < expected.input_count; i++) {
		const pf_network_tensor *in = pf_network_input(unfused, i);
		float *data = pf_workspace_input(*workspace, i);
		fill_random(in, data, &seed);
		for (int64_t k = 0; k < pf_shape_elements(&in->shape); k++) {
			data[k] *= 4; /* so that all pieces of hard swish and its like are reached */
		}
		expected.tensors[i] = (pf_tensor){in->type, in->shape, data};
	}
	assert_int_equal(pf_workspace_run(*workspace, NULL), PF_OK);
	for (size_t i = 0; i < expected.output_count; i++) {
		const pf_network_tensor *out = pf_network_output(unfused, i);
		expected.tensors[expected.input_count + i] = (pf_tensor){
			out->type, out->shape, (void *)pf_workspace_output(*workspace, i)};
	}
	return expected;
}

static void check_left(const fuse_case *c, const pf_network *network)
{
	char got[256] = "";
	size_t used = 0, wanted = 1;
	for (size_t i = 0; i < pf_network_node_count(network); i++) {
		pf_network_node node;
		pf_network_node_get(network, i, &node);
		used += (size_t)snprintf(got + used, sizeof got - used, "%s%s", i ? " " : "", node.operator);
	}
	if (strcmp(got, c->left) != 0) {
		fail_msg("\"%s\" is left instead of \"%s\"", got, c->left);
	}
	for (const char *at = c->left; (at = strchr(at, ' ')); at++) {
		wanted++;
	}
	pf_network_stats stats;
	pf_network_stats_get(network, &stats);
	assert_int_equal(stats.nodes, wanted);
}

static void run_cases(const fuse_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		onnx_bytes file = build(&cases[i]);
		pf_network *fused = load(&cases[i], &file, false), *unfused = load(&cases[i], &file, true);
		pf_workspace *workspace;
		network_case expected = expect(unfused, &workspace);
		check_left(&cases[i], fused);
		const char *backend;
		for (size_t k = 0; (backend = pf_network_backend(k)); k++) {
			pf_error error = {0};
			double difference = network_case_difference(fused, &expected, backend, &error);
			if (!(difference < 2e-6)) {
				fail_msg("case %zu, %s on %s: differs by %g %s", i, cases[i].left, backend,
					 difference, error.message);
			}
		}
		pf_workspace_destroy(workspace);
		pf_network_free(fused);
		pf_network_free(unfused);
		onnx_clear(&file);
	}
}

#define PADDED "pads=I1,1,1,1"
#define CONV                               \
	{                                  \
		"Conv", "x,w", "c", PADDED \
	}
#define NORM(from, to)                                                                        \
	{                                                                                     \
		"BatchNormalization", from ",scale,shift,mean,variance", to, "epsilon=f0.001" \
	}
#define RUN(cases) run_cases(cases, sizeof(cases) / sizeof *(cases))

static void test_batch_norm(void **state)
{
	(void)state;
	static const fuse_case cases[] = {
		{"Conv", {CONV, NORM("c", "y")}},
		{"Conv", {{"Conv", "x,w,bias", "c", PADDED}, NORM("c", "y")}},
		{"Conv", {{"Conv", "x,grouped", "c", PADDED " group=i2"}, NORM("c", "y")}},
		{"ConvTranspose",
		 {{"ConvTranspose", "x,w,bias", "c", PADDED " strides=I2,2"}, NORM("c", "y")}},
		{"ConvTranspose",
		 {{"ConvTranspose", "x,transposed", "c", PADDED " group=i2"}, NORM("c", "y")}},
		/* constants that two nodes use are copied before they are changed */
		{"Conv Conv", {CONV, NORM("c", "n"), {"Conv", "n,w", "y", PADDED}}},
		{"Conv Conv", {CONV, NORM("c", "n"), {"Conv", "n,w,shift", "d", PADDED}, NORM("d", "y")}},
		{"Conv+Relu", {CONV, NORM("c", "n"), {"Relu", "n", "y"}}},
		{"BatchNormalization+Relu", {NORM("x", "n"), {"Relu", "n", "y"}}},
	};
	RUN(cases);
}

static void test_activations(void **state)
{
	(void)state;
	static const struct {
		const char *operator, * inputs, *attributes, *label;
	} acts[] = {
		{"Relu", "h", "", "Relu"},
		{"LeakyRelu", "h", "alpha=f0.1", "LeakyRelu"},
		{"Clip", "h,zero,six", "", "Clip"},
		{"Sigmoid", "h", "", "Sigmoid"},
		{"HardSigmoid", "h", "alpha=f0.3 beta=f0.4", "HardSigmoid"},
		{"HardSwish", "h", "", "HardSwish"},
		{"Tanh", "h", "", "Tanh"},
		{"Elu", "h", "alpha=f0.7", "Elu"},
		{"Gelu", "h", "", "Gelu"},
	};
	static const char *const hosts[][4] = {
		{"Conv", "x,w", "h", PADDED},
		{"ConvTranspose", "x,w", "h", PADDED},
		{"Gemm", "v,matrix,bias", "h", ""},
		{"MatMul", "v,matrix", "h", ""},
		{"BatchNormalization", "x,scale,shift,mean,variance", "h", "epsilon=f0.001"},
		{"Add", "x,row", "h", ""},
	};
	for (size_t h = 0; h < sizeof hosts / sizeof *hosts; h++) {
		for (size_t a = 0; a < sizeof acts / sizeof *acts; a++) {
			char left[64];
			snprintf(left, sizeof left, "%s+%s", hosts[h][0], acts[a].label);
			fuse_case c = {left,
				       {{hosts[h][0], hosts[h][1], hosts[h][2], hosts[h][3]},
					{acts[a].operator, acts[a].inputs, "y", acts[a].attributes}}};
			run_cases(&c, 1);
		}
	}
	static const fuse_case chains[] = {
		{"Conv+Relu+Sigmoid+Tanh",
		 {CONV, {"Relu", "c", "a"}, {"Sigmoid", "a", "b"}, {"Tanh", "b", "y"}}},
		/* a node takes three */
		{"Conv+Relu+Sigmoid+Tanh Relu",
		 {CONV, {"Relu", "c", "a"}, {"Sigmoid", "a", "b"}, {"Tanh", "b", "d"}, {"Relu", "d", "y"}}},
	};
	RUN(chains);
}

static void test_spelt_out(void **state)
{
	(void)state;
	static const fuse_case cases[] = {
		{"SiLU", {{"Sigmoid", "x", "s"}, {"Mul", "x,s", "y"}}},
		{"SiLU", {{"Sigmoid", "x", "s"}, {"Mul", "s,x", "y"}}},
		{"Conv+SiLU", {CONV, {"Sigmoid", "c", "s"}, {"Mul", "c,s", "y"}}},
		{"HardSwish", {{"HardSigmoid", "x", "s", "alpha=f0.16666667"}, {"Mul", "x,s", "y"}}},
		{"Conv+HardSwish",
		 {CONV, {"HardSigmoid", "c", "s", "alpha=f0.16666667"}, {"Mul", "s,c", "y"}}},
		{"HardSigmoid",
		 {{"Add", "x,three", "a"}, {"Clip", "a,zero,six", "b"}, {"Div", "b,six", "y"}}},
		{"Conv+HardSigmoid",
		 {CONV, {"Add", "three,c", "a"}, {"Clip", "a,zero,six", "b"}, {"Div", "b,six", "y"}}},
		{"HardSwish",
		 {{"Add", "x,three", "a"},
		  {"Clip", "a,zero,six", "b"},
		  {"Mul", "x,b", "m"},
		  {"Div", "m,six", "y"}}},
		{"Conv+HardSwish",
		 {CONV,
		  {"Add", "c,three", "a"},
		  {"Clip", "a,zero,six", "b"},
		  {"Mul", "b,c", "m"},
		  {"Div", "m,six", "y"}}},
	};
	RUN(cases);
}

static void test_additions(void **state)
{
	(void)state;
	static const fuse_case cases[] = {
		{"Conv+Add", {CONV, {"Add", "c,x", "y"}}},
		{"Conv+Add", {CONV, {"Add", "x,c", "y"}}},
		{"Conv+Add+Relu", {CONV, {"Add", "c,x", "a"}, {"Relu", "a", "y"}}},
		{"Conv+Relu+Add", {CONV, {"Relu", "c", "r"}, {"Add", "x,r", "y"}}},
		{"Conv+Relu+Add+Relu", {CONV, {"Relu", "c", "r"}, {"Add", "x,r", "a"}, {"Relu", "a", "y"}}},
		{"Conv+Add+Relu", {CONV, NORM("c", "n"), {"Add", "n,x", "a"}, {"Relu", "a", "y"}}},
		{"ConvTranspose+Add", {{"ConvTranspose", "x,w", "c", PADDED}, {"Add", "c,x", "y"}}},
		/* of two convolutions the later one takes the sum; one node takes one sum */
		{"Conv Conv+Add", {CONV, {"Conv", "x,one_by_one", "d"}, {"Add", "c,d", "y"}}},
		{"Conv+Add Add", {CONV, {"Add", "c,x", "a"}, {"Add", "a,x", "y"}}},
		/* an identity goes, and what stood behind it is joined */
		{"Conv+Relu", {CONV, {"Identity", "c", "i"}, {"Dropout", "i", "d"}, {"Relu", "d", "y"}}},
	};
	RUN(cases);
}

static void test_folding(void **state)
{
	(void)state;
	static const fuse_case cases[] = {
		{"Mul", {{"Add", "image,row", "a"}, {"Relu", "a", "b"}, {"Mul", "b,x", "y"}}},
		{"Conv", {{"Mul", "w,three", "scaled"}, {"Conv", "x,scaled", "y", PADDED}}},
		{"Conv+Relu",
		 {{"Mul", "w,three", "scaled"},
		  {"Conv", "x,scaled", "c", PADDED},
		  NORM("c", "n"),
		  {"Relu", "n", "y"}}},
		/* the file's own flattening: Shape, Gather, Unsqueeze, Concat, Reshape */
		{"Reshape",
		 {{"Shape", "x", "all"},
		  {"Constant", "", "at", "value_ints=I0"},
		  {"Gather", "all,at", "batch"},
		  {"Constant", "", "rest", "value_ints=I-1"},
		  {"Concat", "batch,rest", "shape", "axis=i0"},
		  {"Reshape", "x,shape", "y"}}},
	};
	RUN(cases);
}

/* What looks alike and is not, or whose middle is needed elsewhere. */
static void test_left_alone(void **state)
{
	(void)state;
	static const fuse_case cases[] = {
		{"Conv Relu Add", {CONV, {"Relu", "c", "r"}, {"Add", "r,c", "y"}}}, /* used twice */
		{"Conv Relu", {CONV, {"Relu", "c", "y"}}, "y,c"},                   /* an output itself */
		{"Conv BatchNormalization", {CONV, NORM("c", "y")}, "y,c"},
		{"Conv+Relu BatchNormalization", {CONV, {"Relu", "c", "r"}, NORM("r", "y")}},
		{"Sigmoid Mul", {{"Sigmoid", "x", "s"}, {"Mul", "s,image", "y"}}}, /* another's gate */
		{"Sigmoid Mul", {{"Sigmoid", "x", "s"}, {"Mul", "s,x", "y"}}, "y,s"},
		{"HardSigmoid Mul", {{"HardSigmoid", "x", "s"}, {"Mul", "x,s", "y"}}}, /* by 0.2 */
		{"Add+Clip Div",
		 {{"Add", "x,three", "a"}, {"Clip", "a,zero,six", "b"}, {"Div", "b,five", "y"}}},
		{"Add+Clip Div",
		 {{"Add", "x,five", "a"}, {"Clip", "a,zero,six", "b"}, {"Div", "b,six", "y"}}},
		{"Add+Clip Div",
		 {{"Add", "x,three", "a"}, {"Clip", "a,zero,five", "b"}, {"Div", "b,six", "y"}}},
		{"Conv Add", {CONV, {"Add", "c,row", "y"}}},   /* of another shape */
		{"Conv Add", {CONV, {"Add", "c,image", "y"}}}, /* a constant */
		{"Conv Add", {CONV, {"Add", "c,c", "y"}}},
		{"Conv Softplus", {CONV, {"Softplus", "c", "y"}}},
		{"Conv Abs", {CONV, {"Abs", "c", "y"}}},
		{"Mul Relu", {{"Mul", "x,row", "m"}, {"Relu", "m", "y"}}},
	};
	RUN(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batch_norm), cmocka_unit_test(test_activations),
		cmocka_unit_test(test_spelt_out),  cmocka_unit_test(test_additions),
		cmocka_unit_test(test_folding),    cmocka_unit_test(test_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
