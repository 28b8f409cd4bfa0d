#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jpeglib.h>

#include "jpeg_fixture.h"

/* libjpeg's own decoding to interleaved YCbCr (or grey), chroma enlarged by repetition. */
static uint8_t *reference(const pf_fixture_bytes *bytes, int *components)
{
	struct jpeg_error_mgr errors;
	struct jpeg_decompress_struct jpeg = {.err = jpeg_std_error(&errors)};
	jpeg_create_decompress(&jpeg);
	jpeg_mem_src(&jpeg, bytes->data, bytes->bytes);
	jpeg_read_header(&jpeg, TRUE);
	jpeg.out_color_space = jpeg.jpeg_color_space;
	jpeg.do_fancy_upsampling = FALSE;
	jpeg_start_decompress(&jpeg);
	*components = jpeg.output_components;
	size_t stride = (size_t)jpeg.output_width * (size_t)jpeg.output_components;
	uint8_t *pixels = calloc(jpeg.output_height, stride);
	while (jpeg.output_scanline < jpeg.output_height) {
		uint8_t *row = pixels + stride * jpeg.output_scanline;
		jpeg_read_scanlines(&jpeg, &row, 1);
	}
	jpeg_finish_decompress(&jpeg);
	jpeg_destroy_decompress(&jpeg);
	return pixels;
}

static void compare_plane(const pf_plane *plane, const uint8_t *pixels, const pf_image *image, int components,
			  int component, uint32_t wide, uint32_t high)
{
	assert_int_equal(plane->width_px, (image->y.width_px + wide - 1) / wide);
	assert_int_equal(plane->height_px, (image->y.height_px + high - 1) / high);
	for (uint32_t y = 0; y < image->y.height_px; y++) {
		for (uint32_t x = 0; x < image->y.width_px; x++) {
			size_t at = ((size_t)y * image->y.width_px + x) * (size_t)components;
			uint8_t got = plane->data[(size_t)(y / high) * plane->stride_bytes + x / wide];
			if (got != pixels[at + (size_t)component]) {
				fail_msg("component %d at %u,%u of %ux%u", component, x, y, image->y.width_px,
					 image->y.height_px);
			}
		}
	}
}

static void compare(const pf_fixture_spec *spec, uint32_t wide, uint32_t high, pf_image *image)
{
	pf_fixture_bytes bytes = pf_fixture_jpeg(spec);
	int components;
	assert_int_equal(pf_fixture_decode(&bytes, image, NULL), PF_OK);
	uint8_t *pixels = reference(&bytes, &components);
	assert_int_equal(image->y.width_px, spec->width_px);
	assert_int_equal(image->y.height_px, spec->height_px);
	compare_plane(&image->y, pixels, image, components, 0, 1, 1);
	if (spec->components == 1) {
		assert_null(image->cb.data);
		assert_null(image->cr.data);
	} else {
		compare_plane(&image->cb, pixels, image, components, 1, wide, high);
		compare_plane(&image->cr, pixels, image, components, 2, wide, high);
	}
	free(pixels);
	pf_fixture_free(&bytes);
}

static void test_planes_are_libjpegs(void **state)
{
	(void)state;
	static const uint32_t sizes[][2] = {{1, 1},   {7, 9},   {8, 8},     {16, 16},  {17, 15},
					    {31, 33}, {64, 48}, {65, 49},   {131, 77}, {240, 160},
					    {33, 1},  {1, 50},  {250, 123}, {66, 130}};
	/* luma h, v, chroma h, v */
	static const uint8_t sampling[][4] = {{1, 1, 1, 1}, {2, 1, 1, 1}, {1, 2, 1, 1}, {2, 2, 1, 1},
					      {4, 1, 1, 1}, {2, 2, 1, 2}, {2, 2, 2, 1}, {2, 1, 2, 1}};
	pf_image image = {0};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		for (size_t j = 0; j < sizeof sampling / sizeof *sampling; j++) {
			for (unsigned scans = 0; scans < 2; scans++) {
				const uint8_t *s = sampling[j];
				pf_fixture_spec spec = {.width_px = sizes[i][0],
							.height_px = sizes[i][1],
							.h = s[0],
							.v = s[1],
							.chroma_h = s[2],
							.chroma_v = s[3],
							.scans = scans,
							.restart_rows = (unsigned)i % 2};
				compare(&spec, s[0] / s[2], s[1] / s[3], &image);
				spec.components = 1;
				compare(&spec, 1, 1, &image);
			}
		}
	}
	pf_image_release(&image);
}

