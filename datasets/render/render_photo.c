#include "datasets/render/render_photo.h"

#include <stdlib.h>
#include <string.h>

#include "datasets/render/render_blur.h"
#include "datasets/render/render_compose.h"
#include "datasets/render/render_shadow.h"

struct pf_renderer {
	pf_noise_tiles tiles;
	pf_mips mips;
	pf_picture far, back;
	pf_layer layer, behind;
	uint64_t far_seed; /* of the scene that `far` shows */
	unsigned far_width, far_height;
	int far_valid;
	pf_canvas canvas;
};

pf_renderer *pf_renderer_create(void)
{
	pf_renderer *renderer = calloc(1, sizeof *renderer);
	if (!renderer || pf_noise_tiles_fill(&renderer->tiles) != PF_OK) {
		free(renderer);
		return NULL;
	}
	pf_mips_fill(&renderer->mips, &renderer->tiles);
	return renderer;
}

void pf_renderer_free(pf_renderer *renderer)
{
	if (renderer) {
		pf_picture_free(&renderer->far);
		pf_picture_free(&renderer->back);
		pf_layer_free(&renderer->layer);
		pf_layer_free(&renderer->behind);
		pf_canvas_free(&renderer->canvas);
		free(renderer);
	}
}

static pf_view halved(const pf_view *view)
{
	pf_view half = *view;
	half.px_per_m *= 0.5f;
	half.centre_x *= 0.5f;
	half.horizon_y *= 0.5f;
	return half;
}

/* Row of the half-size picture where the ground meets the far part. */
static float foot_row(const pf_scene *scene, const pf_view *half)
{
	float d = half->distance_m;
	return half->horizon_y + half->camera_height_m * half->px_per_m * d / (d + scene->far_distance_m);
}

/* The far picture is as high as the photo and a little more, its foot at a fixed row, so that jitter of the
 * camera only moves it. */
static pf_status prepare_far(pf_renderer *r, const pf_scene *scene)
{
	int width = (int)scene->width / 2 + 64, height = (int)scene->height / 2 + (int)scene->height / 4;
	if (r->far_valid && r->far_seed == scene->far_scene.seed && r->far.width == width &&
	    r->far.height == height) {
		return PF_OK;
	}
	r->far_valid = 0;
	pf_status status = pf_picture_reset(&r->far, width, height);
	if (status) {
		return status;
	}
	pf_far_scene far_scene = scene->far_scene;
	far_scene.foot_y = (float)height;
	pf_far_draw(&far_scene, &r->tiles, &r->far);
	r->far_seed = far_scene.seed;
	r->far_valid = 1;
	return PF_OK;
}

static void copy_wrapped(const int16_t *in, int16_t *out, int width, int in_width, int shift)
{
	int x = 0;
	while (x < width) {
		int from = (x + shift) % in_width;
		from = from < 0 ? from + in_width : from;
		int run = in_width - from < width - x ? in_width - from : width - x;
		memcpy(out + x, in + from, (size_t)run * sizeof *out);
		x += run;
	}
}

static void place_far(pf_renderer *r, const pf_scene *scene, const pf_shot *shot, const pf_view *half,
		      int foot)
{
	float d = scene->view.distance_m, share = d / (d + scene->far_distance_m);
	float way = shot->travel_m * pf_cos_deg(scene->actors[0].heading) * half->px_per_m * share;
	int shift = pf_round_int(way - (half->centre_x - scene->view.centre_x * 0.5f));
	int rows = foot < r->back.height ? foot : r->back.height;
	for (int y = 0; y < rows; y++) {
		int from = r->far.height - foot + y;
		from = from < 0 ? 0 : from >= r->far.height ? r->far.height - 1 : from;
		size_t in = (size_t)from * (size_t)r->far.width, out = (size_t)y * (size_t)r->back.width;
		copy_wrapped(r->far.y + in, r->back.y + out, r->back.width, r->far.width, shift);
		copy_wrapped(r->far.cb + in, r->back.cb + out, r->back.width, r->far.width, shift);
		copy_wrapped(r->far.cr + in, r->back.cr + out, r->back.width, r->far.width, shift);
	}
}

static void place_ground(pf_renderer *r, const pf_scene *scene, const pf_shot *shot, const pf_view *half,
			 int foot)
{
	pf_ground_scene ground = {
		.ground = pf_backdrop_ground(scene->backdrop),
		.view = *half,
		.heading = scene->actors[0].heading,
		.travel_m = shot->travel_m,
		.offset_u = (float)(scene->far_scene.seed & 1023) * 0.173f,
		.offset_v = (float)(scene->far_scene.seed >> 10 & 1023) * 0.00119f,
		.lens = scene->lens * 0.5f,
		.light = scene->far_scene.light *
			 (pf_backdrop_far(scene->backdrop) == PF_FAR_ARENA ? 0.8f : 1.0f),
		.warm = scene->light.warm,
		.first_row = foot,
	};
	pf_ground_draw(&ground, &r->mips, &r->back);
}

