#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/scoring/fusion.h"
#include "core/scoring/pose_measures.h"
#include "core/scoring/quality.h"
#include "jpeg_fixture.h"

#define SIDE 1000.0 /* px of the square test photo */

/* x, y of all keypoints in pixels; a figure of 600 px in the middle, legs straight, arms hanging. */
static const double standing[PF_KEYPOINT_COUNT][2] = {
	{500, 220}, {510, 210}, {490, 210}, {520, 215}, {480, 215}, {550, 300},
	{450, 300}, {555, 400}, {445, 400}, {555, 490}, {445, 490}, {535, 500},
	{465, 500}, {535, 650}, {465, 650}, {535, 800}, {465, 800}};

/* A stride in flight: one knee high, the other leg trailing, arms driving. */
static const double flying[PF_KEYPOINT_COUNT][2] = {
	{540, 220}, {545, 210}, {535, 210}, {520, 215}, {515, 215}, {520, 300},
	{480, 300}, {600, 350}, {400, 350}, {670, 280}, {340, 400}, {505, 500},
	{495, 500}, {650, 490}, {400, 610}, {690, 630}, {260, 600}};

static pf_pose pose_of(const double points[PF_KEYPOINT_COUNT][2])
{
	pf_pose pose = {
		.left = 0.25, .top = 0.15, .right = 0.7, .bottom = 0.85, .confidence = 0.8, .found = true};
	for (unsigned i = 0; i < PF_KEYPOINT_COUNT; i++) {
		pose.points[i] = (pf_pose_point){points[i][0] / SIDE, points[i][1] / SIDE, 0.8, true};
	}
	return pose;
}

static pf_score measured(const pf_pose *pose)
{
	pf_score score = {0};
	pf_pose_measure(pose, (uint32_t)SIDE, (uint32_t)SIDE, 1, &score);
	pf_fusion_factors(&score);
	return score;
}

static void test_form(void **state)
{
	(void)state;
	pf_pose still = pose_of(standing), flight = pose_of(flying);
	pf_score a = measured(&still), b = measured(&flight);
	const double *m = a.measures;
	assert_true(m[PF_MEASURE_KEYPOINTS] == 17.0 && m[PF_MEASURE_POSE] == 0.8);
	assert_true(m[PF_MEASURE_POSE_LEFT] == 0.25 && m[PF_MEASURE_POSE_BOTTOM] == 0.85);
	assert_true(m[PF_MEASURE_AIRBORNE] < 1e-9 && m[PF_MEASURE_DRIVE] < 0.01);
	assert_true(fabs(m[PF_MEASURE_SYMMETRY] - 1.0) < 1e-9 && m[PF_MEASURE_CUT] == 0.0);
	/* The hand is 310 px above the other foot and 90 aside (or 20, its own); the way is 190 + 200 + 300.
	 */
	assert_true(m[PF_MEASURE_EXTENSION] > 0.44 && m[PF_MEASURE_EXTENSION] < 0.48);
	assert_true(b.measures[PF_MEASURE_AIRBORNE] > 0.4);
	assert_true(b.measures[PF_MEASURE_DRIVE] > 0.5);
	assert_true(b.measures[PF_MEASURE_EXTENSION] > 0.7);
	assert_true(b.factors[PF_FACTOR_FORM] > a.factors[PF_FACTOR_FORM] + 0.3);
	/* Less sure, less form; not found, none. */
	flight.confidence = 0.25;
	assert_true(fabs(measured(&flight).factors[PF_FACTOR_FORM] - b.factors[PF_FACTOR_FORM] / 2.0) <
		    1e-12);
	flight.found = false;
	pf_score none = measured(&flight);
	assert_true(none.factors[PF_FACTOR_FORM] == 0.0 && none.measures[PF_MEASURE_KEYPOINTS] == 0.0);
	assert_true(none.measures[PF_MEASURE_EXTENSION] == 0.0 && pf_quality_subject(&none) == 0);
	assert_true(none.measures[PF_MEASURE_POSE] == 0.25);
}

