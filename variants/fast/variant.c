/* fast: all that makes scoring faster and is as near to the truth as the plain path. */
#include "photofinish/variant.h"
#include "photofinish/crew.h"
#include "photofinish/intake.h"

enum {
	STRATEGY = PF_STRATEGY_OWN_DECODER | PF_STRATEGY_FUSED | PF_STRATEGY_EXACT_FACES |
		   PF_STRATEGY_QUICK_START | PF_STRATEGY_LONGEST_FIRST | PF_STRATEGY_PAIRS |
		   PF_STRATEGY_HEAD_WINDOW | PF_STRATEGY_INT8
};

/* What head-window and int8 state, together. Not in it: half-luma, which does not pass its gates. */
static const struct pf_variant_tolerance tolerance = {
	.total = 0.1,
	.factors = {[PF_FACTOR_SHARPNESS] = 0.3,
		    [PF_FACTOR_FORM] = 1,
		    [PF_FACTOR_STEADINESS] = 0.3,
		    [PF_FACTOR_FACES] = 1,
		    [PF_FACTOR_COMPOSITION] = 1},
	.measures = {[PF_MEASURE_LAPLACIAN] = 50,
		     [PF_MEASURE_TENENGRAD] = 300,
		     [PF_MEASURE_EDGE_WIDTH] = 3,
		     [PF_MEASURE_COHERENCE] = 1,
		     [PF_MEASURE_BLUR_ANGLE] = PF_NOT_COMPARED,
		     [PF_MEASURE_SUBJECT_X] = 0.3,
		     [PF_MEASURE_SUBJECT_Y] = 0.3,
		     [PF_MEASURE_SUBJECT_BORDER] = 1,
		     [PF_MEASURE_FACES] = 64,
		     [PF_MEASURE_FACE_X] = 1,
		     [PF_MEASURE_FACE_Y] = 1,
		     [PF_MEASURE_FACE_SIZE] = 1,
		     [PF_MEASURE_FACE_MARGIN] = 32,
		     [PF_MEASURE_POSE] = 0.1,
		     [PF_MEASURE_KEYPOINTS] = 8,
		     [PF_MEASURE_POSE_LEFT] = 0.5,
		     [PF_MEASURE_POSE_TOP] = 0.5,
		     [PF_MEASURE_POSE_RIGHT] = 0.5,
		     [PF_MEASURE_POSE_BOTTOM] = 0.5,
		     [PF_MEASURE_TILES_UPPER] = PF_NOT_COMPARED,
		     [PF_MEASURE_TILES_LOWER] = PF_NOT_COMPARED,
		     [PF_MEASURE_EXTENSION] = 1,
		     [PF_MEASURE_AIRBORNE] = 1,
		     [PF_MEASURE_DRIVE] = 1,
		     [PF_MEASURE_SYMMETRY] = 1,
		     [PF_MEASURE_CUT] = 1},
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

static pf_status open_intake(const struct pf_env *env, const pf_intake_order *order, pf_intake **out,
			     pf_error *error)
{
	return pf_intake_open(env, order, STRATEGY, out, error);
}

const struct pf_variant pf_variant_fast = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "fast",
	.parent = "fast-exact",
	.summary =
		"every strategy of the scorer that paid and passed its gate, exact ones and approximate ones",
	.change = "approximate strategies beside the exact ones",
	.principle = "what decides is the distance from the truth, not from the plain path",
	.hypothesis =
		"the approximate strategies save time in different stages, so together they save the sum of it",
	.expected = "the sum of what the single ones save",
	.caps = PF_CAP_WORKERS | PF_CAP_APPROX,
	.tolerance = &tolerance,
	.probe = probe,
	.run = run,
	.open_intake = open_intake,
	.strategy = STRATEGY,
};
