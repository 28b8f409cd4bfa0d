#include "core/workloads/made_photo.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "core/workloads/work.h"

enum { FACES = 3, QUALITY = 92, THUMBNAIL_WIDTH = 160, THUMBNAIL_HEIGHT = 107, EXIF_MOST = 65533 };

typedef struct scene {
	uint32_t width, height, seed;
	struct {
		float x, y, radius; /* pixels */
	} faces[FACES];
} scene;

static void plan_scene(uint32_t width, uint32_t height, uint32_t seed, scene *s)
{
	uint64_t random = seed;
	*s = (scene){.width = width, .height = height, .seed = seed};
	for (int i = 0; i < FACES; i++) {
		float across = (float)(pf_work_random(&random) % 1000) / 1000.0f;
		float down = (float)(pf_work_random(&random) % 1000) / 1000.0f;
		float third = (float)width / FACES, size = (float)height;
		s->faces[i].radius = size * (0.11f + 0.02f * (float)(pf_work_random(&random) % 3));
		s->faces[i].x = third * ((float)i + 0.4f + 0.2f * across);
		s->faces[i].y = size * (0.35f + 0.3f * down);
	}
}

/* Whether (u, v) lies in the ellipse about (x, y). */
static bool in_ellipse(float u, float v, float x, float y, float half_wide, float half_high)
{
	float a = (u - x) / half_wide, b = (v - y) / half_high;
	return a * a + b * b < 1.0f;
}

/* The brightness of a face at (u, v) half face widths from its centre; 0 beside it. What detectors of faces
 * look for: eyes darker than cheeks and bridge of the nose, a dark mouth. */
static uint8_t face_at(float u, float v)
{
	float beside = u < 0.0f ? -u : u;
	if (!in_ellipse(u, v, 0.0f, 0.0f, 1.0f, 1.35f)) {
		return 0;
	}
	if (v < -0.85f) {
		return 45; /* hair */
	}
	if (in_ellipse(beside, v, 0.42f, -0.25f, 0.22f, 0.11f)) {
		return 50; /* eyes */
	}
	if (in_ellipse(beside, v, 0.42f, -0.5f, 0.28f, 0.07f)) {
		return 80; /* brows */
	}
	if (in_ellipse(u, v, 0.0f, 0.65f, 0.36f, 0.1f)) {
		return 90; /* mouth */
	}
	if (in_ellipse(beside, v, 0.12f, 0.27f, 0.1f, 0.06f)) {
		return 110; /* nostrils */
	}
	return (uint8_t)(205.0f - 55.0f * beside);
}

/* 0..255 of a cell of the texture. */
static uint32_t texture(uint32_t x, uint32_t y, uint32_t seed)
{
	uint32_t value = x * 0x9E3779B1u ^ y * 0x85EBCA77u ^ seed * 0xC2B2AE3Du;
	value ^= value >> 15;
	value *= 0x2C1B3C6Du;
	return (value ^ value >> 13) & 255;
}

static void pixel(const scene *s, uint32_t x, uint32_t y, uint8_t ycc[3])
{
	for (int i = 0; i < FACES; i++) {
		uint8_t skin = face_at(((float)x - s->faces[i].x) / s->faces[i].radius,
				       ((float)y - s->faces[i].y) / s->faces[i].radius);
		if (skin) {
			ycc[0] = (uint8_t)(skin + texture(x, y, s->seed) % 6);
			ycc[1] = 115;
			ycc[2] = 145;
			return;
		}
	}
	uint32_t fine = texture(x, y, s->seed) % 12, coarse = texture(x / 24, y / 24, s->seed) / 4;
	uint32_t line = (x + y) % 97 < 3 || y % 131 < 2 ? 60 : 0;
	ycc[0] = (uint8_t)(40 + fine + coarse + line + 50 * y / s->height);
	ycc[1] = (uint8_t)(108 + texture(x / 48, y / 48, s->seed + 1) / 8);
	ycc[2] = (uint8_t)(118 + 20 * x / s->width);
}

