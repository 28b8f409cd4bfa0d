#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/scoring/pose_card.h"

static pf_status load(const char *text, pf_pose_card *card, pf_error *error)
{
	char path[] = "/tmp/photofinish-card-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	pf_status status = pf_pose_card_load(path, card, error);
	unlink(path);
	return status;
}

static void test_good_cards(void **state)
{
	(void)state;
	pf_pose_card card;
	assert_int_equal(
		load("width: 384\nheight: 288\nturn: yes\ncolour: ycbcr\nmean: [128, 128, 128]\n"
		     "std: [64, 64, 64]\noutput: heatmap\nstride: 4\nname: ours\nlicence: Apache-2.0\n"
		     "notes: any text\ninput: planes\nkeypoint_threshold: 0.2\n",
		     &card, NULL),
		PF_OK);
	assert_int_equal(card.width_px, 384);
	assert_int_equal(card.height_px, 288);
	assert_true(card.turn && !card.top_down && card.layout == PF_POSE_NCHW);
	assert_int_equal(card.colour, PF_POSE_YCBCR);
	assert_int_equal(card.kind, PF_POSE_HEATMAP);
	assert_true(card.mean[2] == 128.0 && card.std[0] == 64.0 && card.stride == 4.0);
	assert_true(card.keypoint_threshold == 0.2 && card.pose_threshold == 0.3 && card.padding == 128.0);
	assert_string_equal(card.name, "ours");
	assert_string_equal(card.licence, "Apache-2.0");
	assert_string_equal(card.input, "planes");
	assert_string_equal(card.guessed, "");
	assert_int_equal(
		load("{width: 192, height: 256, output: simcc, top_down: yes, box_padding: 1.5, split_ratio: 2, colour: "
		     "bgr, layout: nhwc, padding: 0, pose_threshold: 0.5}\n",
		     &card, NULL),
		PF_OK);
	assert_true(card.top_down && card.box_padding == 1.5 && card.split_ratio == 2.0 &&
		    card.padding == 0.0);
	assert_true(card.kind == PF_POSE_SIMCC && card.colour == PF_POSE_BGR && card.layout == PF_POSE_NHWC);
	assert_true(card.mean[0] == 0.0 && card.std[1] == 1.0 && card.stride == 0.0);
}

static void test_bad_cards(void **state)
{
	(void)state;
	/* text, what the message has to name */
	static const char *const cases[][2] = {
		{"", "empty"},
		{"height: 288\noutput: heatmap\n", "width"},
		{"width: 384\nheight: 288\n", "output"},
		{"width: 384\nheight: 288\noutput: heatmap\nstrid: 4\n", "strid"},
		{"width: 384\nheight: 288\noutput: heatmaps\n", ""},
		{"width: 384\nheight: 288\noutput: heatmap\nlayout: chw\n", ""},
		{"width: 384\nheight: 288\noutput: heatmap\ncolour: 1\n", ""},
		{"width: 8\nheight: 288\noutput: heatmap\n", "width"},
		{"width: 384\nheight: 1e9\noutput: heatmap\n", "height"},
		{"width: 384.5\nheight: 288\noutput: heatmap\n", "whole"},
		{"width: nan\nheight: 288\noutput: heatmap\n", "width"},
		{"width: 384\nheight: 288\noutput: heatmap\nmean: [1, 2]\n", ""},
		{"width: 384\nheight: 288\noutput: heatmap\nmean: [1, 2, 3, 4]\n", ""},
		{"width: 384\nheight: 288\noutput: heatmap\nstd: [1, 0, 1]\n", "std"},
		{"width: 384\nheight: 288\noutput: heatmap\nstd: [1, inf, 1]\n", "std"},
		{"width: 384\nheight: 288\noutput: heatmap\nstride: -4\n", "stride"},
		{"width: 384\nheight: 288\noutput: heatmap\nkeypoint_threshold: 1.5\n", "keypoint_threshold"},
		{"width: 384\nheight: 288\noutput: heatmap\nbox_padding: 0.5\n", "box_padding"},
		{"width: 384\nheight: 288\noutput: heatmap\nmax_constants_mib: 257\n", "max_constants_mib"},
		{"width: 384\nheight: 288\noutput: heatmap\npadding: 256\n", "padding"},
		{"width: 288\nheight: 384\noutput: heatmap\nturn: yes\n", "turn"},
		{"width: 384\nheight: 288\noutput: heatmap\nturn: yes\ntop_down: yes\n", "turn"},
		{"width: [384\n", ""},
		{"a: &a [*a]\n", ""}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		pf_error error = {.code = PF_OK};
		pf_pose_card card = {.width_px = 7};
		pf_status status = load(cases[i][0], &card, &error);
		if (status != PF_ERR_INVALID || !strstr(error.message, cases[i][1])) {
			fail_msg("%s: %s", cases[i][0], error.message);
		}
		assert_true(error.message[0] && !strchr(error.message, '\n'));
		assert_int_equal(card.width_px, 7);
	}
	pf_pose_card card;
	pf_error error;
	assert_int_equal(pf_pose_card_load("/nowhere.yaml", &card, &error), PF_ERR_NOT_FOUND);
}

