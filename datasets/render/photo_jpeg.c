#include "datasets/render/photo_jpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

enum { THUMB_SIDE = 160, CHUNK = 1 << 20, EXIF_MAX = 65533 };

typedef struct encoder {
	struct jpeg_compress_struct jpeg;
	struct jpeg_error_mgr errors;
	struct jpeg_destination_mgr destination;
	jmp_buf failed;
	char message[JMSG_LENGTH_MAX];
	pf_jpeg_buffer *out;
} encoder;

void pf_jpeg_buffer_free(pf_jpeg_buffer *buffer)
{
	free(buffer->bytes);
	memset(buffer, 0, sizeof *buffer);
}

static void on_error(j_common_ptr common)
{
	encoder *e = common->client_data;
	e->errors.format_message(common, e->message);
	longjmp(e->failed, 1);
}

static void on_message(j_common_ptr common)
{
	(void)common; /* a library is silent */
}

static void grow(encoder *e)
{
	pf_jpeg_buffer *out = e->out;
	size_t capacity = out->capacity ? out->capacity * 2 : CHUNK;
	uint8_t *bytes = realloc(out->bytes, capacity);
	if (!bytes) {
		snprintf(e->message, sizeof e->message, "no memory for %zu bytes of JPEG", capacity);
		longjmp(e->failed, 1);
	}
	out->bytes = bytes;
	out->capacity = capacity;
}

static void begin_output(j_compress_ptr jpeg)
{
	encoder *e = jpeg->client_data;
	if (e->out->capacity == 0) {
		grow(e);
	}
	e->destination.next_output_byte = e->out->bytes;
	e->destination.free_in_buffer = e->out->capacity;
}

static boolean more_output(j_compress_ptr jpeg)
{
	encoder *e = jpeg->client_data;
	size_t used = e->out->capacity;
	grow(e);
	e->destination.next_output_byte = e->out->bytes + used;
	e->destination.free_in_buffer = e->out->capacity - used;
	return TRUE;
}

static void end_output(j_compress_ptr jpeg)
{
	encoder *e = jpeg->client_data;
	e->out->size = e->out->capacity - e->destination.free_in_buffer;
}

static void write_rows(encoder *e, const pf_photo_planes *p)
{
	JSAMPROW y[16], cb[8], cr[8];
	JSAMPARRAY rows[3] = {y, cb, cr};
	while (e->jpeg.next_scanline < e->jpeg.image_height) {
		unsigned at = e->jpeg.next_scanline;
		for (unsigned i = 0; i < 16; i++) {
			y[i] = p->y + (size_t)(at + i) * p->stride;
		}
		for (unsigned i = 0; i < 8; i++) {
			cb[i] = p->cb + (size_t)(at / 2 + i) * (p->stride / 2);
			cr[i] = p->cr + (size_t)(at / 2 + i) * (p->stride / 2);
		}
		jpeg_write_raw_data(&e->jpeg, rows, 16);
	}
}

static pf_status encode(const pf_photo_planes *p, int quality, const uint8_t *app1, size_t app1_size,
			pf_jpeg_buffer *out, pf_error *error)
{
	encoder e;
	memset(&e, 0, sizeof e);
	e.out = out;
	e.jpeg.err = jpeg_std_error(&e.errors);
	e.jpeg.client_data = &e;
	e.errors.error_exit = on_error;
	e.errors.output_message = on_message;
	if (setjmp(e.failed)) {
		jpeg_destroy_compress(&e.jpeg);
		return pf_fail(error, PF_ERR_INTERNAL, NULL, "cannot encode a JPEG: %s", e.message);
	}
	jpeg_create_compress(&e.jpeg);
	e.destination = (struct jpeg_destination_mgr){NULL, 0, begin_output, more_output, end_output};
	e.jpeg.dest = &e.destination;
	e.jpeg.image_width = p->width;
	e.jpeg.image_height = p->height;
	e.jpeg.input_components = 3;
	e.jpeg.in_color_space = JCS_YCbCr;
	jpeg_set_defaults(&e.jpeg);
	jpeg_set_quality(&e.jpeg, quality, TRUE);
	e.jpeg.dct_method = JDCT_ISLOW;
	e.jpeg.raw_data_in = TRUE;
	e.jpeg.comp_info[0].h_samp_factor = e.jpeg.comp_info[0].v_samp_factor = 2;
	for (int i = 1; i < 3; i++) {
		e.jpeg.comp_info[i].h_samp_factor = e.jpeg.comp_info[i].v_samp_factor = 1;
	}
	e.jpeg.write_JFIF_header = app1 ? FALSE : TRUE; /* cameras write Exif alone */
	jpeg_start_compress(&e.jpeg, TRUE);
	if (app1) {
		jpeg_write_marker(&e.jpeg, JPEG_APP0 + 1, app1, (unsigned)app1_size);
	}
	write_rows(&e, p);
	jpeg_finish_compress(&e.jpeg);
	jpeg_destroy_compress(&e.jpeg);
	return PF_OK;
}

