#include "datasets/render/render_head.h"

#include <math.h>

/* The egg made ready: rows of M take pixels to the unit sphere of the head. */
typedef struct egg {
	pf_vec3 right, up, front; /* axis / radius */
	float kx, ky, kz;         /* M * (0, 0, 1) */
	float a, inverse_a;
	float ux, uy; /* the picture direction of up */
	float height; /* half height in pixels */
} egg;

static egg egg_of(const pf_part *part, float grow)
{
	egg e;
	e.right = pf_mul(part->frame.right, 1.0f / (part->radius[0] * grow));
	e.up = pf_mul(part->frame.up, 1.0f / (part->radius[1] * grow));
	e.front = pf_mul(part->frame.front, 1.0f / (part->radius[2] * grow));
	e.kx = e.right.z;
	e.ky = e.up.z;
	e.kz = e.front.z;
	e.a = e.kx * e.kx + e.ky * e.ky + e.kz * e.kz;
	e.inverse_a = 1.0f / e.a;
	float flat = sqrtf(part->frame.up.x * part->frame.up.x + part->frame.up.y * part->frame.up.y);
	e.ux = flat > 0.2f ? part->frame.up.x / flat : 0;
	e.uy = flat > 0.2f ? part->frame.up.y / flat : -1;
	e.height = part->radius[1] * grow;
	return e;
}

/* The point of the unit sphere under pixel offset (px, py); returns pixels inside the outline. */
static inline float egg_hit(const egg *e, float px, float py, pf_vec3 *q, float *z)
{
	float along = px * e->ux + py * e->uy, across = px * -e->uy + py * e->ux;
	/* narrower to the chin, rounder at the crown */
	float v = along / e->height;
	float taper = v < 0 ? 1.0f - 0.19f * v * v : 1.0f + 0.09f * v * v;
	across /= taper;
	float x = along * e->ux - across * e->uy, y = along * e->uy + across * e->ux;
	pf_vec3 p = {e->right.x * x + e->right.y * y, e->up.x * x + e->up.y * y,
		     e->front.x * x + e->front.y * y};
	float b = p.x * e->kx + p.y * e->ky + p.z * e->kz, c = pf_dot(p, p) - 1.0f;
	float disc = b * b - e->a * c;
	*z = (-b + (disc > 0 ? sqrtf(disc) : 0.0f)) * e->inverse_a;
	*q = pf_vec(p.x + *z * e->kx, p.y + *z * e->ky, p.z + *z * e->kz);
	/* disc falls from e.a to 0 at the outline; its root is a height in units of the sphere */
	return disc * e->inverse_a * e->height * 0.5f;
}

static inline float ellipse(float x, float y, float cx, float cy, float rx, float ry)
{
	float u = (x - cx) / rx, v = (y - cy) / ry;
	return u * u + v * v;
}

/* 1 inside the ellipse, falling to 0 at `reach` times its size. */
static inline float soft_spot(float d2, float reach)
{
	return pf_clampf((reach - d2) / (reach - 0.35f), 0.0f, 1.0f);
}

static void paint_eye(const pf_look *look, float x, float y, pf_surface *s)
{
	/* x, y relative to the eye's centre, x away from the nose */
	float socket = soft_spot(ellipse(x, y, -0.02f, 0.06f, 0.25f, 0.17f), 1.9f);
	s->colour.y *= 1.0f - 0.42f * socket;
	float lid = ellipse(x, y, 0, 0.0f, 0.165f, 0.068f + 0.02f * x);
	if (lid < 1.0f) {
		float iris = ellipse(x, y, -0.01f, 0.008f, 0.068f, 0.075f);
		/* in the lids' shade: never far above the skin */
		pf_colour white = {58.0f + 0.78f * look->skin.y, 1, 3};
		s->colour = pf_colour_mix(white, look->iris, pf_clampf((1.1f - iris) * 4.0f, 0, 1));
		s->colour = pf_colour_mix(s->colour, (pf_colour){12, 0, 0},
					  pf_clampf((0.32f - iris) * 8.0f, 0, 1));
		if (ellipse(x, y, 0.015f, 0.03f, 0.018f, 0.018f) < 1.0f) {
			s->colour = (pf_colour){210, 0, 0};
		}
		s->colour.y *= 1.0f - 0.45f * pf_clampf((y - 0.012f) * 18.0f, 0, 1);
		s->gloss = 0.05f;
	} else if (lid < 1.9f && y > -0.01f) {
		float lash = pf_clampf((1.9f - lid) * 1.6f, 0, 1);
		s->colour = pf_colour_mix(s->colour, (pf_colour){26, 0, 3}, 0.85f * lash);
	}
	float arch = 0.215f - 0.9f * (x - 0.03f) * (x - 0.03f);
	float brow = ellipse(x, y, 0.015f, arch, 0.235f, 0.052f);
	float hair = look->hair.y > 70 ? 0.62f : 0.85f;
	pf_colour dark = pf_colour_mix(look->hair, (pf_colour){40, -2, 4}, look->hair.y > 60 ? 0.6f : 0.0f);
	s->colour = pf_colour_mix(s->colour, dark, hair * pf_clampf((1.25f - brow) * 1.6f, 0, 1));
}

