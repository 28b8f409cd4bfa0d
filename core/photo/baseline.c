#include "core/photo/baseline.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/photo/baseline_parts.h"
#include "core/photo/jpeg.h"

#define DC_MOST 2047

pf_status pf_baseline_create(pf_baseline **out, pf_error *error)
{
	*out = aligned_alloc(64, (sizeof **out + 63) / 64 * 64);
	if (!*out) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate a decoder");
	}
	memset(*out, 0, sizeof **out);
	(*out)->kernels = pf_kernels_best();
	pf_baseline_reduce(*out, 1, 1);
	return PF_OK;
}

void pf_baseline_destroy(pf_baseline *baseline)
{
	free(baseline);
}

void pf_baseline_use(pf_baseline *baseline, const pf_kernels *kernels)
{
	baseline->kernels = kernels;
}

void pf_baseline_reduce(pf_baseline *baseline, uint32_t luma, uint32_t chroma)
{
	for (uint32_t i = 0; i < PF_JPEG_COMPONENTS_MAX; i++) {
		baseline->reduced[i] = i == 0 ? luma : chroma;
	}
}

/* One scan of all components, chroma at full size or halved. */
static bool is_usual(const pf_jpeg_head *head)
{
	const pf_jpeg_component *c = head->component;
	if (head->progressive || head->multi_scan || head->scans != 1 || head->flaws) {
		return false;
	}
	if (head->components == 1) {
		return c[0].h == 1 && c[0].v == 1;
	}
	return c[0].h <= 2 && c[0].v <= PF_BASELINE_LINES_MAX && c[1].h == 1 && c[1].v == 1 && c[2].h == 1 &&
	       c[2].v == 1;
}

/* The most bits that a value may have whatever its place in the block, so that it stays in bounds. */
static uint32_t size_in_bounds(const uint16_t steps[64])
{
	uint32_t size = 0, largest = 1;
	for (unsigned i = 0; i < 64; i++) {
		largest = steps[i] > largest ? steps[i] : largest;
	}
	while (size < 15 && ((1u << (size + 1)) - 1) * largest <= PF_DEQUANTISED_MAX) {
		size++;
	}
	return size;
}

static bool is_made(pf_table_made *m, const pf_huffman_spec *spec, uint32_t most_size)
{
	bool same = m->holds && m->most_size == most_size && memcmp(&m->spec, spec, sizeof *spec) == 0;
	m->spec = *spec;
	m->most_size = most_size;
	m->holds = false;
	return same;
}

/* The first component that has the same tables, and values as small. */
static uint32_t table_of(const pf_baseline *b, uint32_t component, const uint32_t *most_size)
{
	uint32_t i = 0;
	while (b->scan.component[i].dc != b->scan.component[component].dc ||
	       b->scan.component[i].ac != b->scan.component[component].ac ||
	       most_size[i] != most_size[component]) {
		i++;
	}
	return i;
}

static bool make_tables_of(pf_baseline *b, uint32_t i, uint32_t most_size)
{
	const pf_huffman_spec *dc = &b->scan.dc[b->scan.component[i].dc];
	const pf_huffman_spec *ac = &b->scan.ac[b->scan.component[i].ac];
	if (!is_made(&b->made_dc[i], dc, 0)) {
		if (!pf_huffman_codes_make(dc, &b->dc[i].codes)) {
			return false;
		}
		pf_dc_table_make(&b->dc[i]);
	}
	if (!is_made(&b->made_ac[i], ac, most_size)) {
		if (!pf_huffman_codes_make(ac, &b->ac[i].codes)) {
			return false;
		}
		pf_ac_table_make(&b->ac[i], most_size);
	}
	b->made_dc[i].holds = b->made_ac[i].holds = true;
	return true;
}

static bool make_tables(pf_baseline *b)
{
	uint32_t most_size[PF_JPEG_COMPONENTS_MAX];
	for (uint32_t i = 0; i < b->head->components; i++) {
		const uint16_t *steps = b->scan.steps[b->scan.component[i].steps];
		most_size[i] = size_in_bounds(steps);
		uint32_t table = table_of(b, i, most_size);
		if (table == i && !make_tables_of(b, i, most_size[i])) {
			return false;
		}
		int32_t most = PF_DEQUANTISED_MAX / (steps[0] ? steps[0] : 1);
		b->entropy.component[i].dc = &b->dc[table];
		b->entropy.component[i].ac = &b->ac[table];
		b->entropy.component[i].steps = steps;
		b->entropy.component[i].dc_most = most < DC_MOST ? most : DC_MOST;
	}
	return true;
}

