/* Photos whose bytes are in memory get the scores, and the errors, that they get as files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/photo/photo_file.h"
#include "jpeg_fixture.h"
#include "photofinish/scorer.h"
#include "tests/unit/trace_fixture.h"

enum { PHOTOS = 80, DAMAGED = 60 };

typedef struct fixture {
	pf_fixture_folder folder;
	pf_fixture_bytes bytes[PHOTOS];
	size_t count;
	pf_trace trace;
	pf_scorer *scorer;
} fixture;

static void add(fixture *f, const char *name, pf_fixture_bytes bytes)
{
	assert_int_equal(pf_fixture_folder_add(&f->folder, name, &bytes), f->count);
	f->bytes[f->count++] = bytes;
}

static void add_spec(fixture *f, const char *name, pf_fixture_spec spec)
{
	add(f, name, pf_fixture_jpeg(&spec));
}

/* A copy of photo `of` with `bytes` bytes, of which the one at `at` is inverted. */
static void add_damaged(fixture *f, const char *name, size_t of, size_t bytes, size_t at)
{
	uint8_t *copy = calloc(1, bytes + 1);
	assert_non_null(copy);
	memcpy(copy, f->bytes[of].data, bytes < f->bytes[of].bytes ? bytes : f->bytes[of].bytes);
	copy[at < bytes ? at : bytes] ^= 0xFF; /* behind the end: nothing is changed */
	add(f, name, (pf_fixture_bytes){copy, bytes});
}

/* What the tests of scorers and variants damage, and files that a look at their first 64 KiB refuses. */
static void open_fixture(fixture *f)
{
	pf_scorer_config config;
	*f = (fixture){.count = 0};
	pf_trace_reset(&f->trace);
	pf_fixture_folder_open(&f->folder);
	pf_fixture_bytes exif = pf_fixture_exif(&(pf_fixture_exif_spec){.orientation = 6});
	add_spec(f, "turned.jpg", (pf_fixture_spec){.width_px = 600, .height_px = 400, .exif = exif});
	add_spec(f, "large.jpg", (pf_fixture_spec){.width_px = 1200, .height_px = 900, .quality = 98});
	add_spec(f, "grey.jpg", (pf_fixture_spec){.width_px = 64, .height_px = 64, .components = 1});
	add_spec(f, "progressive.jpg", (pf_fixture_spec){.width_px = 400, .height_px = 300, .scans = 1});
	add_spec(f, "scans.jpg", (pf_fixture_spec){.width_px = 200, .height_px = 200, .scans = 500});
	add_spec(f, "cmyk.jpg",
		 (pf_fixture_spec){.width_px = 80, .height_px = 60, .components = 4, .h = 1, .v = 1});
	add(f, "bomb.jpg", pf_fixture_bomb(65500, 65500));
	add(f, "text.jpg", (pf_fixture_bytes){(uint8_t *)strdup("just text"), 9});
	add(f, "empty.jpg", (pf_fixture_bytes){(uint8_t *)strdup(""), 0});
	assert_true(f->bytes[1].bytes > 2 * (size_t)PF_FILE_HEAD_BYTES);
	add_damaged(f, "cut.jpg", 0, f->bytes[0].bytes / 2, 100);
	add_damaged(f, "cut_large.jpg", 1, f->bytes[1].bytes / 2, f->bytes[1].bytes / 2);
	add_damaged(f, "marker.jpg", 1, f->bytes[1].bytes, 2);
	add_damaged(f, "padded_bomb.jpg", 6, 3 * PF_FILE_HEAD_BYTES, f->bytes[6].bytes + 1);
	add_damaged(f, "padded_text.jpg", 7, 3 * PF_FILE_HEAD_BYTES, 50);
	pf_fixture_free(&exif);
	uint64_t random = 7;
	for (int i = 0; i < DAMAGED; i++) {
		char name[32];
		size_t of = (size_t[]){0, 2, 3}[i % 3], bytes = f->bytes[of].bytes;
		bool at_head = i % 2;
		snprintf(name, sizeof name, "damaged_%d.jpg", i);
		add_damaged(f, name, of, bytes - (i % 5 == 0 ? bytes / 7 : 0),
			    pf_fixture_random(&random) % (at_head ? 700 : bytes));
	}
	pf_scorer_config_default(&config);
	assert_int_equal(pf_scorer_create(&config, &f->trace, &f->scorer, NULL), PF_OK);
}

static void close_fixture(fixture *f)
{
	pf_scorer_destroy(f->scorer);
	for (size_t i = 0; i < f->count; i++) {
		pf_fixture_free(&f->bytes[i]);
	}
	pf_fixture_folder_close(&f->folder);
}

static void check_planes(const pf_plane *a, const pf_plane *b)
{
	assert_int_equal(a->width_px, b->width_px);
	assert_int_equal(a->height_px, b->height_px);
	assert_int_equal(a->stride_bytes, b->stride_bytes);
	for (uint32_t y = 0; y < a->height_px; y++) {
		size_t at = (size_t)y * a->stride_bytes;
		assert_memory_equal(a->data + at, b->data + at, a->width_px);
	}
}

