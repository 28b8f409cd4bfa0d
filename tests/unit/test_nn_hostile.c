/* Files that are no models, damaged models, and models that ask for too much: refused in one line, in bounded
 * memory and time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "photofinish/trace.h"
#include "photofinish/workspace.h"
#include "tests/unit/hostile_model.h"
#include "tests/unit/onnx_fixture.h"
#include "tests/unit/temp_folder.h"

static const pf_shape image = {4, {1, 2, 8, 8}};

/* A small network with a branch, a norm, constants of all kinds and shape arithmetic. */
static onnx_bytes small_model(bool hostile)
{
	onnx_model m = {.opset = hostile_bend(13, hostile)};
	char text[256];
	float weights[36], numbers[2] = {0.5f, 1.5f};
	int64_t shape[2] = {hostile_bend(1, hostile), hostile_bend(-1, hostile)},
		indices[1] = {hostile_bend(0, hostile)}, ends[1] = {hostile_bend(3, hostile)};
	for (int i = 0; i < 36; i++) {
		weights[i] = (float)(i % 7) / 7 - 0.4f;
	}
	pf_shape kernel = {4, {2, 2, 3, 3}}, two = {1, {2}}, one = {1, {1}};
	pf_shape input = {4,
			  {hostile_bend(1, hostile), hostile_bend(2, hostile), hostile_bend(8, hostile),
			   hostile_bend(8, hostile)}};
	int64_t claimed[4] = {hostile_bend(2, hostile), hostile_bend(2, hostile), hostile_bend(3, hostile),
			      hostile_bend(3, hostile)};
	onnx_input(&m, "x", PF_TYPE_FLOAT, hostile ? &input : &image);
	onnx_raw_constant(&m, "w", (int)hostile_bend(1, hostile), hostile ? claimed : kernel.dims, 4, weights,
			  sizeof weights);
	onnx_constant(&m, "v", &(pf_tensor){PF_TYPE_FLOAT, two, numbers});
	onnx_constant(&m, "shape", &(pf_tensor){PF_TYPE_INT64, two, shape});
	onnx_constant(&m, "zero", &(pf_tensor){PF_TYPE_INT64, one, indices});
	onnx_constant(&m, "three", &(pf_tensor){PF_TYPE_INT64, one, ends});
	snprintf(text, sizeof text, "pads=I%lld,%lld,1,1 strides=I%lld,%lld dilations=I%lld,1 group=i%lld",
		 hostile_bend(1, hostile), hostile_bend(1, hostile), hostile_bend(1, hostile),
		 hostile_bend(1, hostile), hostile_bend(1, hostile), hostile_bend(1, hostile));
	onnx_node(&m, hostile && hostile_draw() % 4 == 0 ? "ConvTranspose" : "Conv", "x,w", "c", text);
	onnx_node(&m, "BatchNormalization", "c,v,v,v,v", "n", "epsilon=f0.001");
	onnx_node(&m, "Sigmoid", "n", "s", "");
	onnx_node(&m, "Mul", "n,s", "a", "");
	snprintf(text, sizeof text,
		 "kernel_shape=I%lld,%lld pads=I%lld,1,1,%lld strides=I%lld,1 ceil_mode=i%lld",
		 hostile_bend(3, hostile), hostile_bend(3, hostile), hostile_bend(1, hostile),
		 hostile_bend(1, hostile), hostile_bend(1, hostile), hostile_bend(0, hostile));
	onnx_node(&m, hostile && hostile_draw() % 4 == 0 ? "AveragePool" : "MaxPool", "a", "p", text);
	snprintf(text, sizeof text, "axis=i%lld", hostile_bend(1, hostile));
	onnx_node(&m, "Concat", "a,p", "j", text);
	onnx_node(&m, "Slice", "j,zero,three,zero", "cut", "");
	onnx_node(&m, "Reshape", "cut,shape", "r", "");
	onnx_node(&m, "Softmax", "r", "y", text);
	snprintf(text, sizeof text, "axis=i%lld", hostile_bend(1, hostile));
	onnx_node(&m, "ArgMax", "y", "best", text);
	onnx_node(&m, "Gather", "r,best", "got", text);
	onnx_output(&m, "y");
	onnx_output(&m, "got");
	return onnx_finish(&m);
}

static onnx_bytes small_bent_model(void)
{
	return small_model(true);
}

static pf_status load(const void *bytes, size_t size, pf_error *error)
{
	pf_network *network = NULL;
	*error = (pf_error){0};
	pf_status status = pf_network_load_memory(bytes, size, "model", NULL, &network, error);
	pf_network_free(network);
	return status;
}

