/* Our own JPEG decoder against libjpeg-turbo: the same planes or it declines, whatever the file. With
 * PF_BASELINE_MUTATIONS=100000 so many damaged files are tried. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/kernels/kernels.h"
#include "core/photo/baseline.h"
#include "core/photo/baseline_scan.h"
#include "core/photo/jpeg.h"
#include "core/photo/photo_file.h"
#include "jpeg_fixture.h"

enum { MUTATIONS = 3000, VERSIONS_MAX = 8, PAIRS = 4000 };

typedef struct fixture {
	pf_baseline *decoders[VERSIONS_MAX]; /* one for each version of the kernels that this processor has */
	size_t versions;
	pf_image expected, image;
	unsigned decoded, declined;

	/* Two side by side: a second decoder, and the last sound file, which others are decoded beside. */
	pf_baseline *second;
	pf_baseline_pair *pair;
	uint8_t *sound;
	size_t sound_bytes;
	pf_image of_sound, others[2];
	unsigned paired;
} fixture;

static void open_fixture(fixture *f)
{
	*f = (fixture){.versions = 0};
	for (size_t v = 0; pf_kernels_at(v); v++) {
		if (!(pf_kernels_at(v)->needs & ~pf_kernels_flags())) {
			assert_int_equal(pf_baseline_create(&f->decoders[f->versions], NULL), PF_OK);
			pf_baseline_use(f->decoders[f->versions++], pf_kernels_at(v));
		}
	}
	assert_int_equal(pf_baseline_create(&f->second, NULL), PF_OK);
	assert_int_equal(pf_baseline_pair_create(&f->pair, NULL), PF_OK);
}

static void close_fixture(fixture *f)
{
	for (size_t v = 0; v < f->versions; v++) {
		pf_baseline_destroy(f->decoders[v]);
	}
	pf_baseline_destroy(f->second);
	pf_baseline_pair_destroy(f->pair);
	free(f->sound);
	pf_image_release(&f->of_sound);
	pf_image_release(&f->others[0]);
	pf_image_release(&f->others[1]);
	pf_image_release(&f->expected);
	pf_image_release(&f->image);
}

static void compare_planes(const pf_plane *expected, const pf_plane *got, const char *what)
{
	assert_int_equal(got->width_px, expected->width_px);
	assert_int_equal(got->height_px, expected->height_px);
	assert_int_equal(got->stride_bytes, expected->stride_bytes);
	assert_int_equal(!got->data, !expected->data);
	for (uint32_t y = 0; expected->data && got->data && y < expected->height_px; y++) {
		size_t at = (size_t)y * expected->stride_bytes;
		if (memcmp(got->data + at, expected->data + at, expected->width_px) != 0) {
			fail_msg("%s: row %u differs", what, y);
		}
	}
}

typedef struct planes {
	const pf_jpeg_head *head;
	const pf_image *image;
} planes;

static bool target_planes(void *context, uint32_t mcu_row, bool done, pf_baseline_target *target)
{
	const planes *to = context;
	const pf_plane *plane[3] = {&to->image->y, &to->image->cb, &to->image->cr};
	for (uint32_t i = 0; i < to->head->components && i < 3 && !done; i++) {
		size_t row = (size_t)mcu_row * 8 * to->head->component[i].v;
		target->rows[i] = plane[i]->data + row * plane[i]->stride_bytes;
		target->stride_bytes[i] = plane[i]->stride_bytes;
	}
	return true;
}

static void compare_images(const pf_image *expected, const pf_image *got, const char *what)
{
	compare_planes(&expected->y, &got->y, what);
	compare_planes(&expected->cb, &got->cb, what);
	compare_planes(&expected->cr, &got->cr, what);
}

/* The file beside the last sound one: both end as alone, whatever becomes of the other. */
static void check_pair(fixture *f, const pf_jpeg_source *source, const pf_jpeg_head *head, bool decoded,
		       const char *what)
{
	pf_jpeg_limits limits = pf_fixture_limits();
	limits.max_pixels = 4000000;
	pf_jpeg_source sound = {.data = f->sound, .bytes = f->sound_bytes};
	pf_jpeg_head sound_head;
	assert_int_equal(pf_jpeg_gate(&sound, &limits, &sound_head, NULL), PF_OK);
	const pf_jpeg_source *sources[2] = {source, &sound};
	const pf_jpeg_head *heads[2] = {head, &sound_head};
	const bool expected[2] = {decoded, true};
	for (size_t v = 0; v < f->versions; v++) {
		pf_baseline_job jobs[2];
		planes to[2];
		bool swap = (f->paired + v) % 2;
		pf_baseline *decoders[2] = {f->decoders[v], f->second};
		pf_baseline_use(f->second, pf_kernels_at(v));
		for (unsigned i = 0; i < 2; i++) {
			unsigned of = swap ? 1 - i : i;
			if (pf_jpeg_lay_out(heads[of], 1, &f->others[of], NULL) != PF_OK) {
				return;
			}
			to[i] = (planes){heads[of], &f->others[of]};
			jobs[i] = (pf_baseline_job){.baseline = decoders[i],
						    .source = sources[of],
						    .head = heads[of],
						    .fn = target_planes,
						    .context = &to[i]};
		}
		pf_baseline_pair_rows(f->pair, jobs);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(jobs[i].done, expected[swap ? 1 - i : i]);
		}
		compare_images(&f->of_sound, &f->others[1], what);
		if (decoded) {
			compare_images(&f->expected, &f->others[0], what);
		}
	}
	f->paired++;
}

