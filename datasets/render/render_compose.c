#include "datasets/render/render_compose.h"

#include <stdlib.h>
#include <string.h>

enum { LANES = 8, CURVE = 4096, FOR_NOISE = 3 };

/* What turns a row into sensor values. Light is in 16ths of a level. */
typedef struct developer {
	uint16_t curve[CURVE];      /* exposure with a soft shoulder, 16ths */
	uint8_t chroma[CURVE >> 4]; /* gain of the chroma at that (unexposed) level, 64 = 1 */
	int16_t grain[256];         /* strength of the noise at a level */
	int chroma_grain;
	int32_t *column; /* lens shading by column, 4096ths lost */
	float shade, inverse_y;
	unsigned half_height;
	uint64_t seed;
} developer;

void pf_canvas_free(pf_canvas *canvas)
{
	free(canvas->planes);
	free(canvas->turned);
	free(canvas->scratch);
	memset(canvas, 0, sizeof *canvas);
}

static void *grown(void **memory, size_t *have, size_t want)
{
	if (want > *have) {
		free(*memory);
		*memory = malloc(want);
		*have = *memory ? want : 0;
	}
	return *memory;
}

void *pf_canvas_scratch(pf_canvas *canvas, size_t size)
{
	return grown(&canvas->scratch, &canvas->scratch_size, size);
}

static void develop_tables(developer *d, const pf_scene *scene, const pf_shot *shot)
{
	/* levels follow about the 2.2nd root of light */
	float gain = pf_exp2(shot->ev_error / 2.2f);
	for (int i = 0; i < CURVE; i++) {
		float level = (float)i * gain / 16.0f;
		if (level > 225.0f) { /* the shoulder before clipping */
			float over = (level - 225.0f) / 30.0f;
			level = over < 2.0f ? 225.0f + 30.0f * (over - 0.25f * over * over) : 255.0f;
		}
		d->curve[i] = (uint16_t)(level * 16.0f);
		if ((i & 15) == 8) {
			float plain = (float)i * gain / 16.0f;
			float keep = plain > 200.0f ? pf_clampf(1.0f - (plain - 200.0f) / 120.0f, 0.1f, 1.0f)
						    : 1.0f;
			float c = gain * keep * 64.0f;
			d->chroma[i >> 4] = (uint8_t)pf_clampf(c, 0, 255);
		}
	}
	for (int i = 0; i < 256; i++) {
		/* shot noise on top of read noise, seen through the display's curve: flat, less at the top */
		float level = (float)i / 255.0f;
		float sigma = scene->noise_sigma * (0.85f + 0.5f * level - 0.9f * level * level * level);
		sigma /= pf_clampf(gain, 0.8f, 1.6f);
		d->grain[i] = (int16_t)(sigma * 16.0f * 256.0f / 147.8f);
	}
	d->chroma_grain = (int)(scene->noise_sigma * 0.55f * 16.0f * 256.0f / 147.8f);
}

/* LANES independent xorshift streams: vectors of them run side by side on any CPU. */
static void seed_lanes(uint32_t lanes[LANES], uint64_t seed, uint32_t row, uint32_t plane)
{
	for (uint32_t i = 0; i < LANES; i++) {
		lanes[i] = pf_hash2((uint32_t)seed ^ (row * LANES + i),
				    (uint32_t)(seed >> 32) + plane * 0x51ED27u) |
			   1u;
	}
}

static inline uint32_t next_lane(uint32_t *lane)
{
	uint32_t v = *lane;
	v ^= v << 13;
	v ^= v >> 17;
	v ^= v << 5;
	return *lane = v;
}

/* The sum of four uniform bytes: near enough to normal, deviation 147.8. */
static inline int bell(uint32_t v)
{
	uint32_t pairs = (v & 0x00FF00FFu) + (v >> 8 & 0x00FF00FFu);
	return (int)((pairs & 0xFFFFu) + (pairs >> 16)) - 510;
}

