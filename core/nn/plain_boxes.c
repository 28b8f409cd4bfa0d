/* NonMaxSuppression: of each class of each picture, boxes in the order of their scores (of equal ones the
 * earlier), without those below the score threshold and those that overlap one that was taken by more than
 * the other. */
#include <math.h>

#include "core/nn/graph.h"
#include "core/nn/plain.h"

typedef struct rectangle {
	float left, top, right, bottom;
} rectangle;

static float less(float a, float b)
{
	return a < b ? a : b;
}

static float more(float a, float b)
{
	return a > b ? a : b;
}

static rectangle read_box(const float *b, bool centre)
{
	if (centre) { /* x and y of the centre, width, height */
		return (rectangle){b[0] - b[2] / 2, b[1] - b[3] / 2, b[0] + b[2] / 2, b[1] + b[3] / 2};
	}
	return (rectangle){less(b[1], b[3]), less(b[0], b[2]), more(b[1], b[3]), more(b[0], b[2])};
}

static bool overlap(const float *a, const float *b, bool centre, float limit)
{
	rectangle p = read_box(a, centre), q = read_box(b, centre);
	float width = less(p.right, q.right) - more(p.left, q.left);
	float height = less(p.bottom, q.bottom) - more(p.top, q.top);
	float first = (p.right - p.left) * (p.bottom - p.top),
	      second = (q.right - q.left) * (q.bottom - q.top);
	if (!(width > 0) || !(height > 0) || !(first > 0) || !(second > 0)) {
		return false;
	}
	float shared = width * height;
	return shared / (first + second - shared) > limit;
}

/* Whether box `a` comes after `b`. */
static bool after(const float *scores, int32_t a, int32_t b)
{
	return scores[a] < scores[b] || (scores[a] == scores[b] && a > b);
}

static void sift(const float *scores, int32_t *heap, int64_t at, int64_t count)
{
	for (int64_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
		child += child + 1 < count && after(scores, heap[child + 1], heap[child]);
		if (!after(scores, heap[child], heap[at])) {
			return;
		}
		int32_t moved = heap[at];
		heap[at] = heap[child];
		heap[child] = moved;
		at = child;
	}
}

/* Best first: a heap sort, whose time does not depend on what a model computes. */
static void sort(const float *scores, int32_t *boxes, int64_t count)
{
	for (int64_t i = count / 2; i-- > 0;) {
		sift(scores, boxes, i, count);
	}
	for (int64_t i = count; i-- > 1;) {
		int32_t last = boxes[0];
		boxes[0] = boxes[i];
		boxes[i] = last;
		sift(scores, boxes, 0, i);
	}
}

typedef struct suppression {
	const float *boxes; /* of the picture */
	int64_t count, most;
	float overlap, score;
	bool scored; /* there is a score threshold */
	bool centre;
} suppression;

/* Rows of one class; `order` is working memory for one number a box. Returns how many rows there are. */
static int64_t take_class(const suppression *s, const float *scores, int64_t picture, int64_t class,
			  int32_t *order, int64_t *rows)
{
	int64_t candidates = 0, taken = 0;
	for (int64_t i = 0; i < s->count; i++) {
		if (!isnan(scores[i]) && (!s->scored || scores[i] > s->score)) {
			order[candidates++] = (int32_t)i;
		}
	}
	sort(scores, order, candidates);
	for (int64_t i = 0; i < candidates && taken < s->most; i++) {
		bool free = true;
		for (int64_t k = 0; free && k < taken; k++) {
			free = !overlap(s->boxes + 4 * rows[3 * k + 2], s->boxes + 4 * (int64_t)order[i],
					s->centre, s->overlap);
		}
		if (free) {
			rows[3 * taken] = picture;
			rows[3 * taken + 1] = class;
			rows[3 * taken++ + 2] = order[i];
		}
	}
	return taken;
}

static const float *threshold(const pf_call *call, uint32_t i)
{
	return i < call->ins ? call->in[i].data : NULL;
}

bool pf_plain_non_max_suppression(const pf_call *call)
{
	const pf_shape *scores = &call->in[1].shape;
	const float *limit = threshold(call, 3), *least = threshold(call, 4);
	int64_t classes = scores->dims[0] * scores->dims[1], boxes = scores->dims[2];
	int64_t most = call->out[0].shape.dims[0], *rows = call->out[0].data, taken = 0;
	int32_t *notes = call->out[1].data;
	for (int64_t i = 0; i <= boxes; i++) {
		notes[i] = 0;
	}
	for (int64_t c = 0; c < classes && most; c++) {
		int64_t picture = c / scores->dims[1];
		suppression s = {.boxes = (const float *)call->in[0].data + picture * boxes * 4,
				 .count = boxes,
				 .most = most / classes,
				 .overlap = limit ? *limit : 0,
				 .score = least ? *least : 0,
				 .scored = least != NULL,
				 .centre = call->node->params.centre_boxes};
		taken += take_class(&s, (const float *)call->in[1].data + c * boxes, picture,
				    c % scores->dims[1], notes + 1, rows + 3 * taken);
	}
	for (int64_t i = 3 * taken; i < 3 * most; i++) {
		rows[i] = 0; /* a box that is there: what gathers by it stays inside */
	}
	notes[0] = (int32_t)taken;
	return true;
}
