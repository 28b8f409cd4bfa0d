/* What scoring a photo yields: measures with units, factors from 0 to 1, and the fused score.
 * docs/scoring.md states every formula. */
#ifndef PHOTOFINISH_SCORE_H
#define PHOTOFINISH_SCORE_H

#include <stddef.h>
#include <stdint.h>

#include "photofinish/status.h"

/* Raised whenever the same photo may score differently on purpose. */
#define PF_SCORING_VERSION 4

/* Default weight of pf_standing's timing, beside those of the factors: together they are 1. */
#define PF_TIMING_WEIGHT 0.06

/* X(constant, name, default weight, what it says); factors run from 0 (worst) to 1 (best). */
#define PF_FACTOR_LIST(X)                                                                            \
	X(PF_FACTOR_SHARPNESS, "sharpness", 0.40, "detail on the athlete, or in the sharpest tiles") \
	X(PF_FACTOR_FORM, "form", 0.08, "athletic form: stretched, airborne, driving")               \
	X(PF_FACTOR_STEADINESS, "steadiness", 0.06, "freedom from motion blur")                      \
	X(PF_FACTOR_EXPOSURE, "exposure", 0.26, "brightness in range, little clipped")               \
	X(PF_FACTOR_CONTRAST, "contrast", 0.02, "spread of the tones")                               \
	X(PF_FACTOR_NOISE, "noise", 0.01, "freedom from noise")                                      \
	X(PF_FACTOR_COLOUR, "colour", 0.01, "colourfulness")                                         \
	X(PF_FACTOR_FACES, "faces", 0.03, "a face of good size, well placed")                        \
	X(PF_FACTOR_COMPOSITION, "composition", 0.07, "where the athlete lies in the frame, uncut")

#define PF_FACTOR_ENUM(constant, name, weight, text) constant,
typedef enum pf_factor { PF_FACTOR_LIST(PF_FACTOR_ENUM) PF_FACTOR_COUNT } pf_factor;
#undef PF_FACTOR_ENUM

