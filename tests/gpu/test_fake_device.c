/* The cuDNN backend on the fake device: the same results as the plain backend, step by step and replayed,
 * with several pictures at once; and every fault ends in a status that names it, with nothing left behind. */
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/gpu/gpu_kernels.h"
#include "photofinish/gpu.h"
#include "tests/gpu/fake_entries.h"
#include "tests/unit/network_case.h"
#include "tests/unit/onnx_fixture.h"
#include "tests/unit/temp_folder.h"

enum { RUNS = 4 }; /* queued, recorded and replayed, replayed twice */

static char data[256];

static int find_device(void **state)
{
	(void)state;
	pf_temp_make(data);
	setenv("PHOTOFINISH_DATA", data, 1);
	if (fake_entries_open()) {
		return -1;
	}
	return 0;
}

static int remove_data(void **state)
{
	(void)state;
	pf_temp_remove(data);
	return 0;
}

static pf_network *load(const char *file, int64_t batch, int64_t height, int64_t width)
{
	const pf_network_binding size = {.shape = {4, {batch, 3, height, width}}};
	pf_network_options options;
	pf_network *network;
	pf_error error;
	char path[512];
	snprintf(path, sizeof path, PF_SOURCE_DIR "/%s", file);
	pf_network_options_default(&options);
	options.bindings = &size;
	options.binding_count = height > 0;
	if (pf_network_load(path, &options, &network, &error) != PF_OK) {
		fail_msg("%s: %s", file, error.message);
	}
	return network;
}

static pf_workspace *create(const pf_network *network, const char *backend)
{
	pf_workspace *workspace = NULL;
	pf_error error;
	if (pf_workspace_create(network, backend, 0, &workspace, &error) != PF_OK) {
		fail_msg("%s: %s", backend, error.message);
	}
	return workspace;
}

/* Both on the same inputs, which change from run to run; the largest difference. */
static double difference(const pf_network *network, const char *backend)
{
	pf_workspace *pair[2] = {create(network, "plain"), create(network, backend)};
	unsigned seed = 1;
	double worst = 0;
	pf_error error;
	for (int run = 0; run < RUNS; run++) {
		const pf_network_tensor *in = pf_network_input(network, 0);
		size_t bytes = (size_t)pf_shape_elements(&in->shape) * pf_type_bytes(in->type);
		fill_random(in, pf_workspace_input(pair[0], 0), &seed);
		memcpy(pf_workspace_input(pair[1], 0), pf_workspace_input(pair[0], 0), bytes);
		for (int i = 0; i < 2; i++) {
			if (pf_workspace_run(pair[i], &error) != PF_OK) {
				fail_msg("run %d: %s", run, error.message);
			}
		}
		for (size_t i = 0; i < pf_network_output_count(network); i++) {
			const pf_network_tensor *out = pf_network_output(network, i);
			const pf_tensor want = {out->type, out->shape,
						(void *)pf_workspace_output(pair[0], i)},
					got = {out->type, out->shape,
					       (void *)pf_workspace_output(pair[1], i)};
			worst = fmax(worst, tensor_difference(&got, &want));
		}
	}
	pf_workspace_destroy(pair[0]);
	pf_workspace_destroy(pair[1]);
	return worst;
}

static void check(const char *file, int64_t batch, int64_t height, int64_t width, const char *backend,
		  double limit)
{
	pf_network *network = load(file, batch, height, width);
	double worst = difference(network, backend);
	if (!(worst <= limit)) {
		fail_msg("%s on %s differs by %g", file, backend, worst);
	}
	pf_network_free(network);
	assert_int_equal(fake_live(), 0);
}

static void test_own_network(void **state)
{
	(void)state;
	check("core/models/pose.onnx", 1, 96, 64, "cudnn-fp32", 1e-4);
	check("core/models/pose.onnx", 1, 64, 96, "cudnn", 2e-2);
	check("core/models/pose.onnx", 3, 32, 64, "cudnn-fp32", 1e-4);
}

static void test_exports(void **state)
{
	(void)state;
	check("tests/nn/vectors/rtmpose_narrow.onnx", 1, 0, 0, "cudnn-fp32", 1e-4);
	check("tests/nn/vectors/yolo_pose_narrow.onnx", 1, 0, 0, "cudnn-fp32", 1e-4);
	check("tests/nn/vectors/depthwise_pose_narrow.onnx", 1, 0, 0, "cudnn-fp32", 1e-4);
	check("tests/nn/vectors/depthwise_pose_narrow.onnx", 1, 0, 0, "cudnn", 2e-2);
	static const char *const transposed[] = {"deconv",        "deconv_2x2",
						 "deconv_groups", "deconv_output_padding",
						 "deconv_wide",   "deconv_depthwise_dilated"};
	for (size_t i = 0; i < sizeof transposed / sizeof *transposed; i++) {
		char file[128];
		snprintf(file, sizeof file, "tests/nn/vectors/%s.onnx", transposed[i]);
		check(file, 1, 0, 0, "cudnn-fp32", 1e-4);
		check(file, 1, 0, 0, "cudnn", 2e-2);
	}
}