static void paint_mouth(const pf_look *look, float x, float y, pf_surface *s)
{
	float ax = x < 0 ? -x : x, curve = 0.25f * x * x * (look->smile > 0 ? 1.0f : 0.1f);
	float open = 0.075f * look->smile, v = y + 0.53f - curve;
	float lips = ellipse(x, v, 0, 0, 0.27f, 0.075f + open);
	s->colour = pf_colour_mix(s->colour, look->lips, 0.9f * pf_clampf((1.12f - lips) * 4.0f, 0, 1));
	float gap = ellipse(x, v, 0, 0, 0.235f, 0.014f + open);
	pf_colour inner = open > 0.02f && v > -0.2f * open && ax < 0.19f ? (pf_colour){214, -2, 3}
									 : (pf_colour){44, 0, 12};
	s->colour = pf_colour_mix(s->colour, inner, pf_clampf((1.1f - gap) * 4.0f, 0, 1));
	s->bump -= 0.10f * soft_spot(ellipse(x, v, 0, -0.13f, 0.16f, 0.045f), 1.8f);
}

static void paint_nose(float x, float y, pf_surface *s)
{
	float ax = x < 0 ? -x : x;
	float length = pf_smoothstep(-0.34f, -0.22f, y) * (1.0f - pf_smoothstep(0.06f, 0.26f, y));
	float width = 0.075f - 0.14f * (y < 0 ? y : 0);
	s->bump += 0.12f * length * pf_clampf(1.0f - ax / width, 0, 1);
	float flank = 1.0f -
		      pf_clampf((ax - width * 1.3f < 0 ? width * 1.3f - ax : ax - width * 1.3f) / 0.06f, 0,
				1);
	s->colour.y *= 1.0f - 0.13f * length * flank;
	float nostril = ellipse(ax, y, 0.075f, -0.285f, 0.048f, 0.026f);
	s->colour.y *= 1.0f - 0.62f * soft_spot(nostril, 1.8f);
	s->colour.y *= 1.0f - 0.22f * soft_spot(ellipse(x, y, 0, -0.35f, 0.16f, 0.05f), 1.8f);
}

/* The face on the unit sphere: x to the athlete's right, y up, both of a point on the front half. */
static void paint_face(const pf_look *look, pf_vec3 q, pf_surface *s)
{
	float ax = q.x < 0 ? -q.x : q.x, y = q.y + 0.02f;
	s->colour.cr += 5.0f * soft_spot(ellipse(ax, y, 0.45f, -0.2f, 0.22f, 0.17f), 2.2f);
	s->bump += 0.09f * soft_spot(ellipse(ax, y, 0.44f, -0.16f, 0.22f, 0.14f), 2.2f);
	if (look->beard > 0) {
		float jaw = pf_smoothstep(0.30f, 0.46f, -y - 0.12f + 0.25f * ax);
		float stubble = look->beard * (jaw > 0 ? jaw : 0);
		s->colour = pf_colour_mix(s->colour, look->hair, 0.55f * stubble);
	}
	paint_nose(q.x, y, s);
	paint_mouth(look, q.x, y, s);
	paint_eye(look, ax - 0.385f, y - 0.06f, s);
}

/* Height of the hairline for a point whose front coordinate is `front`. */
static float hairline(const pf_look *look, pf_vec3 q)
{
	float line = look->hair_style == PF_HAIR_CROPPED ? 0.70f : 0.60f;
	float back = 0.62f - q.z;
	float drop = back > 0 ? 1.25f * back : 0.0f;
	float part = 0.10f * q.x;
	float low = look->hair_style == PF_HAIR_SHORT || look->hair_style == PF_HAIR_CROPPED ? -0.42f
											     : -0.70f;
	float y = line - drop + part;
	return y < low ? low : y;
}

/* Hair stands off the skull at the top and lies close at the sides: shells of falling height. */
typedef struct shells {
	egg skull, hair[2];
	float down_to[2];
} shells;

