/* reload: as parallel, but the models are opened again for each photo, as a function does that is given a
 * file name and a model name and keeps nothing. */
#include "photofinish/variant.h"
#include "photofinish/crew.h"

/* The scorer that the worker opened once stays unused. The spans `startup` of the fresh ones are what the
 * mistake costs; where a library keeps something between two loads, that is part of the answer. */
static pf_status open_then_score(const pf_burst_worker *worker, size_t index, pf_score *score,
				 pf_error *error)
{
	pf_scorer *fresh = NULL;
	pf_status status = pf_scorer_create(worker->env->scorer, worker->trace, &fresh, error);
	if (status == PF_OK) {
		status = pf_scorer_photo(fresh, worker->dataset, index, score, error);
	}
	pf_scorer_destroy(fresh);
	return status;
}

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	pf_crew crew;
	pf_burst_scan *scan = NULL;

	pf_status status = pf_crew_open(&crew, env, dataset, sink, error);
	if (status == PF_OK) {
		status = pf_burst_scan_create(dataset, crew.trace, pf_crew_add, &crew, &scan, error);
	}
	if (status == PF_OK) {
		status = pf_burst_scan_rest(scan, env->cancel, error);
	}
	if (status == PF_OK) {
		crew.score_photo = open_then_score;
		status = pf_crew_run(&crew, error);
	}
	pf_burst_scan_destroy(scan);
	pf_crew_close(&crew);
	return status;
}

const struct pf_variant pf_variant_reload = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "reload",
	.parent = "parallel",
	.summary = "the models are opened again for each photo",
	.change = "a fresh scorer for each photo instead of one for each worker",
	.principle = "what is the same for all photos is done once",
	.hypothesis = "loading a model is slow against using it once",
	.expected = "slower by the time of a load for each photo: the more, the smaller the photos",
	.caps = PF_CAP_WORKERS,
	.run = run,
};
