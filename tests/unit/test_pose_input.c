#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/scoring/pose_input.h"
#include "jpeg_fixture.h"

static void make_image(pf_image *image, uint32_t width, uint32_t height, uint32_t fx, uint32_t fy,
		       uint32_t orientation, uint64_t seed)
{
	uint32_t stride = width + 5, cw = fx ? (width + fx - 1) / fx : 0,
		 ch = fx ? (height + fy - 1) / fy : 0;
	size_t luma = (size_t)stride * height, chroma = (size_t)(cw + 3) * ch;
	assert_int_equal(pf_image_reserve(image, luma + 2 * chroma + 1, NULL), PF_OK);
	for (size_t i = 0; i < image->capacity_bytes; i++) {
		image->buffer[i] = (uint8_t)pf_fixture_random(&seed);
	}
	image->orientation = orientation;
	image->y = (pf_plane){image->buffer, width, height, stride};
	image->cb = image->cr = (pf_plane){0};
	if (fx) {
		image->cb = (pf_plane){image->buffer + luma, cw, ch, cw + 3};
		image->cr = (pf_plane){image->buffer + luma + chroma, cw, ch, cw + 3};
	}
}

/* Of the upright point (x, y), in shares, the stored one. */
static void stored(uint32_t orientation, double *x, double *y)
{
	double u = *x, v = *y;
	static const double maps[9][6] = {{1, 0, 0, 0, 1, 0},   {1, 0, 0, 0, 1, 0},   {-1, 0, 1, 0, 1, 0},
					  {-1, 0, 1, 0, -1, 1}, {1, 0, 0, 0, -1, 1},  {0, 1, 0, 1, 0, 0},
					  {0, 1, 0, -1, 0, 1},  {0, -1, 1, -1, 0, 1}, {0, -1, 1, 1, 0, 0}};
	const double *m = maps[orientation];
	*x = m[0] * u + m[1] * v + m[2];
	*y = m[3] * u + m[4] * v + m[5];
}

/* Share of sample i of `count` along one side in what lies between low and high; the photo ends at `extent`.
 */
static double weight(double low, double high, double extent, uint32_t count, uint32_t i)
{
	if (high - low > 1 + 1e-9) {
		double wide = fmin(fmin(high, i + 1.0), extent) - fmax(low, i);
		return wide > 0 ? wide / (high - low) : 0;
	}
	double at = (low + high) / 2;
	if (at < 0 || at >= extent) {
		return 0;
	}
	at = fmin(fmax(at, 0.5), count - 0.5);
	return fmax(0, 1 - fabs(i + 0.5 - at));
}

/* The definition: one input value of one plane by brute force in doubles. fx x fy pixels are a sample. */
static double naive(const pf_image *image, const pf_plane *plane, double fx, double fy,
		    const pf_pose_view *view, uint32_t column, uint32_t row, double outside)
{
	if (!plane->data) {
		return 128.0;
	}
	double x0 = view->left + column * view->x_step, x1 = x0 + view->x_step;
	double y0 = view->top + row * view->y_step, y1 = y0 + view->y_step;
	stored(image->orientation, &x0, &y0);
	stored(image->orientation, &x1, &y1);
	double w = image->y.width_px / fx, h = image->y.height_px / fy;
	double left = fmin(x0, x1) * w, right = fmax(x0, x1) * w, top = fmin(y0, y1) * h,
	       bottom = fmax(y0, y1) * h;
	double sum = 0, covered = 0;
	for (uint32_t r = 0; r < plane->height_px; r++) {
		double down = weight(top, bottom, h, plane->height_px, r);
		for (uint32_t c = 0; c < plane->width_px && down > 0; c++) {
			double share = down * weight(left, right, w, plane->width_px, c);
			sum += share * plane->data[(size_t)r * plane->stride_bytes + c];
			covered += share;
		}
	}
	return sum + outside * (1 - covered);
}

/* A value whose centre lies on the photo's very edge may count as in or out: the view is moved by nothing to
 * speak of in all directions. */
