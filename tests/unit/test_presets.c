/* Presets: what the table says of sizes; the transform to a quarter in all its versions; and that a preset's
 * scores are the same by every way of executing it, whatever becomes of the file. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/kernels/inverse_dct.h"
#include "core/kernels/kernels.h"
#include "dct_blocks.h"
#include "jpeg_fixture.h"
#include "photofinish/preset.h"
#include "photofinish/scorer.h"

enum { ROUNDS = 2000, STRIDE = PF_DCT_BLOCKS * 2 + 30 };

static pf_dct_blocks blocks = {.drawn = 7};

static int run(const pf_kernels *kernels, uint32_t count, uint8_t out[2][STRIDE])
{
	pf_dct_begin(&blocks);
	memset(out, 0xA5, 2 * (size_t)STRIDE);
	int wild = kernels->quarter_dct(blocks.work, blocks.ends, count, blocks.steps, out[0], STRIDE);
	pf_dct_check_wiped(&blocks, count);
	return wild;
}

static void test_versions(void **state)
{
	(void)state;
	static uint8_t plain[2][STRIDE], other[2][STRIDE];
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint32_t count = pf_dct_draw(&blocks, 1, PF_DCT_BLOCKS);
		pf_dct_fill(&blocks, round % 16 == 0);
		int wild = run(pf_kernels_at(0), count, plain);
		for (size_t i = 1; pf_kernels_at(i); i++) {
			if (pf_kernels_at(i)->needs & ~pf_kernels_flags()) {
				continue;
			}
			assert_int_equal(!!run(pf_kernels_at(i), count, other), !!wild);
			if (!wild) {
				assert_memory_equal(other, plain, sizeof plain);
			}
		}
	}
}

/* Where the whole transform did not limit a sample, the small one is the mean of sixteen within a level. */
static void test_means(void **state)
{
	(void)state;
	static uint8_t quarter[2][STRIDE], whole[8][PF_DCT_BLOCKS * 8];
	double squares = 0, sum = 0, count = 0;
	for (unsigned round = 0; round < ROUNDS / 10; round++) {
		pf_dct_fill(&blocks, false);
		assert_int_equal(run(pf_kernels_at(0), PF_DCT_BLOCKS, quarter), 0);
		pf_dct_begin(&blocks);
		for (unsigned b = 0; b < PF_DCT_BLOCKS; b++) {
			assert_int_equal(pf_kernels_at(0)->inverse_dct(blocks.work + b * 64, blocks.ends + b,
								       1, blocks.steps, whole[0] + b * 8,
								       PF_DCT_BLOCKS * 8),
					 0);
		}
		for (unsigned y = 0; y < 2; y++) {
			for (unsigned x = 0; x < 2 * PF_DCT_BLOCKS; x++) {
				bool limited = false;
				int total = 8;
				for (unsigned i = 0; i < 16; i++) {
					uint8_t sample = whole[4 * y + i / 4][4 * x + i % 4];
					limited = limited || sample == 0 || sample == 255;
					total += sample;
				}
				int apart = quarter[y][x] - total / 16;
				if (!limited) {
					assert_in_range(apart + 1, 0, 2);
					squares += apart * apart;
					sum += apart;
					count++;
				}
			}
		}
	}
	assert_true(count > 5000 && sqrt(squares / count) < 0.4 && fabs(sum / count) < 0.05);
}

