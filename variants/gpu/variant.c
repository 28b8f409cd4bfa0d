/* gpu: as parallel, with inference on the device; each worker has a context of its own on it. */
#include <string.h>

#include "photofinish/crew.h"
#include "photofinish/gpu.h"
#include "photofinish/strategy.h"
#include "photofinish/variant.h"

#define BACKEND "cudnn"

enum { OPTION_FALL_BACK };
static const struct pf_option options[] = {
	PF_GPU_FALL_BACK_OPTION,
	{0},
};

static pf_status probe(const struct pf_env *env, const char **why_not)
{
	return pf_gpu_probe(env->options && env->options[OPTION_FALL_BACK], env->scorer->preset, why_not);
}

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	pf_scorer_config on_device = *env->scorer;
	struct pf_env own = *env;
	pf_crew crew;
	pf_burst_scan *scan = NULL;

	memcpy(on_device.backend, BACKEND, sizeof BACKEND);
	on_device.strategy |= env->options[OPTION_FALL_BACK] ? PF_STRATEGY_FALL_BACK : 0;
	own.scorer = &on_device; /* what the workers open their scorers with, after the fork */

	pf_status status = pf_crew_open(&crew, &own, dataset, sink, error);
	if (status == PF_OK) {
		status = pf_burst_scan_create(dataset, crew.trace, pf_crew_add, &crew, &scan, error);
	}
	if (status == PF_OK) {
		status = pf_burst_scan_rest(scan, env->cancel, error);
	}
	if (status == PF_OK) {
		status = pf_crew_run(&crew, error);
	}
	pf_burst_scan_destroy(scan);
	pf_crew_close(&crew);
	return status;
}

const struct pf_variant pf_variant_gpu = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "gpu",
	.parent = "parallel",
	.summary = "worker processes take bursts, the pose network runs on the device",
	.change = "inference on the GPU instead of the CPU",
	.principle = "give each kind of work to what does it best",
	.hypothesis = "a network is thousands of equal sums, which a GPU does side by side",
	.expected =
		"the stage pose shrinks; reading and decoding stay, and bound the gain (the published step, "
		"workers and GPU together: 133 s to 56 s)",
	.caps = PF_CAP_WORKERS | PF_CAP_GPU | PF_CAP_APPROX,
	.options = options,
	.tolerance = &pf_half_tolerance,
	.probe = probe,
	.run = run,
};
