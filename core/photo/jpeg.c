#include "core/photo/jpeg.h"

#include <assert.h>
#include <limits.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

#define ROWS_MAX (4 * DCTSIZE) /* of one component in one row of MCUs */

/* One decoding: libjpeg's object and the way out of it. Everything that is needed after a jump lies here. */
typedef struct decoder {
	struct jpeg_error_mgr errors; /* first, so that libjpeg's pointer to it is a pointer to the whole */
	struct jpeg_decompress_struct jpeg;
	struct jpeg_progress_mgr progress;
	jmp_buf failed;
	const pf_jpeg_source *source;
	const pf_jpeg_limits *limits;
	pf_status status;
	char message[JMSG_LENGTH_MAX];
} decoder;

static decoder *decoder_of(j_common_ptr jpeg)
{
	return (decoder *)(void *)jpeg->err;
}

static pf_status status_of_message(int code)
{
	switch (code) {
	case JERR_OUT_OF_MEMORY:
		return PF_ERR_NO_MEMORY;
	case JERR_NO_BACKING_STORE:
		return PF_ERR_MEMORY_LIMIT;
	case JWRN_JPEG_EOF:
	case JERR_INPUT_EOF:
		return PF_ERR_TRUNCATED;
	case JERR_NOT_COMPILED:
	case JERR_SOF_UNSUPPORTED:
	case JERR_CONVERSION_NOTIMPL:
	case JERR_FRACT_SAMPLE_NOTIMPL:
		return PF_ERR_UNSUPPORTED;
	default:
		return PF_ERR_DAMAGED;
	}
}

__attribute__((noreturn)) static void leave(j_common_ptr jpeg)
{
	decoder *d = decoder_of(jpeg);
	d->status = status_of_message(jpeg->err->msg_code);
	jpeg->err->format_message(jpeg, d->message);
	longjmp(d->failed, 1);
}

/* Levels below 0 are warnings: damaged data that libjpeg would paper over. */
static void on_message(j_common_ptr jpeg, int level)
{
	if (level < 0) {
		leave(jpeg);
	}
}

/* The gate has counted the scans; this holds even if libjpeg should see the file in another way. */
static void on_progress(j_common_ptr jpeg)
{
	decoder *d = decoder_of(jpeg);
	if ((uint32_t)d->jpeg.input_scan_number > d->limits->max_scans) {
		d->status = PF_ERR_TOO_MANY_SCANS;
		snprintf(d->message, sizeof d->message, "more than %u scans", d->limits->max_scans);
		longjmp(d->failed, 1);
	}
}

/* The error handlers work from here on; the libjpeg object does not exist yet. Only the two that are replaced
 * ever print. */
static void decoder_prepare(decoder *d, const pf_jpeg_source *source, const pf_jpeg_limits *limits)
{
	d->source = source;
	d->limits = limits;
	d->status = PF_OK;
	d->jpeg.err = jpeg_std_error(&d->errors);
	d->errors.error_exit = leave;
	d->errors.emit_message = on_message;
	d->progress = (struct jpeg_progress_mgr){.progress_monitor = on_progress};
}

/* Creates the object and reads the header. May jump. */
static void read_header(decoder *d, const pf_jpeg_head *head)
{
	jpeg_create_decompress(&d->jpeg);
	d->jpeg.progress = &d->progress;
	uint64_t own_bytes = d->limits->max_decode_bytes - head->plane_bytes;
	d->jpeg.mem->max_memory_to_use = own_bytes < LONG_MAX ? (long)own_bytes : LONG_MAX;
	jpeg_mem_src(&d->jpeg, d->source->data, d->source->bytes);
	jpeg_read_header(&d->jpeg, TRUE);
	if (d->jpeg.jpeg_color_space != JCS_GRAYSCALE && d->jpeg.jpeg_color_space != JCS_YCbCr) {
		ERREXIT(&d->jpeg, JERR_CONVERSION_NOTIMPL);
	}
	if (d->jpeg.image_width != head->width_px || d->jpeg.image_height != head->height_px ||
	    d->jpeg.num_components != (int)head->components) {
		ERREXIT(&d->jpeg, JERR_BAD_LENGTH);
	}
	d->jpeg.dct_method = JDCT_ISLOW;
	d->jpeg.do_block_smoothing = FALSE;
}

/* The one way out of a decoding, after success and after a jump. */
static pf_status decoder_finish(decoder *d, pf_error *error)
{
	jpeg_destroy_decompress(&d->jpeg);
	if (d->status != PF_OK) {
		return pf_fail(error, d->status, d->source->file, "%s", d->message);
	}
	return PF_OK;
}

