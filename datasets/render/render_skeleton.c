#include "datasets/render/render_skeleton.h"

/* Segment lengths in metres of the standard body, after the usual anthropometric tables. */
#define HIP_HALF 0.088f
#define THIGH 0.435f
#define SHANK 0.425f
#define TORSO 0.500f
#define SHOULDER_HALF 0.170f
#define UPPER_ARM 0.300f
#define FOREARM 0.262f
#define HAND 0.085f

static void solve_leg(const pf_skeleton *s, const pf_body_pose *pose, const pf_build *build,
		      const pf_frame3 *root, int side, pf_leg *leg)
{
	const pf_limbs *limbs = &pose->limbs[side];
	float u = s->unit, sign = side == PF_RIGHT ? 1.0f : -1.0f;
	leg->hip = pf_at(&s->pelvis, s->pelvis_at, sign * HIP_HALF * build->hips * u, 0, 0);
	leg->thigh = pf_spread(pf_swing(*root, limbs->hip), sign * limbs->spread);
	leg->knee = pf_along(leg->hip, leg->thigh.up, -THIGH * u);
	leg->shank = pf_swing(leg->thigh, -limbs->knee);
	leg->ankle = pf_along(leg->knee, leg->shank.up, -SHANK * u);
	leg->foot = pf_swing(leg->shank, -limbs->ankle);
	leg->heel = pf_at(&leg->foot, leg->ankle, 0, -0.045f * u, -0.045f * u);
	leg->ball = pf_at(&leg->foot, leg->ankle, 0, -0.058f * u, 0.105f * u);
	leg->toe = pf_at(&leg->foot, leg->ankle, 0, -0.060f * u, 0.165f * u);
}

static void solve_arm(const pf_skeleton *s, const pf_body_pose *pose, const pf_build *build, int side,
		      pf_arm *arm)
{
	const pf_limbs *limbs = &pose->limbs[side];
	float u = s->unit, sign = side == PF_RIGHT ? 1.0f : -1.0f;
	/* the shoulder girdle rises and comes forward with the arm */
	float lift = pf_clampf((limbs->arm > limbs->arm_spread ? limbs->arm : limbs->arm_spread) - 60, 0,
			       110);
	float reach = pf_clampf(limbs->arm, -50, 90);
	arm->shoulder = pf_at(&s->chest, s->chest_at,
			      sign * (SHOULDER_HALF * build->shoulders - lift * 0.0002f) * u,
			      lift * 0.0006f * u, reach * 0.0005f * u);
	arm->upper = pf_swing(s->chest, limbs->arm);
	arm->upper = pf_spread(arm->upper, sign * limbs->arm_spread);
	arm->upper = pf_twist(arm->upper, -sign * limbs->arm_twist);
	arm->elbow = pf_along(arm->shoulder, arm->upper.up, -UPPER_ARM * u);
	arm->fore = pf_swing(arm->upper, limbs->elbow);
	arm->wrist = pf_along(arm->elbow, arm->fore.up, -FOREARM * u);
	arm->hand = pf_along(arm->wrist, arm->fore.up, -HAND * u);
}

static void place_keypoints(pf_skeleton *s, float head)
{
	float u = s->unit * head;
	s->keypoints[PF_KEYPOINT_NOSE] = pf_at(&s->head, s->head_at, 0, -0.012f * u, 0.108f * u);
	for (int side = 0; side < 2; side++) {
		float sign = side == PF_RIGHT ? 1.0f : -1.0f;
		int k = side == PF_RIGHT ? 1 : 0; /* COCO lists left first */
		s->keypoints[PF_KEYPOINT_LEFT_EYE + k] = pf_at(&s->head, s->head_at, sign * 0.032f * u,
							       0.022f * u, 0.086f * u);
		s->keypoints[PF_KEYPOINT_LEFT_EAR + k] = pf_at(&s->head, s->head_at, sign * 0.076f * u, 0,
							       -0.006f * u);
		s->keypoints[PF_KEYPOINT_LEFT_SHOULDER + k] = s->arms[side].shoulder;
		s->keypoints[PF_KEYPOINT_LEFT_ELBOW + k] = s->arms[side].elbow;
		s->keypoints[PF_KEYPOINT_LEFT_WRIST + k] = s->arms[side].wrist;
		s->keypoints[PF_KEYPOINT_LEFT_HIP + k] = s->legs[side].hip;
		s->keypoints[PF_KEYPOINT_LEFT_KNEE + k] = s->legs[side].knee;
		s->keypoints[PF_KEYPOINT_LEFT_ANKLE + k] = s->legs[side].ankle;
	}
}

static float lowest_point(const pf_skeleton *s)
{
	float lowest = 1e9f;
	for (int side = 0; side < 2; side++) {
		const pf_leg *leg = &s->legs[side];
		const float ys[] = {leg->heel.y, leg->ball.y, leg->toe.y + 0.008f, leg->knee.y - 0.03f};
		for (int i = 0; i < 4; i++) {
			lowest = ys[i] < lowest ? ys[i] : lowest;
		}
	}
	return lowest - 0.034f * s->unit;
}

static void solve_at(const pf_body_pose *pose, const pf_build *build, const pf_frame3 *root, pf_skeleton *s)
{
	float u = s->unit;
	s->pelvis = pf_twist(pf_swing(*root, -pose->pitch), pose->twist * 0.35f);
	s->waist = pf_swing(pf_twist(pf_swing(*root, -pose->pitch - pose->bend * 0.55f), -pose->twist * 0.2f),
			    0);
	s->chest = pf_twist(pf_swing(*root, -pose->pitch - pose->bend), -pose->twist);
	s->waist = pf_spread(s->waist, pose->side * 0.5f);
	s->chest = pf_spread(s->chest, pose->side);
	pf_vec3 middle = pf_along(s->pelvis_at, s->waist.up, TORSO * 0.5f * u);
	s->chest_at = pf_along(middle, s->chest.up, TORSO * 0.5f * u);
	s->neck_at = pf_at(&s->chest, s->chest_at, 0, 0.035f * u, -0.008f * u);
	s->head = pf_swing(pf_twist(*root, -pose->head_turn), pose->head_pitch);
	pf_vec3 neck_top = pf_along(pf_along(s->neck_at, s->chest.up, 0.045f * u), s->head.up, 0.034f * u);
	s->head_at = pf_at(&s->head, neck_top, 0, 0.100f * u * build->head, 0.022f * u);
	for (int side = 0; side < 2; side++) {
		solve_leg(s, pose, build, root, side, &s->legs[side]);
		solve_arm(s, pose, build, side, &s->arms[side]);
	}
}

void pf_skeleton_solve(const pf_body_pose *pose, const pf_build *build, float heading, pf_vec3 origin,
		       pf_skeleton *skeleton)
{
	float c = pf_cos_deg(heading), s = pf_sin_deg(heading);
	pf_frame3 root = {.right = pf_vec(-s, 0, c), .up = pf_vec(0, 1, 0), .front = pf_vec(c, 0, s)};
	skeleton->unit = build->height;
	skeleton->pelvis_at = pf_along(origin, root.front, pose->travel_m);
	skeleton->pelvis_at.y = 0;
	solve_at(pose, build, &root, skeleton);
	skeleton->pelvis_at.y = origin.y + pose->clearance_m - lowest_point(skeleton);
	solve_at(pose, build, &root, skeleton);
	place_keypoints(skeleton, build->head);
}
