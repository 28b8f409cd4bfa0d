/* The files of a made dataset: truth.json and EXIF say what the scenes are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <libexif/exif-data.h>

#include "datasets/dataset_make.h"
#include "datasets/dataset_spec.h"
#include "datasets/render/exif_writer.h"
#include "tests/unit/temp_folder.h"

static char home[256];
static json_t *truth;

static int make_tiny(void **state)
{
	pf_error error;
	json_error_t wrong;
	pf_make_options options = {
		.spec = PF_SOURCE_DIR "/datasets/specs/tiny.yaml", .home = home, .workers = 2};
	(void)state;
	pf_temp_make(home);
	if (pf_dataset_make(&options, NULL, &error) != PF_OK) {
		print_error("%s\n", error.message);
		return 1;
	}
	truth = json_load_file(pf_temp_path(home, "tiny/truth.json"), JSON_REJECT_DUPLICATES, &wrong);
	return truth ? 0 : 1;
}

static int remove_tiny(void **state)
{
	(void)state;
	json_decref(truth);
	pf_temp_remove(home);
	return 0;
}

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));
	assert_non_null(value);
	return value;
}

static double real(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	assert_true(json_is_number(value));
	return json_number_value(value);
}

static void test_tiny_has_what_tests_need(void **state)
{
	const json_t *photos = json_object_get(truth, "photos");
	unsigned kinds[2] = {0}, cameras[2] = {0};
	double wide = 0, narrow = 9;
	(void)state;
	assert_int_equal(json_array_size(photos), 8);
	const char *last = "";
	for (size_t i = 0; i < 8; i++) {
		const json_t *photo = json_array_get(photos, i);
		assert_true(strcmp(text(photo, "path"), last) > 0);
		last = text(photo, "path");
		bool burst = strcmp(text(photo, "kind"), "burst") == 0;
		assert_int_equal(json_is_null(json_object_get(photo, "burst")), !burst);
		kinds[burst]++;
		cameras[text(photo, "camera")[0] - 'A']++;
		double a = real(photo, "width"), b = real(photo, "height"), ratio = a > b ? a / b : b / a;
		assert_int_equal(real(photo, "orientation") == 1, a > b);
		wide = ratio > wide ? ratio : wide;
		narrow = ratio < narrow ? ratio : narrow;
	}
	assert_true(kinds[1] >= 5 && kinds[0] >= 1 && cameras[0] && cameras[1]);
	assert_true(wide > 1.45 && narrow < 1.4);
}

/* The best photo is the cheapest by the rule of docs/datasets.md, recomputed from the fields. */
static void test_best_follows_the_rule(void **state)
{
	const json_t *bursts = json_object_get(truth, "bursts"), *photos = json_object_get(truth, "photos");
	(void)state;
	assert_true(json_array_size(bursts) >= 1);
	for (size_t b = 0; b < json_array_size(bursts); b++) {
		const json_t *burst = json_array_get(bursts, b);
		double least = 1e9;
		const char *best = NULL;
		size_t members = 0;
		for (size_t i = 0; i < json_array_size(photos); i++) {
			const json_t *photo = json_array_get(photos, i);
			if (!json_equal(json_object_get(photo, "burst"), json_object_get(burst, "id"))) {
				continue;
			}
			members++;
			if (real(photo, "cost") < least) {
				least = real(photo, "cost");
				best = text(photo, "path");
			}
		}
		assert_int_equal(members, json_array_size(json_object_get(burst, "photos")));
		assert_string_equal(best, text(burst, "best"));
	}
}

static void test_keypoints(void **state)
{
	const json_t *photos = json_object_get(truth, "photos");
	(void)state;
	assert_int_equal(json_array_size(json_object_get(truth, "keypoint_names")), 17);
	for (size_t i = 0; i < json_array_size(photos); i++) {
		const json_t *photo = json_array_get(photos, i),
			     *points = json_object_get(photo, "keypoints");
		assert_int_equal(json_array_size(points), 17);
		assert_int_equal(json_array_size(json_object_get(photo, "box")), 4);
		for (size_t k = 0; k < 17; k++) {
			const json_t *p = json_array_get(points, k);
			double x = json_number_value(json_array_get(p, 0)),
			       y = json_number_value(json_array_get(p, 1));
			bool inside = x >= 0 && y >= 0 && x < real(photo, "width") &&
				      y < real(photo, "height");
			if (json_integer_value(json_array_get(p, 2)) > 0) {
				assert_true(inside);
			}
		}
	}
}

