#include "core/scoring/pose_input.h"

#include <assert.h>
#include <stdlib.h>

#include "core/photo/resize.h"

#define GREY 128.0f

void pf_pose_input_release(pf_pose_input *memory)
{
	for (unsigned i = 0; i < 3; i++) {
		pf_window_release(&memory->windows[i]);
	}
	free(memory->samples);
	free(memory->covers);
	*memory = (pf_pose_input){0};
}

void pf_pose_upright_size(const pf_image *image, uint32_t *width_px, uint32_t *height_px)
{
	bool swapped = pf_orientation_swaps(image->orientation);
	*width_px = swapped ? image->y.height_px : image->y.width_px;
	*height_px = swapped ? image->y.width_px : image->y.height_px;
}

/* A view of the given width in pixels of the photo, centred at (x, y) in pixels of the photo. */
static void view_about(double x, double y, double width, double photo_width, double photo_height,
		       pf_pose_view *view)
{
	double step = width / view->width_px; /* pixels of the photo for each of the input */
	view->left = (x - width / 2.0) / photo_width;
	view->top = (y - step * view->height_px / 2.0) / photo_height;
	view->x_step = step / photo_width;
	view->y_step = step / photo_height;
}

void pf_pose_view_whole(uint32_t photo_width_px, uint32_t photo_height_px, uint32_t width_px,
			uint32_t height_px, pf_pose_view *view)
{
	*view = (pf_pose_view){.width_px = width_px, .height_px = height_px};
	double by_height = (double)photo_height_px * width_px / height_px;
	double width = photo_width_px > by_height ? photo_width_px : by_height;
	view_about(photo_width_px / 2.0, photo_height_px / 2.0, width, photo_width_px, photo_height_px, view);
}

void pf_pose_view_box(uint32_t photo_width_px, uint32_t photo_height_px, uint32_t width_px,
		      uint32_t height_px, const pf_pose *box, double padding, pf_pose_view *view)
{
	double wide = (box->right - box->left) * photo_width_px,
	       high = (box->bottom - box->top) * photo_height_px;
	if (!(wide >= 1.0 && high >= 1.0)) {
		pf_pose_view_whole(photo_width_px, photo_height_px, width_px, height_px, view);
		return;
	}
	*view = (pf_pose_view){.width_px = width_px, .height_px = height_px};
	double by_height = high * width_px / height_px;
	double width = (wide > by_height ? wide : by_height) * padding;
	view_about((box->left + box->right) / 2.0 * photo_width_px,
		   (box->top + box->bottom) / 2.0 * photo_height_px, width, photo_width_px, photo_height_px,
		   view);
}

/* The whole number of luma samples to a chroma sample: 1, 2, 4, or 8 where chroma comes smaller. */
static double chroma_factor(uint32_t luma, uint32_t chroma)
{
	uint32_t factor = (luma + chroma - 1) / chroma;
	return factor > 4 ? 8.0 : factor > 2 ? 4.0 : factor;
}

/* The view in samples of a stored plane whose samples are fx x fy pixels large. */
static pf_window stored_window(const pf_image *image, const pf_pose_view *view, double fx, double fy)
{
	double x0 = view->left, y0 = view->top;
	double x1 = x0 + view->width_px * view->x_step, y1 = y0 + view->height_px * view->y_step;
	pf_stored_point(image->orientation, &x0, &y0);
	pf_stored_point(image->orientation, &x1, &y1);
	double width = image->y.width_px / fx, height = image->y.height_px / fy;
	return (pf_window){.left = (x0 < x1 ? x0 : x1) * width,
			   .top = (y0 < y1 ? y0 : y1) * height,
			   .right = (x0 < x1 ? x1 : x0) * width,
			   .bottom = (y0 < y1 ? y1 : y0) * height};
}

static pf_status begin_plane(pf_window_memory *memory, const pf_image *image, const pf_plane *plane,
			     const pf_pose_view *view, const pf_pose_card *card, float *out, pf_error *error)
{
	bool swapped = pf_orientation_swaps(image->orientation), chroma = plane != &image->y;
	uint32_t width = swapped ? view->height_px : view->width_px;
	uint32_t height = swapped ? view->width_px : view->height_px;
	if (!plane->data) {
		for (size_t i = 0; i < (size_t)width * height; i++) {
			out[i] = GREY;
		}
		return PF_OK;
	}
	double fx = chroma ? chroma_factor(image->y.width_px, plane->width_px) : 1.0;
	double fy = chroma ? chroma_factor(image->y.height_px, plane->height_px) : 1.0;
	pf_window window = stored_window(image, view, fx, fy);
	return pf_window_begin(memory, plane, image->y.width_px / fx, image->y.height_px / fy, &window, width,
			       height, chroma ? GREY : (float)card->padding, out, error);
}

/* Where the stored sample (x, y) goes in the upright picture: begin + x * across + y * down. */
typedef struct turned {
	ptrdiff_t begin, across, down;
} turned;

