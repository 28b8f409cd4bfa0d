/* What a pose network finds in a photo: the main athlete's 17 keypoints in COCO's order. */
#ifndef PHOTOFINISH_POSE_H
#define PHOTOFINISH_POSE_H

#include <stdbool.h>

#include "photofinish/status.h"

/* X(constant, name); "left" is the athlete's left. The order of COCO's keypoints. */
#define PF_KEYPOINT_LIST(X)                             \
	X(PF_KEYPOINT_NOSE, "nose")                     \
	X(PF_KEYPOINT_LEFT_EYE, "left_eye")             \
	X(PF_KEYPOINT_RIGHT_EYE, "right_eye")           \
	X(PF_KEYPOINT_LEFT_EAR, "left_ear")             \
	X(PF_KEYPOINT_RIGHT_EAR, "right_ear")           \
	X(PF_KEYPOINT_LEFT_SHOULDER, "left_shoulder")   \
	X(PF_KEYPOINT_RIGHT_SHOULDER, "right_shoulder") \
	X(PF_KEYPOINT_LEFT_ELBOW, "left_elbow")         \
	X(PF_KEYPOINT_RIGHT_ELBOW, "right_elbow")       \
	X(PF_KEYPOINT_LEFT_WRIST, "left_wrist")         \
	X(PF_KEYPOINT_RIGHT_WRIST, "right_wrist")       \
	X(PF_KEYPOINT_LEFT_HIP, "left_hip")             \
	X(PF_KEYPOINT_RIGHT_HIP, "right_hip")           \
	X(PF_KEYPOINT_LEFT_KNEE, "left_knee")           \
	X(PF_KEYPOINT_RIGHT_KNEE, "right_knee")         \
	X(PF_KEYPOINT_LEFT_ANKLE, "left_ankle")         \
	X(PF_KEYPOINT_RIGHT_ANKLE, "right_ankle")

#define PF_KEYPOINT_ENUM(constant, name) constant,
typedef enum pf_keypoint { PF_KEYPOINT_LIST(PF_KEYPOINT_ENUM) PF_KEYPOINT_COUNT } pf_keypoint;
#undef PF_KEYPOINT_ENUM

/* A place in the upright photo as shares of its width and height, 0 at the left and top edge, 1 at the right
 * and bottom edge (the centre of pixel i of n lies at (i + 0.5) / n). A network may put a keypoint a little
 * outside. Always finite. */
typedef struct pf_pose_point {
	double x, y;
	double confidence; /* 0 to 1, the network's own; comparable within one model only */
	bool seen;         /* the confidence reaches the model's threshold for keypoints */
} pf_pose_point;

/* All keypoints are filled, also those that are not seen (for measuring accuracy). */
typedef struct pf_pose {
	pf_pose_point points[PF_KEYPOINT_COUNT];
	double left, top, right, bottom; /* box of the athlete, shares within 0..1; all 0 where not found */
	double confidence;               /* of the pose as a whole, 0 to 1 */
	bool found;                      /* the confidence reaches the model's threshold, enough is seen */
} pf_pose;

PF_API const char *pf_keypoint_name(pf_keypoint keypoint); /* "unknown" for values out of range */

#endif
