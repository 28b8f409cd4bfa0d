#include "datasets/render/render_body.h"

#include <math.h>
#include <string.h>

pf_vec3 pf_project(const pf_view *view, pf_vec3 world, float *scale)
{
	float near = view->distance_m - world.z;
	float s = view->px_per_m * view->distance_m / (near < 0.3f ? 0.3f : near);
	if (scale) {
		*scale = s;
	}
	return pf_vec(view->centre_x + world.x * s, view->horizon_y + (view->camera_height_m - world.y) * s,
		      world.z * view->px_per_m);
}

typedef struct builder {
	const pf_skeleton *s;
	const pf_look *look;
	const pf_view *view;
	pf_body *body;
	float girth; /* metres per standard metre of thickness */
} builder;

typedef struct skin_shape {
	float r[4];
	pf_material inner, outer;
	float cut;
	int keypoint;
} skin_shape;

static pf_vec3 to_view(pf_vec3 v)
{
	return pf_vec(v.x, -v.y, v.z);
}

static pf_part *add(builder *b, pf_vec3 from, pf_vec3 to, skin_shape shape, const pf_frame3 *frame,
		    pf_vec3 origin)
{
	pf_part *part = &b->body->parts[b->body->count++];
	float scale_a, scale_b;
	memset(part, 0, sizeof *part);
	part->a = pf_project(b->view, from, &scale_a);
	part->b = pf_project(b->view, to, &scale_b);
	for (int i = 0; i < 4; i++) {
		part->radius[i] = shape.r[i] * b->girth * pf_mix(scale_a, scale_b, (float)i / 3.0f);
	}
	part->material[0] = shape.inner;
	part->material[1] = shape.outer;
	part->cut = shape.cut;
	part->frame = (pf_frame3){to_view(frame->right), to_view(frame->up), to_view(frame->front)};
	part->origin = pf_project(b->view, origin, NULL);
	part->metres = 2.0f / (scale_a + scale_b);
	part->softness = 1.2f;
	part->blend_m = 0.010f;
	part->keypoint = shape.keypoint;
	return part;
}

static void add_torso(builder *b)
{
	const pf_skeleton *s = b->s;
	const float u = s->unit, c = b->look->build.chest;
	const pf_material shirt = PF_MATERIAL_SHIRT, shorts = PF_MATERIAL_SHORTS, skin = PF_MATERIAL_SKIN;
	pf_vec3 low = pf_at(&s->pelvis, s->pelvis_at, 0, 0.035f * u, 0);
	for (int side = 0; side < 2; side++) {
		float sign = side == PF_RIGHT ? 1.0f : -1.0f;
		int hip = PF_KEYPOINT_LEFT_HIP + (side == PF_RIGHT),
		    shoulder = PF_KEYPOINT_LEFT_SHOULDER + (side == PF_RIGHT);
		add(b, s->pelvis_at, s->legs[side].hip,
		    (skin_shape){{.094f, .096f, .098f, .090f}, shorts, shorts, 2, hip}, &s->pelvis,
		    s->pelvis_at);
		pf_vec3 seat = pf_at(&s->pelvis, s->legs[side].hip, -sign * 0.015f * u, -0.030f * u,
				     -0.030f * u);
		add(b, seat, seat, (skin_shape){{.084f, .084f, .084f, .084f}, shorts, shorts, 2, hip},
		    &s->pelvis, s->pelvis_at);
		pf_vec3 a = pf_at(&s->pelvis, low, sign * 0.058f * u, 0, 0);
		pf_vec3 waist = pf_at(&s->waist, pf_mul(pf_add(low, s->chest_at), 0.5f), sign * 0.050f * u,
				      -0.01f * u, 0);
		pf_vec3 top = pf_at(&s->chest, s->chest_at, sign * 0.078f * c * u, -0.120f * u, 0.004f * u);
		add(b, a, waist, (skin_shape){{.088f, .084f, .081f, .080f}, shirt, shirt, 2, hip}, &s->chest,
		    s->chest_at);
		add(b, waist, top, (skin_shape){{.080f, .086f, .095f, .101f}, shirt, shirt, 2, -1}, &s->chest,
		    s->chest_at);
		pf_vec3 yoke = pf_at(&s->chest, s->chest_at, sign * 0.100f * c * u, -0.055f * u, 0);
		add(b, top, yoke, (skin_shape){{.101f, .096f, .088f, .078f}, shirt, shirt, 2, shoulder},
		    &s->chest, s->chest_at);
		pf_vec3 collar = pf_at(&s->chest, s->neck_at, sign * 0.02f * u, -0.015f * u, 0);
		add(b, collar, s->arms[side].shoulder,
		    (skin_shape){{.056f, .054f, .054f, .056f},
				 skin,
				 b->look->sleeve > 0 ? shirt : skin,
				 0.34f,
				 shoulder},
		    &s->chest, s->chest_at);
		if (b->look->sleeve <= 0) { /* the strap of a singlet */
			pf_vec3 strap = pf_at(&s->chest, s->chest_at, sign * 0.085f * u, 0.006f * u, 0.0f);
			add(b, yoke, strap,
			    (skin_shape){{.078f, .068f, .062f, .052f}, shirt, shirt, 2, shoulder}, &s->chest,
			    s->chest_at);
		}
	}
	pf_vec3 sternum = pf_at(&s->chest, s->chest_at, 0, -0.085f * u, 0.002f * u);
	pf_vec3 belly = pf_at(&s->waist, low, 0, 0.10f * u, 0.004f * u);
	add(b, belly, sternum, (skin_shape){{.084f, .086f, .092f, .088f}, shirt, shirt, 2, -1}, &s->chest,
	    s->chest_at);
}