static void test_planes_do_not_overlap_and_fit(void **state)
{
	(void)state;
	pf_image image = {.orientation = 6};
	pf_fixture_bytes bytes = pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 101, .height_px = 75});
	assert_int_equal(pf_fixture_decode(&bytes, &image, NULL), PF_OK);
	assert_int_equal(image.orientation, 6); /* not the decoder's business */
	const pf_plane *planes[] = {&image.y, &image.cb, &image.cr};
	const uint8_t *at = image.buffer;
	for (size_t i = 0; i < 3; i++) {
		assert_true(planes[i]->data >= at);
		assert_int_equal((uintptr_t)planes[i]->data % 64, 0);
		assert_true(planes[i]->stride_bytes >= planes[i]->width_px);
		at = planes[i]->data + (size_t)planes[i]->stride_bytes * planes[i]->height_px;
	}
	assert_true(at <= image.buffer + image.capacity_bytes);
	pf_fixture_free(&bytes);
	pf_image_release(&image);
}

/* A smaller photo keeps the buffer of a larger one; nothing of the larger one is left in it. */
static void test_buffer_is_reused(void **state)
{
	(void)state;
	pf_image image = {0}, fresh = {0};
	pf_fixture_bytes large = pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 300, .height_px = 200});
	pf_fixture_bytes small = pf_fixture_jpeg(
		&(pf_fixture_spec){.width_px = 50, .height_px = 40, .components = 1});
	assert_int_equal(pf_fixture_decode(&large, &image, NULL), PF_OK);
	uint8_t *buffer = image.buffer;
	assert_int_equal(pf_fixture_decode(&small, &image, NULL), PF_OK);
	assert_int_equal(pf_fixture_decode(&small, &fresh, NULL), PF_OK);
	assert_ptr_equal(image.buffer, buffer);
	assert_null(image.cb.data);
	for (uint32_t y = 0; y < 40; y++) {
		assert_memory_equal(image.y.data + (size_t)y * image.y.stride_bytes,
				    fresh.y.data + (size_t)y * fresh.y.stride_bytes, 50);
	}
	pf_image_release(&image);
	pf_image_release(&fresh);
	pf_fixture_free(&large);
	pf_fixture_free(&small);
}

static void expect_decode(const pf_fixture_bytes *bytes, pf_status expected)
{
	pf_image image = {0};
	pf_error error = {.code = PF_OK};
	pf_status status = pf_fixture_decode(bytes, &image, &error);
	if (status != expected) {
		print_error("got %s (%s)\n", pf_status_name(status), error.message);
	}
	assert_int_equal(status, expected);
	if (status != PF_OK) {
		assert_null(image.y.data);
		assert_string_equal(error.file, "fixture.jpg");
		assert_true(error.message[0] != '\0');
	}
	pf_image_release(&image);
}

static void test_damaged_data(void **state)
{
	(void)state;
	pf_fixture_bytes bytes = pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 320, .height_px = 240});
	size_t scan = pf_fixture_find_marker(&bytes, 0xDA) + 14;
	/* Half of the data cut out of the middle: every marker is there, the picture is not. */
	static const uint8_t end_of_image[2] = {0xFF, 0xD9};
	pf_fixture_bytes cut = {.data = malloc(bytes.bytes), .bytes = bytes.bytes - (bytes.bytes - scan) / 2};
	memcpy(cut.data, bytes.data, cut.bytes);
	memcpy(cut.data + cut.bytes - 2, end_of_image, 2);
	expect_decode(&cut, PF_ERR_DAMAGED);
	/* More data than the picture needs: something went wrong on the way. */
	pf_fixture_bytes more = {.data = malloc(bytes.bytes + 100), .bytes = bytes.bytes + 100};
	memcpy(more.data, bytes.data, bytes.bytes - 2);
	memset(more.data + bytes.bytes - 2, 0x11, 100);
	memcpy(more.data + more.bytes - 2, end_of_image, 2);
	expect_decode(&more, PF_ERR_DAMAGED);
	/* Without its tables the file says nothing, even when the photo before had the same ones. */
	pf_fixture_bytes no_tables = {.data = malloc(bytes.bytes), .bytes = bytes.bytes};
	memcpy(no_tables.data, bytes.data, bytes.bytes);
	no_tables.data[pf_fixture_find_marker(&no_tables, 0xDB) + 1] = 0xFE;
	expect_decode(&bytes, PF_OK);
	expect_decode(&no_tables, PF_ERR_DAMAGED);
	pf_fixture_free(&no_tables);
	pf_fixture_free(&more);
	pf_fixture_free(&cut);
	pf_fixture_free(&bytes);
}

