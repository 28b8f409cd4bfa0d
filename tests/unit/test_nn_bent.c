/* Operators with inputs and attributes that make no sense, and damaged files of each operator: refused in one
 * line or run to their end, on every backend, in bounded memory and time. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/nn/op.h"
#include "tests/unit/hostile_model.h"
#include "tests/unit/temp_folder.h"

/* A constant or an input of small random dims; integers are bent, so that they serve as shapes, axes, steps.
 */
static void add_random_input(onnx_model *m, const char *name)
{
	static const pf_type types[] = {PF_TYPE_FLOAT, PF_TYPE_FLOAT, PF_TYPE_FLOAT, PF_TYPE_INT64,
					PF_TYPE_INT64, PF_TYPE_INT32, PF_TYPE_BOOL,  PF_TYPE_UINT8,
					PF_TYPE_UINT8, PF_TYPE_INT8};
	pf_tensor t = {.type = types[hostile_draw() % 10], .shape.rank = (int32_t)(hostile_draw() % 6)};
	for (int i = 0; i < t.shape.rank; i++) {
		t.shape.dims[i] = 1 + hostile_draw() % 4;
	}
	int64_t elements = pf_shape_elements(&t.shape);
	int64_t *data = calloc((size_t)elements, sizeof *data);
	assert_non_null(data);
	for (int64_t i = 0; i < elements; i++) {
		if (t.type == PF_TYPE_FLOAT) {
			((float *)data)[i] = (float)hostile_bend(1 + hostile_draw() % 3, true);
		} else if (t.type == PF_TYPE_INT64) {
			data[i] = hostile_bend(hostile_draw() % 4, true);
		} else if (t.type != PF_TYPE_INT32) {
			((uint8_t *)data)[i] = hostile_draw() & 1;
		}
	}
	t.data = data;
	if (hostile_draw() % 2) {
		onnx_constant(m, name, &t);
	} else {
		onnx_input(m, name, t.type, &t.shape);
	}
	free(data);
}

static onnx_bytes random_operator(void)
{
	static const char *const numbers[] = {"axis",          "group",
					      "keepdims",      "to",
					      "blocksize",     "batch_dims",
					      "ceil_mode",     "allowzero",
					      "transA",        "start",
					      "end",           "num_outputs",
					      "size",          "center_point_box",
					      "align_corners", "exclusive",
					      "reverse",       "broadcast",
					      "is_test",       "spatial"};
	static const char *const lists[] = {"axes",  "perm",      "pads",   "strides", "kernel_shape",
					    "split", "dilations", "starts", "ends",    "output_padding"};
	static const char *const words[] = {
		"reduction=sadd", "reduction=smin",       "reduction=smul",
		"mode=snearest",  "mode=scubic",          "mode=slinear",
		"mode=sedge",     "padding_mode=sborder", "padding_mode=sreflection"};
	static const int opsets[] = {6, 7, 9, 10, 11, 13, 18, 20};
	onnx_model m = {.opset = opsets[hostile_draw() % 8]};
	const pf_op *op = pf_op_at(hostile_draw() % pf_op_count());
	uint32_t some = op->least_inputs > 5 ? op->least_inputs + 1 : 5;
	uint32_t most = op->most_inputs < some ? op->most_inputs : some;
	uint32_t inputs = op->least_inputs + hostile_draw() % (most - op->least_inputs + 1),
		 outputs = 1 + hostile_draw() % 2;
	char names[64] = "", attributes[256] = "", name[8];
	int used = 0;
	for (uint32_t i = 0; i < inputs; i++) {
		snprintf(name, sizeof name, "i%u", i);
		add_random_input(&m, name);
		used += snprintf(names + used, sizeof names - (size_t)used, "%s%s", i ? "," : "", name);
	}
	used = 0;
	for (unsigned i = hostile_draw() % 3; i; i--) {
		used += snprintf(attributes + used, sizeof attributes - (size_t)used, " %s=i%lld",
				 numbers[hostile_draw() % 20], hostile_bend(hostile_draw() % 3, true));
	}
	for (unsigned i = hostile_draw() % 3; i; i--) {
		used += snprintf(attributes + used, sizeof attributes - (size_t)used, " %s=I%lld",
				 lists[hostile_draw() % 10], hostile_bend(hostile_draw() % 3, true));
		for (unsigned k = hostile_draw() % 4; k; k--) {
			used += snprintf(attributes + used, sizeof attributes - (size_t)used, ",%lld",
					 hostile_bend(1 + hostile_draw() % 2, true));
		}
	}
	if (hostile_draw() % 3 == 0) {
		snprintf(attributes + used, sizeof attributes - (size_t)used, " %s",
			 words[hostile_draw() % 9]);
	}
	onnx_node(&m, op->name, names, outputs == 1 ? "a" : "a,b", attributes);
	onnx_node(&m, "Relu", "a", "y", "");
	onnx_output(&m, hostile_draw() % 2 ? "y" : "a");
	return onnx_finish(&m);
}

/* Every operator with inputs and attributes that mostly make no sense. */
static void test_bent_operators(void **state)
{
	(void)state;
	int rounds = rounds_or(20000), alive = 0;
	for (int i = 0; i < rounds; i++) {
		hostile_seed((unsigned)i * 2654435761u + 5);
		onnx_bytes file = random_operator();
		alive += survive(file.data, file.size);
		onnx_clear(&file);
	}
	print_message("%d bent operators: %d run\n", rounds, alive);
	assert_true(alive > 0 && alive < rounds);
}

/* Every stored vector: sound models of single operators, of which most mutations still run. */
static void test_mutated_operators(void **state)
{
	(void)state;
	DIR *list = opendir(PF_SOURCE_DIR "/tests/nn/vectors");
	assert_non_null(list);
	const struct dirent *entry;
	int count = 0, alive = 0, rounds = rounds_or(10000) / 100;
	while ((entry = readdir(list))) {
		char path[512];
		snprintf(path, sizeof path, "%s/tests/nn/vectors/%s", PF_SOURCE_DIR, entry->d_name);
		onnx_bytes model = {0};
		if (strstr(entry->d_name, ".onnx")) {
			model.data = (uint8_t *)pf_temp_read(path, &model.size);
		}
		if (model.data &&
		    model.size < 8192) { /* larger ones are whole networks, of test_nn_hostile */
			alive += survive_mutations(NULL, &model, rounds, NULL);
			count++;
		}
		free(model.data);
	}
	closedir(list);
	print_message("%d mutations of %d operators: %d still run\n", count * rounds, count, alive);
	assert_true(count > 150 && alive > 0 && alive < count * rounds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bent_operators),
		cmocka_unit_test(test_mutated_operators),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