static void add_leg(builder *b, int side)
{
	const pf_look *look = b->look;
	const pf_leg *leg = &b->s->legs[side];
	const float u = b->s->unit;
	int right = side == PF_RIGHT, knee = PF_KEYPOINT_LEFT_KNEE + right,
	    ankle = PF_KEYPOINT_LEFT_ANKLE + right;
	const pf_material skin = PF_MATERIAL_SKIN, sock = PF_MATERIAL_SOCK, shoe = PF_MATERIAL_SHOE;
	pf_material upper = PF_MATERIAL_SHORTS, lower = look->leg_cover > 1 ? PF_MATERIAL_SHORTS : skin;
	add(b, leg->hip, leg->knee,
	    (skin_shape){{.088f, .083f, .068f, .054f}, upper, skin, look->leg_cover, knee}, &leg->thigh,
	    leg->hip);
	if (look->leg_cover > 0.2f && look->leg_cover < 1) { /* loose cloth stands off the thigh */
		pf_vec3 hem = pf_along(leg->hip, leg->thigh.up, -0.435f * u * look->leg_cover);
		add(b, pf_along(leg->hip, leg->thigh.up, -0.02f * u), hem,
		    (skin_shape){{.093f, .093f, .092f, .089f}, upper, upper, 2, -1}, &leg->thigh, leg->hip);
	}
	pf_vec3 quad = pf_at(&leg->thigh, leg->hip, 0, -0.12f * u, 0.018f * u);
	pf_vec3 quad_end = pf_at(&leg->thigh, leg->hip, 0, -0.36f * u, 0.012f * u);
	add(b, quad, quad_end, (skin_shape){{.064f, .070f, .062f, .046f}, lower, lower, 2, knee}, &leg->thigh,
	    leg->hip);
	float sock_from = 1.0f - look->sock_cover;
	add(b, leg->knee, leg->ankle,
	    (skin_shape){{.053f, .048f, .040f, .033f}, lower, sock, sock_from, ankle}, &leg->shank,
	    leg->knee);
	pf_vec3 cap = pf_at(&leg->shank, leg->knee, 0, 0, 0.014f * u);
	add(b, cap, cap, (skin_shape){{.046f, .046f, .046f, .046f}, lower, lower, 2, knee}, &leg->shank,
	    leg->knee);
	pf_vec3 calf = pf_at(&leg->shank, leg->knee, 0, -0.055f * u, -0.016f * u);
	pf_vec3 calf_end = pf_at(&leg->shank, leg->knee, 0, -0.27f * u, -0.010f * u);
	add(b, calf, calf_end,
	    (skin_shape){{.040f, .051f, .046f, .030f},
			 lower,
			 look->sock_cover > 0.4f ? sock : lower,
			 0.55f,
			 ankle},
	    &leg->shank, leg->knee);
	add(b, leg->ankle, leg->heel, (skin_shape){{.034f, .037f, .039f, .036f}, sock, shoe, 0.15f, ankle},
	    &leg->foot, leg->ankle);
	add(b, leg->heel, leg->ball, (skin_shape){{.035f, .041f, .042f, .037f}, shoe, shoe, 2, ankle},
	    &leg->foot, leg->ankle);
	add(b, leg->ball, leg->toe, (skin_shape){{.037f, .035f, .031f, .025f}, shoe, shoe, 2, -1}, &leg->foot,
	    leg->ankle);
	pf_vec3 tongue = pf_at(&leg->foot, leg->ankle, 0, -0.012f * u, 0.020f * u);
	add(b, tongue, leg->ball, (skin_shape){{.036f, .036f, .034f, .030f}, shoe, shoe, 2, ankle},
	    &leg->foot, leg->ankle);
}