static pf_status draw_layer(const pf_renderer *r, const pf_body *body, int width, int height, float margin,
			    pf_layer *layer)
{
	float box[4];
	pf_body_box(body, body->count, box);
	int x0 = pf_floor_int(pf_clampf(box[0] - margin, -margin, (float)width));
	int y0 = pf_floor_int(pf_clampf(box[1] - margin, -margin, (float)height));
	int x1 = pf_floor_int(pf_clampf(box[2] + margin, 0, (float)width + margin)) + 1;
	int y1 = pf_floor_int(pf_clampf(box[3] + margin, 0, (float)height + margin)) + 1;
	x0 &= ~1; /* whole chroma samples */
	y0 &= ~1;
	x1 = x1 <= x0 ? x0 + 2 : x1 + (x1 & 1);
	y1 = y1 <= y0 ? y0 + 2 : y1 + (y1 & 1);
	pf_status status = pf_layer_reset(layer, x0, y0, x1 - x0, y1 - y0);
	if (status == PF_OK) {
		pf_body_draw(body, &r->tiles, layer);
	}
	return status;
}

static void blur_layer(pf_layer *layer, float disc, float dx, float dy)
{
	int16_t *planes[] = {layer->y, layer->alpha, layer->cb, layer->cr};
	for (int i = 0; i < 4; i++) {
		if (disc > 0.6f) {
			pf_blur_disc(planes[i], layer->scratch, layer->width, layer->height, disc);
		}
		pf_blur_motion(planes[i], layer->scratch, layer->width, layer->height, dx, dy);
	}
}

/* The second athlete stands behind the plane of focus: half size is enough. */
static pf_status place_second(pf_renderer *r, const pf_scene *scene, const pf_shot *shot)
{
	pf_body body = shot->bodies[1];
	for (int i = 0; i < body.count; i++) {
		pf_part *p = &body.parts[i];
		p->a = pf_mul(p->a, 0.5f);
		p->b = pf_mul(p->b, 0.5f);
		p->origin = pf_mul(p->origin, 0.5f);
		p->metres *= 2.0f;
		p->softness = p->softness * 0.5f + 0.5f;
		for (int k = 0; k < 4; k++) {
			p->radius[k] *= 0.5f;
		}
	}
	float d = scene->view.distance_m, range = d - scene->actors[1].z_m;
	float disc = 0.5f * (scene->lens * (1.0f / d - 1.0f / range) + shot->defocus);
	pf_status status = draw_layer(r, &body, r->back.width, r->back.height, disc * 1.5f + 4, &r->behind);
	if (status == PF_OK) {
		blur_layer(&r->behind, disc, 0.5f * shot->blur_x, 0.5f * shot->blur_y);
		pf_picture_lay(&r->back, &r->behind);
	}
	return status;
}

static void blur_back(pf_renderer *r, const pf_scene *scene, const pf_shot *shot, int foot)
{
	int16_t *planes[] = {r->back.y, r->back.cb, r->back.cr};
	float d = scene->view.distance_m, share = d / (d + scene->far_distance_m);
	for (int i = 0; i < 3; i++) {
		/* the pan: less where it is far, more where it is near */
		for (int y = 0; y < r->back.height; y++) {
			float near = y < foot ? share
					      : share + (1.0f - share) * (float)(y - foot) /
								(float)(r->back.height - foot);
			float length = 0.5f * shot->pan_x * near;
			int radius = pf_round_int((length < 0 ? -length : length) * 0.5f);
			if (radius > 0) {
				int16_t *row = planes[i] + (size_t)y * (size_t)r->back.width;
				memcpy(r->back.scratch, row, (size_t)r->back.width * sizeof *row);
				pf_blur_row(r->back.scratch, row, r->back.width, radius);
			}
		}
		int radius = pf_round_int((shot->pan_y < 0 ? -shot->pan_y : shot->pan_y) * 0.25f);
		pf_blur_columns(planes[i], r->back.scratch, r->back.width, r->back.height, radius);
	}
}

pf_status pf_render_photo(pf_renderer *renderer, const pf_scene *scene, const pf_shot *shot,
			  pf_photo_planes *planes)
{
	pf_view half = halved(&shot->view);
	pf_status status = prepare_far(renderer, scene);
	if (status == PF_OK) {
		status = pf_picture_reset(&renderer->back, (int)scene->width / 2, (int)scene->height / 2);
	}
	if (status) {
		return status;
	}
	int foot = pf_round_int(pf_clampf(foot_row(scene, &half), 0, (float)renderer->back.height));
	place_far(renderer, scene, shot, &half, foot);
	place_ground(renderer, scene, shot, &half, foot);
	for (int i = scene->actor_count - 1; i >= 0; i--) {
		status = pf_shadow_cast(&shot->bodies[i], &shot->view, scene->hard_shadow, foot,
					&renderer->canvas, &renderer->back);
		if (status == PF_OK && i == 1) {
			status = place_second(renderer, scene, shot);
		}
		if (status) {
			return status;
		}
	}
	blur_back(renderer, scene, shot, foot);
	float reach = shot->defocus * 1.6f + (shot->blur_x < 0 ? -shot->blur_x : shot->blur_x) +
		      (shot->blur_y < 0 ? -shot->blur_y : shot->blur_y);
	status = draw_layer(renderer, &shot->bodies[0], (int)scene->width, (int)scene->height, reach + 4,
			    &renderer->layer);
	if (status) {
		return status;
	}
	blur_layer(&renderer->layer, shot->defocus, shot->blur_x, shot->blur_y);
	return pf_compose(&renderer->canvas, scene, shot, &renderer->back, &renderer->layer, planes);
}
