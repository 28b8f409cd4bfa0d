/* Forward kinematics: a pose on a body of given proportions, to joints in metres.
 * World axes: x to the right of the picture, y up, z to the camera; the ground is y = 0 and the athlete's
 * way starts at the origin. */
#ifndef PF_RENDER_SKELETON_H
#define PF_RENDER_SKELETON_H

#include "datasets/render/render_math.h"
#include "datasets/render/render_motion.h"
#include "photofinish/pose.h"

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
	pf_vec3 keypoints[PF_KEYPOINT_COUNT];
	float unit; /* metres of this body per metre of the standard one */
} pf_skeleton;

/* `heading` in degrees: 0 the athlete faces right, 90 the camera, 180 left. `origin` is where phase 0 stood.
 */
void pf_skeleton_solve(const pf_body_pose *pose, const pf_build *build, float heading, pf_vec3 origin,
		       pf_skeleton *skeleton);

#endif