static void test_each_measure(void **state)
{
	(void)state;
	double points[PF_KEYPOINT_COUNT][2];
	memcpy(points, standing, sizeof points);
	points[PF_KEYPOINT_RIGHT_ELBOW][1] = 200; /* the right arm straight up */
	points[PF_KEYPOINT_RIGHT_WRIST][1] = 105;
	points[PF_KEYPOINT_RIGHT_ELBOW][0] = points[PF_KEYPOINT_RIGHT_WRIST][0] = 450;
	pf_pose pose = pose_of(points);
	pf_score up = measured(&pose);
	assert_true(fabs(up.measures[PF_MEASURE_DRIVE] - 1.0) < 1e-9);
	assert_true(up.measures[PF_MEASURE_EXTENSION] > 0.98);
	assert_true(up.measures[PF_MEASURE_SYMMETRY] < 0.55 && up.measures[PF_MEASURE_AIRBORNE] < 1e-9);
	/* A leg that is not seen may be the one that stands. */
	pose = pose_of(flying);
	pose.points[PF_KEYPOINT_LEFT_ANKLE].seen = false;
	assert_true(measured(&pose).measures[PF_MEASURE_AIRBORNE] == 0.0);
	/* All in one point: nothing to measure, nothing divided by zero. */
	for (unsigned i = 0; i < PF_KEYPOINT_COUNT; i++) {
		points[i][0] = points[i][1] = 500;
	}
	pose = pose_of(points);
	pf_score one = measured(&pose);
	for (int i = 0; i < PF_MEASURE_COUNT; i++) {
		assert_true(isfinite(one.measures[i]));
	}
}

static void test_cut(void **state)
{
	(void)state;
	double points[PF_KEYPOINT_COUNT][2];
	memcpy(points, standing, sizeof points);
	for (unsigned i = 0; i < PF_KEYPOINT_COUNT; i++) {
		points[i][1] += 195; /* the feet touch the lower border */
	}
	pf_pose pose = pose_of(points);
	assert_true(fabs(measured(&pose).measures[PF_MEASURE_CUT] - 0.4) < 1e-12);
	for (unsigned i = 0; i < PF_KEYPOINT_COUNT; i++) {
		pose.points[i].y += 0.1; /* ... and are not seen any more, knees 55 px from it */
	}
	pose.points[PF_KEYPOINT_LEFT_ANKLE].seen = pose.points[PF_KEYPOINT_RIGHT_ANKLE].seen = false;
	pf_score cut = measured(&pose);
	assert_true(fabs(cut.measures[PF_MEASURE_CUT] - 0.4) < 1e-12);
	cut.measures[PF_MEASURE_SUBJECT_X] = cut.measures[PF_MEASURE_SUBJECT_Y] = 0.5;
	cut.measures[PF_MEASURE_LAPLACIAN] = 10;
	pf_fusion_factors(&cut);
	assert_true(fabs(cut.factors[PF_FACTOR_COMPOSITION] - 0.6) < 1e-12);
	/* Hidden in the middle of the photo is not cut. */
	pose = pose_of(standing);
	pose.points[PF_KEYPOINT_LEFT_WRIST].seen = pose.points[PF_KEYPOINT_NOSE].seen = false;
	assert_true(measured(&pose).measures[PF_MEASURE_CUT] == 0.0);
	/* The head above the upper border. */
	for (unsigned i = 0; i < PF_KEYPOINT_COUNT; i++) {
		pose.points[i].y -= 0.25;
		pose.points[i].seen = i >= PF_KEYPOINT_LEFT_SHOULDER;
	}
	assert_true(fabs(measured(&pose).measures[PF_MEASURE_CUT] - 0.2) < 1e-12);
}

static void test_tiles(void **state)
{
	(void)state;
	pf_pose pose = {.found = true};
	for (unsigned i = 0; i < PF_KEYPOINT_COUNT; i++) {
		pose.points[i] = (pf_pose_point){0.06, 0.06, 0.5, true};
	}
	pose.points[PF_KEYPOINT_LEFT_ANKLE] = (pf_pose_point){0.06, 0.45, 0.5, true};
	assert_true(pf_pose_tiles(&pose, 1) == (1u | 1u << 8 | 1u << 16 | 1u << 24));
	assert_true(pf_pose_tiles(&pose, 5) == 15u); /* along the stored top row */
	assert_true(pf_pose_tiles(&pose, 2) == (128u | 128u << 8 | 128u << 16 | 128ull << 24));
	pose.points[PF_KEYPOINT_LEFT_ANKLE].seen = false;
	assert_true(pf_pose_tiles(&pose, 1) == 1u);
	pose.points[PF_KEYPOINT_NOSE] = (pf_pose_point){-0.5, 2.0, 0.5, true}; /* outside: no tiles there */
	assert_true((pf_pose_tiles(&pose, 1) & ~0x0101010101010101u) == 0);
}

