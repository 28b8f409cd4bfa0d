/* The two ends of a pose network on the device. The kernels' bodies, as C: the input has the bits of what the
 * processor makes, and so have keypoints. Through the fake device: a pose estimator, photos larger than what
 * is sent at a time, and every fault ends in a status that names it, with nothing left behind. */
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
#include "core/scoring/pose_decode.h"
#include "core/scoring/pose_estimator.h"
#include "core/scoring/pose_input.h"
#include "tests/gpu/fake_entries.h"
#include "tests/unit/pose_fixture.h"
#include "tests/unit/temp_folder.h"

static char data[256];
static pf_fixture_folder folder;
static const char *model;

static int open_all(void **state)
{
	static const char card[] = "{width: 192, height: 144, turn: yes, output: heatmap, colour: ycbcr,\n"
				   " mean: [128, 128, 128], std: [64, 64, 64]}\n";
	(void)state;
	pf_temp_make(data);
	setenv("PHOTOFINISH_DATA", data, 1);
	if (fake_entries_open()) {
		return -1;
	}
	pf_fixture_folder_open(&folder);
	pf_fixture_bytes network = pf_fixture_pose_model(0, 0, 18);
	model = pf_fixture_pose_write(folder.path, "spots.onnx", network.data, network.bytes);
	pf_fixture_pose_write(folder.path, "spots.yaml", card, strlen(card));
	pf_fixture_free(&network);
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	pf_fixture_folder_close(&folder);
	pf_temp_remove(data);
	return 0;
}

static void make_image(pf_image *image, const uint32_t size[4], uint32_t orientation, uint64_t seed)
{
	uint32_t width = size[0], height = size[1], fx = size[2], fy = size[3];
	uint32_t wide = fx ? (width + fx - 1) / fx : 0, high = fx ? (height + fy - 1) / fy : 0;
	size_t luma = (size_t)(width + 5) * height, chroma = (size_t)(wide + 3) * high;
	assert_int_equal(pf_image_reserve(image, luma + 2 * chroma + 1, NULL), PF_OK);
	for (size_t i = 0; i < image->capacity_bytes; i++) {
		image->buffer[i] = (uint8_t)pf_fixture_random(&seed);
	}
	image->orientation = orientation;
	image->y = (pf_plane){image->buffer, width, height, width + 5};
	image->cb = image->cr = (pf_plane){0};
	if (fx) {
		image->cb = (pf_plane){image->buffer + luma, wide, high, wide + 3};
		image->cr = (pf_plane){image->buffer + luma + chroma, wide, high, wide + 3};
	}
}

/* The kernel's lines on memory of the processor. */
static void execute(const pf_picture *picture, int32_t half, void *to)
{
	pf_gpu_picture k = {.count = (int64_t)picture->width_px * picture->height_px,
			    .to = to,
			    .width = picture->width_px,
			    .begin = picture->begin,
			    .across = picture->across,
			    .down = picture->down,
			    .colour = picture->colour,
			    .half = half};
	memcpy(k.mean, picture->mean, sizeof k.mean);
	memcpy(k.std, picture->std, sizeof k.std);
	for (int i = 0; i < 3; i++) {
		const pf_picture_plane *plane = &picture->planes[i];
		k.planes[i] = (pf_gpu_source){plane->samples,
					      plane->across,
					      plane->down,
					      plane->weight_x,
					      plane->weight_y,
					      plane->outside,
					      (int32_t)plane->stride_bytes};
	}
	for (int64_t i = 0; i < k.count; i++) {
		pf_gpu_body_picture(&k, i);
	}
}

static void compare_input(const pf_image *image, const pf_pose_view *view, const pf_pose_card *card)
{
	size_t count = (size_t)view->width_px * view->height_px;
	float *want = calloc(3 * count, sizeof *want), *got = calloc(3 * count, sizeof *got);
	uint16_t *halves = calloc(3 * count, sizeof *halves);
	pf_pose_input memory = {0};
	pf_picture picture;
	assert_true(want && got && halves);
	assert_int_equal(pf_pose_input_fill(&memory, image, view, card, PF_TYPE_FLOAT, want, NULL), PF_OK);
	assert_int_equal(pf_pose_input_picture(&memory, image, view, card, &picture, NULL), PF_OK);
	execute(&picture, 0, got);
	execute(&picture, 1, halves);
	for (size_t i = 0; i < 3 * count; i++) {
		float is = got[i % count * 3 + i / count];
		if (memcmp(&is, &want[i], sizeof is) != 0 ||
		    halves[i % count * 3 + i / count] != pf_gpu_to_half(want[i])) {
			fail_msg("%ux%u turned %u: channel %zu of pixel %zu is %.9g, not %.9g",
				 image->y.width_px, image->y.height_px, image->orientation, i / count,
				 i % count, (double)is, (double)want[i]);
		}
	}
	pf_pose_input_release(&memory);
	free(want);
	free(got);
	free(halves);
}

