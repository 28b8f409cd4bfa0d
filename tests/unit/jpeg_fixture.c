#include "jpeg_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jpeglib.h>

#define SCANS_MAX 700

void pf_fixture_free(pf_fixture_bytes *bytes)
{
	free(bytes->data);
	*bytes = (pf_fixture_bytes){0};
}

uint32_t pf_fixture_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static void default_pixel(void *context, uint32_t x, uint32_t y, uint8_t ycc[3])
{
	(void)context;
	uint64_t state = (uint64_t)x * 7919 + y;
	uint32_t edges = ((x / 13 + y / 7) & 1) * 60;
	ycc[0] = (uint8_t)(40 + edges + (x + 2 * y) % 97 + pf_fixture_random(&state) % 9);
	ycc[1] = (uint8_t)(90 + (3 * x + y) % 80);
	ycc[2] = (uint8_t)(80 + (x + 5 * y) % 90);
}

/* A valid script with many scans: each AC coefficient of each component alone, in four bits' steps. */
static int make_script(jpeg_scan_info *script, unsigned least, int components)
{
	int count = 0;
	script[count++] = (jpeg_scan_info){.comps_in_scan = components, .component_index = {0, 1, 2, 3}};
	for (int high = 4; high >= 0; high--) {
		for (int c = 0; c < components; c++) {
			for (int k = 1; k < 64 && count < SCANS_MAX; k++) {
				script[count++] = (jpeg_scan_info){.comps_in_scan = 1,
								   .component_index = {c},
								   .Ss = k,
								   .Se = k,
								   .Ah = high == 4 ? 0 : high + 1,
								   .Al = high};
			}
		}
		if ((unsigned)count >= least && high < 4) {
			break;
		}
	}
	return count;
}

static void set_up(struct jpeg_compress_struct *jpeg, const pf_fixture_spec *spec, jpeg_scan_info *script)
{
	jpeg->image_width = spec->width_px;
	jpeg->image_height = spec->height_px;
	jpeg->input_components = spec->components ? (int)spec->components : 3;
	static const J_COLOR_SPACE spaces[] = {JCS_UNKNOWN, JCS_GRAYSCALE, JCS_UNKNOWN, JCS_YCbCr, JCS_CMYK};
	jpeg->in_color_space = spec->rgb ? JCS_RGB : spaces[jpeg->input_components];
	jpeg_set_defaults(jpeg);
	jpeg_set_colorspace(jpeg, jpeg->in_color_space);
	jpeg_set_quality(jpeg, spec->quality ? spec->quality : 92, TRUE);
	for (int i = 0; i < jpeg->num_components; i++) {
		jpeg->comp_info[i].h_samp_factor = (int)(spec->chroma_h ? spec->chroma_h : 1);
		jpeg->comp_info[i].v_samp_factor = (int)(spec->chroma_v ? spec->chroma_v : 1);
	}
	jpeg->comp_info[0].h_samp_factor = (int)(spec->h ? spec->h : 2);
	jpeg->comp_info[0].v_samp_factor = (int)(spec->v ? spec->v : 2);
	jpeg->restart_in_rows = (int)spec->restart_rows;
	jpeg->arith_code = spec->arithmetic ? TRUE : FALSE;
	jpeg->optimize_coding = !spec->arithmetic;
	if (spec->scans == 1) {
		jpeg_simple_progression(jpeg);
	} else if (spec->scans > 1) {
		jpeg->scan_info = script;
		jpeg->num_scans = make_script(script, spec->scans, jpeg->num_components);
	}
}

pf_fixture_bytes pf_fixture_jpeg(const pf_fixture_spec *spec)
{
	static jpeg_scan_info script[SCANS_MAX];
	struct jpeg_error_mgr errors;
	struct jpeg_compress_struct jpeg = {.err = jpeg_std_error(&errors)};
	unsigned char *data = NULL;
	unsigned long bytes = 0;
	jpeg_create_compress(&jpeg);
	jpeg_mem_dest(&jpeg, &data, &bytes);
	set_up(&jpeg, spec, script);
	jpeg_start_compress(&jpeg, TRUE);
	if (spec->exif.data) {
		jpeg_write_marker(&jpeg, JPEG_APP0 + 1, spec->exif.data, (unsigned)spec->exif.bytes);
	}
	pf_fixture_pixel_fn pixel = spec->pixel ? spec->pixel : default_pixel;
	uint8_t *row = malloc((size_t)spec->width_px * 4);
	for (uint32_t y = 0; y < spec->height_px; y++) {
		for (uint32_t x = 0; x < spec->width_px; x++) {
			uint8_t ycc[3];
			pixel(spec->context, x, y, ycc);
			for (int i = 0; i < jpeg.input_components; i++) {
				row[x * (unsigned)jpeg.input_components + (unsigned)i] = ycc[i % 3];
			}
		}
		jpeg_write_scanlines(&jpeg, &row, 1);
	}
	free(row);
	jpeg_finish_compress(&jpeg);
	jpeg_destroy_compress(&jpeg);
	return (pf_fixture_bytes){.data = data, .bytes = bytes};
}

