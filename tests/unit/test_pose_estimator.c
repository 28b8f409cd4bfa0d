#include <malloc.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/scoring/pose_estimator.h"
#include "photofinish/scorer.h"
#include "photofinish/workspace.h"
#include "pose_fixture.h"
#include "tests/unit/temp_folder.h"
#include "tests/unit/trace_fixture.h"

static const char card[] = "{width: 384, height: 288, turn: yes, output: heatmap, colour: ycbcr,\n"
			   " mean: [128, 128, 128], std: [64, 64, 64]}\n";
static const char top_down_card[] =
	"{width: 96, height: 128, top_down: yes, output: heatmap, colour: ycbcr,\n"
	" mean: [128, 128, 128], std: [64, 64, 64], keypoint_threshold: 0.2}\n";

typedef struct files {
	pf_fixture_folder folder;
	const char *model, *top_down;
} files;

static const char *add_model(files *f, const char *name, uint32_t width, uint32_t height, const char *text)
{
	char file[64];
	pf_fixture_bytes model = pf_fixture_pose_model(width, height, 18);
	snprintf(file, sizeof file, "%s.onnx", name);
	const char *path = pf_fixture_pose_write(f->folder.path, file, model.data, model.bytes);
	pf_fixture_free(&model);
	if (text) {
		snprintf(file, sizeof file, "%s.yaml", name);
		pf_fixture_pose_write(f->folder.path, file, text, strlen(text));
	}
	return path;
}

static void open_files(files *f)
{
	pf_fixture_folder_open(&f->folder);
	f->model = add_model(f, "spots", 0, 0, card);
	f->top_down = add_model(f, "person", 96, 128, top_down_card);
}

static pf_pose estimate(const pf_pose_options *options, const pf_image *image)
{
	pf_pose_estimator *estimator;
	pf_pose pose;
	pf_error error = {.code = PF_OK};
	if (pf_pose_estimator_create(options, &estimator, &error) != PF_OK) {
		fail_msg("%s: %s", error.file, error.message);
	}
	assert_int_equal(pf_pose_estimate(estimator, image, &pose, NULL), PF_OK);
	pf_pose_estimator_destroy(estimator);
	return pose;
}

static void decode(pf_image *image, uint32_t width, uint32_t height, unsigned orientation)
{
	pf_fixture_bytes photo = pf_fixture_pose_photo(width, height, orientation);
	assert_int_equal(pf_fixture_decode(&photo, image, NULL), PF_OK);
	image->orientation = orientation;
	pf_fixture_free(&photo);
}

static void test_backends_orientations_and_sizes(void **state)
{
	(void)state;
	files f;
	pf_image image = {0};
	open_files(&f);
	static const uint32_t sizes[][2] = {{768, 576}, {1203, 801}, {600, 900}, {333, 250}};
	for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
		for (unsigned orientation = 1; orientation <= 8; orientation++) {
			decode(&image, sizes[s][0], sizes[s][1], orientation);
			pf_pose first = {.found = false};
			for (size_t b = 0; pf_network_backend(b); b++) {
				pf_pose_options options = {f.model, NULL, pf_network_backend(b)};
				pf_pose pose = estimate(&options, &image);
				assert_true(pose.found);
				/* Half a cell of 288 pixels, and what the corners of the spots do. */
				assert_true(pf_fixture_pose_error(&pose) < 0.02);
				for (unsigned k = 0; b > 0 && k < PF_KEYPOINT_COUNT; k++) {
					assert_true(fabs(pose.points[k].confidence -
							 first.points[k].confidence) < 1e-4);
				}
				first = b == 0 ? pose : first;
			}
		}
	}
	pf_image_release(&image);
	pf_fixture_folder_close(&f.folder);
}

static void test_top_down(void **state)
{
	(void)state;
	files f;
	pf_image image = {0};
	open_files(&f);
	decode(&image, 900, 900, 6);
	pf_pose_options options = {f.top_down, f.model, "plain"};
	pf_pose with_box = estimate(&options, &image);
	options.box_model_file = "";
	pf_pose whole = estimate(&options, &image);
	assert_true(with_box.found && whole.found);
	assert_true(pf_fixture_pose_error(&with_box) < pf_fixture_pose_error(&whole));
	assert_true(pf_fixture_pose_error(&with_box) < 0.02);
	options.box_model_file = f.top_down;
	pf_pose_estimator *estimator;
	assert_int_equal(pf_pose_estimator_create(&options, &estimator, NULL), PF_ERR_INVALID);
	assert_null(estimator);
	pf_image_release(&image);
	pf_fixture_folder_close(&f.folder);
}

