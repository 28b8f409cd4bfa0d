#include "core/photo/resize.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernels/kernels.h"
#include "core/photo/jpeg_gate.h"

#define BETWEEN_MOST 257 /* rows whose sum 16 bits hold */

__extension__ typedef unsigned __int128 bits128;

void pf_small_release(pf_small *small)
{
	free(small->data);
	free(small->stored);
	free(small->sums);
	free(small->before);
	free(small->between);
	free(small->edges);
	*small = (pf_small){0};
}

void pf_small_size(uint32_t width_px, uint32_t height_px, uint32_t longest_px, uint32_t *small_width_px,
		   uint32_t *small_height_px)
{
	uint32_t longest = width_px > height_px ? width_px : height_px;
	*small_width_px = width_px;
	*small_height_px = height_px;
	if (longest <= longest_px) {
		return;
	}
	uint64_t wide = ((uint64_t)width_px * longest_px * 2 + longest) / (2ull * longest);
	uint64_t high = ((uint64_t)height_px * longest_px * 2 + longest) / (2ull * longest);
	*small_width_px = wide > 0 ? (uint32_t)wide : 1;
	*small_height_px = high > 0 ? (uint32_t)high : 1;
}

static pf_status make_room(pf_small *small, uint32_t columns, size_t bytes, pf_error *error)
{
	if (columns > small->sums_count) {
		free(small->sums);
		free(small->before);
		free(small->between);
		small->sums = malloc((columns + (size_t)1) * sizeof *small->sums);
		small->before = malloc((columns + (size_t)1) * sizeof *small->before);
		small->between = malloc(columns * sizeof *small->between);
		small->sums_count = small->sums && small->before && small->between ? columns : 0;
	}
	if (small->width_px > small->edges_count) {
		free(small->edges);
		small->edges = malloc(small->width_px * sizeof *small->edges);
		small->edges_count = small->edges ? small->width_px : 0;
	}
	if (bytes > small->data_bytes) {
		free(small->data);
		free(small->stored);
		small->data = malloc(bytes);
		small->stored = malloc(bytes);
		small->data_bytes = small->data && small->stored ? bytes : 0;
	}
	if (columns > small->sums_count || small->width_px > small->edges_count ||
	    bytes > small->data_bytes) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate a small picture");
	}
	return PF_OK;
}

/* Along one side of n input and m output samples both are divided into n * m units: input sample i covers
 * [i * m, (i + 1) * m), output sample o covers [o * n, (o + 1) * n). Column sums stay below 255 * 65,535.
 * Between the first and the last row all weigh m: these are added up as 16 bits, as far as they fit. */
static void sum_rows(pf_small *small, const pf_plane *plane, uint32_t y)
{
	uint64_t n = plane->height_px, m = small->height_px, begin = y * n, end = begin + n;
	uint64_t first = begin / m, last = (end - 1) / m;
	uint64_t first_weight = (last > first ? (first + 1) * m : end) - begin,
		 last_weight = last > first ? end - last * m : 0;
	const pf_kernels *kernels = pf_kernels_best();
	uint32_t width = plane->width_px, *sums = small->sums;
	sums[width] = 0;
	if (last - first <= BETWEEN_MOST) {
		const uint16_t weights[3] = {(uint16_t)first_weight, (uint16_t)last_weight, (uint16_t)m};
		memset(small->between, 0, width * sizeof *small->between);
		for (uint64_t i = first + 1; i < last; i++) {
			kernels->add_bytes(small->between, plane->data + i * plane->stride_bytes, width);
		}
		kernels->mix_rows(sums, plane->data + first * plane->stride_bytes,
				  plane->data + last * plane->stride_bytes, small->between, weights, width);
		return;
	}
	memset(sums, 0, width * sizeof *sums);
	for (uint64_t i = first; i <= last; i++) {
		uint64_t weight = i == first ? first_weight : i == last ? last_weight : m;
		kernels->add_weighted(sums, plane->data + i * plane->stride_bytes, (int16_t)weight, width);
	}
}

/* Where output columns end, and what divides by their area: the same for all rows. */
static void find_edges(pf_small *small, const pf_plane *plane)
{
	uint64_t n = plane->width_px, m = small->width_px, area = n * plane->height_px;
	for (uint64_t x = 0; x < m; x++) {
		small->edges[x] = (pf_small_edge){.column = (uint32_t)((x + 1) * n / m),
						  .units = (uint32_t)((x + 1) * n % m)};
	}
	small->shift = 0;
	while (((uint64_t)1 << small->shift) < area) {
		small->shift++;
	}
	small->factor = (uint64_t)((((bits128)1 << (63 + small->shift)) + area - 1) / area);
}

/* value / area for value < 2^63, by a multiplication: a division of 64 bits takes longer than all else here.
 * With 2^(s-1) < area <= 2^s and factor = 2^(63+s) / area rounded up, value * factor / 2^(63+s) is too large
 * by less than value / 2^(63+s) < 1 / area (Granlund and Montgomery, Division by invariant integers, 1994).
 */
static inline uint8_t divide(const pf_small *small, uint64_t value)
{
	return (uint8_t)((uint64_t)(((bits128)(2 * value) * small->factor) >> 64) >> small->shift);
}

/* What lies left of each output column's end, less what lies left of its beginning. Without branches, and
 * several columns a turn: where a loop as short as one column's lies in memory moved its time by a third. */