static void test_table(void **state)
{
	(void)state;
	static const uint32_t sides[] = {1, 640, 800, 801, 2000, 2001, 3072, 3073, 6144, 6145, 20000};
	uint32_t preset;
	pf_error error;
	for (unsigned i = 0; i < sizeof sides / sizeof *sides; i++) {
		uint32_t before = 1;
		for (uint32_t p = 0; p < PF_PRESETS; p++) {
			uint32_t by = pf_preset_reduction(p, sides[i], sides[i]);
			assert_true(by == 1 || by == 2 || by == 4);
			assert_true(by >= before); /* a faster preset never looks closer */
			before = by;
		}
	}
	assert_int_equal(pf_preset_reduction(PF_PRESET_ULTRA, 20000, 10000), 1);
	assert_int_equal(pf_preset_reduction(PF_PRESET_DRAFT, 800, 800), 1);
	assert_int_equal(pf_preset_reduction(PF_PRESET_BALANCED, 3072, 2048), 1);
	assert_int_equal(pf_preset_reduction(PF_PRESET_BALANCED, 2048, 3073), 2);
	assert_int_equal(pf_preset_reduction(PF_PRESET_DRAFT, 4000, 800), 4);
	assert_int_equal(pf_preset_reduction(PF_PRESET_DRAFT, 4000, 799), 2);
	assert_int_equal(pf_preset_reduction(PF_PRESET_DRAFT, 4000, 1), 1);
	assert_int_equal(pf_preset_find("balanced", &preset, &error), PF_OK);
	assert_int_equal(preset, PF_PRESET_BALANCED);
	assert_int_equal(pf_preset_find("quick", &preset, &error), PF_ERR_USAGE);
	assert_null(pf_preset_plan_of(PF_PRESETS));
	char names[128] = "";
	for (uint32_t p = 0; p < PF_PRESETS; p++) {
		size_t used = strlen(names);
		snprintf(names + used, sizeof names - used, "%s%s", p ? "|" : "", pf_preset_plan_of(p)->name);
	}
	assert_string_equal(names, PF_PRESET_NAMES);
}

/* What our decoder takes and what it declines, odd sizes and all classes of size (which the longer side
 * decides). */
static const pf_fixture_spec files[] = {
	{.width_px = 3101, .height_px = 2061},
	{.width_px = 3100, .height_px = 260, .scans = 1},
	{.width_px = 2403, .height_px = 301, .h = 2, .v = 1},
	{.width_px = 2401, .height_px = 199, .h = 1, .v = 1},
	{.width_px = 222, .height_px = 3090, .components = 1, .h = 1, .v = 1},
	{.width_px = 1605, .height_px = 303, .restart_rows = 1},
	{.width_px = 1604, .height_px = 402},
	{.width_px = 700, .height_px = 500},
	{.width_px = 4001, .height_px = 1},
};
enum { FILES = sizeof files / sizeof *files };

static pf_scorer *open_scorer(uint32_t preset, uint32_t strategy)
{
	pf_scorer *scorer;
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	config.strategy = strategy;
	config.preset = preset;
	assert_null(pf_preset_problem(&config));
	assert_int_equal(pf_scorer_create(&config, NULL, &scorer, NULL), PF_OK);
	return scorer;
}

static void check_measures(uint32_t preset, const pf_fixture_spec *file, const pf_score *score)
{
	const double *m = score->measures;
	uint32_t by = pf_preset_reduction(preset, file->width_px, file->height_px);
	assert_true(m[PF_MEASURE_WIDTH] == file->width_px && m[PF_MEASURE_HEIGHT] == file->height_px);
	assert_true(m[PF_MEASURE_SCALE] >= by && fmod(m[PF_MEASURE_SCALE], by) == 0);
	assert_true(score->total > 0 && score->total <= 1);
}

