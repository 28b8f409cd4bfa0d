/* The search for faces of our own against OpenCV's: the same rectangles in the same order, before and after
 * grouping, by each version of the inner loops, with whole cascades and with cascades that were cut after
 * some stages, which accept many more windows. PF_FACE_FRAMES=10000 asks for that many frames, and larger
 * ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/faces/haar_search.h"
#include "core/faces/opencv_load.h"
#include "core/kernels/kernels.h"
#include "core/photo/resize.h"
#include "core/scoring/face.h"
#include "core/workloads/made_photo.h"
#include "jpeg_fixture.h"
#include "photofinish/scorer.h"
#include "temp_folder.h"

enum {
	USUAL_FRAMES = 240,
	LARGEST = 200, /* side of usual frames, px */
	SCENE = 640,
	FOUND_MOST = 200000,
	VERSIONS = 2,
};

/* A cascade of the first `stages` stages, 0: all. */
typedef struct subject {
	uint32_t stages;
	pf_face_detector *opencv;
	pf_haar_cascade *cascade;
	pf_haar_search *searches[VERSIONS];
} subject;

static char folder[256];
static subject subjects[] = {{0}, {1}, {3}, {5}, {8}, {12}};
enum { SUBJECTS = sizeof subjects / sizeof *subjects };
static uint8_t scene[SCENE * SCENE], frame[SCENE * SCENE];
static uint32_t scene_width, scene_height;
static pf_face expected[FOUND_MOST];
static uint64_t random_state = 7;

static uint32_t draw(uint32_t below)
{
	return (uint32_t)(pf_fixture_random(&random_state) >> 8) % below;
}

/* Writes the cascade with its first stages only. */
static const char *cut_cascade(uint32_t stages)
{
	size_t bytes;
	char *text = pf_temp_read(PF_CASCADE_FILE, &bytes);
	const char *path = pf_temp_path(folder, "cut.xml");
	char *at = strstr(text, "<stages>"), *number = strstr(text, "<stageNum>"),
	     *end = strstr(at, "</stages>");
	assert_non_null(at);
	assert_non_null(number);
	for (uint32_t i = 0; i <= stages; i++) {
		at = strstr(at + 1, "<maxWeakCount>");
		assert_non_null(at);
	}
	while (strncmp(at, "<_>", 3) != 0) {
		at--;
	}
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	fwrite(text, 1, (size_t)(number - text), out);
	fprintf(out, "<stageNum>%u", stages);
	number += strlen("<stageNum>25");
	fwrite(number, 1, (size_t)(at - number), out);
	fputs(end, out);
	assert_int_equal(fclose(out), 0);
	free(text);
	return path;
}

static void open_subject(subject *s)
{
	const char *path = s->stages ? cut_cascade(s->stages) : PF_CASCADE_FILE;
	assert_int_equal(pf_face_detector_create(path, false, &s->opencv, NULL), PF_OK);
	assert_int_equal(pf_haar_cascade_read(path, &s->cascade, NULL), PF_OK);
	for (unsigned i = 0; i < VERSIONS; i++) {
		unsigned flags = i == 0 ? 0 : pf_kernels_flags();
		assert_int_equal(pf_haar_search_create(s->cascade, flags, &s->searches[i], NULL), PF_OK);
	}
}

/* A grey picture with faces. */
static void make_scene(void)
{
	pf_made_photo made;
	pf_scorer_config config;
	pf_scorer *loader;
	pf_image image = {0};
	pf_small small = {0};
	pf_scorer_config_default(&config);
	assert_int_equal(pf_made_photo_create(3000000, 5, &made, NULL), PF_OK);
	assert_int_equal(pf_scorer_create_loader(&config, NULL, &loader, NULL), PF_OK);
	assert_int_equal(pf_scorer_load_bytes(loader, made.jpeg, made.jpeg_bytes, NULL, &image, NULL), PF_OK);
	assert_int_equal(pf_small_make(&small, &image.y, 1, SCENE, NULL), PF_OK);
	scene_width = small.width_px;
	scene_height = small.height_px;
	memcpy(scene, small.data, (size_t)scene_width * scene_height);
	pf_small_release(&small);
	pf_image_release(&image);
	pf_scorer_destroy(loader);
	pf_made_photo_free(&made);
}

