/* Execution plans without a device: cuDNN makes one for each layer of the networks that are shipped and
 * tested, for described devices. A layer without a plan fails by its name. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/nn/cudnn_conv.h"

static pf_gpu_api api;
static pf_cudnn_target targets[3];
static const char *const devices[3] = {"sm75", "sm80", "sm90"};

static char *read_text(const char *file)
{
	FILE *stream = fopen(file, "re");
	char *text = calloc(1, 8192);
	assert_non_null(stream);
	assert_non_null(text);
	assert_true(fread(text, 1, 8191, stream) > 0);
	text[strcspn(text, "\n")] = '\0';
	fclose(stream);
	return text;
}

static int open_targets(void **state)
{
	(void)state;
	pf_error error;
	if (pf_gpu_api_cudnn(&api, &error) != PF_OK) {
		print_message("cuDNN: %s\n", error.message);
		return 0;
	}
	for (int i = 0; i < 3; i++) {
		char file[512];
		snprintf(file, sizeof file, PF_SOURCE_DIR "/tests/gpu/devices/%s.json", devices[i]);
		char *json = read_text(file);
		if (pf_cudnn_target_described(&api, json, &targets[i], &error) != PF_OK) {
			fail_msg("%s: %s", file, error.message);
		}
		free(json);
	}
	return 0;
}

static int close_targets(void **state)
{
	(void)state;
	for (int i = 0; i < 3 && targets[i].device; i++) {
		pf_cudnn_target_clear(&targets[i]);
	}
	return 0;
}

static void need_cudnn(void)
{
	if (!targets[0].device) {
		print_message("skipped: cuDNN is not installed\n");
		skip();
	}
}

/* Plans for each convolution; `whole`: each has to cover all that follows. */
static size_t check_layers(const char *file, bool half, bool whole)
{
	pf_network *network;
	pf_error error;
	char path[512];
	snprintf(path, sizeof path, PF_SOURCE_DIR "/%s", file);
	const pf_network_binding size = {.shape = {4, {1, 3, 288, 384}}};
	pf_network_options options;
	pf_network_options_default(&options);
	options.bindings = &size;
	options.binding_count = strstr(file, "models/") != NULL;
	if (pf_network_load(path, &options, &network, &error) != PF_OK) {
		fail_msg("%s: %s", file, error.message);
	}
	const pf_graph *graph = &network->graph;
	size_t layers = 0;
	for (size_t i = 0; i < graph->node_count; i++) {
		const pf_node *node = &graph->nodes[i];
		pf_cudnn_conv conv;
		int covered = pf_cudnn_conv_of(graph, node, half, &conv);
		if ((node->op->kind == PF_OP_CONV || node->op->kind == PF_OP_CONV_TRANSPOSE) && covered < 0) {
			fail_msg("%s: %s is left to the processor", file, node->name);
		}
		for (int d = 0; covered >= 0 && d < 3; d++) {
			pf_cudnn_plan plan;
			if (pf_cudnn_plan_create(&targets[d], &conv, &plan, &error) != PF_OK) {
				fail_msg("%s, %s, %s: %s: %s", file, devices[d], half ? "fp16" : "fp32",
					 node->name, error.message);
			}
			pf_cudnn_plan_clear(&plan);
			layers++;
		}
		if (whole && covered >= 0 && covered != (int)node->epilogue_count) {
			fail_msg("%s: %s: not one plan", file, node->name);
		}
	}
	pf_network_free(network);
	return layers;
}

static void test_own_network(void **state)
{
	(void)state;
	need_cudnn();
	assert_int_equal(check_layers("core/models/pose.onnx", true, true), 27 * 3);
	assert_int_equal(check_layers("core/models/pose.onnx", false, true), 27 * 3);
}

static void test_exports(void **state)
{
	(void)state;
	need_cudnn();
	assert_true(check_layers("tests/nn/vectors/rtmpose_narrow.onnx", true, false) > 90);
	assert_true(check_layers("tests/nn/vectors/yolo_pose_narrow.onnx", true, false) > 200);
	assert_true(check_layers("tests/nn/vectors/depthwise_pose_narrow.onnx", true, false) > 50);
	assert_int_equal(check_layers("tests/nn/vectors/deconv_wide.onnx", true, false), 3);
	assert_int_equal(check_layers("tests/nn/vectors/deconv_wide.onnx", false, false), 3);
}

/* The layers of published networks in full width, from tests/gpu/published_layers.py, in fp16. ReLU and a sum
 * have to be in the plan; SiLU and ReLU6 follow as kernels of ours. */
