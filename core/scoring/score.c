#include "core/scoring/fusion.h"

#include <math.h>

#define PF_FACTOR_NAME(constant, name, weight, text) name,
static const char *const factor_names[] = {PF_FACTOR_LIST(PF_FACTOR_NAME)};
#define PF_FACTOR_TEXT(constant, name, weight, text) text,
static const char *const factor_texts[] = {PF_FACTOR_LIST(PF_FACTOR_TEXT)};
#define PF_MEASURE_NAME(constant, name, unit, text) name,
static const char *const measure_names[] = {PF_MEASURE_LIST(PF_MEASURE_NAME)};
#define PF_MEASURE_UNIT(constant, name, unit, text) unit,
static const char *const measure_units[] = {PF_MEASURE_LIST(PF_MEASURE_UNIT)};
#define PF_MEASURE_TEXT(constant, name, unit, text) text,
static const char *const measure_texts[] = {PF_MEASURE_LIST(PF_MEASURE_TEXT)};

const char *pf_factor_name(pf_factor factor)
{
	return (unsigned)factor < PF_FACTOR_COUNT ? factor_names[factor] : "unknown";
}

const char *pf_factor_text(pf_factor factor)
{
	return (unsigned)factor < PF_FACTOR_COUNT ? factor_texts[factor] : "unknown factor";
}

const char *pf_measure_name(pf_measure measure)
{
	return (unsigned)measure < PF_MEASURE_COUNT ? measure_names[measure] : "unknown";
}

const char *pf_measure_unit(pf_measure measure)
{
	return (unsigned)measure < PF_MEASURE_COUNT ? measure_units[measure] : "unknown";
}

const char *pf_measure_text(pf_measure measure)
{
	return (unsigned)measure < PF_MEASURE_COUNT ? measure_texts[measure] : "unknown measure";
}

/* The constants of the factors; docs/scoring.md says why they are what they are. */
#define LAPLACIAN_HALF 16.0  /* level: RMS Laplacian at which detail counts half */
#define EDGE_WIDTH_HALF 1.0  /* px of the analysis plane: blur at which acuity counts half */
#define MID_GREY 118.0       /* level: 18 % reflectance in sRGB */
#define CLIPPED_HALF 0.10    /* share of clipped samples at which exposure counts half */
#define NOISE_HALF 4.0       /* level */
#define COLOURFUL_FULL 109.0 /* level: "extremely colourful" in Hasler and Suesstrunk */
#define FACE_SIZE_FULL 0.10  /* of the photo's shorter side */
#define FACE_MARGIN_FULL 0.5 /* face sides */
#define EXTENSION_SHARE 0.4  /* of form; the rest is inferred more than measured */
#define AIRBORNE_SHARE 0.3
#define STYLE_SHARE 0.3
#define POSE_CERTAIN 0.5 /* confidence from which on form counts in full */

static double limit_01(double value)
{
	return value < 0.0 ? 0.0 : value > 1.0 ? 1.0 : value;
}

/* 1 at 0, 1/2 at `half`, towards 0 beyond. */
static double falling(double value, double half)
{
	return half / (half + value);
}

static double sharpness(const double *m)
{
	double detail = m[PF_MEASURE_LAPLACIAN] / (m[PF_MEASURE_LAPLACIAN] + LAPLACIAN_HALF);
	double width = m[PF_MEASURE_EDGE_WIDTH];
	return sqrt(detail * falling(width * width, EDGE_WIDTH_HALF * EDGE_WIDTH_HALF));
}

static double exposure(const double *m)
{
	double distance = m[PF_MEASURE_BRIGHTNESS] - MID_GREY;
	distance /= distance < 0.0 ? MID_GREY : 255.0 - MID_GREY;
	double clipped = m[PF_MEASURE_CLIPPED_HIGH] + m[PF_MEASURE_CLIPPED_LOW] / 2.0;
	return (1.0 - distance * distance) * falling(clipped, CLIPPED_HALF);
}

static double faces(const double *m)
{
	if (m[PF_MEASURE_FACES] <= 0.0) {
		return 0.0;
	}
	double size = limit_01(m[PF_MEASURE_FACE_SIZE] / FACE_SIZE_FULL);
	double margin = limit_01(m[PF_MEASURE_FACE_MARGIN] / FACE_MARGIN_FULL);
	return size * (0.5 + 0.5 * margin);
}

/* 1 in the middle third, which the rule of thirds bounds, falling to 0 at the border. */
static double placement(double at)
{
	double distance = at < 0.5 ? 1.0 / 3.0 - at : at - 2.0 / 3.0;
	return limit_01(1.0 - 3.0 * (distance > 0.0 ? distance : 0.0));
}

static bool has_pose(const double *m)
{
	return m[PF_MEASURE_KEYPOINTS] > 0.0;
}

static double composition(const double *m)
{
	double cut = has_pose(m) ? limit_01(m[PF_MEASURE_CUT]) : m[PF_MEASURE_SUBJECT_BORDER] / 2.0;
	return placement(m[PF_MEASURE_SUBJECT_X]) * placement(m[PF_MEASURE_SUBJECT_Y]) * (1.0 - cut);
}

/* Driving limbs make one kind of style; symmetry makes another, but only in the air: everybody stands
 * symmetrically. */
static double form(const double *m)
{
	if (!has_pose(m)) {
		return 0.0;
	}
	double drive = m[PF_MEASURE_DRIVE], flown = m[PF_MEASURE_SYMMETRY] * m[PF_MEASURE_AIRBORNE];
	double seen = EXTENSION_SHARE * m[PF_MEASURE_EXTENSION] + AIRBORNE_SHARE * m[PF_MEASURE_AIRBORNE] +
		      STYLE_SHARE * (drive > flown ? drive : flown);
	return seen * limit_01(m[PF_MEASURE_POSE] / POSE_CERTAIN);
}

void pf_fusion_factors(pf_score *score)
{
	const double *m = score->measures;
	double *factors = score->factors;
	double noise = m[PF_MEASURE_NOISE];
	/* Without any detail there is no subject, and nothing shows that the camera was held still. */
	bool blank = m[PF_MEASURE_LAPLACIAN] <= 0.0;
	factors[PF_FACTOR_SHARPNESS] = blank ? 0.0 : sharpness(m);
	factors[PF_FACTOR_FORM] = form(m);
	factors[PF_FACTOR_STEADINESS] = blank ? 0.0 : 1.0 - m[PF_MEASURE_COHERENCE];
	factors[PF_FACTOR_EXPOSURE] = exposure(m);
	factors[PF_FACTOR_CONTRAST] = m[PF_MEASURE_CONTRAST] / 255.0;
	factors[PF_FACTOR_NOISE] = falling(noise * noise, NOISE_HALF * NOISE_HALF);
	factors[PF_FACTOR_COLOUR] = m[PF_MEASURE_COLOURFULNESS] / COLOURFUL_FULL;
	factors[PF_FACTOR_FACES] = faces(m);
	factors[PF_FACTOR_COMPOSITION] = blank && !has_pose(m) ? 0.0 : composition(m);
	for (unsigned i = 0; i < PF_FACTOR_COUNT; i++) {
		factors[i] = limit_01(factors[i]);
	}
}

void pf_fusion_total(const double *weights, pf_score *score)
{
	double sum = 0.0, total = 0.0;
	for (unsigned i = 0; i < PF_FACTOR_COUNT; i++) {
		sum += weights[i];
	}
	for (unsigned i = 0; i < PF_FACTOR_COUNT; i++) {
		total += weights[i] / sum * score->factors[i];
	}
	score->total = limit_01(total);
}