/* A smaller input is the pose network's; what finds the person keeps its own. */
static void test_smaller_input(void **state)
{
	(void)state;
	static const char box_card[] = "{width: 384, height: 288, turn: no, output: heatmap, colour: ycbcr,\n"
				       " mean: [128, 128, 128], std: [64, 64, 64]}\n";
	files f;
	pf_image image = {0};
	open_files(&f);
	decode(&image, 900, 900, 1);
	const char *box = add_model(&f, "box", 384, 288, box_card);
	pf_pose_options options = {f.top_down, box, "plain"};
	pf_pose usual = estimate(&options, &image);
	options.longest_px = 128; /* that the top-down model has anyway */
	pf_pose same = estimate(&options, &image);
	assert_true(usual.found && same.found);
	assert_memory_equal(same.points, usual.points, sizeof same.points);
	pf_image_release(&image);
	pf_fixture_folder_close(&f.folder);
}

static void test_without_a_card(void **state)
{
	(void)state;
	files f;
	pf_image image = {0};
	open_files(&f);
	decode(&image, 600, 900, 1);
	pf_pose_options options = {add_model(&f, "bare", 0, 0, NULL), NULL, "plain"};
	pf_pose_estimator *estimator;
	pf_pose pose;
	assert_int_equal(pf_pose_estimator_create(&options, &estimator, NULL), PF_OK);
	assert_non_null(strstr(pf_pose_estimator_note(estimator), "384x288"));
	assert_non_null(strstr(pf_pose_estimator_note(estimator), "open"));
	assert_int_equal(pf_pose_estimate(estimator, &image, &pose, NULL), PF_OK);
	assert_true(pose.found && pf_fixture_pose_error(&pose) < 0.02);
	pf_pose_estimator_destroy(estimator);
	options.model_file = add_model(&f, "fixed", 192, 256, NULL);
	assert_int_equal(pf_pose_estimator_create(&options, &estimator, NULL), PF_OK);
	assert_non_null(strstr(pf_pose_estimator_note(estimator), "192x256"));
	pf_pose_estimator_destroy(estimator);
	options.model_file = f.model;
	assert_int_equal(pf_pose_estimator_create(&options, &estimator, NULL), PF_OK);
	assert_string_equal(pf_pose_estimator_note(estimator), "");
	pf_pose_estimator_destroy(estimator);
	pf_pose_estimator_destroy(NULL);
	pf_image_release(&image);
	pf_fixture_folder_close(&f.folder);
}

static void test_what_cannot_be_loaded(void **state)
{
	(void)state;
	files f;
	open_files(&f);
	pf_pose_estimator *estimator;
	pf_error error;
	static const struct {
		const char *card;
		pf_status status;
	} cases[] = {{"{width: 384, height: 288, output: heatmap, stridee: 4}\n", PF_ERR_INVALID},
		     {"{width: 384, height: 288, output: yolo}\n", PF_ERR_INVALID},
		     {"{width: 384, height: 288, output: movenet, layout: nhwc}\n", PF_ERR_INVALID},
		     {"{width: 384, height: 288, output: heatmap, input: other}\n", PF_ERR_INVALID}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		pf_pose_options options = {add_model(&f, "bad", 0, 0, cases[i].card), NULL, "plain"};
		error = (pf_error){.code = PF_OK};
		assert_int_equal(pf_pose_estimator_create(&options, &estimator, &error), cases[i].status);
		assert_true(error.message[0] && !strchr(error.message, '\n'));
		assert_null(estimator);
	}
	pf_pose_options options = {"/nowhere/pose.onnx", NULL, "plain"};
	assert_int_equal(pf_pose_estimator_create(&options, &estimator, &error), PF_ERR_NOT_FOUND);
	options = (pf_pose_options){f.model, NULL, "abacus"};
	assert_int_equal(pf_pose_estimator_create(&options, &estimator, &error), PF_ERR_USAGE);
	pf_fixture_folder_close(&f.folder);
}

static pf_scorer *open_scorer(const pf_scorer_config *config, pf_trace *trace)
{
	pf_scorer *scorer;
	pf_error error = {.code = PF_OK};
	if (pf_scorer_create(config, trace, &scorer, &error) != PF_OK) {
		fail_msg("%s: %s", error.file, error.message);
	}
	return scorer;
}

