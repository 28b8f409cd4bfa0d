#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/scoring/pose_decode.h"
#include "jpeg_fixture.h"

/* A view of the whole photo, 200 x 100 pixels, without letterboxing. */
static const pf_pose_view plain_view = {200, 100, 0.0, 0.0, 1.0 / 200, 1.0 / 100};

static pf_pose_card card_of(pf_pose_kind kind)
{
	pf_pose_card card;
	pf_pose_card_default(&card);
	card.kind = kind;
	card.stride = 4.0;
	card.split_ratio = 2.0;
	return card;
}

static void assert_near(double a, double b)
{
	if (!(fabs(a - b) < 1e-6)) {
		fail_msg("%.9f is not %.9f", a, b);
	}
}

static void test_heatmap(void **state)
{
	(void)state;
	enum { ROWS = 25, COLUMNS = 50 };
	static float maps[18][ROWS][COLUMNS];
	pf_pose_card card = card_of(PF_POSE_HEATMAP);
	pf_pose pose;
	memset(maps, 0, sizeof maps);
	for (unsigned k = 0; k < 17; k++) {
		maps[k][5 + k][10 + 2 * k] = 0.8f;
	}
	maps[0][5][11] = 0.3f; /* a quarter to the right */
	maps[0][4][10] = 0.2f; /* and up */
	maps[1][6][12] = 0.1f; /* not seen */
	maps[2][0][0] = 0.9f;  /* in the corner: not moved */
	maps[2][0][1] = 0.5f;
	maps[3][8][20] = 0.8f;   /* equal: the first in order of rows, then columns */
	maps[17][0][0] = 100.0f; /* the body's channel is no keypoint */
	pf_pose_decode_heatmap(&maps[0][0][0], ROWS, COLUMNS, &card, &plain_view, &pose);
	assert_near(pose.points[0].x, 10.75 * 4 / 200);
	assert_near(pose.points[0].y, 5.25 * 4 / 100);
	assert_near(pose.points[0].confidence, 0.8f);
	assert_true(pose.points[0].seen && !pose.points[1].seen);
	assert_near(pose.points[2].x, 0.5 * 4 / 200);
	assert_near(pose.points[2].y, 0.5 * 4 / 100);
	assert_near(pose.points[3].x, 16.5 * 4 / 200);
	assert_near(pose.points[16].x, 42.5 * 4 / 200);
	assert_true(pose.found && pose.confidence > 0.7 && pose.confidence < 0.8);
	/* Around what is seen, a tenth of the longer side more. */
	double margin = 0.1 * (42.5 - 0.5) * 4;
	assert_near(pose.right, (42.5 * 4 + margin) / 200);
	assert_near(pose.bottom, (21.5 * 4 + margin) / 100 > 1 ? 1 : (21.5 * 4 + margin) / 100);
	assert_near(pose.left, 0.0);
}

/* A heatmap made as those of the training comes back within a quarter of a cell. */
static void test_heatmap_of_a_gaussian(void **state)
{
	(void)state;
	enum { ROWS = 25, COLUMNS = 50 };
	static float maps[17][ROWS][COLUMNS];
	pf_pose_card card = card_of(PF_POSE_HEATMAP);
	pf_pose pose;
	uint64_t random = 3;
	for (unsigned turn = 0; turn < 20; turn++) {
		double at[17][2];
		for (unsigned k = 0; k < 17; k++) {
			at[k][0] = 8 + pf_fixture_random(&random) % 1840 / 10.0;
			at[k][1] = 8 + pf_fixture_random(&random) % 840 / 10.0;
			for (unsigned i = 0; i < ROWS * COLUMNS; i++) {
				unsigned row = i / COLUMNS;
				double dx = (i % COLUMNS + 0.5) - at[k][0] / 4,
				       dy = (row + 0.5) - at[k][1] / 4;
				(&maps[k][0][0])[i] = (float)exp(-(dx * dx + dy * dy) / 4.5);
			}
		}
		pf_pose_decode_heatmap(&maps[0][0][0], ROWS, COLUMNS, &card, &plain_view, &pose);
		for (unsigned k = 0; k < 17; k++) {
			assert_true(fabs(pose.points[k].x * 200 - at[k][0]) <= 1.01);
			assert_true(fabs(pose.points[k].y * 100 - at[k][1]) <= 1.01);
		}
	}
}

