#include "harness/model/findings.h"

#include <math.h>

#include "harness/stats/binomial.h"

static bool is_inside(double x, double y, double left, double top, double right, double bottom)
{
	return x >= left && x <= right && y >= top && y <= bottom;
}

/* The centre of each lies inside the other; the truth's edges are pixels, whose centres are whole numbers. */
static bool is_face(const pf_truth_photo *truth, const float box[4], const pf_face_place *found)
{
	double left = (box[0] + 0.5) / truth->width_px, right = (box[2] + 0.5) / truth->width_px;
	double top = (box[1] + 0.5) / truth->height_px, bottom = (box[3] + 0.5) / truth->height_px;
	return is_inside((left + right) / 2, (top + bottom) / 2, found->left, found->top, found->right,
			 found->bottom) &&
	       is_inside((found->left + found->right) / 2, (found->top + found->bottom) / 2, left, top, right,
			 bottom);
}

void pf_finding_count_faces(const pf_truth_photo *truth, const pf_finding *found, pf_accuracy *out)
{
	size_t hits[PF_FINDING_FACES_MAX] = {0};
	for (uint32_t t = 0; t < truth->face_count; t++) {
		bool hit = false, athlete = t == 0 && truth->athlete_has_face;
		for (size_t i = 0; i < found->face_count; i++) {
			bool same = is_face(truth, truth->faces[t], &found->faces[i]);
			hits[i] += same;
			hit = hit || same;
		}
		*(athlete ? &out->athletes_faces : &out->others_faces) += 1;
		*(athlete ? &out->athletes_found : &out->others_found) += hit;
	}
	out->finds += found->face_count;
	for (size_t i = 0; i < found->face_count; i++) {
		out->false_finds += hits[i] == 0;
	}
}

void pf_finding_compare(const pf_finding *plain, const pf_finding *other, pf_accuracy_pair *out)
{
	const double *a = plain->score.measures, *b = other->score.measures;
	double wide = a[PF_MEASURE_WIDTH], high = a[PF_MEASURE_HEIGHT], longer = wide > high ? wide : high;
	bool turned = a[PF_MEASURE_ORIENTATION] >= 5;
	out->compared++;
	out->same_faces += a[PF_MEASURE_FACES] == b[PF_MEASURE_FACES];
	for (int k = 0; k < PF_KEYPOINT_COUNT; k++) {
		const pf_pose_point *p = &plain->pose.points[k], *q = &other->pose.points[k];
		if (!p->seen && !q->seen) {
			continue;
		}
		double x = (p->x - q->x) * (turned ? high : wide), y = (p->y - q->y) * (turned ? wide : high);
		out->keypoints++;
		out->same_keypoints += p->seen == q->seen && hypot(x, y) <= PF_ACCURACY_NEAR * longer;
	}
	if (a[PF_MEASURE_TILES_UPPER] != b[PF_MEASURE_TILES_UPPER] ||
	    a[PF_MEASURE_TILES_LOWER] != b[PF_MEASURE_TILES_LOWER]) {
		return;
	}
	double before = a[PF_MEASURE_LAPLACIAN], after = b[PF_MEASURE_LAPLACIAN];
	double share = before > 0 ? fabs(after - before) / before : after > 0;
	out->same_tiles++;
	out->laplacian_mean += (share - out->laplacian_mean) / (double)out->same_tiles;
	out->laplacian_most = share > out->laplacian_most ? share : out->laplacian_most;
}

static double pck_of(const pf_accuracy *a)
{
	return a->keypoints ? 100.0 * (double)a->near / (double)a->keypoints : 0;
}

/* Lower only where chance does not explain it: of the bursts that only one of them finds, more than half are
 * lost, with confidence. */
pf_accuracy_gates pf_accuracy_judge(const pf_accuracy_pair *pair)
{
	const pf_accuracy *plain = &pair->plain, *other = &pair->other;
	pf_accuracy_gates gates = {
		.pck = pck_of(other) >= pck_of(plain) - PF_ACCURACY_PCK_LOSS,
		.faces = other->athletes_found >= plain->athletes_found,
		.best = pair->lost + pair->gained == 0 || pair->lost_low <= 0.5,
		.laplacian = pair->laplacian_most <= PF_ACCURACY_LAPLACIAN_SHARE,
		.failed = other->failed == plain->failed,
		.enough = plain->photos >= PF_ACCURACY_PHOTOS_MIN,
	};
	gates.all = gates.pck && gates.faces && gates.best && gates.laplacian && gates.failed;
	return gates;
}
