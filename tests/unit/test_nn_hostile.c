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

#include "core/nn/onnx_scan.h"
#include "photofinish/trace.h"
#include "photofinish/workspace.h"
#include "tests/unit/network_case.h"
#include "tests/unit/onnx_fixture.h"
#include "tests/unit/temp_folder.h"

static const pf_shape image = {4, {1, 2, 8, 8}};

/* A small network with a branch, a norm, constants of all kinds and shape arithmetic. */
static onnx_bytes small_model(void)
{
	onnx_model m = {.opset = 13};
	float weights[36], numbers[2] = {0.5f, 1.5f};
	int64_t shape[2] = {1, -1}, indices[1] = {0}, ends[1] = {3};
	for (int i = 0; i < 36; i++) {
		weights[i] = (float)(i % 7) / 7 - 0.4f;
	}
	pf_shape kernel = {4, {2, 2, 3, 3}}, two = {1, {2}}, one = {1, {1}};
	onnx_input(&m, "x", PF_TYPE_FLOAT, &image);
	onnx_constant(&m, "w", &(pf_tensor){PF_TYPE_FLOAT, kernel, weights});
	onnx_constant(&m, "v", &(pf_tensor){PF_TYPE_FLOAT, two, numbers});
	onnx_constant(&m, "shape", &(pf_tensor){PF_TYPE_INT64, two, shape});
	onnx_constant(&m, "zero", &(pf_tensor){PF_TYPE_INT64, one, indices});
	onnx_constant(&m, "three", &(pf_tensor){PF_TYPE_INT64, one, ends});
	onnx_node(&m, "Conv", "x,w", "c", "pads=I1,1,1,1 strides=I1,1 group=i1");
	onnx_node(&m, "BatchNormalization", "c,v,v,v,v", "n", "epsilon=f0.001");
	onnx_node(&m, "Sigmoid", "n", "s", "");
	onnx_node(&m, "Mul", "n,s", "a", "");
	onnx_node(&m, "MaxPool", "a", "p", "kernel_shape=I3,3 pads=I1,1,1,1");
	onnx_node(&m, "Concat", "a,p", "j", "axis=i1");
	onnx_node(&m, "Slice", "j,zero,three,zero", "cut", "");
	onnx_node(&m, "Reshape", "cut,shape", "r", "");
	onnx_node(&m, "Softmax", "r", "y", "axis=i1");
	onnx_node(&m, "ArgMax", "y", "best", "axis=i1");
	onnx_node(&m, "Gather", "r,best", "got", "axis=i1");
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

static unsigned drawn;

static unsigned draw(void)
{
	drawn = drawn * 1664525u + 1013904223u;
	return drawn >> 8;
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

static void test_mutations(void **state)
{
	(void)state;
	const char *count = getenv("PF_MUTATIONS");
	int rounds = count ? atoi(count) : 10000, alive = 0;
	onnx_bytes model = small_model();
	uint8_t *mutated = malloc(model.size);
	assert_non_null(mutated);
	assert_true(survive(model.data, model.size));
	uint64_t slowest = 0;
#ifndef PF_SANITIZED /* the sanitizer reserves terabytes of addresses */
	struct rlimit before, limit;
	getrlimit(RLIMIT_DATA, &before);
	limit = before;
	limit.rlim_cur = 256u << 20;
	setrlimit(RLIMIT_DATA, &limit);
#endif
	for (int i = 0; i < rounds; i++) {
		drawn = (unsigned)i * 2654435761u + 17;
		size_t size = mutate(&model, mutated);
		uint8_t *exact = malloc(size + 1); /* so that a read behind the end is seen */
		memcpy(exact, mutated, size);
		uint64_t begun = pf_now_ns();
		alive += survive(exact, size);
		uint64_t took = pf_now_ns() - begun;
		slowest = took > slowest ? took : slowest;
		free(exact);
	}
#ifndef PF_SANITIZED
	setrlimit(RLIMIT_DATA, &before);
#endif
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	print_message("%d mutations of %zu bytes: %d still run, slowest %.0f ms, peak %ld MiB\n", rounds,
		      model.size, alive, (double)slowest * 1e-6, usage.ru_maxrss / 1024);
	assert_true(slowest < 5000000000u);
	assert_true(alive > 0 && alive < rounds);
	free(mutated);
	onnx_clear(&model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutations),      cmocka_unit_test(test_no_models),
		cmocka_unit_test(test_hostile_graphs), cmocka_unit_test(test_hostile_tensors),
		cmocka_unit_test(test_amplification),  cmocka_unit_test(test_external_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