static pf_scorer_config config_of(const char *model)
{
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	memset(config.model_file, 0, sizeof config.model_file);
	memset(config.box_model_file, 0, sizeof config.box_model_file);
	snprintf(config.model_file, sizeof config.model_file, "%s", model);
	return config;
}

static size_t add_photo(files *f, const char *name, uint32_t width, uint32_t height, unsigned orientation)
{
	pf_fixture_bytes photo = pf_fixture_pose_photo(width, height, orientation);
	size_t index = pf_fixture_folder_add(&f->folder, name, &photo);
	pf_fixture_free(&photo);
	return index;
}

static void test_scorer_with_a_model(void **state)
{
	(void)state;
	files f;
	pf_trace trace;
	pf_score score, again;
	open_files(&f);
	add_photo(&f, "a.jpg", 900, 600, 8);
	pf_trace_reset(&trace);
	pf_scorer_config config = config_of(f.model);
	pf_scorer *scorer = open_scorer(&config, &trace);
	assert_string_equal(pf_scorer_note(scorer), "");
	assert_int_equal(pf_scorer_photo(scorer, f.folder.dataset, 0, &score, NULL), PF_OK);
	assert_int_equal(pf_fixture_spans(&trace, PF_STAGE_POSE), 1);
	assert_true(pf_fixture_own_ns(&trace, PF_STAGE_POSE) > 0);
	const double *m = score.measures;
	assert_true(m[PF_MEASURE_POSE] > 0.5 && m[PF_MEASURE_KEYPOINTS] == 17.0);
	assert_true(score.factors[PF_FACTOR_FORM] > 0.0);
	assert_true(m[PF_MEASURE_POSE_LEFT] < 0.3 && m[PF_MEASURE_POSE_RIGHT] > 0.7);
	assert_true(fabs(m[PF_MEASURE_SUBJECT_X] - 0.5) < 0.05);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(pf_scorer_photo(scorer, f.folder.dataset, 0, &again, NULL), PF_OK);
		assert_memory_equal(&again, &score, sizeof score);
	}
	pf_image image = {0};
	pf_pose pose;
	assert_int_equal(pf_scorer_load(scorer, f.folder.dataset, 0, &image, NULL), PF_OK);
	assert_int_equal(pf_scorer_pose(scorer, &image, &pose, NULL), PF_OK);
	assert_true(pf_fixture_pose_error(&pose) < 0.02);
	assert_true(pose.confidence == m[PF_MEASURE_POSE] && pose.top == m[PF_MEASURE_POSE_TOP]);
	pf_scorer *other = open_scorer(&config, NULL); /* a second worker's */
	assert_int_equal(pf_scorer_photo(other, f.folder.dataset, 0, &again, NULL), PF_OK);
	assert_memory_equal(&again, &score, sizeof score);
	pf_scorer_destroy(other);
	pf_image_release(&image);
	pf_scorer_destroy(scorer);
	pf_fixture_folder_close(&f.folder);
}

static void test_scorer_without_a_model(void **state)
{
	(void)state;
	files f;
	pf_score score, expected;
	pf_trace trace;
	open_files(&f);
	add_photo(&f, "a.jpg", 900, 600, 1);
	pf_trace_reset(&trace);
	pf_scorer_config config = config_of("");
	pf_scorer *scorer = open_scorer(&config, &trace);
	assert_int_equal(pf_scorer_photo(scorer, f.folder.dataset, 0, &score, NULL), PF_OK);
	assert_int_equal(pf_fixture_spans(&trace, PF_STAGE_POSE), 0);
	assert_true(score.measures[PF_MEASURE_POSE] == 0.0 && score.factors[PF_FACTOR_FORM] == 0.0);
	pf_image image = {0};
	pf_pose pose;
	assert_int_equal(pf_scorer_pose(scorer, &image, &pose, NULL), PF_ERR_UNAVAILABLE);
	assert_string_equal(pf_scorer_note(scorer), "");
	pf_scorer_destroy(scorer);
	/* Form takes no part. */
	config.weights[PF_FACTOR_FORM] = 0.0;
	scorer = open_scorer(&config, NULL);
	assert_int_equal(pf_scorer_photo(scorer, f.folder.dataset, 0, &expected, NULL), PF_OK);
	assert_memory_equal(&score, &expected, sizeof score);
	pf_scorer_destroy(scorer);
	config = config_of("/nowhere.onnx");
	assert_int_equal(pf_scorer_create(&config, NULL, &scorer, NULL), PF_ERR_NOT_FOUND);
	pf_fixture_folder_close(&f.folder);
}

