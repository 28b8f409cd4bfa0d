#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "jpeg_fixture.h"

static pf_status gate(const pf_fixture_bytes *bytes, pf_error *error)
{
	pf_jpeg_source source = {.data = bytes->data, .bytes = bytes->bytes, .file = "gate.jpg"};
	pf_jpeg_limits limits = pf_fixture_limits();
	pf_jpeg_head head;
	return pf_jpeg_gate(&source, &limits, &head, error);
}

static void expect(pf_fixture_bytes bytes, pf_status expected)
{
	pf_error error = {.code = PF_OK};
	pf_status status = gate(&bytes, &error);
	if (status != expected) {
		print_error("got %s (%s)\n", pf_status_name(status), error.message);
	}
	assert_int_equal(status, expected);
	assert_int_equal(error.code, expected);
	if (expected != PF_OK) {
		assert_string_equal(error.file, "gate.jpg");
		assert_true(error.offset >= 0 && error.offset <= (int64_t)bytes.bytes);
		assert_true(error.message[0] != '\0' && !strchr(error.message, '\n'));
	}
	pf_fixture_free(&bytes);
}

static pf_fixture_bytes plain(void)
{
	return pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 120, .height_px = 90});
}

/* A plain file with one byte of its frame header changed. */
static pf_fixture_bytes patched(uint8_t offset, uint8_t value)
{
	pf_fixture_bytes bytes = plain();
	bytes.data[pf_fixture_find_marker(&bytes, 0xC0) + offset] = value;
	return bytes;
}

static pf_fixture_bytes of_text(const char *text)
{
	pf_fixture_bytes bytes = {.data = malloc(strlen(text) + 1), .bytes = strlen(text)};
	memcpy(bytes.data, text, bytes.bytes);
	return bytes;
}

static void test_what_is_no_jpeg(void **state)
{
	(void)state;
	expect(of_text(""), PF_ERR_EMPTY);
	expect(of_text("hello, I am a text file\n"), PF_ERR_NOT_JPEG);
	expect(of_text("\x89PNG\r\n\x1a\n"), PF_ERR_NOT_JPEG);
	expect(of_text("\xFF"), PF_ERR_TRUNCATED);
	expect(of_text("\xFF\xD8"), PF_ERR_TRUNCATED);
	expect(of_text("\xFF\xD8\xFF\xD9"), PF_ERR_DAMAGED);
	expect(of_text("\xFF\xD8 some text"), PF_ERR_DAMAGED);
}

static void test_bombs_cost_nothing(void **state)
{
	(void)state;
	struct timespec begin, end;
	pf_fixture_bytes many = pf_fixture_jpeg(
		&(pf_fixture_spec){.width_px = 256, .height_px = 256, .scans = 500});
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	expect(pf_fixture_bomb(65500, 65500), PF_ERR_TOO_LARGE);
	expect(pf_fixture_bomb(65535, 65535), PF_ERR_TOO_LARGE);
	expect(pf_fixture_bomb(65535, 1), PF_ERR_TOO_LARGE);   /* above libjpeg's longest side */
	expect(pf_fixture_bomb(14000, 14000), PF_ERR_DAMAGED); /* within the cap, but without the data */
	expect(many, PF_ERR_TOO_MANY_SCANS);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	double ms = (double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6;
	assert_true(ms < 500.0); /* of CPU time; decoding them takes many seconds */
}

static void test_coding_processes(void **state)
{
	(void)state;
	expect(plain(), PF_OK);
	expect(pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 120, .height_px = 90, .scans = 1}), PF_OK);
	expect(pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 120, .height_px = 90, .scans = 90}),
	       PF_ERR_TOO_MANY_SCANS);
	expect(pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 120, .height_px = 90, .restart_rows = 1}),
	       PF_OK);
	expect(pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 120, .height_px = 90, .arithmetic = true}),
	       PF_ERR_UNSUPPORTED);
	expect(pf_fixture_jpeg(
		       &(pf_fixture_spec){.width_px = 120, .height_px = 90, .arithmetic = true, .scans = 1}),
	       PF_ERR_UNSUPPORTED);
	static const uint8_t refused[] = {0xC3, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF};
	for (size_t i = 0; i < sizeof refused; i++) {
		expect(patched(1, refused[i]), PF_ERR_UNSUPPORTED);
	}
	expect(patched(1, 0xC1), PF_OK);            /* extended sequential */
	expect(patched(1, 0xC4), PF_ERR_DAMAGED);   /* a table in the frame header's place */
	expect(patched(4, 12), PF_ERR_UNSUPPORTED); /* 12 bit */
	expect(patched(4, 0), PF_ERR_UNSUPPORTED);
}