static int set_up(void **state)
{
	(void)state;
	if (!pf_face_version_is_ours(pf_face_library_version())) {
		return 0;
	}
	pf_temp_make(folder);
	for (size_t i = 0; i < SUBJECTS; i++) {
		open_subject(&subjects[i]);
	}
	make_scene();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < SUBJECTS; i++) {
		pf_face_detector_destroy(subjects[i].opencv);
		for (unsigned v = 0; v < VERSIONS; v++) {
			pf_haar_search_destroy(subjects[i].searches[v]);
		}
		pf_haar_cascade_destroy(subjects[i].cascade);
	}
	if (folder[0]) {
		pf_temp_remove(folder);
	}
	return 0;
}

static uint8_t limited(int32_t value)
{
	return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* A part of the scene, enlarged or reduced, with another contrast. */
static void take_scene(uint32_t width, uint32_t height)
{
	uint32_t across = 24 + draw(scene_width - 23), down = 24 + draw(scene_height - 23),
		 left = draw(scene_width - across + 1), top = draw(scene_height - down + 1);
	int32_t contrast = 40 + (int32_t)draw(200), light = (int32_t)draw(120) - 60;
	for (uint32_t y = 0; y < height; y++) {
		const uint8_t *row = scene + (size_t)(top + y * down / height) * scene_width + left;
		for (uint32_t x = 0; x < width; x++) {
			frame[y * width + x] = limited((row[x * across / width] - 128) * contrast / 128 +
						       128 + light);
		}
	}
}

/* Noise between two values, in squares of a few pixels. */
static void take_noise(uint32_t width, uint32_t height)
{
	uint32_t low = draw(256), span = 1 + draw(256 - low), size = 1 + draw(12);
	for (uint32_t y = 0; y < height; y++) {
		for (uint32_t x = 0; x < width; x++) {
			bool first = x % size == 0 && y % size == 0;
			frame[y * width + x] = first ? (uint8_t)(low + draw(span))
						     : frame[(y - y % size) * width + x - x % size];
		}
	}
}

/* A bright or a dark half: windows without contrast beside others. */
static void add_flat(uint32_t width, uint32_t height)
{
	uint32_t from = draw(width);
	uint8_t value = (uint8_t)(draw(2) ? 255 : draw(256));
	for (uint32_t y = 0; y < height; y++) {
		memset(frame + (size_t)y * width + from, value, width - from);
	}
}

/* OpenCV's answer is the test. */
static size_t compare(const subject *s, uint32_t number, uint32_t width, uint32_t height, int neighbours)
{
	size_t expected_count = 0;
	assert_int_equal(pf_face_search_opencv(s->opencv, frame, width, height, neighbours, expected,
					       FOUND_MOST, &expected_count),
			 PF_OK);
	assert_true(expected_count <= FOUND_MOST);
	const pf_haar_picture picture = {frame, width, height};
	const pf_haar_options options = {PF_FACE_SCALE_FACTOR, neighbours, PF_FACE_SMALLEST_PX};
	for (unsigned v = 0; v < VERSIONS; v++) {
		const pf_haar_found *found;
		size_t count;
		assert_int_equal(pf_haar_search_run(s->searches[v], &picture, &options, &found, &count, NULL),
				 PF_OK);
		if (count != expected_count) {
			fail_msg("frame %u, %ux%u, %u stages, version %u: %zu rectangles, OpenCV has %zu",
				 number, width, height, s->stages, v, count, expected_count);
		}
		for (size_t i = 0; i < count; i++) {
			const pf_face ours = {(uint32_t)found[i].x, (uint32_t)found[i].y,
					      (uint32_t)found[i].width, (uint32_t)found[i].height};
			if (memcmp(&ours, &expected[i], sizeof ours) != 0) {
				fail_msg("frame %u, %ux%u, %u stages, version %u: rectangle %zu differs",
					 number, width, height, s->stages, v, i);
			}
		}
	}
	return expected_count;
}

static void test_random_frames(void **state)
{
	(void)state;
	if (!subjects[0].opencv) {
		skip();
	}
	const char *wanted = getenv("PF_FACE_FRAMES");
	uint32_t frames = wanted ? (uint32_t)atoi(wanted) : USUAL_FRAMES;
	size_t windows = 0, groups = 0;
	for (uint32_t i = 0; i < frames; i++) {
		uint32_t most = wanted && i % 50 == 0 ? SCENE : i % 8 == 0 ? LARGEST : LARGEST / 3;
		uint32_t width = 20 + draw(most - 19), height = 20 + draw(most - 19);
		const subject *s = &subjects[i % SUBJECTS];
		draw(4) ? take_scene(width, height) : take_noise(width, height);
		if (draw(4) == 0) {
			add_flat(width, height);
		}
		windows += compare(s, i, width, height, 0);
		if (s->stages == 0 || s->stages > 3) { /* OpenCV's grouping is quadratic */
			groups += compare(s, i, width, height, PF_FACE_MIN_NEIGHBOURS);
		}
	}
	print_message("%u frames: %zu windows, %zu groups\n", frames, windows, groups);
	assert_true(windows > frames && groups > frames / 20);
}

/* The whole scene, as the scorer searches it. */
static void test_scene(void **state)
{
	(void)state;
	if (!subjects[0].opencv) {
		skip();
	}
	memcpy(frame, scene, (size_t)scene_width * scene_height);
	assert_true(compare(&subjects[0], 0, scene_width, scene_height, PF_FACE_MIN_NEIGHBOURS) > 0);
	assert_true(compare(&subjects[0], 0, scene_width, scene_height, 0) > 0);
}

/* The detector that a scorer has: the same faces by either way. */
static void test_detector(void **state)
{
	(void)state;
	pf_face_detector *own;
	pf_face by_own[PF_FACES_MAX], by_opencv[PF_FACES_MAX];
	size_t own_count, opencv_count;
	if (!subjects[0].opencv) {
		skip();
	}
	assert_null(pf_face_own_problem(PF_CASCADE_FILE));
	assert_int_equal(pf_face_detector_create(PF_CASCADE_FILE, true, &own, NULL), PF_OK);
	assert_int_equal(pf_face_detect(own, scene, scene_width, scene_height, by_own, &own_count, NULL),
			 PF_OK);
	assert_int_equal(pf_face_detect(subjects[0].opencv, scene, scene_width, scene_height, by_opencv,
					&opencv_count, NULL),
			 PF_OK);
	assert_true(opencv_count > 0);
	assert_int_equal(own_count, opencv_count);
	assert_memory_equal(by_own, by_opencv, own_count * sizeof *by_own);
	pf_face_detector_destroy(own);
}

static void test_versions(void **state)
{
	(void)state;
	assert_true(pf_face_version_is_ours("4.6.0"));
	assert_true(pf_face_version_is_ours("4.6.1-dev"));
	assert_false(pf_face_version_is_ours("4.5.4"));
	assert_false(pf_face_version_is_ours("4.60.0"));
	assert_false(pf_face_version_is_ours("5.0.0"));
	/* What is said of OpenCV without loading it is true of what is loaded. */
	const char *built = pf_opencv_built_version(), *loaded = pf_face_library_version();
	size_t two_numbers = (size_t)(strchr(strchr(built, '.') + 1, '.') - built);
	assert_int_equal(strncmp(built, loaded, two_numbers + 1), 0);
}

/* OpenCV searches by cascades that ours does not know; both say the same of a file that is none. */
static void test_other_cascades(void **state)
{
	(void)state;
	static const char *const changes[][2] = {{"HAAR", "LBP "},
						 {"<height>24", "<height>99"},
						 {"0 -1 0 -3.15", "1 -1 0 -3.15"},
						 {"<maxCatCount>0", "<maxCatCount>8"},
						 {"<stageNum>25", "<stageNum>26"},
						 {"<featureParams>", "<featurePxxxxx>"}};
	pf_haar_cascade *cascade;
	size_t bytes;
	char *text = pf_temp_read(PF_CASCADE_FILE, &bytes), path[256] = "/tmp/photofinish-haar-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		char *at = strstr(text, changes[i][0]);
		assert_non_null(at);
		memcpy(at, changes[i][1], strlen(changes[i][1]));
		pf_temp_write(path, text, bytes);
		assert_int_equal(pf_haar_cascade_read(path, &cascade, NULL), PF_ERR_UNSUPPORTED);
		assert_null(cascade);
		assert_non_null(pf_face_own_problem(path));
		memcpy(at, changes[i][0], strlen(changes[i][0]));
	}
	for (size_t length = 0; length < bytes; length += bytes / 60 + 1) { /* cut anywhere */
		pf_temp_write(path, text, length);
		assert_int_equal(pf_haar_cascade_read(path, &cascade, NULL), PF_ERR_UNSUPPORTED);
	}
	assert_int_equal(pf_haar_cascade_read("/nowhere.xml", &cascade, NULL), PF_ERR_NOT_FOUND);
	assert_int_equal(pf_haar_cascade_read("/dev/null", &cascade, NULL), PF_ERR_UNSUPPORTED);
	unlink(path);
	free(text);
}