/* The processor writes over what was uploaded before the device needs to have read it. */
static void test_reused_memory(void **state)
{
	(void)state;
	float weights[64];
	for (int i = 0; i < 64; i++) {
		weights[i] = (float)(i % 5) - 2;
	}
	const pf_shape size = {4, {1, 8, 16, 16}};
	onnx_model model = {.opset = 13};
	pf_network *network;
	pf_error error;
	onnx_input(&model, "x", PF_TYPE_FLOAT, &size);
	onnx_constant(&model, "w", &(pf_tensor){PF_TYPE_FLOAT, {4, {8, 8, 1, 1}}, weights});
	onnx_node(&model, "Exp", "x", "a", "");
	onnx_node(&model, "Conv", "a,w", "c", "");
	onnx_node(&model, "Cos", "x", "b", "");
	onnx_node(&model, "Sub", "c,b", "y", "");
	onnx_output(&model, "y");
	onnx_bytes file = onnx_finish(&model);
	assert_int_equal(pf_network_load_memory(file.data, file.size, "reused", NULL, &network, &error),
			 PF_OK);
	assert_true(difference(network, "cudnn-fp32") < 1e-5);
	pf_network_free(network);
	onnx_clear(&file);
}

/* All that is the device's runs there: nothing of our own network is left to the processor. */
static void test_who_runs_what(void **state)
{
	(void)state;
	pf_network *network = load("core/models/pose.onnx", 1, 32, 64);
	pf_workspace *workspace = create(network, "cudnn");
	for (size_t i = 0; i < pf_network_node_count(network); i++) {
		assert_string_equal(pf_workspace_node_backend(workspace, i), "cudnn");
	}
	pf_workspace_destroy(workspace);
	pf_network_free(network);
}

/* Creates and runs with one fault planted. False: it came too late to be met. */
static bool meet(const pf_network *network, const char *entry, int call, int code, const char *name)
{
	char fault[64];
	pf_workspace *workspace = NULL;
	pf_error error = {.code = PF_OK};
	snprintf(fault, sizeof fault, "%s:%d:%d", entry, call, code);
	fake_reset();
	setenv("PF_FAKE_GPU_FAULT", fault, 1);
	pf_status status = pf_workspace_create(network, "cudnn", 0, &workspace, &error);
	for (int run = 0; status == PF_OK && run < RUNS; run++) {
		status = pf_workspace_run(workspace, &error);
	}
	if (status != PF_OK && workspace) { /* it stays failed, and says the same */
		assert_int_equal(pf_workspace_run(workspace, &error), status);
	}
	pf_workspace_destroy(workspace);
	unsetenv("PF_FAKE_GPU_FAULT");
	fake_reset();
	if (fake_live() != 0) {
		fail_msg("%s left %zu behind", fault, fake_live());
	}
	if (status != PF_OK && !strstr(error.message, name)) {
		fail_msg("%s: %s: %s", fault, pf_status_name(status), error.message);
	}
	if (code == 2 && status != PF_OK) {
		assert_int_equal(status, PF_ERR_NO_MEMORY);
	}
	return status != PF_OK;
}

static void test_faults(void **state)
{
	(void)state;
	static const struct {
		const char *entry;
		int code;
		const char *name;
	} faults[] = {
		{"cuInit", 100, "CUDA_ERROR_NO_DEVICE"},
		{"cuDeviceGetCount", 999, "CUDA_ERROR_UNKNOWN"},
		{"cuDevicePrimaryCtxRetain", 2, "CUDA_ERROR_OUT_OF_MEMORY"},
		{"cuStreamCreate", 2, "CUDA_ERROR_OUT_OF_MEMORY"},
		{"cuModuleLoadData", 2, "CUDA_ERROR_OUT_OF_MEMORY"},
		{"cuModuleGetFunction", 999, "CUDA_ERROR_UNKNOWN"},
		{"cudnnCreate", 3000, "opening cuDNN"},
		{"cuMemAlloc", 2, "CUDA_ERROR_OUT_OF_MEMORY"},
		{"cuMemHostRegister", 2, "CUDA_ERROR_OUT_OF_MEMORY"},
		{"cuMemcpyHtoDAsync", 719, "CUDA_ERROR_LAUNCH_FAILED"},
		{"cuMemcpyDtoHAsync", 719, "CUDA_ERROR_LAUNCH_FAILED"},
		{"cuLaunchKernel", 719, "CUDA_ERROR_LAUNCH_FAILED"},
		{"cuStreamSynchronize", 719, "CUDA_ERROR_LAUNCH_FAILED"},
		{"cuGraphLaunch", 719, "CUDA_ERROR_LAUNCH_FAILED"},
		{"cudnnBackendExecute", 5000, "a convolution"},
		{"cuCtxSetCurrent", 999, "CUDA_ERROR_UNKNOWN"},
	};
	pf_network *network = load("core/models/pose.onnx", 1, 32, 32);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		assert_true(meet(network, faults[i].entry, 1, faults[i].code, faults[i].name));
		for (int call = 2; call <= 4; call += 2) {
			meet(network, faults[i].entry, call, faults[i].code, faults[i].name);
		}
	}
	pf_network_free(network);
}

