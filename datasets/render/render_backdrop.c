#include "datasets/render/render_backdrop.h"

#include <stdlib.h>
#include <string.h>

#define NAME(constant, name, far, ground) #name,
static const char *const names[] = {PF_BACKDROP_LIST(NAME)};
#undef NAME
#define FAR(constant, name, far, ground) far,
static const pf_far fars[] = {PF_BACKDROP_LIST(FAR)};
#undef FAR
#define GROUND(constant, name, far, ground) ground,
static const pf_ground grounds[] = {PF_BACKDROP_LIST(GROUND)};
#undef GROUND

pf_backdrop pf_backdrop_find(const char *name)
{
	int i = 0;
	while (i < PF_BACKDROP_COUNT && strcmp(names[i], name) != 0) {
		i++;
	}
	return (pf_backdrop)i;
}

pf_far pf_backdrop_far(pf_backdrop backdrop)
{
	return fars[backdrop];
}

pf_ground pf_backdrop_ground(pf_backdrop backdrop)
{
	return grounds[backdrop];
}

pf_status pf_picture_reset(pf_picture *picture, int width, int height)
{
	size_t pixels = (size_t)width * (size_t)height;
	if (pixels > picture->capacity) {
		pf_picture_free(picture);
		picture->y = malloc(pixels * 4 * sizeof *picture->y);
		if (!picture->y) {
			return PF_ERR_NO_MEMORY;
		}
		picture->capacity = pixels;
		picture->cb = picture->y + pixels;
		picture->cr = picture->cb + pixels;
		picture->scratch = picture->cr + pixels;
	}
	picture->width = width;
	picture->height = height;
	return PF_OK;
}

void pf_picture_free(pf_picture *picture)
{
	free(picture->y);
	memset(picture, 0, sizeof *picture);
}

void pf_picture_lay(pf_picture *picture, const pf_layer *layer)
{
	int y0 = layer->y0 < 0 ? -layer->y0 : 0, x0 = layer->x0 < 0 ? -layer->x0 : 0;
	int y1 = picture->height - layer->y0, x1 = picture->width - layer->x0;
	y1 = y1 > layer->height ? layer->height : y1;
	x1 = x1 > layer->width ? layer->width : x1;
	for (int y = y0; y < y1; y++) {
		size_t from = (size_t)y * (size_t)layer->width;
		size_t to = (size_t)(y + layer->y0) * (size_t)picture->width;
		for (int x = x0; x < x1; x++) {
			size_t i = from + (size_t)x, o = to + (size_t)(x + layer->x0);
			int clear = 4096 - layer->alpha[i];
			picture->y[o] = (int16_t)((picture->y[o] * clear >> 12) + layer->y[i]);
			picture->cb[o] = (int16_t)((picture->cb[o] * clear >> 12) + layer->cb[i]);
			picture->cr[o] = (int16_t)((picture->cr[o] * clear >> 12) + layer->cr[i]);
		}
	}
}

void pf_mips_fill(pf_mips *mips, const pf_noise_tiles *tiles)
{
	memcpy(mips->level[0], tiles->cloud, sizeof tiles->cloud);
	for (int k = 1; k < 6; k++) {
		const int8_t *in = mips->level[k - 1];
		int side = 256 >> k, wide = side * 2;
		for (int y = 0; y < side; y++) {
			for (int x = 0; x < side; x++) {
				const int8_t *at = in + 2 * y * wide + 2 * x;
				mips->level[k][y * side + x] =
					(int8_t)((at[0] + at[1] + at[wide] + at[wide + 1]) / 4);
			}
		}
	}
}
