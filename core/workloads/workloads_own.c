/* Decoding and nothing else, by our own decoder: the second limit of a whole run. The head of the file was
 * read before; the decoder reads tables and data. */
#include "core/photo/baseline.h"
#include "core/photo/jpeg.h"
#include "core/workloads/work.h"
#include "core/workloads/work_photo.h"
#include "photofinish/scorer.h"

typedef struct own_work {
	pf_work_bytes bytes;
	pf_jpeg_source source;
	pf_jpeg_head head;
	pf_baseline *decoder;
	pf_image image;
} own_work;

static bool decode(own_work *own)
{
	return pf_baseline_decode(own->decoder, &own->source, &own->head, 1, &own->image);
}

static pf_status open_own(void *state, const pf_work_kind *kind, const pf_workload_input *input,
			  pf_error *error)
{
	own_work *own = state;
	pf_scorer_config config;
	(void)kind;
	pf_scorer_config_default(&config);
	const pf_jpeg_limits limits = {.max_pixels = config.max_pixels,
				       .max_decode_bytes = config.max_decode_bytes,
				       .max_scans = config.max_scans};
	pf_status status = pf_work_bytes_open(input, &own->bytes, error);
	if (status == PF_OK) {
		own->source = (pf_jpeg_source){.data = own->bytes.data, .bytes = own->bytes.bytes};
		status = pf_jpeg_gate(&own->source, &limits, &own->head, error);
	}
	if (status == PF_OK) {
		status = pf_baseline_create(&own->decoder, error);
	}
	if (status == PF_OK && !decode(own)) {
		status = pf_fail(error, PF_ERR_UNSUPPORTED, NULL,
				 "our own decoder leaves the photo to libjpeg");
	}
	pf_image_release(&own->image); /* before the first run there is no output */
	return status;
}

static pf_status run_own(void *state)
{
	return decode(state) ? PF_OK : PF_ERR_INTERNAL;
}

static void own_outputs(const void *state, pf_work_hash *hash)
{
	const own_work *own = state;
	const pf_plane *planes[] = {&own->image.y, &own->image.cb, &own->image.cr};
	for (size_t i = 0; i < 3; i++) {
		for (size_t y = 0; y < planes[i]->height_px; y++) {
			pf_work_add(hash, planes[i]->data + y * planes[i]->stride_bytes, planes[i]->width_px);
		}
	}
}

static void close_own(void *state)
{
	own_work *own = state;
	pf_baseline_destroy(own->decoder);
	pf_image_release(&own->image);
	pf_work_bytes_release(&own->bytes);
}

const pf_work_kind pf_work_decode_own = {.state_bytes = sizeof(own_work),
					 .open = open_own,
					 .unit = run_own,
					 .outputs = own_outputs,
					 .close = close_own};