static void add_arm(builder *b, int side)
{
	const pf_look *look = b->look;
	const pf_arm *arm = &b->s->arms[side];
	const float u = b->s->unit;
	int right = side == PF_RIGHT, elbow = PF_KEYPOINT_LEFT_ELBOW + right,
	    wrist = PF_KEYPOINT_LEFT_WRIST + right;
	const pf_material skin = PF_MATERIAL_SKIN, shirt = PF_MATERIAL_SLEEVE;
	pf_material upper = look->sleeve > 0 ? shirt : skin;
	pf_vec3 delta = pf_along(arm->shoulder, arm->upper.up, -0.03f * u);
	add(b, arm->shoulder, delta,
	    (skin_shape){{.058f, .060f, .060f, .057f}, upper, upper, 2, PF_KEYPOINT_LEFT_SHOULDER + right},
	    &arm->upper, arm->shoulder);
	add(b, delta, arm->elbow,
	    (skin_shape){{.054f, .050f, .045f, .038f}, upper, skin, look->sleeve, elbow}, &arm->upper,
	    arm->shoulder);
	pf_vec3 biceps = pf_at(&arm->upper, arm->shoulder, 0, -0.11f * u, 0.012f * u);
	pf_vec3 biceps_end = pf_at(&arm->upper, arm->shoulder, 0, -0.25f * u, 0.006f * u);
	add(b, biceps, biceps_end,
	    (skin_shape){{.036f, .044f, .040f, .030f}, upper, skin, look->sleeve * 0.4f, elbow}, &arm->upper,
	    arm->shoulder);
	if (look->sleeve > 0) {
		pf_vec3 hem = pf_along(arm->shoulder, arm->upper.up, -0.28f * u * look->sleeve - 0.03f * u);
		add(b, arm->shoulder, hem,
		    (skin_shape){
			    {.058f, .060f, .059f, .057f}, shirt, shirt, 2, PF_KEYPOINT_LEFT_SHOULDER + right},
		    &arm->upper, arm->shoulder);
	}
	add(b, arm->elbow, arm->wrist, (skin_shape){{.039f, .043f, .035f, .026f}, skin, skin, 2, wrist},
	    &arm->fore, arm->elbow);
	pf_vec3 knuckle = pf_at(&arm->fore, arm->wrist, 0, -0.065f * u, 0.004f * u);
	add(b, arm->wrist, knuckle, (skin_shape){{.026f, .034f, .038f, .036f}, skin, skin, 2, wrist},
	    &arm->fore, arm->elbow);
	pf_vec3 fingers = pf_at(&arm->fore, arm->hand, 0, -0.004f * u, 0.030f * u);
	add(b, knuckle, fingers, (skin_shape){{.034f, .031f, .027f, .022f}, skin, skin, 2, -1}, &arm->fore,
	    arm->elbow);
	float sign = right ? -1.0f : 1.0f;
	pf_vec3 thumb = pf_at(&arm->fore, arm->wrist, sign * 0.026f * u, -0.04f * u, 0.018f * u);
	pf_vec3 thumb_end = pf_at(&arm->fore, arm->wrist, sign * 0.020f * u, -0.085f * u, 0.034f * u);
	add(b, thumb, thumb_end, (skin_shape){{.018f, .017f, .015f, .012f}, skin, skin, 2, -1}, &arm->fore,
	    arm->elbow);
}

