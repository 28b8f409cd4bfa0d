#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/scoring/fusion.h"
#include "core/scoring/quality.h"
#include "jpeg_fixture.h"

/* A photo without JPEG in between. */
static void make_image(pf_image *image, uint32_t width, uint32_t height, uint32_t chroma_divisor)
{
	uint32_t stride = width + 13; /* rows need no alignment */
	uint32_t cw = chroma_divisor ? (width + chroma_divisor - 1) / chroma_divisor : 0;
	uint32_t ch = chroma_divisor ? (height + chroma_divisor - 1) / chroma_divisor : 0;
	assert_int_equal(pf_image_reserve(image, (size_t)stride * height + 2 * (size_t)cw * ch + 1, NULL),
			 PF_OK);
	memset(image->buffer, 0, image->capacity_bytes);
	image->y = (pf_plane){image->buffer, width, height, stride};
	image->cb = image->cr = (pf_plane){0};
	if (chroma_divisor) {
		image->cb = (pf_plane){image->buffer + (size_t)stride * height, cw, ch, cw};
		image->cr = (pf_plane){image->cb.data + (size_t)cw * ch, cw, ch, cw};
	}
}

static void fill_randomly(pf_image *image, uint64_t seed)
{
	for (size_t i = 0; i < image->capacity_bytes; i++) {
		uint32_t value = pf_fixture_random(&seed);
		/* Extremes too: sums must not overflow on them. */
		image->buffer[i] = value % 3 == 0 ? 255 : value % 3 == 1 ? 0 : (uint8_t)(value >> 8);
	}
}

/* The definitions of quality.h, sample by sample. */
static int analysis_sample(const pf_image *image, uint32_t scale, uint32_t x, uint32_t y)
{
	uint32_t sum = scale * scale / 2;
	for (uint32_t v = 0; v < scale; v++) {
		for (uint32_t u = 0; u < scale; u++) {
			sum += image->y.data[(size_t)(y * scale + v) * image->y.stride_bytes + x * scale + u];
		}
	}
	return (int)(sum / (scale * scale));
}

static void naive_sums(const pf_image *image, pf_quality_sums *sums)
{
	uint32_t longest = image->y.width_px > image->y.height_px ? image->y.width_px : image->y.height_px;
	uint32_t scale = 1;
	while (longest > scale * PF_ANALYSIS_LONGEST_PX) {
		scale++;
	}
	uint32_t w = image->y.width_px / scale, h = image->y.height_px / scale;
	*sums = (pf_quality_sums){.scale = scale, .width_px = w, .height_px = h};
	int *p = malloc(sizeof *p * w * h);
	for (uint32_t y = 0; y < h; y++) {
		for (uint32_t x = 0; x < w; x++) {
			p[(size_t)y * w + x] = analysis_sample(image, scale, x, y);
			sums->histogram[p[(size_t)y * w + x]]++;
		}
	}
	for (uint32_t y = 1; y + 1 < h; y++) {
		for (uint32_t x = 1; x + 1 < w; x++) {
			const int *m = p + (size_t)y * w + x, *u = m - w, *d = m + w;
			uint32_t row = 0, column = 0;
			while (row + 1 < PF_GRID && y >= (uint64_t)(row + 1) * h / PF_GRID) {
				row++;
			}
			while (column + 1 < PF_GRID && x >= (uint64_t)(column + 1) * w / PF_GRID) {
				column++;
			}
			pf_tile_sums *tile = &sums->tiles[row][column];
			int laplacian = u[0] + m[-1] + m[1] + d[0] - 4 * m[0];
			int gx = u[1] - u[-1] + 2 * (m[1] - m[-1]) + d[1] - d[-1];
			int gy = d[-1] - u[-1] + 2 * (d[0] - u[0]) + d[1] - u[1];
			int noise = u[-1] - 2 * u[0] + u[1] - 2 * m[-1] + 4 * m[0] - 2 * m[1] + d[-1] -
				    2 * d[0] + d[1];
			tile->samples++;
			tile->laplacian += laplacian;
			tile->laplacian_squared += (uint64_t)(laplacian * laplacian);
			tile->sxx += (uint64_t)(gx * gx);
			tile->syy += (uint64_t)(gy * gy);
			tile->sxy += gx * gy;
			tile->noise += (uint64_t)abs(noise);
			tile->brightness += (uint64_t)m[0];
		}
	}
	free(p);
	for (size_t y = 0; y < image->cb.height_px; y++) {
		for (size_t x = 0; x < image->cb.width_px; x++) {
			int cb = image->cb.data[y * image->cb.stride_bytes + x] - 128;
			int cr = image->cr.data[y * image->cr.stride_bytes + x] - 128;
			sums->chroma_samples++;
			sums->cb += cb;
			sums->cr += cr;
			sums->cbcb += (uint64_t)(cb * cb);
			sums->crcr += (uint64_t)(cr * cr);
			sums->cbcr += cb * cr;
		}
	}
}

