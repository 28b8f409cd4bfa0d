#include "core/faces/haar_search.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/faces/haar_group.h"
#include "core/faces/haar_level.h"

enum {
	MARGIN = 64,     /* samples that vectors may read behind a row */
	SCALES_MOST = 64 /* 1.01 ^ 64 is far below what one picture needs, so factors are checked */
};

static const pf_haar_kernels *const versions[] = {
	&pf_haar_plain,
#if defined(__x86_64__)
	&pf_haar_avx2,
#endif
};

struct pf_haar_search {
	const pf_haar_cascade *cascade;
	const pf_haar_kernels *kernels;
	void *memory; /* of the kernels */

	/* By step - 1. */
	pf_haar_layout layouts[2];
	pf_haar_program programs[2];
	pf_haar_norm norms[2];
	pf_haar_program patch_program;

	/* Of the widest and highest picture so far. */
	uint32_t width_px, height_px;
	uint16_t *sums;
	uint32_t *squares;
	uint8_t *row; /* of a smaller picture */
	uint16_t *mixed;
	int32_t *offsets;
	int16_t *weights;

	pf_haar_hits hits;
	pf_haar_groups groups;
	pf_haar_found *found;
	size_t found_capacity;
};

static uint32_t pieces_of(const pf_haar_rect *rect, uint32_t *rows)
{
	*rows = PF_HAAR_PIECE_PX / (uint32_t)rect->width;
	return ((uint32_t)rect->height + *rows - 1) / *rows;
}

static pf_haar_piece piece_at(const pf_haar_layout *layout, const pf_haar_rect *rect)
{
	uint32_t x = (uint32_t)rect->x, y = (uint32_t)rect->y, right = x + (uint32_t)rect->width,
		 bottom = y + (uint32_t)rect->height;
	return (pf_haar_piece){.corners = {(int32_t)pf_haar_offset(layout, x, y),
					   (int32_t)pf_haar_offset(layout, right, y),
					   (int32_t)pf_haar_offset(layout, x, bottom),
					   (int32_t)pf_haar_offset(layout, right, bottom)},
			       .weight = rect->weight};
}

/* Cuts a rectangle into pieces that fit into 16 bits; returns how many. */
static uint32_t cut(const pf_haar_layout *layout, const pf_haar_rect *rect, pf_haar_piece *out)
{
	uint32_t rows, count = pieces_of(rect, &rows);
	pf_haar_rect part = *rect;
	for (uint32_t i = 0; i < count; i++) {
		int32_t left = rect->y + rect->height - part.y;
		part.height = left < (int32_t)rows ? left : (int32_t)rows;
		out[i] = piece_at(layout, &part);
		part.y += part.height;
	}
	return count;
}

bool pf_haar_program_make(const pf_haar_cascade *cascade, const pf_haar_layout *layout,
			  pf_haar_program *program)
{
	size_t count = 0;
	uint32_t rows;
	for (uint32_t i = 0; i < cascade->stump_count; i++) {
		for (uint32_t r = 0; r < cascade->stumps[i].rect_count; r++) {
			count += pieces_of(&cascade->stumps[i].rects[r], &rows);
		}
	}
	program->first = malloc((cascade->stump_count + 1) * sizeof *program->first);
	program->pieces = malloc((count + 1) * sizeof *program->pieces);
	if (!program->first || !program->pieces) {
		return false;
	}
	count = 0;
	for (uint32_t i = 0; i < cascade->stump_count; i++) {
		program->first[i] = (uint32_t)count;
		for (uint32_t r = 0; r < cascade->stumps[i].rect_count; r++) {
			count += cut(layout, &cascade->stumps[i].rects[r], program->pieces + count);
		}
	}
	program->first[cascade->stump_count] = (uint32_t)count;
	return true;
}

void pf_haar_program_release(pf_haar_program *program)
{
	free(program->first);
	free(program->pieces);
	*program = (pf_haar_program){0};
}

static void make_norm(const pf_haar_cascade *cascade, const pf_haar_layout *layout, pf_haar_norm *norm)
{
	pf_haar_rect rect = {.x = 1,
			     .y = 1,
			     .width = (int32_t)cascade->window_width_px - 2,
			     .height = (int32_t)cascade->window_height_px - 2,
			     .weight = 1};
	norm->whole = piece_at(layout, &rect);
	norm->count = cut(layout, &rect, norm->pieces);
	norm->area_px = (double)rect.width * rect.height;
}