static void add_head(builder *b)
{
	const pf_skeleton *s = b->s;
	const float u = s->unit * b->look->build.head, keep = b->girth;
	const pf_material skin = PF_MATERIAL_SKIN, hair = PF_MATERIAL_HAIR;
	pf_vec3 skull = pf_at(&s->head, s->head_at, 0, -0.045f * u, -0.025f * u);
	add(b, s->neck_at, skull, (skin_shape){{.064f, .059f, .057f, .058f}, skin, skin, 2, -1}, &s->chest,
	    s->chest_at);
	b->girth = u;
	pf_part *head = add(b, s->head_at, s->head_at,
			    (skin_shape){{.075f, .115f, .096f, .096f},
					 PF_MATERIAL_HEAD,
					 PF_MATERIAL_HEAD,
					 2,
					 PF_KEYPOINT_NOSE},
			    &s->head, s->head_at);
	head->a.z += 1.0f;
	head->b.z = head->a.z;
	for (int side = 0; side < 2; side++) {
		float sign = side == PF_RIGHT ? 1.0f : -1.0f;
		pf_vec3 top = pf_at(&s->head, s->head_at, sign * 0.072f * u, 0.018f * u, -0.012f * u);
		pf_vec3 lobe = pf_at(&s->head, s->head_at, sign * 0.069f * u, -0.024f * u, -0.004f * u);
		add(b, top, lobe,
		    (skin_shape){{.012f, .014f, .012f, .009f},
				 skin,
				 skin,
				 2,
				 PF_KEYPOINT_LEFT_EAR + (side == PF_RIGHT)},
		    &s->head, s->head_at);
	}
	pf_vec3 bridge = pf_at(&s->head, s->head_at, 0, 0.016f * u, 0.080f * u);
	pf_vec3 tip = pf_at(&s->head, s->head_at, 0, -0.023f * u, 0.094f * u);
	add(b, bridge, tip, (skin_shape){{.009f, .011f, .014f, .015f}, skin, skin, 2, PF_KEYPOINT_NOSE},
	    &s->head, s->head_at)
		->blend_m = 0.026f;
	if (b->look->hair_style == PF_HAIR_TAIL || b->look->hair_style == PF_HAIR_BUN) {
		pf_vec3 root = pf_at(&s->head, s->head_at, 0, 0.045f * u, -0.100f * u);
		int bun = b->look->hair_style == PF_HAIR_BUN;
		pf_vec3 end = pf_at(&s->head, s->head_at, 0.02f * u, (bun ? 0.055f : -0.13f) * u,
				    (bun ? -0.115f : -0.19f) * u);
		float wide = bun ? 0.040f : 0.032f;
		add(b, root, end, (skin_shape){{0.030f, wide, wide, bun ? wide : .010f}, hair, hair, 2, -1},
		    &s->head, root);
	}
	b->girth = keep;
}

static void add_ball(builder *b, pf_vec3 at, float radius)
{
	static const pf_frame3 axes = {{0.8f, 0.6f, 0}, {-0.6f, 0.8f, 0}, {0, 0, 1}};
	b->girth = 1.0f;
	add(b, at, at,
	    (skin_shape){{radius, radius, radius, radius}, PF_MATERIAL_BALL, PF_MATERIAL_BALL, 2, -1}, &axes,
	    at);
}

static void add_rod(builder *b, const pf_arm *arm, pf_vec3 grip, pf_vec3 way, float back, float ahead,
		    float radius)
{
	b->girth = 1.0f;
	add(b, pf_along(grip, way, -back), pf_along(grip, way, ahead),
	    (skin_shape){{radius * 0.5f, radius, radius, radius * 0.4f},
			 PF_MATERIAL_METAL,
			 PF_MATERIAL_METAL,
			 2,
			 -1},
	    &arm->upper, grip);
}

static void add_racket(builder *b, const pf_arm *arm)
{
	float u = b->s->unit;
	pf_vec3 way = pf_normalised(pf_along(pf_mul(arm->fore.up, -1.0f), arm->fore.front, 0.35f));
	add_rod(b, arm, arm->hand, way, 0.08f, 0.36f, 0.015f);
	pf_vec3 middle = pf_along(arm->hand, way, 0.50f * u);
	for (int i = 0; i < 10; i++) { /* the hoop, as a polygon */
		pf_vec3 ends[2];
		for (int e = 0; e < 2; e++) {
			float angle = 36.0f * (float)(i + e);
			ends[e] = pf_along(pf_along(middle, way, 0.165f * pf_cos_deg(angle)), arm->fore.right,
					   0.125f * pf_sin_deg(angle));
		}
		add(b, ends[0], ends[1],
		    (skin_shape){{.011f, .011f, .011f, .011f}, PF_MATERIAL_METAL, PF_MATERIAL_METAL, 2, -1},
		    &arm->fore, middle);
	}
}

