#include "datasets/render/render_shadow.h"

#include <stdlib.h>
#include <string.h>

#include "datasets/render/render_blur.h"

typedef struct dark_map {
	int16_t *at;
	int width, height;
} dark_map;

/* A disc on the ground of radius `r` (world metres) around (x, z), as an ellipse of the mask. */
static void stamp(dark_map *mask, const pf_view *view, float x, float z, float r, int dark)
{
	float scale;
	pf_vec3 c = pf_project(view, pf_vec(x, 0, z), &scale);
	float rx = r * scale, ry = rx * view->camera_height_m / (view->distance_m - z) + 0.3f;
	int y0 = pf_floor_int(c.y - ry), y1 = pf_floor_int(c.y + ry) + 1;
	y0 = y0 < 0 ? 0 : y0;
	y1 = y1 > mask->height ? mask->height : y1;
	for (int y = y0; y < y1; y++) {
		float v = ((float)y + 0.5f - c.y) / ry;
		int x0 = pf_floor_int(c.x - rx), x1 = pf_floor_int(c.x + rx) + 1;
		x0 = x0 < 0 ? 0 : x0;
		x1 = x1 > mask->width ? mask->width : x1;
		for (int px = x0; px < x1; px++) {
			float u = ((float)px + 0.5f - c.x) / rx;
			int16_t *at = mask->at + (size_t)y * (size_t)mask->width + (size_t)px;
			if (u * u + v * v < 1.0f && *at < dark) {
				*at = (int16_t)dark;
			}
		}
	}
}

/* The world point of a picture point with known depth. */
static pf_vec3 unproject(const pf_view *view, pf_vec3 at)
{
	float z = at.z / view->px_per_m;
	float scale = view->px_per_m * view->distance_m / (view->distance_m - z);
	return pf_vec((at.x - view->centre_x) / scale,
		      view->camera_height_m - (at.y - view->horizon_y) / scale, z);
}

static void stamp_part(dark_map *mask, const pf_view *eighth, const pf_view *view, const pf_part *part,
		       const pf_light *light, bool hard)
{
	pf_vec3 a = unproject(view, part->a), b = unproject(view, part->b);
	for (int k = 0; k <= 6; k++) {
		float t = (float)k / 6.0f;
		pf_vec3 p = pf_add(pf_mul(a, 1.0f - t), pf_mul(b, t));
		float r = pf_mix(part->radius[0], part->radius[3], t) * part->metres;
		p.y = p.y < 0 ? 0 : p.y;
		if (hard) {
			float down = p.y / (light->direction.y < -0.2f ? -light->direction.y : 0.2f);
			stamp(mask, eighth, p.x - light->direction.x * down, p.z - light->direction.z * down,
			      r * 1.1f, 2100);
		}
		float low = 1.0f - p.y / 0.9f;
		if (low > 0) {
			stamp(mask, eighth, p.x, p.z, r * 1.3f + 0.06f * (1.0f - low),
			      (int)(2300.0f * low * low));
		}
	}
}

pf_status pf_shadow_cast(const pf_body *body, const pf_view *view, bool hard, int first_row,
			 pf_canvas *canvas, pf_picture *picture)
{
	/* the mask has an eighth of the full picture's size */
	pf_view eighth = *view;
	eighth.px_per_m *= 0.125f;
	eighth.centre_x *= 0.125f;
	eighth.horizon_y *= 0.125f;
	dark_map mask = {NULL, picture->width / 4 + 2, picture->height / 4 + 2};
	size_t size = (size_t)mask.width * (size_t)mask.height;
	mask.at = pf_canvas_scratch(canvas, 2 * size * sizeof *mask.at);
	if (!mask.at) {
		return PF_ERR_NO_MEMORY;
	}
	memset(mask.at, 0, size * sizeof *mask.at);
	for (int i = 0; i < body->count; i++) {
		stamp_part(&mask, &eighth, view, &body->parts[i], &body->light, hard);
	}
	float soft = (hard ? 0.035f : 0.10f) * eighth.px_per_m;
	pf_blur_disc(mask.at, mask.at + size, mask.width, mask.height, soft < 2.0f ? 2.0f : soft);
	for (int y = first_row < 0 ? 0 : first_row; y < picture->height; y++) {
		const int16_t *row = mask.at + (size_t)(y / 4) * (size_t)mask.width;
		const int16_t *next = row + mask.width;
		int fy = 2 * (y & 3) + 1;
		size_t out = (size_t)y * (size_t)picture->width;
		for (int x = 0; x < picture->width; x++) {
			int c = x / 4, fx = 2 * (x & 3) + 1;
			int dark = ((row[c] * (8 - fx) + row[c + 1] * fx) * (8 - fy) +
				    (next[c] * (8 - fx) + next[c + 1] * fx) * fy) >>
				   6;
			if (dark > 0) {
				int keep = 4096 - dark;
				picture->y[out + (size_t)x] = (int16_t)(picture->y[out + (size_t)x] * keep >>
									12);
				picture->cb[out + (size_t)x] =
					(int16_t)(picture->cb[out + (size_t)x] * keep >> 12);
				picture->cr[out + (size_t)x] =
					(int16_t)(picture->cr[out + (size_t)x] * keep >> 12);
			}
		}
	}
	return PF_OK;
}
