/* One photo of a scene: where the camera points, what goes wrong in it, and the truth about it. */
#include <math.h>
#include <string.h>

#include "datasets/render/render_scene.h"

enum { FOR_FRAME = 2 };

static float phase_of(const pf_scene *scene, const pf_actor *actor, unsigned frame)
{
	const pf_motion_table *table = pf_motion_get(actor->motion);
	float seconds = (float)frame / scene->request.frames_per_second;
	if (scene->request.kind == PF_GROUP_BRACKET) {
		seconds *= 0.05f;
	}
	float phase = actor->phase0 + seconds / table->seconds;
	return table->cyclic ? phase : pf_clampf(phase, 0.0f, 1.0f);
}

/* Solves an actor with its way taken out: the camera follows it. */
static void solve(const pf_scene *scene, const pf_actor *actor, float phase, float keep,
		  pf_skeleton *skeleton, float *travel)
{
	pf_body_pose pose;
	pf_motion_pose(actor->motion, phase, &pose);
	pf_pose_vary(&pose, &actor->variation);
	*travel = pose.travel_m;
	pose.travel_m = keep;
	pose.head_turn += scene->close_up && !scene->frontal ? 8.0f : 0.0f;
	pf_skeleton_solve(&pose, &actor->look.build, actor->heading, pf_vec(actor->x_m, 0, actor->z_m),
			  skeleton);
}

static void draw_faults(const pf_scene *scene, pf_rng *rng, pf_shot *shot)
{
	const pf_scene_choice *choice = scene->request.choice;
	float side = (float)(scene->width > scene->height ? scene->width : scene->height);
	float kind = pf_rng_range(rng, 0, 1), strength = pf_rng_range(rng, 0.12f, 1.0f);
	float length = side * 0.0002f * pf_rng_range(rng, 0, 1), angle = pf_rng_range(rng, -22, 22);
	shot->blur = PF_BLUR_NONE;
	if (kind < 0.30f && choice->blur > 0) {
		shot->blur = PF_BLUR_SUBJECT;
		length = side * 0.0075f * strength * choice->blur;
	} else if (kind < 0.42f && choice->blur > 0) {
		shot->blur = PF_BLUR_SHAKE;
		length = side * 0.005f * strength * choice->blur;
		angle = pf_rng_range(rng, -90, 90);
	}
	shot->blur_x = length * pf_cos_deg(angle);
	shot->blur_y = length * pf_sin_deg(angle);
	float focus = pf_rng_range(rng, 0, 1), miss = pf_rng_range(rng, 0.1f, 1.0f);
	shot->defocus = side * 0.0001f * pf_rng_range(rng, 0, 1);
	if (focus < 0.28f && choice->defocus > 0) {
		shot->defocus = side * 0.0042f * miss * choice->defocus;
	}
	float swing = pf_rng_chance(rng, 0.3f) ? 0.75f : 0.18f;
	shot->ev_bias = 0;
	shot->ev_error = scene->group_ev + swing * pf_rng_normal(rng) * choice->exposure;
	if (scene->request.kind == PF_GROUP_BRACKET) {
		static const float steps[] = {0.0f, -1.0f, 1.0f};
		shot->ev_bias = shot->frame < 3 ? steps[shot->frame] : 0;
		shot->ev_error = scene->group_ev + shot->ev_bias;
	}
	shot->ev_error = pf_clampf(shot->ev_error, -2.5f, 2.5f);
}

static void place_view(const pf_scene *scene, pf_rng *rng, const pf_skeleton *body, float clearance,
		       pf_shot *shot)
{
	pf_view *view = &shot->view;
	*view = scene->view;
	float jitter = 0.012f * (float)scene->width;
	float middle = 0.93f * body->unit + 0.75f * clearance;
	if (scene->close_up) {
		middle = body->head_at.y - 0.22f * (float)scene->height / view->px_per_m;
		jitter *= 0.6f;
	}
	view->centre_x += jitter * pf_rng_normal(rng) - body->pelvis_at.x * view->px_per_m;
	view->horizon_y += jitter * pf_rng_normal(rng) - (view->camera_height_m - middle) * view->px_per_m;
}

