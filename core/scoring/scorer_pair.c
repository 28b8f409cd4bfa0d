/* Two photos at a time: each as pf_scorer_photo takes it, but that both are decoded side by side. */
#include <stdlib.h>

#include "core/scoring/scorer_parts.h"

static const uint32_t needed = PF_STRATEGY_PAIRS | PF_STRATEGY_OWN_DECODER | PF_STRATEGY_FUSED;

pf_status pf_scorer_open_second(pf_scorer *scorer, pf_error *error)
{
	if ((scorer->config.strategy & needed) != needed) {
		return PF_OK;
	}
	pf_scorer *second = scorer->second = calloc(1, sizeof *second);
	if (!second) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate a scorer");
	}
	second->config = scorer->config;
	second->limits = scorer->limits;
	second->trace = scorer->trace;
	second->exif = scorer->exif;
	second->faces = scorer->faces;
	second->pose = scorer->pose;
	pf_status status = pf_baseline_pair_create(&scorer->pair, error);
	if (status == PF_OK) {
		status = pf_baseline_create(&second->baseline, error);
	}
	if (status == PF_OK) {
		status = pf_quality_create(&second->quality, error);
	}
	if (status == PF_OK) {
		pf_scorer_open_fused(second);
	}
	return status;
}

void pf_scorer_close_second(pf_scorer *scorer)
{
	pf_scorer *second = scorer->second;
	if (second) {
		second->faces_are_shared = true;
		second->pose = NULL;
		second->exif = NULL;
		pf_scorer_destroy(second);
	}
	pf_baseline_pair_destroy(scorer->pair);
}

bool pf_scorer_takes_two(const pf_scorer *scorer)
{
	return scorer->second;
}

/* What decoding both side by side leaves to do for each. */
typedef struct one_of_two {
	pf_gated gated;
	pf_fused_job job;
	uint32_t before; /* orientation of the image at hand */
} one_of_two;

static void decode_both(pf_scorer *const scorers[2], one_of_two parts[2])
{
	pf_fused_job jobs[2];
	for (unsigned i = 0; i < 2; i++) {
		pf_image *image = &scorers[i]->image;
		parts[i].before = image->orientation;
		image->orientation = parts[i].gated.exif.orientation;
		jobs[i] = (pf_fused_job){.fused = &scorers[i]->fused,
					 .baseline = scorers[i]->baseline,
					 .source = &parts[i].gated.source,
					 .head = &parts[i].gated.head,
					 .image = image};
	}
	pf_fused_decode_pair(scorers[0]->pair, jobs);
	for (unsigned i = 0; i < 2; i++) {
		parts[i].job = jobs[i];
	}
}

/* One that our decoder declined is libjpeg's. */
static pf_status end_decoding(pf_scorer *one, const one_of_two *part, pf_error *error)
{
	pf_status status = PF_OK;
	one->is_fused = part->job.done;
	if (!one->is_fused) {
		status = pf_scorer_decode_declined(one, &part->gated, &one->image, error);
	}
	pf_scorer_put_facts(&part->gated, status, part->before, &one->image);
	return status;
}

static pf_status read_and_gate(pf_scorer *one, const pf_dataset *dataset, uint32_t photo, pf_gated *gated,
			       pf_error *error)
{
	pf_status status = pf_scorer_read(one, dataset, photo, error);
	gated->source = (pf_jpeg_source){
		.data = one->file.data, .bytes = one->file.bytes, .file = dataset->photos[photo].path};
	return status == PF_OK ? pf_scorer_gate(one, gated, error) : status;
}

void pf_scorer_two(pf_scorer *scorer, const pf_dataset *dataset, const uint32_t photos[2], pf_score *scores,
		   pf_status status[2], pf_error error[2])
{
	pf_scorer *const scorers[2] = {scorer, scorer->second};
	one_of_two parts[2];
	for (unsigned i = 0; i < 2; i++) {
		scores[i] = (pf_score){0};
		pf_trace_photo(scorer->trace, photos[i]);
		status[i] = read_and_gate(scorers[i], dataset, photos[i], &parts[i].gated, &error[i]);
	}
	bool both = status[0] == PF_OK && status[1] == PF_OK;
	for (unsigned i = 0; i < 2; i++) {
		pf_scorer *one = scorers[i];
		pf_trace_photo(scorer->trace, photos[i]);
		if (both) { /* a span each: the first one's has the time of both */
			uint64_t begin = pf_span_begin(scorer->trace, PF_STAGE_DECODE);
			if (i == 0) {
				decode_both(scorers, parts);
			}
			status[i] = end_decoding(one, &parts[i], &error[i]);
			pf_span_end(scorer->trace, PF_STAGE_DECODE, begin);
		} else if (status[i] == PF_OK) {
			status[i] = pf_scorer_decode(one, &parts[i].gated, &error[i]);
		}
		if (status[i] == PF_OK) {
			status[i] = pf_scorer_judge(one, &one->image, &scores[i], &error[i]);
		}
		one->is_fused = false;
	}
}
