/* Renders one photo of a scene into 4:2:0 planes, in the orientation in which the sensor stores it. */
#ifndef PF_RENDER_PHOTO_H
#define PF_RENDER_PHOTO_H

#include "datasets/render/render_scene.h"

/* Any change of what is rendered raises it: datasets of another version count as other datasets. */
#define PF_RENDER_VERSION 1

/* Planes padded to whole 16 x 16 blocks: y has `stride` x `rows` samples, cb and cr half of each. */
typedef struct pf_photo_planes {
	unsigned width, height, stride, rows;
	uint8_t *y, *cb, *cr;
} pf_photo_planes;

typedef struct pf_renderer pf_renderer;

/* One per process or thread; keeps its buffers (about 12 bytes a pixel of the largest photo) and the last
 * group's background. NULL without memory. */
pf_renderer *pf_renderer_create(void);
void pf_renderer_free(pf_renderer *renderer);

/* `planes` stay valid until the next call. PF_ERR_NO_MEMORY is the only error. */
pf_status pf_render_photo(pf_renderer *renderer, const pf_scene *scene, const pf_shot *shot,
			  pf_photo_planes *planes);

#endif