static void lay_out_blocks(pf_baseline *b)
{
	pf_entropy *e = &b->entropy;
	e->blocks = 0;
	for (uint32_t i = 0; i < b->head->components; i++) {
		const pf_jpeg_component *c = &b->head->component[i];
		for (uint32_t y = 0; y < c->v; y++) {
			for (uint32_t x = 0; x < c->h; x++) {
				e->block[e->blocks++] = (pf_mcu_block){
					.component = i,
					.step = c->h,
					.coefficients = b->batches[i].coefficients[y] + 64 * (size_t)x,
					.ends = b->batches[i].ends[y] + x,
				};
			}
		}
	}
}

/* Moves what is left of the window to its front and fills it up. */
bool pf_baseline_fill(pf_baseline *b)
{
	pf_entropy *e = &b->entropy;
	size_t left = e->at < b->filled ? (size_t)(b->filled - e->at) : 0;
	memmove(b->window, e->at, left);
	uint8_t *to = b->window + left, *full = b->window + PF_BASELINE_WINDOW_BYTES;
	e->at = b->window;
	while (to < full && !b->last) {
		size_t room = (size_t)(full - to), rest = (size_t)(b->end - b->next);
		size_t most = room < rest ? room : rest;
		const uint8_t *found = memchr(b->next, 0xFF, most);
		size_t plain = found ? (size_t)(found - b->next) : most;
		memcpy(to, b->next, plain);
		to += plain;
		b->next += plain;
		if (!found && plain < room) {
			return false;
		}
		if (found) {
			if (b->end - found < 2 || (found[1] != 0 && found[1] != 0xD9)) {
				return false;
			}
			b->last = found[1] == 0xD9;
			if (!b->last) {
				*to++ = 0xFF;
				b->next += 2;
			}
		}
	}
	b->filled = to;
	if (b->last) { /* a decoder that runs over the end reads these, and is found out */
		memset(to, 0, PF_MCU_BYTES_MAX + 16);
		e->limit = to + 8; /* what is read ahead */
	} else {
		e->limit = to - PF_MCU_BYTES_MAX;
	}
	return true;
}

static bool decode_batch(pf_baseline *b, uint32_t count)
{
	pf_entropy *e = &b->entropy;
	uint32_t done = b->kernels->decode_mcus(e, 0, count);
	while (done < count && !e->odd && !b->last && pf_baseline_fill(b)) {
		done += b->kernels->decode_mcus(e, done, count - done);
	}
	return done == count;
}

/* Of `count` neighbouring blocks of component `i`, line `y` of blocks, to where the batch's first one is
 * `begin` blocks behind the row's first. */
static int transform(pf_baseline *b, uint32_t i, uint32_t y, uint32_t begin, uint32_t count)
{
	int16_t *coefficients = b->batches[i].coefficients[y];
	const uint8_t *ends = b->batches[i].ends[y];
	const uint16_t *steps = b->entropy.component[i].steps;
	size_t stride = b->target.stride_bytes[i], side = 8 / b->reduced[i];
	uint8_t *out = b->target.rows[i] + side * (y * stride + begin);
	switch (b->reduced[i]) {
	case 1:
		return b->kernels->inverse_dct(coefficients, ends, count, steps, out, stride);
	case 2:
		return b->kernels->half_dct(coefficients, ends, count, 1, 2, steps, out, stride);
	default:
		return b->kernels->quarter_dct(coefficients, ends, count, steps, out, stride);
	}
}

/* Samples of the blocks that the plane has; those that only fill up an MCU are wiped. */
static bool make_samples(pf_baseline *b)
{
	uint32_t first = b->first, count = b->count;
	int wild = 0;
	for (uint32_t i = 0; i < b->head->components; i++) {
		const pf_jpeg_component *c = &b->head->component[i];
		uint32_t begin = first * c->h, blocks = count * c->h;
		uint32_t real = c->blocks_wide - begin < blocks ? c->blocks_wide - begin : blocks;
		for (uint32_t y = 0; y < c->v; y++) {
			int16_t *coefficients = b->batches[i].coefficients[y];
			wild |= transform(b, i, y, begin, real);
			if (real < blocks) {
				memset(coefficients + 64 * (size_t)real, 0,
				       64 * (size_t)(blocks - real) * sizeof *coefficients);
			}
		}
	}
	return !wild;
}

