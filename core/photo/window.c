#include "core/photo/window.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernels/kernels.h"

#define COUNTED_ROWS 256 /* 256 * 255 fits 16 bits */

void pf_window_release(pf_window_memory *memory)
{
	free(memory->columns);
	free(memory->counts);
	free(memory->taps);
	*memory = (pf_window_memory){0};
}

static pf_status make_room(pf_window_memory *memory, size_t columns, size_t taps, pf_error *error)
{
	if (columns > memory->column_capacity) {
		free(memory->columns);
		free(memory->counts);
		memory->columns = malloc(columns * sizeof *memory->columns);
		memory->counts = malloc(columns * sizeof *memory->counts);
		memory->column_capacity = memory->columns && memory->counts ? columns : 0;
	}
	if (taps > memory->tap_capacity) {
		free(memory->taps);
		memory->taps = malloc(taps * sizeof *memory->taps);
		memory->tap_capacity = memory->taps ? taps : 0;
	}
	if (columns > memory->column_capacity || taps > memory->tap_capacity) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate a picture's rows");
	}
	return PF_OK;
}

/* The mean over begin .. end, as far as the photo reaches. */
static pf_window_tap area_tap(double begin, double end, double extent)
{
	double low = begin > 0.0 ? begin : 0.0, high = end < extent ? end : extent;
	if (!(high > low)) {
		return (pf_window_tap){0};
	}
	double size = end - begin;
	pf_window_tap tap = {.first = (uint32_t)low, .last = (uint32_t)high};
	if (tap.last > tap.first && (double)tap.last >= high) {
		tap.last--;
	}
	tap.inside = (float)((high - low) / size);
	if (tap.first == tap.last) {
		tap.first_weight = tap.inside;
	} else {
		tap.first_weight = (float)((tap.first + 1.0 - low) / size);
		tap.last_weight = (float)((high - tap.last) / size);
	}
	return tap;
}

/* The value at `at`, between the centres of two samples; the outermost ones reach to the edge. */
static pf_window_tap linear_tap(double at, double extent, uint32_t samples)
{
	if (!(at >= 0.0 && at < extent)) {
		return (pf_window_tap){0};
	}
	double from_first = at - 0.5;
	double limited = from_first < 0.0 ? 0.0 : from_first > samples - 1.0 ? samples - 1.0 : from_first;
	pf_window_tap tap = {.first = (uint32_t)limited, .inside = 1.0f};
	tap.last = tap.first + 1 < samples ? tap.first + 1 : tap.first;
	tap.last_weight = tap.last > tap.first ? (float)(limited - tap.first) : 0.0f;
	tap.first_weight = 1.0f - tap.last_weight;
	return tap;
}

static void make_taps(pf_window_tap *taps, uint32_t count, double begin, double end, double extent,
		      uint32_t samples)
{
	double step = (end - begin) / count;
	double limit = extent < samples ? extent : samples;
	for (uint32_t i = 0; i < count; i++) {
		double low = begin + i * step;
		taps[i] = step > 1.0 ? area_tap(low, begin + (i + 1) * step, limit)
				     : linear_tap(low + step / 2.0, limit, samples);
	}
}

static void add_counts(float *restrict columns, const uint16_t *restrict counts, float weight, uint32_t count)
{
	for (uint32_t x = 0; x < count; x++) {
		columns[x] += weight * (float)counts[x];
	}
}

/* Sums of rows y..end - 1; there are at most COUNTED_ROWS. */
static void count_rows(pf_window_memory *memory, const pf_plane *plane, uint32_t y, uint32_t end,
		       uint32_t left, uint32_t count)
{
	memset(memory->counts, 0, count * sizeof *memory->counts);
	for (; y < end; y++) {
		pf_kernels_best()->add_bytes(memory->counts,
					     plane->data + (size_t)y * plane->stride_bytes + left, count);
	}
}

/* One output row before its columns are summed: columns[x] for the `count` columns from `left` on. Whole rows
 * are summed as integers first, which is several times as fast. */
static void sum_rows(pf_window_memory *memory, const pf_plane *plane, const pf_window_tap *tap, float weight,
		     uint32_t left, uint32_t count)
{
	const uint8_t *first = plane->data + (size_t)tap->first * plane->stride_bytes + left;
	const uint8_t *last = plane->data + (size_t)tap->last * plane->stride_bytes + left;
	const float weights[3] = {tap->first_weight, tap->last > tap->first ? tap->last_weight : 0.0f,
				  weight};
	uint32_t y = tap->first + 1, end = tap->last;
	uint32_t counted = end <= y ? y : end - y > COUNTED_ROWS ? y + COUNTED_ROWS : end;
	count_rows(memory, plane, y, counted, left, count);
	pf_kernels_best()->mix_rows_float(memory->columns, first, last, memory->counts, weights, count);
	for (y = counted; y < end; y = counted) {
		counted = end - y > COUNTED_ROWS ? y + COUNTED_ROWS : end;
		count_rows(memory, plane, y, counted, left, count);
		add_counts(memory->columns, memory->counts, weight, count);
	}
}

