/* A layer: one athlete in its bounding box, drawn part by part with soft depth, and its projection. */
#ifndef PF_RENDER_LAYER_H
#define PF_RENDER_LAYER_H

#include <stddef.h>
#include <stdint.h>

#include "datasets/render/render_look.h"
#include "photofinish/status.h"

/* The camera: looks along -z (pitched), the athlete's ground point near the world's origin.
 * Picture coordinates are pixels, x right and y down, of the upright picture. */
typedef struct pf_view {
	float px_per_m;   /* at z = 0 */
	float distance_m; /* of the camera from z = 0 */
	float camera_height_m;
	float centre_x, horizon_y; /* pixels */
} pf_view;

/* x, y in pixels and z in pixels to the camera; *scale (may be NULL): pixels per metre there. */
pf_vec3 pf_project(const pf_view *view, pf_vec3 world, float *scale);

typedef struct pf_light {
	pf_vec3 direction;  /* to the light; view axes with y down, unit length */
	float key, ambient; /* strengths; key + ambient is about 1.1 */
	float warm;         /* tint: Cr gains and Cb loses this share of Y */
} pf_light;

/* Premultiplied planes, 16 units a level (white 4080), coverage 0 .. 4096; depth in pixels. A layer owns its
 * planes, which grow and are reused from photo to photo. */
typedef struct pf_layer {
	int x0, y0, width, height; /* of the box in the picture; may reach outside it */
	int16_t *y, *cb, *cr, *alpha, *depth;
	int16_t *scratch; /* as large as a plane */
	size_t capacity;  /* pixels */
} pf_layer;

pf_status pf_layer_reset(pf_layer *layer, int x0, int y0, int width, int height);
void pf_layer_free(pf_layer *layer);

typedef enum pf_material {
	PF_MATERIAL_SKIN,
	PF_MATERIAL_SHIRT,
	PF_MATERIAL_SLEEVE,
	PF_MATERIAL_SHORTS,
	PF_MATERIAL_SOCK,
	PF_MATERIAL_SHOE,
	PF_MATERIAL_HAIR,
	PF_MATERIAL_WHITE,
	PF_MATERIAL_BALL,
	PF_MATERIAL_METAL,
	PF_MATERIAL_HEAD
} pf_material;

/* A tapered capsule. Its surface is material[0] up to `cut` of its length and material[1] beyond. */
typedef struct pf_part {
	pf_vec3 a, b;    /* pixels; the axis' ends */
	float radius[4]; /* pixels, at 0, 1/3, 2/3 and 1 of the axis */
	pf_material material[2];
	float cut;
	pf_frame3 frame; /* for textures, shading sides; view axes */
	pf_vec3 origin;  /* of the texture, pixels */
	float metres;    /* per pixel here */
	float softness;  /* width of the edge in pixels, from the part's own motion */
	float blend_m;   /* depth over which it blends into what it touches */
	int keypoint;    /* the keypoint it carries at its end b, or -1 (it never hides its own) */
} pf_part;

#define PF_PARTS_MAX 72

typedef struct pf_body {
	pf_part parts[PF_PARTS_MAX];
	int count, flesh; /* the first `flesh` parts are the athlete; a prop's follow */
	const pf_look *look;
	pf_light light;
} pf_body;

/* 256 x 256 periodic noise (mean 0, -127 .. 127): 1/f; its slope along the diagonal
 * (cloth folds); fine grain without coarse parts. */
typedef struct pf_noise_tiles {
	int8_t cloud[256 * 256], fold[256 * 256], grain[256 * 256];
} pf_noise_tiles;

/* PF_ERR_NO_MEMORY is the only error. */
pf_status pf_noise_tiles_fill(pf_noise_tiles *tiles);

/* Draws parts sorted from far to near. */
void pf_body_draw(const pf_body *body, const pf_noise_tiles *tiles, pf_layer *layer);

/* Depth of the nearest surface at a pixel, over all parts but those whose keypoint is `own`; a very small
 * number where there is none. For the visibility of keypoints. */
float pf_body_depth_at(const pf_body *body, float x, float y, int own);

/* The box of the first `count` parts in pixels: x0, y0, x1, y1. */
void pf_body_box(const pf_body *body, int count, float box[4]);

#endif