static void noise_row(int16_t *noise, unsigned width, uint64_t seed, uint32_t row, uint32_t plane)
{
	uint32_t lanes[LANES];
	seed_lanes(lanes, seed, row, plane);
	for (int warm = 0; warm < 2; warm++) {
		for (int i = 0; i < LANES; i++) {
			next_lane(&lanes[i]);
		}
	}
	for (unsigned x = 0; x < width; x += LANES) {
		for (unsigned i = 0; i < LANES; i++) {
			noise[x + i] = (int16_t)bell(next_lane(&lanes[i]));
		}
	}
}

static inline uint8_t clamp_byte(int v)
{
	return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* Background row `y` of the full picture, linearly enlarged from the half-size plane. */
static void enlarge_row(const int16_t *plane, int half_width, int half_height, unsigned y, int16_t *blend,
			int16_t *out)
{
	int near = (int)y / 2, other = near + (y & 1 ? 1 : -1);
	other = other < 0 ? 0 : other >= half_height ? half_height - 1 : other;
	const int16_t *a = plane + (size_t)near * (size_t)half_width,
		      *b = plane + (size_t)other * (size_t)half_width;
	for (int x = 0; x < half_width; x++) {
		blend[x] = (int16_t)((3 * a[x] + b[x] + 2) >> 2);
	}
	for (int x = 0; x < half_width; x++) {
		int left = blend[x > 0 ? x - 1 : 0], right = blend[x + 1 < half_width ? x + 1 : x];
		out[2 * x] = (int16_t)((3 * blend[x] + left + 2) >> 2);
		out[2 * x + 1] = (int16_t)((3 * blend[x] + right + 2) >> 2);
	}
}

static void lay_row(const pf_layer *layer, const int16_t *light, unsigned y, unsigned width, int16_t *row)
{
	int ly = (int)y - layer->y0;
	if (ly < 0 || ly >= layer->height) {
		return;
	}
	int x0 = layer->x0 < 0 ? -layer->x0 : 0, x1 = (int)width - layer->x0;
	x1 = x1 > layer->width ? layer->width : x1;
	size_t from = (size_t)ly * (size_t)layer->width;
	const int16_t *alpha = layer->alpha + from, *in = light + from;
	int16_t *out = row + layer->x0;
	for (int x = x0; x < x1; x++) {
		out[x] = (int16_t)((out[x] * (4096 - alpha[x]) >> 12) + in[x]);
	}
}

static int32_t row_shade(const developer *d, unsigned y, unsigned step)
{
	float v = ((float)(y * step) + 0.5f) * d->inverse_y - 1.0f;
	return (int32_t)(d->shade * v * v * 4096.0f);
}

static void develop_row(const developer *d, unsigned y, const int16_t *row, const int16_t *noise,
			unsigned width, uint8_t *out)
{
	int32_t shade = row_shade(d, y, 1);
	for (unsigned x = 0; x < width; x++) {
		int light = row[x] * (4096 - shade - d->column[x]) >> 12;
		light = light < 0 ? 0 : light > CURVE - 1 ? CURVE - 1 : light;
		int level = d->curve[light];
		out[x] = clamp_byte((level + (noise[x] * d->grain[level >> 4] >> 8) + 8) >> 4);
	}
}

static void develop_chroma(const developer *d, unsigned y, const int16_t *colour, const int16_t *light,
			   const int16_t *noise, unsigned width, uint8_t *out)
{
	int32_t shade = row_shade(d, y, 2);
	for (unsigned x = 0; x < width; x++) {
		int keep = 4096 - shade - d->column[2 * x];
		int level = light[x] * keep >> 16;
		level = level < 0 ? 0 : level > 255 ? 255 : level;
		int c = (colour[x] * keep >> 12) * d->chroma[level] >> 6;
		out[x] = clamp_byte(((c + (noise[x] * d->chroma_grain >> 8) + 8) >> 4) + 128);
	}
}

/* Halves the layer's coverage and colours in place, for the chroma planes: the luma's coverage goes to
 * `scratch` first, since both are needed. */
static void halve(const int16_t *in, int16_t *out, int width, int height)
{
	for (int y = 0; y < height / 2; y++) {
		const int16_t *a = in + (size_t)(2 * y) * (size_t)width, *b = a + width;
		int16_t *o = out + (size_t)y * (size_t)(width / 2);
		for (int x = 0; x < width / 2; x++) {
			o[x] = (int16_t)((a[2 * x] + a[2 * x + 1] + b[2 * x] + b[2 * x + 1] + 2) >> 2);
		}
	}
}

static void compose_luma(const developer *d, const pf_picture *back, const pf_layer *layer, unsigned width,
			 unsigned height, unsigned stride, int16_t *rows, uint8_t *out)
{
	int16_t *blend = rows, *row = rows + stride, *noise = rows + 2 * stride;
	for (unsigned y = 0; y < height; y++) {
		enlarge_row(back->y, back->width, back->height, y, blend, row);
		lay_row(layer, layer->y, y, width, row);
		noise_row(noise, width, d->seed, y, 0);
		develop_row(d, y, row, noise, width, out + (size_t)y * stride);
	}
}

static void compose_chroma(const developer *d, const pf_picture *back, const pf_layer *half,
			   const pf_layer *full, unsigned stride, int16_t *rows, uint8_t *cb, uint8_t *cr)
{
	unsigned width = (unsigned)back->width;
	int16_t *light = rows, *colour = rows + stride, *noise = rows + 2 * stride;
	for (unsigned y = 0; y < (unsigned)back->height; y++) {
		size_t in = (size_t)y * width;
		memcpy(light, back->y + in, width * sizeof *light);
		lay_row(half, full->y, y, width, light);
		for (int plane = 0; plane < 2; plane++) {
			memcpy(colour, (plane ? back->cr : back->cb) + in, width * sizeof *colour);
			lay_row(half, plane ? full->cr : full->cb, y, width, colour);
			noise_row(noise, width, d->seed, y, 1 + (uint32_t)plane);
			develop_chroma(d, y, colour, light, noise, width,
				       (plane ? cr : cb) + (size_t)y * stride);
		}
	}
}

/* Repeats the last column and row into the padding. */
static void pad(uint8_t *plane, unsigned width, unsigned height, unsigned stride, unsigned rows)
{
	for (unsigned y = 0; y < height; y++) {
		uint8_t *row = plane + (size_t)y * stride;
		memset(row + width, row[width - 1], stride - width);
	}
	for (unsigned y = height; y < rows; y++) {
		memcpy(plane + (size_t)y * stride, plane + (size_t)(height - 1) * stride, stride);
	}
}

/* The upright plane as the sensor stores it: EXIF 6 shows it after a quarter turn clockwise, 8
 * counter-clockwise. */
static void turn(const uint8_t *in, unsigned width, unsigned height, unsigned stride, int orientation,
		 uint8_t *out, unsigned out_stride)
{
	enum { TILE = 32 };
	for (unsigned y0 = 0; y0 < height; y0 += TILE) {
		for (unsigned x0 = 0; x0 < width; x0 += TILE) {
			unsigned y1 = y0 + TILE < height ? y0 + TILE : height,
				 x1 = x0 + TILE < width ? x0 + TILE : width;
			for (unsigned x = x0; x < x1; x++) {
				unsigned row = orientation == 6 ? width - 1 - x : x;
				for (unsigned y = y0; y < y1; y++) {
					unsigned column = orientation == 6 ? y : height - 1 - y;
					out[(size_t)row * out_stride + column] = in[(size_t)y * stride + x];
				}
			}
		}
	}
}

static unsigned to_block(unsigned v)
{
	return (v + 15) & ~15u;
}

static void set_planes(pf_photo_planes *planes, uint8_t *memory, unsigned width, unsigned height)
{
	planes->width = width;
	planes->height = height;
	planes->stride = to_block(width);
	planes->rows = to_block(height);
	size_t size = (size_t)planes->stride * planes->rows;
	planes->y = memory;
	planes->cb = memory + size;
	planes->cr = memory + size + size / 4;
}

static void pad_all(const pf_photo_planes *p)
{
	pad(p->y, p->width, p->height, p->stride, p->rows);
	pad(p->cb, p->width / 2, p->height / 2, p->stride / 2, p->rows / 2);
	pad(p->cr, p->width / 2, p->height / 2, p->stride / 2, p->rows / 2);
}

static pf_status turn_all(pf_canvas *canvas, int orientation, const pf_photo_planes *up,
			  pf_photo_planes *planes)
{
	set_planes(planes, NULL, up->height, up->width);
	size_t size = (size_t)planes->stride * planes->rows * 3 / 2;
	void *memory = canvas->turned;
	uint8_t *turned = grown(&memory, &canvas->turned_size, size);
	canvas->turned = turned;
	if (!turned) {
		return PF_ERR_NO_MEMORY;
	}
	set_planes(planes, turned, up->height, up->width);
	turn(up->y, up->width, up->height, up->stride, orientation, planes->y, planes->stride);
	turn(up->cb, up->width / 2, up->height / 2, up->stride / 2, orientation, planes->cb,
	     planes->stride / 2);
	turn(up->cr, up->width / 2, up->height / 2, up->stride / 2, orientation, planes->cr,
	     planes->stride / 2);
	pad_all(planes);
	return PF_OK;
}

static void shade_columns(developer *d, const pf_scene *scene)
{
	float inverse = 2.0f / (float)scene->width;
	d->shade = scene->vignette * 0.5f;
	d->inverse_y = 2.0f / (float)scene->height;
	for (unsigned x = 0; x < scene->width; x++) {
		float u = ((float)x + 0.5f) * inverse - 1.0f;
		d->column[x] = (int32_t)(d->shade * u * u * 4096.0f);
	}
}

pf_status pf_compose(pf_canvas *canvas, const pf_scene *scene, const pf_shot *shot, const pf_picture *back,
		     pf_layer *layer, pf_photo_planes *planes)
{
	pf_photo_planes up;
	developer d;
	set_planes(&up, NULL, scene->width, scene->height);
	size_t size = (size_t)up.stride * up.rows * 3 / 2;
	void *memory = canvas->planes;
	canvas->planes = grown(&memory, &canvas->planes_size, size);
	size_t rows_size = 3 * (size_t)up.stride * sizeof(int16_t);
	int16_t *rows = pf_canvas_scratch(canvas, rows_size + scene->width * sizeof *d.column + 64);
	if (!canvas->planes || !rows) {
		return PF_ERR_NO_MEMORY;
	}
	set_planes(&up, canvas->planes, scene->width, scene->height);
	d.column = (int32_t *)((char *)rows + ((rows_size + 63) & ~(size_t)63));
	d.seed = scene->far_scene.seed + 0x9E3779B97F4A7C15u * (shot->frame + 1);
	develop_tables(&d, scene, shot);
	shade_columns(&d, scene);
	compose_luma(&d, back, layer, up.width, up.height, up.stride, rows, up.y);
	/* the chroma planes take the layer at half size; its own planes serve as their memory */
	pf_layer half = *layer;
	half.x0 /= 2;
	half.y0 /= 2;
	half.width /= 2;
	half.height /= 2;
	int16_t *all[] = {layer->y, layer->cb, layer->cr, layer->alpha};
	for (int i = 0; i < 4; i++) {
		halve(all[i], layer->scratch, layer->width, layer->height);
		memcpy(all[i], layer->scratch, (size_t)half.width * (size_t)half.height * sizeof **all);
	}
	compose_chroma(&d, back, &half, layer, up.stride / 2, rows, up.cb, up.cr);
	pad_all(&up);
	if (scene->orientation == 1) {
		*planes = up;
		return PF_OK;
	}
	return turn_all(canvas, scene->orientation, &up, planes);
}
