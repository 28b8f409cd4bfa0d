#include "datasets/render/render_layer.h"

#include <stdlib.h>
#include <string.h>

#include "datasets/render/render_material.h"

enum { LAYER_PLANES = 6 };

pf_status pf_layer_reset(pf_layer *layer, int x0, int y0, int width, int height)
{
	size_t pixels = (size_t)width * (size_t)height;
	if (pixels > layer->capacity) {
		pf_layer_free(layer);
		layer->y = malloc(pixels * LAYER_PLANES * sizeof *layer->y);
		if (!layer->y) {
			return PF_ERR_NO_MEMORY;
		}
		layer->capacity = pixels;
		layer->cb = layer->y + pixels;
		layer->cr = layer->cb + pixels;
		layer->alpha = layer->cr + pixels;
		layer->depth = layer->alpha + pixels;
		layer->scratch = layer->depth + pixels;
	}
	layer->x0 = x0;
	layer->y0 = y0;
	layer->width = width;
	layer->height = height;
	memset(layer->y, 0, pixels * sizeof *layer->y);
	memset(layer->cb, 0, pixels * sizeof *layer->cb);
	memset(layer->cr, 0, pixels * sizeof *layer->cr);
	memset(layer->alpha, 0, pixels * sizeof *layer->alpha);
	for (size_t i = 0; i < pixels; i++) {
		layer->depth[i] = INT16_MIN;
	}
	return PF_OK;
}

void pf_layer_free(pf_layer *layer)
{
	free(layer->y);
	memset(layer, 0, sizeof *layer);
}

/* One octave of periodic value noise: bilinear over a lattice of `cells` x `cells` hashes. */
static void add_octave(float *sum, uint32_t seed, int cells, float gain)
{
	float step = (float)cells / 256.0f;
	for (int y = 0; y < 256; y++) {
		float v = (float)y * step;
		int j = (int)v;
		float fv = v - (float)j;
		fv = fv * fv * (3.0f - 2.0f * fv);
		for (int x = 0; x < 256; x++) {
			float u = (float)x * step;
			int i = (int)u;
			float fu = u - (float)i;
			fu = fu * fu * (3.0f - 2.0f * fu);
			uint32_t i1 = (uint32_t)((i + 1) % cells), j1 = (uint32_t)((j + 1) % cells);
			float c[4] = {(float)(pf_hash2(seed + (uint32_t)i, (uint32_t)j) & 0xFFFF),
				      (float)(pf_hash2(seed + i1, (uint32_t)j) & 0xFFFF),
				      (float)(pf_hash2(seed + (uint32_t)i, j1) & 0xFFFF),
				      (float)(pf_hash2(seed + i1, j1) & 0xFFFF)};
			float top = c[0] + (c[1] - c[0]) * fu, bottom = c[2] + (c[3] - c[2]) * fu;
			sum[y * 256 + x] += gain * ((top + (bottom - top) * fv) * (2.0f / 65535.0f) - 1.0f);
		}
	}
}

static int8_t to_byte(float v)
{
	return (int8_t)pf_clampf(v, -127.0f, 127.0f);
}

pf_status pf_noise_tiles_fill(pf_noise_tiles *tiles)
{
	float *sum = calloc(2 * 256 * 256, sizeof *sum), *smooth = sum + 256 * 256;
	if (!sum) {
		return PF_ERR_NO_MEMORY;
	}
	float gain = 80.0f;
	for (int cells = 4; cells <= 256; cells *= 2) {
		add_octave(sum, (uint32_t)cells * 7919u, cells, gain);
		if (cells <= 32) {
			add_octave(smooth, (uint32_t)cells * 104729u, cells, gain);
		}
		gain *= 0.62f;
	}
	for (int y = 0; y < 256; y++) {
		for (int x = 0; x < 256; x++) {
			uint32_t h = pf_hash2((uint32_t)x, (uint32_t)y * 31u + 5u);
			tiles->grain[y * 256 + x] = (int8_t)((int)(h & 127) - (int)(h >> 7 & 127));
			tiles->cloud[y * 256 + x] = to_byte(sum[y * 256 + x]);
			float next = smooth[((y + 2) & 255) * 256 + ((x + 2) & 255)];
			tiles->fold[y * 256 + x] = to_byte((next - smooth[y * 256 + x]) * 5.0f);
		}
	}
	free(sum);
	return PF_OK;
}
