/* The renderer: the same planes on every machine and in every order, and truth that fits them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datasets/render/render_photo.h"

#define GOLDEN 0xa38cce7da0ac8a74u

static pf_scene_choice choice;

static int fill_choice(void **state)
{
	(void)state;
	for (int i = 0; i < PF_MOTION_COUNT; i++) {
		choice.motions[choice.motion_count++] = (pf_motion)i;
	}
	for (int i = 0; i < PF_PALETTE_COUNT; i++) {
		choice.palettes[choice.palette_count++] = (pf_palette)i;
	}
	for (int i = 0; i < PF_PATTERN_COUNT; i++) {
		choice.patterns[choice.pattern_count++] = (pf_pattern)i;
	}
	for (int i = 0; i < PF_BACKDROP_COUNT; i++) {
		choice.backdrops[choice.backdrop_count++] = (pf_backdrop)i;
	}
	choice.portrait = 0.3f;
	choice.second_athlete = choice.frontal = choice.crowd = 0.5f;
	choice.close_up = 0.1f;
	choice.blur = choice.defocus = choice.exposure = choice.noise = 1.0f;
	return 0;
}

static void draw(uint32_t group, unsigned frame, pf_group_kind kind, pf_scene *scene, pf_shot *shot)
{
	pf_scene_request request = {.choice = &choice,
				    .seed = 99,
				    .group = group,
				    .kind = kind,
				    .frames = 6,
				    .frames_per_second = 10,
				    .sensor_width = 180,
				    .sensor_height = 120};
	pf_scene_draw(&request, scene);
	pf_scene_shot(scene, frame, shot);
}

static uint64_t hash_of(const pf_photo_planes *p)
{
	uint64_t hash = 0xCBF29CE484222325u;
	size_t size = (size_t)p->stride * p->rows;
	const uint8_t *const planes[] = {p->y, p->cb, p->cr};
	for (int i = 0; i < 3; i++) {
		for (size_t k = 0; k < (i ? size / 4 : size); k++) {
			hash = (hash ^ planes[i][k]) * 0x100000001B3u;
		}
	}
	return hash;
}

static uint64_t render(pf_renderer *renderer, uint32_t group, unsigned frame)
{
	static pf_scene scene;
	static pf_shot shot;
	pf_photo_planes planes;
	draw(group, frame, PF_GROUP_BURST, &scene, &shot);
	assert_int_equal(pf_render_photo(renderer, &scene, &shot, &planes), PF_OK);
	assert_int_equal(planes.width, 180);
	assert_int_equal(planes.height, 120);
	return hash_of(&planes);
}

/* Groups of all backgrounds, motions and orientations; the value changes only with PF_RENDER_VERSION. */
static void test_golden_planes(void **state)
{
	pf_renderer *renderer = pf_renderer_create();
	uint64_t all = 0;
	(void)state;
	for (uint32_t group = 0; group < 40; group++) {
		all = all * 31 + render(renderer, group, group % 6);
	}
	pf_renderer_free(renderer);
	if (all != GOLDEN) {
		fail_msg("the planes' hash is 0x%016llxu", (unsigned long long)all);
	}
}

static void test_order_does_not_matter(void **state)
{
	pf_renderer *renderer = pf_renderer_create();
	uint64_t forward[12];
	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		forward[i] = render(renderer, 3 + i / 4, i % 4);
	}
	for (unsigned i = 12; i-- > 0;) {
		assert_true(render(renderer, 3 + i / 4, i % 4) == forward[i]);
	}
	pf_renderer_free(renderer);
	for (unsigned i = 0; i < 12; i += 5) {
		renderer = pf_renderer_create();
		assert_true(render(renderer, 3 + i / 4, i % 4) == forward[i]);
		pf_renderer_free(renderer);
	}
}

static void check_figure(const pf_scene *scene, const pf_figure *figure)
{
	float slack = 0.06f * scene->view.px_per_m * 1.4f;
	for (int k = 0; k < PF_KEYPOINT_COUNT; k++) {
		const pf_figure_point *p = &figure->keypoints[k];
		bool inside = p->x >= 0 && p->y >= 0 && p->x < (float)scene->width &&
			      p->y < (float)scene->height;
		assert_true(p->visibility >= 0 && p->visibility <= 2);
		assert_int_equal(inside, p->visibility > 0);
		assert_true(p->x > figure->box[0] - slack && p->x < figure->box[2] + slack);
		assert_true(p->y > figure->box[1] - slack && p->y < figure->box[3] + slack);
	}
}