static const uint32_t sizes[][2] = {{1, 1},    {2, 2},    {3, 3},     {1, 40},    {40, 1},   {2, 9},
				    {8, 8},    {9, 17},   {100, 75},  {333, 217}, {640, 3},  {3, 640},
				    {3072, 5}, {3073, 7}, {6200, 16}, {9300, 30}, {7, 6145}, {65500, 44}};

static void test_sums_are_the_definition(void **state)
{
	(void)state;
	pf_quality *quality;
	pf_image image = {0};
	assert_int_equal(pf_quality_create(&quality, NULL), PF_OK);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		pf_quality_sums expected, got;
		make_image(&image, sizes[i][0], sizes[i][1], (uint32_t)i % 3);
		fill_randomly(&image, i);
		naive_sums(&image, &expected);
		pf_quality_sum(quality, &image, &got);
		assert_memory_equal(&got, &expected, sizeof got);
		pf_score score = {0};
		pf_quality_measure(&got, 1, &score);
		for (unsigned m = 0; m < PF_MEASURE_COUNT; m++) {
			assert_true(isfinite(score.measures[m]));
		}
	}
	pf_image_release(&image);
	pf_quality_destroy(quality);
}

/* However a photo is cut into bands, they add up to the whole: by one, two and three bands, in any order. */
static void test_bands_add_up(void **state)
{
	(void)state;
	pf_quality *quality;
	pf_image image = {0};
	assert_int_equal(pf_quality_create(&quality, NULL), PF_OK);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		pf_quality_sums whole, part, sum;
		make_image(&image, sizes[i][0], sizes[i][1], (uint32_t)i % 3);
		fill_randomly(&image, i + 100);
		pf_quality_sum(quality, &image, &whole);
		for (uint32_t bands = 1; bands <= 3; bands++) {
			uint32_t last = (PF_GRID - 1) / bands * bands;
			pf_quality_sum_bands(quality, &image, last, PF_GRID, &sum);
			for (uint32_t first = 0; first < last; first += bands) {
				pf_quality_sum_bands(quality, &image, first, first + bands, &part);
				pf_quality_add(&part, &sum);
			}
			assert_memory_equal(&sum, &whole, sizeof sum);
		}
	}
	pf_image_release(&image);
	pf_quality_destroy(quality);
}

static void test_scale(void **state)
{
	(void)state;
	assert_int_equal(pf_quality_scale(0, 0), 1);
	assert_int_equal(pf_quality_scale(3072, 10), 1);
	assert_int_equal(pf_quality_scale(3073, 10), 2);
	assert_int_equal(pf_quality_scale(4000, 6000), 2);
	assert_int_equal(pf_quality_scale(8256, 5504), 3);
	assert_int_equal(pf_quality_scale(65500, 65500), 22);
}

#define SIDE 960

