#include "datasets/render/render_scene.h"

#include <string.h>

enum { FOR_SCENE = 1, FOR_FRAME = 2, FOR_VARIETY = 3 }; /* purposes of random streams */

static unsigned pick(pf_rng *rng, unsigned count)
{
	return pf_rng_below(rng, count);
}

static void draw_actor(pf_rng *rng, const pf_scene_request *request, pf_motion motion, pf_actor *actor)
{
	const pf_scene_choice *choice = request->choice;
	const pf_motion_table *table = pf_motion_get(motion);
	pf_palette palette = choice->palettes[pick(rng, choice->palette_count)];
	pf_pattern pattern = choice->patterns[pick(rng, choice->pattern_count)];
	memset(actor, 0, sizeof *actor);
	pf_look_draw(rng, palette, pattern, &actor->look);
	actor->motion = motion;
	float step = 1.0f / (request->frames_per_second * table->seconds);
	float peak_frame = pf_rng_range(rng, 0.35f, 0.7f) * (float)(request->frames - 1);
	actor->phase0 = table->peak - step * peak_frame + 0.02f * pf_rng_normal(rng);
	if (request->frames == 1) {
		actor->phase0 = table->peak + 0.07f * pf_rng_normal(rng);
	}
	if (table->cyclic) {
		actor->phase0 += 4.0f; /* keeps it positive */
	}
}

static float span_of(pf_motion motion)
{
	switch (motion) {
	case PF_MOTION_JUMP:
	case PF_MOTION_SERVE:
		return 2.45f;
	case PF_MOTION_THROW:
	case PF_MOTION_HURDLE:
	case PF_MOTION_DANCE:
		return 2.15f;
	default:
		return 1.95f;
	}
}

static void draw_view(pf_rng *rng, pf_scene *scene)
{
	pf_motion motion = scene->actors[0].motion;
	float width = (float)scene->width, height = (float)scene->height, span = span_of(motion);
	float fill = pf_rng_range(rng, 0.80f, 1.0f), wide = scene->frontal ? 1.25f : 2.0f;
	pf_view *view = &scene->view;
	view->px_per_m = height * fill / span;
	view->distance_m = scene->frontal ? pf_rng_range(rng, 22, 30) : pf_rng_range(rng, 10, 18);
	if (scene->close_up) {
		view->px_per_m = height / pf_rng_range(rng, 0.85f, 1.35f);
		view->distance_m = pf_rng_range(rng, 5, 9);
		wide = 0.9f;
	}
	float limit = width * 0.92f / wide;
	view->px_per_m = view->px_per_m > limit ? limit : view->px_per_m;
	view->camera_height_m = scene->close_up ? pf_rng_range(rng, 1.4f, 1.7f)
						: pf_rng_range(rng, 0.8f, 1.6f);
	view->centre_x = width * (0.5f + 0.05f * pf_rng_normal(rng));
	view->horizon_y =
		height * (0.5f + 0.012f * pf_rng_normal(rng)); /* of the middle of the body, until the shot */
}

static void draw_light(pf_rng *rng, pf_scene *scene)
{
	bool indoor = pf_backdrop_far(scene->backdrop) == PF_FAR_ARENA;
	scene->hard_shadow = !indoor && pf_rng_chance(rng, 0.6f);
	float side = pf_rng_range(rng, -0.8f, 0.8f);
	/* one draw a statement: the order within an expression is the compiler's */
	float high = pf_rng_range(rng, 0.7f, 1.1f), front = pf_rng_range(rng, 0.35f, 0.8f);
	scene->light.direction = pf_normalised(pf_vec(side, -high, front));
	scene->light.key = scene->hard_shadow ? pf_rng_range(rng, 0.80f, 0.95f)
					      : pf_rng_range(rng, 0.45f, 0.60f);
	scene->light.ambient = scene->hard_shadow ? pf_rng_range(rng, 0.34f, 0.46f)
						  : pf_rng_range(rng, 0.58f, 0.70f);
	scene->light.warm = scene->hard_shadow ? pf_rng_range(rng, 0.0f, 0.035f)
					       : pf_rng_range(rng, -0.02f, 0.015f);
}

static void draw_backdrop(pf_rng *rng, pf_scene *scene)
{
	const pf_view *view = &scene->view;
	pf_far_scene *far_scene = &scene->far_scene;
	pf_far far = pf_backdrop_far(scene->backdrop);
	scene->far_distance_m = far == PF_FAR_HILLS    ? pf_rng_range(rng, 60, 120)
				: far == PF_FAR_HOUSES ? pf_rng_range(rng, 12, 20)
						       : pf_rng_range(rng, 14, 42);
	float d = view->distance_m, behind = scene->far_distance_m;
	float share = d / (d + behind);
	float metre = view->px_per_m * share;
	/* a long lens wide open: the blur of what is far grows with focal length squared over the f-number */
	float open = pf_rng_range(rng, 0, 1);
	scene->lens = view->px_per_m * d * (0.020f + 0.062f * open * open);
	far_scene->far = far;
	far_scene->seed = (uint64_t)pf_rng_u32(rng) << 32;
	far_scene->seed |= pf_rng_u32(rng);
	far_scene->metre = metre * 0.5f * (far == PF_FAR_HILLS ? 3.0f : 1.0f);
	far_scene->blur = 0.5f * scene->lens * (1.0f / d - 1.0f / (d + behind));
	far_scene->light = (scene->hard_shadow ? 1.0f : 0.88f) * pf_rng_range(rng, 0.85f, 1.05f);
	far_scene->warm = scene->light.warm;
	far_scene->crowd = pf_rng_chance(rng, scene->request.choice->crowd) ? (int)pf_rng_range(rng, 55, 96)
									    : (int)pf_rng_range(rng, 0, 12);
}

