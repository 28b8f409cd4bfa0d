/* Making small upright pictures of planes: exact area averaging in integers, and the eight EXIF orientations.
 */
#ifndef PHOTOFINISH_RESIZE_H
#define PHOTOFINISH_RESIZE_H

#include <stddef.h>
#include <stdint.h>

#include "photofinish/image.h"

/* An output column ends `units` of as many as output columns there are, into `column` of the plane. */
typedef struct pf_small_edge {
	uint32_t column, units;
} pf_small_edge;

/* A grey picture with its working memory, reused from photo to photo. Zero it before the first use; the owner
 * frees it with pf_small_release. One thread at a time. */
typedef struct pf_small {
	uint8_t *data; /* width_px bytes a row, no padding; valid until the next use */
	uint32_t width_px, height_px;
	uint32_t *sums;       /* one for each column of the plane, and a 0 behind them */
	uint16_t *between;    /* the sum of whole rows, of each column */
	uint64_t *before;     /* the sum of those left of each column, and of all */
	pf_small_edge *edges; /* of each output column */
	uint64_t factor;      /* 2^(63 + shift) / area of the plane, rounded up */
	unsigned shift;
	uint8_t *stored;                            /* before turning */
	size_t sums_count, edges_count, data_bytes; /* capacities */
	uint32_t next_row;                          /* of the picture before turning; of a pass */
} pf_small;

void pf_small_release(pf_small *small);

/* Shrinks `plane` so that its longest side becomes `longest_px` (never enlarges) and turns it upright by the
 * EXIF orientation 1..8 (anything else counts as 1). The other side is rounded to the nearest pixel, at least
 * 1. Each output sample is the mean of the area that it covers, weighted exactly and rounded half up:
 * the sum over the covered input samples of overlap * value / area. */
pf_status pf_small_make(pf_small *small, const pf_plane *plane, uint32_t orientation, uint32_t longest_px,
			pf_error *error);

/* The same while rows of the plane come in: `plane` has the photo's size, and data that would begin at its
 * first row though not all rows are there. pf_small_rows takes the first `rows` and returns the first that is
 * still needed; pf_small_end comes after all of them. */
pf_status pf_small_begin(pf_small *small, const pf_plane *plane, uint32_t longest_px, pf_error *error);
uint32_t pf_small_rows(pf_small *small, const pf_plane *plane, uint32_t orientation, uint32_t rows);
void pf_small_end(pf_small *small, uint32_t orientation);

/* Sides after shrinking, not turned. */
void pf_small_size(uint32_t width_px, uint32_t height_px, uint32_t longest_px, uint32_t *small_width_px,
		   uint32_t *small_height_px);

/* The point (x, y) of a stored picture with coordinates from 0 to 1, in the upright picture. */
void pf_upright_point(uint32_t orientation, double *x, double *y);

/* The other way round: the point of an upright picture in the stored one. */
void pf_stored_point(uint32_t orientation, double *x, double *y);

/* EXIF orientations 5 to 8 exchange width and height. */
static inline int pf_orientation_swaps(uint32_t orientation)
{
	return orientation >= 5 && orientation <= 8;
}

/* Means of the samples of each plane of `whole` (of chroma pf_jpeg_reduction's many), rounded half up, at the
 * right and the bottom maybe of fewer, into those that pf_jpeg_lay_out made in *image. */
void pf_planes_reduce(const pf_image *whole, uint32_t by, pf_image *image);

#endif
