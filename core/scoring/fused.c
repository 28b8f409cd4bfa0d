#include "core/scoring/fused.h"

#include <stdlib.h>
#include <string.h>

#include "core/scoring/face.h"
#include "photofinish/preset.h"

#define SPARE_MCU_ROWS 3 /* come in before rows that are still needed are moved to the front */

void pf_fused_release(pf_fused *fused)
{
	for (uint32_t i = 0; i < PF_JPEG_COMPONENTS_MAX; i++) {
		free(fused->rows[i].data);
		fused->rows[i] = (pf_fused_rows){0};
	}
	pf_pose_input_release(&fused->input);
}

static pf_plane *plane_of(pf_image *image, uint32_t component)
{
	return component == 0 ? &image->y : component == 1 ? &image->cb : &image->cr;
}

/* Makes room for `count` more rows behind those that are needed. */
static bool make_room(pf_fused_rows *rows, uint32_t count, uint32_t stride_bytes)
{
	size_t stride = stride_bytes;
	if ((rows->end - rows->first + count) * stride <= rows->capacity_bytes) {
		return true;
	}
	uint32_t kept = rows->end - rows->needed;
	size_t wanted = (kept + (1 + SPARE_MCU_ROWS) * count) * stride;
	if (kept) {
		memmove(rows->data, rows->data + (rows->needed - rows->first) * stride, kept * stride);
	}
	rows->first = rows->needed;
	if ((kept + count) * stride > rows->capacity_bytes) {
		uint8_t *grown = realloc(rows->data, wanted);
		if (!grown) {
			return false;
		}
		rows->data = grown;
		rows->capacity_bytes = wanted;
	}
	return true;
}