/* All bytes are used up but for less than one that fills up the last. */
static bool ended_well(const pf_baseline *b)
{
	const pf_entropy *e = &b->entropy;
	int64_t left = 8 * (int64_t)(b->filled - e->at) + (int64_t)(e->count & 63);
	return b->last && left >= 0 && left < 8;
}

bool pf_baseline_begin(pf_baseline *b, const pf_jpeg_source *source, const pf_jpeg_head *head,
		       pf_baseline_row_fn fn, void *context)
{
	assert(head->has_frame && head->scans > 0);
	b->head = head;
	if (!is_usual(head) || !pf_baseline_scan_read(source, head, &b->scan) || !make_tables(b)) {
		return false;
	}
	lay_out_blocks(b);
	pf_entropy *e = &b->entropy;
	e->bits = 0;
	e->count = 0;
	e->odd = false;
	for (uint32_t i = 0; i < PF_JPEG_COMPONENTS_MAX; i++) {
		e->component[i].predicted = 0;
	}
	e->at = b->filled = b->window;
	b->next = source->data + b->scan.data;
	b->end = source->data + source->bytes;
	b->last = false;
	const pf_jpeg_component *luma = &head->component[0];
	b->mcus_wide = (luma->blocks_wide + luma->h - 1u) / luma->h;
	b->mcus_high = (luma->blocks_high + luma->v - 1u) / luma->v;
	b->row = b->first = 0;
	b->fn = fn;
	b->context = context;
	b->target = (pf_baseline_target){0};
	return pf_baseline_fill(b);
}

bool pf_baseline_open_batch(pf_baseline *b)
{
	uint32_t left = b->mcus_wide - b->first;
	b->count = left < PF_BASELINE_BATCH_MCUS ? left : PF_BASELINE_BATCH_MCUS;
	return b->first > 0 || b->fn(b->context, b->row, false, &b->target);
}

bool pf_baseline_close_batch(pf_baseline *b, bool *over)
{
	*over = false;
	if (!make_samples(b)) {
		return false;
	}
	b->first += b->count;
	if (b->first < b->mcus_wide) {
		return true;
	}
	bool last = b->row + 1 == b->mcus_high;
	if ((last && !ended_well(b)) || !b->fn(b->context, b->row, true, &b->target)) {
		return false;
	}
	b->first = 0;
	b->row++;
	*over = last;
	return true;
}

bool pf_baseline_finish(pf_baseline *b)
{
	bool over = false;
	while (!over) {
		if (!pf_baseline_open_batch(b) || !decode_batch(b, b->count) ||
		    !pf_baseline_close_batch(b, &over)) {
			pf_baseline_give_up(b);
			return false;
		}
	}
	return true;
}

void pf_baseline_give_up(pf_baseline *b)
{
	memset(b->batches, 0, sizeof b->batches);
}

bool pf_baseline_rows(pf_baseline *baseline, const pf_jpeg_source *source, const pf_jpeg_head *head,
		      pf_baseline_row_fn fn, void *context)
{
	return pf_baseline_begin(baseline, source, head, fn, context) && pf_baseline_finish(baseline);
}

typedef struct planes {
	const pf_jpeg_head *head;
	const pf_image *image;
	uint32_t by;
} planes;

/* Straight into the planes. */
static bool target_planes(void *context, uint32_t mcu_row, bool done, pf_baseline_target *target)
{
	const planes *to = context;
	const pf_plane *plane[PF_JPEG_COMPONENTS_MAX] = {&to->image->y, &to->image->cb, &to->image->cr};
	for (uint32_t i = 0; i < to->head->components && !done; i++) {
		uint32_t high = 8 / pf_jpeg_reduction(to->by, i);
		size_t row = (size_t)mcu_row * high * to->head->component[i].v;
		target->rows[i] = plane[i]->data + row * plane[i]->stride_bytes;
		target->stride_bytes[i] = plane[i]->stride_bytes;
	}
	return true;
}

bool pf_baseline_decode(pf_baseline *baseline, const pf_jpeg_source *source, const pf_jpeg_head *head,
			uint32_t by, pf_image *image)
{
	planes to = {.head = head, .image = image, .by = by};
	if (!is_usual(head) || pf_jpeg_lay_out(head, by, image, NULL) != PF_OK) {
		return false;
	}
	pf_baseline_reduce(baseline, by, pf_jpeg_reduction(by, 1));
	bool done = pf_baseline_rows(baseline, source, head, target_planes, &to);
	pf_baseline_reduce(baseline, 1, 1);
	image->flaws = done ? 0 : image->flaws;
	return done;
}
