#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/photo/miniature.h"
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

/* The ramp's: the upper half falls, the lower rises. */
static bool is_ramp(const pf_facts *facts)
{
	const uint8_t *y = facts->miniature.samples[0], *low = y + 20 * PF_MINIATURE_COLUMNS;
	return facts->has_miniature && y[2] > y[29] && low[2] < low[29];
}

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
	assert_true(facts.readable && facts.has_time && facts.has_subsecond);
	assert_int_equal(facts.time_ms, 1717236000500);
	assert_true(facts.auto_bracket && facts.has_exposure_bias && facts.exposure_bias_ev == -0.5f);
	assert_true(facts.body != 0);
	assert_int_equal(facts.orientation, 6);
	assert_true(facts.width_px == 900 && facts.height_px == 600);
	assert_true(is_ramp(&facts)); /* the thumbnail's, not the photo's */
	assert_int_equal(read_bytes, 65536);
	/* A truncated or otherwise damaged photo is found so when it is scored, not here. */
	photo.bytes = 100000;
	assert_true(read_facts(&photo, &read_bytes).readable);
	pf_fixture_free(&photo);
	pf_fixture_free(&exif);
	pf_fixture_free(&thumbnail);
}

/* What pf_facts_look makes of the facts. */
static pf_facts look_at(const pf_fixture_bytes *bytes, uint64_t *read_bytes)
{
	pf_fixture_folder folder;
	pf_facts_reader *reader;
	pf_facts facts = read_facts(bytes, read_bytes);
	pf_fixture_folder_open(&folder);
	pf_fixture_folder_add(&folder, "a.jpg", bytes);
	assert_int_equal(pf_facts_reader_create(&reader, NULL), PF_OK);
	*read_bytes = 0;
	assert_false(facts.looked);
	assert_int_equal(pf_facts_look(reader, folder.dataset, 0, &facts, read_bytes, NULL), PF_OK);
	assert_true(facts.looked);
	pf_facts_reader_destroy(reader);
	pf_fixture_folder_close(&folder);
	return facts;
}

/* The photo itself is decoded on demand only. */
static void test_without_thumbnail(void **state)
{
	(void)state;
	uint32_t height = 480;
	for (unsigned scans = 0; scans < 2; scans++) {
		pf_fixture_bytes photo = pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 640,
									    .height_px = height,
									    .scans = scans,
									    .pixel = ramp_pixel,
									    .context = &height});
		uint64_t read_bytes;
		pf_facts facts = read_facts(&photo, &read_bytes);
		assert_true(facts.readable && !facts.has_miniature && !facts.has_time && facts.body == 0);
		facts = look_at(&photo, &read_bytes);
		assert_true(is_ramp(&facts));
		assert_int_equal(read_bytes, photo.bytes);
		photo.bytes = photo.bytes / 3;
		facts = look_at(&photo, &read_bytes);
		assert_true(facts.readable && !facts.has_miniature);
		pf_fixture_free(&photo);
	}
}

static void flat_pixel(void *context, uint32_t x, uint32_t y, uint8_t ycc[3])
{
	(void)context;
	ycc[0] = (uint8_t)(20 + (x ^ y) % 2);
	ycc[1] = ycc[2] = 128;
}

/* A picture of one brightness decides nothing. */
static void test_blank_pictures(void **state)
{
	(void)state;
	pf_fixture_bytes blank = pf_fixture_jpeg(
		&(pf_fixture_spec){.width_px = 160, .height_px = 120, .pixel = flat_pixel});
	uint64_t read_bytes;
	assert_false(look_at(&blank, &read_bytes).has_miniature);
	pf_fixture_bytes exif = pf_fixture_exif(&(pf_fixture_exif_spec){.thumbnail = blank});
	pf_fixture_bytes photo = pf_fixture_jpeg(
		&(pf_fixture_spec){.width_px = 160, .height_px = 120, .exif = exif});
	assert_false(read_facts(&photo, &read_bytes).has_miniature);
	assert_true(look_at(&photo, &read_bytes).has_miniature);
	pf_fixture_free(&photo);
	pf_fixture_free(&exif);
	pf_fixture_free(&blank);
}

/* A look takes in the first of many scans, and nothing of what is too large: within the limits of a photo,
 * but not of a look, are 100 MP and more. */