/* Joints lie inside the body: what covers one by no more than its own flesh does not hide it. */
static const float depths_m[PF_KEYPOINT_COUNT] = {0.03f, 0.035f, 0.035f, 0.05f,  0.05f,  0.12f,
						  0.12f, 0.075f, 0.075f, 0.065f, 0.065f, 0.14f,
						  0.14f, 0.085f, 0.085f, 0.075f, 0.075f};

static void fill_figure(const pf_scene *scene, const pf_shot *shot, const pf_skeleton *skeleton, int which,
			pf_figure *figure)
{
	const pf_body *body = &shot->bodies[which];
	float width = (float)scene->width, height = (float)scene->height;
	pf_body_box(body, body->flesh, figure->box);
	for (int k = 0; k < PF_KEYPOINT_COUNT; k++) {
		pf_vec3 at = pf_project(&shot->view, skeleton->keypoints[k], NULL);
		pf_figure_point *point = &figure->keypoints[k];
		point->x = at.x;
		point->y = at.y;
		point->visibility = 2;
		float slack = depths_m[k] * shot->view.px_per_m;
		if (at.x < 0 || at.y < 0 || at.x >= width || at.y >= height) {
			point->visibility = 0;
		} else if (pf_body_depth_at(body, at.x, at.y, k) > at.z + slack ||
			   (which == 1 && pf_body_depth_at(&shot->bodies[0], at.x, at.y, -1) > -1e8f)) {
			point->visibility = 1;
		}
	}
}

/* Eyes and nose are on the skull, which would hide them from itself: they show while they face the camera. */
static void face_visibility(const pf_skeleton *skeleton, pf_figure *figure)
{
	float front = skeleton->head.front.z;
	for (int k = PF_KEYPOINT_NOSE; k <= PF_KEYPOINT_RIGHT_EAR; k++) {
		float facing = front;
		if (k >= PF_KEYPOINT_LEFT_EYE) {
			float side = (k == PF_KEYPOINT_LEFT_EYE || k == PF_KEYPOINT_LEFT_EAR ? -1.0f : 1.0f) *
				     skeleton->head.right.z;
			facing = k <= PF_KEYPOINT_RIGHT_EYE ? front * 0.8f + side * 0.6f : side + 0.15f;
		} else {
			facing += 0.35f;
		}
		if (facing < 0.12f && figure->keypoints[k].visibility == 2) {
			figure->keypoints[k].visibility = 1;
		}
	}
}

static void find_face(const pf_scene *scene, const pf_skeleton *skeleton, int which, pf_shot *shot)
{
	pf_figure *figure = &shot->figures[which];
	float scale, half = 0.088f * skeleton->unit * scene->actors[which].look.build.head;
	pf_vec3 centre = pf_at(&skeleton->head, skeleton->head_at, 0, -0.012f, 0.05f);
	pf_vec3 at = pf_project(&shot->view, centre, &scale);
	float r = half * scale;
	const float box[4] = {at.x - r, at.y - r, at.x + r, at.y + r};
	memcpy(figure->face_box, box, sizeof box);
	const pf_figure_point *k = figure->keypoints;
	bool seen = k[PF_KEYPOINT_LEFT_EYE].visibility == 2 && k[PF_KEYPOINT_RIGHT_EYE].visibility == 2 &&
		    k[PF_KEYPOINT_NOSE].visibility == 2;
	float up = skeleton->head.up.y, front = skeleton->head.front.z;
	figure->face = seen && front > 0.90f && up > 0.90f && box[0] > 0 && box[1] > 0 &&
		       box[2] < (float)scene->width && box[3] < (float)scene->height;
}

static float cut_share(const pf_scene *scene, const float box[4])
{
	float width = (float)scene->width, height = (float)scene->height;
	float x0 = pf_clampf(box[0], 0, width), x1 = pf_clampf(box[2], 0, width);
	float y0 = pf_clampf(box[1], 0, height), y1 = pf_clampf(box[3], 0, height);
	return 1.0f - (x1 - x0) * (y1 - y0) / ((box[2] - box[0]) * (box[3] - box[1]));
}

