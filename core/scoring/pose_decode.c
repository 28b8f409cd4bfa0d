#include "core/scoring/pose_decode.h"

#include <float.h>
#include <math.h>

#define SEEN_MIN 5      /* keypoints without which there is no pose */
#define BOX_MARGIN 0.1  /* of the keypoints' longer side: what head, hands and feet add */
#define FAR_OUTSIDE 1.0 /* keypoints further outside than the photo is wide are the photo's edge */
#define YOLO_POINTS 5   /* row of the first keypoint */
#define YOLO_ROWS (YOLO_POINTS + 3 * PF_KEYPOINT_COUNT)
#define CLOSENESS 4.0

#define NAME_OF(constant, name) name,
static const char *const keypoint_names[] = {PF_KEYPOINT_LIST(NAME_OF)};

const char *pf_keypoint_name(pf_keypoint keypoint)
{
	return (unsigned)keypoint < PF_KEYPOINT_COUNT ? keypoint_names[keypoint] : "unknown";
}

static double limit(double value, double low, double high)
{
	return value < low ? low : value > high ? high : value;
}

/* x and y in input pixels. */
static void set_point(pf_pose_point *point, double x, double y, double confidence, const pf_pose_card *card,
		      const pf_pose_view *view)
{
	x = view->left + x * view->x_step;
	y = view->top + y * view->y_step;
	*point = (pf_pose_point){.x = 0.5, .y = 0.5};
	if (isfinite(x) && isfinite(y) && isfinite(confidence)) {
		point->x = limit(x, -FAR_OUTSIDE, 1.0 + FAR_OUTSIDE);
		point->y = limit(y, -FAR_OUTSIDE, 1.0 + FAR_OUTSIDE);
		point->confidence = limit(confidence, 0.0, 1.0);
		point->seen = point->confidence > 0.0 && point->confidence >= card->keypoint_threshold;
	}
}

static unsigned count_seen(const pf_pose *pose)
{
	unsigned seen = 0;
	for (unsigned i = 0; i < PF_KEYPOINT_COUNT; i++) {
		seen += pose->points[i].seen;
	}
	return seen;
}

/* Around the keypoints that are seen, and a little more. In pixels, because shares of the sides differ in
 * length. */
static void box_points(const pf_pose_view *view, pf_pose *pose)
{
	double left = DBL_MAX, top = DBL_MAX, right = -DBL_MAX, bottom = -DBL_MAX;
	for (unsigned i = 0; i < PF_KEYPOINT_COUNT; i++) {
		const pf_pose_point *p = &pose->points[i];
		if (p->seen) {
			left = p->x < left ? p->x : left;
			right = p->x > right ? p->x : right;
			top = p->y < top ? p->y : top;
			bottom = p->y > bottom ? p->y : bottom;
		}
	}
	double wide = (right - left) / view->x_step, high = (bottom - top) / view->y_step;
	double margin = BOX_MARGIN * (wide > high ? wide : high);
	pose->left = left - margin * view->x_step;
	pose->right = right + margin * view->x_step;
	pose->top = top - margin * view->y_step;
	pose->bottom = bottom + margin * view->y_step;
}

/* `confidence`: of the pose. `boxed`: the box is there already. */
static void finish(pf_pose *pose, double confidence, bool boxed, const pf_pose_card *card,
		   const pf_pose_view *view)
{
	pose->confidence = isfinite(confidence) ? limit(confidence, 0.0, 1.0) : 0.0;
	pose->found = pose->confidence > 0.0 && pose->confidence >= card->pose_threshold &&
		      count_seen(pose) >= SEEN_MIN;
	if (pose->found && !boxed) {
		box_points(view, pose);
	}
	pose->left = limit(pose->left, 0.0, 1.0);
	pose->top = limit(pose->top, 0.0, 1.0);
	pose->right = limit(pose->right, 0.0, 1.0);
	pose->bottom = limit(pose->bottom, 0.0, 1.0);
	if (!pose->found || !(pose->right > pose->left && pose->bottom > pose->top)) {
		pose->left = pose->top = pose->right = pose->bottom = 0.0;
		pose->found = false;
	}
}

static double mean_confidence(const pf_pose *pose)
{
	double sum = 0.0;
	for (unsigned i = 0; i < PF_KEYPOINT_COUNT; i++) {
		sum += pose->points[i].confidence;
	}
	return sum / PF_KEYPOINT_COUNT;
}

