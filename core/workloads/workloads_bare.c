/* Decoding and nothing else, by libjpeg-turbo: what the limit of a whole run is made of. No gate, no limits,
 * warnings are let pass. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "core/workloads/work.h"
#include "core/workloads/work_photo.h"

enum { PLANES = 3, ROWS_MAX = 4 * DCTSIZE };

typedef struct plane {
	uint8_t *data;
	size_t stride, rows;
	uint32_t width, height; /* that are the photo's */
} plane;

typedef struct bare_work {
	pf_work_bytes bytes;
	struct jpeg_decompress_struct jpeg;
	struct jpeg_error_mgr errors;
	jmp_buf failed;
	plane planes[PLANES];
} bare_work;

static void leave(j_common_ptr jpeg)
{
	longjmp(((bare_work *)jpeg->client_data)->failed, 1);
}

static void say_nothing(j_common_ptr jpeg, int level)
{
	(void)jpeg;
	(void)level;
}

static void write_nothing(j_common_ptr jpeg)
{
	(void)jpeg;
}

static pf_status lay_out(bare_work *own, pf_error *error)
{
	for (int i = 0; i < own->jpeg.num_components && i < PLANES; i++) {
		const jpeg_component_info *from = &own->jpeg.comp_info[i];
		plane *to = &own->planes[i];
		to->stride = ((size_t)from->width_in_blocks + (size_t)from->h_samp_factor) * DCTSIZE;
		to->rows = ((size_t)from->height_in_blocks + (size_t)from->v_samp_factor) * DCTSIZE;
		to->width = from->downsampled_width;
		to->height = from->downsampled_height;
		to->data = calloc(to->rows, to->stride);
		if (!to->data) {
			return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for the planes of a photo");
		}
	}
	return PF_OK;
}

/* May jump, as what follows. */
static void begin(bare_work *own)
{
	jpeg_mem_src(&own->jpeg, own->bytes.data, own->bytes.bytes);
	jpeg_read_header(&own->jpeg, TRUE);
}

static pf_status open_sized(bare_work *own, pf_error *error)
{
	if (setjmp(own->failed)) {
		return pf_fail(error, PF_ERR_DAMAGED, NULL, "libjpeg cannot read the photo");
	}
	begin(own);
	own->jpeg.raw_data_out = TRUE;
	own->jpeg.out_color_space = own->jpeg.jpeg_color_space;
	jpeg_calc_output_dimensions(&own->jpeg);
	pf_status status = own->jpeg.num_components <= PLANES
				   ? lay_out(own, error)
				   : pf_fail(error, PF_ERR_UNSUPPORTED, NULL, "a photo of 4 components");
	jpeg_abort_decompress(&own->jpeg);
	return status;
}

static pf_status open_bare(void *state, const pf_work_kind *kind, const pf_workload_input *input,
			   pf_error *error)
{
	bare_work *own = state;
	(void)kind;
	own->jpeg.err = jpeg_std_error(&own->errors);
	own->errors.error_exit = leave;
	own->errors.emit_message = say_nothing;
	own->errors.output_message = write_nothing;
	own->jpeg.client_data = own;
	if (setjmp(own->failed)) {
		return pf_fail(error, PF_ERR_INTERNAL, NULL, "libjpeg cannot be opened");
	}
	jpeg_create_decompress(&own->jpeg);
	pf_status status = pf_work_bytes_open(input, &own->bytes, error);
	return status == PF_OK ? open_sized(own, error) : status;
}

static void read_rows(bare_work *own)
{
	JSAMPROW rows[PLANES][ROWS_MAX];
	JSAMPARRAY components[PLANES];
	unsigned group_rows = (unsigned)own->jpeg.max_v_samp_factor * DCTSIZE;
	for (size_t group = 0; own->jpeg.output_scanline < own->jpeg.output_height; group++) {
		for (int i = 0; i < own->jpeg.num_components; i++) {
			const plane *to = &own->planes[i];
			size_t count = (size_t)own->jpeg.comp_info[i].v_samp_factor * DCTSIZE;
			for (size_t row = 0; row < count; row++) {
				size_t at = group * count + row;
				rows[i][row] = to->data + (at < to->rows ? at : to->rows - 1) * to->stride;
			}
			components[i] = rows[i];
		}
		jpeg_read_raw_data(&own->jpeg, components, group_rows);
	}
}

static pf_status run_bare(void *state)
{
	bare_work *own = state;
	if (setjmp(own->failed)) {
		jpeg_abort_decompress(&own->jpeg);
		return PF_ERR_DAMAGED;
	}
	begin(own);
	own->jpeg.raw_data_out = TRUE;
	own->jpeg.out_color_space = own->jpeg.jpeg_color_space;
	jpeg_start_decompress(&own->jpeg);
	read_rows(own);
	jpeg_finish_decompress(&own->jpeg);
	return PF_OK;
}

static void bare_outputs(const void *state, pf_work_hash *hash)
{
	const bare_work *own = state;
	for (int i = 0; i < PLANES; i++) {
		for (size_t y = 0; y < own->planes[i].height; y++) {
			pf_work_add(hash, own->planes[i].data + y * own->planes[i].stride,
				    own->planes[i].width);
		}
	}
}

static void close_bare(void *state)
{
	bare_work *own = state;
	jpeg_destroy_decompress(&own->jpeg); /* one that was never created, too */
	for (int i = 0; i < PLANES; i++) {
		free(own->planes[i].data);
	}
	pf_work_bytes_release(&own->bytes);
}

const pf_work_kind pf_work_decode_bare = {.state_bytes = sizeof(bare_work),
					  .open = open_bare,
					  .unit = run_bare,
					  .outputs = bare_outputs,
					  .close = close_bare};