/* A copy with `count` bytes put in at `at`. */
static pf_fixture_bytes with(const pf_fixture_bytes *bytes, size_t at, const char *more, size_t count)
{
	pf_fixture_bytes out = {.data = malloc(bytes->bytes + count), .bytes = bytes->bytes + count};
	memcpy(out.data, bytes->data, at);
	memcpy(out.data + at, more, count);
	memcpy(out.data + at + count, bytes->data + at, bytes->bytes - at);
	return out;
}

/* The photo has these flaws, and the pixels of the one without them. */
static void expect_flaws(pf_fixture_bytes flawed, const pf_fixture_bytes *whole, uint32_t flaws)
{
	pf_image image = {0}, right = {0};
	pf_error error = {0};
	char text[PF_FLAWS_TEXT];
	assert_int_equal(pf_fixture_decode(whole, &right, NULL), PF_OK);
	assert_int_equal(right.flaws, 0);
	assert_string_equal(pf_flaws_text(right.flaws, text), "");
	pf_status status = pf_fixture_decode(&flawed, &image, &error);
	if (status != PF_OK) {
		print_error("%s\n", error.message);
	}
	assert_int_equal(status, PF_OK);
	assert_int_equal(image.flaws, flaws);
	assert_true(pf_flaws_text(image.flaws, text)[0] != '\0');
	for (uint32_t y = 0; y < right.y.height_px; y++) {
		assert_memory_equal(image.y.data + (size_t)y * image.y.stride_bytes,
				    right.y.data + (size_t)y * right.y.stride_bytes, right.y.width_px);
	}
	pf_image_release(&image);
	pf_image_release(&right);
	pf_fixture_free(&flawed);
}

static void expect_refused(pf_fixture_bytes bytes, pf_status status)
{
	expect_decode(&bytes, status);
	pf_fixture_free(&bytes);
}

static pf_fixture_bytes cut_to(const pf_fixture_bytes *bytes, size_t count)
{
	pf_fixture_bytes out = with(bytes, 0, "", 0);
	out.bytes = count;
	return out;
}