/* Index of the first largest finite value, or `count` where there is none. */
static size_t largest(const float *values, size_t count)
{
	size_t best = count;
	float most = -FLT_MAX;
	for (size_t i = 0; i < count; i++) {
		if (values[i] > most && values[i] <= FLT_MAX) {
			most = values[i];
			best = i;
		}
	}
	return best;
}

static double quarter(float before, float after)
{
	return after > before ? 0.25 : after < before ? -0.25 : 0.0;
}

void pf_pose_decode_heatmap(const float *maps, size_t rows, size_t columns, const pf_pose_card *card,
			    const pf_pose_view *view, pf_pose *pose)
{
	*pose = (pf_pose){0};
	for (unsigned i = 0; i < PF_KEYPOINT_COUNT; i++, maps += rows * columns) {
		size_t at = largest(maps, rows * columns);
		if (at == rows * columns) {
			set_point(&pose->points[i], NAN, NAN, 0.0, card, view);
			continue;
		}
		size_t row = at / columns, column = at % columns;
		double x = (double)column + 0.5, y = (double)row + 0.5;
		if (column > 0 && column + 1 < columns) {
			x += quarter(maps[at - 1], maps[at + 1]);
		}
		if (row > 0 && row + 1 < rows) {
			y += quarter(maps[at - columns], maps[at + columns]);
		}
		set_point(&pose->points[i], x * card->stride, y * card->stride, maps[at], card, view);
	}
	finish(pose, mean_confidence(pose), false, card, view);
}

void pf_pose_decode_peaks(const pf_gpu_peak *peaks, const pf_pose_card *card, const pf_pose_view *view,
			  pf_pose *pose)
{
	*pose = (pf_pose){0};
	for (unsigned i = 0; i < PF_KEYPOINT_COUNT; i++) {
		const pf_gpu_peak *p = &peaks[i];
		bool there = p->row >= 0;
		double x = there ? p->column + 0.5 + (double)p->dx : NAN;
		double y = there ? p->row + 0.5 + (double)p->dy : NAN;
		set_point(&pose->points[i], x * card->stride, y * card->stride,
			  there ? (double)p->value : 0.0, card, view);
	}
	finish(pose, mean_confidence(pose), false, card, view);
}

void pf_pose_decode_simcc(const float *xs, size_t x_bins, const float *ys, size_t y_bins,
			  const pf_pose_card *card, const pf_pose_view *view, pf_pose *pose)
{
	*pose = (pf_pose){0};
	for (unsigned i = 0; i < PF_KEYPOINT_COUNT; i++, xs += x_bins, ys += y_bins) {
		size_t x = largest(xs, x_bins), y = largest(ys, y_bins);
		if (x == x_bins || y == y_bins) {
			set_point(&pose->points[i], NAN, NAN, 0.0, card, view);
			continue;
		}
		set_point(&pose->points[i], (double)x / card->split_ratio + 0.5,
			  (double)y / card->split_ratio + 0.5, xs[x] < ys[y] ? xs[x] : ys[y], card, view);
	}
	finish(pose, mean_confidence(pose), false, card, view);
}

void pf_pose_decode_movenet(const float *values, const pf_pose_card *card, const pf_pose_view *view,
			    pf_pose *pose)
{
	*pose = (pf_pose){0};
	for (unsigned i = 0; i < PF_KEYPOINT_COUNT; i++, values += 3) {
		set_point(&pose->points[i], (double)values[1] * view->width_px,
			  (double)values[0] * view->height_px, values[2], card, view);
	}
	finish(pose, mean_confidence(pose), false, card, view);
}

typedef struct candidate {
	double left, top, right, bottom, score; /* input px */
	size_t index;
	bool suppressed;
} candidate;

typedef struct yolo {
	const float *values;
	size_t count;
	bool by_row;
} yolo;

static double yolo_value(const yolo *y, size_t index, size_t row)
{
	return y->by_row ? y->values[index * YOLO_ROWS + row] : y->values[row * y->count + index];
}

/* The most confident boxes, best first; equal scores by index. */
static size_t collect(const yolo *y, double threshold, candidate *candidates)
{
	size_t count = 0;
	for (size_t i = 0; i < y->count; i++) {
		double score = yolo_value(y, i, 4);
		if (!(score >= threshold && score > 0.0 && score <= FLT_MAX) ||
		    (count == PF_POSE_CANDIDATES && score <= candidates[count - 1].score)) {
			continue;
		}
		double x = yolo_value(y, i, 0), cy = yolo_value(y, i, 1);
		double wide = yolo_value(y, i, 2), high = yolo_value(y, i, 3);
		if (!isfinite(x) || !isfinite(cy) || !(wide > 0.0 && wide <= FLT_MAX) ||
		    !(high > 0.0 && high <= FLT_MAX)) {
			continue;
		}
		size_t at = count < PF_POSE_CANDIDATES ? count++ : count - 1;
		for (; at > 0 && candidates[at - 1].score < score; at--) {
			candidates[at] = candidates[at - 1];
		}
		candidates[at] = (candidate){.left = x - wide / 2.0,
					     .top = cy - high / 2.0,
					     .right = x + wide / 2.0,
					     .bottom = cy + high / 2.0,
					     .score = score,
					     .index = i};
	}
	return count;
}

