/* quick-start: parallel, with the models loaded once, by the process that forks the workers. */
#include "photofinish/variant.h"
#include "photofinish/crew.h"

enum { STRATEGY = PF_STRATEGY_QUICK_START };

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	return pf_crew_score_all(env, dataset, sink, STRATEGY, error);
}

const struct pf_variant pf_variant_quick_start = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "quick-start",
	.parent = "parallel",
	.summary = "parallel, with the models loaded once, before the workers are forked",
	.change = "workers inherit cascade and network; what upright photos need is loaded with the first",
	.principle = "do once what all need, and not at all what nobody needs",
	.hypothesis = "each worker reads the same models, and half of that is for photos that may not come",
	.expected =
		"one start-up in place of one for each worker, and half as long: seen where photos are few",
	.caps = PF_CAP_WORKERS,
	.run = run,
	.strategy = STRATEGY,
};
