/* Draws a body: each part is a tapered capsule whose surface is found by a ray along z. Parts come from far
 * to near; where surfaces nearly touch they blend, so that joints look grown together. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "datasets/render/render_head.h"
#include "datasets/render/render_layer.h"
#include "datasets/render/render_material.h"

/* A part made ready for many pixels. */
typedef struct caps {
	float dx, dy, dz, inverse_2d, length, inverse_length, uz, inverse_a;
	float c0, c1, c2, c3, r_max;
	int ends; /* seen so much from its end that the end spheres show */
} caps;

typedef struct hit {
	float t, inside, z, nx, ny, nz; /* inside: pixels within the outline, negative outside */
} hit;

static void prepare(const pf_part *part, caps *c)
{
	const float *r = part->radius;
	c->dx = part->b.x - part->a.x;
	c->dy = part->b.y - part->a.y;
	c->dz = part->b.z - part->a.z;
	float flat = c->dx * c->dx + c->dy * c->dy;
	c->length = sqrtf(flat + c->dz * c->dz) + 1e-3f;
	c->inverse_length = 1.0f / c->length;
	c->inverse_2d = flat > 1e-3f ? 1.0f / flat : 0.0f;
	c->uz = c->dz * c->inverse_length;
	float a = 1.0f - c->uz * c->uz;
	c->inverse_a = 1.0f / (a < 0.05f ? 0.05f : a);
	c->ends = a < 0.6f;
	c->c0 = r[0];
	c->c1 = -5.5f * r[0] + 9.0f * r[1] - 4.5f * r[2] + r[3];
	c->c2 = 9.0f * r[0] - 22.5f * r[1] + 18.0f * r[2] - 4.5f * r[3];
	c->c3 = 4.5f * (r[3] - r[0]) + 13.5f * (r[1] - r[2]);
	c->r_max = 0;
	for (int i = 0; i < 4; i++) {
		c->r_max = r[i] > c->r_max ? r[i] : c->r_max;
	}
	c->r_max *= 1.08f;
}

static inline float radius_at(const caps *c, float t)
{
	return c->c0 + t * (c->c1 + t * (c->c2 + t * c->c3));
}

static inline void sphere_at(const caps *c, float px, float py, float t, hit *out)
{
	float r = radius_at(c, t), qx = px - t * c->dx, qy = py - t * c->dy;
	float flat = qx * qx + qy * qy, h = r * r - flat;
	float up = h > 0 ? sqrtf(h) : 0.0f, inverse = 1.0f / (h > 0 ? r : sqrtf(flat) + 1e-6f);
	out->t = t;
	out->inside = r - sqrtf(flat);
	out->z = t * c->dz + up;
	out->nx = qx * inverse;
	out->ny = qy * inverse;
	out->nz = up * inverse;
}

/* Where the ray meets the cylinder of radius `r`: the place along the axis. */
static inline float place_on(const caps *c, float px, float py, float along, float r)
{
	float s2 = along * c->inverse_length, b = s2 * c->uz;
	float disc = b * b - (px * px + py * py - s2 * s2 - r * r) / c->inverse_a;
	float z = (b + (disc > 0 ? sqrtf(disc) : 0.0f)) * c->inverse_a;
	return pf_clampf((s2 + z * c->uz) * c->inverse_length, 0.0f, 1.0f);
}

static inline void take_nearer(const caps *c, float px, float py, float t, hit *out)
{
	hit other;
	sphere_at(c, px, py, t, &other);
	if (out->inside < 0 ? other.inside > out->inside : other.inside > 0 && other.z > out->z) {
		*out = other;
	}
}

static inline void capsule_hit(const caps *c, float px, float py, hit *out)
{
	float along = px * c->dx + py * c->dy;
	float t2 = pf_clampf(along * c->inverse_2d, 0.0f, 1.0f);
	sphere_at(c, px, py, place_on(c, px, py, along, radius_at(c, t2)), out);
	if (out->inside < 0) {
		take_nearer(c, px, py, t2, out);
	}
	if (c->ends) { /* the taper counts as much as the axis: search along it, ever finer */
		for (int k = 0; k <= 6; k++) {
			take_nearer(c, px, py, (float)k * (1.0f / 6.0f), out);
		}
		float step = 1.0f / 6.0f;
		for (int k = 0; k < 5 && out->inside > 0; k++) {
			float t = out->t;
			step *= 0.5f;
			take_nearer(c, px, py, t > step ? t - step : 0.0f, out);
			take_nearer(c, px, py, t + step < 1.0f ? t + step : 1.0f, out);
		}
	}
}