static void test_simcc(void **state)
{
	(void)state;
	static float xs[17][400], ys[17][200];
	pf_pose_card card = card_of(PF_POSE_SIMCC);
	pf_pose_view view = {200, 100, 0.25, 0.5, 0.5 / 200, 0.25 / 100}; /* a crop */
	pf_pose pose;
	memset(xs, 0, sizeof xs);
	memset(ys, 0, sizeof ys);
	for (unsigned k = 0; k < 17; k++) {
		xs[k][20 * k] = 0.9f;
		ys[k][10 * k] = 0.6f + 0.01f * (float)k;
	}
	pf_pose_decode_simcc(&xs[0][0], 400, &ys[0][0], 200, &card, &view, &pose);
	assert_near(pose.points[3].x, 0.25 + (60 / 2.0 + 0.5) / 200 * 0.5);
	assert_near(pose.points[3].y, 0.5 + (30 / 2.0 + 0.5) / 100 * 0.25);
	assert_near(pose.points[3].confidence, 0.6f + 0.03f);
	assert_true(pose.found && pose.left >= 0.0 && pose.right > 0.64);
	ys[3][30] = 0.1f;
	pf_pose_decode_simcc(&xs[0][0], 400, &ys[0][0], 200, &card, &view, &pose);
	assert_false(pose.points[3].seen);
}

static void test_movenet(void **state)
{
	(void)state;
	float values[17][3];
	pf_pose_card card = card_of(PF_POSE_MOVENET);
	pf_pose_view view;
	pf_pose pose;
	pf_pose_view_whole(400, 200, 192, 192, &view); /* 48 rows of grey above and below */
	for (unsigned k = 0; k < 17; k++) {
		values[k][0] = 0.25f + (float)k / 32;
		values[k][1] = (float)k / 16;
		values[k][2] = 0.7f;
	}
	pf_pose_decode_movenet(&values[0][0], &card, &view, &pose);
	assert_near(pose.points[0].y, 0.0);
	assert_near(pose.points[8].y, 0.5);
	assert_near(pose.points[16].y, 1.0);
	assert_near(pose.points[4].x, 0.25);
	assert_true(pose.found && fabs(pose.confidence - 0.7) < 1e-6);
	assert_true(pose.left == 0.0 && pose.bottom == 1.0);
}

#define BOXES 6
static void set_box(float *values, unsigned i, bool by_row, const float box[5])
{
	for (unsigned row = 0; row < 56; row++) {
		float value = row < 5              ? box[row]
			      : (row - 5) % 3 == 0 ? box[0]
			      : (row - 5) % 3 == 1 ? box[1]
						   : 0.9f;
		unsigned spread = row >= 5 ? (row - 5) / 3 : 0; /* the keypoints are not one point */
		value += row >= 5 && (row - 5) % 3 < 2 ? (float)spread : 0.0f;
		values[by_row ? i * 56 + row : row * BOXES + i] = value;
	}
}

