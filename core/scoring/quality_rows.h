/* The inner loops of the quality pass: whole rows or parts of rows, integers only. */
#ifndef PHOTOFINISH_QUALITY_ROWS_H
#define PHOTOFINISH_QUALITY_ROWS_H

#include <stdint.h>

/* Longest part of a row that pf_rows_sum_gradients takes, so that its 32-bit sums cannot overflow. */
#define PF_SEGMENT_MAX_PX 1024

/* Sums over a part of a row; see pf_tile_sums for what each is. */
typedef struct pf_segment_sums {
	int32_t laplacian;
	int32_t laplacian_squared;
	int32_t sxx, syy, sxy;
	int32_t noise;
	int32_t brightness;
} pf_segment_sums;

/* Means of `scale` x `scale` boxes, rounded half up: `count` of them, from `scale` rows that lie stride_bytes
 * apart. `columns` is working memory for count * scale values where scale > 2. */
void pf_rows_bin(int16_t *restrict out, const uint8_t *rows, uint32_t stride_bytes, uint32_t scale,
		 uint32_t count, uint32_t *columns);

/* Adds the values of a binned row, 0..255, to four interleaved histograms. */
void pf_rows_count(const int16_t *row, uint32_t count, uint32_t histograms[4][256]);

/* All sums over `count` <= PF_SEGMENT_MAX_PX samples of the middle of three rows of values 0..255; samples -1
 * and `count` of each row are read too. */
void pf_rows_sum_gradients(const int16_t *up, const int16_t *middle, const int16_t *down, uint32_t count,
			   pf_segment_sums *sums);

/* Sums of the chroma samples less 128 and of their products, over a row of at most 65,535 samples. */
typedef struct pf_chroma_row_sums {
	int32_t cb, cr, cbcb, crcr, cbcr;
} pf_chroma_row_sums;
void pf_rows_sum_chroma(const uint8_t *cb, const uint8_t *cr, uint32_t count, pf_chroma_row_sums *sums);

#endif
