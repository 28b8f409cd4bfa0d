/* Convolutions of bytes: every version gives the bits of the plain one, which are those of the sum written
 * out; and the pose by them is the plain path's but for little. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/kernels/int8.h"
#include "core/kernels/kernels.h"
#include "core/nn/ranges.h"
#include "core/workloads/made_photo.h"
#include "photofinish/scorer.h"
#include "temp_folder.h"

enum { WIDE_MOST = 40, CHANNELS_MOST = 96, OUTPUTS_MOST = 176 };

static uint32_t drawn = 1;

static uint32_t draw(uint32_t most)
{
	drawn = drawn * 1664525u + 1013904223u;
	return (drawn >> 8) % (most + 1);
}

static uint8_t input[3 * ((WIDE_MOST * 2 + 3) * CHANNELS_MOST) + 64];
static int8_t weights[OUTPUTS_MOST * 9 * CHANNELS_MOST];
static int32_t expected[WIDE_MOST * OUTPUTS_MOST + 16], got[WIDE_MOST * OUTPUTS_MOST + 16];

static void fill(bool extreme)
{
	for (size_t i = 0; i < sizeof input; i++) {
		input[i] = extreme ? PF_INT8_MOST : (uint8_t)draw(PF_INT8_MOST);
	}
	for (size_t i = 0; i < sizeof weights; i++) {
		weights[i] = (int8_t)(extreme ? (draw(1) ? 127 : -127) : (int)draw(254) - 127);
	}
}

/* The sum of one output as its definition has it. */
static int32_t sum_of(const pf_int8_conv *c, uint32_t x, uint32_t channel)
{
	int32_t sum = 0;
	for (uint32_t ky = 0; ky < c->kernel; ky++) {
		for (uint32_t kx = 0; kx < c->kernel; kx++) {
			for (uint32_t i = 0; i < c->in_channels; i++) {
				size_t at = (((channel / 16 * c->kernel + ky) * c->kernel + kx) *
						     (c->in_channels / 4) +
					     i / 4) *
						    64 +
					    channel % 16 * 4 + i % 4;
				sum += input[ky * c->row_bytes + (x * c->stride + kx) * c->in_channels + i] *
				       weights[at];
			}
		}
	}
	return sum;
}

static void check_sums(const pf_int8_conv *c, uint32_t count)
{
	size_t bytes = (size_t)count * c->out_channels * sizeof *got;
	memset(expected, 0x5A, sizeof expected);
	pf_int8_at(0)->sum(c, input, count, expected);
	for (unsigned i = 0; i < 20; i++) {
		uint32_t x = draw(count - 1), channel = draw(c->out_channels - 1);
		assert_int_equal(expected[x * c->out_channels + channel], sum_of(c, x, channel));
	}
	for (unsigned i = 1; pf_int8_at(i); i++) {
		memset(got, 0x5A, sizeof got);
		pf_int8_at(i)->sum(c, input, count, got);
		assert_memory_equal(got, expected, bytes + 64); /* and nothing behind it */
	}
}

static void test_sums(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 400; round++) {
		pf_int8_conv c = {.kernel = draw(1) ? 3 : 1,
				  .stride = 1 + draw(1),
				  .in_channels = 4 * (1 + draw(CHANNELS_MOST / 4 - 1)),
				  .out_channels = 16 * (1 + draw(OUTPUTS_MOST / 16 - 1)),
				  .weights = weights};
		c.row_bytes = (WIDE_MOST * 2 + 3) * c.in_channels;
		fill(round % 8 == 0);
		check_sums(&c, 1 + draw(WIDE_MOST - 1));
	}
}

static void test_floats(void **state)
{
	(void)state;
	enum { COUNT = 203 };
	static const float odd[] = {NAN, INFINITY, -INFINITY, -0.0f, 1e30f, -1e30f, 0.5f, 126.5f, 126.49999f};
	float in[COUNT], scales[COUNT], biases[COUNT], added[2 * COUNT], out[2][2 * COUNT];
	uint8_t bytes[2][COUNT];
	for (unsigned i = 0; i < COUNT; i++) {
		in[i] = i < sizeof odd / sizeof *odd ? odd[i] : (float)draw(20000) / 100.0f - 50.0f;
		scales[i] = (float)draw(1000) / 7777.0f;
		biases[i] = (float)draw(1000) / 333.0f - 1.5f;
	}
	for (unsigned i = 0; i < 2 * COUNT; i++) {
		added[i] = (float)draw(1000) / 99.0f - 5.0f;
		expected[i] = (int32_t)draw(100000) - 50000;
	}
	pf_int8_at(0)->quantise(in, 1.0f, COUNT, bytes[0]);
	assert_int_equal(bytes[0][0], 0);
	assert_int_equal(bytes[0][1], PF_INT8_MOST);
	assert_int_equal(bytes[0][2], 0);
	assert_int_equal(bytes[0][6], 1);
	assert_int_equal(bytes[0][7], 127);
	for (unsigned i = 1; pf_int8_at(i); i++) {
		pf_int8_at(i)->quantise(in, 1.0f, COUNT, bytes[1]);
		assert_memory_equal(bytes[1], bytes[0], sizeof bytes[0]);
		for (unsigned way = 0; way < 4; way++) {
			const float *more = way & 1 ? added : NULL;
			pf_int8_at(0)->finish(expected, scales, biases, more, way & 2, 2, COUNT, out[0]);
			pf_int8_at(i)->finish(expected, scales, biases, more, way & 2, 2, COUNT, out[1]);
			assert_memory_equal(out[1], out[0], sizeof out[0]);
		}
	}
}

