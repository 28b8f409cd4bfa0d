/* The search for faces of our own: OpenCV 4.6's detectMultiScale with the same rectangles, for cascades of
 * stumps over upright Haar features. It does the same sums, in an order that suits vectors. */
#ifndef PHOTOFINISH_HAAR_SEARCH_H
#define PHOTOFINISH_HAAR_SEARCH_H

#include <stddef.h>
#include <stdint.h>

#include "core/faces/haar_cascade.h"
#include "photofinish/status.h"

/* Longest side of a picture that is searched. */
#define PF_HAAR_LONGEST_PX 1024

/* A rectangle of the picture, px. */
typedef struct pf_haar_found {
	int32_t x, y, width, height;
} pf_haar_found;

/* A grey picture with rows of width_px bytes. */
typedef struct pf_haar_picture {
	const uint8_t *grey;
	uint32_t width_px, height_px;
} pf_haar_picture;

/* detectMultiScale's scaleFactor (> 1), minNeighbors (0: every window that the cascade accepts, in the order
 * of scale, y, x) and both sides of minSize. */
typedef struct pf_haar_options {
	double scale_factor;
	int32_t least_neighbours;
	uint32_t smallest_px;
} pf_haar_options;

/* Working memory, for one thread at a time. */
typedef struct pf_haar_search pf_haar_search;

/* `flags` of pf_kernels_flags choose the version of the inner loops; all find the same. The cascade is not
 * copied and has to outlive the search. PF_ERR_NO_MEMORY. */
pf_status pf_haar_search_create(const pf_haar_cascade *cascade, unsigned flags, pf_haar_search **out,
				pf_error *error);
void pf_haar_search_destroy(pf_haar_search *search); /* NULL is fine */

/* Rectangles in OpenCV's order, valid until the next search. PF_ERR_UNSUPPORTED for a picture that is larger
 * than PF_HAAR_LONGEST_PX; PF_ERR_NO_MEMORY. Allocates only where more is found, or a picture is larger, than
 * ever before. */
pf_status pf_haar_search_run(pf_haar_search *search, const pf_haar_picture *picture,
			     const pf_haar_options *options, const pf_haar_found **found, size_t *count,
			     pf_error *error);

#endif
