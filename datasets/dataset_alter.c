#include "datasets/dataset_alter.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

enum { ONE_IN = 16, SEGMENT_MOST = 65533, MULTIPLE_PX = 32 };

/* Both sides of one libjpeg error manager: it jumps back, whichever failed. */
typedef struct codec {
	struct jpeg_decompress_struct in;
	struct jpeg_compress_struct out;
	struct jpeg_error_mgr errors;
	jmp_buf failed;
	char message[JMSG_LENGTH_MAX];
	unsigned char *bytes; /* libjpeg's own buffer */
	unsigned long size;
} codec;

static void on_error(j_common_ptr common)
{
	codec *c = common->client_data;
	c->errors.format_message(common, c->message);
	longjmp(c->failed, 1);
}

static void on_message(j_common_ptr common)
{
	(void)common; /* a library is silent */
}

/* SplitMix64. */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void change(codec *c, jvirt_barray_ptr *coefficients, uint64_t seed)
{
	jpeg_component_info *luma = &c->in.comp_info[0];
	for (JDIMENSION row = 0; row < luma->height_in_blocks; row++) {
		JBLOCKARRAY blocks = c->in.mem->access_virt_barray((j_common_ptr)&c->in, coefficients[0], row,
								   1, TRUE);
		for (JDIMENSION i = 0; i < luma->width_in_blocks; i++) {
			uint64_t drawn = draw(&seed);
			if (drawn % ONE_IN == 0) {
				int step = 1 + (int)(drawn >> 32) % 3;
				JCOEF *mean = &blocks[0][i][0];
				*mean = (JCOEF)(*mean > 0 ? *mean - step : *mean + step);
			}
		}
	}
}

static unsigned halved(unsigned side_px)
{
	unsigned half = side_px / 2 / MULTIPLE_PX * MULTIPLE_PX;
	return half ? half : side_px;
}

/* All that stood before the image, but for what libjpeg writes itself. */
static void copy_markers(codec *c)
{
	c->out.write_JFIF_header = c->in.saw_JFIF_marker;
	for (jpeg_saved_marker_ptr marker = c->in.marker_list; marker; marker = marker->next) {
		bool jfif = marker->marker == JPEG_APP0 && marker->data_length >= 5 &&
			    memcmp(marker->data, "JFIF", 5) == 0;
		bool adobe = marker->marker == JPEG_APP0 + 14 && marker->data_length >= 5 &&
			     memcmp(marker->data, "Adobe", 5) == 0;
		if (!(jfif && c->out.write_JFIF_header) && !(adobe && c->out.write_Adobe_marker)) {
			jpeg_write_marker(&c->out, marker->marker, marker->data, marker->data_length);
		}
	}
}

static void transcode(codec *c, FILE *stream, uint64_t seed, bool half)
{
	jpeg_create_decompress(&c->in);
	jpeg_create_compress(&c->out);
	jpeg_stdio_src(&c->in, stream);
	for (int i = 0; i < 16; i++) {
		jpeg_save_markers(&c->in, JPEG_APP0 + i, 0xffff);
	}
	jpeg_save_markers(&c->in, JPEG_COM, 0xffff);
	jpeg_read_header(&c->in, TRUE);
	jvirt_barray_ptr *coefficients = jpeg_read_coefficients(&c->in);
	change(c, coefficients, seed);
	jpeg_copy_critical_parameters(&c->in, &c->out);
	if (half) {
		c->out.image_width = halved(c->in.image_width);
		c->out.image_height = halved(c->in.image_height);
#if JPEG_LIB_VERSION >= 70
		c->out.jpeg_width = c->out.image_width;
		c->out.jpeg_height = c->out.image_height;
#endif
	}
	if (c->in.progressive_mode) {
		jpeg_simple_progression(&c->out);
	}
	jpeg_mem_dest(&c->out, &c->bytes, &c->size);
	jpeg_write_coefficients(&c->out, coefficients);
	copy_markers(c);
	jpeg_finish_compress(&c->out);
	jpeg_finish_decompress(&c->in);
}

pf_status pf_photo_alter(const char *file, uint64_t seed, bool half, pf_altered *out, pf_error *error)
{
	codec c;
	memset(&c, 0, sizeof c);
	FILE *stream = fopen(file, "rbe");
	*out = (pf_altered){0};
	if (!stream) {
		return pf_fail_errno(error, file, "cannot open the photo");
	}
	c.in.err = c.out.err = jpeg_std_error(&c.errors);
	c.in.client_data = c.out.client_data = &c;
	c.errors.error_exit = on_error;
	c.errors.output_message = on_message;
	pf_status status = PF_OK;
	if (setjmp(c.failed)) {
		status = pf_fail(error, PF_ERR_DAMAGED, file, "cannot alter the photo: %s", c.message);
	} else {
		transcode(&c, stream, seed, half);
	}
	jpeg_destroy_compress(&c.out);
	jpeg_destroy_decompress(&c.in);
	fclose(stream);
	if (status == PF_OK) {
		*out = (pf_altered){.bytes = c.bytes, .size = c.size, .capacity = c.size};
	} else {
		free(c.bytes);
	}
	return status;
}

/* Where the first segment begins that is no APPn. */
static size_t behind_applications(const pf_altered *photo)
{
	size_t at = 2;
	while (at + 4 <= photo->size && photo->bytes[at] == 0xff && (photo->bytes[at + 1] & 0xf0) == 0xe0) {
		at += 2 + ((size_t)photo->bytes[at + 2] << 8 | photo->bytes[at + 3]);
	}
	return at;
}

/* Fills exactly `bytes` with comment segments; no rest is too small for one. */
static void write_comments(uint8_t *at, size_t bytes, uint64_t seed)
{
	while (bytes) {
		size_t segment = bytes <= SEGMENT_MOST + 2 ? bytes : SEGMENT_MOST + 2;
		if (bytes > segment && bytes - segment < PF_PAD_LEAST) {
			segment -= PF_PAD_LEAST;
		}
		at[0] = 0xff;
		at[1] = JPEG_COM;
		at[2] = (uint8_t)((segment - 2) >> 8);
		at[3] = (uint8_t)(segment - 2);
		for (size_t i = 4; i < segment; i++) {
			at[i] = (uint8_t)('a' + draw(&seed) % 26);
		}
		at += segment;
		bytes -= segment;
	}
}

pf_status pf_photo_pad(pf_altered *photo, size_t bytes, uint64_t seed, pf_error *error)
{
	size_t at = behind_applications(photo);
	if (bytes < PF_PAD_LEAST || at > photo->size) {
		return pf_fail(error, PF_ERR_INVALID, NULL, "a photo cannot be made %zu bytes longer", bytes);
	}
	uint8_t *grown = realloc(photo->bytes, photo->size + bytes);
	if (!grown) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for a photo");
	}
	memmove(grown + at + bytes, grown + at, photo->size - at);
	write_comments(grown + at, bytes, seed);
	photo->bytes = grown;
	photo->size += bytes;
	photo->capacity = photo->size;
	return PF_OK;
}

void pf_altered_free(pf_altered *photo)
{
	free(photo->bytes);
	*photo = (pf_altered){0};
}
