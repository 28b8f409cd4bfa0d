#include "core/scoring/pose_measures.h"

#include <math.h>

#include "core/photo/resize.h"
#include "core/scoring/quality.h"

#define BORDER_MARGIN 0.01 /* of the photo's shorter side: an end so close to the border is cut */
#define TORSO_OF_BOX 3.0   /* the box's longer side over the torso, where the torso is not seen */
#define LIMB_OF_TORSO 0.5  /* a lower limb that is missing reaches at least so far */
#define BONE_STEPS 8       /* points of a bone whose tiles are the athlete's */

enum { SIDES = 2 }; /* 0 left, 1 right: keypoints of a pair follow each other */

/* The keypoints in pixels of the upright photo. */
typedef struct joint {
	double x, y;
	bool seen;
} joint;

typedef struct body {
	joint of[PF_KEYPOINT_COUNT];
	double width, height;
} body;

static const unsigned bones[][2] = {{PF_KEYPOINT_LEFT_SHOULDER, PF_KEYPOINT_LEFT_ELBOW},
				    {PF_KEYPOINT_LEFT_ELBOW, PF_KEYPOINT_LEFT_WRIST},
				    {PF_KEYPOINT_RIGHT_SHOULDER, PF_KEYPOINT_RIGHT_ELBOW},
				    {PF_KEYPOINT_RIGHT_ELBOW, PF_KEYPOINT_RIGHT_WRIST},
				    {PF_KEYPOINT_LEFT_HIP, PF_KEYPOINT_LEFT_KNEE},
				    {PF_KEYPOINT_LEFT_KNEE, PF_KEYPOINT_LEFT_ANKLE},
				    {PF_KEYPOINT_RIGHT_HIP, PF_KEYPOINT_RIGHT_KNEE},
				    {PF_KEYPOINT_RIGHT_KNEE, PF_KEYPOINT_RIGHT_ANKLE},
				    {PF_KEYPOINT_LEFT_SHOULDER, PF_KEYPOINT_LEFT_HIP},
				    {PF_KEYPOINT_RIGHT_SHOULDER, PF_KEYPOINT_RIGHT_HIP},
				    {PF_KEYPOINT_LEFT_SHOULDER, PF_KEYPOINT_RIGHT_SHOULDER},
				    {PF_KEYPOINT_LEFT_HIP, PF_KEYPOINT_RIGHT_HIP},
				    {PF_KEYPOINT_NOSE, PF_KEYPOINT_LEFT_SHOULDER},
				    {PF_KEYPOINT_NOSE, PF_KEYPOINT_RIGHT_SHOULDER}};

static const joint *at(const body *b, unsigned first_of_pair, unsigned side)
{
	return &b->of[first_of_pair + side];
}

static double distance(const joint *a, const joint *b)
{
	return sqrt((a->x - b->x) * (a->x - b->x) + (a->y - b->y) * (a->y - b->y));
}

/* Sets *length to that of the way over three joints; false where one is not seen, or all are one point. */
static bool limb(const joint *a, const joint *b, const joint *c, double *length)
{
	*length = a->seen && b->seen && c->seen ? distance(a, b) + distance(b, c) : 0.0;
	return *length > 0.0;
}

static bool arm(const body *b, unsigned side, double *length)
{
	return limb(at(b, PF_KEYPOINT_LEFT_SHOULDER, side), at(b, PF_KEYPOINT_LEFT_ELBOW, side),
		    at(b, PF_KEYPOINT_LEFT_WRIST, side), length);
}

