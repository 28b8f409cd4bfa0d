#include "core/scoring/quality.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernels/kernels.h"

#define RING_ROWS 3
#define ROW_SAMPLES (PF_ANALYSIS_LONGEST_PX + 64)

struct pf_quality {
	uint32_t histograms[4][256];
	int16_t rows[RING_ROWS][ROW_SAMPLES];
	uint32_t columns[UINT16_MAX + 1];
	const pf_kernels *kernels;
	uint32_t next_row, next_chroma_row, tile_row; /* of a pass */
};

pf_status pf_quality_create(pf_quality **out, pf_error *error)
{
	*out = calloc(1, sizeof **out);
	if (!*out) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate the quality pass");
	}
	(*out)->kernels = pf_kernels_best();
	return PF_OK;
}

void pf_quality_destroy(pf_quality *quality)
{
	free(quality);
}

uint32_t pf_quality_scale(uint32_t width_px, uint32_t height_px)
{
	uint32_t longest = width_px > height_px ? width_px : height_px;
	return longest == 0 ? 1 : (longest + PF_ANALYSIS_LONGEST_PX - 1) / PF_ANALYSIS_LONGEST_PX;
}

static void bin_any(int16_t *restrict out, const uint8_t *rows, uint32_t stride_bytes, uint32_t scale,
		    uint32_t count, uint32_t *restrict columns, const pf_kernels *kernels)
{
	memset(columns, 0, (size_t)count * scale * sizeof *columns);
	for (uint32_t i = 0; i < scale; i++) {
		kernels->add_weighted(columns, rows + (size_t)i * stride_bytes, 1, count * scale);
	}
	uint32_t area = scale * scale;
	for (uint32_t x = 0; x < count; x++) {
		uint32_t sum = area / 2;
		for (uint32_t i = 0; i < scale; i++) {
			sum += columns[(size_t)x * scale + i];
		}
		out[x] = (int16_t)(sum / area);
	}
}

/* Means of `scale` x `scale` boxes, rounded half up: `count` of them, from `scale` rows. */
static void bin(pf_quality *quality, int16_t *out, const uint8_t *rows, uint32_t stride_bytes, uint32_t scale,
		uint32_t count)
{
	if (scale == 1) {
		quality->kernels->widen(out, rows, count);
	} else if (scale == 2) {
		quality->kernels->bin_2x2(out, rows, rows + stride_bytes, count);
	} else {
		bin_any(out, rows, stride_bytes, scale, count, quality->columns, quality->kernels);
	}
}

static void add_segment(pf_tile_sums *tile, const pf_segment_sums *segment, uint32_t samples)
{
	tile->samples += samples;
	tile->laplacian += segment->laplacian;
	tile->laplacian_squared += (uint64_t)segment->laplacian_squared;
	tile->sxx += (uint64_t)segment->sxx;
	tile->syy += (uint64_t)segment->syy;
	tile->sxy += segment->sxy;
	tile->noise += (uint64_t)segment->noise;
	tile->brightness += (uint64_t)segment->brightness;
}

/* Boundary of tile i along a side: floor(i * side / PF_GRID), kept off the border of the plane. */
static uint32_t tile_begin(uint32_t i, uint32_t side)
{
	uint32_t at = (uint32_t)((uint64_t)i * side / PF_GRID);
	return at < 1 ? 1 : at > side - 1 ? side - 1 : at;
}

/* Adds row y, whose neighbours lie in the ring, to its row of tiles. */
static void sum_row(const pf_quality *quality, pf_quality_sums *sums, uint32_t y, pf_tile_sums *tiles)
{
	const int16_t *up = quality->rows[(y - 1) % RING_ROWS];
	const int16_t *middle = quality->rows[y % RING_ROWS];
	const int16_t *down = quality->rows[(y + 1) % RING_ROWS];
	for (uint32_t i = 0; i < PF_GRID; i++) {
		uint32_t begin = tile_begin(i, sums->width_px), end = tile_begin(i + 1, sums->width_px);
		if (end > begin) {
			pf_segment_sums segment;
			quality->kernels->sum_gradients(up + begin, middle + begin, down + begin, end - begin,
							&segment);
			add_segment(&tiles[i], &segment, end - begin);
		}
	}
}

/* Rows of the plane that tile row i begins at, the border included. */
static uint32_t band_begin(uint32_t i, uint32_t side)
{
	return (uint32_t)((uint64_t)i * side / PF_GRID);
}

/* Takes row y of the analysis plane; with it row y - 1 has both neighbours, where y - 2 came before. */
static void take_row(pf_quality *quality, const pf_plane *plane, uint32_t y, bool in_histogram, bool has_two,
		     pf_quality_sums *sums)
{
	int16_t *row = quality->rows[y % RING_ROWS];
	bin(quality, row, plane->data + (size_t)y * sums->scale * plane->stride_bytes, plane->stride_bytes,
	    sums->scale, sums->width_px);
	if (in_histogram) {
		quality->kernels->histogram(row, sums->width_px, quality->histograms);
	}
	if (!has_two || sums->width_px < 3) {
		return;
	}
	while (quality->tile_row + 1 < PF_GRID &&
	       y - 1 >= tile_begin(quality->tile_row + 1, sums->height_px)) {
		quality->tile_row++;
	}
	sum_row(quality, sums, y - 1, sums->tiles[quality->tile_row]);
}

