/* Forward kinematics: a pose on a body of given proportions, to joints in metres.
 * World axes: x to the right of the picture, y up, z to the camera; the ground is y = 0 and the athlete's
 * way starts at the origin. */
#ifndef PF_RENDER_SKELETON_H
#define PF_RENDER_SKELETON_H

#include "datasets/render/render_math.h"
#include "datasets/render/render_motion.h"

#define PF_KEYPOINTS 17 /* COCO's, in COCO's order */

/* X(constant, name) */
#define PF_KEYPOINT_LIST(X)                     \
	X(PF_KP_NOSE, nose)                     \
	X(PF_KP_LEFT_EYE, left_eye)             \
	X(PF_KP_RIGHT_EYE, right_eye)           \
	X(PF_KP_LEFT_EAR, left_ear)             \
	X(PF_KP_RIGHT_EAR, right_ear)           \
	X(PF_KP_LEFT_SHOULDER, left_shoulder)   \
	X(PF_KP_RIGHT_SHOULDER, right_shoulder) \
	X(PF_KP_LEFT_ELBOW, left_elbow)         \
	X(PF_KP_RIGHT_ELBOW, right_elbow)       \
	X(PF_KP_LEFT_WRIST, left_wrist)         \
	X(PF_KP_RIGHT_WRIST, right_wrist)       \
	X(PF_KP_LEFT_HIP, left_hip)             \
	X(PF_KP_RIGHT_HIP, right_hip)           \
	X(PF_KP_LEFT_KNEE, left_knee)           \
	X(PF_KP_RIGHT_KNEE, right_knee)         \
	X(PF_KP_LEFT_ANKLE, left_ankle)         \
	X(PF_KP_RIGHT_ANKLE, right_ankle)

#define PF_KEYPOINT_ENUM(constant, name) constant,
enum { PF_KEYPOINT_LIST(PF_KEYPOINT_ENUM) };
#undef PF_KEYPOINT_ENUM

/* Proportions; 1 is an adult of 1.78 m and 70 kg. */
typedef struct pf_build {
	float height, girth, shoulders, hips, head, chest;
} pf_build;

typedef struct pf_leg {
	pf_frame3 thigh, shank, foot;
	pf_vec3 hip, knee, ankle, heel, ball, toe;
} pf_leg;

typedef struct pf_arm {
	pf_frame3 upper, fore;
	pf_vec3 shoulder, elbow, wrist, hand;
} pf_arm;

typedef struct pf_skeleton {
	pf_frame3 pelvis, waist, chest, head;
	pf_vec3 pelvis_at, chest_at, neck_at,
		head_at; /* mid hips, mid shoulders, base of neck, head's centre */
	pf_leg legs[2];
	pf_arm arms[2]; /* PF_RIGHT, PF_LEFT */
	pf_vec3 keypoints[PF_KEYPOINTS];
	float unit; /* metres of this body per metre of the standard one */
} pf_skeleton;

/* `heading` in degrees: 0 the athlete faces right, 90 the camera, 180 left. `origin` is where phase 0 stood.
 */
void pf_skeleton_solve(const pf_pose *pose, const pf_build *build, float heading, pf_vec3 origin,
		       pf_skeleton *skeleton);

const char *pf_keypoint_name(int keypoint);

#endif