static turned turn_of(uint32_t orientation, ptrdiff_t width, ptrdiff_t height)
{
	bool swapped = pf_orientation_swaps(orientation);
	bool flip_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
	bool flip_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
	turned t = {.across = swapped ? height : 1, .down = swapped ? 1 : width};
	t.begin = (flip_x ? (width - 1) * t.across : 0) + (flip_y ? (height - 1) * t.down : 0);
	t.across = flip_x ? -t.across : t.across;
	t.down = flip_y ? -t.down : t.down;
	return t;
}

static float limit_sample(float value)
{
	return value < 0.0f ? 0.0f : value > 255.0f ? 255.0f : value;
}

/* JFIF's matrix, in place. */
static void to_rgb(float *first, float *second, float *third, size_t count, bool bgr)
{
	for (size_t i = 0; i < count; i++) {
		float y = first[i], cb = second[i] - 128.0f, cr = third[i] - 128.0f;
		float red = limit_sample(y + 1.402f * cr);
		float blue = limit_sample(y + 1.772f * cb);
		second[i] = limit_sample(y - 0.344136f * cb - 0.714136f * cr);
		first[i] = bgr ? blue : red;
		third[i] = bgr ? red : blue;
	}
}

static float round_half_up(float value, float low, float high)
{
	float limited = value < low ? low : value > high ? high : value;
	float shifted = limited - low + 0.5f;
	return (float)(uint32_t)shifted + low;
}

static void store(pf_type type, void *tensor, size_t at, float value)
{
	if (type == PF_TYPE_UINT8) {
		((uint8_t *)tensor)[at] = (uint8_t)round_half_up(value, 0.0f, 255.0f);
	} else if (type == PF_TYPE_INT32) {
		((int32_t *)tensor)[at] = (int32_t)round_half_up(value, -65536.0f, 65536.0f);
	} else {
		((float *)tensor)[at] = value;
	}
}

/* The usual case: floats that go side by side. */
static void write_floats(const float *samples, size_t count, float mean, float std, float *tensor)
{
	for (size_t i = 0; i < count; i++) {
		tensor[i] = (samples[i] - mean) / std;
	}
}

/* One channel, turned upright and normalised, into every `step`-th value of the tensor. */
static void write_channel(const float *samples, const turned *t, uint32_t width, uint32_t height, float mean,
			  float std, pf_type type, void *tensor, size_t offset, size_t step)
{
	if (type == PF_TYPE_FLOAT && step == 1 && t->begin == 0 && t->across == 1 &&
	    t->down == (ptrdiff_t)width) {
		write_floats(samples, (size_t)width * height, mean, std, (float *)tensor + offset);
		return;
	}
	for (uint32_t y = 0; y < height; y++) {
		ptrdiff_t at = t->begin + (ptrdiff_t)y * t->down;
		for (uint32_t x = 0; x < width; x++, at += t->across) {
			store(type, tensor, offset + (size_t)at * step, (samples[x] - mean) / std);
		}
		samples += width;
	}
}

pf_status pf_pose_input_begin(pf_pose_input *memory, const pf_image *image, const pf_pose_view *view,
			      const pf_pose_card *card, pf_error *error)
{
	assert(view->width_px > 0 && view->height_px > 0);
	size_t count = (size_t)view->width_px * view->height_px;
	if (3 * count > memory->sample_capacity) {
		free(memory->samples);
		memory->samples = malloc(3 * count * sizeof *memory->samples);
		memory->sample_capacity = memory->samples ? 3 * count : 0;
		if (!memory->samples) {
			return pf_fail(error, PF_ERR_NO_MEMORY, NULL,
				       "cannot allocate the pose network's picture");
		}
	}
	const pf_plane *planes[3] = {&image->y, &image->cb, &image->cr};
	pf_status status = PF_OK;
	for (unsigned i = 0; i < 3 && status == PF_OK; i++) {
		status = begin_plane(&memory->windows[i], image, planes[i], view, card,
				     memory->samples + i * count, error);
	}
	return status;
}

void pf_pose_input_rows(pf_pose_input *memory, const pf_image *image, const uint32_t rows[2],
			uint32_t needed[2])
{
	needed[0] = pf_window_rows(&memory->windows[0], &image->y, rows[0]);
	needed[1] = 0;
	if (image->cb.data) {
		uint32_t cb = pf_window_rows(&memory->windows[1], &image->cb, rows[1]);
		uint32_t cr = pf_window_rows(&memory->windows[2], &image->cr, rows[1]);
		needed[1] = cb < cr ? cb : cr;
	}
}