/* What loses nothing is scored, with a note. */
static void test_flaws(void **state)
{
	(void)state;
	static const char zeros[5000];
	for (unsigned scans = 0; scans < 2; scans++) {
		pf_fixture_bytes whole = pf_fixture_jpeg(
			&(pf_fixture_spec){.width_px = 160, .height_px = 120, .scans = scans});
		size_t table = pf_fixture_find_marker(&whole, 0xDB), end = whole.bytes - 2;
		size_t scan = pf_fixture_find_marker(&whole, 0xDA);
		size_t jfif = pf_fixture_find_marker(&whole, 0xE0);
		expect_flaws(cut_to(&whole, end), &whole, PF_FLAW_NO_END);
		expect_flaws(cut_to(&whole, end + 1), &whole, PF_FLAW_NO_END);
		expect_flaws(with(&whole, table, "\0\0", 2), &whole, PF_FLAW_STRAY_BYTES);
		expect_flaws(with(&whole, table, "ab\xFF\0cd", 6), &whole, PF_FLAW_STRAY_BYTES);
		expect_flaws(with(&whole, scan, zeros, sizeof zeros), &whole, PF_FLAW_STRAY_BYTES);
		expect_flaws(with(&whole, end, zeros, 20), &whole, PF_FLAW_PADDING);
		expect_flaws(with(&whole, end, zeros, sizeof zeros), &whole, PF_FLAW_PADDING);
		pf_fixture_bytes padded = with(&whole, end, zeros, 512);
		padded.bytes -= 2; /* as a recovered file that fills its last sector */
		expect_flaws(padded, &whole, PF_FLAW_PADDING | PF_FLAW_NO_END);
		pf_fixture_bytes revision = with(&whole, 0, "", 0);
		revision.data[jfif + 9] = 7;
		expect_flaws(revision, &whole, PF_FLAW_JFIF_REVISION);
		pf_fixture_bytes adobe = with(&whole, table,
					      "\xFF\xEE\0\x0E"
					      "Adobe\0\x64\0\0\0\0\2",
					      16);
		memmove(adobe.data + jfif, adobe.data + table, adobe.bytes - table); /* no JFIF segment */
		adobe.bytes -= table - jfif;
		expect_flaws(adobe, &whole, PF_FLAW_ADOBE_TRANSFORM);
		expect_refused(with(&whole, end, "\x11\x22\x33\x44\x55\x66\x77\x11\x22\x33\x44\x55", 12),
			       PF_ERR_DAMAGED);
		expect_refused(with(&whole, table, (const char *)whole.data + scan, 80), PF_ERR_DAMAGED);
		pf_fixture_free(&whole);
	}
	pf_fixture_bytes whole = pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 160, .height_px = 120});
	pf_fixture_bytes header = with(&whole, 0, "", 0);
	size_t scan = pf_fixture_find_marker(&whole, 0xDA);
	header.data[scan + 12] = 0; /* Se, as Samsung's panoramas have it */
	expect_flaws(header, &whole, PF_FLAW_SCAN_HEADER);
	/* Fill bytes before markers and what follows the image are no flaws. */
	pf_fixture_bytes filled = with(&whole, scan, "\xFF\xFF\xFF", 3);
	expect_decode(&filled, PF_OK);
	pf_fixture_free(&filled);
	/* Zeros in place of the last third of the data decode without a warning until the picture is full. */
	size_t third = (whole.bytes - scan) / 3;
	pf_fixture_bytes zeroed = with(&whole, whole.bytes - 2, zeros, sizeof zeros);
	memset(zeroed.data + zeroed.bytes - 2 - sizeof zeros - third, 0, third);
	expect_refused(zeroed, PF_ERR_DAMAGED);
	pf_fixture_free(&whole);
}

/* libjpeg says nothing of scans that never come. */
static void test_scans_that_end_early(void **state)
{
	(void)state;
	pf_fixture_bytes whole = pf_fixture_jpeg(
		&(pf_fixture_spec){.width_px = 160, .height_px = 120, .scans = 1});
	unsigned scans = 0;
	for (size_t at = pf_fixture_find_marker(&whole, 0xDA); at + 1 < whole.bytes; at++) {
		uint8_t next = whole.data[at + 1];
		if (whole.data[at] != 0xFF || (next != 0xC4 && next != 0xDA)) {
			continue;
		}
		pf_fixture_bytes cut = with(&whole, at, "\xFF\xD9", 2);
		cut.bytes = at + 2;
		expect_refused(cut, PF_ERR_DAMAGED);
		expect_refused(cut_to(&whole, at), PF_ERR_TRUNCATED);
		scans += next == 0xDA;
	}
	assert_true(scans > 5);
	expect_decode(&whole, PF_OK);
	pf_fixture_free(&whole);
}

static void test_memory_limit_of_the_decoder(void **state)
{
	(void)state;
	pf_fixture_bytes bytes = pf_fixture_jpeg(
		&(pf_fixture_spec){.width_px = 900, .height_px = 700, .scans = 1});
	pf_jpeg_source source = {.data = bytes.data, .bytes = bytes.bytes};
	pf_jpeg_limits limits = pf_fixture_limits();
	pf_jpeg_head head;
	pf_image image = {0};
	assert_int_equal(pf_jpeg_gate(&source, &limits, &head, NULL), PF_OK);
	/* The gate's estimate is enough for libjpeg, and libjpeg itself keeps to what it is given. */
	limits.max_decode_bytes = head.decode_bytes;
	assert_int_equal(pf_jpeg_decode(&source, &head, &limits, &image, NULL), PF_OK);
	limits.max_decode_bytes = head.plane_bytes + 100000;
	assert_int_equal(pf_jpeg_decode(&source, &head, &limits, &image, NULL), PF_ERR_MEMORY_LIMIT);
	/* The scans are counted again while decoding. */
	limits = pf_fixture_limits();
	limits.max_scans = 3;
	assert_int_equal(pf_jpeg_decode(&source, &head, &limits, &image, NULL), PF_ERR_TOO_MANY_SCANS);
	pf_image_release(&image);
	pf_fixture_free(&bytes);
}