static void test_looks_are_bounded(void **state)
{
	(void)state;
	uint64_t read_bytes;
	pf_fixture_bytes large = pf_fixture_bomb(14000, 14000);
	large.data = realloc(large.data, large.bytes + 600000);
	memset(large.data + large.bytes - 2, 0x55, 600000);
	memcpy(large.data + large.bytes + 600000 - 2, "\xFF\xD9", 2);
	large.bytes += 600000;
	pf_facts facts = look_at(&large, &read_bytes);
	assert_true(facts.readable && !facts.has_miniature);
	assert_int_equal(read_bytes, 0);
	pf_fixture_free(&large);
	pf_fixture_bytes many = pf_fixture_jpeg(
		&(pf_fixture_spec){.width_px = 320, .height_px = 240, .scans = 1});
	/* Damage behind the first scan goes unseen: it is not decoded. */
	size_t at = many.bytes * 3 / 4;
	while (memchr(many.data + at - 20, 0xFF, 40)) {
		at++;
	}
	memset(many.data + at - 5, 0x55, 10);
	pf_image image = {0};
	assert_int_equal(pf_fixture_decode(&many, &image, NULL), PF_ERR_DAMAGED);
	pf_image_release(&image);
	assert_true(look_at(&many, &read_bytes).has_miniature);
	pf_fixture_free(&many);
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
		assert_true(facts.readable && !facts.has_miniature);
		assert_int_equal(facts.orientation, 3);
		pf_fixture_free(&photo);
		pf_fixture_free(&exif);
		pf_fixture_free(&thumbnails[i]);
	}
}

/* Segments before the frame header that fill more than the first read; more than 16 MiB is not read. */
static void test_long_heads(void **state)
{
	(void)state;
	static const unsigned cases[] = {1, 3, 5, 40, 250, 257};
	for (unsigned i_case = 0; i_case < sizeof cases / sizeof *cases; i_case++) {
		unsigned segments = cases[i_case];
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
		assert_true(facts.readable && facts.has_miniature);
		assert_int_equal(facts.width_px, segments <= 250 ? 900 : 0);
		assert_true(read_bytes > 65536 && read_bytes <= 16 * 1024 * 1024);
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
static void test_miniature_is_the_definition(void **state)
{
	(void)state;
	enum { W = PF_MINIATURE_COLUMNS, H = PF_MINIATURE_ROWS };
	static const uint32_t sizes[][2] = {{W, H}, {W + 1, H + 1}, {64, 48}, {100, 99}, {161, 121}};
	uint64_t random = 9;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		uint32_t width = sizes[i][0], height = sizes[i][1], channels = i % 2 ? 1 : 3;
		static uint64_t sums[3][H][W], counts[H][W];
		memset(sums, 0, sizeof sums);
		memset(counts, 0, sizeof counts);
		pf_miniature_sums added = {0};
		for (uint32_t y = 0; y < height; y++) {
			uint8_t row[161 * 3];
			for (uint32_t x = 0; x < width; x++) {
				uint32_t down = 0, across = 0;
				while (down < H - 1 && y >= (down + 1) * height / H) {
					down++;
				}
				while (across < W - 1 && x >= (across + 1) * width / W) {
					across++;
				}
				for (uint32_t c = 0; c < channels; c++) {
					row[x * channels + c] = (uint8_t)pf_fixture_random(&random);
					sums[c][down][across] += row[x * channels + c];
				}
				counts[down][across]++;
			}
			pf_miniature_add_row(&added, row, y, width, height, channels);
		}
		pf_miniature got;
		assert_true(pf_miniature_finish(&added, &got));
		for (uint32_t k = 0; k < 3 * H * W; k++) {
			uint32_t c = k / (H * W), at = k % (H * W);
			uint64_t expected = c < channels ? sums[c][at / W][at % W] / counts[at / W][at % W]
							 : 128;
			assert_int_equal(got.samples[c][at], expected);
		}
	}
	pf_miniature_sums tiny = {0};
	pf_miniature none;
	uint8_t row[W - 1] = {0};
	pf_miniature_add_row(&tiny, row, 0, W - 1, H, 1);
	assert_false(pf_miniature_finish(&tiny, &none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_of_the_head),  cmocka_unit_test(test_without_thumbnail),
		cmocka_unit_test(test_hostile_thumbnails), cmocka_unit_test(test_long_heads),
		cmocka_unit_test(test_unreadable),         cmocka_unit_test(test_miniature_is_the_definition),
		cmocka_unit_test(test_blank_pictures),     cmocka_unit_test(test_looks_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