void pf_pose_input_end(pf_pose_input *memory, const pf_image *image, const pf_pose_view *view,
		       const pf_pose_card *card, pf_type type, void *tensor)
{
	size_t count = (size_t)view->width_px * view->height_px;
	if (card->colour != PF_POSE_YCBCR) {
		to_rgb(memory->samples, memory->samples + count, memory->samples + 2 * count, count,
		       card->colour == PF_POSE_BGR);
	}
	bool swapped = pf_orientation_swaps(image->orientation), nhwc = card->layout == PF_POSE_NHWC;
	uint32_t width = swapped ? view->height_px : view->width_px;
	uint32_t height = swapped ? view->width_px : view->height_px;
	turned t = turn_of(image->orientation, width, height);
	for (unsigned i = 0; i < 3; i++) {
		write_channel(memory->samples + i * count, &t, width, height, (float)card->mean[i],
			      (float)card->std[i], type, tensor, nhwc ? i : i * count, nhwc ? 3 : 1);
	}
}

pf_status pf_pose_input_fill(pf_pose_input *memory, const pf_image *image, const pf_pose_view *view,
			     const pf_pose_card *card, pf_type type, void *tensor, pf_error *error)
{
	assert(image->y.data);
	pf_status status = pf_pose_input_begin(memory, image, view, card, error);
	if (status == PF_OK) {
		uint32_t needed[2];
		pf_pose_input_rows(memory, image, (uint32_t[2]){image->y.height_px, image->cb.height_px},
				   needed);
		pf_pose_input_end(memory, image, view, card, type, tensor);
	}
	return status;
}

static void cover_of(const pf_window_tap *tap, uint32_t first, pf_gpu_cover *cover)
{
	*cover = (pf_gpu_cover){0};
	if (tap->inside > 0.0f) {
		*cover = (pf_gpu_cover){tap->first - first, tap->last - first, tap->first_weight,
					tap->last_weight, tap->inside};
	}
}

/* What the window of a plane looks at; `covers` has room for its columns and rows. */
static pf_picture_plane seen_of(const pf_window_memory *window, const pf_plane *plane, pf_gpu_cover *covers)
{
	uint32_t width = window->pass.width_px, height = window->pass.height_px, top = UINT32_MAX, bottom = 0;
	const pf_window_tap *down = window->taps + width;
	for (uint32_t y = 0; y < height; y++) {
		if (down[y].inside > 0.0f) {
			top = down[y].first < top ? down[y].first : top;
			bottom = down[y].last + 1 > bottom ? down[y].last + 1 : bottom;
		}
	}
	for (uint32_t x = 0; x < width; x++) { /* columns are counted from the part's first already */
		cover_of(&window->taps[x], 0, &covers[x]);
	}
	for (uint32_t y = 0; y < height; y++) {
		cover_of(&down[y], top, &covers[width + y]);
	}
	bool any = bottom > 0 && window->pass.right > window->pass.left;
	size_t first = any ? (size_t)top * plane->stride_bytes + window->pass.left : 0;
	return (pf_picture_plane){.samples = plane->data + first,
				  .columns = any ? window->pass.right - window->pass.left : 0,
				  .rows = any ? bottom - top : 0,
				  .stride_bytes = plane->stride_bytes,
				  .across = covers,
				  .down = covers + width,
				  .weight_x = window->pass.weight_x,
				  .weight_y = window->pass.weight_y,
				  .outside = window->pass.outside};
}

static pf_status make_covers(pf_pose_input *memory, size_t count, pf_error *error)
{
	if (count > memory->cover_capacity) {
		free(memory->covers);
		memory->covers = calloc(count, sizeof *memory->covers);
		memory->cover_capacity = memory->covers ? count : 0;
	}
	return memory->covers
		       ? PF_OK
		       : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate the pose network's picture");
}

pf_status pf_pose_input_picture(pf_pose_input *memory, const pf_image *image, const pf_pose_view *view,
				const pf_pose_card *card, pf_picture *picture, pf_error *error)
{
	static const pf_gpu_colour colours[PF_POSE_COLOURS] = {
		[PF_POSE_YCBCR] = PF_GPU_YCBCR, [PF_POSE_RGB] = PF_GPU_RGB, [PF_POSE_BGR] = PF_GPU_BGR};
	const pf_plane *planes[3] = {&image->y, &image->cb, &image->cr};
	bool swapped = pf_orientation_swaps(image->orientation);
	uint32_t width = swapped ? view->height_px : view->width_px;
	uint32_t height = swapped ? view->width_px : view->height_px;
	turned t = turn_of(image->orientation, width, height);
	pf_status status = pf_pose_input_begin(memory, image, view, card, error);
	if (status == PF_OK) {
		status = make_covers(memory, 3 * ((size_t)width + height), error);
	}
	if (status != PF_OK) {
		return status;
	}
	*picture = (pf_picture){.width_px = width,
				.height_px = height,
				.begin = t.begin,
				.across = t.across,
				.down = t.down,
				.colour = colours[card->colour]};
	for (unsigned i = 0; i < 3; i++) {
		if (planes[i]->data) {
			picture->planes[i] = seen_of(&memory->windows[i], planes[i],
						     memory->covers + i * ((size_t)width + height));
		}
		picture->mean[i] = (float)card->mean[i];
		picture->std[i] = (float)card->std[i];
	}
	return PF_OK;
}