static void test_input(void **state)
{
	(void)state;
	static const uint32_t sizes[][4] = {
		/* width, height, samples of chroma */
		{192, 144, 2, 2}, {193, 145, 2, 2}, {144, 192, 2, 2}, {97, 31, 2, 1},  {31, 97, 1, 2},
		{60, 41, 1, 1},   {61, 44, 4, 1},   {20, 15, 2, 2},   {5, 3, 2, 2},    {1, 1, 1, 1},
		{1, 300, 1, 1},   {400, 1, 1, 1},   {131, 77, 0, 0},  {50, 800, 2, 2}, {40, 20000, 2, 2}};
	pf_image image = {0};
	pf_pose_card card;
	pf_pose_card_default(&card);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		for (uint32_t orientation = 1; orientation <= 8; orientation++) {
			pf_pose_view view;
			uint32_t width, height;
			card.colour = (pf_pose_colour)((i + orientation) % PF_POSE_COLOURS);
			for (unsigned c = 0; c < 3; c++) {
				card.mean[c] = 120.0 + 3 * c;
				card.std[c] = 57.0 + c;
			}
			make_image(&image, sizes[i], orientation, 10 * i + orientation);
			pf_pose_upright_size(&image, &width, &height);
			pf_pose_view_whole(width, height, 48, 36, &view);
			compare_input(&image, &view, &card);
			pf_pose box = {.left = 0.3, .top = -0.1, .right = 0.8, .bottom = 0.7};
			pf_pose_view_box(width, height, 24, 32, &box, 1.25, &view);
			compare_input(&image, &view, &card);
			view.left = 3.0; /* nothing of the photo is seen */
			compare_input(&image, &view, &card);
		}
	}
	pf_image_release(&image);
}

enum { MAPS = 18, PICTURES = 2 };

static void compare_maxima(const float *maps, int64_t rows, int64_t columns)
{
	pf_gpu_row_peak *of_rows = calloc(PICTURES * (size_t)rows * PF_KEYPOINT_COUNT, sizeof *of_rows);
	float *last = calloc(PICTURES * MAPS * (size_t)(rows * columns), sizeof *last);
	pf_gpu_peak peaks[PICTURES * PF_KEYPOINT_COUNT];
	pf_gpu_maps k = {PICTURES * rows * PF_KEYPOINT_COUNT,
			 last,
			 of_rows,
			 peaks,
			 MAPS,
			 PF_KEYPOINT_COUNT,
			 rows,
			 columns,
			 0};
	pf_pose_view view = {192, 144, -0.1, 0.05, 1.1 / 192, 0.9 / 144};
	pf_pose_card card;
	pf_pose_card_default(&card);
	card.stride = 4;
	for (int64_t i = 0; i < PICTURES * MAPS * rows * columns; i++) { /* channels last */
		int64_t image = i / (MAPS * rows * columns), map = i / (rows * columns) % MAPS;
		last[(image * rows * columns + i % (rows * columns)) * MAPS + map] = maps[i];
	}
	for (int64_t i = 0; i < k.count; i++) {
		pf_gpu_body_row_peaks(&k, i);
	}
	for (int64_t i = 0; i < PICTURES * PF_KEYPOINT_COUNT; i++) {
		pf_gpu_body_peaks(&k, i);
	}
	for (int image = 0; image < PICTURES; image++) {
		pf_pose want, got;
		pf_pose_decode_heatmap(maps + image * MAPS * rows * columns, (size_t)rows, (size_t)columns,
				       &card, &view, &want);
		pf_pose_decode_peaks(peaks + image * PF_KEYPOINT_COUNT, &card, &view, &got);
		for (int i = 0; i < PF_KEYPOINT_COUNT; i++) {
			const pf_pose_point *a = &got.points[i], *b = &want.points[i];
			assert_true(a->x == b->x && a->y == b->y && a->confidence == b->confidence &&
				    a->seen == b->seen);
		}
		assert_true(got.confidence == want.confidence && got.left == want.left &&
			    got.bottom == want.bottom && got.found == want.found);
	}
	free(of_rows);
	free(last);
}