typedef struct encoder {
	struct jpeg_error_mgr errors; /* first, so that libjpeg's pointer to it is one to the whole */
	struct jpeg_compress_struct jpeg;
	jmp_buf failed;
	char message[JMSG_LENGTH_MAX];
	const scene *scene;
	uint32_t width, height; /* of the picture, a reduced view of the scene */
	const uint8_t *exif;
	size_t exif_bytes;
	uint8_t *row;
	uint8_t *bytes;
	unsigned long size;
} encoder;

static void leave(j_common_ptr jpeg)
{
	encoder *e = (encoder *)(void *)jpeg->err;
	jpeg->err->format_message(jpeg, e->message);
	longjmp(e->failed, 1);
}

static void say_nothing(j_common_ptr jpeg)
{
	(void)jpeg;
}

/* May jump. */
static void write_picture(encoder *e)
{
	jpeg_create_compress(&e->jpeg);
	jpeg_mem_dest(&e->jpeg, &e->bytes, &e->size);
	e->jpeg.image_width = e->width;
	e->jpeg.image_height = e->height;
	e->jpeg.input_components = 3;
	e->jpeg.in_color_space = JCS_YCbCr;
	jpeg_set_defaults(&e->jpeg);
	jpeg_set_quality(&e->jpeg, QUALITY, TRUE);
	e->jpeg.dct_method = JDCT_ISLOW;
	e->jpeg.write_JFIF_header = FALSE; /* cameras write Exif alone */
	jpeg_start_compress(&e->jpeg, TRUE);
	if (e->exif) {
		jpeg_write_marker(&e->jpeg, JPEG_APP0 + 1, e->exif, (unsigned)e->exif_bytes);
	}
	for (uint32_t y = 0; y < e->height; y++) {
		for (uint32_t x = 0; x < e->width; x++) {
			pixel(e->scene, (uint32_t)((uint64_t)x * e->scene->width / e->width),
			      (uint32_t)((uint64_t)y * e->scene->height / e->height), e->row + 3 * (size_t)x);
		}
		jpeg_write_scanlines(&e->jpeg, &e->row, 1);
	}
	jpeg_finish_compress(&e->jpeg);
}

/* The function that jumps come back to changes no variables of its own. */
static bool try_picture(encoder *e)
{
	if (setjmp(e->failed) == 0) {
		write_picture(e);
		return true;
	}
	return false;
}

static pf_status encode(encoder *e, uint8_t **bytes, size_t *size, pf_error *error)
{
	e->jpeg.err = jpeg_std_error(&e->errors);
	e->errors.error_exit = leave;
	e->errors.output_message = say_nothing;
	e->row = malloc(3 * (size_t)e->width);
	if (!e->row) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for a row of a made photo");
	}
	bool whole = try_picture(e);
	jpeg_destroy_compress(&e->jpeg);
	free(e->row);
	if (!whole) {
		free(e->bytes);
		return pf_fail(error, PF_ERR_INTERNAL, NULL, "cannot encode a JPEG: %s", e->message);
	}
	*bytes = e->bytes;
	*size = e->size;
	return PF_OK;
}

/* A TIFF directory under construction, little-endian; values that do not fit an entry go to `heap`. */
typedef struct tiff {
	uint8_t *data;
	size_t entry, heap;
} tiff;

static void put16(tiff *t, size_t at, uint32_t value)
{
	t->data[at] = (uint8_t)value;
	t->data[at + 1] = (uint8_t)(value >> 8);
}

static void put32(tiff *t, size_t at, uint32_t value)
{
	put16(t, at, value & 0xFFFF);
	put16(t, at + 2, value >> 16);
}

/* Begins a directory of `count` entries where the heap ends. Returns its offset. */
static uint32_t directory(tiff *t, uint32_t count)
{
	size_t at = t->heap;
	put16(t, at, count);
	t->entry = at + 2;
	t->heap = t->entry + 12 * (size_t)count + 4;
	return (uint32_t)at;
}

static void add_number(tiff *t, uint32_t tag, uint32_t type, uint32_t value)
{
	put16(t, t->entry, tag);
	put16(t, t->entry + 2, type);
	put32(t, t->entry + 4, 1);
	put32(t, t->entry + 8, value);
	t->entry += 12;
}