static bool agrees(double value, const pf_image *image, const pf_plane *plane, double fx, double fy,
		   const pf_pose_view *view, uint32_t column, uint32_t row, double outside)
{
	for (int i = 0; i < 9; i++) {
		pf_pose_view moved = *view;
		int across = i % 3 - 1, down = i / 3 - 1;
		moved.left += across * 1e-9;
		moved.top += down * 1e-9;
		if (fabs(value - naive(image, plane, fx, fy, &moved, column, row, outside)) <= 2e-3) {
			return true;
		}
	}
	return false;
}

static void compare(const pf_image *image, double fx, double fy, const pf_pose_view *view,
		    const pf_pose_card *card)
{
	size_t count = (size_t)view->width_px * view->height_px;
	float *got = malloc(3 * count * sizeof *got);
	pf_pose_input memory = {0};
	assert_int_equal(pf_pose_input_fill(&memory, image, view, card, PF_TYPE_FLOAT, got, NULL), PF_OK);
	const pf_plane *planes[3] = {&image->y, &image->cb, &image->cr};
	for (unsigned p = 0; p < 3; p++) {
		for (size_t i = 0; i < count; i++) {
			uint32_t column = (uint32_t)(i % view->width_px),
				 row = (uint32_t)(i / view->width_px);
			double expected = naive(image, planes[p], p ? fx : 1, p ? fy : 1, view, column, row,
						p ? 128 : card->padding);
			size_t at = card->layout == PF_POSE_NHWC ? 3 * i + p : p * count + i;
			double value = got[at] * card->std[p] + card->mean[p];
			if (fabs(value - expected) > 2e-3 &&
			    !agrees(value, image, planes[p], p ? fx : 1, p ? fy : 1, view, column, row,
				    p ? 128 : card->padding)) {
				fail_msg("%ux%u turned %u, plane %u (%u, %u): %f, not %f", image->y.width_px,
					 image->y.height_px, image->orientation, p, column, row, value,
					 expected);
			}
		}
	}
	pf_pose_input_release(&memory);
	free(got);
}

static pf_pose_card our_card(void)
{
	pf_pose_card card;
	pf_pose_card_default(&card);
	card.colour = PF_POSE_YCBCR;
	for (unsigned i = 0; i < 3; i++) {
		card.mean[i] = 128.0;
		card.std[i] = 64.0;
	}
	return card;
}

static void test_input_is_the_definition(void **state)
{
	(void)state;
	static const uint32_t cases[][4] = {
		/* width, height, samples of chroma */
		{192, 144, 2, 2}, {193, 145, 2, 2}, {144, 192, 2, 2}, {97, 31, 2, 1},  {31, 97, 1, 2},
		{60, 41, 1, 1},   {61, 44, 4, 1},   {46, 35, 2, 2},   {20, 15, 2, 2},  {5, 3, 2, 2},
		{1, 1, 1, 1},     {1, 300, 1, 1},   {400, 1, 1, 1},   {131, 77, 0, 0}, {50, 800, 2, 2}};
	pf_image image = {0};
	pf_pose_card card = our_card();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (uint32_t orientation = 1; orientation <= 8; orientation++) {
			const uint32_t *c = cases[i];
			pf_pose_view view;
			uint32_t width, height;
			make_image(&image, c[0], c[1], c[2], c[3], orientation, 10 * i + orientation);
			pf_pose_upright_size(&image, &width, &height);
			card.layout = i % 2 ? PF_POSE_NHWC : PF_POSE_NCHW;
			pf_pose_view_whole(width, height, 48, 36, &view);
			compare(&image, c[2], c[3], &view, &card);
			pf_pose box = {.left = 0.3, .top = -0.1, .right = 0.8, .bottom = 0.7};
			pf_pose_view_box(width, height, 24, 32, &box, 1.25, &view);
			compare(&image, c[2], c[3], &view, &card);
		}
	}
	pf_image_release(&image);
}

