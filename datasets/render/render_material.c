#include "datasets/render/render_material.h"

#include <math.h>

/* 1 on the stripe, 0 off, with an edge as wide as `edge`; period 1. */
static float stripe(float v, float share, float edge)
{
	float d = v - (float)pf_floor_int(v) - 0.5f;
	d = d < 0 ? -d : d;
	return pf_clampf((share * 0.5f - d) / edge + 0.5f, 0.0f, 1.0f);
}

/* Share of the second colour of the shirt. */
static float pattern_at(pf_pattern pattern, pf_vec3 l)
{
	float side = l.x < 0 ? -l.x : l.x;
	switch (pattern) {
	case PF_PATTERN_HOOPS:
		return stripe(l.y * 9.0f, 0.5f, 0.06f);
	case PF_PATTERN_STRIPES:
		return stripe(l.x * 12.0f + 0.5f, 0.42f, 0.08f);
	case PF_PATTERN_SASH:
		return pf_clampf((0.06f - (l.x * 0.8f + l.y + 0.24f < 0 ? -(l.x * 0.8f + l.y + 0.24f)
									: l.x * 0.8f + l.y + 0.24f)) /
					 0.008f,
				 0.0f, 1.0f);
	case PF_PATTERN_PANELS:
		return pf_clampf((side - 0.105f) / 0.008f, 0.0f, 1.0f);
	case PF_PATTERN_HALVES:
		return pf_clampf(l.x / 0.006f + 0.5f, 0.0f, 1.0f);
	case PF_PATTERN_CHEVRON:
		return stripe((l.y - side * 0.9f) * 5.0f, 0.35f, 0.05f);
	case PF_PATTERN_CHECKS: {
		float a = stripe(l.x * 8.0f, 0.5f, 0.06f), b = stripe(l.y * 8.0f, 0.5f, 0.06f);
		return a + b - 2.0f * a * b;
	}
	case PF_PATTERN_DOTS: {
		float u = l.x * 14.0f, v = l.y * 14.0f;
		u -= (float)pf_floor_int(u) + 0.5f;
		v -= (float)pf_floor_int(v) + 0.5f;
		return pf_clampf((0.09f - u * u - v * v) / 0.03f, 0.0f, 1.0f);
	}
	case PF_PATTERN_FADE:
		return pf_smoothstep(-0.45f, -0.05f, l.y);
	case PF_PATTERN_PLAIN:
	case PF_PATTERN_COUNT:
		break;
	}
	return 0.0f;
}

/* The bib: 0 outside, 1 white, 2 print. */
static int bib_at(const pf_look *look, pf_vec3 l)
{
	float u = (0.105f - l.x * (l.z < 0 ? -1.0f : 1.0f)) / 0.21f, v = (-0.135f - l.y) / 0.165f;
	if (look->number < 0 || u < 0 || u > 1 || v < 0 || v > 1) {
		return 0;
	}
	if (v < 0.16f) {
		return 2;
	}
	int column = (int)(u * 19.0f) - 1, row = (int)((v - 0.26f) * 10.5f);
	if (column < 0 || column >= 17 || row < 0 || row >= 7 || v < 0.26f || column % 6 == 5) {
		return 1;
	}
	int place = column / 6;
	int digit = place == 0 ? look->number / 100 : place == 1 ? look->number / 10 % 10 : look->number % 10;
	return pf_digit_bit(digit, column % 6, row) ? 2 : 1;
}

/* The weave of cloth: fine grain that shows only where a pixel resolves it. */
static float weave(const pf_noise_tiles *tiles, float detail, float u, float v)
{
	return detail * pf_tile_at(tiles->grain, u * 1150.0f, v * 1150.0f) * 0.0011f;
}

static pf_surface sleeve_at(const pf_look *look, const pf_noise_tiles *tiles, float detail, float t,
			    pf_vec3 l)
{
	float trim = t > 0.80f ? 1.0f : 0.0f;
	if (look->pattern == PF_PATTERN_HOOPS || look->pattern == PF_PATTERN_CHECKS ||
	    look->pattern == PF_PATTERN_DOTS || look->pattern == PF_PATTERN_STRIPES) {
		trim = pattern_at(look->pattern, l);
	}
	pf_surface surface = {.colour = pf_colour_mix(look->shirt, look->shirt2, trim), .gloss = 0.05f};
	surface.bump = pf_tile_smooth(tiles->fold, l.x * 150.0f + l.y * 60.0f, l.y * 90.0f + l.z * 40.0f) *
			       0.0024f +
		       weave(tiles, detail, l.x + l.z, l.y);
	return surface;
}

static pf_surface shirt_at(const pf_look *look, const pf_noise_tiles *tiles, float detail, pf_vec3 l)
{
	pf_surface surface = {
		.colour = pf_colour_mix(look->shirt, look->shirt2, pattern_at(look->pattern, l)),
		.gloss = 0.05f};
	float z = l.z < 0 ? 97.0f : 0.0f;
	surface.bump = pf_tile_smooth(tiles->fold, l.x * 150.0f + l.y * 60.0f + z, l.y * 90.0f + z) *
			       0.0026f +
		       weave(tiles, detail, l.x, l.y);
	int bib = bib_at(look, l);
	if (bib) {
		surface.colour = bib == 1           ? (pf_colour){238, 0, 0}
				 : look->number & 1 ? (pf_colour){34, 2, 0}
						    : (pf_colour){70, 40, 6};
		surface.bump *= 0.6f;
	}
	return surface;
}