static void draw_camera(pf_rng *rng, pf_scene *scene)
{
	static const float times[] = {1.0f / 2000, 1.0f / 1600, 1.0f / 1250,
				      1.0f / 1000, 1.0f / 800,  1.0f / 640};
	static const float stops[] = {2.8f, 2.8f, 3.2f, 4.0f};
	bool dark = pf_backdrop_far(scene->backdrop) == PF_FAR_ARENA;
	unsigned slow = pf_rng_chance(rng, 0.15f * scene->request.choice->blur);
	scene->exposure_s = slow ? 1.0f / 200 : times[pick(rng, 6)];
	scene->f_number = stops[pick(rng, 4)];
	static const unsigned isos[] = {200, 400, 640, 800, 1600, 3200};
	scene->iso = isos[pick(rng, 3) + (dark ? 3u : slow ? 0u : 1u)];
	scene->group_ev = 0.10f * pf_rng_normal(rng) * scene->request.choice->exposure;
	float grain = scene->iso >= 3200 ? 5.0f : scene->iso >= 1600 ? 4.3f : scene->iso >= 640 ? 3.5f : 3.2f;
	scene->noise_sigma = grain * scene->request.choice->noise;
	scene->vignette = pf_rng_range(rng, 0.05f, 0.20f);
}

static float draw_heading(pf_rng *rng, bool frontal, bool close_up)
{
	if (frontal) {
		return 90.0f + pf_rng_range(rng, -10, 10);
	}
	float turn = close_up ? pf_rng_range(rng, 30, 70) : pf_rng_range(rng, -18, 62);
	return pf_rng_chance(rng, 0.5f) ? turn : 180.0f - turn;
}

static void draw_second(pf_rng *rng, pf_scene *scene)
{
	pf_actor *first = &scene->actors[0], *second = &scene->actors[1];
	if (scene->close_up || !pf_rng_chance(rng, scene->request.choice->second_athlete)) {
		return;
	}
	draw_actor(rng, &scene->request, first->motion, second);
	second->phase0 += pf_rng_range(rng, -0.4f, 0.4f);
	second->heading = first->heading + pf_rng_range(rng, -4, 4);
	/* on the next lanes, behind the first */
	float side = pf_rng_chance(rng, 0.5f) ? 1.0f : -1.0f;
	second->z_m = -pf_rng_range(rng, 2.2f, 5.0f);
	second->x_m = side * pf_rng_range(rng, 0.5f, 1.5f);
	scene->actor_count = 2;
}

/* From a stream of its own: a scene without it is the same whether others have it or not. */
static void draw_variety(pf_scene *scene)
{
	const pf_scene_request *request = &scene->request;
	pf_rng rng = pf_rng_make(request->seed, request->group, 0, FOR_VARIETY);
	for (int i = 0; i < scene->actor_count; i++) {
		if (pf_rng_chance(&rng, request->choice->variety)) {
			pf_pose_draw_variation(&rng, &scene->actors[i].variation);
		}
	}
}

void pf_scene_draw(const pf_scene_request *request, pf_scene *scene)
{
	const pf_scene_choice *choice = request->choice;
	pf_rng rng = pf_rng_make(request->seed, request->group, 0, FOR_SCENE);
	memset(scene, 0, sizeof *scene);
	scene->request = *request;
	bool portrait = pf_rng_chance(&rng, choice->portrait);
	scene->width = portrait ? request->sensor_height : request->sensor_width;
	scene->height = portrait ? request->sensor_width : request->sensor_height;
	scene->orientation = portrait ? (pf_rng_chance(&rng, 0.7f) ? 8 : 6) : 1;
	scene->frontal = pf_rng_chance(&rng, choice->frontal);
	scene->close_up = pf_rng_chance(&rng, choice->close_up);
	pf_motion motion = choice->motions[pick(&rng, choice->motion_count)];
	/* a bracket needs a subject that holds still */
	motion = request->kind == PF_GROUP_BRACKET ? PF_MOTION_STAND : motion;
	draw_actor(&rng, request, motion, &scene->actors[0]);
	scene->actor_count = 1;
	scene->actors[0].heading = draw_heading(&rng, scene->frontal, scene->close_up);
	scene->backdrop = choice->backdrops[pick(&rng, choice->backdrop_count)];
	draw_view(&rng, scene);
	draw_light(&rng, scene);
	draw_backdrop(&rng, scene);
	draw_camera(&rng, scene);
	draw_second(&rng, scene);
	draw_variety(scene);
}
