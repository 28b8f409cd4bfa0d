/* The head: skull, face and hair on an egg shape; and what the rasteriser shares with it. */
#ifndef PF_RENDER_HEAD_H
#define PF_RENDER_HEAD_H

#include "datasets/render/render_layer.h"
#include "datasets/render/render_material.h"

/* `part`: a = b = the head's centre, radius[0..2] its half width, height and depth in pixels, the frame its
 * axes. */
void pf_head_draw(const pf_body *body, const pf_noise_tiles *tiles, const pf_part *part, pf_layer *layer);

/* Lays a colour over or under what is at pixel `i`, by depth; `blend` pixels of depth mix. */
void pf_layer_put(pf_layer *layer, size_t i, float cover, float z, float blend, const pf_colour *colour);

/* Surface colour in the light. */
void pf_apply_light(const pf_light *light, pf_vec3 n, const pf_surface *surface, pf_colour *colour);

#endif