/* Columns of row y that the capsule, grown by `margin`, can touch. */
static void row_span(const pf_part *part, const caps *c, float y, float margin, float *x0, float *x1)
{
	float reach = c->r_max + margin, ay = part->a.y, t0 = 0, t1 = 1;
	if (c->dy > 1e-3f || c->dy < -1e-3f) {
		float ta = (y - reach - ay) / c->dy, tb = (y + reach - ay) / c->dy;
		t0 = pf_clampf(ta < tb ? ta : tb, 0.0f, 1.0f);
		t1 = pf_clampf(ta < tb ? tb : ta, 0.0f, 1.0f);
	}
	float xa = part->a.x + t0 * c->dx, xb = part->a.x + t1 * c->dx;
	*x0 = (xa < xb ? xa : xb) - reach;
	*x1 = (xa < xb ? xb : xa) + reach;
}

static void shade(const pf_body *body, const pf_noise_tiles *tiles, const pf_part *part, const hit *h,
		  float px, float py, pf_colour *colour)
{
	pf_vec3 n = pf_vec(h->nx, h->ny, h->nz);
	pf_vec3 at = pf_mul(pf_sub(pf_vec(px, py, part->a.z + h->z), part->origin), part->metres);
	pf_vec3 local = pf_vec(pf_dot(at, part->frame.right), pf_dot(at, part->frame.up),
			       pf_dot(at, part->frame.front));
	float detail = pf_clampf(1.4f - 500.0f * part->metres, 0.0f, 1.0f);
	pf_surface s = pf_material_at(body->look, tiles, part->material[h->t > part->cut], detail, h->t,
				      local);
	pf_apply_light(&body->light, n, &s, colour);
}

void pf_apply_light(const pf_light *light, pf_vec3 n, const pf_surface *s, pf_colour *colour)
{
	/* colours are display-referred: the square root stands for the display's curve */
	float gain = sqrtf(pf_light_on(light, n, s->bump));
	float gloss = s->gloss * pf_light_gloss(light, n);
	colour->y = s->colour.y * gain * (1.0f - gloss) + 250.0f * gloss;
	colour->cb = s->colour.cb * gain * (1.0f - gloss) - light->warm * colour->y;
	colour->cr = s->colour.cr * gain * (1.0f - gloss) + light->warm * colour->y;
}

void pf_layer_put(pf_layer *layer, size_t i, float cover, float z, float blend, const pf_colour *c)
{
	int cov = (int)(cover * 4096.0f), alpha = layer->alpha[i];
	float front = pf_clampf((z - (float)layer->depth[i]) / blend + 0.5f, 0.0f, 1.0f);
	int f = alpha ? (int)(front * 4096.0f) : 4096;
	int old_share = 4096 - (cov * f >> 12);
	int new_share = cov * (f + ((4096 - f) * (4096 - alpha) >> 12)) >> 12;
	layer->y[i] = (int16_t)((layer->y[i] * old_share + (int)(c->y * 16.0f) * new_share) >> 12);
	layer->cb[i] = (int16_t)((layer->cb[i] * old_share + (int)(c->cb * 16.0f) * new_share) >> 12);
	layer->cr[i] = (int16_t)((layer->cr[i] * old_share + (int)(c->cr * 16.0f) * new_share) >> 12);
	layer->alpha[i] = (int16_t)(alpha + (cov * (4096 - alpha) >> 12));
	if (cov > 2048 && z > (float)layer->depth[i]) {
		layer->depth[i] = (int16_t)pf_clampf(z, -32000, 32000);
	}
}

/* The contact shadow that a part throws on what lies behind it, close to its outline. */
static inline void shadow(pf_layer *layer, size_t i, float outside, float width, float z, float scale)
{
	if (!layer->alpha[i]) {
		return;
	}
	float near = 1.0f - outside / width, gap = (z - (float)layer->depth[i]) / scale;
	if (near <= 0 || gap <= 0) {
		return;
	}
	int keep = 256 - (int)(88.0f * near * near * (gap > 1 ? 1 : gap));
	layer->y[i] = (int16_t)(layer->y[i] * keep >> 8);
	layer->cb[i] = (int16_t)(layer->cb[i] * keep >> 8);
	layer->cr[i] = (int16_t)(layer->cr[i] * keep >> 8);
}