static void test_letterbox(void **state)
{
	(void)state;
	pf_pose_view view;
	pf_pose_view_whole(3000, 2000, 384, 288, &view); /* 384 x 256, 16 rows above and below */
	assert_true(fabs(view.left) < 1e-12 && fabs(view.x_step - 1.0 / 384) < 1e-12);
	assert_true(fabs(view.top + 16.0 / 256) < 1e-12 && fabs(view.y_step - 1.0 / 256) < 1e-12);
	pf_pose_view_whole(100, 300, 288, 384, &view); /* 128 x 384 */
	assert_true(fabs(view.top) < 1e-12 && fabs(view.left + 80.0 / 128) < 1e-12);
	pf_pose box = {.left = 0.4, .right = 0.6, .top = 0.2, .bottom = 0.6};
	pf_pose_view_box(1000, 1000, 192, 256, &box, 1.25, &view); /* 400 high, so 500 with 375 in width */
	assert_true(fabs(view.top - 0.15) < 1e-12 && fabs(view.y_step - 0.5 / 256) < 1e-12);
	assert_true(fabs(view.left - 0.3125) < 1e-12 && fabs(view.x_step - 0.375 / 192) < 1e-12);
	static const double hostile[][4] = {
		{0, 0, 0, 0}, {0.5, 0.5, 0.4, 0.9}, {NAN, 0, 1, 1}, {0, 0, 1, NAN}};
	for (size_t i = 0; i < 4; i++) {
		pf_pose_view whole;
		box = (pf_pose){.left = hostile[i][0],
				.top = hostile[i][1],
				.right = hostile[i][2],
				.bottom = hostile[i][3]};
		pf_pose_view_whole(640, 480, 96, 96, &whole);
		pf_pose_view_box(640, 480, 96, 96, &box, 1.25, &view);
		assert_memory_equal(&view, &whole, sizeof view);
	}
}

/* Grey around the photo is 0 for our own network, in all three planes. */
static void test_padding_is_nothing(void **state)
{
	(void)state;
	pf_image image = {0};
	pf_pose_view view;
	pf_pose_input memory = {0};
	pf_pose_card card = our_card();
	float tensor[3 * 48 * 36];
	make_image(&image, 480, 180, 2, 2, 1, 5); /* 48 x 18 */
	pf_pose_view_whole(480, 180, 48, 36, &view);
	assert_int_equal(pf_pose_input_fill(&memory, &image, &view, &card, PF_TYPE_FLOAT, tensor, NULL),
			 PF_OK);
	for (unsigned p = 0; p < 3; p++) {
		for (unsigned i = 0; i < 9 * 48; i++) {
			assert_true(tensor[p * 48 * 36 + i] == 0.0f);
			assert_true(tensor[p * 48 * 36 + 27 * 48 + i] == 0.0f);
		}
	}
	pf_pose_input_release(&memory);
	pf_image_release(&image);
}