/* Buffers for pictures of that size, and all that depends on their width. */
static bool reserve(pf_haar_search *s, uint32_t width_px, uint32_t height_px)
{
	if (width_px <= s->width_px && height_px <= s->height_px) {
		return true;
	}
	uint32_t width = width_px > s->width_px ? width_px : s->width_px;
	uint32_t height = height_px > s->height_px ? height_px : s->height_px;
	uint32_t stride = (width + 1 + MARGIN + 31) / 32 * 32;
	size_t samples = (size_t)stride * (height + 2) + MARGIN;
	free(s->sums);
	free(s->squares);
	free(s->row);
	free(s->mixed);
	free(s->offsets);
	free(s->weights);
	s->width_px = s->height_px = 0;
	s->sums = calloc(samples, sizeof *s->sums);
	s->squares = calloc(samples, sizeof *s->squares);
	s->row = calloc(width + MARGIN, sizeof *s->row);
	s->mixed = calloc(width + MARGIN, sizeof *s->mixed);
	s->offsets = calloc(width + MARGIN, sizeof *s->offsets);
	s->weights = calloc(2 * ((size_t)width + MARGIN), sizeof *s->weights);
	if (!s->sums || !s->squares || !s->row || !s->mixed || !s->offsets || !s->weights) {
		return false;
	}
	for (uint32_t i = 0; i < 2; i++) {
		s->layouts[i] = (pf_haar_layout){.step = i + 1, .stride = stride, .plane = stride / 2};
		pf_haar_program_release(&s->programs[i]);
		if (!pf_haar_program_make(s->cascade, &s->layouts[i], &s->programs[i])) {
			return false;
		}
		make_norm(s->cascade, &s->layouts[i], &s->norms[i]);
	}
	s->width_px = width;
	s->height_px = height;
	return true;
}

pf_status pf_haar_search_create(const pf_haar_cascade *cascade, unsigned flags, pf_haar_search **out,
				pf_error *error)
{
	pf_haar_search *s = calloc(1, sizeof *s);
	*out = NULL;
	if (s) {
		s->cascade = cascade;
		s->kernels = versions[0];
		for (size_t i = 1; i < sizeof versions / sizeof *versions; i++) {
			if (!(versions[i]->needs & ~flags)) {
				s->kernels = versions[i];
			}
		}
		size_t bytes = (s->kernels->memory_bytes + 127) / 64 * 64;
		s->memory = aligned_alloc(64, bytes);
	}
	const pf_haar_layout patch = {.step = 1, .stride = cascade->window_width_px + 1};
	if (!s || !s->memory || !pf_haar_program_make(cascade, &patch, &s->patch_program)) {
		pf_haar_search_destroy(s);
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for the search for faces");
	}
	memset(s->memory, 0, s->kernels->memory_bytes);
	*out = s;
	return PF_OK;
}

void pf_haar_search_destroy(pf_haar_search *s)
{
	if (!s) {
		return;
	}
	for (uint32_t i = 0; i < 2; i++) {
		pf_haar_program_release(&s->programs[i]);
	}
	pf_haar_program_release(&s->patch_program);
	free(s->memory);
	free(s->sums);
	free(s->squares);
	free(s->row);
	free(s->mixed);
	free(s->offsets);
	free(s->weights);
	free(s->hits.entries);
	free(s->found);
	pf_haar_groups_release(&s->groups);
	free(s);
}

void pf_haar_hit_add(pf_haar_hits *hits, uint32_t x, uint32_t y)
{
	if (hits->count == hits->capacity) {
		size_t wanted = hits->capacity ? 2 * hits->capacity : 256;
		struct pf_haar_hit *grown = realloc(hits->entries, wanted * sizeof *grown);
		if (!grown) {
			hits->no_memory = true;
			return;
		}
		hits->entries = grown;
		hits->capacity = wanted;
	}
	hits->entries[hits->count++] = (struct pf_haar_hit){x, y};
}

/* Where sample `at` of `count` lies among `source` ones, in 1/256 of the way to the next: as OpenCV's
 * INTER_LINEAR_EXACT, whose doubles are IEEE's. Returns the first of the two samples. */
