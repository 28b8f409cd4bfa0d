#include "harness/registry/reference_variant.h"

#include <stdlib.h>

#include "photofinish/exec.h"

/* Scores the photos of one burst, then ranks them: as plain as it can be said. */
static pf_status score_burst(const struct pf_env *env, pf_scorer *scorer, const pf_dataset *dataset,
			     const pf_burst *burst, struct pf_sink *sink)
{
	pf_status status = PF_OK;
	pf_score *scores = calloc(burst->count, sizeof *scores);
	const pf_score **ranked = calloc(burst->count, sizeof *ranked);
	uint32_t *ranks = calloc(burst->count, sizeof *ranks);
	if (!scores || !ranked || !ranks) {
		status = PF_ERR_NO_MEMORY;
	}
	for (uint32_t i = 0; i < burst->count && status == PF_OK; i++) {
		pf_error why = {0};
		uint32_t index = burst->photos[i];
		pf_trace_photo(&env->traces[0], index);
		pf_status outcome = pf_scorer_photo(scorer, dataset, index, &scores[i], &why);
		ranked[i] = outcome == PF_OK ? &scores[i] : NULL;
		pf_photo_result result = {.index = index,
					  .burst = burst->id,
					  .status = outcome,
					  .message = outcome == PF_OK ? "" : why.message,
					  .score = ranked[i]};
		status = pf_cancelled(env) ? PF_ERR_CANCELLED : sink->photo_done(sink, &result);
	}
	if (status == PF_OK) {
		status = pf_burst_rank(env->scorer, ranked, burst->count, ranks);
	}
	if (status == PF_OK) {
		status = sink->burst_ranked(sink, burst, ranks);
	}
	free(ranks);
	free(ranked);
	free(scores);
	return status;
}

static pf_status run_reference(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
			       pf_error *error)
{
	pf_burst_list bursts = {0};
	pf_scorer *scorer = NULL;
	pf_scorer_config config = *env->scorer;
	config.strategy = 0;
	setenv("PF_CPU", "plain", 1); /* by other kernels than the variants: a process of its own */
	pf_status status = pf_burst_list_detect(dataset, env->cancel, &env->traces[0], pf_burst_tell, sink,
						&bursts, error);
	if (status == PF_OK) {
		status = pf_scorer_create(&config, &env->traces[0], &scorer, error);
	}
	for (size_t i = 0; i < bursts.count && status == PF_OK; i++) {
		status = score_burst(env, scorer, dataset, &bursts.bursts[i], sink);
		if (status != PF_OK) {
			pf_fail(error, status, NULL, "%s", pf_status_text(status));
		}
	}
	pf_scorer_destroy(scorer);
	pf_burst_list_free(&bursts);
	return status;
}

const struct pf_variant pf_reference_variant = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "reference",
	.summary = "the scorer, photo by photo, in one process",
	.change = "none",
	.principle = "check the output before showing a time",
	.hypothesis = "none",
	.expected = "none",
	.run = run_reference,
};