/* The plain way, our decoder, its rows used at once, and two photos side by side. */
static void check_preset(uint32_t preset, const pf_dataset *dataset)
{
	static const uint32_t ways[] = {0, PF_STRATEGY_OWN_DECODER | PF_STRATEGY_EXACT_FACES,
					PF_STRATEGY_OWN_DECODER | PF_STRATEGY_FUSED,
					PF_STRATEGY_OWN_DECODER | PF_STRATEGY_FUSED |
						PF_STRATEGY_EXACT_FACES | PF_STRATEGY_PAIRS};
	static pf_score expected[FILES], got[2];
	for (unsigned way = 0; way < sizeof ways / sizeof *ways; way++) {
		pf_scorer *scorer = open_scorer(preset, ways[way]);
		for (uint32_t i = 0; i < FILES; i++) {
			pf_score *score = way ? &got[0] : &expected[i];
			memset(score, 0, sizeof *score);
			assert_int_equal(pf_scorer_photo(scorer, dataset, i, score, NULL), PF_OK);
			assert_memory_equal(score, &expected[i], sizeof *score);
			check_measures(preset, &files[i], score);
		}
		for (uint32_t i = 0; i < FILES && pf_scorer_takes_two(scorer); i++) {
			const uint32_t photos[2] = {i, (i + 1) % FILES};
			pf_status status[2];
			pf_error error[2];
			memset(got, 0, sizeof got);
			pf_scorer_two(scorer, dataset, photos, got, status, error);
			for (unsigned k = 0; k < 2; k++) {
				assert_int_equal(status[k], PF_OK);
				assert_memory_equal(&got[k], &expected[photos[k]], sizeof got[k]);
			}
		}
		pf_scorer_destroy(scorer);
	}
}

static void test_ways(void **state)
{
	(void)state;
	pf_fixture_folder folder;
	pf_fixture_folder_open(&folder);
	for (unsigned i = 0; i < FILES; i++) {
		char name[32];
		snprintf(name, sizeof name, "%02u.jpg", i);
		pf_fixture_bytes bytes = pf_fixture_jpeg(&files[i]);
		pf_fixture_folder_add(&folder, name, &bytes);
		pf_fixture_free(&bytes);
	}
	for (uint32_t preset = PF_PRESET_HIGH; preset < PF_PRESETS; preset++) {
		check_preset(preset, folder.dataset);
	}
	pf_fixture_folder_close(&folder);
}

/* Planes of the decoder and of libjpeg's made smaller: the same sizes, and the same samples within two levels
 * (which are limited before or after the mean, and rounded once or twice). */
static void test_what_is_declined(void **state)
{
	(void)state;
	static const pf_fixture_spec same[] = {{.width_px = 3101, .height_px = 461},
					       {.width_px = 3101, .height_px = 461, .restart_rows = 1}};
	pf_image images[2] = {0};
	for (uint32_t preset = PF_PRESET_BALANCED; preset < PF_PRESETS; preset++) {
		pf_scorer *scorer = open_scorer(preset, 0);
		for (unsigned i = 0; i < 2; i++) {
			pf_fixture_bytes bytes = pf_fixture_jpeg(&same[i]);
			assert_int_equal(
				pf_scorer_load_bytes(scorer, bytes.data, bytes.bytes, NULL, &images[i], NULL),
				PF_OK);
			pf_fixture_free(&bytes);
		}
		const pf_plane *a[3] = {&images[0].y, &images[0].cb, &images[0].cr},
			       *b[3] = {&images[1].y, &images[1].cb, &images[1].cr};
		size_t apart = 0;
		for (unsigned p = 0; p < 3; p++) {
			assert_int_equal(a[p]->width_px, b[p]->width_px);
			assert_int_equal(a[p]->height_px, b[p]->height_px);
			/* What lies beyond the photo is in the decoder's means of the last row and column. */
			for (uint32_t y = 0; y + 1 < a[p]->height_px; y++) {
				for (uint32_t x = 0; x + 1 < a[p]->width_px; x++) {
					int d = a[p]->data[(size_t)y * a[p]->stride_bytes + x] -
						b[p]->data[(size_t)y * b[p]->stride_bytes + x];
					apart += abs(d) > 2;
				}
			}
		}
		assert_true(apart < (size_t)a[0]->width_px * a[0]->height_px / 1000);
		pf_scorer_destroy(scorer);
	}
	pf_image_release(&images[0]);
	pf_image_release(&images[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_versions), cmocka_unit_test(test_means),
					   cmocka_unit_test(test_table), cmocka_unit_test(test_ways),
					   cmocka_unit_test(test_what_is_declined)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
