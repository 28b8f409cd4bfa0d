#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/photo/dhash.h"
#include "jpeg_fixture.h"
#include "photofinish/photo.h"

static pf_facts read_facts(const pf_fixture_bytes *bytes, uint64_t *read_bytes)
{
	pf_fixture_folder folder;
	pf_facts_reader *reader;
	pf_facts facts;
	pf_fixture_folder_open(&folder);
	pf_fixture_folder_add(&folder, "a.jpg", bytes);
	assert_int_equal(pf_facts_reader_create(&reader, NULL), PF_OK);
	*read_bytes = 0;
	assert_int_equal(pf_facts_read(reader, folder.dataset, 0, &facts, read_bytes, NULL), PF_OK);
	pf_facts_reader_destroy(reader);
	pf_fixture_folder_close(&folder);
	return facts;
}

/* Noise that JPEG cannot shrink, so that the file is larger than its head. */
static void noisy_pixel(void *context, uint32_t x, uint32_t y, uint8_t ycc[3])
{
	uint64_t state = ((uint64_t)y << 20 | x) + (uintptr_t)context;
	ycc[0] = (uint8_t)pf_fixture_random(&state);
	ycc[1] = ycc[2] = 128;
}

/* Brightness falls from left to right in the upper half and rises in the lower. */
static void ramp_pixel(void *context, uint32_t x, uint32_t y, uint8_t ycc[3])
{
	uint32_t height = *(uint32_t *)context;
	ycc[0] = (uint8_t)(y < height / 2 ? 220 - x / 4 : 40 + x / 4);
	ycc[1] = ycc[2] = 128;
}

#define RAMP_HASH 0xFFFFFFFF00000000u

static void test_facts_of_the_head(void **state)
{
	(void)state;
	uint32_t height = 120;
	pf_fixture_bytes thumbnail = pf_fixture_jpeg(&(pf_fixture_spec){
		.width_px = 160, .height_px = height, .pixel = ramp_pixel, .context = &height});
	pf_fixture_bytes exif = pf_fixture_exif(
		&(pf_fixture_exif_spec){.make = "M",
					.serial = "5",
					.time_original = "2024:06:01 10:00:00",
					.subsecond_original = "5",
					.orientation = 6,
					.auto_bracket = true,
					.bias_numerator = -1,
					.bias_denominator = 2,
					.thumbnail = thumbnail});
	pf_fixture_bytes photo = pf_fixture_jpeg(
		&(pf_fixture_spec){.width_px = 900, .height_px = 600, .exif = exif, .pixel = noisy_pixel});
	assert_true(photo.bytes > 300000);
	uint64_t read_bytes;
	pf_facts facts = read_facts(&photo, &read_bytes);
	assert_true(facts.readable && facts.has_time && facts.has_subsecond && facts.has_dhash);
	assert_int_equal(facts.time_ms, 1717236000500);
	assert_true(facts.auto_bracket && facts.has_exposure_bias && facts.exposure_bias_ev == -0.5f);
	assert_true(facts.body != 0);
	assert_int_equal(facts.orientation, 6);
	assert_true(facts.width_px == 900 && facts.height_px == 600);
	assert_true(facts.dhash == RAMP_HASH); /* the thumbnail's, not the photo's */
	assert_int_equal(read_bytes, 65536);
	/* A truncated or otherwise damaged photo is found so when it is scored, not here. */
	photo.bytes = 100000;
	assert_true(read_facts(&photo, &read_bytes).readable);
	pf_fixture_free(&photo);
	pf_fixture_free(&exif);
	pf_fixture_free(&thumbnail);
}

static void test_without_thumbnail(void **state)
{
	(void)state;
	uint32_t height = 480;
	pf_fixture_bytes photo = pf_fixture_jpeg(&(pf_fixture_spec){
		.width_px = 640, .height_px = height, .pixel = ramp_pixel, .context = &height});
	uint64_t read_bytes;
	pf_facts facts = read_facts(&photo, &read_bytes);
	assert_true(facts.readable && facts.has_dhash && !facts.has_time && facts.body == 0);
	assert_true(facts.dhash == RAMP_HASH);
	assert_int_equal(read_bytes, photo.bytes);
	photo.bytes = photo.bytes * 2 / 3;
	facts = read_facts(&photo, &read_bytes);
	assert_true(facts.readable && !facts.has_dhash);
	pf_fixture_free(&photo);
}

/* The thumbnail is as untrusted as the photo; a bad one counts as none. */
static void test_hostile_thumbnails(void **state)
{
	(void)state;
	uint32_t height = 480;
	pf_fixture_bytes thumbnails[] = {
		pf_fixture_bomb(65500, 65500), pf_fixture_bomb(2000, 2000),
		pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 64, .height_px = 64, .scans = 21}),
		pf_fixture_jpeg(
			&(pf_fixture_spec){.width_px = 80, .height_px = 60, .components = 4, .h = 1, .v = 1}),
		pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 8, .height_px = 6})};
	for (size_t i = 0; i < sizeof thumbnails / sizeof *thumbnails; i++) {
		pf_fixture_bytes exif = pf_fixture_exif(
			&(pf_fixture_exif_spec){.thumbnail = thumbnails[i], .orientation = 3});
		pf_fixture_bytes photo = pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 640,
									    .height_px = height,
									    .exif = exif,
									    .pixel = ramp_pixel,
									    .context = &height});
		uint64_t read_bytes;
		pf_facts facts = read_facts(&photo, &read_bytes);
		assert_true(facts.readable && facts.has_dhash && facts.dhash == RAMP_HASH);
		assert_int_equal(facts.orientation, 3);
		pf_fixture_free(&photo);
		pf_fixture_free(&exif);
		pf_fixture_free(&thumbnails[i]);
	}
}

