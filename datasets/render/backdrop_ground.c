/* The ground in perspective: texture, lane and field lines, soft away from the plane of focus. */
#include "datasets/render/render_backdrop.h"

typedef struct surface_kind {
	uint32_t rgb;
	float coarse, fine, grain;   /* strengths of the texture with periods of 14 m, 2.3 m and 0.45 m */
	float line_every, line_wide; /* metres; 0 no lines */
	float bands;                 /* width of mowing bands or boards, metres */
	float band_strength;
} surface_kind;

static const surface_kind kinds[] = {
	[PF_GROUND_TARTAN] = {0xA8503C, 0.06f, 0.10f, 0.26f, 1.22f, 0.05f, 0, 0},
	[PF_GROUND_BLUE] = {0x3D6C9E, 0.06f, 0.10f, 0.26f, 1.22f, 0.05f, 0, 0},
	[PF_GROUND_GRASS] = {0x567F36, 0.11f, 0.22f, 0.46f, 0, 0, 5.5f, 0.10f},
	[PF_GROUND_MEADOW] = {0x74833C, 0.16f, 0.24f, 0.46f, 0, 0, 0, 0},
	[PF_GROUND_WOOD] = {0xBF8F57, 0.08f, 0.10f, 0.16f, 3.4f, 0.05f, 0.13f, 0.045f},
	[PF_GROUND_ASPHALT] = {0x76767A, 0.10f, 0.11f, 0.30f, 3.1f, 0.12f, 0, 0},
	[PF_GROUND_SAND] = {0xC8AC7C, 0.08f, 0.14f, 0.30f, 0, 0, 0, 0},
};

/* Bilinear sample of mip level `level` at (u, v) in units of level 0. */
static inline float sample(const int8_t *tile, int bits, float u, float v)
{
	int side = 1 << bits, mask = side - 1;
	float inverse = (float)side * (1.0f / 256.0f);
	u *= inverse;
	v *= inverse;
	int x = pf_floor_int(u), y = pf_floor_int(v);
	float fu = u - (float)x, fv = v - (float)y;
	const int8_t *row = tile + ((y & mask) << bits), *next = tile + (((y + 1) & mask) << bits);
	float top = (float)row[x & mask] + (float)(row[(x + 1) & mask] - row[x & mask]) * fu;
	float bottom = (float)next[x & mask] + (float)(next[(x + 1) & mask] - next[x & mask]) * fu;
	return top + (bottom - top) * fv;
}

static int level_for(float texels)
{
	int level = 0;
	while (texels > 1.5f && level < 5) {
		texels *= 0.5f;
		level++;
	}
	return level;
}

static float cover(float value, float every, float half, float soft)
{
	float d = value - every * (float)pf_floor_int(value / every) - 0.5f * every;
	d = d < 0 ? -d : d;
	float full = half * 2.0f / (half * 2.0f + soft); /* a line thinner than the blur is faint */
	return full * pf_clampf((half - d) / soft + 0.5f, 0.0f, 1.0f);
}

static void draw_row(const pf_ground_scene *scene, const surface_kind *kind, const pf_mips *mips,
		     pf_picture *picture, int row)
{
	const pf_view *view = &scene->view;
	float drop = (float)row + 0.5f - view->horizon_y;
	float scale = (drop < 0.5f ? 0.5f : drop) / view->camera_height_m; /* pixels per metre here */
	float depth = view->distance_m - view->px_per_m * view->distance_m / scale;
	float metre = 1.0f / scale, range = view->distance_m - depth;
	float focus = 1.0f / range - 1.0f / view->distance_m;
	float blur_m = scene->lens * (focus < 0 ? -focus : focus) * metre;
	float across = metre * (range / view->camera_height_m); /* metres per row */
	float soft = metre + blur_m;
	float s = pf_sin_deg(scene->heading), c = pf_cos_deg(scene->heading);
	float foot = blur_m + (metre * 2.0f > across * 0.5f ? metre * 2.0f : across * 0.5f);
	int l0 = level_for(foot * 256.0f / 14.0f), l1 = level_for(foot * 256.0f / 2.3f);
	int l2 = level_for(foot * 256.0f / 0.45f);
	float near = 1.0f - pf_clampf(foot * 256.0f / 0.45f / 40.0f, 0.0f, 1.0f);
	float line_soft = soft * (c < 0 ? -c : c) * (across / metre) + soft;
	line_soft = line_soft > 0.9f ? 0.9f : line_soft;
	pf_colour base = pf_colour_rgb(kind->rgb);
	int16_t *out = picture->y + (size_t)row * (size_t)picture->width;
	int16_t *cb = picture->cb + (size_t)row * (size_t)picture->width;
	int16_t *cr = picture->cr + (size_t)row * (size_t)picture->width;
	for (int x = 0; x < picture->width; x++) {
		float u = ((float)x + 0.5f - view->centre_x) * metre;
		float along = u * c + depth * s + scene->travel_m + scene->offset_u;
		float side = depth * c - u * s + scene->offset_v;
		float n = kind->coarse * sample(mips->level[l0], 8 - l0, along * 18.3f, side * 18.3f) +
			  kind->fine * sample(mips->level[l1], 8 - l1, along * 89.0f + side * 67.0f,
					      side * 89.0f - along * 67.0f) +
			  kind->grain * near *
				  sample(mips->level[l2], 8 - l2, along * 345.0f - side * 452.0f,
					 side * 345.0f + along * 452.0f);
		float y = base.y * (1.0f + n * 0.011f), gb = base.cb, gr = base.cr;
		if (kind->band_strength > 0) {
			y *= 1.0f + kind->band_strength * (2.0f * cover(along, kind->bands * 2.0f,
									kind->bands * 0.5f, soft) -
							   1.0f);
		}
		if (kind->line_every > 0) {
			float line = 0.9f * cover(side, kind->line_every, kind->line_wide * 0.5f, line_soft);
			y += (225.0f + n * 0.4f - y) * line;
			gb -= gb * line;
			gr -= gr * line;
		}
		y *= scene->light;
		out[x] = (int16_t)(pf_clampf(y, 0, 250) * 16.0f);
		cb[x] = (int16_t)((gb * scene->light - scene->warm * y) * 16.0f);
		cr[x] = (int16_t)((gr * scene->light + scene->warm * y) * 16.0f);
	}
}

void pf_ground_draw(const pf_ground_scene *scene, const pf_mips *mips, pf_picture *picture)
{
	const surface_kind *kind = &kinds[scene->ground];
	for (int row = scene->first_row < 0 ? 0 : scene->first_row; row < picture->height; row++) {
		draw_row(scene, kind, mips, picture, row);
	}
}