static void refused(onnx_bytes file, pf_status wanted, const char *text)
{
	pf_error error;
	pf_status status = load(file.data, file.size, &error);
	if (status != wanted || !strstr(error.message, text) || strchr(error.message, '\n')) {
		fail_msg("\"%s\" (%s) instead of \"%s\"", error.message, pf_status_name(status), text);
	}
	onnx_clear(&file);
}

static void test_no_models(void **state)
{
	(void)state;
	static const struct {
		const char *bytes, *message;
	} files[] = {
		{"<?xml version=\"1.0\"?><a/>", "it looks like XML"},
		{"\n  <!DOCTYPE html><html>", "it looks like HTML"},
		{"{\"message\": \"not found\"}", "it looks like JSON"},
		{"PK\x03\x04 and so on", "ZIP"},
		{"version https://git-lfs.github.com/spec/v1", "Git LFS"},
		{"just a text of some length that says nothing at all", "it looks like text"},
		{"\x08\x08", "without a graph"},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "damaged"},
	};
	pf_error error;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		assert_int_equal(load(files[i].bytes, strlen(files[i].bytes), &error), PF_ERR_INVALID);
		assert_non_null(strstr(error.message, files[i].message));
	}
	assert_int_equal(load("", 0, &error), PF_ERR_EMPTY);
}

static void test_hostile_graphs(void **state)
{
	(void)state;
	pf_shape four = {1, {4}};
	onnx_model m = {.opset = 13};
	onnx_input(&m, "x", PF_TYPE_FLOAT, &four);
	onnx_node(&m, "Add", "x,b", "a", "");
	onnx_node(&m, "Relu", "a", "b", "");
	onnx_output(&m, "b");
	refused(onnx_finish(&m), PF_ERR_INVALID, "cycle");
	m = (onnx_model){.opset = 13};
	onnx_input(&m, "x", PF_TYPE_FLOAT, &four);
	onnx_node(&m, "Add", "x,missing", "a", "");
	onnx_output(&m, "a");
	refused(onnx_finish(&m), PF_ERR_INVALID, "\"missing\" is nowhere");
	m = (onnx_model){.opset = 13};
	onnx_output(&m, "nothing\n\x1b[31m");
	refused(onnx_finish(&m), PF_ERR_INVALID, "\"nothing\\x0a\\x1b[31m\" is nowhere");
	m = (onnx_model){.opset = 13};
	onnx_input(&m, "x", PF_TYPE_FLOAT, &four);
	onnx_node(&m, "Relu", "x", "x", "");
	onnx_output(&m, "x");
	refused(onnx_finish(&m), PF_ERR_INVALID, "two things are named");
	m = (onnx_model){.opset = 13};
	pf_shape huge = {3, {1, INT64_C(1) << 31, INT64_C(1) << 31}};
	onnx_input(&m, "x", PF_TYPE_FLOAT, &huge);
	onnx_output(&m, "x");
	refused(onnx_finish(&m), PF_ERR_TOO_LARGE, "input \"x\" is too large");
	m = (onnx_model){.opset = 13};
	pf_shape open = {3, {-1, 3, -1}};
	onnx_input(&m, "x", PF_TYPE_FLOAT, &open);
	onnx_output(&m, "x");
	refused(onnx_finish(&m), PF_ERR_INVALID, "leaves dimension 2 open");
	m = (onnx_model){.opset = 99};
	onnx_input(&m, "x", PF_TYPE_FLOAT, &four);
	onnx_output(&m, "x");
	refused(onnx_finish(&m), PF_ERR_UNSUPPORTED, "operator set 99");
}