static void test_yolo(void **state)
{
	(void)state;
	pf_pose_card card = card_of(PF_POSE_YOLO);
	pf_pose pose;
	for (int by_row = 0; by_row < 2; by_row++) {
		float values[56 * BOXES];
		/* centre x, y, width, height, score */
		set_box(values, 0, by_row,
			(const float[]){20, 20, 10, 20, 0.95f}); /* sure, but small and aside */
		set_box(values, 1, by_row,
			(const float[]){100, 50, 40, 80, 0.7f}); /* the athlete, less exactly */
		set_box(values, 2, by_row, (const float[]){101, 50, 38, 78, 0.8f});  /* the athlete */
		set_box(values, 3, by_row, (const float[]){100, 50, 199, 99, 0.2f}); /* not sure */
		set_box(values, 4, by_row, (const float[]){180, 50, 36, 80, 0.8f});  /* as large, aside */
		set_box(values, 5, by_row, (const float[]){100, 50, 38, 1e30f, NAN});
		pf_pose_decode_yolo(values, BOXES, by_row, &card, &plain_view, &pose);
		assert_true(pose.found);
		assert_near(pose.confidence, 0.8f);
		assert_near(pose.left, (101 - 19) / 200.0);
		assert_near(pose.bottom, (50 + 39) / 100.0);
		assert_near(pose.points[4].x, 105 / 200.0);
		assert_near(pose.points[4].y, 54 / 100.0);
		for (unsigned i = 0; i < BOXES; i++) {
			set_box(values, i, by_row, (const float[]){100, 50, 40, 80, 0.1f});
		}
		pf_pose_decode_yolo(values, BOXES, by_row, &card, &plain_view, &pose);
		assert_false(pose.found);
		assert_true(pose.right == 0.0 && pose.confidence == 0.0);
		pf_pose_decode_yolo(values, 0, by_row, &card, &plain_view, &pose);
		assert_false(pose.found);
	}
}

/* More boxes than take part: the most confident stay, whatever their order. */
static void test_yolo_of_many(void **state)
{
	(void)state;
	enum { MANY = 8400 };
	float *values = calloc(56 * (size_t)MANY, sizeof *values);
	pf_pose_card card = card_of(PF_POSE_YOLO);
	pf_pose pose;
	uint64_t random = 4;
	for (size_t i = 0; i < MANY; i++) {
		values[i] = (float)(pf_fixture_random(&random) % 200);
		values[MANY + i] = (float)(pf_fixture_random(&random) % 100);
		values[2 * MANY + i] = values[3 * MANY + i] = 12.0f;
		values[4 * MANY + i] = 0.3f + 0.1f * (float)(pf_fixture_random(&random) % 1000) / 1000.0f;
		for (unsigned k = 7; k < 56; k += 3) {
			values[k * MANY + i] = 0.5f;
		}
	}
	size_t best = 5000;
	values[best] = 100.0f;
	values[MANY + best] = 50.0f;
	values[2 * MANY + best] = values[3 * MANY + best] = 60.0f;
	values[4 * MANY + best] = 0.9f;
	pf_pose_decode_yolo(values, MANY, false, &card, &plain_view, &pose);
	assert_near(pose.confidence, 0.9f);
	assert_near(pose.left, 70 / 200.0);
	free(values);
}

static void assert_sane(const pf_pose *pose)
{
	for (unsigned k = 0; k < 17; k++) {
		const pf_pose_point *p = &pose->points[k];
		assert_true(p->x >= -1.0 && p->x <= 2.0 && p->y >= -1.0 && p->y <= 2.0);
		assert_true(p->confidence >= 0.0 && p->confidence <= 1.0);
	}
	assert_true(pose->confidence >= 0.0 && pose->confidence <= 1.0);
	assert_true(pose->left >= 0.0 && pose->top >= 0.0 && pose->right <= 1.0 && pose->bottom <= 1.0);
	assert_true(pose->found ? pose->right > pose->left && pose->bottom > pose->top
				: pose->left == 0.0 && pose->bottom == 0.0);
}