/* Few different values, so that most maxima are equal to others; and values that are none. */
static void test_maxima(void **state)
{
	(void)state;
	static const float odd[] = {NAN, INFINITY, -INFINITY, -FLT_MAX, FLT_MAX, 0.0f};
	static const int64_t sizes[][2] = {{1, 1}, {1, 9}, {7, 1}, {2, 2}, {9, 12}, {36, 48}};
	uint64_t seed = 3;
	for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
		for (uint32_t values = 1; values <= 1001; values = values * 10 + 1) {
			size_t count = PICTURES * MAPS * (size_t)(sizes[s][0] * sizes[s][1]);
			float *maps = malloc(count * sizeof *maps);
			for (size_t i = 0; i < count; i++) {
				uint32_t drawn = (uint32_t)(pf_fixture_random(&seed) >> 8);
				maps[i] = drawn % 7 == 0 ? odd[drawn / 7 % 6]
							 : (float)(drawn % values) / (float)values;
			}
			compare_maxima(maps, sizes[s][0], sizes[s][1]);
			free(maps);
		}
	}
}

static void decode(pf_image *image, uint32_t width, uint32_t height, unsigned orientation)
{
	pf_fixture_bytes photo = pf_fixture_pose_photo(width, height, orientation);
	assert_int_equal(pf_fixture_decode(&photo, image, NULL), PF_OK);
	image->orientation = orientation;
	pf_fixture_free(&photo);
}

static pf_pose_estimator *open_estimator(const char *backend)
{
	pf_pose_options options = {.model_file = model, .backend = backend};
	pf_pose_estimator *estimator;
	pf_error error = {.code = PF_OK};
	if (pf_pose_estimator_create(&options, &estimator, &error) != PF_OK) {
		fail_msg("%s: %s", backend, error.message);
	}
	return estimator;
}

/* The same keypoints as on the processor, of photos of all sizes in turn: rows of the largest are sent in
 * several pieces, and the device's memory has to grow for it. */
static void test_estimator(void **state)
{
	(void)state;
	static const uint32_t sizes[][2] = {{333, 250}, {768, 576}, {2304, 1536}, {600, 900}};
	pf_pose_estimator *plain = open_estimator("plain"), *device = open_estimator("cudnn-fp32");
	pf_image image = {0};
	pf_error error;
	pf_pose_input input = {0};
	assert_int_equal(pf_pose_begin(device, &input, &image, &error), PF_ERR_UNAVAILABLE);
	for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
		for (unsigned orientation = 1; orientation <= 8; orientation += s == 2 ? 5 : 1) {
			pf_pose want, got;
			decode(&image, sizes[s][0], sizes[s][1], orientation);
			assert_int_equal(pf_pose_estimate(plain, &image, &want, &error), PF_OK);
			if (pf_pose_estimate(device, &image, &got, &error) != PF_OK) {
				fail_msg("%s", error.message);
			}
			if (!got.found || pf_fixture_pose_error(&got) > pf_fixture_pose_error(&want) + 0.01) {
				fail_msg("%ux%u turned %u: %g away, %g on the processor", sizes[s][0],
					 sizes[s][1], orientation, pf_fixture_pose_error(&got),
					 pf_fixture_pose_error(&want));
			}
			for (int i = 0; i < PF_KEYPOINT_COUNT; i++) {
				assert_true(fabs(got.points[i].confidence - want.points[i].confidence) <
					    1e-4);
				assert_true(fabs(got.points[i].x - want.points[i].x) < 1.01 * 4 / 144);
			}
		}
	}
	pf_image_release(&image);
	pf_pose_estimator_destroy(plain);
	pf_pose_estimator_destroy(device);
	assert_int_equal(fake_live(), 0);
}

/* Several photos in one run, as many as there are, of both shapes and growing: the keypoints that each has
 * alone. */
