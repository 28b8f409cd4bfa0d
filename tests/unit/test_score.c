#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/scoring/fusion.h"
#include "jpeg_fixture.h"
#include "photofinish/scorer.h"

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < PF_FACTOR_COUNT; i++) {
		assert_true(pf_factor_name((pf_factor)i)[0] && pf_factor_text((pf_factor)i)[0]);
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(pf_factor_name((pf_factor)i), pf_factor_name((pf_factor)j));
		}
	}
	for (int i = 0; i < PF_MEASURE_COUNT; i++) {
		assert_true(pf_measure_name((pf_measure)i)[0] && pf_measure_text((pf_measure)i)[0]);
		assert_true(pf_measure_unit((pf_measure)i)[0]);
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(pf_measure_name((pf_measure)i),
						pf_measure_name((pf_measure)j));
		}
	}
	assert_string_equal(pf_factor_name((pf_factor)99), "unknown");
	assert_string_equal(pf_measure_name((pf_measure)-1), "unknown");
	assert_string_equal(pf_factor_name(PF_FACTOR_SHARPNESS), "sharpness");
	assert_string_equal(pf_measure_unit(PF_MEASURE_WIDTH), "px");
}

/* Measures of a decent photo. */
static pf_score decent(void)
{
	pf_score score = {0};
	double *m = score.measures;
	m[PF_MEASURE_LAPLACIAN] = 16.0;
	m[PF_MEASURE_EDGE_WIDTH] = 1.0;
	m[PF_MEASURE_COHERENCE] = 0.25;
	m[PF_MEASURE_BRIGHTNESS] = 118.0;
	m[PF_MEASURE_CONTRAST] = 204.0;
	m[PF_MEASURE_NOISE] = 4.0;
	m[PF_MEASURE_COLOURFULNESS] = 54.5;
	m[PF_MEASURE_SUBJECT_X] = 0.5;
	m[PF_MEASURE_SUBJECT_Y] = 0.5;
	m[PF_MEASURE_FACES] = 1.0;
	m[PF_MEASURE_FACE_SIZE] = 0.2;
	m[PF_MEASURE_FACE_MARGIN] = 1.0;
	return score;
}

static void test_factors(void **state)
{
	(void)state;
	pf_score score = decent();
	pf_fusion_factors(&score);
	const double *f = score.factors;
	assert_true(fabs(f[PF_FACTOR_SHARPNESS] - 0.5) < 1e-12); /* half of the detail, half of the acuity */
	assert_true(f[PF_FACTOR_STEADINESS] == 0.75);
	assert_true(f[PF_FACTOR_EXPOSURE] == 1.0);
	assert_true(fabs(f[PF_FACTOR_CONTRAST] - 0.8) < 1e-12);
	assert_true(f[PF_FACTOR_NOISE] == 0.5);
	assert_true(f[PF_FACTOR_COLOUR] == 0.5);
	assert_true(f[PF_FACTOR_FACES] == 1.0);
	assert_true(f[PF_FACTOR_COMPOSITION] == 1.0);
}