static double overlap(const candidate *a, const candidate *b)
{
	double wide = (a->right < b->right ? a->right : b->right) - (a->left > b->left ? a->left : b->left);
	double high = (a->bottom < b->bottom ? a->bottom : b->bottom) - (a->top > b->top ? a->top : b->top);
	if (!(wide > 0.0 && high > 0.0)) {
		return 0.0;
	}
	double both = wide * high;
	return both / ((a->right - a->left) * (a->bottom - a->top) +
		       (b->right - b->left) * (b->bottom - b->top) - both);
}

static void suppress(candidate *candidates, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i && !candidates[i].suppressed; j++) {
			candidates[i].suppressed = !candidates[j].suppressed &&
						   overlap(&candidates[i], &candidates[j]) > PF_POSE_OVERLAP;
		}
	}
}

/* What photographers frame is near, hence large, and near the middle, where the focus points are. */
static double importance(const candidate *c, const pf_pose_view *view)
{
	double left = limit(view->left + c->left * view->x_step, 0.0, 1.0);
	double right = limit(view->left + c->right * view->x_step, 0.0, 1.0);
	double top = limit(view->top + c->top * view->y_step, 0.0, 1.0);
	double bottom = limit(view->top + c->bottom * view->y_step, 0.0, 1.0);
	double x = (left + right) / 2.0 - 0.5, y = (top + bottom) / 2.0 - 0.5;
	/* In units of half the diagonal of a photo whose sides are both 1. */
	double squared = (x * x + y * y) * 2.0;
	return c->score * (right - left) * (bottom - top) / (1.0 + CLOSENESS * squared);
}

void pf_pose_decode_yolo(const float *values, size_t count, bool by_row, const pf_pose_card *card,
			 const pf_pose_view *view, pf_pose *pose)
{
	*pose = (pf_pose){0};
	candidate candidates[PF_POSE_CANDIDATES];
	yolo y = {values, count, by_row};
	size_t found = collect(&y, card->pose_threshold, candidates);
	suppress(candidates, found);
	const candidate *best = NULL;
	double most = 0.0;
	for (size_t i = 0; i < found; i++) {
		double value = candidates[i].suppressed ? 0.0 : importance(&candidates[i], view);
		if (value > most) {
			most = value;
			best = &candidates[i];
		}
	}
	for (unsigned i = 0; i < PF_KEYPOINT_COUNT; i++) {
		if (best) {
			size_t row = YOLO_POINTS + 3 * i;
			set_point(&pose->points[i], yolo_value(&y, best->index, row),
				  yolo_value(&y, best->index, row + 1), yolo_value(&y, best->index, row + 2),
				  card, view);
		} else {
			set_point(&pose->points[i], NAN, NAN, 0.0, card, view);
		}
	}
	if (best) {
		pose->left = view->left + best->left * view->x_step;
		pose->right = view->left + best->right * view->x_step;
		pose->top = view->top + best->top * view->y_step;
		pose->bottom = view->top + best->bottom * view->y_step;
	}
	finish(pose, best ? best->score : 0.0, true, card, view);
}

void pf_pose_decode(const pf_pose_card *card, const pf_pose_view *view, const pf_network_tensor *outputs,
		    const float *const *data, pf_pose *pose)
{
	const int64_t *d = outputs[0].shape.dims;
	switch (card->kind) {
	case PF_POSE_HEATMAP:
		pf_pose_decode_heatmap(data[0], (size_t)d[2], (size_t)d[3], card, view, pose);
		break;
	case PF_POSE_SIMCC:
		pf_pose_decode_simcc(data[0], (size_t)d[2], data[1], (size_t)outputs[1].shape.dims[2], card,
				     view, pose);
		break;
	case PF_POSE_YOLO:
		pf_pose_decode_yolo(data[0], (size_t)(d[1] == YOLO_ROWS ? d[2] : d[1]), d[1] != YOLO_ROWS,
				    card, view, pose);
		break;
	default:
		pf_pose_decode_movenet(data[0], card, view, pose);
		break;
	}
}
