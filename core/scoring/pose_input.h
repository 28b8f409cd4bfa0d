/* From a photo's planes to the input of a pose network: upright, shrunk or enlarged to the network's size,
 * either the whole photo with grey around it or the surroundings of one person. */
#ifndef PHOTOFINISH_POSE_INPUT_H
#define PHOTOFINISH_POSE_INPUT_H

#include <stdint.h>

#include "core/nn/picture.h"
#include "core/photo/window.h"
#include "core/scoring/pose_card.h"
#include "photofinish/image.h"
#include "photofinish/network.h"

/* What the input shows of the upright photo. The point (x, y) of the input, in pixels from its left and top
 * edge (so that the centre of pixel i lies at i + 0.5), shows the point (left + x * x_step, top + y * y_step)
 * of the photo, in shares of its sides. */
typedef struct pf_pose_view {
	uint32_t width_px, height_px; /* of the input */
	double left, top, x_step, y_step;
} pf_pose_view;

/* The whole upright photo of photo_width x photo_height pixels, centred, its longer side (relative to the
 * input's) filling the input. */
void pf_pose_view_whole(uint32_t photo_width_px, uint32_t photo_height_px, uint32_t width_px,
			uint32_t height_px, pf_pose_view *view);

/* The box (shares of the upright photo) enlarged by `padding` about its centre and then in one direction
 * until it has the input's shape. A box without area stands for the whole photo. */
void pf_pose_view_box(uint32_t photo_width_px, uint32_t photo_height_px, uint32_t width_px,
		      uint32_t height_px, const pf_pose *box, double padding, pf_pose_view *view);

/* Working memory, reused from photo to photo. Zero it before the first use; the owner frees it with
 * pf_pose_input_release. One thread at a time. */
typedef struct pf_pose_input {
	pf_window_memory windows[3]; /* of each plane */
	float *samples;              /* three planes of the input's size, as stored */
	size_t sample_capacity;
	pf_gpu_cover *covers; /* of pf_pose_input_picture: three planes' columns and rows */
	size_t cover_capacity;
} pf_pose_input;

void pf_pose_input_release(pf_pose_input *memory);

/* Sides of the upright photo. */
void pf_pose_upright_size(const pf_image *image, uint32_t *width_px, uint32_t *height_px);

/* Fills `tensor`, 3 * width_px * height_px values of `type` (float, int32 or uint8, the latter two rounded
 * half up and limited to what they hold), in the card's layout and colours, each value (sample - mean) / std.
 * Fails with PF_ERR_NO_MEMORY only; allocates only while photos or inputs grow. */
pf_status pf_pose_input_fill(pf_pose_input *memory, const pf_image *image, const pf_pose_view *view,
			     const pf_pose_card *card, pf_type type, void *tensor, pf_error *error);

/* The same while rows come in: pf_pose_input_begin, then pf_pose_input_rows with the first rows of each plane
 * (0: luma, 1: chroma) until all have come, then pf_pose_input_end. `image` has the photo's sizes, and planes
 * whose data would begin at their first row though not all rows are there. needed[] are the first rows still
 * needed. */
pf_status pf_pose_input_begin(pf_pose_input *memory, const pf_image *image, const pf_pose_view *view,
			      const pf_pose_card *card, pf_error *error);
void pf_pose_input_rows(pf_pose_input *memory, const pf_image *image, const uint32_t rows[2],
			uint32_t needed[2]);
void pf_pose_input_end(pf_pose_input *memory, const pf_image *image, const pf_pose_view *view,
		       const pf_pose_card *card, pf_type type, void *tensor);

/* What a device needs to make the same tensor of the photo (float, channels first); valid as long as the
 * image, and until the memory is used again. */
pf_status pf_pose_input_picture(pf_pose_input *memory, const pf_image *image, const pf_pose_view *view,
				const pf_pose_card *card, pf_picture *picture, pf_error *error);

#endif