static void test_published_layers(void **state)
{
	(void)state;
	need_cudnn();
	FILE *list = fopen(PF_SOURCE_DIR "/tests/gpu/layers.txt", "re");
	char line[128], name[32], act[16];
	pf_error error;
	size_t layers = 0;
	assert_non_null(list);
	while (fgets(line, sizeof line, list)) {
		long v[7];
		int added, transposed;
		line[strcspn(line, "\n")] = '\0';
		assert_int_equal(sscanf(line, "%31s %ld %ld %ld %ld %ld %ld %ld %15s %d %d", name, &v[0],
					&v[1], &v[2], &v[3], &v[4], &v[5], &v[6], act, &added, &transposed),
				 11);
		long pad = transposed ? (v[4] - v[5]) / 2 : v[4] / 2;
		long high = transposed ? (v[1] - 1) * v[5] + v[4] - 2 * pad
				       : (v[1] + 2 * pad - v[4]) / v[5] + 1;
		long wide = transposed ? (v[2] - 1) * v[5] + v[4] - 2 * pad
				       : (v[2] + 2 * pad - v[4]) / v[5] + 1;
		const pf_cudnn_conv conv = {.batch = 1,
					    .in_channels = v[0],
					    .in_h = v[1],
					    .in_w = v[2],
					    .out_channels = v[3],
					    .out_h = high,
					    .out_w = wide,
					    .window = {.kernel = {v[4], v[4]},
						       .stride = {v[5], v[5]},
						       .dilation = {1, 1},
						       .pad_begin = {pad, pad},
						       .pad_end = {pad, pad},
						       .groups = v[6]},
					    .half = true,
					    .biased = !transposed,
					    .added = added,
					    .relu = !transposed && strcmp(act, "relu") == 0,
					    .transposed = transposed};
		for (int d = 0; d < 3; d++) {
			pf_cudnn_plan plan;
			if (pf_cudnn_plan_create(&targets[d], &conv, &plan, &error) != PF_OK) {
				fail_msg("%s, %s: %s", devices[d], line, error.message);
			}
			pf_cudnn_plan_clear(&plan);
			layers++;
		}
	}
	fclose(list);
	assert_true(layers > 300);
	print_message("%zu plans\n", layers);
}

static const pf_cudnn_conv small = {
	.batch = 2,
	.in_channels = 8,
	.in_h = 12,
	.in_w = 16,
	.out_channels = 16,
	.out_h = 12,
	.out_w = 16,
	.window = {.kernel = {3, 3},
		   .stride = {1, 1},
		   .dilation = {1, 1},
		   .pad_begin = {1, 1},
		   .pad_end = {1, 1},
		   .groups = 1},
	.half = true,
	.biased = true,
	.added = true,
	.relu = true,
};

static void test_kept_plan(void **state)
{
	(void)state;
	need_cudnn();
	pf_cudnn_plan plan, again;
	pf_error error;
	assert_int_equal(pf_cudnn_plan_create(&targets[2], &small, &plan, &error), PF_OK);
	char *json = pf_cudnn_plan_json(&plan);
	assert_non_null(json);
	assert_int_equal(pf_cudnn_plan_restore(&targets[2], json, &again, &error), PF_OK);
	assert_int_equal(again.workspace_bytes, plan.workspace_bytes);
	char *second = pf_cudnn_plan_json(&again);
	assert_string_equal(second, json);
	pf_cudnn_plan_clear(&again);
	json[strlen(json) / 2] = '\0';
	assert_int_equal(pf_cudnn_plan_restore(&targets[2], json, &again, &error), PF_ERR_INVALID);
	assert_null(again.plan);
	free(json);
	free(second);
	pf_cudnn_plan_clear(&plan);
}

static void test_refusals(void **state)
{
	(void)state;
	need_cudnn();
	pf_cudnn_conv bent = small;
	pf_cudnn_plan plan;
	pf_cudnn_target target;
	pf_error error;
	bent.out_w = 15; /* not what the window gives */
	assert_int_equal(pf_cudnn_plan_create(&targets[0], &bent, &plan, &error), PF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.message, "cuDNN"));
	assert_int_equal(pf_cudnn_target_described(&api, "{}", &target, &error), PF_ERR_INVALID);
	assert_int_equal(pf_cudnn_target_described(&api, "no description", &target, &error), PF_ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_own_network), cmocka_unit_test(test_exports),
					   cmocka_unit_test(test_published_layers),
					   cmocka_unit_test(test_kept_plan), cmocka_unit_test(test_refusals)};
	return cmocka_run_group_tests(tests, open_targets, close_targets);
}
