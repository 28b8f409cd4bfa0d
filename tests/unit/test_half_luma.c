/* Luma at half size: both versions of the transform have the same bits, which are the means of what the whole
 * one gives but for one level; and a photo's measures by it are near those of the plain path, with its sizes.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/kernels/half_dct.h"
#include "core/kernels/inverse_dct.h"
#include "core/kernels/kernels.h"
#include "core/workloads/made_photo.h"
#include "dct_blocks.h"
#include "photofinish/scorer.h"
#include "temp_folder.h"

enum { ROUNDS = 2000 };

static pf_dct_blocks blocks = {.drawn = 7};

typedef int (*half_dct)(int16_t *coefficients, const uint8_t *ends, uint32_t count, uint32_t second,
			uint32_t pair, const uint16_t steps[64], uint8_t *out, size_t stride_bytes);

static int run(half_dct transform, uint32_t count, uint8_t out[4][PF_DCT_BLOCKS * 4 + 32])
{
	pf_dct_begin(&blocks);
	memset(out, 0xA5, 4 * (PF_DCT_BLOCKS * 4 + 32));
	int wild = transform(blocks.work, blocks.ends, count, 1, 2, blocks.steps, out[0],
			     PF_DCT_BLOCKS * 4 + 32);
	pf_dct_check_wiped(&blocks, count);
	return wild;
}

static void test_versions(void **state)
{
	(void)state;
	static uint8_t plain[4][PF_DCT_BLOCKS * 4 + 32], other[4][PF_DCT_BLOCKS * 4 + 32];
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint32_t count = pf_dct_draw(&blocks, 1, PF_DCT_BLOCKS);
		pf_dct_fill(&blocks, round % 16 == 0);
		int wild = run(pf_kernels_at(0)->half_dct, count, plain);
		for (size_t i = 1; pf_kernels_at(i); i++) {
			if (pf_kernels_at(i)->needs & ~pf_kernels_flags()) {
				continue;
			}
			assert_int_equal(!!run(pf_kernels_at(i)->half_dct, count, other), !!wild);
			if (!wild) {
				assert_memory_equal(other, plain, sizeof plain);
			}
		}
	}
}

/* Where the whole transform did not limit a sample, the half one is the mean of four within a level. */
static void test_means(void **state)
{
	(void)state;
	static uint8_t half[4][PF_DCT_BLOCKS * 4 + 32], whole[8][PF_DCT_BLOCKS * 8];
	double squares = 0, sum = 0, count = 0;
	for (unsigned round = 0; round < ROUNDS / 10; round++) {
		pf_dct_fill(&blocks, false);
		assert_int_equal(run(pf_kernels_at(0)->half_dct, PF_DCT_BLOCKS, half), 0);
		pf_dct_begin(&blocks);
		for (unsigned b = 0; b < PF_DCT_BLOCKS; b++) {
			assert_int_equal(pf_kernels_at(0)->inverse_dct(blocks.work + b * 64, blocks.ends + b,
								       1, blocks.steps, whole[0] + b * 8,
								       PF_DCT_BLOCKS * 8),
					 0);
		}
		for (unsigned y = 0; y < 4; y++) {
			for (unsigned x = 0; x < 4 * PF_DCT_BLOCKS; x++) {
				const uint8_t *a = &whole[2 * y][2 * x], *b = &whole[2 * y + 1][2 * x];
				uint8_t four[4] = {a[0], a[1], b[0], b[1]};
				bool limited = false;
				int total = 2;
				for (unsigned i = 0; i < 4; i++) {
					limited = limited || four[i] == 0 || four[i] == 255;
					total += four[i];
				}
				int apart = half[y][x] - total / 4;
				if (!limited) {
					assert_in_range(apart + 1, 0, 2);
					squares += apart * apart;
					sum += apart;
					count++;
				}
			}
		}
	}
	assert_true(count > 10000 && sqrt(squares / count) < 0.4 && fabs(sum / count) < 0.05);
}

static pf_score score_of(uint32_t strategy, const pf_dataset *dataset)
{
	pf_scorer *scorer;
	pf_scorer_config config;
	pf_score score;
	pf_scorer_config_default(&config);
	config.strategy = strategy;
	assert_int_equal(pf_scorer_create(&config, NULL, &scorer, NULL), PF_OK);
	assert_int_equal(pf_scorer_photo(scorer, dataset, 0, &score, NULL), PF_OK);
	pf_scorer_destroy(scorer);
	return score;
}

/* `pixels` of a photo that is analysed at half its size, or whole. */
static void check_photo(uint64_t pixels, bool differs)
{
	const uint32_t exact = PF_STRATEGY_OWN_DECODER | PF_STRATEGY_FUSED;
	pf_made_photo made;
	char folder[256];
	pf_dataset *dataset;
	pf_temp_make(folder);
	assert_int_equal(pf_made_photo_create(pixels, 5, &made, NULL), PF_OK);
	pf_temp_write(pf_temp_path(folder, "a.jpg"), made.jpeg, made.jpeg_bytes);
	assert_int_equal(pf_dataset_scan(folder, &dataset, NULL), PF_OK);
	pf_score plain = score_of(exact, dataset), half = score_of(exact | PF_STRATEGY_HALF_LUMA, dataset);
	assert_int_equal(memcmp(&plain, &half, sizeof plain) != 0, differs);
	static const pf_measure same[] = {PF_MEASURE_WIDTH, PF_MEASURE_HEIGHT, PF_MEASURE_SCALE,
					  PF_MEASURE_ORIENTATION, PF_MEASURE_COLOURFULNESS};
	for (unsigned i = 0; i < sizeof same / sizeof *same; i++) {
		assert_true(plain.measures[same[i]] == half.measures[same[i]]);
	}
	double laplacian = plain.measures[PF_MEASURE_LAPLACIAN];
	assert_true(laplacian > 1 && fabs(half.measures[PF_MEASURE_LAPLACIAN] / laplacian - 1) < 0.01);
	assert_true(fabs(half.total - plain.total) < 0.01);
	pf_dataset_free(dataset);
	pf_made_photo_free(&made);
	pf_temp_remove(folder);
}

static void test_photos(void **state)
{
	(void)state;
	check_photo(8000000, true);
	check_photo(2000000, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_versions), cmocka_unit_test(test_means),
					   cmocka_unit_test(test_photos)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
