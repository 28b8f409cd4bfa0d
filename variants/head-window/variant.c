/* head-window: fast-exact, with faces searched around the head that the pose has found. */
#include "photofinish/variant.h"
#include "photofinish/crew.h"

enum {
	STRATEGY = PF_STRATEGY_OWN_DECODER | PF_STRATEGY_FUSED | PF_STRATEGY_EXACT_FACES |
		   PF_STRATEGY_QUICK_START | PF_STRATEGY_LONGEST_FIRST | PF_STRATEGY_PAIRS |
		   PF_STRATEGY_HEAD_WINDOW
};

/* A face may be there or not, and elsewhere: with it the factor of faces, whose weight is 0.03 of 0.94 in
 * all. Nothing else may differ. */
static const struct pf_variant_tolerance tolerance = {
	.total = 0.032,
	.factors = {[PF_FACTOR_FACES] = 1},
	.measures = {[PF_MEASURE_FACES] = 64,
		     [PF_MEASURE_FACE_X] = 1,
		     [PF_MEASURE_FACE_Y] = 1,
		     [PF_MEASURE_FACE_SIZE] = 1,
		     [PF_MEASURE_FACE_MARGIN] = 32},
	.best_shots = 0.8,
	.rank_correlation = 0.8,
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

const struct pf_variant pf_variant_head_window = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "head-window",
	.parent = "fast-exact",
	.summary = "fast-exact with faces searched around the athlete's head only",
	.change = "the cascade looks at the part of the picture around the head that the pose has found",
	.principle = "do not search where the answer cannot be",
	.hypothesis =
		"the athlete's face is at its head; what the cascade finds elsewhere are other people, or none",
	.expected = "the search costs a tenth; fewer faces are found that are none",
	.caps = PF_CAP_WORKERS | PF_CAP_APPROX,
	.tolerance = &tolerance,
	.probe = probe,
	.run = run,
	.strategy = STRATEGY,
};
