/* half-luma: fast-exact, with luma decoded at half size where nothing needs more. */
#include "photofinish/variant.h"
#include "photofinish/crew.h"

enum {
	STRATEGY = PF_STRATEGY_OWN_DECODER | PF_STRATEGY_FUSED | PF_STRATEGY_EXACT_FACES |
		   PF_STRATEGY_QUICK_START | PF_STRATEGY_LONGEST_FIRST | PF_STRATEGY_PAIRS |
		   PF_STRATEGY_HALF_LUMA
};

/* The plane that all is measured on differs by rounding: exposure and contrast by little. A pose whose
 * maximum lies in another place, or a face that is found no more, are rare and move single measures far. */
static const struct pf_variant_tolerance tolerance = {
	.total = 0.1,
	.factors = {[PF_FACTOR_SHARPNESS] = 0.5,
		    [PF_FACTOR_FORM] = 1,
		    [PF_FACTOR_EXPOSURE] = 0.02,
		    [PF_FACTOR_STEADINESS] = 0.5,
		    [PF_FACTOR_FACES] = 1,
		    [PF_FACTOR_COMPOSITION] = 1,
		    [PF_FACTOR_CONTRAST] = 0.02,
		    [PF_FACTOR_NOISE] = 0.05},
	.measures = {[PF_MEASURE_NOISE] = 0.3,
		     [PF_MEASURE_LAPLACIAN] = 50,
		     [PF_MEASURE_TENENGRAD] = 300,
		     [PF_MEASURE_EDGE_WIDTH] = 5,
		     [PF_MEASURE_COHERENCE] = 0.5,
		     [PF_MEASURE_BLUR_ANGLE] = PF_NOT_COMPARED,
		     [PF_MEASURE_BRIGHTNESS] = 0.5,
		     [PF_MEASURE_LUMINANCE] = 0.1,
		     [PF_MEASURE_CLIPPED_HIGH] = 0.02,
		     [PF_MEASURE_CLIPPED_LOW] = 0.02,
		     [PF_MEASURE_CONTRAST] = 4,
		     [PF_MEASURE_SUBJECT_X] = 0.5,
		     [PF_MEASURE_SUBJECT_Y] = 0.5,
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

const struct pf_variant pf_variant_half_luma = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "half-luma",
	.parent = "fast-exact",
	.summary = "fast-exact with luma decoded at half size, where that is enough",
	.change = "the inverse DCT yields the mean of each four samples at once",
	.principle = "do not make what is only averaged away",
	.hypothesis =
		"photos beyond 3,072 px are analysed at half their size, so the means of four are all that is used",
	.expected =
		"the inverse DCT in half the time, a quarter of the luma to read for quality, faces and pose",
	.caps = PF_CAP_WORKERS | PF_CAP_APPROX,
	.tolerance = &tolerance,
	.probe = probe,
	.run = run,
	.strategy = STRATEGY,
};
