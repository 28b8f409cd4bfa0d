/* Files that are no models, damaged models, and models that ask for too much: refused in one line, in bounded
 * memory and time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/nn/op.h"
#include "photofinish/trace.h"
#include "photofinish/workspace.h"
#include "tests/unit/network_case.h"
#include "tests/unit/onnx_fixture.h"
#include "tests/unit/temp_folder.h"

static const pf_shape image = {4, {1, 2, 8, 8}};

static unsigned drawn;

static unsigned draw(void)
{
	drawn = drawn * 1664525u + 1013904223u;
	return drawn >> 8;
}

/* A number as it should be or, now and then where `hostile`, one that should not be. */
static long long bend(long long sound, bool hostile)
{
	static const long long bad[] = {0,         -1,        1,         2,         3,
					7,         -7,        1 << 20,   INT32_MAX, 1LL << 31,
					1LL << 32, 1LL << 62, INT64_MAX, INT64_MIN};
	return hostile && draw() % 12 == 0 ? bad[draw() % (sizeof bad / sizeof *bad)] : sound;
}

/* A small network with a branch, a norm, constants of all kinds and shape arithmetic. */
static onnx_bytes small_model(bool hostile)
{
	onnx_model m = {.opset = bend(13, hostile)};
	char text[256];
	float weights[36], numbers[2] = {0.5f, 1.5f};
	int64_t shape[2] = {bend(1, hostile), bend(-1, hostile)}, indices[1] = {bend(0, hostile)},
		ends[1] = {bend(3, hostile)};
	for (int i = 0; i < 36; i++) {
		weights[i] = (float)(i % 7) / 7 - 0.4f;
	}
	pf_shape kernel = {4, {2, 2, 3, 3}}, two = {1, {2}}, one = {1, {1}};
	pf_shape input = {4, {bend(1, hostile), bend(2, hostile), bend(8, hostile), bend(8, hostile)}};
	int64_t claimed[4] = {bend(2, hostile), bend(2, hostile), bend(3, hostile), bend(3, hostile)};
	onnx_input(&m, "x", PF_TYPE_FLOAT, hostile ? &input : &image);
	onnx_raw_constant(&m, "w", (int)bend(1, hostile), hostile ? claimed : kernel.dims, 4, weights,
			  sizeof weights);
	onnx_constant(&m, "v", &(pf_tensor){PF_TYPE_FLOAT, two, numbers});
	onnx_constant(&m, "shape", &(pf_tensor){PF_TYPE_INT64, two, shape});
	onnx_constant(&m, "zero", &(pf_tensor){PF_TYPE_INT64, one, indices});
	onnx_constant(&m, "three", &(pf_tensor){PF_TYPE_INT64, one, ends});
	snprintf(text, sizeof text, "pads=I%lld,%lld,1,1 strides=I%lld,%lld dilations=I%lld,1 group=i%lld",
		 bend(1, hostile), bend(1, hostile), bend(1, hostile), bend(1, hostile), bend(1, hostile),
		 bend(1, hostile));
	onnx_node(&m, hostile && draw() % 4 == 0 ? "ConvTranspose" : "Conv", "x,w", "c", text);
	onnx_node(&m, "BatchNormalization", "c,v,v,v,v", "n", "epsilon=f0.001");
	onnx_node(&m, "Sigmoid", "n", "s", "");
	onnx_node(&m, "Mul", "n,s", "a", "");
	snprintf(text, sizeof text,
		 "kernel_shape=I%lld,%lld pads=I%lld,1,1,%lld strides=I%lld,1 ceil_mode=i%lld",
		 bend(3, hostile), bend(3, hostile), bend(1, hostile), bend(1, hostile), bend(1, hostile),
		 bend(0, hostile));
	onnx_node(&m, hostile && draw() % 4 == 0 ? "AveragePool" : "MaxPool", "a", "p", text);
	snprintf(text, sizeof text, "axis=i%lld", bend(1, hostile));
	onnx_node(&m, "Concat", "a,p", "j", text);
	onnx_node(&m, "Slice", "j,zero,three,zero", "cut", "");
	onnx_node(&m, "Reshape", "cut,shape", "r", "");
	onnx_node(&m, "Softmax", "r", "y", text);
	snprintf(text, sizeof text, "axis=i%lld", bend(1, hostile));
	onnx_node(&m, "ArgMax", "y", "best", text);
	onnx_node(&m, "Gather", "r,best", "got", text);
	onnx_output(&m, "y");
	onnx_output(&m, "got");
	return onnx_finish(&m);
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

static bool survive(const uint8_t *bytes, size_t size);

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
		{3, {1, 1, 1}, 1, "data type 3"},
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
	uint64_t before = pf_now_ns();
	refused(model, PF_ERR_MEMORY_LIMIT, "unpacking the file would take more");
	assert_true(pf_now_ns() - before < 2000000000u);
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

static size_t mutate(const onnx_bytes *model, uint8_t *out)
{
	memcpy(out, model->data, model->size);
	size_t size = model->size;
	switch (draw() % 5) {
	case 0:
		return draw() % size;
	case 1: /* a run that is doubled or cut out */
	{
		size_t from = draw() % size, length = draw() % (size - from) % 40;
		memmove(out + from, out + from + length, size - from - length);
		return size - length;
	}
	case 2:
		for (unsigned i = draw() % 8 + 1; i; i--) {
			static const uint8_t telling[] = {0, 0x7f, 0x80, 0xff, 1, 2};
			out[draw() % size] = telling[draw() % sizeof telling];
		}
		return size;
	default:
		for (unsigned i = draw() % 4 + 1; i; i--) {
			out[draw() % size] ^= (uint8_t)(1u << draw() % 8);
		}
		return size;
	}
}

/* Loads a mutated file and, if it is still a model, runs it; true if it was. */
static bool survive(const uint8_t *bytes, size_t size)
{
	pf_network_options options;
	pf_network_options_default(&options);
	options.max_work = 50000000;
	pf_network *network = NULL;
	pf_error error = {0};
	pf_status status = pf_network_load_memory(bytes, size, "mutated", &options, &network, &error);
	if (status != PF_OK) {
		assert_true(error.message[0] && !strchr(error.message, '\n'));
		return false;
	}
	const char *backend;
	for (size_t k = 0; (backend = pf_network_backend(k)); k++) {
		pf_workspace *workspace;
		if (pf_workspace_create(network, backend, 0, &workspace, &error) == PF_OK) {
			pf_workspace_run(workspace, &error);
			pf_workspace_destroy(workspace);
		}
	}
	pf_network_free(network);
	return true;
}

/* While tests under a limit of memory run. */
static void limit_data(rlim_t bytes, struct rlimit *before)
{
#ifndef PF_SANITIZED /* the sanitizer reserves terabytes of addresses */
	struct rlimit limit;
	getrlimit(RLIMIT_DATA, before);
	limit = *before;
	limit.rlim_cur = bytes;
	setrlimit(RLIMIT_DATA, &limit);
#else
	(void)bytes;
	(void)before;
#endif
}

static void lift_limit(const struct rlimit *before)
{
#ifndef PF_SANITIZED
	setrlimit(RLIMIT_DATA, before);
#else
	(void)before;
#endif
}

/* Loads and runs `rounds` mutations of a file; every fourth is one of small_model with bent numbers where
 * `bend_numbers`. */
static void survive_mutations(const char *name, const onnx_bytes *model, int rounds, bool bend_numbers)
{
	int alive = 0;
	uint8_t *mutated = malloc(model->size);
	assert_non_null(mutated);
	assert_true(survive(model->data, model->size));
	uint64_t slowest = 0;
	struct rlimit before;
	limit_data(256u << 20, &before);
	for (int i = 0; i < rounds; i++) {
		drawn = (unsigned)i * 2654435761u + 17;
		onnx_bytes bent = {0};
		if (bend_numbers && i % 4 == 3) { /* sound bytes, numbers that are not */
			bent = small_model(true);
		}
		size_t size = bent.data ? bent.size : mutate(model, mutated);
		uint8_t *exact = malloc(size + 1); /* so that a read behind the end is seen */
		memcpy(exact, bent.data ? bent.data : mutated, size);
		onnx_clear(&bent);
		uint64_t begun = pf_now_ns();
		alive += survive(exact, size);
		uint64_t took = pf_now_ns() - begun;
		slowest = took > slowest ? took : slowest;
		free(exact);
	}
	lift_limit(&before);
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	print_message("%s: %d mutations of %zu bytes: %d still run, slowest %.0f ms, peak %ld MiB\n", name,
		      rounds, model->size, alive, (double)slowest * 1e-6, usage.ru_maxrss / 1024);
	assert_true(slowest < 5000000000u);
	assert_true(alive > 0 && alive < rounds);
	free(mutated);
}

static int rounds_or(int wanted)
{
	const char *count = getenv("PF_MUTATIONS");
	return count ? atoi(count) : wanted;
}

static void test_mutations(void **state)
{
	(void)state;
	onnx_bytes model = small_model(false);
	survive_mutations("all kinds of constants", &model, rounds_or(10000), true);
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
		survive_mutations(names[i], &model, rounds_or(5000), false);
		free(model.data);
	}
}

