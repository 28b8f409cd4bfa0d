/* What stands behind the ground: stands with spectators and boards, a dark arena, trees, houses, hills.
 * Shapes are drawn crisp and get the lens' blur at the end. */
#include <stddef.h>
#include <stdlib.h>

#include "datasets/render/render_backdrop.h"
#include "datasets/render/render_blur.h"
#include "datasets/render/render_material.h"

typedef struct painter {
	const pf_far_scene *scene;
	const pf_noise_tiles *tiles;
	pf_picture *picture;
	pf_rng rng;
} painter;

/* How many steps begin within the span. */
static int count_of(float span, float step)
{
	return span > 0 ? pf_floor_int(span / step) + 1 : 0;
}

static void put(pf_picture *p, int x, int y, pf_colour c, float gain)
{
	size_t i = (size_t)y * (size_t)p->width + (size_t)x;
	p->y[i] = (int16_t)(pf_clampf(c.y * gain, 0, 252) * 16.0f);
	p->cb[i] = (int16_t)(c.cb * gain * 16.0f);
	p->cr[i] = (int16_t)(c.cr * gain * 16.0f);
}

static int wrapped(const pf_picture *p, int x)
{
	x %= p->width;
	return x < 0 ? x + p->width : x;
}

static void rectangle(painter *pen, float x0, float y0, float x1, float y1, pf_colour c, float top,
		      float bottom)
{
	pf_picture *p = pen->picture;
	int ya = y0 < 0 ? 0 : pf_floor_int(y0), yb = y1 > (float)p->height ? p->height : pf_floor_int(y1);
	int xa = pf_floor_int(x0), xb = pf_floor_int(x1);
	for (int y = ya; y < yb; y++) {
		float gain = pf_mix(top, bottom, ((float)y - y0) / (y1 - y0 + 1.0f));
		for (int x = xa; x < xb; x++) {
			put(p, wrapped(p, x), y, c, gain);
		}
	}
}

/* A ball-like spot, lit from above; `rough` lets noise eat its outline. */
static void blob(painter *pen, float cx, float cy, float rx, float ry, pf_colour c, float gain, float rough)
{
	pf_picture *p = pen->picture;
	int ya = pf_floor_int(cy - ry), yb = pf_floor_int(cy + ry) + 1;
	ya = ya < 0 ? 0 : ya;
	yb = yb > p->height ? p->height : yb;
	float grain = 60.0f / (rx + 1.0f), inverse_x = 1.0f / rx, inverse_y = 1.0f / ry;
	for (int y = ya; y < yb; y++) {
		float v = ((float)y + 0.5f - cy) * inverse_y;
		for (int x = pf_floor_int(cx - rx); x < pf_floor_int(cx + rx) + 1; x++) {
			float u = ((float)x + 0.5f - cx) * inverse_x, n = 0;
			if (rough > 0) {
				n = pf_tile_at(pen->tiles->cloud, (float)x * grain + cy,
					       (float)y * grain + cx) *
				    0.0079f;
			}
			if (u * u + v * v < 1.0f - rough * (0.5f + n)) {
				put(p, wrapped(p, x), y, c,
				    gain * (1.0f - 0.26f * v - 0.10f * u + 0.35f * rough * n));
			}
		}
	}
}

static pf_colour random_colour(painter *pen, float grey)
{
	static const uint32_t clothes[] = {0xB63A34, 0x2E4C86, 0xD8D6CF, 0x33363C, 0x4A7A4E, 0xE0B64A,
					   0x7C4A77, 0x8B8F96, 0x3F8FA6, 0xC77B4B, 0x1F2126, 0xE9E6DD};
	pf_colour c = pf_colour_rgb(clothes[pf_rng_below(&pen->rng, 12)]);
	c.cb *= 1.0f - grey;
	c.cr *= 1.0f - grey;
	c.y *= pf_rng_range(&pen->rng, 0.75f, 1.1f);
	return c;
}