static void test_colour_spaces(void **state)
{
	(void)state;
	expect(pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 64, .height_px = 48, .components = 1}), PF_OK);
	expect(pf_fixture_jpeg(
		       &(pf_fixture_spec){.width_px = 64, .height_px = 48, .components = 4, .h = 1, .v = 1}),
	       PF_ERR_UNSUPPORTED);
	expect(pf_fixture_jpeg(
		       &(pf_fixture_spec){.width_px = 64, .height_px = 48, .rgb = true, .h = 1, .v = 1}),
	       PF_ERR_UNSUPPORTED);
	pf_fixture_bytes two = plain();
	size_t frame = pf_fixture_find_marker(&two, 0xC0);
	two.data[frame + 9] = 2; /* components; the header's length no longer fits */
	expect(two, PF_ERR_DAMAGED);
}

static void test_sizes(void **state)
{
	(void)state;
	pf_fixture_bytes no_height = plain(), no_width = plain();
	size_t frame = pf_fixture_find_marker(&no_height, 0xC0);
	memset(no_height.data + frame + 5, 0, 2);
	expect(no_height, PF_ERR_UNSUPPORTED);
	memset(no_width.data + frame + 7, 0, 2);
	expect(no_width, PF_ERR_DAMAGED);
	expect(pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 1, .height_px = 1}), PF_OK);
}

static void test_sampling_factors(void **state)
{
	(void)state;
	/* luma h, v, chroma h, v, accepted */
	static const uint8_t cases[][5] = {{1, 1, 1, 1, 1}, {2, 1, 1, 1, 1}, {1, 2, 1, 1, 1}, {2, 2, 1, 1, 1},
					   {4, 1, 1, 1, 1}, {2, 2, 1, 2, 1}, {2, 2, 2, 1, 1}, {2, 1, 2, 1, 1},
					   {4, 2, 1, 1, 0}, {1, 4, 1, 1, 0}, {3, 1, 1, 1, 0}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const uint8_t *c = cases[i];
		expect(pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 75,
							  .height_px = 53,
							  .h = c[0],
							  .v = c[1],
							  .chroma_h = c[2],
							  .chroma_v = c[3]}),
		       c[4] ? PF_OK : PF_ERR_UNSUPPORTED);
	}
	expect(patched(11, 0x00), PF_ERR_UNSUPPORTED);
	expect(patched(11, 0xF1), PF_ERR_UNSUPPORTED);
	expect(patched(14, 0x21), PF_ERR_UNSUPPORTED); /* the chroma planes differ */
	expect(patched(11, 0x11), PF_OK);
	pf_fixture_bytes fraction = patched(11, 0x31); /* three luma samples to two of chroma */
	size_t header = pf_fixture_find_marker(&fraction, 0xC0);
	fraction.data[header + 14] = fraction.data[header + 17] = 0x21;
	expect(fraction, PF_ERR_UNSUPPORTED);
	pf_fixture_bytes finer = patched(11, 0x11); /* luma coarser than chroma */
	size_t frame = pf_fixture_find_marker(&finer, 0xC0);
	finer.data[frame + 14] = finer.data[frame + 17] = 0x22;
	expect(finer, PF_ERR_UNSUPPORTED);
}

static void test_truncated_everywhere(void **state)
{
	(void)state;
	for (unsigned scans = 0; scans < 2; scans++) {
		pf_fixture_bytes whole = pf_fixture_jpeg(
			&(pf_fixture_spec){.width_px = 150, .height_px = 100, .scans = scans});
		/* Only the decoder can tell where the data of the last scan that is needed end. */
		pf_jpeg_source source = {.data = whole.data, .bytes = whole.bytes};
		pf_jpeg_limits limits = pf_fixture_limits();
		pf_jpeg_head head;
		pf_image image = {0};
		for (source.bytes = whole.bytes - 1; source.bytes > 1;
		     source.bytes -= source.bytes + 50 < whole.bytes && source.bytes > 700 ? 97 : 1) {
			pf_error error = {.offset = -1};
			pf_status status = pf_jpeg_gate(&source, &limits, &head, &error);
			if (status == PF_OK) {
				assert_true(head.flaws == PF_FLAW_NO_END);
				status = pf_jpeg_decode(&source, &head, &limits, &image, NULL);
				assert_int_equal(status,
						 source.bytes >= whole.bytes - 2 ? PF_OK : PF_ERR_TRUNCATED);
				assert_true(status != PF_OK || image.flaws == PF_FLAW_NO_END);
			} else {
				assert_int_equal(status, PF_ERR_TRUNCATED);
				assert_int_equal(error.offset, source.bytes);
			}
		}
		pf_image_release(&image);
		pf_fixture_free(&whole);
	}
}