/* The upright photo's measures do not depend on how it was stored. */
static void test_orientation_only_moves_tiles(void **state)
{
	(void)state;
	pf_pose pose = pose_of(flying);
	pf_score first = measured(&pose);
	for (uint32_t orientation = 2; orientation <= 8; orientation++) {
		pf_score score = {0};
		pf_pose_measure(&pose, 1000, 1000, orientation, &score);
		pf_fusion_factors(&score);
		for (int m = 0; m < PF_MEASURE_COUNT; m++) {
			bool tiles = m == PF_MEASURE_TILES_UPPER || m == PF_MEASURE_TILES_LOWER;
			assert_true(tiles || score.measures[m] == first.measures[m]);
		}
		assert_int_equal(__builtin_popcountll(pf_quality_subject(&score)),
				 __builtin_popcountll(pf_quality_subject(&first)));
	}
}

static void test_measures_stay_in_range(void **state)
{
	(void)state;
	uint64_t random = 6;
	for (unsigned turn = 0; turn < 20000; turn++) {
		pf_pose pose = {.found = true, .confidence = 1.0, .right = 1.0, .bottom = 1.0};
		for (unsigned i = 0; i < PF_KEYPOINT_COUNT; i++) {
			double x = pf_fixture_random(&random) % 301 / 100.0 - 1,
			       y = pf_fixture_random(&random) % 301 / 100.0 - 1;
			pose.points[i] = (pf_pose_point){x, y, 0.5, pf_fixture_random(&random) % 4 != 0};
		}
		pf_score score = {0};
		pf_pose_measure(&pose, 1 + turn % 6000, 4000, 1 + turn % 8, &score);
		for (int m = PF_MEASURE_POSE; m <= PF_MEASURE_CUT; m++) {
			assert_true(m == PF_MEASURE_KEYPOINTS || m == PF_MEASURE_TILES_UPPER ||
				    m == PF_MEASURE_TILES_LOWER ||
				    (score.measures[m] >= 0.0 && score.measures[m] <= 1.0));
		}
		pf_fusion_factors(&score);
		assert_true(score.factors[PF_FACTOR_FORM] >= 0.0 && score.factors[PF_FACTOR_FORM] <= 1.0);
	}
}

/* A blurred athlete before a sharp background: the tiles of the athlete decide. */
static void test_sharpness_of_the_subject(void **state)
{
	(void)state;
	pf_quality_sums sums = {.scale = 1, .width_px = 800, .height_px = 800};
	for (unsigned i = 0; i < 64; i++) {
		bool athlete = i == 27 || i == 35;
		sums.tiles[i / 8][i % 8] = (pf_tile_sums){.samples = 10000,
							  .laplacian_squared = athlete ? 250000 : 4000000,
							  .sxx = 8000000,
							  .syy = athlete ? 0 : 8000000,
							  .brightness = 1000000};
	}
	sums.histogram[100] = 640000;
	pf_score all = {0}, subject = {0}, empty = {0};
	pf_quality_set_subject(&subject, 1ull << 27 | 1ull << 35);
	assert_true(pf_quality_subject(&subject) == (1ull << 27 | 1ull << 35));
	pf_quality_set_subject(&empty, 0);
	pf_quality_measure(&sums, 1, &all);
	pf_quality_measure(&sums, 1, &subject);
	pf_quality_measure(&sums, 1, &empty);
	assert_true(fabs(all.measures[PF_MEASURE_LAPLACIAN] - 20.0) < 1e-9);
	assert_true(fabs(subject.measures[PF_MEASURE_LAPLACIAN] - 5.0) < 1e-9);
	assert_true(subject.measures[PF_MEASURE_COHERENCE] > 0.99 &&
		    all.measures[PF_MEASURE_COHERENCE] < 0.01);
	assert_memory_equal(empty.measures, all.measures, sizeof all.measures);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_each_measure),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_tiles),
		cmocka_unit_test(test_orientation_only_moves_tiles),
		cmocka_unit_test(test_measures_stay_in_range),
		cmocka_unit_test(test_sharpness_of_the_subject),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
