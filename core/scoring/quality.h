/* The quality pass: one walk over the planes of a photo that yields integer sums by tile, from which all
 * quality measures follow. Integers make any order of work give the same bits. */
#ifndef PHOTOFINISH_QUALITY_H
#define PHOTOFINISH_QUALITY_H

#include <stdint.h>

#include "photofinish/image.h"
#include "photofinish/score.h"

#define PF_GRID 8 /* tiles along each side */
/* The analysis plane is Y reduced by a whole factor so that its longest side is at most this. */
#define PF_ANALYSIS_LONGEST_PX 3072

/* Sums over the samples of a tile, without those on the border of the analysis plane. For a sample p with the
 * 3x3 neighbourhood a b c / d p f / g h i: laplacian b+d+f+h-4p; gx = c-a+2(f-d)+i-g and gy = g-a+2(h-b)+i-c
 * (Sobel); noise = |a-2b+c-2d+4p-2f+g-2h+i| (Immerkaer 1996). */
typedef struct pf_tile_sums {
	uint64_t samples;
	int64_t laplacian;
	uint64_t laplacian_squared;
	uint64_t sxx, syy; /* gx * gx, gy * gy: their sum is the Tenengrad */
	int64_t sxy;       /* gx * gy */
	uint64_t noise;
	uint64_t brightness; /* Y, 0..255 */
} pf_tile_sums;

typedef struct pf_quality_sums {
	uint32_t scale; /* each sample of the analysis plane is the mean of scale x scale pixels */
	uint32_t width_px, height_px;         /* of the analysis plane */
	pf_tile_sums tiles[PF_GRID][PF_GRID]; /* rows and columns as stored, not turned upright */
	uint64_t histogram[256];              /* of the whole analysis plane */
	uint64_t chroma_samples;              /* 0 in a grey photo */
	int64_t cb, cr;                       /* sums of Cb - 128 and Cr - 128 */
	uint64_t cbcb, crcr;
	int64_t cbcr;
} pf_quality_sums;

/* Working memory; one for each thread. */
typedef struct pf_quality pf_quality;
pf_status pf_quality_create(pf_quality **out, pf_error *error);
void pf_quality_destroy(pf_quality *quality); /* NULL is fine */

/* Fills *sums from the planes of a decoded photo. */
void pf_quality_sum(pf_quality *quality, const pf_image *image, pf_quality_sums *sums);

/* The same while rows come in: `image` has the photo's sizes, and planes whose data would begin at its first
 * row though not all rows are there. `rows` counts those of each plane that have come so far; the last call
 * has all. Returns the first row of luma that is still needed (chroma rows are not). */
void pf_quality_begin(pf_quality *quality, const pf_image *image, pf_quality_sums *sums);
uint32_t pf_quality_rows(pf_quality *quality, const pf_image *image, uint32_t luma_rows, uint32_t chroma_rows,
			 pf_quality_sums *sums);

/* The same for bands first_band..end_band - 1 of the photo: a band is what lies in one row of tiles, with its
 * part of the chroma. The other tiles stay 0. */
void pf_quality_sum_bands(pf_quality *quality, const pf_image *image, uint32_t first_band, uint32_t end_band,
			  pf_quality_sums *sums);

/* Adds the sums of some bands of a photo to those of others: all of them together are the photo's. */
void pf_quality_add(const pf_quality_sums *from, pf_quality_sums *to);

/* The tiles that the subject covers, bit row * PF_GRID + column as stored, 0 where it is not known: kept in
 * two measures of *score (a double holds the 32 bits of half the grid). */
void pf_quality_set_subject(pf_score *score, uint64_t tiles);
uint64_t pf_quality_subject(const pf_score *score);

/* From the sums to the quality measures of *score (docs/scoring.md states the formulas). Only + - * / and
 * square roots of doubles, in a fixed order. `orientation` is the photo's. Where pf_quality_subject is not
 * 0, sharpness and direction are those of the sharpest among these tiles; where it is 0, of the sharpest of
 * all. */
void pf_quality_measure(const pf_quality_sums *sums, uint32_t orientation, pf_score *score);

/* Whole factor by which the analysis plane of a photo is reduced. */
uint32_t pf_quality_scale(uint32_t width_px, uint32_t height_px);

#endif
