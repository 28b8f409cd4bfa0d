/* The small picture of a photo by which burst detection tells scenes apart. */
#ifndef PHOTOFINISH_MINIATURE_H
#define PHOTOFINISH_MINIATURE_H

#include <stdbool.h>
#include <stdint.h>

#include "photofinish/photo.h"

/* Sums of the boxes of a picture; zero it before the first row. Box i of n over a side of s pixels begins at
 * floor(i * s / n); all arithmetic is in integers. */
typedef struct pf_miniature_sums {
	uint64_t sums[PF_MINIATURE_CHANNELS][PF_MINIATURE_ROWS][PF_MINIATURE_COLUMNS];
	uint32_t counts[PF_MINIATURE_ROWS][PF_MINIATURE_COLUMNS];
	uint32_t channels;
} pf_miniature_sums;

/* Adds row y: `channels` samples a pixel, 1 (Y) or 3 (Y, Cb, Cr). Has the type of a pf_jpeg_row_fn, `context`
 * is a pf_miniature_sums. */
void pf_miniature_add_row(void *context, const uint8_t *row, uint32_t y, uint32_t width_px,
			  uint32_t height_px, uint32_t channels);

/* False where the picture was too small or is of one brightness: it tells nothing. */
bool pf_miniature_finish(const pf_miniature_sums *sums, pf_miniature *picture);

/* Whether two pictures show the same scene: the best correlation of their brightness over shifts of up to 12
 * columns and 4 rows, less 0.02 for each step of the shift, plus half of the share that their histograms of
 * colours have in common, reaches `least`. The sum is 1.5 for the same picture. */
bool pf_miniature_alike(const pf_miniature *a, const pf_miniature *b, double least);

#endif