static void draw_part(const pf_body *body, const pf_noise_tiles *tiles, const pf_part *part, pf_layer *layer)
{
	caps c;
	prepare(part, &c);
	float halo = c.r_max * 0.45f, soft = part->softness, inverse_soft = 1.0f / soft;
	float blend = part->blend_m / part->metres, margin = halo > soft ? halo : soft;
	float top = (part->a.y < part->b.y ? part->a.y : part->b.y) - c.r_max - margin;
	float bottom = (part->a.y < part->b.y ? part->b.y : part->a.y) + c.r_max + margin;
	int y0 = pf_floor_int(top) - layer->y0, y1 = pf_floor_int(bottom) + 1 - layer->y0;
	y0 = y0 < 0 ? 0 : y0;
	y1 = y1 > layer->height ? layer->height : y1;
	for (int y = y0; y < y1; y++) {
		float py = (float)(y + layer->y0) + 0.5f, left, right;
		row_span(part, &c, py, margin, &left, &right);
		int x0 = pf_floor_int(left) - layer->x0, x1 = pf_floor_int(right) + 1 - layer->x0;
		x0 = x0 < 0 ? 0 : x0;
		x1 = x1 > layer->width ? layer->width : x1;
		for (int x = x0; x < x1; x++) {
			size_t i = (size_t)y * (size_t)layer->width + (size_t)x;
			float px = (float)(x + layer->x0) + 0.5f;
			hit h;
			capsule_hit(&c, px - part->a.x, py - part->a.y, &h);
			float cover = h.inside * inverse_soft + 0.5f;
			if (cover < 1.0f) {
				shadow(layer, i, -h.inside, halo, part->a.z + h.z, c.r_max * 2.0f);
			}
			if (cover > 0) {
				pf_colour colour;
				shade(body, tiles, part, &h, px, py, &colour);
				pf_layer_put(layer, i, cover > 1 ? 1 : cover, part->a.z + h.z, blend,
					     &colour);
			}
		}
	}
}

void pf_body_draw(const pf_body *body, const pf_noise_tiles *tiles, pf_layer *layer)
{
	int order[PF_PARTS_MAX];
	for (int i = 0; i < body->count; i++) {
		int k = i;
		float z = body->parts[i].a.z + body->parts[i].b.z;
		for (; k > 0 && body->parts[order[k - 1]].a.z + body->parts[order[k - 1]].b.z > z; k--) {
			order[k] = order[k - 1];
		}
		order[k] = i;
	}
	for (int i = 0; i < body->count; i++) {
		const pf_part *part = &body->parts[order[i]];
		if (part->material[0] == PF_MATERIAL_HEAD) {
			pf_head_draw(body, tiles, part, layer);
		} else {
			draw_part(body, tiles, part, layer);
		}
	}
}

float pf_body_depth_at(const pf_body *body, float x, float y, int own)
{
	float nearest = -1e9f;
	for (int i = 0; i < body->count; i++) {
		const pf_part *part = &body->parts[i];
		if (own >= 0 && part->keypoint == own) {
			continue;
		}
		caps c;
		hit h;
		prepare(part, &c);
		capsule_hit(&c, x - part->a.x, y - part->a.y, &h);
		if (h.inside > 0 && part->a.z + h.z > nearest) {
			nearest = part->a.z + h.z;
		}
	}
	return nearest;
}

void pf_body_box(const pf_body *body, int count, float box[4])
{
	box[0] = box[1] = 1e9f;
	box[2] = box[3] = -1e9f;
	for (int i = 0; i < count; i++) {
		const pf_part *p = &body->parts[i];
		const pf_vec3 ends[2] = {p->a, p->b};
		float head = 1.25f * (p->radius[1] > p->radius[2] ? p->radius[1] : p->radius[2]);
		int egg = p->material[0] == PF_MATERIAL_HEAD;
		const float radii[2] = {egg ? head : p->radius[0], egg ? head : p->radius[3]};
		for (int e = 0; e < 2; e++) {
			box[0] = ends[e].x - radii[e] < box[0] ? ends[e].x - radii[e] : box[0];
			box[1] = ends[e].y - radii[e] < box[1] ? ends[e].y - radii[e] : box[1];
			box[2] = ends[e].x + radii[e] > box[2] ? ends[e].x + radii[e] : box[2];
			box[3] = ends[e].y + radii[e] > box[3] ? ends[e].y + radii[e] : box[3];
		}
	}
}