static void spectator(painter *pen, float x, float foot, float metre, float gain)
{
	static const uint32_t skins[] = {0xD9A988, 0xC08661, 0x8A5A3B, 0x5E3B28, 0xE2B697};
	static const uint32_t hairs[] = {0x30241D, 0x1B1715, 0x6B4A2C, 0x9A8A78, 0xB08A50};
	pf_rng *rng = &pen->rng;
	float size = metre * pf_rng_range(rng, 0.9f, 1.1f), lean = pf_rng_range(rng, -0.05f, 0.05f) * size;
	pf_colour cloth = random_colour(pen, 0.2f), skin = pf_colour_rgb(skins[pf_rng_below(rng, 5)]);
	pf_colour hair = pf_colour_rgb(hairs[pf_rng_below(rng, 5)]);
	bool arms_up = pf_rng_chance(rng, 0.14f), cap = pf_rng_chance(rng, 0.2f);
	for (int side = -1; side <= 1; side += 2) { /* arms */
		float ax = x + 0.215f * size * (float)side;
		if (arms_up) {
			blob(pen, ax, foot - 0.80f * size, 0.055f * size, 0.26f * size, cloth, gain * 0.9f,
			     0);
			blob(pen, ax, foot - 1.06f * size, 0.05f * size, 0.09f * size, skin, gain, 0);
		} else {
			blob(pen, ax, foot - 0.34f * size, 0.07f * size, 0.25f * size, cloth, gain * 0.72f,
			     0);
			blob(pen, ax - 0.08f * size * (float)side, foot - 0.10f * size, 0.05f * size,
			     0.05f * size, skin, gain, 0);
		}
	}
	blob(pen, x, foot - 0.22f * size, 0.185f * size, 0.42f * size, cloth, gain * 0.92f, 0);
	blob(pen, x + lean * 0.4f, foot - 0.50f * size, 0.225f * size, 0.13f * size, cloth, gain, 0);
	float hx = x + lean, hy = foot - 0.765f * size;
	blob(pen, hx, hy + 0.11f * size, 0.05f * size, 0.08f * size, skin, gain * 0.75f, 0);
	blob(pen, hx, hy - 0.035f * size, 0.10f * size, 0.125f * size, cap ? random_colour(pen, 0) : hair,
	     gain, 0);
	blob(pen, hx, hy + 0.012f * size, 0.080f * size, 0.100f * size, skin, gain * 0.97f, 0);
	if (cap) {
		blob(pen, hx, hy - 0.06f * size, 0.095f * size, 0.025f * size, hair, gain * 0.6f, 0);
	}
}

static void boards(painter *pen, float foot, float metre, float bright)
{
	pf_picture *p = pen->picture;
	float height = 0.95f * metre, x = 0;
	while (x < (float)p->width) {
		float wide = metre * pf_rng_range(&pen->rng, 3.5f, 6.5f);
		if (x + wide * 1.4f > (float)p->width) {
			wide = (float)p->width - x;
		}
		pf_colour c = random_colour(pen, 0),
			  ink = c.y > 120 ? pf_colour_rgb(0x1E2430) : pf_colour_rgb(0xF1EFEA);
		rectangle(pen, x, foot - height, x + wide, foot, c, bright * 1.05f, bright * 0.85f);
		rectangle(pen, x, foot - height, x + 0.04f * metre, foot, pf_colour_rgb(0x202226), 1, 1);
		float cell = height * 0.085f, left = x + 0.5f * metre;
		int letters = (int)((wide - metre) / (cell * 6.5f));
		for (int k = 0; k < letters && k < 9; k++) {
			int glyph = (int)pf_rng_below(&pen->rng, 10);
			for (int i = 0; i < 35 && pf_hash2((uint32_t)k, (uint32_t)letters) % 7 != 6; i++) {
				int row = i / 5;
				if (pf_digit_bit(glyph, i % 5, row)) {
					float cx = left + ((float)k * 6.5f + (float)(i % 5)) * cell,
					      cy = foot - height + (2.3f + (float)row) * cell;
					rectangle(pen, cx, cy, cx + cell + 1, cy + cell + 1, ink, bright,
						  bright);
				}
			}
		}
		x += wide;
	}
}