/* A constant or an input of small random dims; integers are bent, so that they serve as shapes, axes, steps.
 */
static void add_random_input(onnx_model *m, const char *name)
{
	static const pf_type types[] = {PF_TYPE_FLOAT, PF_TYPE_FLOAT, PF_TYPE_FLOAT, PF_TYPE_INT64,
					PF_TYPE_INT64, PF_TYPE_INT32, PF_TYPE_BOOL,  PF_TYPE_UINT8};
	pf_tensor t = {.type = types[draw() % 8], .shape.rank = (int32_t)(draw() % 6)};
	for (int i = 0; i < t.shape.rank; i++) {
		t.shape.dims[i] = 1 + draw() % 4;
	}
	int64_t elements = pf_shape_elements(&t.shape);
	int64_t *data = calloc((size_t)elements, sizeof *data);
	assert_non_null(data);
	for (int64_t i = 0; i < elements; i++) {
		if (t.type == PF_TYPE_FLOAT) {
			((float *)data)[i] = (float)bend(1 + draw() % 3, true);
		} else if (t.type == PF_TYPE_INT64) {
			data[i] = bend(draw() % 4, true);
		} else if (t.type != PF_TYPE_INT32) {
			((uint8_t *)data)[i] = draw() & 1;
		}
	}
	t.data = data;
	if (draw() % 2) {
		onnx_constant(m, name, &t);
	} else {
		onnx_input(m, name, t.type, &t.shape);
	}
	free(data);
}