static uint32_t place(uint32_t at, uint32_t count, uint32_t source, uint32_t *second_weight)
{
	double scale = 1.0 / ((double)count / source), exact = scale * (at + 0.5) - 0.5, whole = floor(exact);
	*second_weight = 0;
	if (whole < 0.0) {
		return 0;
	}
	if (whole >= (double)source - 1.0) {
		return source - 1;
	}
	*second_weight = (uint32_t)lrint((exact - whole) * 256.0);
	return (uint32_t)whole;
}

/* One picture of the pyramid, straight into integral images. */
static void make_level(pf_haar_search *s, const pf_haar_picture *picture, const pf_haar_level *level)
{
	bool same = level->width_px == picture->width_px && level->height_px == picture->height_px;
	uint32_t second;
	for (uint32_t x = 0; x < level->width_px && !same; x++) {
		s->offsets[x] = (int32_t)place(x, level->width_px, picture->width_px, &second);
		s->weights[2 * x] = (int16_t)(256 - second);
		s->weights[2 * x + 1] = (int16_t)second;
	}
	uint32_t stride = level->layout->stride;
	memset(s->sums, 0, stride * sizeof *s->sums);
	memset(s->squares, 0, stride * sizeof *s->squares);
	for (uint32_t y = 0; y < level->height_px; y++) {
		const uint8_t *row = picture->grey + (size_t)y * picture->width_px;
		if (!same) {
			uint32_t first = place(y, level->height_px, picture->height_px, &second);
			const uint8_t *upper = picture->grey + (size_t)first * picture->width_px;
			const pf_haar_shrink shrink = {
				.upper = upper,
				.lower = second ? upper + picture->width_px : upper,
				.upper_weight = 256 - second,
				.lower_weight = second,
				.source_width_px = picture->width_px,
				.width_px = level->width_px,
				.offsets = s->offsets,
				.weights = s->weights,
				.mixed = s->mixed,
			};
			s->kernels->shrink_row(&shrink, s->row);
			row = s->row;
		}
		size_t at = (size_t)(y + 1) * stride;
		s->kernels->integrate_row(row, level->width_px, level->layout, s->sums + at, s->squares + at);
	}
}

static uint32_t rows_of(uint32_t height, uint32_t step, uint32_t stripes)
{
	uint32_t stripe = (height / step + stripes - 1) / stripes;
	uint32_t limit = stripes * (stripe > 1 ? stripe : 1) * step;
	return limit < height ? limit : height;
}

/* The windows of a level. OpenCV cuts rows into stripes for its threads, as many as the largest picture has
 * columns / 32, and looks at no row behind the last whole one. */
static void place_windows(const pf_haar_search *s, uint32_t stripes, pf_haar_level *level)
{
	uint32_t width = level->width_px + 1, height = level->height_px + 1,
		 window_width = s->cascade->window_width_px, window_height = s->cascade->window_height_px;
	width = width > window_width ? width - window_width : 0;
	height = height > window_height ? height - window_height : 0;
	level->step = level->scale >= 2 ? 1 : 2;
	level->layout = &s->layouts[level->step - 1];
	level->program = &s->programs[level->step - 1];
	level->patch_program = &s->patch_program;
	level->sums = s->sums;
	level->squares = s->squares;
	level->columns = (width + level->step - 1) / level->step;
	level->y_limit = width ? rows_of(height, level->step, stripes) : 0;
}

static bool take_hits(pf_haar_search *s, float scale, size_t *count)
{
	if (*count + s->hits.count > s->found_capacity) {
		size_t wanted = 2 * (*count + s->hits.count);
		pf_haar_found *grown = realloc(s->found, wanted * sizeof *grown);
		if (!grown) {
			return false;
		}
		s->found = grown;
		s->found_capacity = wanted;
	}
	int32_t width = (int32_t)lrintf((float)s->cascade->window_width_px * scale),
		height = (int32_t)lrintf((float)s->cascade->window_height_px * scale);
	for (size_t i = 0; i < s->hits.count; i++) {
		const struct pf_haar_hit *hit = &s->hits.entries[i];
		s->found[(*count)++] = (pf_haar_found){(int32_t)lrintf((float)hit->x * scale),
						       (int32_t)lrintf((float)hit->y * scale), width, height};
	}
	return !s->hits.no_memory;
}