static void stands(painter *pen, float dim, float led)
{
	const pf_far_scene *s = pen->scene;
	pf_picture *p = pen->picture;
	float m = s->metre, front = s->foot_y - 1.9f * m;
	rectangle(pen, 0, 0, (float)p->width, s->foot_y, pf_colour_rgb(0x4A4E57), 0.5f * dim, 1.1f * dim);
	int rows = (int)(front / (0.52f * m)) + 3;
	rows = rows < 1 ? 1 : rows > 60 ? 60 : rows;
	for (int r = rows; r >= 0; r--) {
		float foot = front + 0.3f * m - (float)r * 0.52f * m,
		      gain = dim * (1.08f - 0.35f * (float)r / (float)rows);
		rectangle(pen, 0, foot - 0.12f * m, (float)p->width, foot, pf_colour_rgb(0x6D7078), gain,
			  gain * 0.7f);
		float left = pf_rng_range(&pen->rng, 0, 0.3f) * m;
		int seats = count_of((float)p->width - left, 0.56f * m);
		for (int k = 0; k < seats; k++) {
			float x = left + (float)k * 0.56f * m;
			float aisle = x / (9.0f * m) - (float)pf_floor_int(x / (9.0f * m));
			if (aisle < 0.12f) {
				continue;
			}
			float seat = x + pf_rng_range(&pen->rng, -0.08f, 0.08f) * m;
			if (pf_rng_chance(&pen->rng, (float)s->crowd * 0.01f)) {
				spectator(pen, seat, foot + 0.25f * m, m,
					  gain * pf_rng_range(&pen->rng, 0.75f, 1.1f));
			} else {
				rectangle(pen, seat - 0.2f * m, foot - 0.42f * m, seat + 0.2f * m,
					  foot - 0.05f * m, pf_colour_rgb(r & 4 ? 0x37598E : 0x9AA0A8), gain,
					  gain * 0.7f);
			}
		}
	}
	rectangle(pen, 0, front + 0.25f * m, (float)p->width, s->foot_y - 0.9f * m, pf_colour_rgb(0x83868C),
		  0.9f * dim, 0.65f * dim);
	boards(pen, s->foot_y, m, led);
}

static void lamps(painter *pen)
{
	const pf_far_scene *s = pen->scene;
	pf_picture *p = pen->picture;
	int count = count_of((float)p->width - 0.8f * s->metre, 2.2f * s->metre);
	for (int k = 0; k < count; k++) {
		float x = (0.8f + 2.2f * (float)k) * s->metre;
		blob(pen, x, 0.12f * (float)p->height + 0.1f * s->metre, 0.20f * s->metre, 0.13f * s->metre,
		     pf_colour_rgb(0xFFFBEF), 1.0f, 0);
	}
}

static void sky(painter *pen, float bottom)
{
	pf_picture *p = pen->picture;
	int rows = bottom > (float)p->height ? p->height : (int)bottom;
	float step = 256.0f / (float)p->width;
	for (int y = 0; y < rows; y++) {
		float t = (float)y / bottom;
		pf_colour c = pf_colour_mix(pf_colour_rgb(0x7FA9D6), pf_colour_rgb(0xDCE6EC), t);
		for (int x = 0; x < p->width; x++) {
			float n = pf_tile_smooth(pen->tiles->cloud, (float)x * step * 2.0f,
						 (float)y * step * 4.0f);
			float w = pf_clampf(0.3f + n * 0.016f, 0, 1) * (1.0f - 0.5f * t);
			put(p, x, y, pf_colour_mix(c, pf_colour_rgb(0xF4F4F2), w), 1.0f);
		}
	}
}

/* A tree's crown: a mass of leaves with smaller and smaller ones on it. */
static void crown(painter *pen, float x, float y, float r, pf_colour c, float gain)
{
	blob(pen, x, y, r, r * 0.8f, c, gain, 0.6f);
	for (int k = 0; k < 26; k++) {
		float size = r * (k < 8 ? 0.30f : 0.12f), reach = 0.85f * r;
		float dx = pf_rng_range(&pen->rng, -reach, reach),
		      dy = pf_rng_range(&pen->rng, -0.8f * reach, 0.8f * reach);
		if (size > 0.8f && dx * dx + 1.5f * dy * dy < reach * reach) {
			blob(pen, x + dx, y + dy, size, size * 0.8f, c,
			     gain * (0.95f - 0.25f * dy / r) * pf_rng_range(&pen->rng, 0.65f, 1.4f), 0.5f);
		}
	}
}

