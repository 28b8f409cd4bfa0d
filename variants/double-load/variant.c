/* double-load: the baseline. One worker; all bursts are detected first; then each photo is read and decoded
 * twice, once for the AI and once for the analysis. */
#include "photofinish/variant.h"
#include "photofinish/exec.h"
#include "photofinish/image.h"

static pf_image for_ai, for_analysis; /* the buffers are reused from photo to photo */

/* Each part loads the photo for itself, as functions do that take a file name and know nothing of each other.
 */
static pf_status load_twice(const pf_burst_worker *worker, size_t index, pf_score *score, pf_error *error)
{
	pf_scorer *scorer = worker->scorer;
	pf_status status = pf_scorer_load(scorer, worker->dataset, index, &for_ai, error);
	if (status == PF_OK) {
		status = pf_scorer_detect(scorer, &for_ai, score, error);
	}
	if (status == PF_OK) {
		status = pf_scorer_load(scorer, worker->dataset, index, &for_analysis, error);
	}
	if (status == PF_OK) {
		status = pf_scorer_analyse(scorer, &for_analysis, score, error);
	}
	if (status == PF_OK) {
		pf_scorer_fuse(scorer, score);
	}
	return status;
}

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	pf_burst_list bursts = {0};
	pf_burst_worker worker = {0};
	pf_result_table *table = NULL;

	pf_status status = pf_result_table_create(dataset->count, &table, error);
	if (status == PF_OK) {
		status = pf_burst_list_detect(dataset, env->cancel, &env->traces[0], pf_burst_tell, sink,
					      &bursts, error);
	}
	if (status == PF_OK) {
		status = pf_burst_worker_open(&worker, env, 0, dataset, table, sink, error);
	}
	worker.score_photo = load_twice;
	for (size_t i = 0; i < bursts.count && status == PF_OK; i++) {
		status = pf_burst_score(&worker, &bursts.bursts[i], error);
	}
	pf_burst_worker_close(&worker);
	pf_image_release(&for_ai);
	pf_image_release(&for_analysis);
	pf_burst_list_free(&bursts);
	pf_result_table_destroy(table);
	return status;
}

const struct pf_variant pf_variant_double_load = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "double-load",
	.parent = NULL,
	.summary = "the baseline: one worker, every photo read and decoded twice",
	.change = "none: everything else is compared with it",
	.principle = "measure the baseline before changing anything",
	.hypothesis = "the parts of the program were written apart, and each loads the photo for itself",
	.expected = "reading and decoding take a large share of the time",
	.run = run,
};
