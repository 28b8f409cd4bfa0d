#include "core/photo/jpeg.h"

#include <assert.h>
#include <limits.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

#define PADDING_SLACK_BYTES 16 /* that libjpeg has in its bit buffer, or that end the data */
#define ROWS_MAX (4 * DCTSIZE) /* of one component in one row of MCUs */

/* One decoding: libjpeg's object and the way out of it. Everything that is needed after a jump lies here. */
typedef struct decoder {
	struct jpeg_error_mgr errors; /* first, so that libjpeg's pointer to it is a pointer to the whole */
	struct jpeg_decompress_struct jpeg;
	struct jpeg_progress_mgr progress;
	struct jpeg_source_mgr bytes;
	jmp_buf failed;
	const pf_jpeg_source *source;
	const pf_jpeg_limits *limits;
	pf_status status;
	uint32_t flaws;
	bool in_header; /* the first scan has not begun */
	bool ended;     /* libjpeg asked for more bytes than there are */
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
	if (d->ended && d->status == PF_ERR_DAMAGED) {
		d->status = PF_ERR_TRUNCATED;
		snprintf(d->message, sizeof d->message,
			 "the file ends after %zu bytes, before the image does", d->source->bytes);
	}
	longjmp(d->failed, 1);
}

/* Bytes were left over before a marker (which libjpeg looks at next), or before the end. Zeros and
 * ones are padding, unless the decoder took some of them for data. Any other byte may be the only trace of a
 * decoder that lost its way. */
static bool only_padding(const decoder *d)
{
	const JOCTET *end = d->ended ? d->source->data + d->source->bytes : d->bytes.next_input_byte;
	long left_over = d->errors.msg_parm.i[0], padding = 0, room = end - d->source->data;
	while (padding < room && (end[-1 - padding] == 0 || end[-1 - padding] == 0xFF)) {
		padding++;
	}
	return padding >= left_over && padding <= left_over + PADDING_SLACK_BYTES;
}

/* The flaw that a warning stands for, if it takes nothing from the picture; else 0. */
static uint32_t flaw_of_warning(const decoder *d)
{
	switch (d->errors.msg_code) {
	case JWRN_EXTRANEOUS_DATA: /* in the header the gate has judged it */
		return d->in_header ? PF_FLAW_STRAY_BYTES : only_padding(d) ? PF_FLAW_PADDING : 0;
	case JWRN_NOT_SEQUENTIAL:
		return PF_FLAW_SCAN_HEADER;
	case JWRN_JFIF_MAJOR:
		return PF_FLAW_JFIF_REVISION;
	case JWRN_ADOBE_XFORM:
		return PF_FLAW_ADOBE_TRANSFORM;
	default:
		return 0;
	}
}

/* Levels below 0 are warnings: most are of damaged data that libjpeg would paper over. */
static void on_message(j_common_ptr jpeg, int level)
{
	decoder *d = decoder_of(jpeg);
	uint32_t flaw = level < 0 ? flaw_of_warning(d) : 0;
	d->flaws |= flaw;
	if (level < 0 && flaw == 0) {
		leave(jpeg);
	}
}

/* The bytes as a source of libjpeg's. At their end it is given an end-of-image marker: what it misses then,
 * it warns of. */
static void source_begin(j_decompress_ptr jpeg)
{
	(void)jpeg;
}

static boolean source_fill(j_decompress_ptr jpeg)
{
	static const JOCTET end_of_image[] = {0xFF, JPEG_EOI};
	decoder_of((j_common_ptr)jpeg)->ended = true;
	jpeg->src->next_input_byte = end_of_image;
	jpeg->src->bytes_in_buffer = sizeof end_of_image;
	return TRUE;
}

static void source_skip(j_decompress_ptr jpeg, long count)
{
	struct jpeg_source_mgr *src = jpeg->src;
	if (count > 0 && (size_t)count > src->bytes_in_buffer) {
		source_fill(jpeg);
	} else if (count > 0) {
		src->next_input_byte += count;
		src->bytes_in_buffer -= (size_t)count;
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
	d->flaws = 0;
	d->in_header = true;
	d->ended = false;
	d->bytes = (struct jpeg_source_mgr){.next_input_byte = source->data,
					    .bytes_in_buffer = source->bytes,
					    .init_source = source_begin,
					    .fill_input_buffer = source_fill,
					    .skip_input_data = source_skip,
					    .resync_to_restart = jpeg_resync_to_restart,
					    .term_source = source_begin};
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
	d->jpeg.src = &d->bytes;
	jpeg_read_header(&d->jpeg, TRUE);
	d->in_header = false;
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

pf_status pf_jpeg_lay_out(const pf_jpeg_head *head, uint32_t by, pf_image *image, pf_error *error)
{
	pf_status status = pf_image_reserve(image, (size_t)head->plane_bytes / (by * by), error);
	image->y = image->cb = image->cr = (pf_plane){0};
	if (status != PF_OK) {
		return status;
	}
	pf_plane *planes[PF_JPEG_COMPONENTS_MAX] = {&image->y, &image->cb, &image->cr};
	uint8_t *at = image->buffer;
	for (uint32_t i = 0; i < PF_JPEG_COMPONENTS_MAX && i < head->components; i++) {
		const pf_jpeg_component *c = &head->component[i];
		uint32_t own = pf_jpeg_reduction(by, i), stride = pf_jpeg_stride_bytes(c) / own;
		*planes[i] = (pf_plane){.data = at,
					.width_px = pf_jpeg_reduced(c->width_px, own),
					.height_px = pf_jpeg_reduced(c->height_px, own),
					.stride_bytes = stride};
		at += (size_t)stride * (c->padded_rows / own);
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
	pf_status status = pf_jpeg_lay_out(head, 1, image, error);
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
	image->flaws = head->flaws | d.flaws;
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

/* Takes in the first scan, and makes ready to give out what it brought. May jump. */
static void begin_first_scan(struct jpeg_decompress_struct *jpeg)
{
	jpeg->buffered_image = TRUE;
	jpeg_start_decompress(jpeg);
	int taken = JPEG_ROW_COMPLETED;
	while (taken != JPEG_SCAN_COMPLETED && taken != JPEG_REACHED_EOI) {
		taken = jpeg_consume_input(jpeg);
	}
	jpeg_start_output(jpeg, 1);
}

/* May jump; the row buffer comes from libjpeg's pool and goes with it. */
static void read_small(decoder *d, const pf_jpeg_head *head, uint32_t least_px, pf_jpeg_row_fn fn,
		       void *context)
{
	struct jpeg_decompress_struct *jpeg = &d->jpeg;
	jpeg->out_color_space = head->components == 1 ? JCS_GRAYSCALE : JCS_YCbCr;
	jpeg->do_fancy_upsampling = FALSE;
	jpeg->scale_num = 1;
	jpeg->scale_denom = small_denominator(head, least_px);
	if (head->multi_scan) {
		begin_first_scan(jpeg);
	} else {
		jpeg_start_decompress(jpeg);
	}
	JSAMPARRAY row = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE,
						 jpeg->output_width * (unsigned)jpeg->output_components, 1);
	while (jpeg->output_scanline < jpeg->output_height) {
		uint32_t y = jpeg->output_scanline;
		jpeg_read_scanlines(jpeg, row, 1);
		fn(context, row[0], y, jpeg->output_width, jpeg->output_height,
		   (uint32_t)jpeg->output_components);
	}
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
