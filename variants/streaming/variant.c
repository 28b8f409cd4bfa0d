/* streaming: a burst goes to the workers the moment it is complete, while detection goes on. */
#include "photofinish/variant.h"
#include "photofinish/crew.h"

/* The workers are there from the start. Between looks at them, the parent takes one photo more into
 * detection; pf_crew_add puts what that completes on the list that the workers take from. */
static pf_status detect_one_photo(pf_crew *crew, bool *more, pf_error *error)
{
	if (pf_cancelled(crew->env)) {
		return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
	}
	return pf_burst_scan_step(crew->context, more, error);
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
		crew.feed = detect_one_photo;
		crew.context = scan;
		status = pf_crew_run(&crew, error);
	}
	pf_burst_scan_destroy(scan);
	pf_crew_close(&crew);
	return status;
}

const struct pf_variant pf_variant_streaming = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "streaming",
	.parent = "parallel",
	.summary = "bursts go to the workers while detection goes on",
	.change = "a burst is handed on the moment it is complete, not when the last one is",
	.principle = "do not wait for all when one is enough to begin",
	.hypothesis = "the workers have nothing to do while all bursts are detected first",
	.expected = "above 256 photos the first result comes as early whatever their number; "
		    "the run is shorter by up to (1 - 1/N) of detection",
	.caps = PF_CAP_WORKERS,
	.run = run,
	.purpose = PF_PURPOSE_FIRST_RESULT,
};