static void test_digest_covers_the_model(void **state)
{
	(void)state;
	files f;
	open_files(&f);
	uint8_t digests[8][PF_SHA256_BYTES];
	pf_scorer_config configs[8] = {config_of(""), config_of(f.model), config_of(f.top_down)};
	unsigned count = 3;
	configs[count] = config_of(f.top_down);
	strcpy(configs[count++].box_model_file, f.model);
	configs[count] = config_of(f.model);
	strcpy(configs[count++].backend, "abacus");
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(pf_scorer_config_digest(&configs[i], digests[i], NULL), PF_OK);
	}
	pf_fixture_pose_write(f.folder.path, "spots.yaml", "{width: 384, height: 288, output: heatmap}\n",
			      39);
	assert_int_equal(pf_scorer_config_digest(&configs[1], digests[count++], NULL), PF_OK);
	pf_fixture_pose_write(f.folder.path, "spots.onnx", "other", 5);
	assert_int_equal(pf_scorer_config_digest(&configs[1], digests[count++], NULL), PF_OK);
	for (unsigned i = 0; i < count; i++) {
		for (unsigned j = 0; j < i; j++) {
			assert_memory_not_equal(digests[i], digests[j], PF_SHA256_BYTES);
		}
	}
	configs[0] = config_of("/nowhere.onnx");
	assert_int_equal(pf_scorer_config_digest(&configs[0], digests[0], NULL), PF_ERR_NOT_FOUND);
	pf_fixture_folder_close(&f.folder);
}

#ifndef PF_SANITIZED
static void test_nothing_allocates_after_the_first_photo(void **state)
{
	(void)state;
	files f;
	pf_image image = {0};
	pf_pose pose;
	pf_pose_estimator *estimator;
	open_files(&f);
	decode(&image, 900, 600, 1);
	pf_pose_options options = {f.model, NULL, pf_pose_default_backend()};
	assert_int_equal(pf_pose_estimator_create(&options, &estimator, NULL), PF_OK);
	assert_int_equal(pf_pose_estimate(estimator, &image, &pose, NULL), PF_OK);
	struct mallinfo2 before = mallinfo2();
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(pf_pose_estimate(estimator, &image, &pose, NULL), PF_OK);
	}
	struct mallinfo2 after = mallinfo2();
	assert_int_equal(before.uordblks, after.uordblks);
	pf_pose_estimator_destroy(estimator);
	pf_image_release(&image);
	pf_fixture_folder_close(&f.folder);
}
#endif

static void test_file_problem(void **state)
{
	(void)state;
	char folder[256], problem[256];
	pf_temp_make(folder);
	const char *file = pf_temp_path(folder, "pose.onnx");
	assert_non_null(strstr(pf_pose_file_problem(file, problem, sizeof problem), "is missing: "));
	assert_non_null(strstr(problem, file));
	assert_non_null(strstr(pf_pose_file_problem(folder, problem, sizeof problem), "cannot be read: "));
	assert_int_equal(symlink("pose.onnx", file), 0); /* to itself */
	assert_non_null(strstr(pf_pose_file_problem(file, problem, sizeof problem), "cannot be read: "));
	unlink(file);
	pf_temp_write(file, "x", 1);
	assert_string_equal(pf_pose_file_problem(file, problem, sizeof problem), "");
	pf_temp_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backends_orientations_and_sizes),
		cmocka_unit_test(test_top_down),
		cmocka_unit_test(test_smaller_input),
		cmocka_unit_test(test_without_a_card),
		cmocka_unit_test(test_what_cannot_be_loaded),
		cmocka_unit_test(test_scorer_with_a_model),
		cmocka_unit_test(test_scorer_without_a_model),
		cmocka_unit_test(test_file_problem),
		cmocka_unit_test(test_digest_covers_the_model),
#ifndef PF_SANITIZED
		cmocka_unit_test(test_nothing_allocates_after_the_first_photo),
#endif
	};
	if (!pf_network_backend(0)) {
		print_message("networks are not built in\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
