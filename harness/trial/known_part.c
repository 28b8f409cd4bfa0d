#include "harness/trial/known_part.h"

#include <stdlib.h>
#include <string.h>

#include "harness/stats/enough.h"
#include "photofinish/burst.h"
#include "photofinish/trace.h"

size_t pf_known_bytes(const pf_outcomes *known)
{
	size_t bytes = known ? known->count / 8 + 1 : 0;
	return (bytes + PF_SLOT_ALIGNMENT - 1) / PF_SLOT_ALIGNMENT * PF_SLOT_ALIGNMENT;
}

void pf_known_take(const pf_outcomes *known, pf_outcomes *outcomes, uint8_t *bits)
{
	for (size_t i = 0; known && i < known->count; i++) {
		const pf_outcome *photo = &known->photos[i];
		if (!photo->done) {
			continue;
		}
		bits[i / 8] |= (uint8_t)(1u << i % 8);
		outcomes->photos[i] = (pf_outcome){
			.done = true,
			.status = photo->status,
			.score = photo->score,
			.message = photo->message ? pf_enough(strdup(photo->message)) : NULL};
		outcomes->scored += photo->status == PF_OK;
		outcomes->failed += photo->status != PF_OK;
	}
}

uint32_t pf_known_index(const pf_outcomes *known, uint32_t index)
{
	if (!known) {
		return index;
	}
	for (size_t i = 0; i < known->count; i++) {
		if (!known->photos[i].done && index-- == 0) {
			return (uint32_t)i;
		}
	}
	return PF_NO_PHOTO;
}

/* Passes on outcomes under the dataset's indices, of the dataset's bursts. */
struct part {
	struct pf_sink sink; /* first: the functions cast back */
	struct pf_pipe_sink *pipe;
	pf_dataset dataset;
	uint32_t *index; /* in the whole dataset, of each photo of the part */
	uint32_t *burst; /* of each photo of the whole dataset */
};

static pf_status drop_burst(struct pf_sink *sink, const pf_burst *burst)
{
	(void)sink;
	(void)burst;
	return PF_OK;
}

static pf_status drop_ranks(struct pf_sink *sink, const pf_burst *burst, const uint32_t *ranks)
{
	(void)sink;
	(void)burst;
	(void)ranks;
	return PF_OK;
}

static pf_status photo_done(struct pf_sink *sink, const pf_photo_result *result)
{
	const struct part *part = (const struct part *)sink;
	pf_photo_result translated = *result;
	if (result->index >= part->dataset.count) {
		return PF_ERR_INVALID; /* it would be taken for another photo's */
	}
	translated.index = part->index[result->index];
	translated.burst = part->burst[translated.index];
	return part->pipe->sink.photo_done(&part->pipe->sink, &translated);
}

static pf_status tell_burst(void *context, const pf_burst *burst)
{
	struct part *part = context;
	for (uint32_t i = 0; i < burst->count; i++) {
		part->burst[burst->photos[i]] = burst->id;
	}
	pf_status status = part->pipe->sink.burst_found(&part->pipe->sink, burst);
	return status == PF_OK ? pf_pipe_sink_members(part->pipe, burst) : status;
}