/* Thresholds and leaves that no integer of the search holds, with as many digits as the file has. */
static void test_numbers_beyond(void **state)
{
	(void)state;
	static const char *const names[] = {"<stageThreshold>", "<leafValues>"}, *const exponents[] = {
											 "+04", "+11", "+99"};
	pf_haar_cascade *cascade;
	size_t bytes;
	char *text = pf_temp_read(PF_CASCADE_FILE, &bytes), path[256] = "/tmp/photofinish-haar-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < 2; i++) {
		char *at = strstr(text, names[i]), before[3];
		assert_non_null(at);
		at = strstr(at, "e+0"); /* of the first number of that size */
		assert_non_null(at);
		memcpy(before, at + 1, sizeof before);
		for (size_t k = 0; k < 3; k++) {
			memcpy(at + 1, exponents[k], sizeof before);
			pf_temp_write(path, text, bytes);
			assert_int_equal(pf_haar_cascade_read(path, &cascade, NULL), PF_ERR_UNSUPPORTED);
			assert_null(cascade);
		}
		memcpy(at + 1, before, sizeof before);
	}
	pf_temp_write(path, text, bytes);
	assert_int_equal(pf_haar_cascade_read(path, &cascade, NULL), PF_OK);
	pf_haar_cascade_destroy(cascade);
	unlink(path);
	free(text);
}

/* Whatever bytes are in it, a cascade is read or refused. */
static void test_damaged_cascades(void **state)
{
	(void)state;
	size_t bytes, read = 0;
	char *text = pf_temp_read(subjects[0].opencv ? cut_cascade(1) : PF_CASCADE_FILE, &bytes),
	     path[256] = "/tmp/photofinish-haar-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	for (unsigned i = 0; i < 40; i++) {
		uint32_t at = draw(6000);
		char before = text[at];
		pf_haar_cascade *cascade = NULL;
		text[at] = "0123456789-.<>e \0/"[draw(18)];
		pf_temp_write(path, text, bytes);
		read += pf_haar_cascade_read(path, &cascade, NULL) == PF_OK;
		pf_haar_cascade_destroy(cascade);
		text[at] = before;
	}
	assert_true(read > 0 && read < 40);
	unlink(path);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scene),           cmocka_unit_test(test_detector),
		cmocka_unit_test(test_random_frames),   cmocka_unit_test(test_versions),
		cmocka_unit_test(test_other_cascades),  cmocka_unit_test(test_numbers_beyond),
		cmocka_unit_test(test_damaged_cascades)};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