static void test_paths(void **state)
{
	(void)state;
	static const char *const cases[][2] = {{"pose.onnx", "pose.yaml"},
					       {"/a.b/pose", "/a.b/pose.yaml"},
					       {"a/x.y.onnx", "a/x.y.yaml"},
					       {".onnx", ".onnx.yaml"}};
	char path[64];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(pf_pose_card_path(cases[i][0], path, sizeof path, NULL), PF_OK);
		assert_string_equal(path, cases[i][1]);
	}
	assert_int_equal(pf_pose_card_path("long.onnx", path, 8, NULL), PF_ERR_INVALID);
	assert_int_equal(pf_pose_card_path("l.onnx", path, 7, NULL), PF_OK);
}

static pf_network_tensor tensor(pf_type type, int32_t rank, int64_t a, int64_t b, int64_t c, int64_t d)
{
	return (pf_network_tensor){"x", type, {rank, {a, b, c, d}}};
}

static void test_guesses(void **state)
{
	(void)state;
	pf_pose_card card;
	pf_network_tensor input = tensor(PF_TYPE_FLOAT, 4, 1, 3, 288, 384);
	pf_network_tensor outputs[2] = {tensor(PF_TYPE_FLOAT, 4, 1, 18, 72, 96)};
	assert_int_equal(pf_pose_card_guess(&input, outputs, 1, "m", &card, NULL), PF_OK);
	assert_true(card.kind == PF_POSE_HEATMAP && card.colour == PF_POSE_YCBCR && !card.top_down);
	assert_true(card.width_px == 384 && card.height_px == 288 && card.mean[0] == 128.0 &&
		    card.std[0] == 64.0);
	assert_non_null(strstr(card.guessed, "heatmap"));
	assert_int_equal(pf_pose_card_check(&card, 384, 288, &input, outputs, 1, "m", NULL), PF_OK);
	assert_true(card.stride == 4.0);

	input = tensor(PF_TYPE_FLOAT, 4, 1, 3, 256, 192);
	outputs[0] = tensor(PF_TYPE_FLOAT, 4, 1, 17, 64, 48);
	assert_int_equal(pf_pose_card_guess(&input, outputs, 1, "m", &card, NULL), PF_OK);
	assert_true(card.kind == PF_POSE_HEATMAP && card.colour == PF_POSE_RGB && card.top_down);

	outputs[0] = tensor(PF_TYPE_FLOAT, 3, 1, 17, 384, 0);
	outputs[1] = tensor(PF_TYPE_FLOAT, 3, 1, 17, 512, 0);
	assert_int_equal(pf_pose_card_guess(&input, outputs, 2, "m", &card, NULL), PF_OK);
	assert_true(card.kind == PF_POSE_SIMCC && card.top_down && card.mean[0] == 123.675);
	assert_int_equal(pf_pose_card_check(&card, 192, 256, &input, outputs, 2, "m", NULL), PF_OK);
	assert_true(card.split_ratio == 2.0);
	assert_int_equal(pf_pose_card_check(&card, 256, 192, &input, outputs, 2, "m", NULL), PF_ERR_INVALID);

	input = tensor(PF_TYPE_FLOAT, 4, 1, 3, 640, 640);
	outputs[0] = tensor(PF_TYPE_FLOAT, 3, 1, 56, 8400, 0);
	assert_int_equal(pf_pose_card_guess(&input, outputs, 1, "m", &card, NULL), PF_OK);
	assert_true(card.kind == PF_POSE_YOLO && !card.top_down && card.padding == 114.0 &&
		    card.std[2] == 255.0);
	outputs[0] = tensor(PF_TYPE_FLOAT, 3, 1, 8400, 56, 0);
	assert_int_equal(pf_pose_card_guess(&input, outputs, 1, "m", &card, NULL), PF_OK);
	assert_int_equal(card.kind, PF_POSE_YOLO);

	input = tensor(PF_TYPE_INT32, 4, 1, 192, 192, 3);
	outputs[0] = tensor(PF_TYPE_FLOAT, 4, 1, 1, 17, 3);
	assert_int_equal(pf_pose_card_guess(&input, outputs, 1, "m", &card, NULL), PF_OK);
	assert_true(card.kind == PF_POSE_MOVENET && card.layout == PF_POSE_NHWC && card.std[0] == 1.0);
	assert_int_equal(pf_pose_card_check(&card, 192, 192, &input, outputs, 1, "m", NULL), PF_OK);
}