/* A scene with structure in all directions at many sizes: overlapping discs of random brightness. */
static void draw_scene(float *scene)
{
	uint64_t random = 11;
	for (size_t i = 0; i < SIDE * SIDE; i++) {
		scene[i] = 110.0f;
	}
	for (unsigned disc = 0; disc < 3000; disc++) {
		int x = (int)(pf_fixture_random(&random) % SIDE),
		    y = (int)(pf_fixture_random(&random) % SIDE);
		int radius = 2 + (int)(pf_fixture_random(&random) % 24);
		float value = 30.0f + (float)(pf_fixture_random(&random) % 190);
		for (int v = -radius; v <= radius; v++) {
			for (int u = -radius; u <= radius; u++) {
				if (u * u + v * v <= radius * radius && x + u >= 0 && x + u < SIDE &&
				    y + v >= 0 && y + v < SIDE) {
					scene[(y + v) * SIDE + x + u] = value;
				}
			}
		}
	}
}

/* Mean over the line of `length` samples in direction (dx, dy). */
static void blur_line(const float *from, float *to, int length, int dx, int dy)
{
	for (int y = 0; y < SIDE; y++) {
		for (int x = 0; x < SIDE; x++) {
			float sum = 0.0f;
			for (int i = -(length / 2); i <= length / 2; i++) {
				int u = (x + i * dx + SIDE) % SIDE, v = (y + i * dy + SIDE) % SIDE;
				sum += from[v * SIDE + u];
			}
			to[y * SIDE + x] = sum / (float)length; /* odd */
		}
	}
}

/* Defocus: the same mean along both axes, twice, nearly a Gaussian of the radius's size. */
static void blur_all(const float *from, float *to, int length)
{
	float *other = malloc(sizeof *other * SIDE * SIDE);
	blur_line(from, other, length, 1, 0);
	blur_line(other, to, length, 0, 1);
	blur_line(to, other, length, 1, 0);
	blur_line(other, to, length, 0, 1);
	free(other);
}

static pf_score score_scene(const float *scene, float gain, unsigned noise, uint32_t orientation)
{
	pf_quality *quality;
	pf_image image = {0};
	pf_quality_sums sums;
	pf_score score = {0};
	uint64_t random = 5;
	assert_int_equal(pf_quality_create(&quality, NULL), PF_OK);
	make_image(&image, SIDE, SIDE, 0);
	for (size_t y = 0; y < SIDE; y++) {
		for (size_t x = 0; x < SIDE; x++) {
			float value = scene[y * SIDE + x] * gain + 0.5f;
			for (unsigned i = 0; noise > 0 && i < 12; i++) { /* sigma is `noise` */
				value += (float)noise *
					 ((float)(pf_fixture_random(&random) % 4096) / 4096.0f - 0.5f);
			}
			image.y.data[y * image.y.stride_bytes + x] = (uint8_t)(value < 0.0f     ? 0.0f
									       : value > 255.0f ? 255.0f
												: value);
		}
	}
	pf_quality_sum(quality, &image, &sums);
	pf_quality_measure(&sums, orientation, &score);
	pf_fusion_factors(&score);
	pf_image_release(&image);
	pf_quality_destroy(quality);
	return score;
}

static float sharp[SIDE * SIDE], blurred[SIDE * SIDE], motion[SIDE * SIDE];

static int draw(void **state)
{
	(void)state;
	draw_scene(sharp);
	return 0;
}

static void test_defocus_lowers_sharpness(void **state)
{
	(void)state;
	pf_score last = score_scene(sharp, 1.0f, 1, 1);
	assert_true(last.factors[PF_FACTOR_SHARPNESS] > 0.6);
	for (int length = 3; length <= 9; length += 2) {
		blur_all(sharp, blurred, length);
		pf_score score = score_scene(blurred, 1.0f, 1, 1);
		assert_true(score.factors[PF_FACTOR_SHARPNESS] < 0.93 * last.factors[PF_FACTOR_SHARPNESS]);
		assert_true(score.measures[PF_MEASURE_EDGE_WIDTH] > last.measures[PF_MEASURE_EDGE_WIDTH]);
		assert_true(score.factors[PF_FACTOR_STEADINESS] > 0.8);
		last = score;
	}
}