/* What others are decoded beside from now on. */
static void keep_sound(fixture *f, const uint8_t *data, size_t size)
{
	pf_image was = f->of_sound;
	free(f->sound);
	f->sound = malloc(size + 1);
	f->sound_bytes = size;
	memcpy(f->sound, data, size);
	f->of_sound = f->expected;
	f->expected = was;
}

/* Whether it was decoded. The bytes lie in a block of their own, so that a sanitizer sees any read beyond. */
static bool check(fixture *f, const uint8_t *data, size_t size, const char *what)
{
	pf_jpeg_limits limits = pf_fixture_limits();
	limits.max_pixels = 4000000;
	uint8_t *own = malloc(size ? size : 1);
	memcpy(own, data, size);
	pf_jpeg_source source = {.data = own, .bytes = size};
	pf_jpeg_head head;
	bool decoded = false;
	if (pf_jpeg_gate(&source, &limits, &head, NULL) == PF_OK) {
		pf_status status = pf_jpeg_decode(&source, &head, &limits, &f->expected, NULL);
		for (size_t v = 0; v < f->versions; v++) {
			bool done = pf_baseline_decode(f->decoders[v], &source, &head, 1, &f->image);
			assert_true(v == 0 || done == decoded);
			decoded = done;
			if (!done) {
				continue;
			}
			assert_int_equal(status, PF_OK);
			assert_int_equal(f->image.flaws, f->expected.flaws);
			compare_images(&f->expected, &f->image, what);
		}
		if (f->sound) {
			check_pair(f, &source, &head, decoded, what);
		}
		if (decoded && (f->decoded % 5 == 0 || !f->sound)) {
			keep_sound(f, data, size);
		}
	}
	f->decoded += decoded;
	f->declined += !decoded;
	free(own);
	return decoded;
}

static bool check_spec(fixture *f, pf_fixture_spec spec)
{
	char what[100];
	snprintf(what, sizeof what, "%ux%u, sampling %ux%u, quality %d", spec.width_px, spec.height_px,
		 spec.h, spec.v, spec.quality);
	pf_fixture_bytes bytes = pf_fixture_jpeg(&spec);
	bool decoded = check(f, bytes.data, bytes.bytes, what);
	pf_fixture_free(&bytes);
	return decoded;
}

/* Every size that ends anywhere in an MCU, in each sampling that is decoded. */
static void test_sizes(void **state)
{
	(void)state;
	static const uint32_t sides[] = {1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 130};
	enum { SIDES = sizeof sides / sizeof *sides };
	fixture f;
	open_fixture(&f);
	for (unsigned i = 0; i < SIDES * SIDES; i++) {
		pf_fixture_spec spec = {.width_px = sides[i / SIDES],
					.height_px = sides[i % SIDES],
					.h = 1 + i % 2,
					.v = 1 + i / 2 % 2};
		assert_true(check_spec(&f, spec));
		spec.h = spec.v = 2;
		assert_true(check_spec(&f, spec));
		spec = (pf_fixture_spec){.width_px = spec.width_px,
					 .height_px = spec.height_px,
					 .components = 1,
					 .h = 1,
					 .v = 1};
		assert_true(check_spec(&f, spec));
	}
	assert_true(check_spec(&f, (pf_fixture_spec){.width_px = 6001, .height_px = 3}));
	assert_true(check_spec(&f, (pf_fixture_spec){.width_px = 3, .height_px = 6001}));
	close_fixture(&f);
}

static void noisy_pixel(void *context, uint32_t x, uint32_t y, uint8_t ycc[3])
{
	uint64_t random = ((uint64_t)x << 32 | y) ^ *(const uint64_t *)context;
	pf_fixture_random(&random);
	for (unsigned i = 0; i < 3; i++) {
		uint32_t value = pf_fixture_random(&random);
		ycc[i] = (uint8_t)(value & 1 << 20 ? 255 * (value & 1) : value);
	}
}