static onnx_bytes random_operator(void)
{
	static const char *const numbers[] = {"axis",      "group",      "keepdims",  "to",
					      "blocksize", "batch_dims", "ceil_mode", "allowzero",
					      "transA",    "start",      "end",       "num_outputs"};
	static const char *const lists[] = {"axes",  "perm",      "pads",   "strides", "kernel_shape",
					    "split", "dilations", "starts", "ends",    "output_padding"};
	static const int opsets[] = {7, 9, 10, 11, 13, 18};
	onnx_model m = {.opset = opsets[draw() % 6]};
	const pf_op *op = pf_op_at(draw() % pf_op_count());
	uint32_t most = op->most_inputs < 5 ? op->most_inputs : 5;
	uint32_t inputs = op->least_inputs + draw() % (most - op->least_inputs + 1), outputs = 1 + draw() % 2;
	char names[64] = "", attributes[256] = "", name[8];
	int used = 0;
	for (uint32_t i = 0; i < inputs; i++) {
		snprintf(name, sizeof name, "i%u", i);
		add_random_input(&m, name);
		used += snprintf(names + used, sizeof names - (size_t)used, "%s%s", i ? "," : "", name);
	}
	used = 0;
	for (unsigned i = draw() % 3; i; i--) {
		used += snprintf(attributes + used, sizeof attributes - (size_t)used, " %s=i%lld",
				 numbers[draw() % 12], bend(draw() % 3, true));
	}
	for (unsigned i = draw() % 3; i; i--) {
		used += snprintf(attributes + used, sizeof attributes - (size_t)used, " %s=I%lld",
				 lists[draw() % 10], bend(draw() % 3, true));
		for (unsigned k = draw() % 4; k; k--) {
			used += snprintf(attributes + used, sizeof attributes - (size_t)used, ",%lld",
					 bend(1 + draw() % 2, true));
		}
	}
	onnx_node(&m, op->name, names, outputs == 1 ? "a" : "a,b", attributes);
	onnx_node(&m, "Relu", "a", "y", "");
	onnx_output(&m, draw() % 2 ? "y" : "a");
	return onnx_finish(&m);
}

/* Every operator with inputs and attributes that mostly make no sense. */
static void test_bent_operators(void **state)
{
	(void)state;
	int rounds = rounds_or(20000), alive = 0;
	for (int i = 0; i < rounds; i++) {
		drawn = (unsigned)i * 2654435761u + 5;
		onnx_bytes file = random_operator();
		alive += survive(file.data, file.size);
		onnx_clear(&file);
	}
	print_message("%d bent operators: %d run\n", rounds, alive);
	assert_true(alive > 0 && alive < rounds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutations),       cmocka_unit_test(test_mutated_exports),
		cmocka_unit_test(test_bent_operators),  cmocka_unit_test(test_no_models),
		cmocka_unit_test(test_hostile_graphs),  cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_hostile_tensors), cmocka_unit_test(test_amplification),
		cmocka_unit_test(test_external_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
