/* Surfaces: the colour of a material at a point of the body, before light. */
#ifndef PF_RENDER_MATERIAL_H
#define PF_RENDER_MATERIAL_H

#include "datasets/render/render_layer.h"

typedef struct pf_surface {
	pf_colour colour;
	float bump;  /* adds to the light that falls in, about -0.2 .. 0.2 */
	float gloss; /* strength of the highlight */
} pf_surface;

/* `detail` 0 .. 1: how well a pixel resolves a millimetre; `t` along the part, `local` the point in the
 * part's texture frame in metres (right, up, front). */
pf_surface pf_material_at(const pf_look *look, const pf_noise_tiles *tiles, pf_material material,
			  float detail, float t, pf_vec3 local);

static inline float pf_tile_at(const int8_t *tile, float u, float v)
{
	return (float)tile[(pf_floor_int(v) & 255) * 256 + (pf_floor_int(u) & 255)];
}

/* Bilinear, for textures that are magnified. */
static inline float pf_tile_smooth(const int8_t *tile, float u, float v)
{
	int x = pf_floor_int(u), y = pf_floor_int(v);
	float fu = u - (float)x, fv = v - (float)y;
	const int8_t *row = tile + (y & 255) * 256, *next = tile + ((y + 1) & 255) * 256;
	int x0 = x & 255, x1 = (x + 1) & 255;
	float top = (float)row[x0] + (float)(row[x1] - row[x0]) * fu;
	float bottom = (float)next[x0] + (float)(next[x1] - next[x0]) * fu;
	return top + (bottom - top) * fv;
}

/* Light that reaches a surface of normal `n` (view axes, y down), linear; 1 is neutral. */
float pf_light_on(const pf_light *light, pf_vec3 n, float bump);

/* Highlight of a surface, as a share of white in display units. */
float pf_light_gloss(const pf_light *light, pf_vec3 n);

#endif