/* Scales at which a window fits into the picture and is not smaller than asked for. */
static uint32_t find_scales(const pf_haar_search *s, const pf_haar_picture *picture,
			    const pf_haar_options *options, float scales[SCALES_MOST])
{
	double width = s->cascade->window_width_px, height = s->cascade->window_height_px;
	double factor = 1.0;
	uint32_t count = 0;
	while (count < SCALES_MOST) {
		if (lrint(width * factor) > (long)picture->width_px ||
		    lrint(height * factor) > (long)picture->height_px) {
			break;
		}
		float scale = (float)factor;
		long across = lrintf((float)width * scale), down = lrintf((float)height * scale);
		if (across > (long)picture->width_px || down > (long)picture->height_px) {
			break;
		}
		if (across >= (long)options->smallest_px && down >= (long)options->smallest_px) {
			scales[count++] = scale;
		}
		factor *= options->scale_factor;
	}
	return count;
}

static void clip(const pf_haar_picture *picture, pf_haar_found *found, size_t *count)
{
	size_t kept = 0;
	for (size_t i = 0; i < *count; i++) {
		pf_haar_found f = found[i];
		int32_t right = f.x + f.width, bottom = f.y + f.height;
		right = right < (int32_t)picture->width_px ? right : (int32_t)picture->width_px;
		bottom = bottom < (int32_t)picture->height_px ? bottom : (int32_t)picture->height_px;
		if (right > f.x && bottom > f.y) {
			found[kept++] = (pf_haar_found){f.x, f.y, right - f.x, bottom - f.y};
		}
	}
	*count = kept;
}

static int by_place(const void *left, const void *right)
{
	const struct pf_haar_hit *a = left, *b = right;
	uint64_t first = (uint64_t)a->y << 32 | a->x, second = (uint64_t)b->y << 32 | b->x;
	return (first > second) - (first < second);
}

static bool search_level(pf_haar_search *s, const pf_haar_picture *picture, float scale, uint32_t *stripes,
			 size_t *count)
{
	pf_haar_level level = {.width_px = (uint32_t)lrintf((float)picture->width_px / scale),
			       .height_px = (uint32_t)lrintf((float)picture->height_px / scale),
			       .scale = scale};
	if (!*stripes) {
		uint32_t width = level.width_px + 1, window = s->cascade->window_width_px;
		*stripes = ((width > window ? width - window : 0) + 31) / 32;
	}
	place_windows(s, *stripes, &level);
	if (level.columns == 0 || level.y_limit == 0) {
		return true;
	}
	make_level(s, picture, &level);
	s->hits.count = 0;
	s->kernels->search(s->cascade, &s->norms[level.step - 1], &level, s->memory, &s->hits);
	if (s->hits.count > 1) {
		qsort(s->hits.entries, s->hits.count, sizeof *s->hits.entries, by_place);
	}
	return take_hits(s, scale, count);
}

pf_status pf_haar_search_run(pf_haar_search *s, const pf_haar_picture *picture,
			     const pf_haar_options *options, const pf_haar_found **found, size_t *count,
			     pf_error *error)
{
	float scales[SCALES_MOST];
	uint32_t stripes = 0;
	*found = NULL;
	*count = 0;
	if (picture->width_px > PF_HAAR_LONGEST_PX || picture->height_px > PF_HAAR_LONGEST_PX ||
	    options->scale_factor < 1.1) {
		return pf_fail(error, PF_ERR_UNSUPPORTED, NULL, "the picture is larger than %d px",
			       PF_HAAR_LONGEST_PX);
	}
	if (!reserve(s, picture->width_px, picture->height_px)) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for the search for faces");
	}
	uint32_t scale_count = find_scales(s, picture, options, scales);
	s->hits.no_memory = false;
	bool fine = true;
	for (uint32_t i = 0; i < scale_count && fine; i++) {
		fine = search_level(s, picture, scales[i], &stripes, count);
	}
	size_t kept = fine ? pf_haar_group(&s->groups, s->found, *count, options->least_neighbours)
			   : SIZE_MAX;
	if (kept == SIZE_MAX) {
		*count = 0;
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for the search for faces");
	}
	*count = kept;
	clip(picture, s->found, count);
	*found = s->found;
	return PF_OK;
}