/* Segments before the frame header that fill more than the first read; more than 256 KiB is not read. */
static void test_long_heads(void **state)
{
	(void)state;
	for (unsigned segments = 1; segments <= 5; segments++) {
		pf_fixture_bytes thumbnail = pf_fixture_jpeg(
			&(pf_fixture_spec){.width_px = 80, .height_px = 60});
		pf_fixture_bytes exif = pf_fixture_exif(&(pf_fixture_exif_spec){.thumbnail = thumbnail});
		pf_fixture_bytes photo = pf_fixture_jpeg(&(pf_fixture_spec){
			.width_px = 900, .height_px = 600, .exif = exif, .pixel = noisy_pixel});
		size_t frame = pf_fixture_find_marker(&photo, 0xDB), added = segments * (size_t)65537;
		photo.data = realloc(photo.data, photo.bytes + added);
		memmove(photo.data + frame + added, photo.data + frame, photo.bytes - frame);
		memset(photo.data + frame, 0, added);
		for (unsigned i = 0; i < segments; i++) {
			memcpy(photo.data + frame + i * (size_t)65537, "\xFF\xE2\xFF\xFF", 4);
		}
		photo.bytes += added;
		uint64_t read_bytes;
		pf_facts facts = read_facts(&photo, &read_bytes);
		assert_true(facts.readable && facts.has_dhash);
		assert_int_equal(facts.width_px, segments <= 3 ? 900 : 0);
		assert_true(read_bytes > 65536 && read_bytes <= 256 * 1024);
		pf_fixture_free(&photo);
		pf_fixture_free(&exif);
		pf_fixture_free(&thumbnail);
	}
}

static void test_unreadable(void **state)
{
	(void)state;
	uint64_t read_bytes;
	pf_fixture_bytes bomb = pf_fixture_bomb(65500, 65500);
	assert_false(read_facts(&bomb, &read_bytes).readable);
	assert_false(read_facts(&(pf_fixture_bytes){(uint8_t *)"text", 4}, &read_bytes).readable);
	assert_false(read_facts(&(pf_fixture_bytes){(uint8_t *)"", 0}, &read_bytes).readable);
	pf_fixture_free(&bomb);
	pf_fixture_folder folder;
	pf_facts_reader *reader;
	pf_facts facts;
	char path[512];
	pf_fixture_folder_open(&folder);
	snprintf(path, sizeof path, "%s/fifo.jpg", folder.path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(pf_dataset_add(folder.dataset, "fifo.jpg", 0, NULL, NULL), PF_OK);
	assert_int_equal(pf_dataset_add(folder.dataset, "missing.jpg", 0, NULL, NULL), PF_OK);
	assert_int_equal(pf_facts_reader_create(&reader, NULL), PF_OK);
	pf_error error = {.code = PF_OK};
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(pf_facts_read(reader, folder.dataset, i, &facts, NULL, &error), PF_OK);
		assert_false(facts.readable);
		assert_int_equal(error.code, PF_OK); /* untouched on success */
	}
	pf_facts_reader_destroy(reader);
	pf_fixture_folder_close(&folder);
}

/* Boxes by their definition, one pixel at a time. */
static void test_dhash_is_the_definition(void **state)
{
	(void)state;
	static const uint32_t sizes[][2] = {{9, 9}, {10, 11}, {64, 48}, {81, 72}, {100, 99}, {161, 121}};
	uint64_t random = 9;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		uint32_t width = sizes[i][0], height = sizes[i][1];
		uint8_t *picture = malloc((size_t)width * height);
		double sums[8][9] = {{0}}, counts[8][9] = {{0}};
		pf_dhash dhash = {0};
		for (uint32_t y = 0; y < height; y++) {
			for (uint32_t x = 0; x < width; x++) {
				uint8_t value = (uint8_t)pf_fixture_random(&random);
				picture[(size_t)y * width + x] = value;
				unsigned row = 0, column = 0;
				while (row < 7 && y >= (row + 1) * height / 8) {
					row++;
				}
				while (column < 8 && x >= (column + 1) * width / 9) {
					column++;
				}
				sums[row][column] += value;
				counts[row][column]++;
			}
			pf_dhash_add_row(&dhash, picture + (size_t)y * width, y, width, height);
		}
		uint64_t expected = 0, got;
		for (unsigned bit = 0; bit < 64; bit++) {
			unsigned r = bit / 8, c = bit % 8;
			expected |= (uint64_t)(sums[r][c] / counts[r][c] < sums[r][c + 1] / counts[r][c + 1])
				    << bit;
		}
		assert_true(pf_dhash_finish(&dhash, &got));
		assert_true(got == expected);
		free(picture);
	}
	pf_dhash tiny = {0};
	uint8_t row[8] = {0};
	uint64_t hash;
	pf_dhash_add_row(&tiny, row, 0, 8, 8);
	assert_false(pf_dhash_finish(&tiny, &hash));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_of_the_head),  cmocka_unit_test(test_without_thumbnail),
		cmocka_unit_test(test_hostile_thumbnails), cmocka_unit_test(test_long_heads),
		cmocka_unit_test(test_unreadable),         cmocka_unit_test(test_dhash_is_the_definition),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
