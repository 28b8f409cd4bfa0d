#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/photo/resize.h"
#include "core/scoring/face.h"
#include "jpeg_fixture.h"
#include "photofinish/scorer.h"
#include "temp_folder.h"

#define WIDTH 320
#define HEIGHT 240

static uint8_t inside(double x, double y, double cx, double cy, double rx, double ry)
{
	return (x - cx) * (x - cx) / (rx * rx) + (y - cy) * (y - cy) / (ry * ry) <= 1.0;
}

/* A face as a cascade sees one: bright oval, dark eyes and brows, bright nose, dark mouth, hair above. */
static uint8_t face_at(double x, double y)
{
	if (!inside(x, y, 0.0, 0.0, 0.78, 1.0)) {
		return inside(x, y, 0.0, -0.25, 0.86, 1.0) && y < 0.0 ? 45 : 120;
	}
	if (y < -0.62) {
		return 50;
	}
	bool brow = inside(x, y, -0.34, -0.28, 0.24, 0.06) || inside(x, y, 0.34, -0.28, 0.24, 0.06);
	bool eye = inside(x, y, -0.34, -0.12, 0.18, 0.10) || inside(x, y, 0.34, -0.12, 0.18, 0.10);
	bool socket = inside(x, y, -0.34, -0.16, 0.28, 0.20) || inside(x, y, 0.34, -0.16, 0.28, 0.20);
	bool mouth = inside(x, y, 0.0, 0.52, 0.30, 0.08);
	bool under_nose = inside(x, y, 0.0, 0.24, 0.16, 0.05);
	if (eye || brow) {
		return 60;
	}
	if (mouth || under_nose) {
		return 95;
	}
	return socket ? 135 : inside(x, y, 0.0, 0.0, 0.10, 0.25) ? 215 : 190;
}

static void draw_faces(uint8_t *picture, double radius)
{
	static const double centres[2][2] = {{90.0, 110.0}, {230.0, 130.0}};
	for (int y = 0; y < HEIGHT; y++) {
		for (int x = 0; x < WIDTH; x++) {
			unsigned which = x < WIDTH / 2 ? 0 : 1;
			double size = which ? radius : radius * 1.3;
			double u = (x - centres[which][0]) / size, v = (y - centres[which][1]) / size;
			picture[y * WIDTH + x] = face_at(u, v);
		}
	}
}

static void test_faces_are_found(void **state)
{
	(void)state;
	static uint8_t picture[WIDTH * HEIGHT];
	pf_face_detector *detector;
	pf_face faces[PF_FACES_MAX], again[PF_FACES_MAX];
	size_t count = 0, count_again = 0;
	assert_int_equal(pf_face_detector_create(PF_CASCADE_FILE, false, &detector, NULL), PF_OK);
	draw_faces(picture, 40.0);
	assert_int_equal(pf_face_detect(detector, picture, WIDTH, HEIGHT, faces, &count, NULL), PF_OK);
	assert_int_equal(count, 2);
	/* The larger one first, each around its centre. */
	assert_true(faces[0].width > faces[1].width);
	assert_in_range(faces[0].x + faces[0].width / 2, 75, 105);
	assert_in_range(faces[0].y + faces[0].height / 2, 90, 135);
	assert_in_range(faces[1].x + faces[1].width / 2, 215, 245);
	assert_int_equal(pf_face_detect(detector, picture, WIDTH, HEIGHT, again, &count_again, NULL), PF_OK);
	assert_int_equal(count_again, count);
	assert_memory_equal(again, faces, count * sizeof *faces);
	memset(picture, 120, sizeof picture);
	assert_int_equal(pf_face_detect(detector, picture, WIDTH, HEIGHT, faces, &count, NULL), PF_OK);
	assert_int_equal(count, 0);
	pf_face_detector_destroy(detector);
}

static int larger_first(const void *a, const void *b)
{
	const pf_face *left = a, *right = b;
	int64_t by_area = (int64_t)right->width * right->height - (int64_t)left->width * left->height;
	int64_t by_place = left->y != right->y ? (int64_t)left->y - right->y : (int64_t)left->x - right->x;
	int64_t order = by_area ? by_area : by_place ? by_place : (int64_t)left->width - right->width;
	return order < 0 ? -1 : order > 0;
}