/* Anything may come out of a network. */
static void test_hostile_values(void **state)
{
	(void)state;
	static const float hostile[] = {NAN,   INFINITY, -INFINITY, FLT_MAX, -FLT_MAX, FLT_MIN, 0.0f,
					1e30f, -1.0f,    0.5f,      1.0f,    60.0f,    1e-40f};
	enum { COUNT = 18 * 10 * 20, KINDS = sizeof hostile / sizeof *hostile };
	static float values[COUNT];
	uint64_t random = 8;
	for (unsigned turn = 0; turn < 4000; turn++) {
		unsigned of = turn < KINDS ? 1 : KINDS; /* one value alone, then all mixed */
		for (unsigned i = 0; i < COUNT; i++) {
			values[i] = hostile[(turn + pf_fixture_random(&random) % of) % KINDS];
		}
		pf_pose pose;
		pf_pose_card card = card_of(PF_POSE_HEATMAP);
		pf_pose_decode_heatmap(values, 10, 20, &card, &plain_view, &pose);
		assert_sane(&pose);
		pf_pose_decode_heatmap(values, 1, 1, &card, &plain_view, &pose);
		assert_sane(&pose);
		pf_pose_decode_simcc(values, 40, values + 1000, 20, &card, &plain_view, &pose);
		assert_sane(&pose);
		pf_pose_decode_movenet(values, &card, &plain_view, &pose);
		assert_sane(&pose);
		pf_pose_decode_yolo(values, COUNT / 56, turn % 2, &card, &plain_view, &pose);
		assert_sane(&pose);
	}
}

static void test_by_kind(void **state)
{
	(void)state;
	static float values[56 * 20];
	pf_pose_card card = card_of(PF_POSE_MOVENET);
	pf_pose direct, chosen;
	const float *data[2] = {values, values + 300};
	for (unsigned i = 0; i < 56 * 20; i++) {
		values[i] = (float)(i * 37 % 101) / 101.0f;
	}
	pf_network_tensor outputs[2] = {{"a", PF_TYPE_FLOAT, {4, {1, 1, 17, 3}}}};
	pf_pose_decode(&card, &plain_view, outputs, data, &chosen);
	pf_pose_decode_movenet(values, &card, &plain_view, &direct);
	assert_memory_equal(&direct, &chosen, sizeof direct);
	card.kind = PF_POSE_HEATMAP;
	outputs[0].shape = (pf_shape){4, {1, 17, 6, 9}};
	pf_pose_decode(&card, &plain_view, outputs, data, &chosen);
	pf_pose_decode_heatmap(values, 6, 9, &card, &plain_view, &direct);
	assert_memory_equal(&direct, &chosen, sizeof direct);
	card.kind = PF_POSE_SIMCC;
	outputs[0].shape = (pf_shape){3, {1, 17, 16}};
	outputs[1].shape = (pf_shape){3, {1, 17, 12}};
	pf_pose_decode(&card, &plain_view, outputs, data, &chosen);
	pf_pose_decode_simcc(values, 16, values + 300, 12, &card, &plain_view, &direct);
	assert_memory_equal(&direct, &chosen, sizeof direct);
	card.kind = PF_POSE_YOLO;
	for (unsigned by_row = 0; by_row < 2; by_row++) {
		outputs[0].shape = (pf_shape){3, {1, by_row ? 20 : 56, by_row ? 56 : 20}};
		pf_pose_decode(&card, &plain_view, outputs, data, &chosen);
		pf_pose_decode_yolo(values, 20, by_row, &card, &plain_view, &direct);
		assert_memory_equal(&direct, &chosen, sizeof direct);
	}
	assert_string_equal(pf_keypoint_name(PF_KEYPOINT_LEFT_WRIST), "left_wrist");
	assert_string_equal(pf_keypoint_name((pf_keypoint)17), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heatmap),        cmocka_unit_test(test_heatmap_of_a_gaussian),
		cmocka_unit_test(test_simcc),          cmocka_unit_test(test_movenet),
		cmocka_unit_test(test_yolo),           cmocka_unit_test(test_yolo_of_many),
		cmocka_unit_test(test_hostile_values), cmocka_unit_test(test_by_kind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
