/* Two photos at a time: each as pf_scorer_photo takes it, but that both are decoded side by side. */
#include <stdlib.h>

#include "core/photo/jpeg.h"
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

/* Both, the one that our decoder declines by libjpeg. */
static void decode_both(pf_scorer *const scorers[2], const pf_gated gated[2], pf_status status[2],
			pf_error error[2])
{
	uint64_t begin = pf_span_begin(scorers[0]->trace, PF_STAGE_DECODE);
	pf_fused_job jobs[2];
	uint32_t before[2];
	for (unsigned i = 0; i < 2; i++) {
		pf_image *image = &scorers[i]->image;
		before[i] = image->orientation;
		image->orientation = gated[i].exif.orientation;
		jobs[i] = (pf_fused_job){.fused = &scorers[i]->fused,
					 .baseline = scorers[i]->baseline,
					 .source = &gated[i].source,
					 .head = &gated[i].head,
					 .image = image};
	}
	pf_fused_decode_pair(scorers[0]->pair, jobs);
	for (unsigned i = 0; i < 2; i++) {
		scorers[i]->is_fused = jobs[i].done;
		if (!jobs[i].done) {
			status[i] = pf_jpeg_decode(&gated[i].source, &gated[i].head, &scorers[i]->limits,
						   &scorers[i]->image, &error[i]);
		}
		pf_scorer_put_facts(&gated[i], status[i], before[i], &scorers[i]->image);
	}
	pf_span_end(scorers[0]->trace, PF_STAGE_DECODE, begin);
}

void pf_scorer_two(pf_scorer *scorer, const pf_dataset *dataset, const uint32_t photos[2], pf_score *scores,
		   pf_status status[2], pf_error error[2])
{
	pf_scorer *const scorers[2] = {scorer, scorer->second};
	pf_gated gated[2];
	for (unsigned i = 0; i < 2; i++) {
		pf_scorer *one = scorers[i];
		pf_trace_photo(scorer->trace, photos[i]);
		status[i] = pf_scorer_read(one, dataset, photos[i], &error[i]);
		gated[i].source = (pf_jpeg_source){.data = one->file.data,
						   .bytes = one->file.bytes,
						   .file = dataset->photos[photos[i]].path};
		if (status[i] == PF_OK) {
			status[i] = pf_scorer_gate(one, &gated[i], &error[i]);
		}
	}
	bool both = status[0] == PF_OK && status[1] == PF_OK;
	if (both) {
		pf_trace_photo(scorer->trace, photos[0]);
		decode_both(scorers, gated, status, error);
	}
	for (unsigned i = 0; i < 2; i++) {
		pf_trace_photo(scorer->trace, photos[i]);
		if (!both && status[i] == PF_OK) {
			status[i] = pf_scorer_decode(scorers[i], &gated[i], &error[i]);
		}
		if (status[i] == PF_OK) {
			status[i] = pf_scorer_judge(scorers[i], &scorers[i]->image, &scores[i], &error[i]);
		}
		scorers[i]->is_fused = false;
	}
}
