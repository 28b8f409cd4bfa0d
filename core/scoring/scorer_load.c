/* Gate and decode: what lies between reading a photo and judging it. */
#include "core/photo/jpeg.h"
#include "core/scoring/scorer_parts.h"
#include "photofinish/preset.h"

pf_status pf_scorer_decode_declined(pf_scorer *scorer, const pf_gated *gated, pf_image *image,
				    pf_error *error)
{
	/* Smaller planes are our decoder's, for whatever reason they did not come at once. */
	if (gated->by > 1 &&
	    pf_baseline_decode(scorer->baseline, &gated->source, &gated->head, gated->by, image)) {
		return PF_OK;
	}
	pf_image *whole = gated->by > 1 ? &scorer->whole : image;
	pf_status status = pf_jpeg_decode(&gated->source, &gated->head, &scorer->limits, whole, error);
	if (gated->by <= 1) {
		return status;
	}
	image->flaws = whole->flaws;
	image->y = image->cb = image->cr = (pf_plane){0};
	if (status == PF_OK) {
		status = pf_jpeg_lay_out(&gated->head, gated->by, image, error);
	}
	if (status == PF_OK) {
		pf_planes_reduce(whole, gated->by, image);
	}
	return status;
}

static pf_status decode(pf_scorer *scorer, const pf_gated *gated, bool fuse, pf_image *image, pf_error *error)
{
	const pf_jpeg_source *source = &gated->source;
	const pf_jpeg_head *head = &gated->head;
	bool own = gated->by <= 1 && scorer->config.strategy & PF_STRATEGY_OWN_DECODER;
	scorer->is_fused = fuse && pf_fused_decode(&scorer->fused, scorer->baseline, source, head, image);
	if (scorer->is_fused ||
	    (own && !fuse && pf_baseline_decode(scorer->baseline, source, head, gated->by, image))) {
		return PF_OK;
	}
	return pf_scorer_decode_declined(scorer, gated, image, error);
}

pf_status pf_scorer_gate(pf_scorer *scorer, pf_gated *gated, pf_error *error)
{
	const pf_jpeg_source *source = &gated->source;
	gated->exif = (pf_exif){.orientation = 1};
	uint64_t begin = pf_span_begin(scorer->trace, PF_STAGE_GATE);
	pf_status status = pf_file_check_size(source->bytes, source->file, error);
	if (status == PF_OK) {
		status = pf_jpeg_gate(source, &scorer->limits, &gated->head, error);
	}
	if (status == PF_OK &&
	    !pf_exif_read(scorer->exif, gated->head.exif, gated->head.exif_bytes, &gated->exif)) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, source->file, "not enough memory for its EXIF");
	}
	if (status == PF_OK) {
		gated->by = pf_preset_reduction(scorer->config.preset, gated->head.width_px,
						gated->head.height_px);
	}
	pf_span_end(scorer->trace, PF_STAGE_GATE, begin);
	return status;
}

void pf_scorer_put_facts(const pf_gated *gated, pf_status status, uint32_t before, pf_image *image)
{
	image->orientation = status == PF_OK ? gated->exif.orientation : before;
	if (status == PF_OK) {
		image->exposure = gated->exif.exposure;
		image->file_bytes = gated->source.bytes;
		image->reduction = (pf_reduction){.by = gated->by,
						  .width_px = gated->head.width_px,
						  .height_px = gated->head.height_px};
	}
}

static pf_status decode_gated(pf_scorer *scorer, const pf_gated *gated, bool fuse, pf_image *image,
			      pf_error *error)
{
	uint64_t begin = pf_span_begin(scorer->trace, PF_STAGE_DECODE);
	uint32_t before = image->orientation;
	image->orientation = gated->exif.orientation;
	pf_status status = decode(scorer, gated, fuse, image, error);
	pf_scorer_put_facts(gated, status, before, image);
	pf_span_end(scorer->trace, PF_STAGE_DECODE, begin);
	return status;
}

pf_status pf_scorer_decode(pf_scorer *scorer, const pf_gated *gated, pf_error *error)
{
	return decode_gated(scorer, gated, true, &scorer->image, error);
}

/* `fuse`: the image may come without planes (scorer->is_fused). */
static pf_status load_bytes(pf_scorer *scorer, const void *bytes, size_t size, const char *name, bool fuse,
			    pf_image *image, pf_error *error)
{
	pf_gated gated = {.source = {.data = bytes, .bytes = size, .file = name}};
	pf_status status = pf_scorer_gate(scorer, &gated, error);
	return status == PF_OK ? decode_gated(scorer, &gated, fuse, image, error) : status;
}

pf_status pf_scorer_load_bytes(pf_scorer *scorer, const void *bytes, size_t size, const char *name,
			       pf_image *image, pf_error *error)
{
	return load_bytes(scorer, bytes, size, name, false, image, error);
}

pf_status pf_scorer_load_bytes_fused(pf_scorer *scorer, const void *bytes, size_t size, pf_error *error)
{
	return load_bytes(scorer, bytes, size, NULL, true, &scorer->image, error);
}

static pf_status load(pf_scorer *scorer, const pf_dataset *dataset, size_t index, bool fuse, pf_image *image,
		      pf_error *error)
{
	pf_status status = pf_scorer_read(scorer, dataset, index, error);
	return status == PF_OK ? load_bytes(scorer, scorer->file.data, scorer->file.bytes,
					    dataset->photos[index].path, fuse, image, error)
			       : status;
}

pf_status pf_scorer_load(pf_scorer *scorer, const pf_dataset *dataset, size_t index, pf_image *image,
			 pf_error *error)
{
	return load(scorer, dataset, index, false, image, error);
}

pf_status pf_scorer_load_fused(pf_scorer *scorer, const pf_dataset *dataset, size_t index, pf_error *error)
{
	return load(scorer, dataset, index, true, &scorer->image, error);
}