static void add_text(tiff *t, uint32_t tag, const char *text)
{
	size_t size = strlen(text) + 1;
	add_number(t, tag, 2, (uint32_t)t->heap);
	put32(t, t->entry - 8, (uint32_t)size);
	if (size <= 4) {
		put32(t, t->entry - 4, 0);
		memcpy(t->data + t->entry - 4, text, size);
		return;
	}
	memcpy(t->data + t->heap, text, size);
	t->heap += (size + 1) & ~(size_t)1;
}

enum { SHORT = 3, LONG = 4 };

/* The segment's payload; the thumbnail lies at its end. */
static void write_exif(uint32_t seed, const uint8_t *thumbnail, size_t thumbnail_bytes, pf_made_photo *photo)
{
	char time[32];
	tiff t = {.data = photo->exif + 6, .heap = 8};
	memcpy(photo->exif, "Exif\0", 6);
	memcpy(t.data, "II*\0\x08\0\0", 8);
	snprintf(time, sizeof time, "2026:%02u:%02u %02u:%02u:%02u", 1 + seed % 12, 1 + seed / 12 % 28,
		 seed % 24, seed / 24 % 60, seed % 60);
	directory(&t, 4);
	add_text(&t, 0x010F, "Photofinish Works");
	add_text(&t, 0x0110, "Made in memory");
	add_number(&t, 0x0112, SHORT, 1);
	size_t link = t.entry + 8;
	add_number(&t, 0x8769, LONG, 0);
	size_t second_link = t.entry;
	put32(&t, link, directory(&t, 4));
	add_text(&t, 0x9003, time);
	add_text(&t, 0x9004, time);
	add_text(&t, 0x9291, "42");
	add_number(&t, 0xA402, SHORT, 0);
	put32(&t, second_link, directory(&t, 3));
	add_number(&t, 0x0103, SHORT, 6);
	add_number(&t, 0x0201, LONG, (uint32_t)t.heap);
	add_number(&t, 0x0202, LONG, (uint32_t)thumbnail_bytes);
	memcpy(t.data + t.heap, thumbnail, thumbnail_bytes);
	photo->exif_bytes = 6 + t.heap + thumbnail_bytes;
}

static pf_status make_exif(const scene *s, pf_made_photo *photo, pf_error *error)
{
	uint8_t *thumbnail = NULL;
	size_t bytes = 0;
	encoder e = {.scene = s, .width = THUMBNAIL_WIDTH, .height = THUMBNAIL_HEIGHT};
	photo->exif = calloc(1, EXIF_MOST);
	if (!photo->exif) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for EXIF");
	}
	pf_status status = encode(&e, &thumbnail, &bytes, error);
	if (status == PF_OK && bytes > EXIF_MOST - 1024) {
		status = pf_fail(error, PF_ERR_INTERNAL, NULL, "the thumbnail has %zu bytes", bytes);
	}
	if (status == PF_OK && thumbnail) {
		write_exif(s->seed, thumbnail, bytes, photo);
	}
	free(thumbnail);
	return status;
}

pf_status pf_made_photo_create(uint64_t pixels, uint32_t seed, pf_made_photo *photo, pf_error *error)
{
	scene s;
	uint32_t height = 2;
	*photo = (pf_made_photo){0};
	while ((uint64_t)(height + 2) * (height + 2) * 3 / 2 <= pixels) {
		height += 2;
	}
	plan_scene(height / 2 * 3, height, seed, &s);
	pf_status status = make_exif(&s, photo, error);
	if (status == PF_OK) {
		encoder e = {.scene = &s,
			     .width = s.width,
			     .height = s.height,
			     .exif = photo->exif,
			     .exif_bytes = photo->exif_bytes};
		status = encode(&e, &photo->jpeg, &photo->jpeg_bytes, error);
	}
	return status;
}

void pf_made_photo_free(pf_made_photo *photo)
{
	free(photo->jpeg);
	free(photo->exif);
	*photo = (pf_made_photo){0};
}