/* The rule of docs/datasets.md. It knows the scene's parameters only, never pixels or scores. */
static float cost_of(const pf_shot *shot, float tall)
{
	float blur = sqrtf(shot->blur_x * shot->blur_x + shot->blur_y * shot->blur_y +
			   4.0f * shot->defocus * shot->defocus);
	float ev = shot->ev_error < 0 ? -shot->ev_error : shot->ev_error;
	return 100.0f * blur / tall + 0.6f * ev + 1.5f * shot->peak_distance + 2.0f * shot->cut -
	       (shot->figures[0].face ? 0.25f : 0.0f);
}

static void soften(const pf_scene *scene, int which, pf_shot *shot)
{
	const pf_actor *actor = &scene->actors[which];
	float travel, phase = phase_of(scene, actor, shot->frame);
	pf_skeleton skeleton;
	pf_body later;
	float ahead = scene->exposure_s / pf_motion_get(actor->motion)->seconds;
	float side = (float)(scene->width > scene->height ? scene->width : scene->height);
	solve(scene, actor, phase + ahead, 0, &skeleton, &travel);
	pf_body_build(&skeleton, &actor->look, &shot->view, actor->motion, phase + ahead, &later);
	/* lenses and sensors soften every edge a little, more pixels of it on larger pictures */
	pf_body_soften(&shot->bodies[which], &later, 1.0f + side * 0.00012f, 0, 0);
}

void pf_scene_shot(const pf_scene *scene, unsigned frame, pf_shot *shot)
{
	pf_rng rng = pf_rng_make(scene->request.seed, scene->request.group, frame, FOR_FRAME);
	memset(shot, 0, sizeof *shot);
	shot->frame = frame;
	draw_faults(scene, &rng, shot);
	pf_skeleton skeletons[2];
	float travel = 0, start = 0;
	const pf_actor *first = &scene->actors[0];
	pf_body_pose pose;
	shot->phase = phase_of(scene, first, frame);
	shot->peak_distance = pf_motion_peak_distance(first->motion, shot->phase);
	pf_motion_pose(first->motion, shot->phase, &pose);
	solve(scene, first, phase_of(scene, first, 0), 0, &skeletons[0], &start);
	solve(scene, first, shot->phase, 0, &skeletons[0], &travel);
	/* what comes towards the camera comes closer; across the picture the camera follows */
	float closer = (travel - start) * skeletons[0].head.front.z;
	shot->view = scene->view;
	place_view(scene, &rng, &skeletons[0], pose.clearance_m, shot);
	float distance = scene->view.distance_m - closer * 0.6f;
	distance = distance < 4.0f ? 4.0f : distance;
	float grow = scene->view.distance_m / distance;
	float limit = 1.0f + 0.18f;
	grow = pf_clampf(grow, 0.85f, limit);
	shot->view.horizon_y += (shot->view.horizon_y - scene->view.horizon_y) * (grow - 1.0f);
	shot->view.px_per_m *= grow;
	shot->travel_m = travel - start;
	float speed = pf_motion_get(first->motion)->speed_mps * pf_cos_deg(first->heading);
	shot->pan_x = speed * scene->exposure_s * shot->view.px_per_m +
		      (shot->blur == PF_BLUR_SHAKE ? shot->blur_x : 0);
	shot->pan_y = shot->blur == PF_BLUR_SHAKE ? shot->blur_y : 0;
	for (int i = 0; i < scene->actor_count; i++) {
		const pf_actor *actor = &scene->actors[i];
		float phase = phase_of(scene, actor, frame), way;
		solve(scene, actor, phase, 0, &skeletons[i], &way);
		pf_body_build(&skeletons[i], &actor->look, &shot->view, actor->motion, phase,
			      &shot->bodies[i]);
		shot->bodies[i].light = scene->light;
		fill_figure(scene, shot, &skeletons[i], i, &shot->figures[i]);
		face_visibility(&skeletons[i], &shot->figures[i]);
		find_face(scene, &skeletons[i], i, shot);
		soften(scene, i, shot);
	}
	const float *box = shot->figures[0].box;
	shot->cut = cut_share(scene, box);
	shot->cost = cost_of(shot, 1.8f * first->look.build.height * shot->view.px_per_m);
}
