#include "core/scoring/head_window.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Half a side of the window, by the distance between the middle of the seen points of the head and the middle
 * of the shoulders, and by the longer side of the athlete's box: whichever is larger. */
#define BY_NECK 1.6
#define BY_BOX 0.16
#define LEAST_HALF_PX (2.0 * PF_FACE_SMALLEST_PX)

void pf_head_window_release(pf_head_window *window)
{
	free(window->data);
	*window = (pf_head_window){0};
}

typedef struct point {
	double x, y;
} point;

/* The mean of the points first .. last that are seen, in pixels; how many they are. */
static unsigned middle_of(const pf_pose *pose, int first, int last, double width, double height, point *out)
{
	unsigned seen = 0;
	*out = (point){0, 0};
	for (int i = first; i <= last; i++) {
		if (pose->points[i].seen) {
			out->x += pose->points[i].x * width;
			out->y += pose->points[i].y * height;
			seen++;
		}
	}
	if (seen) {
		out->x /= seen;
		out->y /= seen;
	}
	return seen;
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static uint32_t limit(double value, uint32_t most)
{
	return value < 0 ? 0 : value > most ? most : (uint32_t)value;
}

bool pf_head_place(const pf_pose *pose, uint32_t width_px, uint32_t height_px, pf_face *place)
{
	point head, neck;
	double width = width_px, height = height_px;
	if (!pose->found || middle_of(pose, PF_KEYPOINT_NOSE, PF_KEYPOINT_RIGHT_EAR, width, height, &head) <
				    PF_HEAD_POINTS_MIN) {
		return false;
	}
	double half = larger(LEAST_HALF_PX, BY_BOX * larger((pose->right - pose->left) * width,
							    (pose->bottom - pose->top) * height));
	if (middle_of(pose, PF_KEYPOINT_LEFT_SHOULDER, PF_KEYPOINT_RIGHT_SHOULDER, width, height, &neck)) {
		double x = head.x - neck.x, y = head.y - neck.y;
		half = larger(half, BY_NECK * sqrt(x * x + y * y));
	}
	place->x = limit(head.x - half, width_px);
	place->y = limit(head.y - half, height_px);
	place->width = limit(head.x + half, width_px) - place->x;
	place->height = limit(head.y + half, height_px) - place->y;
	return true;
}

pf_status pf_head_window_take(pf_head_window *window, const pf_small *picture, const pf_face *place,
			      pf_error *error)
{
	size_t bytes = (size_t)place->width * place->height;
	if (bytes > window->data_bytes) {
		free(window->data);
		window->data = malloc(bytes);
		window->data_bytes = window->data ? bytes : 0;
		if (!window->data) {
			return pf_fail(error, PF_ERR_NO_MEMORY, NULL,
				       "cannot allocate the picture of a head");
		}
	}
	window->place = *place;
	for (uint32_t y = 0; y < place->height; y++) {
		memcpy(window->data + (size_t)y * place->width,
		       picture->data + (size_t)(place->y + y) * picture->width_px + place->x, place->width);
	}
	return PF_OK;
}