static int hit_hair(const pf_body *body, const pf_noise_tiles *tiles, const shells *head, float px, float py,
		    float *inside, float *z, pf_surface *s, pf_vec3 *q)
{
	const pf_look *look = body->look;
	for (int i = 0; i < 3; i++) {
		*inside = egg_hit(i < 2 ? &head->hair[i] : &head->skull, px, py, q, z);
		if (*inside <= -1.0f) {
			continue;
		}
		float rough = pf_tile_smooth(tiles->cloud, q->x * 40.0f + q->z * 23.0f,
					     q->y * 16.0f + q->x * 9.0f);
		float line = hairline(look, *q) + rough * 0.0009f;
		if (q->y <= line || (i < 2 && q->y < head->down_to[i] + rough * 0.0006f)) {
			continue;
		}
		float strand = pf_tile_smooth(tiles->cloud, q->x * 150.0f + q->y * 30.0f,
					      q->z * 110.0f + q->y * 14.0f);
		*s = (pf_surface){look->hair, strand * 0.0028f, 0.10f};
		s->colour.y += strand * 0.12f;
		if (look->headband && q->y > 0.46f && q->y < 0.60f && q->z > -0.8f) {
			*s = (pf_surface){look->accent, strand * 0.0005f, 0.03f};
		}
		return 1;
	}
	return 0;
}

static int hit_surface(const pf_body *body, const pf_noise_tiles *tiles, const shells *head, float px,
		       float py, float *inside, float *z, pf_surface *s, pf_vec3 *q)
{
	const pf_look *look = body->look;
	if (hit_hair(body, tiles, head, px, py, inside, z, s, q)) {
		return 1;
	}
	*inside = egg_hit(&head->skull, px, py, q, z);
	if (*inside <= -1.0f) {
		return 0;
	}
	float n = pf_tile_smooth(tiles->cloud, q->x * 90.0f + q->z * 60.0f, q->y * 90.0f);
	*s = (pf_surface){look->skin, 0, 0.13f};
	s->colour.y *= 1.0f + n * 0.0006f;
	if (look->headband && q->y > 0.50f && q->y < 0.62f) {
		*s = (pf_surface){look->accent, n * 0.0006f, 0.03f};
	} else if (q->z > 0.05f) {
		paint_face(look, *q, s);
	}
	/* the hair throws a little shade on the forehead */
	float line = hairline(look, *q);
	s->colour.y *= 1.0f - 0.22f * pf_clampf((q->y - line + 0.14f) / 0.14f, 0, 1);
	return 1;
}

void pf_head_draw(const pf_body *body, const pf_noise_tiles *tiles, const pf_part *part, pf_layer *layer)
{
	float volume = body->look->hair_style == PF_HAIR_CURLS     ? 1.22f
		       : body->look->hair_style == PF_HAIR_CROPPED ? 1.02f
								   : 1.07f;
	shells head = {egg_of(part, 1.0f),
		       {egg_of(part, volume), egg_of(part, 0.5f + 0.5f * volume)},
		       {0.30f, 0.02f}};
	float reach = (part->radius[1] > part->radius[2] ? part->radius[1] : part->radius[2]) * volume + 2.0f;
	int x0 = pf_floor_int(part->a.x - reach) - layer->x0,
	    x1 = pf_floor_int(part->a.x + reach) + 1 - layer->x0;
	int y0 = pf_floor_int(part->a.y - reach) - layer->y0,
	    y1 = pf_floor_int(part->a.y + reach) + 1 - layer->y0;
	x0 = x0 < 0 ? 0 : x0;
	y0 = y0 < 0 ? 0 : y0;
	x1 = x1 > layer->width ? layer->width : x1;
	y1 = y1 > layer->height ? layer->height : y1;
	float blend = 0.010f / part->metres;
	for (int y = y0; y < y1; y++) {
		for (int x = x0; x < x1; x++) {
			float px = (float)(x + layer->x0) + 0.5f - part->a.x;
			float py = (float)(y + layer->y0) + 0.5f - part->a.y, inside, z;
			pf_surface s;
			pf_vec3 q;
			pf_colour colour;
			if (!hit_surface(body, tiles, &head, px, py, &inside, &z, &s, &q)) {
				continue;
			}
			float cover = inside / part->softness + 0.5f;
			if (cover <= 0) {
				continue;
			}
			pf_vec3 n = pf_along(pf_along(pf_mul(head.skull.right, q.x), head.skull.up, q.y),
					     head.skull.front, q.z);
			pf_apply_light(&body->light, pf_normalised(n), &s, &colour);
			size_t i = (size_t)y * (size_t)layer->width + (size_t)x;
			pf_layer_put(layer, i, cover > 1 ? 1 : cover, part->a.z + z, blend, &colour);
		}
	}
}