static void assert_tag(ExifData *exif, ExifIfd ifd, ExifTag tag, const char *expected)
{
	char value[128];
	ExifEntry *entry = exif_content_get_entry(exif->ifd[ifd], tag);
	assert_non_null(entry);
	assert_string_equal(exif_entry_get_value(entry, value, sizeof value), expected);
}

static void test_exif_reads_back(void **state)
{
	const json_t *photos = json_object_get(truth, "photos");
	(void)state;
	for (size_t i = 0; i < json_array_size(photos); i++) {
		const json_t *photo = json_array_get(photos, i);
		char path[300];
		snprintf(path, sizeof path, "tiny/%s", text(photo, "path"));
		ExifData *exif = exif_data_new_from_file(pf_temp_path(home, path));
		assert_non_null(exif);
		bool a = text(photo, "camera")[0] == 'A';
		assert_tag(exif, EXIF_IFD_0, EXIF_TAG_MAKE, a ? "Nordlicht" : "Kestrel");
		assert_tag(exif, EXIF_IFD_0, EXIF_TAG_MODEL, a ? "NX-1" : "K4 Pro");
		assert_tag(exif, EXIF_IFD_EXIF, (ExifTag)0xA431, a ? "3071844" : "KP4-220917");
		ExifEntry *turn = exif_content_get_entry(exif->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
		assert_non_null(turn);
		assert_int_equal(exif_get_short(turn->data, exif_data_get_byte_order(exif)),
				 (int)real(photo, "orientation"));
		ExifEntry *when = exif_content_get_entry(exif->ifd[EXIF_IFD_EXIF],
							 EXIF_TAG_DATE_TIME_ORIGINAL);
		ExifEntry *sub = exif_content_get_entry(exif->ifd[EXIF_IFD_EXIF],
							EXIF_TAG_SUB_SEC_TIME_ORIGINAL);
		assert_non_null(when);
		assert_non_null(sub);
		/* photos/20260607_101500_137_A_00001.jpg: the name and EXIF agree */
		const unsigned char *t = when->data;
		char stamp[32];
		snprintf(stamp, sizeof stamp, "photos/%.4s%.2s%.2s_%.2s%.2s%.2s_%.2s", t, t + 5, t + 8,
			 t + 11, t + 14, t + 17, sub->data);
		assert_memory_equal(text(photo, "path"), stamp, strlen(stamp));
		assert_true(exif->size > 1000 && exif->data[0] == 0xFF && exif->data[1] == 0xD8);
		exif_data_unref(exif);
	}
}

/* Each byte is written: what the memory held before never shows. */
static void test_exif_has_no_gaps(void **state)
{
	const pf_exif_facts facts = {.make = "Odd",
				     .model = "Length",
				     .serial = "12345",
				     .lens = "Lens 50",
				     .year = 2026,
				     .month = 1,
				     .day = 2,
				     .millisecond = 70,
				     .orientation = 1,
				     .exposure_denominator = 100,
				     .thumbnail = (const uint8_t *)"thumb",
				     .thumbnail_size = 5};
	uint8_t a[2000], b[2000];
	size_t size_a, size_b;
	(void)state;
	memset(a, 0xAA, sizeof a);
	memset(b, 0x55, sizeof b);
	assert_int_equal(pf_exif_write(&facts, a, sizeof a, &size_a), PF_OK);
	assert_int_equal(pf_exif_write(&facts, b, sizeof b, &size_b), PF_OK);
	assert_int_equal(size_a, size_b);
	assert_memory_equal(a, b, size_a);
	assert_int_equal(pf_exif_write(&facts, a, 200, &size_a), PF_ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tiny_has_what_tests_need),
		cmocka_unit_test(test_best_follows_the_rule),
		cmocka_unit_test(test_keypoints),
		cmocka_unit_test(test_exif_reads_back),
		cmocka_unit_test(test_exif_has_no_gaps),
	};
	return cmocka_run_group_tests(tests, make_tiny, remove_tiny);
}