static void test_several(void **state)
{
	(void)state;
	enum { COUNT = 7 };
	static const uint32_t sizes[COUNT][2] = {{333, 250}, {768, 576}, {1400, 1000}, {600, 900},
						 {600, 901}, {334, 250}, {2304, 1536}};
	pf_pose_options options = {.model_file = model, .backend = "cudnn-fp32", .batch = 4};
	pf_pose_estimator *one = open_estimator("cudnn-fp32"), *several;
	pf_image images[COUNT];
	pf_pose want[COUNT], got[COUNT];
	pf_error error;
	memset(images, 0, sizeof images);
	assert_int_equal(pf_pose_estimator_create(&options, &several, &error), PF_OK);
	for (int i = 0; i < COUNT; i++) {
		decode(&images[i], sizes[i][0], sizes[i][1], 1 + (unsigned)i % 3);
		assert_int_equal(pf_pose_estimate(one, &images[i], &want[i], &error), PF_OK);
	}
	for (size_t count = 1; count <= COUNT; count++) {
		if (pf_pose_estimate_all(several, images, count, got, &error) != PF_OK) {
			fail_msg("%zu photos: %s", count, error.message);
		}
		for (size_t i = 0; i < count; i++) {
			assert_true(got[i].found);
			assert_memory_equal(&got[i], &want[i], sizeof got[i]);
		}
	}
	for (int i = 0; i < COUNT; i++) {
		pf_image_release(&images[i]);
	}
	pf_pose_estimator_destroy(one);
	pf_pose_estimator_destroy(several);
	assert_int_equal(fake_live(), 0);
}

/* Whether the planted fault was met, in an estimator's beginning or in one of its photos. */
static bool meet(const pf_image *images, const char *fault, pf_status expected, const char *name)
{
	pf_pose_options options = {.model_file = model, .backend = "cudnn"};
	pf_pose_estimator *estimator = NULL;
	pf_pose pose;
	pf_error error = {.code = PF_OK};
	fake_reset();
	setenv("PF_FAKE_GPU_FAULT", fault, 1);
	pf_status status = pf_pose_estimator_create(&options, &estimator, &error);
	for (int i = 0; status == PF_OK && i < 4; i++) {
		status = pf_pose_estimate(estimator, &images[i / 2], &pose, &error);
	}
	if (status != PF_OK && estimator) {
		assert_int_equal(pf_pose_estimate(estimator, &images[0], &pose, &error), status);
	}
	pf_pose_estimator_destroy(estimator);
	unsetenv("PF_FAKE_GPU_FAULT");
	fake_reset();
	if (fake_live() != 0) {
		fail_msg("%s left %zu behind", fault, fake_live());
	}
	if (status != PF_OK && (status != expected || !strstr(error.message, name))) {
		fail_msg("%s: %s: %s", fault, pf_status_name(status), error.message);
	}
	return status != PF_OK;
}

static void test_faults(void **state)
{
	(void)state;
	static const struct {
		const char *entry;
		int code, first; /* the first call that pictures make */
		pf_status status;
		const char *name;
	} faults[] = {
		{"cuMemHostRegister", 2, 2, PF_ERR_NO_MEMORY,
		 "locking the pages of photos: CUDA_ERROR_OUT_OF_MEMORY"},
		{"cuEventCreate", 2, 1, PF_ERR_NO_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY"},
		{"cuEventRecord", 719, 1, PF_ERR_INTERNAL, "uploading a photo: CUDA_ERROR_LAUNCH_FAILED"},
		{"cuEventSynchronize", 719, 1, PF_ERR_INTERNAL,
		 "uploading a photo: CUDA_ERROR_LAUNCH_FAILED"},
		{"cuMemAlloc", 2, 5, PF_ERR_NO_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY"},
		{"cuMemcpyHtoDAsync", 719, 3, PF_ERR_INTERNAL, "uploading a photo: CUDA_ERROR_LAUNCH_FAILED"},
		{"cuMemcpyDtoHAsync", 719, 1, PF_ERR_INTERNAL,
		 "downloading keypoints: CUDA_ERROR_LAUNCH_FAILED"},
		{"cuLaunchKernel", 719, 1, PF_ERR_INTERNAL, "pf_kernel_picture: CUDA_ERROR_LAUNCH_FAILED"},
	};
	pf_image images[2];
	memset(images, 0, sizeof images);
	decode(&images[0], 333, 250, 1);
	decode(&images[1], 2304, 1536, 1);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		for (int call = faults[i].first; call < faults[i].first + 3; call++) {
			char fault[64];
			snprintf(fault, sizeof fault, "%s:%d:%d", faults[i].entry, call, faults[i].code);
			bool met = meet(images, fault, faults[i].status,
					call == faults[i].first ? faults[i].name : "the device failed");
			assert_true(met || call > faults[i].first);
		}
	}
	pf_image_release(&images[0]);
	pf_image_release(&images[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_input), cmocka_unit_test(test_maxima),
					   cmocka_unit_test(test_estimator), cmocka_unit_test(test_several),
					   cmocka_unit_test(test_faults)};
	return cmocka_run_group_tests(tests, open_all, close_all);
}