static void trees(painter *pen, float far_gain)
{
	const pf_far_scene *s = pen->scene;
	pf_picture *p = pen->picture;
	static const uint32_t greens[] = {0x3E5B2C, 0x4F7034, 0x2F4A2B, 0x667F3A, 0x55682E};
	sky(pen, s->foot_y);
	float span = s->foot_y + 2.0f;
	for (int layer = 0; layer < 3; layer++) {
		float low = s->foot_y - (2 - (float)layer) * 0.10f * span,
		      size = s->metre * (1.0f + 0.5f * (float)layer);
		int count = (int)((float)p->width * (span * (0.8f - 0.22f * (float)layer)) /
				  (size * size * 0.7f)) +
			    8;
		count = count > 1600 ? 1600 : count;
		for (int k = 0; k < count; k++) {
			float x = pf_rng_range(&pen->rng, 0, (float)p->width);
			float top = 0.30f + 0.22f * (float)layer +
				    0.10f *
					    pf_tile_smooth(pen->tiles->cloud,
							   x * 900.0f / (float)p->width * 0.2844f,
							   40.0f * (float)layer) *
					    0.02f;
			float y = pf_mix(span * top, low, pf_rng_range(&pen->rng, 0, 1));
			float r = size * pf_rng_range(&pen->rng, 0.35f, 1.0f);
			pf_colour c = pf_colour_rgb(greens[pf_rng_below(&pen->rng, 5)]);
			crown(pen, x, y, r, c,
			      far_gain * pf_rng_range(&pen->rng, 0.55f, 1.25f) *
				      (1.1f - 0.12f * (float)layer));
		}
	}
	rectangle(pen, 0, s->foot_y - 0.55f * s->metre, (float)p->width, s->foot_y, pf_colour_rgb(0x44592D),
		  0.95f, 0.7f);
	int posts = count_of((float)p->width, 2.4f * s->metre);
	for (int k = 0; k < posts; k++) {
		float x = 2.4f * (float)k * s->metre;
		rectangle(pen, x, s->foot_y - 1.1f * s->metre, x + 0.07f * s->metre, s->foot_y,
			  pf_colour_rgb(0xDAD8D0), 1, 0.8f);
	}
	rectangle(pen, 0, s->foot_y - 1.1f * s->metre, (float)p->width, s->foot_y - 1.02f * s->metre,
		  pf_colour_rgb(0xE4E2DA), 1, 1);
}

static void house(painter *pen, float x, float wide, float top, float foot)
{
	static const uint32_t walls[] = {0xB59B7E, 0x9C6B54, 0xC9C2B4, 0x8C8F94, 0xD7C29A, 0x7D6A5E};
	float m = pen->scene->metre;
	rectangle(pen, x, top, x + wide, foot, pf_colour_rgb(walls[pf_rng_below(&pen->rng, 6)]), 1.05f,
		  0.85f);
	rectangle(pen, x, top, x + wide, top + 0.35f * m, pf_colour_rgb(0x5A4A42), 1, 1);
	int floors = count_of(foot - top - 3.2f * m, 2.9f * m), columns = count_of(wide - 2.0f * m, 2.1f * m);
	for (int k = 0; k < floors * columns; k++) {
		int level = k / columns;
		float wy = foot - 4.2f * m - (float)level * 2.9f * m;
		float wx = x + 0.8f * m + (float)(k % columns) * 2.1f * m;
		rectangle(pen, wx - 0.08f * m, wy - 0.08f * m, wx + 1.13f * m, wy + 1.68f * m,
			  pf_colour_rgb(0xDEDAD0), 1, 1);
		rectangle(pen, wx, wy, wx + 1.05f * m, wy + 1.6f * m, pf_colour_rgb(0x3A4652),
			  pf_rng_range(&pen->rng, 0.6f, 1.9f), 0.7f);
	}
	int shops = count_of(wide - 2.5f * m, 3.2f * m);
	for (int k = 0; k < shops; k++) {
		float wx = x + (0.5f + 3.2f * (float)k) * m;
		rectangle(pen, wx, foot - 2.6f * m, wx + 2.4f * m, foot, random_colour(pen, 0.2f), 0.8f,
			  0.5f);
	}
}

