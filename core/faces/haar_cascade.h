/* A cascade of Haar features as OpenCV trains them (Viola and Jones, 2001): stages of stumps, each over two
 * or three weighted rectangles of an integral image. */
#ifndef PHOTOFINISH_HAAR_CASCADE_H
#define PHOTOFINISH_HAAR_CASCADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/status.h"

#define PF_HAAR_WINDOW_LEAST_PX 8
#define PF_HAAR_WINDOW_MOST_PX 32
#define PF_HAAR_RECTS_MAX 3
#define PF_HAAR_FIXED_BITS 20 /* of leaves that were rounded to integers */

/* px of the window. */
typedef struct pf_haar_rect {
	int32_t x, y, width, height, weight;
} pf_haar_rect;

/* The value of a window is the sum of weight * (sum over the rectangle), times the window's factor that makes
 * contrasts alike. A stump adds `left` where that is below the threshold, else `right`. */
typedef struct pf_haar_stump {
	pf_haar_rect rects[PF_HAAR_RECTS_MAX];
	uint32_t rect_count;
	float threshold, left, right;
	int32_t left_less_right; /* of the rounded leaves */
	bool small;              /* no sum over a rectangle is above 32,767 */
} pf_haar_stump;

/* A window goes on to the next stage where the sum of what its stumps add is at least the threshold. The
 * exact sum is of doubles, in order. That of rounded leaves, less all that `right` adds, decides, too: below
 * `surely_below` the exact one is below, from `surely_above` it is not. */
typedef struct pf_haar_stage {
	uint32_t first, count; /* stumps */
	float threshold;
	int32_t surely_below, surely_above;
} pf_haar_stage;

typedef struct pf_haar_cascade {
	uint32_t window_width_px, window_height_px;
	uint32_t stage_count, stump_count;
	pf_haar_stage *stages;
	pf_haar_stump *stumps;
} pf_haar_cascade;

/* Reads a cascade in OpenCV's XML format. PF_ERR_UNSUPPORTED where it is one of another kind (LBP, trees,
 * tilted features, weights that are no integers, a window of unusual size) or is not laid out as OpenCV's
 * training tool does; PF_ERR_NOT_FOUND, PF_ERR_IO, PF_ERR_NO_MEMORY. */
pf_status pf_haar_cascade_read(const char *file, pf_haar_cascade **out, pf_error *error);
void pf_haar_cascade_destroy(pf_haar_cascade *cascade); /* NULL is fine */

#endif
