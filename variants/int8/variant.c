/* int8: fast-exact, with the convolutions of the pose network in 8-bit integers. */
#include "photofinish/variant.h"
#include "photofinish/crew.h"

enum {
	STRATEGY = PF_STRATEGY_OWN_DECODER | PF_STRATEGY_FUSED | PF_STRATEGY_EXACT_FACES |
		   PF_STRATEGY_QUICK_START | PF_STRATEGY_LONGEST_FIRST | PF_STRATEGY_PAIRS | PF_STRATEGY_INT8
};

/* What comes of the pose. Two places of a map that are equally high may change places, and then a keypoint
 * lies elsewhere: single measures are wide, the totals are not. */
static const struct pf_variant_tolerance tolerance = {
	.total = 0.1,
	.factors = {[PF_FACTOR_SHARPNESS] = 0.3,
		    [PF_FACTOR_FORM] = 1,
		    [PF_FACTOR_STEADINESS] = 0.3,
		    [PF_FACTOR_COMPOSITION] = 1},
	.measures = {[PF_MEASURE_LAPLACIAN] = 50,
		     [PF_MEASURE_TENENGRAD] = 300,
		     [PF_MEASURE_EDGE_WIDTH] = 3,
		     [PF_MEASURE_COHERENCE] = 1,
		     [PF_MEASURE_BLUR_ANGLE] = PF_NOT_COMPARED,
		     [PF_MEASURE_SUBJECT_X] = 0.3,
		     [PF_MEASURE_SUBJECT_Y] = 0.3,
		     [PF_MEASURE_SUBJECT_BORDER] = 1,
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

const struct pf_variant pf_variant_int8 = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "int8",
	.parent = "fast-exact",
	.summary = "fast-exact with the pose network's convolutions in 8-bit integers",
	.change = "weights and activations of the convolutions have 8 bits, sums 32",
	.principle = "do not compute more exactly than the answer needs",
	.hypothesis = "a keypoint is the place of a maximum, which small errors of its height do not move",
	.expected = "the network at 3 times the speed with VNNI, the same keypoints but for a few",
	.caps = PF_CAP_WORKERS | PF_CAP_APPROX,
	.tolerance = &tolerance,
	.probe = probe,
	.run = run,
	.strategy = STRATEGY,
};