/* Each factor follows its own measures, in the direction that docs/scoring.md says, and no others. */
static void test_directions(void **state)
{
	(void)state;
	static const struct {
		pf_measure measure;
		double value;
		pf_factor factor;
		int sign;
	} cases[] = {{PF_MEASURE_LAPLACIAN, 30.0, PF_FACTOR_SHARPNESS, 1},
		     {PF_MEASURE_EDGE_WIDTH, 2.0, PF_FACTOR_SHARPNESS, -1},
		     {PF_MEASURE_COHERENCE, 0.5, PF_FACTOR_STEADINESS, -1},
		     {PF_MEASURE_BRIGHTNESS, 60.0, PF_FACTOR_EXPOSURE, -1},
		     {PF_MEASURE_BRIGHTNESS, 200.0, PF_FACTOR_EXPOSURE, -1},
		     {PF_MEASURE_CLIPPED_HIGH, 0.1, PF_FACTOR_EXPOSURE, -1},
		     {PF_MEASURE_CLIPPED_LOW, 0.1, PF_FACTOR_EXPOSURE, -1},
		     {PF_MEASURE_CONTRAST, 220.0, PF_FACTOR_CONTRAST, 1},
		     {PF_MEASURE_NOISE, 8.0, PF_FACTOR_NOISE, -1},
		     {PF_MEASURE_COLOURFULNESS, 80.0, PF_FACTOR_COLOUR, 1},
		     {PF_MEASURE_FACES, 0.0, PF_FACTOR_FACES, -1},
		     {PF_MEASURE_FACE_SIZE, 0.05, PF_FACTOR_FACES, -1},
		     {PF_MEASURE_FACE_MARGIN, 0.1, PF_FACTOR_FACES, -1},
		     {PF_MEASURE_SUBJECT_X, 0.2, PF_FACTOR_COMPOSITION, -1},
		     {PF_MEASURE_SUBJECT_Y, 0.9, PF_FACTOR_COMPOSITION, -1},
		     {PF_MEASURE_SUBJECT_BORDER, 0.5, PF_FACTOR_COMPOSITION, -1}};
	pf_score before = decent();
	pf_fusion_factors(&before);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		pf_score after = decent();
		after.measures[cases[i].measure] = cases[i].value;
		pf_fusion_factors(&after);
		for (int f = 0; f < PF_FACTOR_COUNT; f++) {
			double change = after.factors[f] - before.factors[f];
			assert_true(f == (int)cases[i].factor ? change * cases[i].sign > 0.01
							      : change == 0.0);
		}
	}
}

static void test_factors_stay_in_range(void **state)
{
	(void)state;
	uint64_t random = 1;
	for (unsigned i = 0; i < 20000; i++) {
		pf_score score = {0};
		for (int m = 0; m < PF_MEASURE_COUNT; m++) {
			uint32_t value = pf_fixture_random(&random);
			score.measures[m] = value % 5 == 0 ? 0.0 : value % 5 == 1 ? 1e6 : value % 3000 / 10.0;
		}
		pf_fusion_factors(&score);
		double weights[PF_FACTOR_COUNT] = {1.0};
		pf_fusion_total(weights, &score);
		for (int f = 0; f < PF_FACTOR_COUNT; f++) {
			assert_true(score.factors[f] >= 0.0 && score.factors[f] <= 1.0);
		}
		assert_true(score.total == score.factors[0]);
	}
}

static void test_weights_are_scaled(void **state)
{
	(void)state;
	pf_score a = {0}, b = {0};
	double weights[PF_FACTOR_COUNT], tenfold[PF_FACTOR_COUNT];
	for (int i = 0; i < PF_FACTOR_COUNT; i++) {
		a.factors[i] = b.factors[i] = 1.0 / (i + 1);
		weights[i] = i;
		tenfold[i] = 8.0 * i;
	}
	pf_fusion_total(weights, &a);
	pf_fusion_total(tenfold, &b);
	assert_true(a.total == b.total);
	assert_true(a.total > 0.0 && a.total < 0.5);
	for (int i = 0; i < PF_FACTOR_COUNT; i++) {
		a.factors[i] = 1.0;
	}
	pf_fusion_total(weights, &a);
	assert_true(fabs(a.total - 1.0) < 1e-12);
}

static void test_ranks(void **state)
{
	(void)state;
	static const pf_scorer_config config = {.weights[PF_FACTOR_FACES] = 1.0};
	static const pf_score scores[] = {{.factors[PF_FACTOR_FACES] = 0.5},
					  {.factors[PF_FACTOR_FACES] = 0.9},
					  {.factors[PF_FACTOR_FACES] = 0.5},
					  {.factors[PF_FACTOR_FACES] = 0.1}};
	const pf_score *burst[] = {&scores[0], NULL, &scores[1], &scores[2], NULL, &scores[3]};
	uint32_t ranks[6];
	assert_int_equal(pf_burst_rank(&config, burst, 6, ranks), PF_OK);
	static const uint32_t expected[] = {2, 0, 1, 3, 0, 4};
	assert_memory_equal(ranks, expected, sizeof expected);
	const pf_score *none[] = {NULL};
	assert_int_equal(pf_burst_rank(&config, none, 1, ranks), PF_OK);
	assert_int_equal(ranks[0], 0);
	assert_int_equal(pf_burst_rank(&config, NULL, 0, NULL), PF_OK);
}