/* Edges blurred by a box of length L, twice, along both axes: sigma^2 = (L^2 - 1) / 6. */
static void test_edge_width_is_the_blur(void **state)
{
	(void)state;
	for (int length = 5; length <= 9; length += 2) {
		blur_all(sharp, blurred, length);
		double sigma = sqrt((double)(length * length - 1) / 6.0);
		double width = score_scene(blurred, 1.0f, 0, 1).measures[PF_MEASURE_EDGE_WIDTH];
		assert_true(width > 0.6 * sigma && width < 1.2 * sigma);
	}
}

static void test_motion_is_told_from_defocus(void **state)
{
	(void)state;
	static const struct {
		int dx, dy;
		double angle;
	} directions[] = {{1, 0, 0.0}, {0, 1, 90.0}, {1, 1, 45.0}, {1, -1, 135.0}};
	blur_all(sharp, blurred, 7);
	pf_score defocus = score_scene(blurred, 1.0f, 2, 1);
	for (size_t i = 0; i < 4; i++) {
		blur_line(sharp, motion, 15, directions[i].dx, directions[i].dy);
		pf_score score = score_scene(motion, 1.0f, 2, 1);
		assert_true(score.factors[PF_FACTOR_STEADINESS] < 0.6);
		assert_true(score.factors[PF_FACTOR_STEADINESS] <
			    defocus.factors[PF_FACTOR_STEADINESS] - 0.2);
		double turned = fabs(score.measures[PF_MEASURE_BLUR_ANGLE] - directions[i].angle);
		assert_true(turned < 4.0 || turned > 176.0);
	}
	/* Turned upright, the direction turns too: what is horizontal as stored is vertical on its side. */
	blur_line(sharp, motion, 15, 1, 1);
	assert_true(fabs(score_scene(motion, 1.0f, 2, 6).measures[PF_MEASURE_BLUR_ANGLE] - 135.0) < 4.0);
	assert_true(fabs(score_scene(motion, 1.0f, 2, 2).measures[PF_MEASURE_BLUR_ANGLE] - 135.0) < 4.0);
	assert_true(fabs(score_scene(motion, 1.0f, 2, 3).measures[PF_MEASURE_BLUR_ANGLE] - 45.0) < 4.0);
	assert_true(fabs(score_scene(motion, 1.0f, 2, 5).measures[PF_MEASURE_BLUR_ANGLE] - 45.0) < 4.0);
	blur_line(sharp, motion, 15, 1, 0);
	assert_true(fabs(score_scene(motion, 1.0f, 2, 8).measures[PF_MEASURE_BLUR_ANGLE] - 90.0) < 4.0);
}

static void test_noise(void **state)
{
	(void)state;
	static float flat[SIDE * SIDE];
	for (size_t i = 0; i < SIDE * SIDE; i++) {
		flat[i] = 120.0f;
	}
	for (unsigned sigma = 2; sigma <= 16; sigma *= 2) {
		double measured = score_scene(flat, 1.0f, sigma, 1).measures[PF_MEASURE_NOISE];
		assert_true(measured > 0.9 * sigma && measured < 1.1 * sigma);
	}
	/* Texture is no noise: what is measured is the flat part of the photo. */
	memcpy(flat, sharp, sizeof flat / 2);
	double beside_texture = score_scene(flat, 1.0f, 4, 1).measures[PF_MEASURE_NOISE];
	assert_true(beside_texture > 0.9 * 4 && beside_texture < 1.1 * 4);
	for (size_t i = 0; i < SIDE * SIDE; i++) {
		flat[i] = 120.0f;
	}
	/* Noise is no detail, and it does not make a soft photo sharp. */
	pf_score grain = score_scene(flat, 1.0f, 8, 1);
	assert_true(grain.factors[PF_FACTOR_SHARPNESS] < 0.35);
	blur_all(sharp, blurred, 9);
	assert_true(score_scene(blurred, 1.0f, 8, 1).factors[PF_FACTOR_SHARPNESS] <
		    score_scene(sharp, 1.0f, 2, 1).factors[PF_FACTOR_SHARPNESS]);
	assert_true(score_scene(sharp, 1.0f, 12, 1).factors[PF_FACTOR_NOISE] <
		    score_scene(sharp, 1.0f, 2, 1).factors[PF_FACTOR_NOISE]);
}