static bool leg(const body *b, unsigned side, double *length)
{
	return limb(at(b, PF_KEYPOINT_LEFT_HIP, side), at(b, PF_KEYPOINT_LEFT_KNEE, side),
		    at(b, PF_KEYPOINT_LEFT_ANKLE, side), length);
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static double limit_01(double value)
{
	return value < 0.0 ? 0.0 : value > 1.0 ? 1.0 : value;
}

/* How far two ends of the body are apart, as a share of the way along the bones between them. */
static double extension(const body *b)
{
	double most = 0.0, arm_length, leg_length[SIDES];
	for (unsigned foot = 0; foot < SIDES; foot++) {
		bool has_leg = leg(b, foot, &leg_length[foot]);
		for (unsigned hand = 0; hand < SIDES && has_leg; hand++) {
			if (arm(b, hand, &arm_length)) {
				double way = arm_length + leg_length[foot] +
					     distance(at(b, PF_KEYPOINT_LEFT_SHOULDER, hand),
						      at(b, PF_KEYPOINT_LEFT_HIP, foot));
				most = larger(most, distance(at(b, PF_KEYPOINT_LEFT_WRIST, hand),
							     at(b, PF_KEYPOINT_LEFT_ANKLE, foot)) /
							    way);
			}
		}
	}
	if (leg_length[0] > 0.0 && leg_length[1] > 0.0) {
		double way = leg_length[0] + leg_length[1] +
			     distance(at(b, PF_KEYPOINT_LEFT_HIP, 0), at(b, PF_KEYPOINT_LEFT_HIP, 1));
		most = larger(most,
			      distance(at(b, PF_KEYPOINT_LEFT_ANKLE, 0), at(b, PF_KEYPOINT_LEFT_ANKLE, 1)) /
				      way);
	}
	return limit_01(most);
}

/* A leg that bears the body is straight and upright below the hip; none of the two does. */
static double airborne(const body *b)
{
	double support = 0.0;
	for (unsigned side = 0; side < SIDES; side++) {
		double length;
		if (!leg(b, side, &length)) {
			return 0.0;
		}
		double below = at(b, PF_KEYPOINT_LEFT_ANKLE, side)->y - at(b, PF_KEYPOINT_LEFT_HIP, side)->y;
		support = larger(support, below / length);
	}
	return 1.0 - limit_01(support);
}

/* How high the higher knee or hand is: 0 hanging, one half level with hip or shoulder, 1 straight up. */
static double drive(const body *b)
{
	double most = 0.0, length;
	for (unsigned side = 0; side < SIDES; side++) {
		const joint *hip = at(b, PF_KEYPOINT_LEFT_HIP, side),
			    *knee = at(b, PF_KEYPOINT_LEFT_KNEE, side);
		length = distance(hip, knee);
		if (hip->seen && knee->seen && length > 0.0) {
			most = larger(most, 0.5 + 0.5 * (hip->y - knee->y) / length);
		}
		if (arm(b, side, &length)) {
			double above = at(b, PF_KEYPOINT_LEFT_SHOULDER, side)->y -
				       at(b, PF_KEYPOINT_LEFT_WRIST, side)->y;
			most = larger(most, 0.5 + 0.5 * above / length);
		}
	}
	return limit_01(most);
}

/* Middle of a pair, or the one that is seen. */
static joint middle(const body *b, unsigned first)
{
	const joint *left = &b->of[first], *right = &b->of[first + 1];
	if (left->seen && right->seen) {
		return (joint){(left->x + right->x) / 2.0, (left->y + right->y) / 2.0, true};
	}
	return left->seen ? *left : *right;
}

/* Mean agreement of the limbs' bones with those of the other side, mirrored at the torso's axis: (1 + cosine)
 * / 2. */
static double symmetry(const body *b)
{
	static const unsigned pairs[][2] = {{PF_KEYPOINT_LEFT_SHOULDER, PF_KEYPOINT_LEFT_ELBOW},
					    {PF_KEYPOINT_LEFT_ELBOW, PF_KEYPOINT_LEFT_WRIST},
					    {PF_KEYPOINT_LEFT_HIP, PF_KEYPOINT_LEFT_KNEE},
					    {PF_KEYPOINT_LEFT_KNEE, PF_KEYPOINT_LEFT_ANKLE}};
	joint hips = middle(b, PF_KEYPOINT_LEFT_HIP), shoulders = middle(b, PF_KEYPOINT_LEFT_SHOULDER);
	double torso = distance(&hips, &shoulders);
	if (!hips.seen || !shoulders.seen || !(torso > 0.0)) {
		return 0.0;
	}
	double ux = (shoulders.x - hips.x) / torso, uy = (shoulders.y - hips.y) / torso, sum = 0.0;
	for (unsigned i = 0; i < 4; i++) {
		const joint *l0 = &b->of[pairs[i][0]], *l1 = &b->of[pairs[i][1]], *r0 = l0 + 1, *r1 = l1 + 1;
		double left = distance(l0, l1), right = distance(r0, r1);
		if (l0->seen && l1->seen && r0->seen && r1->seen && left > 0.0 && right > 0.0) {
			double lx = l1->x - l0->x, ly = l1->y - l0->y, along = 2.0 * (lx * ux + ly * uy);
			double cosine = ((along * ux - lx) * (r1->x - r0->x) +
					 (along * uy - ly) * (r1->y - r0->y)) /
					(left * right);
			sum += 0.5 + 0.5 * cosine;
		}
	}
	return limit_01(sum / 4.0);
}

static double border_distance(const body *b, const joint *j)
{
	double x = j->x < b->width - j->x ? j->x : b->width - j->x;
	double y = j->y < b->height - j->y ? j->y : b->height - j->y;
	return x < y ? x : y;
}

/* The end of a limb and the joints that lead to it. Cut: at the border or beyond; or not seen although the
 * last joint that is seen is so close to the border that what follows does not fit. */
static bool is_cut(const body *b, const joint *const chain[3], double torso)
{
	double margin = BORDER_MARGIN * (b->width < b->height ? b->width : b->height);
	if (chain[0]->seen) {
		return border_distance(b, chain[0]) < margin;
	}
	for (unsigned i = 1; i < 3; i++) {
		if (chain[i]->seen) {
			return border_distance(b, chain[i]) < i * LIMB_OF_TORSO * torso;
		}
	}
	return false;
}

/* Share of head, hands and feet that the photo's border cuts off. */
static double cut_share(const body *b, const pf_pose *pose)
{
	joint hips = middle(b, PF_KEYPOINT_LEFT_HIP), shoulders = middle(b, PF_KEYPOINT_LEFT_SHOULDER);
	double wide = (pose->right - pose->left) * b->width, high = (pose->bottom - pose->top) * b->height;
	double torso = hips.seen && shoulders.seen ? distance(&hips, &shoulders)
						   : larger(wide, high) / TORSO_OF_BOX;
	joint eyes = middle(b, PF_KEYPOINT_LEFT_EYE), ears = middle(b, PF_KEYPOINT_LEFT_EAR);
	const joint *head = b->of[PF_KEYPOINT_NOSE].seen ? &b->of[PF_KEYPOINT_NOSE]
			    : eyes.seen                  ? &eyes
							 : &ears;
	unsigned cut = is_cut(b, (const joint *const[3]){head, &shoulders, &shoulders}, torso);
	for (unsigned side = 0; side < SIDES; side++) {
		cut += is_cut(b,
			      (const joint *const[3]){at(b, PF_KEYPOINT_LEFT_WRIST, side),
						      at(b, PF_KEYPOINT_LEFT_ELBOW, side),
						      at(b, PF_KEYPOINT_LEFT_SHOULDER, side)},
			      torso);
		cut += is_cut(b,
			      (const joint *const[3]){at(b, PF_KEYPOINT_LEFT_ANKLE, side),
						      at(b, PF_KEYPOINT_LEFT_KNEE, side),
						      at(b, PF_KEYPOINT_LEFT_HIP, side)},
			      torso);
	}
	return cut / 5.0;
}

uint64_t pf_pose_tiles(const pf_pose *pose, uint32_t orientation)
{
	uint64_t tiles = 0;
	for (unsigned i = 0; i < sizeof bones / sizeof *bones; i++) {
		const pf_pose_point *a = &pose->points[bones[i][0]], *b = &pose->points[bones[i][1]];
		for (unsigned k = 0; k <= BONE_STEPS && a->seen && b->seen; k++) {
			double x = a->x + (b->x - a->x) * k / BONE_STEPS,
			       y = a->y + (b->y - a->y) * k / BONE_STEPS;
			pf_stored_point(orientation, &x, &y);
			if (x >= 0.0 && x < 1.0 && y >= 0.0 && y < 1.0) {
				unsigned row = (unsigned)(y * PF_GRID), column = (unsigned)(x * PF_GRID);
				tiles |= (uint64_t)1 << (row * PF_GRID + column);
			}
		}
	}
	return tiles;
}

void pf_pose_measure(const pf_pose *pose, uint32_t width_px, uint32_t height_px, uint32_t orientation,
		     pf_score *score)
{
	double *m = score->measures;
	body b = {.width = width_px, .height = height_px};
	unsigned seen = 0;
	for (unsigned i = 0; i < PF_KEYPOINT_COUNT; i++) {
		const pf_pose_point *p = &pose->points[i];
		b.of[i] = (joint){p->x * b.width, p->y * b.height, p->seen && pose->found};
		seen += b.of[i].seen;
	}
	m[PF_MEASURE_POSE] = pose->confidence;
	m[PF_MEASURE_KEYPOINTS] = seen;
	m[PF_MEASURE_POSE_LEFT] = pose->left;
	m[PF_MEASURE_POSE_TOP] = pose->top;
	m[PF_MEASURE_POSE_RIGHT] = pose->right;
	m[PF_MEASURE_POSE_BOTTOM] = pose->bottom;
	m[PF_MEASURE_EXTENSION] = pose->found ? extension(&b) : 0.0;
	m[PF_MEASURE_AIRBORNE] = pose->found ? airborne(&b) : 0.0;
	m[PF_MEASURE_DRIVE] = pose->found ? drive(&b) : 0.0;
	m[PF_MEASURE_SYMMETRY] = pose->found ? symmetry(&b) : 0.0;
	m[PF_MEASURE_CUT] = pose->found ? cut_share(&b, pose) : 0.0;
	pf_quality_set_subject(score, pose->found ? pf_pose_tiles(pose, orientation) : 0);
}