static pf_status lay_out_planes(const pf_jpeg_head *head, pf_image *image, pf_error *error)
{
	pf_status status = pf_image_reserve(image, (size_t)head->plane_bytes, error);
	image->y = image->cb = image->cr = (pf_plane){0};
	if (status != PF_OK) {
		return status;
	}
	pf_plane *planes[PF_JPEG_COMPONENTS_MAX] = {&image->y, &image->cb, &image->cr};
	uint8_t *at = image->buffer;
	for (uint32_t i = 0; i < PF_JPEG_COMPONENTS_MAX && i < head->components; i++) {
		const pf_jpeg_component *c = &head->component[i];
		uint32_t stride = pf_jpeg_stride_bytes(c);
		*planes[i] = (pf_plane){.data = at,
					.width_px = c->width_px,
					.height_px = c->height_px,
					.stride_bytes = stride};
		at += (size_t)stride * c->padded_rows;
	}
	return PF_OK;
}

/* One row of MCUs after the other, straight into the planes. May jump. */
static void read_planes(decoder *d, const pf_jpeg_head *head, pf_image *image)
{
	d->jpeg.raw_data_out = TRUE;
	d->jpeg.out_color_space = d->jpeg.jpeg_color_space;
	jpeg_start_decompress(&d->jpeg);
	const pf_plane *planes[PF_JPEG_COMPONENTS_MAX] = {&image->y, &image->cb, &image->cr};
	JSAMPROW rows[PF_JPEG_COMPONENTS_MAX][ROWS_MAX];
	JSAMPARRAY components[PF_JPEG_COMPONENTS_MAX];
	uint32_t group_rows = (uint32_t)d->jpeg.max_v_samp_factor * DCTSIZE;
	for (uint32_t group = 0; d->jpeg.output_scanline < d->jpeg.output_height; group++) {
		for (uint32_t i = 0; i < head->components; i++) {
			uint32_t count = head->component[i].v * (uint32_t)DCTSIZE;
			uint8_t *first = planes[i]->data + (size_t)group * count * planes[i]->stride_bytes;
			for (uint32_t row = 0; row < count; row++) {
				rows[i][row] = first + (size_t)row * planes[i]->stride_bytes;
			}
			components[i] = rows[i];
		}
		jpeg_read_raw_data(&d->jpeg, components, group_rows);
	}
	jpeg_finish_decompress(&d->jpeg);
}

/* The function that jumps come back to changes no variables of its own: C leaves those undefined. */
static void try_planes(decoder *d, const pf_jpeg_head *head, pf_image *image)
{
	if (setjmp(d->failed) == 0) {
		read_header(d, head);
		read_planes(d, head, image);
	}
}

pf_status pf_jpeg_decode(const pf_jpeg_source *source, const pf_jpeg_head *head, const pf_jpeg_limits *limits,
			 pf_image *image, pf_error *error)
{
	assert(head->has_frame && head->scans > 0);
	pf_status status = lay_out_planes(head, image, error);
	if (status != PF_OK) {
		return status;
	}
	decoder d;
	memset(&d.jpeg, 0, sizeof d.jpeg);
	decoder_prepare(&d, source, limits);
	try_planes(&d, head, image);
	status = decoder_finish(&d, error);
	if (status != PF_OK) {
		image->y = image->cb = image->cr = (pf_plane){0};
	}
	return status;
}

static unsigned small_denominator(const pf_jpeg_head *head, uint32_t least_px)
{
	unsigned denominator = 8;
	while (denominator > 1 &&
	       (head->width_px < least_px * denominator || head->height_px < least_px * denominator)) {
		denominator /= 2;
	}
	return denominator;
}

/* May jump; the row buffer comes from libjpeg's pool and goes with it. */
static void read_small(decoder *d, const pf_jpeg_head *head, uint32_t least_px, pf_jpeg_row_fn fn,
		       void *context)
{
	struct jpeg_decompress_struct *jpeg = &d->jpeg;
	jpeg->out_color_space = JCS_GRAYSCALE;
	jpeg->scale_num = 1;
	jpeg->scale_denom = small_denominator(head, least_px);
	jpeg_start_decompress(jpeg);
	JSAMPARRAY row = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, jpeg->output_width, 1);
	while (jpeg->output_scanline < jpeg->output_height) {
		uint32_t y = jpeg->output_scanline;
		jpeg_read_scanlines(jpeg, row, 1);
		fn(context, row[0], y, jpeg->output_width, jpeg->output_height);
	}
	jpeg_finish_decompress(jpeg);
}

static void try_small(decoder *d, const pf_jpeg_head *head, uint32_t least_px, pf_jpeg_row_fn fn,
		      void *context)
{
	if (setjmp(d->failed) == 0) {
		read_header(d, head);
		read_small(d, head, least_px, fn, context);
	}
}

pf_status pf_jpeg_decode_small(const pf_jpeg_source *source, const pf_jpeg_head *head,
			       const pf_jpeg_limits *limits, uint32_t least_px, pf_jpeg_row_fn fn,
			       void *context, pf_error *error)
{
	assert(head->has_frame && head->scans > 0);
	decoder d;
	memset(&d.jpeg, 0, sizeof d.jpeg);
	decoder_prepare(&d, source, limits);
	try_small(&d, head, least_px, fn, context);
	return decoder_finish(&d, error);
}
