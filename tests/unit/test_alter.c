/* Photos altered without being decoded: other pixels, the same work, exact sizes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "datasets/dataset_alter.h"
#include "jpeg_fixture.h"
#include "temp_folder.h"

static pf_fixture_folder folder;
static char file[600];

static int open_photo(void **state)
{
	(void)state;
	pf_fixture_exif_spec facts = {.make = "Nordlicht", .time_original = "2026:06:07 10:15:00"};
	pf_fixture_spec spec = {.width_px = 230, .height_px = 150, .exif = pf_fixture_exif(&facts)};
	pf_fixture_bytes bytes = pf_fixture_jpeg(&spec);
	pf_fixture_folder_open(&folder);
	pf_fixture_folder_add(&folder, "a.jpg", &bytes);
	snprintf(file, sizeof file, "%s/a.jpg", folder.path);
	pf_fixture_free(&bytes);
	pf_fixture_free(&spec.exif);
	return 0;
}

static int close_photo(void **state)
{
	(void)state;
	pf_fixture_folder_close(&folder);
	return 0;
}

static void decode(const pf_altered *photo, pf_image *image)
{
	pf_error error = {0};
	pf_fixture_bytes bytes = {photo->bytes, photo->size};
	if (pf_fixture_decode(&bytes, image, &error) != PF_OK) {
		fail_msg("%s", error.message);
	}
}

/* Samples of the luma planes that differ, and by how much at most. */
static size_t differing(const pf_image *a, const pf_image *b, int *most)
{
	size_t count = 0;
	*most = 0;
	for (uint32_t y = 0; y < b->y.height_px; y++) {
		for (uint32_t x = 0; x < b->y.width_px; x++) {
			int one = a->y.data[(size_t)y * a->y.stride_bytes + x];
			int difference = abs(one - b->y.data[(size_t)y * b->y.stride_bytes + x]);
			count += difference > 0;
			*most = difference > *most ? difference : *most;
		}
	}
	return count;
}

static void test_alters_a_little(void **state)
{
	(void)state;
	pf_altered one = {0}, again = {0}, other = {0};
	pf_image original = {0}, first = {0}, second = {0};
	size_t size;
	char *bytes = pf_temp_read(file, &size);
	pf_altered read = {.bytes = (uint8_t *)bytes, .size = size};
	assert_int_equal(pf_photo_alter(file, 1, false, &one, NULL), PF_OK);
	assert_int_equal(pf_photo_alter(file, 1, false, &again, NULL), PF_OK);
	assert_int_equal(pf_photo_alter(file, 2, false, &other, NULL), PF_OK);
	decode(&read, &original);
	decode(&one, &first);
	decode(&other, &second);
	int most;
	size_t pixels = (size_t)original.y.width_px * original.y.height_px;
	assert_int_equal(first.y.width_px, 230);
	assert_int_equal(first.y.height_px, 150);
	assert_in_range(differing(&original, &first, &most), pixels / 64, pixels / 8);
	assert_in_range(most, 1, 12);
	assert_in_range(differing(&first, &second, &most), pixels / 64, pixels / 4);
	/* The same seed gives the same bytes, and the EXIF segment stays. */
	assert_int_equal(one.size, again.size);
	assert_memory_equal(one.bytes, again.bytes, one.size);
	assert_non_null(memmem(one.bytes, one.size, "Nordlicht", 9));
	free(bytes);
	pf_altered_free(&one);
	pf_altered_free(&again);
	pf_altered_free(&other);
	free(original.buffer);
	free(first.buffer);
	free(second.buffer);
}

static void test_halves(void **state)
{
	(void)state;
	pf_altered photo = {0};
	pf_image image = {0};
	assert_int_equal(pf_photo_alter(file, 3, true, &photo, NULL), PF_OK);
	decode(&photo, &image);
	assert_int_equal(image.y.width_px, 96); /* 115 and 75, down to a multiple of 32 */
	assert_int_equal(image.y.height_px, 64);
	free(image.buffer);
	pf_altered_free(&photo);
}

static void test_pads_to_the_byte(void **state)
{
	(void)state;
	static const size_t more[] = {4, 5, 700, 65535, 65536, 65538, 65539, 200000};
	pf_image before = {0}, after = {0};
	for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
		pf_altered photo = {0};
		int most;
		assert_int_equal(pf_photo_alter(file, 4, false, &photo, NULL), PF_OK);
		size_t size = photo.size;
		decode(&photo, &before);
		assert_int_equal(pf_photo_pad(&photo, more[i], 9, NULL), PF_OK);
		assert_int_equal(photo.size, size + more[i]);
		decode(&photo, &after);
		assert_int_equal(differing(&before, &after, &most), 0);
		pf_altered_free(&photo);
	}
	pf_altered photo = {0};
	assert_int_equal(pf_photo_alter(file, 4, false, &photo, NULL), PF_OK);
	assert_int_equal(pf_photo_pad(&photo, 3, 9, NULL), PF_ERR_INVALID);
	pf_altered_free(&photo);
	free(before.buffer);
	free(after.buffer);
}

static void test_refuses_what_is_no_photo(void **state)
{
	(void)state;
	pf_altered photo = {0};
	pf_error error = {0};
	pf_fixture_bytes text = {(uint8_t *)"not a photo", 11};
	char other[600];
	pf_fixture_folder_add(&folder, "b.jpg", &text);
	snprintf(other, sizeof other, "%s/b.jpg", folder.path);
	assert_int_equal(pf_photo_alter(other, 1, false, &photo, &error), PF_ERR_DAMAGED);
	assert_non_null(strstr(error.message, "cannot alter the photo"));
	assert_null(photo.bytes);
	snprintf(other, sizeof other, "%s/c.jpg", folder.path);
	assert_int_equal(pf_photo_alter(other, 1, false, &photo, NULL), PF_ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alters_a_little),
		cmocka_unit_test(test_halves),
		cmocka_unit_test(test_pads_to_the_byte),
		cmocka_unit_test(test_refuses_what_is_no_photo),
	};
	return cmocka_run_group_tests(tests, open_photo, close_photo);
}