static void sum_columns(uint8_t *out, const pf_small *small, const pf_plane *plane)
{
	const uint32_t *sums = small->sums;
	const pf_small_edge *edges = small->edges;
	uint64_t *before = small->before, m = small->width_px, sum = 0, left = 0;
	uint64_t half = (uint64_t)plane->width_px * plane->height_px / 2;
#pragma GCC unroll 8
	for (uint32_t i = 0; i < plane->width_px; i++) {
		before[i] = sum;
		sum += sums[i];
	}
	before[plane->width_px] = sum;
#pragma GCC unroll 4
	for (uint32_t x = 0; x < small->width_px; x++) {
		uint64_t end = m * before[edges[x].column] + (uint64_t)edges[x].units * sums[edges[x].column];
		out[x] = divide(small, end - left + half);
		left = end;
	}
}

/* Where the stored sample (x, y) goes in the upright picture, as an affine map of indices. */
static void turn(const uint8_t *stored, uint8_t *upright, uint32_t width, uint32_t height,
		 uint32_t orientation)
{
	for (uint32_t y = 0; y < height; y++) {
		uint32_t from_bottom = height - 1 - y;
		for (uint32_t x = 0; x < width; x++) {
			uint32_t from_right = width - 1 - x;
			size_t to = 0;
			switch (orientation) {
			case 2:
				to = (size_t)y * width + from_right;
				break;
			case 3:
				to = (size_t)from_bottom * width + from_right;
				break;
			case 4:
				to = (size_t)from_bottom * width + x;
				break;
			case 5:
				to = (size_t)x * height + y;
				break;
			case 6:
				to = (size_t)x * height + from_bottom;
				break;
			case 7:
				to = (size_t)from_right * height + from_bottom;
				break;
			default: /* 8 */
				to = (size_t)from_right * height + y;
				break;
			}
			upright[to] = stored[(size_t)y * width + x];
		}
	}
}

void pf_upright_point(uint32_t orientation, double *x, double *y)
{
	double px = *x, py = *y;
	if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8) {
		px = 1.0 - px;
	}
	if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7) {
		py = 1.0 - py;
	}
	int swapped = pf_orientation_swaps(orientation);
	*x = swapped ? py : px;
	*y = swapped ? px : py;
}

void pf_stored_point(uint32_t orientation, double *x, double *y)
{
	int swapped = pf_orientation_swaps(orientation);
	double px = swapped ? *y : *x, py = swapped ? *x : *y;
	if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8) {
		px = 1.0 - px;
	}
	if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7) {
		py = 1.0 - py;
	}
	*x = px;
	*y = py;
}

static bool is_turned(uint32_t orientation)
{
	return orientation >= 2 && orientation <= 8;
}

pf_status pf_small_begin(pf_small *small, const pf_plane *plane, uint32_t longest_px, pf_error *error)
{
	assert(plane->width_px > 0 && plane->height_px > 0 && longest_px <= INT16_MAX);
	pf_small_size(plane->width_px, plane->height_px, longest_px, &small->width_px, &small->height_px);
	small->next_row = 0;
	pf_status status = make_room(small, plane->width_px, (size_t)small->width_px * small->height_px,
				     error);
	if (status == PF_OK) {
		find_edges(small, plane);
	}
	return status;
}

uint32_t pf_small_rows(pf_small *small, const pf_plane *plane, uint32_t orientation, uint32_t rows)
{
	uint8_t *out = is_turned(orientation) ? small->stored : small->data;
	uint64_t n = plane->height_px, m = small->height_px;
	for (; small->next_row < m && (small->next_row + 1) * n <= rows * m; small->next_row++) {
		sum_rows(small, plane, small->next_row);
		sum_columns(out + (size_t)small->next_row * small->width_px, small, plane);
	}
	return m > 0 ? (uint32_t)(small->next_row * n / m) : rows;
}

void pf_small_end(pf_small *small, uint32_t orientation)
{
	uint32_t width = small->width_px, height = small->height_px;
	if (is_turned(orientation)) {
		turn(small->stored, small->data, width, height, orientation);
	}
	small->width_px = pf_orientation_swaps(orientation) ? height : width;
	small->height_px = pf_orientation_swaps(orientation) ? width : height;
}

pf_status pf_small_make(pf_small *small, const pf_plane *plane, uint32_t orientation, uint32_t longest_px,
			pf_error *error)
{
	pf_status status = pf_small_begin(small, plane, longest_px, error);
	if (status == PF_OK) {
		pf_small_rows(small, plane, orientation, plane->height_px);
		pf_small_end(small, orientation);
	}
	return status;
}

static uint8_t mean_of(const pf_plane *plane, uint32_t x, uint32_t y, uint32_t by)
{
	uint32_t right = x + by < plane->width_px ? x + by : plane->width_px;
	uint32_t bottom = y + by < plane->height_px ? y + by : plane->height_px;
	uint32_t count = 0, sum = 0;
	for (uint32_t j = y; j < bottom; j++) {
		for (uint32_t i = x; i < right; i++) {
			sum += plane->data[(size_t)j * plane->stride_bytes + i];
			count++;
		}
	}
	return count ? (uint8_t)((sum + count / 2) / count) : 0;
}

void pf_planes_reduce(const pf_image *whole, uint32_t by, pf_image *image)
{
	const pf_plane *from[3] = {&whole->y, &whole->cb, &whole->cr};
	pf_plane *to[3] = {&image->y, &image->cb, &image->cr};
	for (unsigned i = 0; i < 3; i++) {
		uint32_t own = pf_jpeg_reduction(by, i);
		for (uint32_t y = 0; y < to[i]->height_px; y++) {
			for (uint32_t x = 0; x < to[i]->width_px; x++) {
				to[i]->data[(size_t)y * to[i]->stride_bytes + x] = mean_of(from[i], x * own,
											   y * own, own);
			}
		}
	}
}