static pf_score photo(double laplacian, double brightness, double luminance)
{
	pf_score score = {0};
	score.measures[PF_MEASURE_LAPLACIAN] = laplacian;
	score.measures[PF_MEASURE_BRIGHTNESS] = brightness;
	score.measures[PF_MEASURE_LUMINANCE] = luminance;
	return score;
}

/* Sharpness is the share of the burst's most detail, exposure the distance from its median. */
static void test_standings(void **state)
{
	(void)state;
	pf_score scores[] = {photo(12, 100, 0.0), photo(24, 200, 1.0), photo(4, 100, -3.0),
			     photo(12, 100, 0.5)};
	const pf_score *burst[] = {&scores[0], &scores[1], NULL, &scores[2], &scores[3]};
	pf_standing s[5];
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	pf_burst_stand(&config, burst, 5, s);
	assert_true(s[0].factors[PF_FACTOR_SHARPNESS] == 1.0 && s[1].factors[PF_FACTOR_SHARPNESS] == 1.0);
	assert_true(fabs(s[3].factors[PF_FACTOR_SHARPNESS] - 0.5) < 1e-12); /* r = 1/3: 2r / (1 + r) */
	assert_true(s[0].factors[PF_FACTOR_EXPOSURE] == 0.875);             /* the median is 0.25 */
	assert_true(s[1].factors[PF_FACTOR_EXPOSURE] == 0.625);
	assert_true(s[3].factors[PF_FACTOR_EXPOSURE] == 0.0);
	assert_true(s[4].factors[PF_FACTOR_EXPOSURE] == 0.875);
	assert_true(s[0].timing == 0.0 && s[1].timing == 0.5 && s[3].timing == 0.5 && s[4].timing == 0.0);
	assert_true(s[2].total == 0.0 && s[0].total > s[4].total - 1e-12 && s[1].total > s[3].total);
	pf_burst_stand(&config, burst, 1, s);
	assert_true(s[0].timing == 1.0 && s[0].factors[PF_FACTOR_EXPOSURE] == 1.0);
	pf_burst_stand(&config, burst + 2, 1, s);
	assert_true(s[0].total == 0.0);
}

/* A weight that is the only one decides alone; what the photos share cancels. */
static void test_standings_follow_the_weights(void **state)
{
	(void)state;
	pf_score scores[] = {photo(12, 100, 0.0), photo(6, 100, 0.0), photo(3, 100, 0.0)};
	const pf_score *burst[] = {&scores[0], &scores[1], &scores[2]};
	scores[2].factors[PF_FACTOR_FACES] = 1.0;
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	pf_standing s[3];
	uint32_t ranks[3];
	assert_int_equal(pf_burst_rank(&config, burst, 3, ranks), PF_OK);
	assert_int_equal(ranks[0], 1);
	memset(config.weights, 0, sizeof config.weights);
	config.weights[PF_FACTOR_FACES] = 1.0;
	config.timing_weight = 0.0;
	assert_int_equal(pf_burst_rank(&config, burst, 3, ranks), PF_OK);
	assert_int_equal(ranks[2], 1);
	config.weights[PF_FACTOR_FACES] = 0.0;
	config.timing_weight = 1.0;
	pf_burst_stand(&config, burst, 3, s);
	assert_true(s[0].total == 0.0 && s[1].total == 1.0 && s[2].total == 0.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_factors),
		cmocka_unit_test(test_directions),
		cmocka_unit_test(test_factors_stay_in_range),
		cmocka_unit_test(test_weights_are_scaled),
		cmocka_unit_test(test_ranks),
		cmocka_unit_test(test_standings),
		cmocka_unit_test(test_standings_follow_the_weights),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