/* Against the definition, and one stop is one stop. */
static void test_luminance(void **state)
{
	(void)state;
	static float flat[SIDE * SIDE];
	static const double levels[] = {20, 60, 118, 200, 255};
	for (size_t k = 0; k < sizeof levels / sizeof *levels; k++) {
		for (size_t i = 0; i < SIDE * SIDE; i++) {
			flat[i] = (float)levels[k];
		}
		double stops = log2(pow((levels[k] / 255.0 + 0.055) / 1.055, 2.4) / 0.18);
		double measured = score_scene(flat, 1.0f, 0, 1).measures[PF_MEASURE_LUMINANCE];
		assert_true(fabs(measured - stops) < 0.5 / 256 + 1e-9);
	}
	double whole = score_scene(sharp, 1.0f, 0, 1).measures[PF_MEASURE_LUMINANCE];
	double half = score_scene(sharp, (float)pow(0.5, 1 / 2.4), 0, 1).measures[PF_MEASURE_LUMINANCE];
	assert_true(whole - half > 0.8 && whole - half < 1.2);
}

static void test_exposure(void **state)
{
	(void)state;
	double best = score_scene(sharp, 1.0f, 0, 1).factors[PF_FACTOR_EXPOSURE];
	double last = best;
	static const float darker[] = {0.7f, 0.5f, 0.3f}, brighter[] = {1.4f, 1.8f, 2.2f};
	for (size_t i = 0; i < 3; i++) {
		double exposure = score_scene(sharp, darker[i], 0, 1).factors[PF_FACTOR_EXPOSURE];
		assert_true(exposure < last);
		last = exposure;
	}
	last = best;
	for (size_t i = 0; i < 3; i++) {
		pf_score score = score_scene(sharp, brighter[i], 0, 1);
		assert_true(score.factors[PF_FACTOR_EXPOSURE] < last);
		assert_true(score.measures[PF_MEASURE_CLIPPED_HIGH] > 0.0);
		last = score.factors[PF_FACTOR_EXPOSURE];
	}
	assert_true(score_scene(sharp, 0.4f, 0, 1).factors[PF_FACTOR_CONTRAST] <
		    score_scene(sharp, 0.8f, 0, 1).factors[PF_FACTOR_CONTRAST]);
}

/* A sharp patch on a flat ground: where it lies, and that it alone is judged. */
static void test_subject(void **state)
{
	(void)state;
	static float ground[SIDE * SIDE];
	for (int y = 0; y < SIDE; y++) {
		for (int x = 0; x < SIDE; x++) {
			bool inside = x >= 120 && x < 360 && y >= 360 && y < 600;
			ground[y * SIDE + x] = inside ? sharp[y * SIDE + x] : 110.0f;
		}
	}
	pf_score upright = score_scene(ground, 1.0f, 0, 1);
	assert_true(fabs(upright.measures[PF_MEASURE_SUBJECT_X] - 0.25) < 0.04);
	assert_true(fabs(upright.measures[PF_MEASURE_SUBJECT_Y] - 0.5) < 0.04);
	assert_true(upright.measures[PF_MEASURE_SUBJECT_BORDER] < 0.02);
	assert_true(upright.factors[PF_FACTOR_SHARPNESS] >
		    0.85 * score_scene(sharp, 1.0f, 0, 1).factors[PF_FACTOR_SHARPNESS]);
	pf_score turned = score_scene(ground, 1.0f, 0, 6);
	assert_true(fabs(turned.measures[PF_MEASURE_SUBJECT_X] - 0.5) < 0.04);
	assert_true(fabs(turned.measures[PF_MEASURE_SUBJECT_Y] - 0.25) < 0.04);
	/* Cut by the border it is worth less. */
	for (int y = 0; y < SIDE; y++) {
		for (int x = 0; x < SIDE; x++) {
			bool inside = x < 240 && y < 240;
			ground[y * SIDE + x] = inside ? sharp[y * SIDE + x] : 110.0f;
		}
	}
	pf_score cut = score_scene(ground, 1.0f, 0, 1);
	assert_true(cut.measures[PF_MEASURE_SUBJECT_BORDER] > 0.5);
	assert_true(cut.factors[PF_FACTOR_COMPOSITION] < 0.5 * upright.factors[PF_FACTOR_COMPOSITION]);
}

