/* Where a face can be: the part of a picture around the head that the pose has found. A cascade that looks
 * only there looks at some hundredths of the windows, and finds no faces in the stands. */
#ifndef PHOTOFINISH_HEAD_WINDOW_H
#define PHOTOFINISH_HEAD_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/photo/resize.h"
#include "core/scoring/face.h"
#include "photofinish/pose.h"

/* Between the sizes of faces that are searched there: finer than in the whole picture, as a head is cut out
 * at any place of the grid of sizes. */
#define PF_HEAD_SCALE_FACTOR 1.1

/* A part of a picture, copied without padding, with its working memory. Zero it before the first use; the
 * owner frees it with pf_head_window_release. One thread at a time. */
typedef struct pf_head_window {
	pf_face place; /* px of the picture */
	uint8_t *data; /* place.width bytes a row */
	size_t data_bytes;
} pf_head_window;

void pf_head_window_release(pf_head_window *window);

/* The square around the head in a picture of width_px x height_px, cut off at its borders. False where the
 * pose says too little: no athlete, or fewer than PF_HEAD_POINTS_MIN of nose, eyes and ears seen. A face that
 * lies wholly outside the picture has a place without area. */
#define PF_HEAD_POINTS_MIN 2
bool pf_head_place(const pf_pose *pose, uint32_t width_px, uint32_t height_px, pf_face *place);

/* Copies `place` of the upright picture. PF_ERR_NO_MEMORY. */
pf_status pf_head_window_take(pf_head_window *window, const pf_small *picture, const pf_face *place,
			      pf_error *error);

#endif