/* Thousands of damaged files: no crash, no leak (under the sanitizers), nothing printed, an answer each. */
static void test_random_damage(void **state)
{
	(void)state;
	FILE *printed = tmpfile();
	assert_non_null(printed);
	int saved = dup(STDERR_FILENO);
	dup2(fileno(printed), STDERR_FILENO);
	uint64_t random = 1;
	pf_image image = {0};
	unsigned outcomes[PF_STATUS_COUNT] = {0};
	for (unsigned kind = 0; kind < 4; kind++) {
		pf_fixture_bytes whole = pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 90,
									    .height_px = 70,
									    .scans = kind & 1,
									    .v = kind & 2 ? 1 : 2,
									    .restart_rows = kind == 3});
		uint8_t *original = malloc(whole.bytes);
		memcpy(original, whole.data, whole.bytes);
		for (unsigned i = 0; i < 1500; i++) {
			/* Half of the damage hits the headers, where it does most. */
			size_t range = i % 2 ? whole.bytes : 700;
			for (unsigned flips = 0; flips <= i % 5; flips++) {
				whole.data[pf_fixture_random(&random) % range] ^=
					(uint8_t)(1u << pf_fixture_random(&random) % 8);
			}
			outcomes[pf_fixture_decode(&whole, &image, NULL)]++;
			memcpy(whole.data, original, whole.bytes);
		}
		free(original);
		pf_fixture_free(&whole);
	}
	dup2(saved, STDERR_FILENO);
	close(saved);
	fseek(printed, 0, SEEK_END);
	assert_int_equal(ftell(printed), 0);
	fclose(printed);
	assert_true(outcomes[PF_ERR_DAMAGED] > 1000);
	assert_true(outcomes[PF_ERR_UNSUPPORTED] > 0);
	assert_int_equal(outcomes[PF_ERR_INTERNAL] + outcomes[PF_ERR_NO_MEMORY], 0);
	pf_image_release(&image);
}

typedef struct small_picture {
	uint32_t width_px, height_px, rows;
	uint64_t sum;
} small_picture;

static void add_small_row(void *context, const uint8_t *row, uint32_t y, uint32_t width_px,
			  uint32_t height_px, uint32_t channels)
{
	small_picture *small = context;
	assert_int_equal(y, small->rows++);
	small->width_px = width_px;
	small->height_px = height_px;
	for (uint32_t x = 0; x < width_px; x++) {
		small->sum += row[x * channels];
	}
}

static void test_small_decode(void **state)
{
	(void)state;
	/* width, height, expected denominator for at least 36 px */
	static const uint32_t cases[][3] = {
		{800, 600, 8}, {288, 288, 8}, {287, 600, 4}, {80, 80, 2}, {20, 30, 1}};
	pf_jpeg_limits limits = pf_fixture_limits();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		pf_fixture_bytes bytes = pf_fixture_jpeg(&(pf_fixture_spec){
			.width_px = cases[i][0], .height_px = cases[i][1], .scans = i % 2});
		pf_jpeg_source source = {.data = bytes.data, .bytes = bytes.bytes};
		pf_jpeg_head head;
		small_picture small = {0};
		assert_int_equal(pf_jpeg_gate(&source, &limits, &head, NULL), PF_OK);
		assert_int_equal(
			pf_jpeg_decode_small(&source, &head, &limits, 36, add_small_row, &small, NULL),
			PF_OK);
		assert_int_equal(small.width_px, (cases[i][0] + cases[i][2] - 1) / cases[i][2]);
		assert_int_equal(small.height_px, (cases[i][1] + cases[i][2] - 1) / cases[i][2]);
		assert_int_equal(small.rows, small.height_px);
		uint64_t mean = small.sum / ((uint64_t)small.width_px * small.height_px);
		assert_in_range(mean, 90, 140);
		pf_fixture_free(&bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_planes_are_libjpegs),
		cmocka_unit_test(test_planes_do_not_overlap_and_fit),
		cmocka_unit_test(test_buffer_is_reused),
		cmocka_unit_test(test_damaged_data),
		cmocka_unit_test(test_flaws),
		cmocka_unit_test(test_scans_that_end_early),
		cmocka_unit_test(test_memory_limit_of_the_decoder),
		cmocka_unit_test(test_random_damage),
		cmocka_unit_test(test_small_decode),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
