/* parallel: bursts are independent, so worker processes take them one by one; each reads its own photos. */
#include "photofinish/variant.h"
#include "photofinish/crew.h"
#include "photofinish/intake.h"

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	pf_crew crew;
	pf_burst_scan *scan = NULL;

	pf_status status = pf_crew_open(&crew, env, dataset, sink, error);
	if (status == PF_OK) {
		status = pf_burst_scan_create(dataset, crew.trace, pf_crew_add, &crew, &scan, error);
	}
	if (status == PF_OK) { /* all bursts are detected first */
		status = pf_burst_scan_rest(scan, env->cancel, error);
	}
	if (status == PF_OK) { /* then each worker takes the next one as soon as it is free */
		status = pf_crew_run(&crew, error);
	}
	pf_burst_scan_destroy(scan);
	pf_crew_close(&crew);
	return status;
}

/* Photos that come one by one go to the same workers, which then live on. */
static pf_status open_intake(const struct pf_env *env, const pf_intake_order *order, pf_intake **out,
			     pf_error *error)
{
	return pf_intake_open(env, order, 0, out, error);
}

const struct pf_variant pf_variant_parallel = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "parallel",
	.parent = "single-load",
	.summary = "worker processes take bursts, each reads its own photos",
	.change = "N worker processes instead of one",
	.principle = "independent work runs side by side",
	.hypothesis = "bursts share nothing, so N workers are nearly N times as fast",
	.expected = "at most min(workers, cores) times single-load; detection stays serial",
	.caps = PF_CAP_WORKERS,
	.run = run,
	.open_intake = open_intake,
};