/* More than there is room for, of several sizes: the largest of them, in order. */
static void test_many_faces(void **state)
{
	(void)state;
	enum { SIDE = 640, ACROSS = 11, SPACE = SIDE / ACROSS, MOST = 1000 };
	static uint8_t picture[SIDE * SIDE];
	static pf_face all[MOST];
	pf_face_detector *detector;
	pf_face faces[PF_FACES_MAX];
	size_t count = 0, found = 0;
	for (int y = 0; y < SIDE; y++) {
		for (int x = 0; x < SIDE; x++) {
			double radius = 16.0 + (x / SPACE * 7 + y / SPACE * 3) % 5 * 2.0;
			picture[y * SIDE + x] = face_at((x % SPACE - SPACE / 2.0) / radius,
							(y % SPACE - SPACE / 2.0) / radius);
		}
	}
	assert_int_equal(pf_face_detector_create(PF_CASCADE_FILE, false, &detector, NULL), PF_OK);
	assert_int_equal(pf_face_search_opencv(detector, picture, SIDE, SIDE, PF_FACE_MIN_NEIGHBOURS, all,
					       MOST, &found),
			 PF_OK);
	assert_in_range(found, PF_FACES_MAX + 1, MOST);
	qsort(all, found, sizeof *all, larger_first);
	assert_int_equal(pf_face_detect(detector, picture, SIDE, SIDE, faces, &count, NULL), PF_OK);
	assert_int_equal(count, PF_FACES_MAX);
	assert_memory_equal(faces, all, sizeof faces);
	pf_face_detector_destroy(detector);
}

static void test_small_pictures(void **state)
{
	(void)state;
	static uint8_t picture[64 * 64];
	pf_face_detector *detector;
	pf_face faces[PF_FACES_MAX];
	size_t count = 9;
	assert_int_equal(pf_face_detector_create(PF_CASCADE_FILE, false, &detector, NULL), PF_OK);
	static const uint32_t sizes[][2] = {{1, 1}, {1, 64}, {64, 1}, {23, 23}, {24, 24}, {64, 64}};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		assert_int_equal(
			pf_face_detect(detector, picture, sizes[i][0], sizes[i][1], faces, &count, NULL),
			PF_OK);
		assert_int_equal(count, 0);
	}
	pf_face_detector_destroy(detector);
}

/* The cascade that was read to say whether it can be searched is the next detector's, unless the file has
 * changed since. */
static void test_a_kept_cascade(void **state)
{
	(void)state;
	pf_scorer_config config;
	char folder[256];
	size_t bytes;
	pf_face_detector *detector;
	pf_scorer_config_default(&config);
	char *text = pf_temp_read(config.cascade_file, &bytes);
	pf_temp_make(folder);
	const char *file = pf_temp_path(folder, "cascade.xml");
	pf_temp_write(file, text, bytes);
	for (int i = 0; i < 2; i++) {
		assert_null(pf_face_own_problem(file));
	}
	assert_int_equal(pf_face_detector_create(file, true, &detector, NULL), PF_OK);
	pf_face_detector_destroy(detector);
	assert_null(pf_face_own_problem(file));
	pf_temp_write(file, text, bytes / 2);
	assert_int_equal(pf_face_detector_create(file, true, &detector, NULL), PF_ERR_INVALID);
	assert_non_null(pf_face_own_problem(file));
	pf_temp_remove(folder);
	free(text);
}

static void test_bad_cascades(void **state)
{
	(void)state;
	pf_face_detector *detector = (pf_face_detector *)&state;
	pf_error error;
	assert_int_equal(pf_face_detector_create("/nowhere/cascade.xml", false, &detector, &error),
			 PF_ERR_NOT_FOUND);
	assert_null(detector);
	assert_string_equal(error.file, "/nowhere/cascade.xml");
	static const char *const texts[] = {
		"", "no XML at all", "<?xml version=\"1.0\"?><opencv_storage>",
		"<?xml version=\"1.0\"?>\n<opencv_storage><a>1</a></opencv_storage>\n"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char path[] = "/tmp/photofinish-cascade-XXXXXX";
		int fd = mkstemp(path);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, texts[i], strlen(texts[i])), strlen(texts[i]));
		close(fd);
		assert_int_equal(pf_face_detector_create(path, false, &detector, &error), PF_ERR_INVALID);
		assert_null(detector);
		unlink(path);
	}
}

/* Area averaging by its definition: every overlap of an output sample with an input sample. */
static uint8_t naive_sample(const pf_plane *plane, uint64_t width, uint64_t height, uint64_t x, uint64_t y)
{
	uint64_t sum = 0, w = plane->width_px, h = plane->height_px;
	for (uint64_t v = 0; v < h; v++) {
		uint64_t top = v * height > y * h ? v * height : y * h;
		uint64_t bottom = (v + 1) * height < (y + 1) * h ? (v + 1) * height : (y + 1) * h;
		for (uint64_t u = 0; u < w && bottom > top; u++) {
			uint64_t left = u * width > x * w ? u * width : x * w;
			uint64_t right = (u + 1) * width < (x + 1) * w ? (u + 1) * width : (x + 1) * w;
			if (right > left) {
				sum += (bottom - top) * (right - left) *
				       plane->data[v * plane->stride_bytes + u];
			}
		}
	}
	return w > 0 && h > 0 ? (uint8_t)((sum + w * h / 2) / (w * h)) : 0;
}