/* Against the definition on RGB: rg = R - G, yb = (R + G) / 2 - B. */
static void test_colourfulness(void **state)
{
	(void)state;
	pf_quality *quality;
	pf_image image = {0};
	pf_quality_sums sums;
	pf_score score = {0};
	assert_int_equal(pf_quality_create(&quality, NULL), PF_OK);
	make_image(&image, 64, 48, 1);
	fill_randomly(&image, 3);
	double rg = 0, yb = 0, rgrg = 0, ybyb = 0, n = 64 * 48;
	for (size_t i = 0; i < 64 * 48; i++) {
		double y = 100.0, cb = image.cb.data[i] - 128.0, cr = image.cr.data[i] - 128.0;
		double r = y + 1.402 * cr, g = y - 0.344136 * cb - 0.714136 * cr, b = y + 1.772 * cb;
		rg += (r - g) / n;
		yb += ((r + g) / 2 - b) / n;
		rgrg += (r - g) * (r - g) / n;
		ybyb += ((r + g) / 2 - b) * ((r + g) / 2 - b) / n;
	}
	double expected = sqrt(rgrg - rg * rg + ybyb - yb * yb) + 0.3 * sqrt(rg * rg + yb * yb);
	pf_quality_sum(quality, &image, &sums);
	pf_quality_measure(&sums, 1, &score);
	assert_true(fabs(score.measures[PF_MEASURE_COLOURFULNESS] - expected) < 1e-9 * expected);
	make_image(&image, 64, 48, 0);
	pf_quality_sum(quality, &image, &sums);
	pf_quality_measure(&sums, 1, &score);
	assert_true(score.measures[PF_MEASURE_COLOURFULNESS] == 0.0);
	pf_image_release(&image);
	pf_quality_destroy(quality);
}

/* A blank photo is neither sharp nor steady, and nothing divides by zero. */
static void test_blank(void **state)
{
	(void)state;
	pf_quality_sums nothing = {.scale = 1};
	pf_score score = {0};
	pf_quality_measure(&nothing, 1, &score);
	pf_fusion_factors(&score);
	for (unsigned i = 0; i < PF_FACTOR_COUNT; i++) {
		assert_true(score.factors[i] >= 0.0 && score.factors[i] <= 1.0);
	}
	assert_true(score.factors[PF_FACTOR_SHARPNESS] == 0.0 && score.factors[PF_FACTOR_STEADINESS] == 0.0);
}

/* The workspace carries nothing from one photo into the next. */
static void test_order_does_not_matter(void **state)
{
	(void)state;
	pf_quality *quality;
	pf_image a = {0}, b = {0};
	pf_quality_sums first, again, other;
	assert_int_equal(pf_quality_create(&quality, NULL), PF_OK);
	make_image(&a, 3500, 40, 2);
	make_image(&b, 200, 300, 0);
	fill_randomly(&a, 1);
	fill_randomly(&b, 2);
	pf_quality_sum(quality, &a, &first);
	pf_quality_sum(quality, &b, &other);
	pf_quality_sum(quality, &a, &again);
	assert_memory_equal(&first, &again, sizeof first);
	pf_image_release(&a);
	pf_image_release(&b);
	pf_quality_destroy(quality);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums_are_the_definition),
		cmocka_unit_test(test_bands_add_up),
		cmocka_unit_test(test_scale),
		cmocka_unit_test(test_defocus_lowers_sharpness),
		cmocka_unit_test(test_edge_width_is_the_blur),
		cmocka_unit_test(test_motion_is_told_from_defocus),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_luminance),
		cmocka_unit_test(test_exposure),
		cmocka_unit_test(test_subject),
		cmocka_unit_test(test_colourfulness),
		cmocka_unit_test(test_blank),
		cmocka_unit_test(test_order_does_not_matter),
	};
	return cmocka_run_group_tests(tests, draw, NULL);
}
