/* The shadow of a body on the ground. */
#ifndef PF_RENDER_SHADOW_H
#define PF_RENDER_SHADOW_H

#include "datasets/render/render_compose.h"
#include "datasets/render/render_scene.h"

/* Darkens the half-size `picture` below `first_row`. `view` is the full picture's; `hard` a shadow in the
 * sun, otherwise only the soft one below the body. */
pf_status pf_shadow_cast(const pf_body *body, const pf_view *view, bool hard, int first_row,
			 pf_canvas *canvas, pf_picture *picture);

#endif