/* What recording needs may fail: the network runs, step by step. */
static void test_no_recording(void **state)
{
	(void)state;
	static const char *const faults[] = {"cuStreamBeginCapture:1:900", "cuStreamEndCapture:1:900",
					     "cuGraphInstantiateWithFlags:1:900"};
	pf_network *network = load("core/models/pose.onnx", 1, 32, 64);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		fake_reset();
		setenv("PF_FAKE_GPU_FAULT", faults[i], 1);
		assert_true(difference(network, "cudnn-fp32") < 1e-4);
		unsetenv("PF_FAKE_GPU_FAULT");
	}
	fake_reset();
	pf_network_free(network);
}

static void damage_all(const char *folder)
{
	DIR *stream = opendir(folder);
	const struct dirent *entry;
	assert_non_null(stream);
	while ((entry = readdir(stream))) {
		if (entry->d_name[0] != '.') {
			pf_temp_write(pf_temp_path(folder, entry->d_name), "damaged", 7);
		}
	}
	closedir(stream);
}

/* Kept plans are used, and made again where they are damaged. */
static void test_kept_plans(void **state)
{
	(void)state;
	char path[PF_TEMP_PATH];
	snprintf(path, sizeof path, "%s/cudnn-plans", data);
	size_t kept = pf_temp_entries(path);
	assert_true(kept > 27);
	pf_network *network = load("core/models/pose.onnx", 1, 32, 64);
	fake_reset();
	setenv("PF_FAKE_GPU_FAULT", "plan-made:1:3000", 1); /* no plan can be made anew */
	pf_workspace_destroy(create(network, "cudnn"));
	assert_int_equal(pf_temp_entries(path), kept);
	unsetenv("PF_FAKE_GPU_FAULT");
	damage_all(path);
	assert_true(difference(network, "cudnn-fp32") < 1e-4);
	pf_network_free(network);
}

static void test_look(void **state)
{
	(void)state;
	pf_gpu_facts facts;
	pf_gpu_look(&facts);
	assert_string_equal(facts.why_not, "");
	assert_int_equal(facts.devices, 1);
	assert_int_equal(facts.major, 9);
	assert_string_equal(facts.name, "fake device of the tests");
	setenv("PF_FAKE_GPU_FAULT", "cuInit:1:100", 1);
	pf_gpu_look(&facts);
	unsetenv("PF_FAKE_GPU_FAULT");
	assert_string_equal(facts.why_not, "no CUDA device (CUDA_ERROR_NO_DEVICE)");
	setenv("PF_FAKE_GPU_DRIVER", "11080", 1);
	pf_gpu_look(&facts);
	unsetenv("PF_FAKE_GPU_DRIVER");
	assert_non_null(strstr(facts.why_not, "the driver is too old: it is made for CUDA 11.8, this build"));
}

static void test_halves(void **state)
{
	(void)state;
	for (uint32_t bits = 0; bits < 65536; bits++) {
		float value = pf_gpu_from_half((uint16_t)bits);
		if ((bits & 0x7fff) <= 0x7c00) {
			assert_int_equal(pf_gpu_to_half(value), bits);
		} else {
			assert_true(isnan(value) && isnan(pf_gpu_from_half(pf_gpu_to_half(value))));
		}
		if ((bits & 0x7fff) < 0x7bff && !(bits & 0x8000)) { /* between two: the even one */
			float next = pf_gpu_from_half((uint16_t)(bits + 1)), middle = (value + next) / 2;
			assert_int_equal(pf_gpu_to_half(middle), bits + (bits & 1));
			assert_int_equal(pf_gpu_to_half(nextafterf(middle, next)), bits + 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_halves),        cmocka_unit_test(test_look),
		cmocka_unit_test(test_own_network),   cmocka_unit_test(test_exports),
		cmocka_unit_test(test_who_runs_what), cmocka_unit_test(test_reused_memory),
		cmocka_unit_test(test_no_recording),  cmocka_unit_test(test_faults),
		cmocka_unit_test(test_kept_plans),
	};
	return cmocka_run_group_tests(tests, find_device, remove_data);
}