/* A TIFF structure under construction; directories are written one after the other, values behind each. */
typedef struct tiff {
	uint8_t *data; /* "Exif\0\0" and what follows */
	size_t bytes;
	bool big_endian;
} tiff;

static void put(tiff *t, size_t at, uint32_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++) {
		unsigned shift = 8 * (t->big_endian ? bytes - 1 - i : i);
		t->data[6 + at + i] = (uint8_t)(value >> shift);
	}
}

/* Starts an entry of `count` components of `type`, gives the place of its value. */
static size_t entry(tiff *t, size_t *at, size_t *values, uint32_t tag, uint32_t type, uint32_t count,
		    uint32_t bytes)
{
	put(t, *at, tag, 2);
	put(t, *at + 2, type, 2);
	put(t, *at + 4, count, 4);
	size_t place = *at + 8;
	if (bytes > 4) {
		put(t, *at + 8, (uint32_t)*values, 4);
		place = *values;
		*values += bytes + (bytes & 1);
	}
	*at += 12;
	return place;
}

static void put_text(tiff *t, size_t *at, size_t *values, uint32_t tag, const char *text)
{
	if (text) {
		uint32_t bytes = (uint32_t)strlen(text) + 1;
		snprintf((char *)t->data + 6 + entry(t, at, values, tag, 2, bytes, bytes), bytes, "%s", text);
	}
}

static size_t put_exif_directory(tiff *t, size_t start, const pf_fixture_exif_spec *spec)
{
	size_t at = start + 2, values = start + 2 + 12 * 16;
	put_text(t, &at, &values, 0x9003, spec->time_original);
	put_text(t, &at, &values, 0x9004, spec->time_digitized);
	if (spec->bias_denominator) {
		size_t place = entry(t, &at, &values, 0x9204, 10, 1, 8);
		put(t, place, (uint32_t)spec->bias_numerator, 4);
		put(t, place + 4, (uint32_t)spec->bias_denominator, 4);
	}
	if (spec->maker_note.data) {
		size_t place = entry(t, &at, &values, 0x927C, 7, (uint32_t)spec->maker_note.bytes,
				     (uint32_t)spec->maker_note.bytes);
		memcpy(t->data + 6 + place, spec->maker_note.data, spec->maker_note.bytes);
	}
	put_text(t, &at, &values, 0x9290, spec->subsecond_changed);
	put_text(t, &at, &values, 0x9291, spec->subsecond_original);
	put_text(t, &at, &values, 0x9292, spec->subsecond_digitized);
	if (spec->auto_bracket) {
		put(t, entry(t, &at, &values, 0xA402, 3, 1, 2), 2, 2);
	}
	put_text(t, &at, &values, 0xA431, spec->serial);
	put(t, start, (uint32_t)((at - start - 2) / 12), 2);
	return values;
}

pf_fixture_bytes pf_fixture_exif(const pf_fixture_exif_spec *spec)
{
	tiff t = {.data = calloc(1, 65536), .big_endian = spec->big_endian};
	static const uint8_t headers[2][8] = {"Exif\0\0II", "Exif\0\0MM"};
	memcpy(t.data, headers[spec->big_endian], 8);
	put(&t, 2, 42, 2);
	put(&t, 4, 8, 4);
	size_t at = 10, values = 8 + 2 + 12 * 8 + 4;
	put_text(&t, &at, &values, 0x010F, spec->make);
	put_text(&t, &at, &values, 0x0110, spec->model);
	if (spec->orientation) {
		put(&t, entry(&t, &at, &values, 0x0112, 3, 1, 2), spec->orientation, 2);
	}
	put_text(&t, &at, &values, 0x0132, spec->time_changed);
	size_t pointer = entry(&t, &at, &values, 0x8769, 4, 1, 4);
	put(&t, 8, (uint32_t)((at - 10) / 12), 2);
	size_t next = at;
	put(&t, pointer, (uint32_t)values, 4);
	t.bytes = put_exif_directory(&t, values, spec);
	if (spec->thumbnail.data) {
		size_t start = t.bytes, unused = 0;
		put(&t, next, (uint32_t)start, 4);
		at = start + 2;
		put(&t, start, 2, 2);
		put(&t, entry(&t, &at, &unused, 0x0201, 4, 1, 4), (uint32_t)(start + 30), 4);
		put(&t, entry(&t, &at, &unused, 0x0202, 4, 1, 4), (uint32_t)spec->thumbnail.bytes, 4);
		memcpy(t.data + 6 + start + 30, spec->thumbnail.data, spec->thumbnail.bytes);
		t.bytes = start + 30 + spec->thumbnail.bytes;
	}
	assert_true(t.bytes + 6 <= 65533);
	return (pf_fixture_bytes){.data = t.data, .bytes = t.bytes + 6};
}