/* Names that are left out where nothing may be. */
static void test_left_out(void **state)
{
	(void)state;
	static const struct {
		const char *op, *inputs, *outputs, *attributes, *message;
	} nodes[] = {
		{"Constant", "", ",", "value_ints=I1,2", "output 0 is missing"},
		{"Relu", "x", ",", "", "output 0 is missing"},
		{"TopK", "x,k", ",indices", "", "output 0 is missing"},
		{"Max", "x,", "y", "", ""},
		{"Max", ",x", "y", "", "input 0 is missing"},
		{"Min", "x,,x", "y", "", "input 1 is missing"},
		{"Sum", "x,,x", "y", "", "input 1 is missing"},
		{"Concat", "x,,x", "y", "axis=i0", "input 1 is missing"},
		{"Add", "x,x,,", "y", "", ""},
	};
	pf_shape four = {1, {4}}, one = {1, {1}};
	int64_t two = 2;
	for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
		onnx_model m = {.opset = 13};
		onnx_input(&m, "x", PF_TYPE_FLOAT, &four);
		onnx_constant(&m, "k", &(pf_tensor){PF_TYPE_INT64, one, &two});
		onnx_node(&m, nodes[i].op, nodes[i].inputs, nodes[i].outputs, nodes[i].attributes);
		onnx_node(&m, "Relu", nodes[i].message[0] ? "x" : "y", "z", "");
		onnx_output(&m, "z");
		if (nodes[i].message[0]) {
			refused(onnx_finish(&m), PF_ERR_INVALID, nodes[i].message);
			continue;
		}
		onnx_bytes file = onnx_finish(&m);
		assert_true(survive(file.data, file.size));
		onnx_clear(&file);
	}
	/* A constant whose only output has an empty name, with the value as a tensor; and Max with an empty
	 * first input: as they were found by mutation. */
	static const char constant[] = "\x08\x07\x3a\x65\x0a\x28\x12\x00\x22\x08"
				       "Constant*\x1a\x0a\x05value*\x0e\x08\x01\x10\x07"
				       "J\x08\x01\0\0\0\0\0\0\0\xa0\x01\x04\x0a\x0c\x0a\x01x\x12\x01y"
				       "\"\x04Relu\x12\x01gZ\x13\x0a\x01x\x12\x0e\x0a\x0c\x08\x01\x12\x08"
				       "\x0a\x02\x08\x01\x0a\x02\x08\x02"
				       "b\x13\x0a\x01y\x12\x0e\x0a\x0c\x08\x01\x12\x08"
				       "\x0a\x02\x08\x01\x0a\x02\x08\x02"
				       "B\x02\x10\x0d";
	static const char absent[] = "\x08\x07:<\x0a\x0d\x0a\x01x\x0a\0\x12\x01y\"\x03Max\x12\x01gZ\x13"
				     "\x0a\x01x\x12\x0e\x0a\x0c\x08\x01\x12\x08\x0a\x02\x08\x01"
				     "\x0a\x02\x08\x02"
				     "b\x13\x0a\x01y\x12\x0e\x0a\x0c\x08\x01\x12\x08"
				     "\x0a\x02\x08\x01\x0a\x02\x08\x02"
				     "B\x02\x10\x0d";
	assert_false(survive((const uint8_t *)constant, sizeof constant - 1));
	survive((const uint8_t *)absent, sizeof absent - 1);
}

static void test_hostile_tensors(void **state)
{
	(void)state;
	static const struct {
		int type;
		int64_t dims[3];
		size_t bytes;
		const char *message;
	} tensors[] = {
		{1, {1, 1, 2}, 4, "do not have the size"},
		{1, {1, 1, 1}, 8, "do not have the size"},
		{1, {-1, 1, 1}, 4, "negative or too large"},
		{1, {0, INT64_C(1) << 62, 4}, 0, "negative or too large"},
		{1, {1 << 16, 1 << 16, 1}, 4, "negative or too large"},
		{8, {1, 1, 1}, 4, "data type 8"},
		{5, {1, 1, 1}, 2, "data type 5"},
		{-5, {1, 1, 1}, 1, "data type -5"},
	};
	static const char data[8];
	for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
		onnx_model m = {.opset = 13};
		onnx_raw_constant(&m, "t", tensors[i].type, tensors[i].dims, 3, data, tensors[i].bytes);
		onnx_node(&m, "Relu", "t", "y", "");
		onnx_output(&m, "y");
		onnx_bytes file = onnx_finish(&m);
		pf_error error;
		assert_int_not_equal(load(file.data, file.size, &error), PF_OK);
		if (!strstr(error.message, tensors[i].message)) {
			fail_msg("\"%s\" lacks \"%s\"", error.message, tensors[i].message);
		}
		onnx_clear(&file);
	}
}

static void test_amplification(void **state)
{
	(void)state;
	/* Four million empty nodes in eight megabytes would unpack to half a gigabyte. */
	onnx_bytes graph = {0}, model = {0};
	for (int i = 0; i < 4000000; i++) {
		onnx_put(&graph, "\x0a", 2);
	}
	onnx_message(&model, 7, &graph);
	refused(model, PF_ERR_MEMORY_LIMIT, "unpacking the file would take more");
	/* Messages in messages: graph, node, attribute, graph, ... */
	static const unsigned fields[] = {6, 5, 1}; /* from the inside: graph, attribute, node */
	onnx_bytes inner = {0};
	onnx_number(&inner, 3, 300);
	for (int i = 0; i < 60; i++) {
		onnx_bytes outer = {0};
		onnx_message(&outer, fields[i % 3], &inner);
		inner = outer;
	}
	onnx_bytes deep = {0};
	onnx_message(&deep, 7, &inner);
	refused(deep, PF_ERR_TOO_LARGE, "nested deeper");
	onnx_model m = {.opset = 13};
	pf_shape one = {1, {1}};
	char from[16] = "x", to[16];
	onnx_input(&m, "x", PF_TYPE_FLOAT, &one);
	for (int i = 0; i < 20001; i++) {
		snprintf(to, sizeof to, "v%d", i);
		onnx_node(&m, "Relu", from, to, "");
		memcpy(from, to, sizeof from);
	}
	onnx_output(&m, from);
	refused(onnx_finish(&m), PF_ERR_TOO_LARGE, "20001 nodes");
}