/* Where the plane would begin if all of its rows were there. */
static uint8_t *origin_of(const pf_fused_rows *rows, uint32_t stride_bytes)
{
	return (uint8_t *)((uintptr_t)rows->data - (size_t)rows->first * stride_bytes);
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void hand_on(pf_fused *f, const uint32_t rows[2])
{
	pf_image *image = f->image;
	uint32_t needed[2] = {rows[0], rows[1]}, of_pose[2];
	if (f->quality) {
		needed[0] = pf_quality_rows(f->quality, image, rows[0], rows[1], &f->sums);
	}
	if (f->small) {
		needed[0] = lesser(needed[0],
				   pf_small_rows(f->small, &image->y, image->orientation, rows[0]));
	}
	if (f->pose) {
		pf_pose_input_rows(&f->input, image, rows, of_pose);
		needed[0] = lesser(needed[0], of_pose[0]);
		needed[1] = lesser(needed[1], of_pose[1]);
	}
	for (uint32_t i = 0; i < f->head->components; i++) {
		f->rows[i].needed = needed[i > 0];
	}
}

/* What the photo is analysed at is half of it, and chroma has that size, too. */
static bool can_halve(const pf_jpeg_head *head)
{
	const pf_jpeg_component *luma = &head->component[0];
	uint32_t side = head->components == 1 ? 1 : 2;
	return luma->h == side && luma->v == side && luma->width_px % 2 == 0 && luma->height_px % 2 == 0 &&
	       pf_quality_scale(luma->width_px, luma->height_px) == 2;
}

/* By how much component `i` comes smaller. */
static uint32_t divisor(const pf_fused *f, uint32_t i)
{
	uint32_t by = f->by[i > 0];
	return by > 1 ? by : 1;
}

static bool take_row(void *context, uint32_t mcu_row, bool done, pf_baseline_target *target)
{
	pf_fused *f = context;
	uint32_t rows[2] = {0};
	(void)mcu_row;
	for (uint32_t i = 0; i < f->head->components; i++) {
		const pf_jpeg_component *c = &f->head->component[i];
		pf_plane *plane = plane_of(f->image, i);
		uint32_t count = c->v * 8u / divisor(f, i), stride = plane->stride_bytes;
		if (!done) {
			if (!make_room(&f->rows[i], count, stride)) {
				return false;
			}
			target->rows[i] = f->rows[i].data +
					  (size_t)(f->rows[i].end - f->rows[i].first) * stride;
			target->stride_bytes[i] = stride;
			continue;
		}
		f->rows[i].end += lesser(count, plane->height_px - f->rows[i].end);
		plane->data = origin_of(&f->rows[i], stride);
		rows[i > 0] = f->rows[i].end;
	}
	if (done) {
		hand_on(f, rows);
	}
	return true;
}

static bool begin(pf_fused *f)
{
	for (uint32_t i = 0; i < PF_JPEG_COMPONENTS_MAX; i++) {
		const pf_jpeg_component *c = &f->head->component[i];
		pf_plane *plane = plane_of(f->image, i);
		pf_fused_rows *rows = &f->rows[i];
		rows->first = rows->end = rows->needed = 0;
		*plane = (pf_plane){0};
		if (i < f->head->components) {
			uint32_t by = divisor(f, i);
			*plane = (pf_plane){.width_px = pf_jpeg_reduced(c->width_px, by),
					    .height_px = pf_jpeg_reduced(c->height_px, by),
					    .stride_bytes = pf_jpeg_stride_bytes(c) / by};
			if (!make_room(rows, c->v * 8u / by, plane->stride_bytes)) {
				return false;
			}
			plane->data = rows->data;
		}
	}
	if (f->quality) {
		pf_quality_begin(f->quality, f->image, &f->sums);
	}
	return (!f->small || pf_small_begin(f->small, &f->image->y, PF_FACE_LONGEST_PX, NULL) == PF_OK) &&
	       (!f->pose || pf_pose_begin(f->pose, &f->input, f->image, NULL) == PF_OK);
}

static bool begin_pass(pf_fused *fused, pf_baseline *baseline, const pf_jpeg_head *head, pf_image *image)
{
	fused->head = head;
	fused->image = image;
	fused->by[0] = pf_preset_reduction(fused->preset, head->width_px, head->height_px);
	fused->by[1] = pf_jpeg_reduction(fused->by[0], 1);
	if (fused->by[0] == 1 && fused->may_halve && can_halve(head)) {
		fused->by[0] = 2;
	}
	pf_baseline_reduce(baseline, fused->by[0], fused->by[1]);
	return begin(fused);
}

/* `done`: all rows came. */
static void end_pass(pf_fused *fused, pf_baseline *baseline, bool done)
{
	pf_image *image = fused->image;
	pf_baseline_reduce(baseline, 1, 1);
	image->y.data = image->cb.data = image->cr.data = NULL;
	if (!done) {
		return;
	}
	if (fused->small) {
		pf_small_end(fused->small, image->orientation);
	}
	if (fused->by[0] > fused->by[1]) { /* luma alone: all else is as if it were whole */
		image->y.width_px = fused->head->component[0].width_px;
		image->y.height_px = fused->head->component[0].height_px;
		fused->sums.scale = 2;
	}
	image->flaws = 0;
}

bool pf_fused_decode(pf_fused *fused, pf_baseline *baseline, const pf_jpeg_source *source,
		     const pf_jpeg_head *head, pf_image *image)
{
	bool done = begin_pass(fused, baseline, head, image) &&
		    pf_baseline_rows(baseline, source, head, take_row, fused);
	end_pass(fused, baseline, done);
	return done;
}

void pf_fused_decode_pair(pf_baseline_pair *pair, pf_fused_job jobs[2])
{
	pf_baseline_job rows[2];
	bool opened = true;
	for (unsigned i = 0; i < 2; i++) {
		pf_fused_job *job = &jobs[i];
		opened = begin_pass(job->fused, job->baseline, job->head, job->image) && opened;
		rows[i] = (pf_baseline_job){.baseline = job->baseline,
					    .source = job->source,
					    .head = job->head,
					    .fn = take_row,
					    .context = job->fused};
	}
	if (opened) {
		pf_baseline_pair_rows(pair, rows);
	}
	for (unsigned i = 0; i < 2; i++) {
		pf_fused_job *job = &jobs[i];
		job->done = opened && rows[i].done;
		end_pass(job->fused, job->baseline, job->done);
	}
}
