/* fast-exact: all that makes scoring faster without a change of any bit, together. */
#include "photofinish/variant.h"
#include "photofinish/crew.h"
#include "photofinish/intake.h"

enum {
	STRATEGY = PF_STRATEGY_OWN_DECODER | PF_STRATEGY_FUSED | PF_STRATEGY_EXACT_FACES |
		   PF_STRATEGY_QUICK_START | PF_STRATEGY_LONGEST_FIRST | PF_STRATEGY_PAIRS
};

static pf_status probe(const struct pf_env *env, const char **why_not)
{
	*why_not = pf_scorer_strategy_problem(env->scorer, STRATEGY);
	return *why_not ? PF_ERR_UNAVAILABLE : PF_OK;
}

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	return pf_crew_score_all(env, dataset, sink, STRATEGY, error);
}

static pf_status open_intake(const struct pf_env *env, const pf_intake_order *order, pf_intake **out,
			     pf_error *error)
{
	return pf_intake_open(env, order, STRATEGY, out, error);
}

const struct pf_variant pf_variant_fast_exact = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "fast-exact",
	.parent = "exact-faces",
	.summary = "every strategy of the scorer that leaves all bits as they are, together",
	.change = "with the search of our own also the other strategies of the scorer",
	.principle = "gains in different stages add up, as long as no stage waits for another",
	.hypothesis = "each strategy saves time of a stage of its own, so together they save the sum",
	.expected = "the sum of what the single ones save, in seconds",
	.caps = PF_CAP_WORKERS,
	.probe = probe,
	.run = run,
	.open_intake = open_intake,
	.strategy = STRATEGY,
};