static void test_shrinking_is_the_definition(void **state)
{
	(void)state;
	/* width, height, longest, expected width and height */
	static const uint32_t cases[][5] = {
		{100, 50, 40, 40, 20}, {97, 61, 40, 40, 25}, {61, 97, 40, 25, 40},  {40, 30, 40, 40, 30},
		{39, 40, 40, 39, 40},  {41, 41, 40, 40, 40}, {200, 1, 16, 16, 1},   {1, 200, 16, 1, 16},
		{1, 1, 640, 1, 1},     {79, 80, 40, 40, 40}, {130, 87, 1, 1, 1},    {128, 64, 32, 32, 16},
		{65535, 2, 3, 3, 1},   {65521, 1, 7, 7, 1},  {2000, 9, 333, 333, 1}};
	uint64_t random = 1;
	pf_small small = {0};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const uint32_t *c = cases[i];
		pf_plane plane = {.width_px = c[0], .height_px = c[1], .stride_bytes = c[0] + 3};
		plane.data = malloc((size_t)plane.stride_bytes * c[1]);
		for (size_t at = 0; at < (size_t)plane.stride_bytes * c[1]; at++) {
			plane.data[at] = i % 2 ? 255 : (uint8_t)pf_fixture_random(&random);
		}
		assert_int_equal(pf_small_make(&small, &plane, 1, c[2], NULL), PF_OK);
		assert_int_equal(small.width_px, c[3]);
		assert_int_equal(small.height_px, c[4]);
		for (uint32_t y = 0; y < c[4]; y++) {
			for (uint32_t x = 0; x < c[3]; x++) {
				assert_int_equal(small.data[y * c[3] + x],
						 naive_sample(&plane, c[3], c[4], x, y));
			}
		}
		free(plane.data);
	}
	pf_small_release(&small);
}

/* The eight orientations as the EXIF standard draws them: where the stored first row and column are seen. */
static void test_turning_upright(void **state)
{
	(void)state;
	static uint8_t stored[] = {1, 2, 3, /* a row of three */
				   4, 5, 6};
	static const struct {
		uint32_t width;
		uint8_t upright[6];
	} expected[] = {{3, {1, 2, 3, 4, 5, 6}}, {3, {3, 2, 1, 6, 5, 4}}, {3, {6, 5, 4, 3, 2, 1}},
			{3, {4, 5, 6, 1, 2, 3}}, {2, {1, 4, 2, 5, 3, 6}}, {2, {4, 1, 5, 2, 6, 3}},
			{2, {6, 3, 5, 2, 4, 1}}, {2, {3, 6, 2, 5, 1, 4}}};
	pf_small small = {0};
	pf_plane plane = {.data = stored, .width_px = 3, .height_px = 2, .stride_bytes = 3};
	for (uint32_t orientation = 0; orientation <= 9; orientation++) {
		uint32_t index = orientation >= 1 && orientation <= 8 ? orientation - 1 : 0;
		assert_int_equal(pf_small_make(&small, &plane, orientation, 640, NULL), PF_OK);
		assert_int_equal(small.width_px, expected[index].width);
		assert_int_equal(small.height_px, 6 / expected[index].width);
		assert_memory_equal(small.data, expected[index].upright, 6);
		/* Points turn as pixels do. */
		for (unsigned i = 0; i < 6; i++) {
			unsigned stored_row = i / 3;
			double x = (i % 3 + 0.5) / 3.0, y = (stored_row + 0.5) / 2.0;
			pf_upright_point(orientation, &x, &y);
			unsigned column = (unsigned)(x * small.width_px),
				 row = (unsigned)(y * small.height_px);
			assert_int_equal(small.data[row * small.width_px + column], stored[i]);
		}
	}
	pf_small_release(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faces_are_found), cmocka_unit_test(test_many_faces),
		cmocka_unit_test(test_small_pictures),  cmocka_unit_test(test_a_kept_cascade),
		cmocka_unit_test(test_bad_cascades),    cmocka_unit_test(test_shrinking_is_the_definition),
		cmocka_unit_test(test_turning_upright),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