static float sum_columns(const float *columns, const pf_window_tap *tap, float weight)
{
	float sum = 0.0f;
	for (uint32_t x = tap->first + 1; x < tap->last; x++) {
		sum += columns[x];
	}
	sum = weight * sum + tap->first_weight * columns[tap->first];
	return tap->last > tap->first ? sum + tap->last_weight * columns[tap->last] : sum;
}

/* Columns of the plane that any output sample needs; false where none does. */
static int needed_columns(pf_window_tap *taps, uint32_t count, uint32_t *left, uint32_t *right)
{
	*left = UINT32_MAX;
	*right = 0;
	for (uint32_t i = 0; i < count; i++) {
		if (taps[i].inside > 0.0f) {
			*left = taps[i].first < *left ? taps[i].first : *left;
			*right = taps[i].last + 1 > *right ? taps[i].last + 1 : *right;
		}
	}
	for (uint32_t i = 0; i<count && * right> 0; i++) {
		if (taps[i].inside > 0.0f) {
			taps[i].first -= *left;
			taps[i].last -= *left;
		}
	}
	return *right > 0;
}

pf_status pf_window_begin(pf_window_memory *memory, const pf_plane *plane, double extent_width,
			  double extent_height, const pf_window *window, uint32_t width_px,
			  uint32_t height_px, float outside, float *out, pf_error *error)
{
	assert(plane->width_px > 0 && plane->height_px > 0 && width_px > 0 && height_px > 0);
	assert(window->right > window->left && window->bottom > window->top);
	pf_status status = make_room(memory, plane->width_px, (size_t)width_px + height_px, error);
	if (status != PF_OK) {
		return status;
	}
	pf_window_tap *across = memory->taps, *down = memory->taps + width_px;
	make_taps(across, width_px, window->left, window->right, extent_width, plane->width_px);
	make_taps(down, height_px, window->top, window->bottom, extent_height, plane->height_px);
	memory->pass.width_px = width_px;
	memory->pass.height_px = height_px;
	memory->pass.next_row = 0;
	memory->pass.weight_x = (float)(width_px / (window->right - window->left));
	memory->pass.weight_y = (float)(height_px / (window->bottom - window->top));
	memory->pass.outside = outside;
	memory->pass.out = out;
	if (!needed_columns(across, width_px, &memory->pass.left, &memory->pass.right)) {
		memory->pass.left = memory->pass.right = 0;
	}
	return PF_OK;
}

static void make_row(pf_window_memory *memory, const pf_plane *plane, const pf_window_tap *down, float *out)
{
	const pf_window_tap *across = memory->taps;
	bool covered = memory->pass.right > 0 && down->inside > 0.0f;
	float outside = memory->pass.outside;
	if (covered) {
		sum_rows(memory, plane, down, memory->pass.weight_y, memory->pass.left,
			 memory->pass.right - memory->pass.left);
	}
	for (uint32_t x = 0; x < memory->pass.width_px; x++) {
		if (!covered || !(across[x].inside > 0.0f)) {
			out[x] = outside;
			continue;
		}
		float inside = across[x].inside * down->inside;
		out[x] = sum_columns(memory->columns, &across[x], memory->pass.weight_x) +
			 (1.0f - inside) * outside;
	}
}

uint32_t pf_window_rows(pf_window_memory *memory, const pf_plane *plane, uint32_t rows)
{
	const pf_window_tap *down = memory->taps + memory->pass.width_px;
	for (; memory->pass.next_row < memory->pass.height_px; memory->pass.next_row++) {
		uint32_t y = memory->pass.next_row;
		if (down[y].inside > 0.0f && down[y].last >= rows) {
			return down[y].first;
		}
		make_row(memory, plane, &down[y], memory->pass.out + (size_t)y * memory->pass.width_px);
	}
	return plane->height_px;
}

pf_status pf_window_sample(pf_window_memory *memory, const pf_plane *plane, double extent_width,
			   double extent_height, const pf_window *window, uint32_t width_px,
			   uint32_t height_px, float outside, float *out, pf_error *error)
{
	assert(plane->data);
	pf_status status = pf_window_begin(memory, plane, extent_width, extent_height, window, width_px,
					   height_px, outside, out, error);
	if (status == PF_OK) {
		pf_window_rows(memory, plane, plane->height_px);
	}
	return status;
}