static void houses(painter *pen)
{
	const pf_far_scene *s = pen->scene;
	pf_picture *p = pen->picture;
	float x = 0;
	sky(pen, s->foot_y);
	while (x < (float)p->width) {
		float wide = s->metre * pf_rng_range(&pen->rng, 7, 13);
		house(pen, x, wide, s->foot_y - s->metre * pf_rng_range(&pen->rng, 7, 15), s->foot_y);
		x += wide;
	}
	int people = count_of((float)p->width, 0.62f * s->metre);
	for (int k = 0; k < people; k++) {
		if (pf_rng_chance(&pen->rng, (float)s->crowd * 0.01f)) {
			spectator(pen, 0.62f * (float)k * s->metre, s->foot_y - 0.55f * s->metre,
				  s->metre * 1.1f, pf_rng_range(&pen->rng, 0.7f, 1.05f));
		}
	}
	boards(pen, s->foot_y, s->metre, 0.95f);
}

static void hills(painter *pen)
{
	const pf_far_scene *s = pen->scene;
	pf_picture *p = pen->picture;
	sky(pen, s->foot_y);
	float step = 256.0f / (float)p->width;
	for (int layer = 0; layer < 4; layer++) {
		pf_colour haze = pf_colour_rgb(0xA9BDCB),
			  green = pf_colour_rgb(layer == 3 ? 0x5B6C35 : 0x4E6444);
		pf_colour c = pf_colour_mix(haze, green, 0.25f * (float)(layer + 1));
		for (int x = 0; x < p->width; x++) {
			float n = pf_tile_smooth(pen->tiles->cloud, (float)x * step, 37.0f * (float)layer);
			float top = s->foot_y * (0.42f + 0.15f * (float)layer) - n * 0.0016f * s->foot_y;
			for (int y = top < 0 ? 0 : (int)top; y < (int)s->foot_y && y < p->height; y++) {
				float g = pf_tile_smooth(pen->tiles->cloud, (float)x * step * 3.0f,
							 (float)y * step * 4.3f) *
						  0.0012f +
					  pf_tile_smooth(pen->tiles->cloud, (float)x * step * 7.0f + 91.0f,
							 (float)y * step * 9.1f) *
						  0.0010f;
				put(p, x, y, c, 1.0f + g * (float)(layer + 1) * 0.6f);
			}
		}
	}
}

void pf_far_draw(const pf_far_scene *scene, const pf_noise_tiles *tiles, pf_picture *picture)
{
	painter pen = {scene, tiles, picture, pf_rng_make(scene->seed, 0, 0, 77)};
	rectangle(&pen, 0, 0, (float)picture->width, (float)picture->height, pf_colour_rgb(0x70757A), 1, 1);
	switch (scene->far) {
	case PF_FAR_STANDS:
		stands(&pen, 0.80f, 0.95f);
		break;
	case PF_FAR_ARENA:
		stands(&pen, 0.38f, 1.05f);
		lamps(&pen);
		break;
	case PF_FAR_TREES:
		trees(&pen, 1.0f);
		break;
	case PF_FAR_HOUSES:
		houses(&pen);
		break;
	case PF_FAR_HILLS:
		hills(&pen);
		break;
	}
	float step = 256.0f / (float)picture->width;
	/* about a texel a pixel, made to fit the period */
	int periods = 5 * (picture->width / 1280 + 1);
	float fine = step * (float)periods;
	size_t i = 0;
	for (int y = 0; y < picture->height; y++) {
		for (int x = 0; x < picture->width; x++, i++) {
			float n = pf_tile_smooth(tiles->cloud, (float)x * step, (float)y * step) * 0.0014f +
				  pf_tile_smooth(tiles->cloud, (float)x * fine * 0.2f, (float)y * 0.2f) *
					  0.0010f +
				  pf_tile_at(tiles->cloud, (float)x * fine, (float)y) * 0.0013f;
			int gain = (int)((1.0f + n) * scene->light * 1024.0f);
			int y16 = picture->y[i] * gain >> 10;
			picture->y[i] = (int16_t)(y16 > 4060 ? 4060 : y16);
			picture->cb[i] = (int16_t)(picture->cb[i] - (int)(scene->warm * (float)y16));
			picture->cr[i] = (int16_t)(picture->cr[i] + (int)(scene->warm * (float)y16));
		}
	}
	pf_blur_disc(picture->y, picture->scratch, picture->width, picture->height, scene->blur);
	pf_blur_disc(picture->cb, picture->scratch, picture->width, picture->height, scene->blur);
	pf_blur_disc(picture->cr, picture->scratch, picture->width, picture->height, scene->blur);
}
