/* A pose network's input from a photo's planes, on the device. A body as those of gpu_kernels.h; gives the
 * bits of core/scoring/pose_input.h. */
#ifndef PF_GPU_PICTURE_H
#define PF_GPU_PICTURE_H

#include <stdint.h>

#include "core/gpu/gpu_half.h"

/* How one output sample follows from samples first .. last of a row or column: core/photo/window.h. */
typedef struct pf_gpu_cover {
	uint32_t first, last;
	float first_weight, last_weight;
	float inside; /* share that the photo covers */
} pf_gpu_cover;

typedef struct pf_gpu_source {
	const uint8_t *samples; /* NULL: the photo has no such plane, all are 128 */
	const pf_gpu_cover *across, *down;
	float weight_x, weight_y; /* of samples between the first and the last */
	float outside;            /* where the photo does not reach */
	int32_t pitch;            /* samples from row to row */
} pf_gpu_source;

typedef enum pf_gpu_colour { PF_GPU_YCBCR, PF_GPU_RGB, PF_GPU_BGR } pf_gpu_colour;

/* One picture of the network's input, channels last: resized with grey around it, turned upright, in the
 * network's colours, each value (sample - mean) / std. */
typedef struct pf_gpu_picture {
	int64_t count; /* pixels */
	pf_gpu_source planes[3];
	void *to;
	int64_t width;               /* of a row as the photo is stored */
	int64_t begin, across, down; /* pixel (x, y) goes to begin + x * across + y * down */
	float mean[3], std[3];
	int32_t colour, half;
} pf_gpu_picture;

#define PF_GPU_COUNTED_ROWS 256 /* are summed as whole numbers, as on the processor */

/* One column of the rows that `v` covers. */
PF_BODY float pf_gpu_column(const pf_gpu_source *s, const pf_gpu_cover *v, int64_t x)
{
	const uint8_t *first = s->samples + (int64_t)v->first * s->pitch + x;
	int64_t rows = (int64_t)v->last - v->first;
	int64_t y = 1, end = rows < y + PF_GPU_COUNTED_ROWS ? rows : y + PF_GPU_COUNTED_ROWS;
	float last_weight = rows > 0 ? v->last_weight : 0.0f;
	uint32_t counted = 0;
	for (; y < end; y++) {
		counted += first[y * s->pitch];
	}
	float sum = v->first_weight * (float)first[0] + last_weight * (float)first[rows * s->pitch];
	sum += s->weight_y * (float)counted;
	while (y < rows) {
		end = rows < y + PF_GPU_COUNTED_ROWS ? rows : y + PF_GPU_COUNTED_ROWS;
		counted = 0;
		for (; y < end; y++) {
			counted += first[y * s->pitch];
		}
		sum += s->weight_y * (float)counted;
	}
	return sum;
}

PF_BODY float pf_gpu_sample(const pf_gpu_source *s, int64_t x, int64_t y)
{
	if (!s->samples) {
		return 128.0f;
	}
	const pf_gpu_cover h = s->across[x], v = s->down[y];
	if (!(h.inside > 0.0f && v.inside > 0.0f)) {
		return s->outside;
	}
	float sum = 0.0f;
	for (int64_t column = (int64_t)h.first + 1; column < h.last; column++) {
		sum += pf_gpu_column(s, &v, column);
	}
	sum = s->weight_x * sum + h.first_weight * pf_gpu_column(s, &v, h.first);
	if (h.last > h.first) {
		sum = sum + h.last_weight * pf_gpu_column(s, &v, h.last);
	}
	float inside = h.inside * v.inside;
	return sum + (1.0f - inside) * s->outside;
}

PF_BODY float pf_gpu_limit(float value)
{
	return value < 0.0f ? 0.0f : value > 255.0f ? 255.0f : value;
}

PF_BODY void pf_gpu_body_picture(const pf_gpu_picture *k, int64_t i)
{
	int64_t x = i % k->width, y = i / k->width, to = 3 * (k->begin + x * k->across + y * k->down);
	float channels[3];
	for (int c = 0; c < 3; c++) {
		channels[c] = pf_gpu_sample(&k->planes[c], x, y);
	}
	if (k->colour != PF_GPU_YCBCR) { /* JFIF's matrix */
		float luma = channels[0], cb = channels[1] - 128.0f, cr = channels[2] - 128.0f;
		int red = k->colour == PF_GPU_RGB ? 0 : 2;
		channels[red] = pf_gpu_limit(luma + 1.402f * cr);
		channels[1] = pf_gpu_limit(luma - 0.344136f * cb - 0.714136f * cr);
		channels[2 - red] = pf_gpu_limit(luma + 1.772f * cb);
	}
	for (int c = 0; c < 3; c++) {
		pf_gpu_store(k->to, to + c, k->half, (channels[c] - k->mean[c]) / k->std[c]);
	}
}

#endif
