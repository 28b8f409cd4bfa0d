/* Where a face is searched with PF_STRATEGY_HEAD_WINDOW. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/scoring/head_window.h"

enum { WIDE = 640, HIGH = 480 };

/* An athlete with the head at (x, y), in pixels, 300 px tall. */
static pf_pose athlete(double x, double y)
{
	pf_pose pose = {.found = true};
	for (int k = 0; k < PF_KEYPOINT_COUNT; k++) {
		double down = k <= PF_KEYPOINT_RIGHT_EAR ? 0 : k <= PF_KEYPOINT_RIGHT_SHOULDER ? 40 : 150;
		pose.points[k] = (pf_pose_point){x / WIDE, (y + down) / HIGH, 0.9, true};
	}
	pose.left = (x - 40) / WIDE;
	pose.right = (x + 40) / WIDE;
	pose.top = (y - 30) / HIGH;
	pose.bottom = (y + 270) / HIGH;
	return pose;
}

static void test_place(void **state)
{
	(void)state;
	pf_face place;
	pf_pose pose = athlete(320, 150);
	assert_true(pf_head_place(&pose, WIDE, HIGH, &place));
	assert_true(place.x < 290 && place.x + place.width > 350);
	assert_true(place.y < 120 && place.y + place.height > 180);
	assert_in_range(place.width, place.height - 1, place.height + 1);
	assert_in_range(place.width * 100 / WIDE, 5, 35); /* it saves something */
}

static void test_borders(void **state)
{
	(void)state;
	static const double places[][2] = {{0, 0}, {640, 0}, {5, 475}, {639, 479}, {-200, 100}, {900, 700}};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		pf_face place;
		pf_pose pose = athlete(places[i][0], places[i][1]);
		assert_true(pf_head_place(&pose, WIDE, HIGH, &place));
		assert_true(place.x + place.width <= WIDE && place.y + place.height <= HIGH);
	}
}

/* Who does not see a head looks everywhere. */
static void test_no_head(void **state)
{
	(void)state;
	pf_face place;
	pf_pose pose = athlete(320, 150);
	pose.found = false;
	assert_false(pf_head_place(&pose, WIDE, HIGH, &place));
	pose = athlete(320, 150);
	for (int k = 0; k <= PF_KEYPOINT_RIGHT_EAR; k++) {
		pose.points[k].seen = k == 0;
	}
	assert_false(pf_head_place(&pose, WIDE, HIGH, &place));
	pose.points[1].seen = true;
	assert_true(pf_head_place(&pose, WIDE, HIGH, &place));
}

static void test_part(void **state)
{
	(void)state;
	static uint8_t data[HIGH][WIDE];
	pf_small picture = {.data = data[0], .width_px = WIDE, .height_px = HIGH};
	pf_head_window window = {0};
	for (unsigned y = 0; y < HIGH; y++) {
		for (unsigned x = 0; x < WIDE; x++) {
			data[y][x] = (uint8_t)(x * 7 + y * 31);
		}
	}
	static const pf_face places[] = {{10, 20, 30, 40}, {0, 0, WIDE, HIGH}, {630, 470, 10, 10}};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		const pf_face *p = &places[i];
		assert_int_equal(pf_head_window_take(&window, &picture, p, NULL), PF_OK);
		for (uint32_t y = 0; y < p->height; y++) {
			assert_memory_equal(window.data + (size_t)y * p->width, &data[p->y + y][p->x],
					    p->width);
		}
	}
	pf_head_window_release(&window);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_place), cmocka_unit_test(test_borders),
					   cmocka_unit_test(test_no_head), cmocka_unit_test(test_part)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