static void add_histograms(const pf_quality *quality, pf_quality_sums *sums)
{
	for (unsigned value = 0; value < 256; value++) {
		for (unsigned i = 0; i < 4; i++) {
			sums->histogram[value] += quality->histograms[i][value];
		}
	}
}

/* A row belongs to the histogram of its own band; the gradients of a band's outer rows need one row beyond.
 */
static void sum_luma(pf_quality *quality, const pf_plane *plane, uint32_t first_band, uint32_t end_band,
		     pf_quality_sums *sums)
{
	memset(quality->histograms, 0, sizeof quality->histograms);
	quality->tile_row = first_band;
	uint32_t height = sums->height_px;
	uint32_t first = band_begin(first_band, height), end = band_begin(end_band, height);
	uint32_t top = first > 0 ? first - 1 : 0, bottom = end < height ? end + 1 : height;
	for (uint32_t y = top; y < bottom && first < end; y++) {
		take_row(quality, plane, y, y >= first && y < end, y >= top + 2, sums);
	}
	add_histograms(quality, sums);
}

static void add_chroma_rows(const pf_quality *quality, const pf_image *image, uint32_t first, uint32_t end,
			    pf_quality_sums *sums)
{
	for (uint32_t y = first; y < end; y++) {
		pf_chroma_row_sums row;
		quality->kernels->sum_chroma(image->cb.data + (size_t)y * image->cb.stride_bytes,
					     image->cr.data + (size_t)y * image->cr.stride_bytes,
					     image->cb.width_px, &row);
		sums->cb += row.cb;
		sums->cr += row.cr;
		sums->cbcb += (uint64_t)row.cbcb;
		sums->crcr += (uint64_t)row.crcr;
		sums->cbcr += row.cbcr;
	}
	sums->chroma_samples += (uint64_t)image->cb.width_px * (end - first);
}

static pf_quality_sums no_sums(const pf_image *image)
{
	uint32_t scale = pf_quality_scale(image->y.width_px, image->y.height_px);
	return (pf_quality_sums){.scale = scale,
				 .width_px = image->y.width_px / scale,
				 .height_px = image->y.height_px / scale};
}

void pf_quality_begin(pf_quality *quality, const pf_image *image, pf_quality_sums *sums)
{
	*sums = no_sums(image);
	memset(quality->histograms, 0, sizeof quality->histograms);
	quality->next_row = quality->next_chroma_row = quality->tile_row = 0;
}

uint32_t pf_quality_rows(pf_quality *quality, const pf_image *image, uint32_t luma_rows, uint32_t chroma_rows,
			 pf_quality_sums *sums)
{
	bool all = luma_rows == image->y.height_px;
	for (; quality->next_row < luma_rows / sums->scale; quality->next_row++) {
		take_row(quality, &image->y, quality->next_row, true, quality->next_row >= 2, sums);
	}
	if (image->cb.data) {
		add_chroma_rows(quality, image, quality->next_chroma_row, chroma_rows, sums);
		quality->next_chroma_row = chroma_rows;
	}
	if (all) {
		add_histograms(quality, sums);
	}
	return quality->next_row * sums->scale;
}

void pf_quality_sum_bands(pf_quality *quality, const pf_image *image, uint32_t first_band, uint32_t end_band,
			  pf_quality_sums *sums)
{
	*sums = no_sums(image);
	sum_luma(quality, &image->y, first_band, end_band, sums);
	if (image->cb.data) {
		add_chroma_rows(quality, image, band_begin(first_band, image->cb.height_px),
				band_begin(end_band, image->cb.height_px), sums);
	}
}

void pf_quality_sum(pf_quality *quality, const pf_image *image, pf_quality_sums *sums)
{
	pf_quality_sum_bands(quality, image, 0, PF_GRID, sums);
}

static void add_tile(const pf_tile_sums *from, pf_tile_sums *to)
{
	to->samples += from->samples;
	to->laplacian += from->laplacian;
	to->laplacian_squared += from->laplacian_squared;
	to->sxx += from->sxx;
	to->syy += from->syy;
	to->sxy += from->sxy;
	to->noise += from->noise;
	to->brightness += from->brightness;
}

void pf_quality_add(const pf_quality_sums *from, pf_quality_sums *to)
{
	for (unsigned i = 0; i < PF_GRID * PF_GRID; i++) {
		add_tile(&from->tiles[i / PF_GRID][i % PF_GRID], &to->tiles[i / PF_GRID][i % PF_GRID]);
	}
	for (unsigned value = 0; value < 256; value++) {
		to->histogram[value] += from->histogram[value];
	}
	to->chroma_samples += from->chroma_samples;
	to->cb += from->cb;
	to->cr += from->cr;
	to->cbcb += from->cbcb;
	to->crcr += from->crcr;
	to->cbcr += from->cbcr;
}