static void test_keypoints_make_sense(void **state)
{
	static pf_scene scene;
	static pf_shot shot;
	unsigned counts[3] = {0}, faces = 0, upright = 0, shots = 0;
	(void)state;
	for (uint32_t group = 0; group < 150; group++) {
		draw(group, group % 6, PF_GROUP_BURST, &scene, &shot);
		for (int i = 0; i < scene.actor_count; i++) {
			check_figure(&scene, &shot.figures[i]);
		}
		const pf_figure_point *k = shot.figures[0].keypoints;
		for (int i = 0; i < PF_KEYPOINT_COUNT; i++) {
			counts[k[i].visibility]++;
		}
		faces += shot.figures[0].face;
		upright += k[PF_KEYPOINT_NOSE].y < k[PF_KEYPOINT_LEFT_HIP].y;
		shots++;
		if (shot.figures[0].face) { /* seen from the front, the athlete's left is to the right */
			assert_true(k[PF_KEYPOINT_LEFT_EYE].x > k[PF_KEYPOINT_RIGHT_EYE].x);
		}
	}
	assert_true(upright > shots * 95 / 100);
	assert_true(faces > shots / 5 && faces < shots * 4 / 5);
	unsigned all = counts[0] + counts[1] + counts[2];
	assert_true(counts[2] > all / 2); /* most are seen, some hidden, few outside */
	assert_true(counts[1] > all / 20);
	assert_true(counts[0] < all / 5);
}

/* Where nothing goes wrong, the joints lie on the body: the luma there is not the background's. */
static void test_brackets_and_best(void **state)
{
	static pf_scene scene;
	static pf_shot shots[6];
	(void)state;
	for (unsigned f = 0; f < 3; f++) {
		draw(5, f, PF_GROUP_BRACKET, &scene, &shots[f]);
	}
	assert_true(shots[1].ev_bias == -1.0f && shots[2].ev_bias == 1.0f);
	assert_true(shots[1].ev_error < shots[0].ev_error && shots[0].ev_error < shots[2].ev_error);
	for (unsigned f = 0; f < 6; f++) {
		draw(6, f, PF_GROUP_BURST, &scene, &shots[f]);
		assert_true(shots[f].cost > -0.26f);
	}
}

static void test_motions_loop_and_reach_their_keys(void **state)
{
	pf_body_pose a, b;
	(void)state;
	for (int m = 0; m < PF_MOTION_COUNT; m++) {
		const pf_motion_table *table = pf_motion_get((pf_motion)m);
		assert_int_equal(pf_motion_find(table->name), m);
		for (int k = 0; k < table->key_count; k++) {
			pf_motion_pose((pf_motion)m, table->keys[k].phase, &a);
			assert_float_equal(a.limbs[PF_RIGHT].knee, table->keys[k].pose.limbs[PF_RIGHT].knee,
					   0.01f);
			if (table->cyclic) {
				pf_motion_pose((pf_motion)m, table->keys[k].phase + 7.5f, &b);
				assert_float_equal(b.limbs[PF_LEFT].knee, a.limbs[PF_RIGHT].knee, 0.01f);
			}
		}
		assert_true(pf_motion_peak_distance((pf_motion)m, table->peak) < 1e-6f);
	}
	assert_int_equal(pf_motion_find("swim"), PF_MOTION_COUNT);
}

static void test_polynomials(void **state)
{
	(void)state;
	assert_float_equal(pf_sin_deg(30), 0.5f, 3e-6f);
	assert_float_equal(pf_cos_deg(60), 0.5f, 3e-6f);
	assert_float_equal(pf_sin_deg(-450), -1.0f, 5e-6f);
	assert_float_equal(pf_cos_deg(1080), 1.0f, 5e-6f);
	assert_float_equal(pf_exp2(0), 1.0f, 1e-6f);
	assert_float_equal(pf_exp2(-1.5f), 0.353553f, 1e-5f);
	assert_float_equal(pf_exp2(2.25f), 4.756828f, 1e-4f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden_planes),
		cmocka_unit_test(test_order_does_not_matter),
		cmocka_unit_test(test_keypoints_make_sense),
		cmocka_unit_test(test_brackets_and_best),
		cmocka_unit_test(test_motions_loop_and_reach_their_keys),
		cmocka_unit_test(test_polynomials),
	};
	return cmocka_run_group_tests(tests, fill_choice, NULL);
}