static void add_prop(builder *b, pf_motion motion, float phase)
{
	const pf_motion_table *table = pf_motion_get(motion);
	const pf_skeleton *s = b->s;
	const pf_arm *arm = &s->arms[PF_RIGHT];
	pf_vec3 front = s->head.front, up = pf_vec(0, 1, 0);
	front.y = 0;
	front = pf_normalised(front);
	float flown = phase > table->release ? (phase - table->release) * table->seconds : 0;
	if (table->prop == PF_PROP_JAVELIN) {
		pf_vec3 way = pf_normalised(pf_along(front, up, 0.42f));
		pf_vec3 grip = pf_along(arm->hand, way, flown * 22.0f);
		add_rod(b, arm, grip, way, 1.15f, 1.15f, 0.013f);
	} else if (table->prop == PF_PROP_BALL) {
		pf_motion_table still = *table;
		pf_body_pose pose;
		pf_motion_pose(motion, still.release, &pose);
		pf_vec3 rest = pf_along(s->pelvis_at, front, 0.42f * s->unit + (pose.travel_m - 0.0f));
		pf_motion_pose(motion, phase, &pose);
		rest = pf_along(rest, front, -pose.travel_m + flown * 17.0f);
		rest = pf_along(rest, s->head.right, 0.06f);
		rest.y = 0.11f + flown * 7.0f - flown * flown * 4.9f;
		add_ball(b, rest, 0.11f);
	} else if (table->prop == PF_PROP_RACKET) {
		add_racket(b, arm);
	} else if (table->prop == PF_PROP_BARRIER) {
		pf_body_pose pose;
		pf_motion_pose(motion, phase, &pose);
		pf_vec3 foot = pf_along(s->pelvis_at, front, 2.75f - pose.travel_m);
		foot.y = 0;
		b->girth = 1.0f;
		for (int i = 0; i < 3; i++) {
			pf_vec3 from = pf_along(pf_along(foot, s->head.right, i == 1 ? 0.55f : -0.55f), up,
						i == 2 ? 0.80f : 0.0f);
			pf_vec3 to = pf_along(pf_along(foot, s->head.right, i == 0 ? -0.55f : 0.55f), up,
					      0.80f);
			float r = i == 2 ? 0.035f : 0.016f;
			pf_material m = i == 2 ? PF_MATERIAL_WHITE : PF_MATERIAL_METAL;
			add(b, from, to, (skin_shape){{r, r, r, r}, m, m, 2, -1}, &s->head, foot);
		}
	}
}

void pf_body_build(const pf_skeleton *skeleton, const pf_look *look, const pf_view *view, pf_motion motion,
		   float phase, pf_body *body)
{
	builder b = {skeleton, look, view, body, skeleton->unit * look->build.girth};
	body->count = 0;
	body->look = look;
	add_torso(&b);
	for (int side = 0; side < 2; side++) {
		add_leg(&b, side);
		add_arm(&b, side);
	}
	add_head(&b);
	body->flesh = body->count;
	add_prop(&b, motion, phase);
}

void pf_body_soften(pf_body *body, const pf_body *later, float still, float share_x, float share_y)
{
	for (int i = 0; i < body->count; i++) {
		pf_part *part = &body->parts[i];
		const pf_part *then = &later->parts[i];
		float vx = (then->a.x + then->b.x - part->a.x - part->b.x) * 0.5f - share_x;
		float vy = (then->a.y + then->b.y - part->a.y - part->b.y) * 0.5f - share_y;
		float dx = part->b.x - part->a.x, dy = part->b.y - part->a.y;
		float flat = sqrtf(dx * dx + dy * dy) + 1.0f;
		float across = (vx * dy - vy * dx) / flat;
		across = across < 0 ? -across : across;
		float limit = part->radius[0] * 0.9f;
		part->softness = still + (across > limit ? limit : across);
	}
}