/* Box average of a plane down to width x height. */
static void reduce(const uint8_t *in, unsigned in_width, unsigned in_height, unsigned in_stride, uint8_t *out,
		   unsigned width, unsigned height, unsigned stride, unsigned rows)
{
	for (unsigned y = 0; y < rows; y++) {
		unsigned cy = y < height ? y : height - 1;
		unsigned y0 = cy * in_height / height, y1 = (cy + 1) * in_height / height;
		y1 = y1 > y0 ? y1 : y0 + 1;
		for (unsigned x = 0; x < stride; x++) {
			unsigned cx = x < width ? x : width - 1;
			unsigned x0 = cx * in_width / width, x1 = (cx + 1) * in_width / width, sum = 0;
			x1 = x1 > x0 ? x1 : x0 + 1;
			for (unsigned v = y0; v < y1; v++) {
				const uint8_t *row = in + (size_t)v * in_stride;
				for (unsigned u = x0; u < x1; u++) {
					sum += row[u];
				}
			}
			unsigned count = (y1 - y0) * (x1 - x0);
			out[(size_t)y * stride + x] = (uint8_t)((sum + count / 2) / count);
		}
	}
}

static pf_status encode_thumbnail(const pf_photo_planes *p, pf_jpeg_buffer *out, pf_error *error)
{
	enum { PADDED = THUMB_SIDE * THUMB_SIDE };
	uint8_t memory[PADDED + PADDED / 2];
	pf_photo_planes thumb = {.width = THUMB_SIDE, .height = THUMB_SIDE};
	if (p->width >= p->height) {
		thumb.height = (p->height * THUMB_SIDE / p->width + 1) & ~1u;
	} else {
		thumb.width = (p->width * THUMB_SIDE / p->height + 1) & ~1u;
	}
	thumb.width = thumb.width ? thumb.width : 2; /* of a strip of a photo */
	thumb.height = thumb.height ? thumb.height : 2;
	thumb.stride = (thumb.width + 15) & ~15u;
	thumb.rows = (thumb.height + 15) & ~15u;
	thumb.y = memory;
	thumb.cb = memory + (size_t)thumb.stride * thumb.rows;
	thumb.cr = thumb.cb + (size_t)thumb.stride * thumb.rows / 4;
	reduce(p->y, p->width, p->height, p->stride, thumb.y, thumb.width, thumb.height, thumb.stride,
	       thumb.rows);
	reduce(p->cb, p->width / 2, p->height / 2, p->stride / 2, thumb.cb, thumb.width / 2, thumb.height / 2,
	       thumb.stride / 2, thumb.rows / 2);
	reduce(p->cr, p->width / 2, p->height / 2, p->stride / 2, thumb.cr, thumb.width / 2, thumb.height / 2,
	       thumb.stride / 2, thumb.rows / 2);
	return encode(&thumb, 82, NULL, 0, out, error);
}

pf_status pf_photo_encode(const pf_photo_planes *planes, const pf_exif_facts *facts, int quality,
			  pf_jpeg_buffer *out, pf_error *error)
{
	pf_exif_facts full = *facts;
	pf_jpeg_buffer thumb = {NULL, 0, 0};
	uint8_t *app1 = malloc(EXIF_MAX);
	size_t app1_size = 0;
	pf_status status = app1 ? encode_thumbnail(planes, &thumb, error)
				: pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for EXIF data");
	if (status == PF_OK) {
		full.width = planes->width;
		full.height = planes->height;
		full.thumbnail = thumb.bytes;
		full.thumbnail_size = thumb.size;
		status = pf_exif_write(&full, app1, EXIF_MAX, &app1_size);
		if (status) {
			pf_fail(error, status, NULL, "the EXIF data do not fit into one segment");
		}
	}
	if (status == PF_OK) {
		status = encode(planes, quality, app1, app1_size, out, error);
	}
	pf_jpeg_buffer_free(&thumb);
	free(app1);
	return status;
}