static void test_what_follows_the_image_is_ignored(void **state)
{
	(void)state;
	pf_fixture_bytes bytes = plain();
	bytes.data = realloc(bytes.data, bytes.bytes + 5000);
	memset(bytes.data + bytes.bytes, 0xFF, 2500);
	memset(bytes.data + bytes.bytes + 2500, 0xDA, 2500);
	bytes.bytes += 5000;
	expect(bytes, PF_OK);
}

static void test_damaged_markers(void **state)
{
	(void)state;
	pf_fixture_bytes twice = plain();
	size_t frame = pf_fixture_find_marker(&twice, 0xC0);
	size_t length = 2 + ((size_t)twice.data[frame + 2] << 8 | twice.data[frame + 3]);
	twice.data = realloc(twice.data, twice.bytes + length);
	memmove(twice.data + frame + length, twice.data + frame, twice.bytes - frame);
	twice.bytes += length;
	expect(twice, PF_ERR_DAMAGED);
	pf_fixture_bytes no_frame = plain();
	no_frame.data[pf_fixture_find_marker(&no_frame, 0xC0) + 1] = 0xFE; /* a comment */
	expect(no_frame, PF_ERR_DAMAGED);
	pf_fixture_bytes odd = plain();
	odd.data[pf_fixture_find_marker(&odd, 0xDA) + 4] = 2; /* components of the scan */
	expect(odd, PF_ERR_DAMAGED);
	pf_fixture_bytes reserved = plain();
	reserved.data[pf_fixture_find_marker(&reserved, 0xDB) + 1] = 0x02;
	expect(reserved, PF_ERR_DAMAGED);
	pf_fixture_bytes zero_length = plain();
	size_t table = pf_fixture_find_marker(&zero_length, 0xDB);
	zero_length.data[table + 2] = zero_length.data[table + 3] = 0;
	expect(zero_length, PF_ERR_DAMAGED);
}

static void test_limits(void **state)
{
	(void)state;
	pf_fixture_bytes progressive = pf_fixture_jpeg(
		&(pf_fixture_spec){.width_px = 1000, .height_px = 800, .scans = 1});
	pf_jpeg_source source = {.data = progressive.data, .bytes = progressive.bytes};
	pf_jpeg_limits limits = pf_fixture_limits();
	pf_jpeg_head head;
	assert_int_equal(pf_jpeg_gate(&source, &limits, &head, NULL), PF_OK);
	assert_true(head.progressive && head.multi_scan && head.scans > 5);
	/* Planes of 1.2 M samples, coefficients of two bytes each. */
	assert_true(head.decode_bytes > 3600000 && head.decode_bytes < 8000000);
	limits.max_decode_bytes = head.decode_bytes;
	assert_int_equal(pf_jpeg_gate(&source, &limits, &head, NULL), PF_OK);
	limits.max_decode_bytes--;
	assert_int_equal(pf_jpeg_gate(&source, &limits, &head, NULL), PF_ERR_MEMORY_LIMIT);
	limits = pf_fixture_limits();
	limits.max_pixels = 800000;
	assert_int_equal(pf_jpeg_gate(&source, &limits, &head, NULL), PF_OK);
	limits.max_pixels--;
	assert_int_equal(pf_jpeg_gate(&source, &limits, &head, NULL), PF_ERR_TOO_LARGE);
	limits = pf_fixture_limits();
	limits.max_scans = head.scans = 10;
	assert_int_equal(pf_jpeg_gate(&source, &limits, &head, NULL), PF_OK);
	limits.max_scans--;
	assert_int_equal(pf_jpeg_gate(&source, &limits, &head, NULL), PF_ERR_TOO_MANY_SCANS);
	pf_fixture_free(&progressive);
}

