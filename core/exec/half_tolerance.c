#include "photofinish/variant.h"

const struct pf_variant_tolerance pf_half_tolerance = {
	.total = 0.02,
	.factors = {[PF_FACTOR_SHARPNESS] = 0.05,
		    [PF_FACTOR_FORM] = 0.02,
		    [PF_FACTOR_STEADINESS] = 0.05,
		    [PF_FACTOR_EXPOSURE] = 0.02,
		    [PF_FACTOR_COMPOSITION] = 0.05},
	.measures = {[PF_MEASURE_LAPLACIAN] = 2,
		     [PF_MEASURE_TENENGRAD] = 10,
		     [PF_MEASURE_EDGE_WIDTH] = 0.2,
		     [PF_MEASURE_COHERENCE] = 0.1,
		     [PF_MEASURE_BLUR_ANGLE] = PF_NOT_COMPARED, /* it turns once round */
		     [PF_MEASURE_SUBJECT_X] = 4.0 / 288,
		     [PF_MEASURE_SUBJECT_Y] = 4.0 / 288,
		     [PF_MEASURE_SUBJECT_BORDER] = 0.05,
		     [PF_MEASURE_POSE] = 0.01,
		     [PF_MEASURE_KEYPOINTS] = 1,
		     [PF_MEASURE_POSE_LEFT] = 4.0 / 288,
		     [PF_MEASURE_POSE_TOP] = 4.0 / 288,
		     [PF_MEASURE_POSE_RIGHT] = 4.0 / 288,
		     [PF_MEASURE_POSE_BOTTOM] = 4.0 / 288,
		     [PF_MEASURE_TILES_UPPER] = PF_NOT_COMPARED, /* sets of bits */
		     [PF_MEASURE_TILES_LOWER] = PF_NOT_COMPARED,
		     [PF_MEASURE_EXTENSION] = 0.05,
		     [PF_MEASURE_AIRBORNE] = 0.05,
		     [PF_MEASURE_DRIVE] = 0.05,
		     [PF_MEASURE_SYMMETRY] = 0.05,
		     [PF_MEASURE_CUT] = 0.2},
	.best_shots = 0.99,
	.rank_correlation = 0.95,
};