/* From hardly any coefficient to all of them: noise at quality 100 fills blocks and asks for long codes. */
static void test_qualities(void **state)
{
	(void)state;
	fixture f;
	uint64_t seed = 11;
	open_fixture(&f);
	for (int quality = 1; quality <= 100; quality++) {
		pf_fixture_spec spec = {.width_px = 83, .height_px = 61, .quality = quality};
		assert_true(check_spec(&f, spec));
		spec.pixel = noisy_pixel;
		spec.context = &seed;
		check_spec(&f, spec); /* coarse steps may bring it out of range */
		seed++;
	}
	assert_true(f.decoded > 180);
	close_fixture(&f);
}

static void test_what_is_left_to_libjpeg(void **state)
{
	(void)state;
	fixture f;
	open_fixture(&f);
	static const pf_fixture_spec specs[] = {
		{.width_px = 70, .height_px = 50, .scans = 1},
		{.width_px = 70, .height_px = 50, .restart_rows = 1},
		{.width_px = 70, .height_px = 50, .h = 4, .v = 1},
		{.width_px = 70, .height_px = 50, .h = 2, .v = 2, .chroma_h = 2, .chroma_v = 1},
		{.width_px = 70, .height_px = 50, .components = 1, .h = 2, .v = 2},
		{.width_px = 70, .height_px = 50, .components = 4, .h = 1, .v = 1},
		{.width_px = 70, .height_px = 50, .arithmetic = true},
		{.width_px = 70, .height_px = 50, .rgb = true, .h = 1, .v = 1},
	};
	for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
		assert_false(check_spec(&f, specs[i]));
	}
	close_fixture(&f);
}

/* Tables that libjpeg refuses though no code of the data tells: found by the fuzzer. */
static void test_bogus_tables(void **state)
{
	(void)state;
	pf_huffman_codes codes;
	assert_true(pf_huffman_codes_make(&(pf_huffman_spec){.counts = {0, 1, 1}}, &codes));
	assert_false(pf_huffman_codes_make(&(pf_huffman_spec){.counts = {0, 1, 2}}, &codes)); /* ones alone */
	assert_false(pf_huffman_codes_make(&(pf_huffman_spec){.counts = {0, 2}}, &codes));
	assert_false(pf_huffman_codes_make(&(pf_huffman_spec){.counts = {0}}, &codes));

	pf_fixture_bytes bytes = pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 40, .height_px = 30});
	pf_jpeg_source source = {.data = bytes.data, .bytes = bytes.bytes};
	pf_jpeg_limits limits = pf_fixture_limits();
	pf_jpeg_head head;
	static pf_baseline_scan scan;
	uint8_t *table = bytes.data + pf_fixture_find_marker(&bytes, 0xC4) + 4;
	assert_int_equal(pf_jpeg_gate(&source, &limits, &head, NULL), PF_OK);
	assert_true(pf_baseline_scan_read(&source, &head, &scan));
	assert_int_equal(table[0], 0); /* of DC codes */
	table[17] = 16;
	assert_false(pf_baseline_scan_read(&source, &head, &scan));
	pf_fixture_free(&bytes);
}

static void check_file(fixture *f, const char *path)
{
	static uint8_t bytes[4 << 20];
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	size_t size = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	assert_true(size < sizeof bytes);
	check(f, bytes, size, path);
	for (size_t cut = size; cut > 0; cut -= cut / 7 + 1) {
		check(f, bytes, cut, path);
	}
}

/* The photos that failed once. */
static void test_corpus(void **state)
{
	(void)state;
	fixture f;
	DIR *folder = opendir(PF_SOURCE_DIR "/tests/photos");
	assert_non_null(folder);
	open_fixture(&f);
	for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
		char path[600];
		size_t length = strlen(entry->d_name);
		snprintf(path, sizeof path, PF_SOURCE_DIR "/tests/photos/%s", entry->d_name);
		if (length > 4 && strcmp(entry->d_name + length - 4, ".jpg") == 0) {
			check_file(&f, path);
		}
	}
	closedir(folder);
	assert_true(f.decoded >= 2 && f.declined > 20);
	close_fixture(&f);
}

static void mutate(uint8_t *data, size_t bytes, unsigned i, uint64_t *random)
{
	size_t range = i % 2 ? bytes : 700 < bytes ? 700 : bytes; /* headers are where it does most */
	for (unsigned changes = 0; changes <= i % 5; changes++) {
		size_t at = pf_fixture_random(random) % range;
		uint32_t how = pf_fixture_random(random);
		data[at] = how % 4 ? data[at] ^ (uint8_t)(1u << how % 8) : (uint8_t)(how >> 8);
	}
}

