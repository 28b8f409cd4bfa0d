/* Plug-ins whose scores are approximate, each chosen by a definition: WITHIN keeps the tolerance that it
 * states, OUTSIDE does not, REORDERED keeps it and hands out the ranks of each burst in reverse. */
#include "photofinish/exec.h"
#include "photofinish/variant.h"

#define OFF_BY 0x1p-14 /* more than rounding, less than anyone sees */

static pf_status score_photo(const pf_burst_worker *worker, size_t index, pf_score *score, pf_error *error)
{
	pf_status status = pf_scorer_photo(worker->scorer, worker->dataset, index, score, error);
	score->total += status == PF_OK ? OFF_BY : 0;
	return status;
}

/* Between the bursts' scoring and the harness. */
struct between {
	struct pf_sink sink; /* first: the functions cast back */
	struct pf_sink *to;
};

static pf_status burst_found(struct pf_sink *sink, const pf_burst *burst)
{
	struct pf_sink *to = ((struct between *)sink)->to;
	return to->burst_found(to, burst);
}

static pf_status photo_done(struct pf_sink *sink, const pf_photo_result *result)
{
	struct pf_sink *to = ((struct between *)sink)->to;
	return to->photo_done(to, result);
}

static pf_status burst_ranked(struct pf_sink *sink, const pf_burst *burst, const uint32_t *ranks)
{
	enum { MOST = 256 };
	struct pf_sink *to = ((struct between *)sink)->to;
	uint32_t own[MOST], most = 0;
	for (uint32_t i = 0; i < burst->count && i < MOST; i++) {
		own[i] = ranks[i];
		most = ranks[i] > most ? ranks[i] : most;
	}
#ifdef REORDERED
	for (uint32_t i = 0; i < burst->count && i < MOST; i++) {
		own[i] = own[i] ? most + 1 - own[i] : 0;
	}
#endif
	return to->burst_ranked(to, burst, own);
}

/* As single-load, but for what the above do to scores and ranks. */
static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	struct between between = {.sink = {sizeof(struct pf_sink), burst_found, photo_done, burst_ranked},
				  .to = sink};
	pf_burst_list bursts = {0};
	pf_burst_worker worker = {0};
	pf_result_table *table = NULL;
	pf_status status = pf_result_table_create(dataset->count, &table, error);
	if (status == PF_OK) {
		status = pf_burst_list_detect(dataset, env->cancel, &env->traces[0], pf_burst_tell,
					      &between.sink, &bursts, error);
	}
	if (status == PF_OK) {
		status = pf_burst_worker_open(&worker, env, 0, dataset, table, &between.sink, error);
	}
	worker.score_photo = score_photo;
	for (size_t i = 0; i < bursts.count && status == PF_OK; i++) {
		status = pf_burst_score(&worker, &bursts.bursts[i], error);
	}
	pf_burst_worker_close(&worker);
	pf_burst_list_free(&bursts);
	pf_result_table_destroy(table);
	return status;
}

static const struct pf_variant_tolerance tolerance = {
#ifdef OUTSIDE
	.total = OFF_BY / 2,
#else
	.total = 2 * OFF_BY,
#endif
	.best_shots = 0.9,
	.rank_correlation = 0.8,
};

PF_API const struct pf_variant pf_plugin_variant = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "near",
	.parent = "single-load",
	.summary = "scores photos, nearly",
	.change = "how exact a score is",
	.principle = "none",
	.hypothesis = "it is held to what it states",
	.expected = "a verdict",
	.caps = PF_CAP_APPROX,
	.tolerance = &tolerance,
	.run = run,
};
