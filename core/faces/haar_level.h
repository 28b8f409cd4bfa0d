/* What the inner loops of the search work on: one picture of the pyramid as integral images, the stumps of
 * the cascade as offsets into them, and the list of what was found. */
#ifndef PHOTOFINISH_HAAR_LEVEL_H
#define PHOTOFINISH_HAAR_LEVEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/faces/haar_cascade.h"

/* Sums over rectangles of at most that many pixels fit into 16 bits: 257 * 255. Larger ones are cut into
 * pieces, so that integral images of 16 bits (modulo 2^16) do. */
#define PF_HAAR_PIECE_PX 257

/* Offsets, in samples, of the four corners of a rectangle from the window's sample of an integral image. */
typedef struct pf_haar_piece {
	int32_t corners[4]; /* top left, top right, bottom left, bottom right */
	int32_t weight;
} pf_haar_piece;

/* All stumps for one layout of samples. Stump i has pieces first[i] .. first[i + 1] - 1. */
typedef struct pf_haar_program {
	uint32_t *first;
	pf_haar_piece *pieces;
} pf_haar_program;

/* Where sample (x, y) of an integral image lies. With step 2, which moves windows by two columns, even and
 * odd columns lie in planes of their own, so that neighbouring windows have neighbouring samples. */
typedef struct pf_haar_layout {
	uint32_t step;   /* 1 or 2 */
	uint32_t stride; /* samples */
	uint32_t plane;  /* samples from the even plane to the odd one */
} pf_haar_layout;

static inline uint32_t pf_haar_offset(const pf_haar_layout *layout, uint32_t x, uint32_t y)
{
	return layout->step == 2 ? (x & 1) * layout->plane + y * layout->stride + x / 2
				 : y * layout->stride + x;
}

/* Frees what it had made before it failed for want of memory only by pf_haar_program_release. */
bool pf_haar_program_make(const pf_haar_cascade *cascade, const pf_haar_layout *layout,
			  pf_haar_program *program);
void pf_haar_program_release(pf_haar_program *program);

/* Windows of one picture of the pyramid. */
typedef struct pf_haar_level {
	uint32_t width_px, height_px;
	uint32_t step;             /* of windows, in x and y */
	uint32_t columns, y_limit; /* windows in a row; rows 0, step, ... below the limit */
	const pf_haar_layout *layout;
	const pf_haar_program *program;
	const pf_haar_program *patch_program; /* for single windows: rows of window width + 1 samples */
	const uint16_t *sums;                 /* integral image, modulo 2^16 */
	const uint32_t *squares;              /* that of the squares, modulo 2^32; the same layout */
	float scale;
} pf_haar_level;

/* The rectangle, less a margin of one pixel, whose contrast a window's values are divided by. */
typedef struct pf_haar_norm {
	pf_haar_piece whole; /* of the squares */
	pf_haar_piece pieces[16];
	uint32_t count;
	double area_px;
} pf_haar_norm;

/* Accepted windows. */
typedef struct pf_haar_hits {
	struct pf_haar_hit {
		uint32_t x, y; /* px of the level */
	} * entries;
	size_t count, capacity;
	bool no_memory;
} pf_haar_hits;

void pf_haar_hit_add(pf_haar_hits *hits, uint32_t x, uint32_t y);

/* A row of a smaller picture: sample x is the mean of samples offsets[x] and offsets[x] + 1 of the rows
 * `upper` and `lower`, by weights that are sums to 256. */
typedef struct pf_haar_shrink {
	const uint8_t *upper, *lower;
	uint32_t upper_weight, lower_weight;
	uint32_t source_width_px, width_px;
	const int32_t *offsets;
	const int16_t *weights; /* pairs */
	uint16_t *mixed;        /* working memory: source_width_px + 16 */
} pf_haar_shrink;

/* The inner loops. Each version finds the same. */
typedef struct pf_haar_kernels {
	unsigned needs; /* PF_CPU_* */
	void (*shrink_row)(const pf_haar_shrink *shrink, uint8_t *out);
	/* Samples 0..width of a row of both integral images from those of the row above. */
	void (*integrate_row)(const uint8_t *row, uint32_t width_px, const pf_haar_layout *layout,
			      uint16_t *sums, uint32_t *squares);
	/* Windows of all rows, in any order. */
	void (*search)(const pf_haar_cascade *cascade, const pf_haar_norm *norm, const pf_haar_level *level,
		       void *memory, pf_haar_hits *hits);
	size_t memory_bytes; /* that `search` works with, aligned to 64 bytes */
} pf_haar_kernels;

extern const pf_haar_kernels pf_haar_plain, pf_haar_avx2;

/* Whether a window passes one stage, exactly as OpenCV judges. `sums` points to the window's sample. */
bool pf_haar_passes(const pf_haar_cascade *cascade, uint32_t stage, const pf_haar_program *program,
		    const uint16_t *sums, float factor);

#endif
