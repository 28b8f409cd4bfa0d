/* From a skeleton to the parts that are drawn: flesh, clothing, head, props, all in pixels. */
#ifndef PF_RENDER_BODY_H
#define PF_RENDER_BODY_H

#include "datasets/render/render_layer.h"

/* The prop of the motion at that phase is part of the body. */
void pf_body_build(const pf_skeleton *skeleton, const pf_look *look, const pf_view *view, pf_motion motion,
		   float phase, pf_body *body);

/* Softens each part's edges by its own way between `body` and `later`, the same body when the shutter
 * closes; `still` is the softness of what does not move, in pixels. The way that both share (`share_x`,
 * `share_y` pixels, followed by the camera) does not count. */
void pf_body_soften(pf_body *body, const pf_body *later, float still, float share_x, float share_y);

#endif