pf_fixture_bytes pf_fixture_bomb(uint16_t width_px, uint16_t height_px)
{
	static const uint8_t head[] = {0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0};
	static const uint8_t tail[] = {0xFF, 0xC2, 0, 11, 8, 0, 0, 0, 0, 1,    1,    0x11, 0,
				       0xFF, 0xC4, 0, 20, 0, 1, 0, 0, 0, 0,    0,    0,    0,
				       0,    0,    0, 0,  0, 0, 0, 0, 0, 0xFF, 0xDA, 0,    8,
				       1,    1,    0, 0,  0, 0, 0, 0, 0, 0,    0xFF, 0xD9};
	pf_fixture_bytes bomb = {.data = malloc(sizeof head + 64 + sizeof tail)};
	memcpy(bomb.data, head, sizeof head);
	memset(bomb.data + sizeof head, 1, 64);
	uint8_t *at = bomb.data + sizeof head + 64;
	memcpy(at, tail, sizeof tail);
	at[5] = (uint8_t)(height_px >> 8);
	at[6] = (uint8_t)height_px;
	at[7] = (uint8_t)(width_px >> 8);
	at[8] = (uint8_t)width_px;
	bomb.bytes = sizeof head + 64 + sizeof tail;
	return bomb;
}

size_t pf_fixture_find_marker(const pf_fixture_bytes *bytes, uint8_t marker)
{
	size_t at = 2;
	while (at + 4 < bytes->bytes && bytes->data[at + 1] != marker) {
		at += 2 + ((size_t)bytes->data[at + 2] << 8 | bytes->data[at + 3]);
	}
	assert_true(at + 4 < bytes->bytes);
	return at;
}

void pf_fixture_folder_open(pf_fixture_folder *folder)
{
	const char *base = getenv("TMPDIR");
	snprintf(folder->path, sizeof folder->path, "%s/photofinish-test-XXXXXX", base ? base : "/tmp");
	assert_non_null(mkdtemp(folder->path));
	assert_int_equal(pf_dataset_create("test", folder->path, &folder->dataset, NULL), PF_OK);
}

size_t pf_fixture_folder_add(pf_fixture_folder *folder, const char *name, const pf_fixture_bytes *bytes)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", folder->path, name);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes->data, 1, bytes->bytes, file), bytes->bytes);
	fclose(file);
	assert_int_equal(pf_dataset_add(folder->dataset, name, bytes->bytes, NULL, NULL), PF_OK);
	return folder->dataset->count - 1;
}

void pf_fixture_folder_close(pf_fixture_folder *folder)
{
	DIR *listing = opendir(folder->path);
	assert_non_null(listing);
	for (struct dirent *item; (item = readdir(listing)) != NULL;) {
		unlinkat(dirfd(listing), item->d_name, 0);
	}
	closedir(listing);
	rmdir(folder->path);
	pf_dataset_free(folder->dataset);
}

pf_jpeg_limits pf_fixture_limits(void)
{
	return (pf_jpeg_limits){
		.max_pixels = 200000000, .max_decode_bytes = 2ull * 1024 * 1024 * 1024, .max_scans = 100};
}

pf_status pf_fixture_decode(const pf_fixture_bytes *bytes, pf_image *image, pf_error *error)
{
	pf_jpeg_source source = {.data = bytes->data, .bytes = bytes->bytes, .file = "fixture.jpg"};
	pf_jpeg_limits limits = pf_fixture_limits();
	pf_jpeg_head head;
	pf_status status = pf_jpeg_gate(&source, &limits, &head, error);
	return status == PF_OK ? pf_jpeg_decode(&source, &head, &limits, image, error) : status;
}