static void test_what_cannot_be_guessed(void **state)
{
	(void)state;
	pf_pose_card card;
	pf_error error;
	pf_network_tensor picture = tensor(PF_TYPE_FLOAT, 4, 1, 3, 288, 384);
	const pf_network_tensor outputs[] = {
		tensor(PF_TYPE_FLOAT, 2, 1, 1000, 0, 0),  tensor(PF_TYPE_FLOAT, 4, 1, 16, 72, 96),
		tensor(PF_TYPE_FLOAT, 3, 1, 84, 8400, 0), tensor(PF_TYPE_INT64, 4, 1, 17, 72, 96),
		tensor(PF_TYPE_FLOAT, 4, 2, 17, 72, 96),  tensor(PF_TYPE_FLOAT, 3, 1, 17, 384, 0),
		tensor(PF_TYPE_FLOAT, 4, 1, 17, 0, 96)};
	for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
		assert_int_equal(pf_pose_card_guess(&picture, &outputs[i], 1, "m", &card, &error),
				 PF_ERR_UNSUPPORTED);
	}
	const pf_network_tensor inputs[] = {
		tensor(PF_TYPE_FLOAT, 2, 1, 10, 0, 0), tensor(PF_TYPE_FLOAT, 4, 1, 1, 288, 384),
		tensor(PF_TYPE_FLOAT, 4, 2, 3, 288, 384), tensor(PF_TYPE_FLOAT, 4, 1, 3, 8, 8),
		tensor(PF_TYPE_FLOAT, 4, 1, 3, INT64_MAX, 8)};
	pf_network_tensor maps = tensor(PF_TYPE_FLOAT, 4, 1, 18, 72, 96);
	for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
		assert_int_equal(pf_pose_card_guess(&inputs[i], &maps, 1, "m", &card, &error),
				 PF_ERR_UNSUPPORTED);
	}
	assert_int_equal(pf_pose_card_guess(&picture, &maps, 0, "m", &card, &error), PF_ERR_UNSUPPORTED);
	pf_pose_card_default(&card);
	pf_network_tensor wide = tensor(PF_TYPE_INT64, 4, 1, 3, 288, 384);
	assert_int_equal(pf_pose_card_check(&card, 384, 288, &wide, &maps, 1, "m", &error),
			 PF_ERR_UNSUPPORTED);
	assert_int_equal(pf_pose_card_check(&card, 384, 288, &picture, &maps, 0, "m", &error),
			 PF_ERR_INVALID);
	card.kind = PF_POSE_YOLO;
	assert_int_equal(pf_pose_card_check(&card, 384, 288, &picture, &maps, 1, "m", &error),
			 PF_ERR_INVALID);
	assert_non_null(strstr(error.message, "yolo"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_cards),
		cmocka_unit_test(test_bad_cards),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_guesses),
		cmocka_unit_test(test_what_cannot_be_guessed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