/* The version that PF_CPU allows is the last that the processor has. */
static void test_choice(void **state)
{
	(void)state;
	const pf_int8_kernels *last = pf_int8_at(0);
	for (unsigned i = 1; pf_int8_at(i); i++) {
		last = pf_int8_at(i);
	}
	assert_ptr_equal(pf_int8_best(), last);
	assert_string_equal(pf_int8_at(0)->name, "plain");
	print_message("%s\n", last->name);
}

static pf_pose pose_by(uint32_t strategy)
{
	pf_scorer *scorer;
	pf_scorer_config config;
	pf_made_photo made;
	pf_image image = {0};
	pf_pose pose;
	pf_scorer_config_default(&config);
	config.strategy = strategy;
	assert_int_equal(pf_scorer_create(&config, NULL, &scorer, NULL), PF_OK);
	assert_int_equal(pf_made_photo_create(400000, 3, &made, NULL), PF_OK);
	assert_int_equal(pf_scorer_load_bytes(scorer, made.jpeg, made.jpeg_bytes, NULL, &image, NULL), PF_OK);
	assert_int_equal(pf_scorer_pose(scorer, &image, &pose, NULL), PF_OK);
	pf_made_photo_free(&made);
	pf_image_release(&image);
	pf_scorer_destroy(scorer);
	return pose;
}

/* It is another computation, and a near one. */
static void test_pose(void **state)
{
	(void)state;
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	const char *problem = pf_scorer_strategy_problem(&config, PF_STRATEGY_INT8);
	if (problem) {
		print_message("not run: %s\n", problem);
		skip();
	}
	pf_pose plain = pose_by(0), bytes = pose_by(PF_STRATEGY_INT8);
	double apart = 0;
	assert_memory_not_equal(&plain, &bytes, sizeof plain);
	for (int k = 0; k < PF_KEYPOINT_COUNT; k++) {
		apart += fabs(plain.points[k].confidence - bytes.points[k].confidence) / PF_KEYPOINT_COUNT;
	}
	assert_true(apart < 0.05);
}

/* Ranges belong to one model, and a model without them is not run with 8 bits. */
static void test_ranges(void **state)
{
	(void)state;
	char folder[256], model[300];
	pf_ranges *loaded;
	pf_error error;
	pf_temp_make(folder);
	snprintf(model, sizeof model, "%s/a.onnx", folder);
	pf_temp_write(model, "abc", 3);
	assert_int_equal(pf_ranges_load(model, &loaded, &error), PF_ERR_NOT_FOUND);
	static const char *const texts[] = {
		"model_sha256: \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"\n"
		"inputs:\n  - {node: \"/one\", most: 2.5}\n",
		"model_sha256: \"ca7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"\n"
		"inputs:\n  - {node: \"/one\", most: 2.5}\n",
		"model_sha256: \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"\n"
		"inputs:\n  - {node: \"/one\", most: -1}\n",
		"",
	};
	for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
		pf_temp_write(pf_temp_path(folder, "a.bytes.yaml"), texts[i], strlen(texts[i]));
		pf_status status = pf_ranges_load(model, &loaded, &error);
		assert_int_equal(status, i == 0 ? PF_OK : PF_ERR_INVALID);
		if (status == PF_OK) {
			assert_true(pf_ranges_of(loaded, "/one") == 2.5);
			assert_true(pf_ranges_of(loaded, "/two") == 0);
			pf_ranges_free(loaded);
		}
	}
	pf_temp_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums), cmocka_unit_test(test_floats),
					   cmocka_unit_test(test_choice), cmocka_unit_test(test_pose),
					   cmocka_unit_test(test_ranges)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