static pf_status load_external(const char *folder, const char *location, const char *length, pf_error *error)
{
	onnx_model m = {.opset = 13};
	onnx_bytes tensor = {0}, entry = {0};
	onnx_number(&tensor, 1, 2);
	onnx_number(&tensor, 2, 1);
	onnx_text(&tensor, 8, "t");
	onnx_text(&entry, 1, "location");
	onnx_text(&entry, 2, location);
	onnx_message(&tensor, 13, &entry);
	onnx_text(&entry, 1, "length");
	onnx_text(&entry, 2, length);
	onnx_message(&tensor, 13, &entry);
	onnx_number(&tensor, 14, 1);
	onnx_message(&m.graph, 5, &tensor);
	onnx_node(&m, "Relu", "t", "y", "");
	onnx_output(&m, "y");
	onnx_bytes file = onnx_finish(&m);
	const char *path = pf_temp_path(folder, "inside/model.onnx");
	pf_temp_write(path, file.data, file.size);
	onnx_clear(&file);
	pf_network *network = NULL;
	*error = (pf_error){0};
	pf_status status = pf_network_load(path, NULL, &network, error);
	pf_network_free(network);
	return status;
}

static void test_external_data(void **state)
{
	(void)state;
	char folder[256];
	pf_temp_make(folder);
	assert_int_equal(mkdir(pf_temp_path(folder, "inside"), 0700), 0);
	static const float values[2] = {1, 2};
	const char *absolute = pf_temp_path(folder, "secret.bin");
	pf_temp_write(absolute, values, sizeof values);
	pf_temp_write(pf_temp_path(folder, "inside/data.bin"), values, sizeof values);
	assert_int_equal(symlink("../secret.bin", pf_temp_path(folder, "inside/link.bin")), 0);
	assert_int_equal(mkfifo(pf_temp_path(folder, "inside/pipe"), 0600), 0);
	pf_error error;
	assert_int_equal(load_external(folder, "data.bin", "8", &error), PF_OK);
	assert_int_equal(load_external(folder, "../secret.bin", "8", &error), PF_ERR_OUTSIDE);
	assert_int_equal(load_external(folder, absolute, "8", &error), PF_ERR_OUTSIDE);
	assert_int_equal(load_external(folder, "link.bin", "8", &error), PF_ERR_OUTSIDE);
	assert_int_equal(load_external(folder, "pipe", "8", &error), PF_ERR_NOT_REGULAR);
	assert_int_equal(load_external(folder, "absent.bin", "8", &error), PF_ERR_NOT_FOUND);
	assert_int_equal(load_external(folder, "data.bin", "4", &error), PF_ERR_INVALID);
	assert_int_equal(load_external(folder, "data.bin", "-8", &error), PF_ERR_INVALID);
	pf_temp_remove(folder);
}

static void test_mutations(void **state)
{
	(void)state;
	onnx_bytes model = small_model(false);
	int alive = survive_mutations("all kinds of constants", &model, rounds_or(10000), small_bent_model);
	assert_true(alive > 0 && alive < rounds_or(10000));
	onnx_clear(&model);
}

/* torch's own files of whole networks, made narrow by tests/nn/export_ops.py. */
static void test_mutated_exports(void **state)
{
	(void)state;
	static const char *const names[] = {"rtmpose_narrow", "yolo_pose_narrow"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[512];
		snprintf(path, sizeof path, "%s/tests/nn/vectors/%s.onnx", PF_SOURCE_DIR, names[i]);
		onnx_bytes model = {0};
		model.data = (uint8_t *)pf_temp_read(path, &model.size);
		int alive = survive_mutations(names[i], &model, rounds_or(1000), NULL);
		assert_true(alive > 0 && alive < rounds_or(1000));
		free(model.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutations),     cmocka_unit_test(test_mutated_exports),
		cmocka_unit_test(test_no_models),     cmocka_unit_test(test_hostile_graphs),
		cmocka_unit_test(test_left_out),      cmocka_unit_test(test_hostile_tensors),
		cmocka_unit_test(test_amplification), cmocka_unit_test(test_external_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