static void test_colours_and_types(void **state)
{
	(void)state;
	static const uint8_t ycc[3] = {81, 90, 240}; /* a pure red, by JFIF about (238, 14, 14) */
	pf_image image = {0};
	make_image(&image, 32, 32, 1, 1, 1, 1);
	for (uint32_t y = 0; y < 32; y++) {
		memset(image.y.data + (size_t)y * image.y.stride_bytes, ycc[0], 32);
		memset(image.cb.data + (size_t)y * image.cb.stride_bytes, ycc[1], 32);
		memset(image.cr.data + (size_t)y * image.cr.stride_bytes, ycc[2], 32);
	}
	pf_pose_view view;
	pf_pose_view_whole(32, 32, 16, 16, &view);
	pf_pose_card card;
	pf_pose_card_default(&card);
	card.layout = PF_POSE_NHWC;
	pf_pose_input memory = {0};
	uint8_t bytes[768];
	int32_t words[768];
	float floats[768];
	double red = 81 + 1.402 * 112, green = 81 + 0.344136 * 38 - 0.714136 * 112, blue = 81 - 1.772 * 38;
	assert_int_equal(pf_pose_input_fill(&memory, &image, &view, &card, PF_TYPE_UINT8, bytes, NULL),
			 PF_OK);
	assert_int_equal(bytes[0], (int)(red + 0.5));
	assert_int_equal(bytes[1], (int)(green + 0.5));
	assert_int_equal(bytes[767], (int)(blue + 0.5));
	card.mean[0] = 1000.0; /* below what a byte holds, but not below what a word does */
	assert_int_equal(pf_pose_input_fill(&memory, &image, &view, &card, PF_TYPE_UINT8, bytes, NULL),
			 PF_OK);
	assert_int_equal(bytes[0], 0);
	assert_int_equal(pf_pose_input_fill(&memory, &image, &view, &card, PF_TYPE_INT32, words, NULL),
			 PF_OK);
	assert_int_equal(words[0], (int)floor(red - 1000 + 0.5));
	card.mean[0] = 0.0;
	card.colour = PF_POSE_BGR;
	card.std[0] = 2.0;
	assert_int_equal(pf_pose_input_fill(&memory, &image, &view, &card, PF_TYPE_FLOAT, floats, NULL),
			 PF_OK);
	assert_true(fabs(floats[0] - blue / 2) < 1e-3 && fabs(floats[2] - red) < 1e-3);
	image.cb = image.cr = (pf_plane){0}; /* a grey photo */
	assert_int_equal(pf_pose_input_fill(&memory, &image, &view, &card, PF_TYPE_FLOAT, floats, NULL),
			 PF_OK);
	assert_true(fabsf(floats[0] - 40.5f) < 1e-4f && fabsf(floats[1] - 81) < 1e-4f &&
		    fabsf(floats[2] - 81) < 1e-4f);
	pf_pose_input_release(&memory);
	pf_image_release(&image);
}

/* What ran before leaves no trace, and nothing grows once the largest photo is through. */
static void test_memory_is_reused(void **state)
{
	(void)state;
	pf_image small = {0}, large = {0};
	pf_pose_input memory = {0}, fresh = {0};
	pf_pose_card card = our_card();
	pf_pose_view view;
	static float first[3 * 48 * 36], second[3 * 48 * 36];
	make_image(&small, 50, 70, 2, 2, 6, 1);
	make_image(&large, 700, 500, 2, 2, 1, 2);
	pf_pose_view_whole(700, 500, 48, 36, &view);
	assert_int_equal(pf_pose_input_fill(&memory, &large, &view, &card, PF_TYPE_FLOAT, first, NULL),
			 PF_OK);
	const void *kept[] = {memory.samples, memory.windows[0].columns, memory.windows[0].taps};
	pf_pose_view_whole(70, 50, 48, 36, &view);
	assert_int_equal(pf_pose_input_fill(&memory, &small, &view, &card, PF_TYPE_FLOAT, first, NULL),
			 PF_OK);
	assert_int_equal(pf_pose_input_fill(&fresh, &small, &view, &card, PF_TYPE_FLOAT, second, NULL),
			 PF_OK);
	assert_memory_equal(first, second, sizeof first);
	assert_ptr_equal(kept[0], memory.samples);
	assert_ptr_equal(kept[1], memory.windows[0].columns);
	assert_ptr_equal(kept[2], memory.windows[0].taps);
	pf_pose_input_release(&memory);
	pf_pose_input_release(&fresh);
	pf_image_release(&small);
	pf_image_release(&large);
}

/* More rows for one output row than 16 bits can count. */
static void test_very_tall_photo(void **state)
{
	(void)state;
	pf_image image = {0};
	pf_pose_card card = our_card();
	pf_pose_view view;
	make_image(&image, 3, 20000, 0, 0, 1, 9);
	memset(image.buffer, 255, image.capacity_bytes);
	pf_pose_view_whole(3, 20000, 16, 16, &view);
	compare(&image, 1, 1, &view, &card);
	pf_image_release(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_input_is_the_definition), cmocka_unit_test(test_letterbox),
		cmocka_unit_test(test_padding_is_nothing),      cmocka_unit_test(test_colours_and_types),
		cmocka_unit_test(test_memory_is_reused),        cmocka_unit_test(test_very_tall_photo),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