/* X(constant, name, unit, what it is) */
#define PF_MEASURE_LIST(X)                                                                                  \
	X(PF_MEASURE_WIDTH, "width", "px", "width as stored")                                               \
	X(PF_MEASURE_HEIGHT, "height", "px", "height as stored")                                            \
	X(PF_MEASURE_ORIENTATION, "orientation", "EXIF", "how the photo is turned, 1 to 8")                 \
	X(PF_MEASURE_SCALE, "scale", "px", "side of the boxes that the analysis plane averages")            \
	X(PF_MEASURE_FLAWS, "flaws", "bits", "flaws of the file that take nothing from the picture")        \
	X(PF_MEASURE_EXPOSURE_TIME, "exposure_time", "s", "by EXIF, 0 where it does not tell")              \
	X(PF_MEASURE_F_NUMBER, "f_number", "f-number", "by EXIF, 0 where it does not tell")                 \
	X(PF_MEASURE_ISO, "iso", "ISO", "by EXIF, 0 where it does not tell")                                \
	X(PF_MEASURE_LAPLACIAN, "laplacian", "level", "RMS Laplacian of the (athlete's) 8 sharpest tiles")  \
	X(PF_MEASURE_TENENGRAD, "tenengrad", "level", "RMS Sobel gradient of those tiles")                  \
	X(PF_MEASURE_EDGE_WIDTH, "edge_width", "px", "blur of the edges there, as a Gaussian's sigma")      \
	X(PF_MEASURE_COHERENCE, "coherence", "1", "how much gradients share one direction")                 \
	X(PF_MEASURE_BLUR_ANGLE, "blur_angle", "deg", "direction of least gradient, upright, 0 to 180")     \
	X(PF_MEASURE_BRIGHTNESS, "brightness", "level", "mean of Y")                                        \
	X(PF_MEASURE_LUMINANCE, "luminance", "stops", "mean of the logarithm of the light, above 18 %")     \
	X(PF_MEASURE_CLIPPED_HIGH, "clipped_high", "1", "share of Y at 250 and above")                      \
	X(PF_MEASURE_CLIPPED_LOW, "clipped_low", "1", "share of Y at 5 and below")                          \
	X(PF_MEASURE_CONTRAST, "contrast", "level", "99th less 1st percentile of Y")                        \
	X(PF_MEASURE_NOISE, "noise", "level", "noise's standard deviation in the quietest tiles")           \
	X(PF_MEASURE_COLOURFULNESS, "colourfulness", "level", "after Hasler and Suesstrunk")                \
	X(PF_MEASURE_SUBJECT_X, "subject_x", "1",                                                           \
	  "the athlete's, or the sharp tiles', centre from the left, upright")                              \
	X(PF_MEASURE_SUBJECT_Y, "subject_y", "1", "the same from the top, upright")                         \
	X(PF_MEASURE_SUBJECT_BORDER, "subject_border", "1",                                                 \
	  "share of the sharp tiles' detail at the border")                                                 \
	X(PF_MEASURE_FACES, "faces", "faces", "number of faces found")                                      \
	X(PF_MEASURE_FACE_X, "face_x", "1", "centre of the largest face from the left, upright")            \
	X(PF_MEASURE_FACE_Y, "face_y", "1", "centre of the largest face from the top, upright")             \
	X(PF_MEASURE_FACE_SIZE, "face_size", "1", "its side as a share of the photo's shorter side")        \
	X(PF_MEASURE_FACE_MARGIN, "face_margin", "1", "its distance from the photo's border in face sides") \
	X(PF_MEASURE_POSE, "pose", "1", "confidence of the pose")                                           \
	X(PF_MEASURE_KEYPOINTS, "keypoints", "keypoints", "keypoints seen, 0 where no athlete was found")   \
	X(PF_MEASURE_POSE_LEFT, "pose_left", "1", "left edge of the athlete's box, upright")                \
	X(PF_MEASURE_POSE_TOP, "pose_top", "1", "its top edge")                                             \
	X(PF_MEASURE_POSE_RIGHT, "pose_right", "1", "its right edge")                                       \
	X(PF_MEASURE_POSE_BOTTOM, "pose_bottom", "1", "its bottom edge")                                    \
	X(PF_MEASURE_TILES_UPPER, "tiles_upper", "bits",                                                    \
	  "tiles of the athlete, upper half of the stored photo")                                           \
	X(PF_MEASURE_TILES_LOWER, "tiles_lower", "bits", "the same, lower half")                            \
	X(PF_MEASURE_EXTENSION, "extension", "1", "reach from limb to limb over the way along the body")    \
	X(PF_MEASURE_AIRBORNE, "airborne", "1", "how little either leg stands below the hip")               \
	X(PF_MEASURE_DRIVE, "drive", "1", "height of the higher knee or hand, 0 hanging to 1 upright")      \
	X(PF_MEASURE_SYMMETRY, "symmetry", "1", "agreement of the left limbs with the right, mirrored")     \
	X(PF_MEASURE_CUT, "cut", "1", "share of head, hands and feet that the border cuts off")

#define PF_MEASURE_ENUM(constant, name, unit, text) constant,
typedef enum pf_measure { PF_MEASURE_LIST(PF_MEASURE_ENUM) PF_MEASURE_COUNT } pf_measure;
#undef PF_MEASURE_ENUM

typedef struct pf_score {
	double total; /* weighted mean of the factors, 0 to 1 */
	double factors[PF_FACTOR_COUNT];
	double measures[PF_MEASURE_COUNT];
} pf_score;

PF_API const char *pf_factor_name(pf_factor factor);
PF_API const char *pf_factor_text(pf_factor factor);
PF_API const char *pf_measure_name(pf_measure measure);
PF_API const char *pf_measure_unit(pf_measure measure);
PF_API const char *pf_measure_text(pf_measure measure);

/* How a photo stands within its burst. */
typedef struct pf_standing {
	double total;                    /* weighted mean of what follows, 0 to 1 */
	double factors[PF_FACTOR_COUNT]; /* the photo's; sharpness and exposure judged against the burst */
	double timing;                   /* 1 in the middle of the burst, 0 at its ends */
} pf_standing;

#endif