/* What a 50 MP progressive photo asks for stays below the default limit; nothing is allocated here. */
static void test_honest_large_photos_pass(void **state)
{
	(void)state;
	pf_fixture_bytes file = pf_fixture_bomb(8688, 5792);
	file.data[pf_fixture_find_marker(&file, 0xDA) + 8] = 63; /* its one scan brings all coefficients */
	file.data = realloc(file.data, file.bytes + 2000000);
	memmove(file.data + file.bytes - 2 + 2000000, file.data + file.bytes - 2, 2);
	memset(file.data + file.bytes - 2, 0x55, 2000000);
	file.bytes += 2000000;
	expect(file, PF_OK);
}

static void test_peek(void **state)
{
	(void)state;
	pf_fixture_exif_spec exif = {.make = "Maker", .model = "One"};
	pf_fixture_bytes segment = pf_fixture_exif(&exif);
	pf_fixture_bytes whole = pf_fixture_jpeg(
		&(pf_fixture_spec){.width_px = 200, .height_px = 100, .exif = segment});
	pf_jpeg_limits limits = pf_fixture_limits();
	pf_jpeg_head head;
	size_t first_scan = pf_fixture_find_marker(&whole, 0xDA);
	for (size_t bytes = 1; bytes <= whole.bytes; bytes += 3) {
		pf_jpeg_source part = {.data = whole.data, .bytes = bytes};
		assert_int_equal(pf_jpeg_peek(&part, &limits, &head, NULL), PF_OK);
		if (bytes > first_scan + 20) {
			assert_int_equal(head.wanted_bytes, 0);
			assert_true(head.has_frame && head.width_px == 200 && head.height_px == 100);
			assert_true(head.exif != NULL && head.exif_bytes == segment.bytes);
			assert_memory_equal(head.exif, segment.data, segment.bytes);
		} else {
			assert_true(head.scans > 0 || head.wanted_bytes > bytes);
		}
	}
	pf_fixture_bytes bomb = pf_fixture_bomb(65500, 65500);
	pf_jpeg_source source = {.data = bomb.data, .bytes = 100};
	assert_int_equal(pf_jpeg_peek(&source, &limits, &head, NULL), PF_ERR_TOO_LARGE);
	pf_fixture_free(&bomb);
	pf_fixture_free(&whole);
	pf_fixture_free(&segment);
}

/* From `at` to the first FF that is followed by what is no part of coded data, byte by byte. */
static size_t coded_bytes(const pf_fixture_bytes *bytes, size_t at)
{
	size_t begin = at;
	while (at + 1 < bytes->bytes) {
		uint8_t next = bytes->data[at + 1];
		if (bytes->data[at] != 0xFF || next == 0xFF) {
			at++;
		} else if (next == 0 || (next >= 0xD0 && next <= 0xD7)) {
			at += 2;
		} else {
			return at - begin;
		}
	}
	return bytes->bytes - begin;
}

/* Wherever it lies, and whatever lies before it: fill bytes, stuffed ones, restart markers. */
static void test_the_end_of_coded_data(void **state)
{
	(void)state;
	static const uint8_t before[] = {0x12, 0xFF, 0x00, 0xD3};
	pf_jpeg_limits limits = pf_fixture_limits();
	pf_fixture_bytes bytes = plain();
	size_t scan = pf_fixture_find_marker(&bytes, 0xDA);
	size_t begin = scan + 2 + bytes.data[scan + 3];
	for (size_t at = begin + 2; at < begin + 80; at++) {
		for (unsigned i = 0; i < sizeof before; i++) {
			uint8_t *copy = malloc(bytes.bytes);
			pf_fixture_bytes changed = {.data = copy, .bytes = at + 2};
			pf_jpeg_head head;
			memcpy(copy, bytes.data, bytes.bytes);
			copy[at - 2] = i % 2 ? 0xFF : copy[at - 2];
			copy[at - 1] = before[i];
			copy[at] = 0xFF;
			copy[at + 1] = 0xD9;
			pf_jpeg_source source = {.data = copy, .bytes = changed.bytes};
			pf_jpeg_gate(&source, &limits, &head, NULL);
			assert_int_equal(head.coded_bytes, coded_bytes(&changed, begin));
			free(copy);
		}
	}
	pf_fixture_free(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_no_jpeg),
		cmocka_unit_test(test_bombs_cost_nothing),
		cmocka_unit_test(test_coding_processes),
		cmocka_unit_test(test_colour_spaces),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_sampling_factors),
		cmocka_unit_test(test_truncated_everywhere),
		cmocka_unit_test(test_what_follows_the_image_is_ignored),
		cmocka_unit_test(test_damaged_markers),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_honest_large_photos_pass),
		cmocka_unit_test(test_peek),
		cmocka_unit_test(test_the_end_of_coded_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