pf_status pf_known_part_run(const struct pf_variant *variant, const struct pf_env *env,
			    const pf_dataset *dataset, const uint8_t *bits, struct pf_pipe_sink *pipe,
			    pf_error *error)
{
	pf_burst_list bursts = {0};
	struct part part = {.sink = {.struct_size = sizeof(struct pf_sink),
				     .burst_found = drop_burst,
				     .photo_done = photo_done,
				     .burst_ranked = drop_ranks},
			    .pipe = pipe,
			    .dataset = *dataset,
			    .index = calloc(dataset->count + 1, sizeof *part.index),
			    .burst = calloc(dataset->count + 1, sizeof *part.burst)};
	part.dataset.photos = calloc(dataset->count + 1, sizeof *part.dataset.photos);
	part.dataset.count = 0;
	part.dataset.photo_bytes = 0; /* its photos are not in the mapping that a dataset lets go of */
	bool room = part.index && part.burst && part.dataset.photos;
	pf_status status = room ? PF_OK : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	for (size_t i = 0; room && i < dataset->count; i++) {
		if (!(bits[i / 8] >> i % 8 & 1)) {
			part.index[part.dataset.count] = (uint32_t)i;
			part.dataset.photos[part.dataset.count++] = dataset->photos[i];
		}
	}
	if (status == PF_OK) {
		status = pf_burst_list_detect(dataset, env->cancel, &env->traces[0], tell_burst, &part,
					      &bursts, error);
	}
	pf_burst_list_free(&bursts);
	if (status == PF_OK && part.dataset.count) {
		status = variant->run(env, &part.dataset, &part.sink, error);
	}
	free(part.dataset.photos);
	free(part.burst);
	free(part.index);
	return status;
}

static int by_place(const void *a, const void *b, void *outcomes)
{
	const pf_outcome *photos = ((const pf_outcomes *)outcomes)->photos;
	const pf_outcome *one = &photos[*(const uint32_t *)a], *other = &photos[*(const uint32_t *)b];
	int order = (one->burst > other->burst) - (one->burst < other->burst);
	return order ? order : (one->place > other->place) - (one->place < other->place);
}

/* `photos`: of one burst, in the order of capture. */
static pf_status rank(pf_outcomes *outcomes, const pf_scorer_config *config, const uint32_t *photos,
		      uint32_t count, const pf_score **scores, uint32_t *ranks)
{
	for (uint32_t i = 0; i < count; i++) {
		const pf_outcome *photo = &outcomes->photos[photos[i]];
		if (!photo->done) {
			return PF_OK;
		}
		scores[i] = photo->status == PF_OK ? &photo->score : NULL;
	}
	pf_status status = pf_burst_rank(config, scores, count, ranks);
	for (uint32_t i = 0; status == PF_OK && i < count; i++) {
		outcomes->photos[photos[i]].ranked = true;
		outcomes->photos[photos[i]].rank = ranks[i];
	}
	return status;
}

static void forget(pf_outcomes *outcomes, pf_outcome *photo)
{
	outcomes->scored -= photo->done && photo->status == PF_OK;
	outcomes->failed -= photo->done && photo->status != PF_OK;
	free(photo->message);
	*photo = (pf_outcome){0};
}

pf_status pf_known_rank(pf_outcomes *outcomes, const bool *placed, const pf_scorer_config *config,
			pf_error *error)
{
	size_t count = outcomes->count, listed = 0;
	uint32_t *photos = calloc(count + 1, sizeof *photos), *ranks = calloc(count + 1, sizeof *ranks);
	const pf_score **scores = calloc(count + 1, sizeof *scores);
	pf_status status = photos && ranks && scores ? PF_OK : PF_ERR_NO_MEMORY;
	for (size_t i = 0; status == PF_OK && i < count; i++) {
		if (placed[i]) {
			photos[listed++] = (uint32_t)i;
		} else {
			forget(outcomes, &outcomes->photos[i]);
		}
	}
	if (status == PF_OK) {
		qsort_r(photos, listed, sizeof *photos, by_place, outcomes);
	}
	for (size_t first = 0, end; status == PF_OK && first < listed; first = end) {
		uint32_t burst = outcomes->photos[photos[first]].burst;
		for (end = first; end < listed && outcomes->photos[photos[end]].burst == burst;) {
			end++;
		}
		status = rank(outcomes, config, photos + first, (uint32_t)(end - first), scores, ranks);
	}
	free(scores);
	free(ranks);
	free(photos);
	return status == PF_OK ? PF_OK : pf_fail(error, status, NULL, "not enough memory for the ranks");
}