static void check_images(const pf_image *a, const pf_image *b)
{
	check_planes(&a->y, &b->y);
	check_planes(&a->cb, &b->cb);
	check_planes(&a->cr, &b->cr);
	assert_int_equal(a->orientation, b->orientation);
	assert_int_equal(a->file_bytes, b->file_bytes);
}

static void test_as_from_files(void **state)
{
	(void)state;
	fixture f;
	unsigned good = 0, verdicts[PF_STATUS_COUNT] = {0}, kinds = 0;
	pf_image file = {0}, memory = {0};
	open_fixture(&f);
	for (size_t i = 0; i < f.count; i++) {
		pf_error why_file, why_memory;
		memset(&why_file, 0, sizeof why_file);
		memset(&why_memory, 0, sizeof why_memory);
		pf_status expected = pf_scorer_load(f.scorer, f.folder.dataset, i, &file, &why_file);
		pf_status status = pf_scorer_load_bytes(f.scorer, f.bytes[i].data, f.bytes[i].bytes,
							f.folder.dataset->photos[i].path, &memory,
							&why_memory);
		assert_int_equal(status, expected);
		assert_memory_equal(&why_memory, &why_file, sizeof why_file);
		kinds += verdicts[status]++ == 0;
		good += status == PF_OK;
		if (status == PF_OK) {
			check_images(&memory, &file);
		}
		if (status == PF_OK && i < f.count - DAMAGED) {
			pf_score a, b;
			assert_int_equal(pf_scorer_judge(f.scorer, &file, &a, NULL), PF_OK);
			assert_int_equal(pf_scorer_judge(f.scorer, &memory, &b, NULL), PF_OK);
			assert_memory_equal(&a, &b, sizeof a);
		}
	}
	assert_true(good >= 4 && kinds >= 8);
	pf_image_release(&file);
	pf_image_release(&memory);
	close_fixture(&f);
}

/* Bytes are gated and decoded, and not read. */
static void test_spans(void **state)
{
	(void)state;
	fixture f;
	pf_image image = {0};
	open_fixture(&f);
	assert_int_equal(
		pf_scorer_load_bytes(f.scorer, f.bytes[0].data, f.bytes[0].bytes, NULL, &image, NULL), PF_OK);
	assert_int_equal(pf_fixture_spans(&f.trace, PF_STAGE_READ), 0);
	assert_int_equal(f.trace.read_bytes, 0);
	assert_int_equal(pf_scorer_load(f.scorer, f.folder.dataset, 0, &image, NULL), PF_OK);
	assert_int_equal(pf_fixture_spans(&f.trace, PF_STAGE_READ), 1);
	assert_int_equal(pf_fixture_spans(&f.trace, PF_STAGE_GATE), 2);
	assert_int_equal(pf_fixture_spans(&f.trace, PF_STAGE_DECODE), 2);
	assert_int_equal(f.trace.read_bytes, f.bytes[0].bytes);
	pf_image_release(&image);
	close_fixture(&f);
}

/* Without a name, or with a size that no file may have: nothing of them is touched. */
static void test_errors(void **state)
{
	(void)state;
	fixture f;
	pf_image image = {0};
	pf_error error;
	open_fixture(&f);
	assert_int_equal(pf_scorer_load_bytes(f.scorer, "text", 4, NULL, &image, &error), PF_ERR_NOT_JPEG);
	assert_string_equal(error.file, "");
	assert_int_equal(pf_scorer_load_bytes(f.scorer, NULL, 0, "none", &image, &error), PF_ERR_EMPTY);
	assert_int_equal(
		pf_scorer_load_bytes(f.scorer, "text", PF_FILE_MAX_BYTES + 1, "huge", &image, &error),
		PF_ERR_TOO_LARGE);
	assert_string_equal(error.file, "huge");
	assert_string_equal(error.message, "the file has 1073741825 bytes, the limit is 1073741824");
	pf_image_release(&image);
	close_fixture(&f);
}

/* Every strategy: of each file the score, to the bit, or the error that the plain path gives. */
static void test_strategies(void **state)
{
	(void)state;
	static const uint32_t strategies[] = {PF_STRATEGY_OWN_DECODER,
					      PF_STRATEGY_OWN_DECODER | PF_STRATEGY_FUSED};
	fixture f;
	pf_scorer_config config;
	open_fixture(&f);
	for (size_t s = 0; s < sizeof strategies / sizeof *strategies; s++) {
		pf_scorer *scorer;
		pf_scorer_config_default(&config);
		config.strategy = strategies[s];
		assert_int_equal(pf_scorer_create(&config, NULL, &scorer, NULL), PF_OK);
		for (size_t i = 0; i < f.count; i++) {
			pf_error why_plain, why;
			pf_score plain, score;
			memset(&why_plain, 0, sizeof why_plain);
			memset(&why, 0, sizeof why);
			pf_status expected = pf_scorer_photo(f.scorer, f.folder.dataset, i, &plain,
							     &why_plain);
			assert_int_equal(pf_scorer_photo(scorer, f.folder.dataset, i, &score, &why),
					 expected);
			assert_memory_equal(&why, &why_plain, sizeof why);
			assert_memory_equal(&score, &plain, sizeof score);
		}
		pf_scorer_destroy(scorer);
	}
	close_fixture(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_from_files),
		cmocka_unit_test(test_strategies),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
