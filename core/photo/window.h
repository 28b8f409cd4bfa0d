/* A rectangle of a plane as a small picture of floats: exact area averaging where it shrinks, bilinear where
 * it enlarges. Pixel centres lie at half coordinates. */
#ifndef PHOTOFINISH_WINDOW_H
#define PHOTOFINISH_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "photofinish/image.h"

/* Edges in samples: sample i of a row covers i .. i + 1. May lie partly or wholly outside of the plane. */
typedef struct pf_window {
	double left, top, right, bottom;
} pf_window;

/* How one output sample follows from input samples first .. last of one axis. */
typedef struct pf_window_tap {
	uint32_t first, last;
	float first_weight, last_weight; /* those between have 1 / (input samples for each output sample) */
	float inside;                    /* share of it that the plane covers */
} pf_window_tap;

/* Working memory, reused from photo to photo. Zero it before the first use; the owner frees it with
 * pf_window_release. One thread at a time. */
typedef struct pf_window_memory {
	float *columns;   /* the sums of an output row, one for each column of the plane */
	uint16_t *counts; /* the same, of whole rows */
	pf_window_tap *taps;
	size_t column_capacity, tap_capacity;
	struct {
		uint32_t width_px, height_px, next_row, left, right;
		float weight_x, weight_y, outside;
		float *out;
	} pass;
} pf_window_memory;

void pf_window_release(pf_window_memory *memory);

/* Fills out[height_px][width_px] (row-major) from the window. `extent_width` and `extent_height` say where
 * the photo ends, in samples of this plane (a chroma plane may reach beyond it by half a sample); what the
 * photo does not cover takes the value `outside`. The window must be finite and not empty, the sizes above 0.
 * + - * / alone in a fixed order: the same bits everywhere. Fails with PF_ERR_NO_MEMORY only. */
pf_status pf_window_sample(pf_window_memory *memory, const pf_plane *plane, double extent_width,
			   double extent_height, const pf_window *window, uint32_t width_px,
			   uint32_t height_px, float outside, float *out, pf_error *error);

/* The same while rows of the plane come in: `plane` has its size, and data that would begin at its first row
 * though not all rows are there. pf_window_rows takes the first `rows` and returns the first that is still
 * needed; after all of them `out` is filled. */
pf_status pf_window_begin(pf_window_memory *memory, const pf_plane *plane, double extent_width,
			  double extent_height, const pf_window *window, uint32_t width_px,
			  uint32_t height_px, float outside, float *out, pf_error *error);
uint32_t pf_window_rows(pf_window_memory *memory, const pf_plane *plane, uint32_t rows);

#endif