static pf_surface skin_at(const pf_look *look, const pf_noise_tiles *tiles, float detail, pf_vec3 l)
{
	float n = pf_tile_smooth(tiles->cloud, l.x * 420.0f + l.z * 300.0f, l.y * 420.0f);
	float m = pf_tile_smooth(tiles->fold, l.x * 160.0f + l.z * 200.0f + 31.0f, l.y * 46.0f);
	pf_colour c = look->skin;
	c.y *= 1.0f + n * 0.0007f;
	c.cr += n * 0.012f;
	float pore = detail * pf_tile_at(tiles->grain, l.x * 1300.0f + l.z * 900.0f, l.y * 1300.0f);
	return (pf_surface){c, m * 0.0012f + pore * 0.0007f, 0.16f};
}

static pf_surface shorts_at(const pf_look *look, const pf_noise_tiles *tiles, float detail, float t,
			    pf_vec3 l)
{
	float side = l.x < 0 ? -l.x : l.x;
	float band = pf_clampf((side - 0.062f) / 0.004f, 0, 1) *
		     pf_clampf((0.026f - (l.z < 0 ? -l.z : l.z)) / 0.004f, 0, 1);
	pf_surface surface = {.colour = pf_colour_mix(look->shorts, look->accent, t > 0 ? band : 0),
			      .gloss = 0.06f};
	surface.bump = pf_tile_smooth(tiles->fold, l.x * 120.0f + l.z * 90.0f + 13.0f, l.y * 70.0f) *
			       0.0028f +
		       weave(tiles, detail, l.x + l.z, l.y);
	return surface;
}

static pf_surface shoe_at(const pf_look *look, const pf_noise_tiles *tiles, pf_vec3 l)
{
	pf_surface surface = {.colour = look->shoe, .gloss = 0.12f};
	int striped = l.z > 0.0f && l.z < 0.08f && stripe(l.z * 26.0f + l.y * 14.0f, 0.3f, 0.06f) > 0.5f;
	if (l.y < -0.073f || striped) {
		surface.colour = look->sole;
	}
	surface.bump = pf_tile_at(tiles->cloud, l.z * 900.0f, l.y * 900.0f) * 0.0006f;
	return surface;
}

static pf_surface ball_at(pf_vec3 l)
{
	float a = stripe(l.x * 9.0f + l.y * 4.0f, 0.30f, 0.08f),
	      b = stripe(l.y * 9.0f - l.z * 5.0f, 0.30f, 0.08f);
	return (pf_surface){pf_colour_mix((pf_colour){232, 0, 0}, (pf_colour){40, 4, -2}, a * b), 0, 0.14f};
}

pf_surface pf_material_at(const pf_look *look, const pf_noise_tiles *tiles, pf_material material,
			  float detail, float t, pf_vec3 local)
{
	switch (material) {
	case PF_MATERIAL_SHIRT:
		return shirt_at(look, tiles, detail, local);
	case PF_MATERIAL_SLEEVE:
		return sleeve_at(look, tiles, detail, t, local);
	case PF_MATERIAL_SHORTS:
		return shorts_at(look, tiles, detail, t, local);
	case PF_MATERIAL_SHOE:
		return shoe_at(look, tiles, local);
	case PF_MATERIAL_SOCK: {
		float rib = pf_tile_at(tiles->cloud, local.x * 900.0f, local.y * 120.0f);
		return (pf_surface){look->sock, rib * 0.0008f, 0.02f};
	}
	case PF_MATERIAL_HAIR: {
		float strand = pf_tile_smooth(tiles->cloud, local.x * 900.0f + local.z * 700.0f,
					      local.y * 90.0f);
		pf_colour c = look->hair;
		c.y += strand * 0.10f;
		return (pf_surface){c, strand * 0.0016f, 0.10f};
	}
	case PF_MATERIAL_WHITE:
		return (pf_surface){{232, 0, 0}, 0, 0.05f};
	case PF_MATERIAL_BALL:
		return ball_at(local);
	case PF_MATERIAL_METAL:
		return (pf_surface){{172, 2, -2}, 0, 0.5f};
	case PF_MATERIAL_SKIN:
	case PF_MATERIAL_HEAD:
		break;
	}
	return skin_at(look, tiles, detail, local);
}

float pf_light_on(const pf_light *light, pf_vec3 n, float bump)
{
	float lambert = (pf_dot(n, light->direction) + bump * 2.0f + 0.22f) * 0.82f;
	float key = lambert > 0 ? light->key * lambert : 0;
	/* the sky from above, the ground's bounce from below, less of both at grazing surfaces */
	float sky = light->ambient * (0.74f - 0.26f * n.y + bump) * (0.62f + 0.38f * n.z);
	return key + (sky > 0 ? sky : 0);
}

float pf_light_gloss(const pf_light *light, pf_vec3 n)
{
	pf_vec3 half = pf_add(light->direction, pf_vec(0, 0, 1));
	float along = pf_dot(n, half);
	if (along <= 0) {
		return 0;
	}
	float s = along * along / pf_dot(half, half); /* cos^2 */
	s *= s;
	s *= s;
	return s * s * light->key; /* cos^16 */
}