static void test_mutations(void **state)
{
	(void)state;
	const char *asked = getenv("PF_BASELINE_MUTATIONS");
	unsigned count = asked ? (unsigned)strtoul(asked, NULL, 10) : MUTATIONS;
	uint64_t random = 5, seed = 3;
	fixture f;
	open_fixture(&f);
	for (unsigned kind = 0; kind < 4; kind++) {
		pf_fixture_spec spec = {.width_px = 90,
					.height_px = 70,
					.components = kind == 3 ? 1 : 3,
					.h = kind == 0 || kind == 1 ? 2 : 1,
					.v = kind == 0 ? 2 : 1,
					.quality = kind == 1 ? 99 : 60,
					.pixel = kind == 1 ? noisy_pixel : NULL,
					.context = &seed};
		pf_fixture_bytes whole = pf_fixture_jpeg(&spec);
		uint8_t *copy = malloc(whole.bytes);
		for (unsigned i = 0; i < count / 4; i++) {
			memcpy(copy, whole.data, whole.bytes);
			mutate(copy, whole.bytes, i, &random);
			check(&f, copy, i % 11 ? whole.bytes : pf_fixture_random(&random) % whole.bytes,
			      "a damaged file");
		}
		free(copy);
		pf_fixture_free(&whole);
	}
	print_message("%u damaged files decoded as libjpeg does, %u left to it\n", f.decoded, f.declined);
	assert_true(f.decoded > count / 50 && f.declined > count / 10 && f.paired > count / 10);
	close_fixture(&f);
}

/* Blocks of any contents, of which the kernels are promised no more than their range. */
static void draw_blocks(int16_t *coefficients, uint8_t *ends, unsigned blocks, const uint16_t *steps,
			uint64_t *random)
{
	memset(coefficients, 0, blocks * 64 * sizeof *coefficients);
	for (unsigned i = 0; i < blocks; i++) {
		uint32_t range = 1u << pf_fixture_random(random) % (blocks > 5 ? 8 : 14);
		ends[i] = (uint8_t)(1 + pf_fixture_random(random) % (i % 3 ? 64 : 12));
		for (unsigned k = 0; k < ends[i]; k++) {
			int32_t value = (int32_t)(pf_fixture_random(random) % (2 * range)) - (int32_t)range;
			int32_t most = PF_DEQUANTISED_MAX / steps[pf_zigzag[k]];
			bool zero = k > 0 && pf_fixture_random(random) % 3 == 0;
			coefficients[64 * (size_t)i + pf_zigzag[k]] = (int16_t)(zero            ? 0
										: value > most  ? most
										: value < -most ? -most
												: value);
		}
	}
}

static void test_inverse_dct(void **state)
{
	(void)state;
	enum { MOST = 11, STRIDE = 8 * MOST + 24 };
	_Alignas(64) int16_t given[64 * MOST], own[64 * MOST];
	static const int16_t zeros[64 * MOST];
	uint8_t ends[MOST], expected[8 * STRIDE], got[8 * STRIDE];
	uint16_t steps[64];
	uint64_t random = 17;
	unsigned wild = 0;
	for (unsigned i = 0; i < PAIRS; i++) {
		unsigned blocks = 1 + i % MOST;
		for (unsigned k = 0; k < 64; k++) {
			steps[k] = (uint16_t)(1 + pf_fixture_random(&random) % (i % 2 ? 20 : 255));
		}
		draw_blocks(given, ends, blocks, steps, &random);
		memcpy(own, given, sizeof own);
		memset(expected, 7, sizeof expected);
		int beyond = pf_kernels_plain.inverse_dct(own, ends, blocks, steps, expected, STRIDE);
		wild += beyond != 0;
		for (size_t v = 1; pf_kernels_at(v); v++) {
			if (pf_kernels_at(v)->needs & ~pf_kernels_flags()) {
				continue;
			}
			memcpy(own, given, sizeof own);
			memset(got, 7, sizeof got);
			assert_int_equal(
				!pf_kernels_at(v)->inverse_dct(own, ends, blocks, steps, got, STRIDE),
				!beyond);
			assert_memory_equal(own, zeros, 64 * blocks * sizeof *own);
			if (!beyond) {
				assert_memory_equal(got, expected, sizeof got);
			}
		}
	}
	assert_true(wild > PAIRS / 10 && wild < PAIRS * 9 / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),       cmocka_unit_test(test_qualities),
		cmocka_unit_test(test_corpus),      cmocka_unit_test(test_what_is_left_to_libjpeg),
		cmocka_unit_test(test_inverse_dct), cmocka_unit_test(test_bogus_tables),
		cmocka_unit_test(test_mutations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
