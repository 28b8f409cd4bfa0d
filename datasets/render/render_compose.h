/* Background and athlete become a photo: lens shading, exposure, sensor noise, 8-bit planes. */
#ifndef PF_RENDER_COMPOSE_H
#define PF_RENDER_COMPOSE_H

#include "datasets/render/render_photo.h"

/* Reusable memory of a renderer. */
typedef struct pf_canvas {
	uint8_t *planes, *turned;
	size_t planes_size, turned_size;
	void *scratch;
	size_t scratch_size;
} pf_canvas;

void pf_canvas_free(pf_canvas *canvas);

/* At least `size` bytes until the next call; NULL without memory. */
void *pf_canvas_scratch(pf_canvas *canvas, size_t size);

pf_status pf_compose(pf_canvas *canvas, const pf_scene *scene, const pf_shot *shot, const pf_picture *back,
		     pf_layer *layer, pf_photo_planes *planes);

#endif
