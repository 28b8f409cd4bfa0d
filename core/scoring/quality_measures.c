#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/photo/resize.h"
#include "core/scoring/quality.h"
#include "photofinish/whole_number.h"

#define TILES (PF_GRID * PF_GRID)
#define SHARPEST_TILES 8 /* an eighth of the frame: what sharpness is judged by */
#define SUBJECT_TILES 16 /* a quarter of the frame: blur direction and composition */
/* Variance that noise of variance 1 gives: sums of the squared coefficients. */
#define LAPLACIAN_NOISE_GAIN 20.0
#define SOBEL_NOISE_GAIN 24.0           /* gx and gy together */
#define NOISE_SCALE 0.20888568955258338 /* sqrt(pi / 2) / 6, Immerkaer 1996 */
#define NOISE_BRIGHTNESS_MIN 8.0        /* near black and white noise is cut off */
#define NOISE_BRIGHTNESS_MAX 247.0
/* Of an edge blurred by a Gaussian: mean square gradient over mean square Laplacian is 2 sigma^2, Sobel's
 * gain of 8 squared. */
#define EDGE_RATIO 128.0
#define CLIPPED_HIGH 250
#define CLIPPED_LOW 5

/* Stops above 18 % reflectance of each level, times 256: round(256 log2(linear / 0.18)) with sRGB's transfer
 * curve; level 0 counts as 1. A table, because no logarithm gives the same last bit everywhere. */
static const int stops_256[256] = {
	-2358, -2358, -2102, -1953, -1846, -1764, -1697, -1640, -1590, -1547, -1508, -1472, -1437, -1404,
	-1371, -1340, -1310, -1281, -1253, -1226, -1199, -1174, -1149, -1125, -1101, -1078, -1056, -1034,
	-1012, -991,  -971,  -951,  -932,  -913,  -894,  -876,  -858,  -840,  -823,  -806,  -790,  -773,
	-757,  -742,  -726,  -711,  -696,  -682,  -667,  -653,  -639,  -625,  -612,  -599,  -585,  -572,
	-560,  -547,  -535,  -523,  -510,  -499,  -487,  -475,  -464,  -453,  -441,  -430,  -420,  -409,
	-398,  -388,  -377,  -367,  -357,  -347,  -337,  -327,  -318,  -308,  -298,  -289,  -280,  -271,
	-262,  -253,  -244,  -235,  -226,  -217,  -209,  -200,  -192,  -184,  -175,  -167,  -159,  -151,
	-143,  -135,  -128,  -120,  -112,  -105,  -97,   -90,   -82,   -75,   -67,   -60,   -53,   -46,
	-39,   -32,   -25,   -18,   -11,   -4,    2,     9,     16,    22,    29,    35,    42,    48,
	55,    61,    67,    73,    79,    86,    92,    98,    104,   110,   116,   122,   127,   133,
	139,   145,   150,   156,   162,   167,   173,   178,   184,   189,   195,   200,   205,   211,
	216,   221,   227,   232,   237,   242,   247,   252,   257,   262,   267,   272,   277,   282,
	287,   292,   297,   302,   306,   311,   316,   320,   325,   330,   334,   339,   344,   348,
	353,   357,   362,   366,   371,   375,   379,   384,   388,   393,   397,   401,   405,   410,
	414,   418,   422,   426,   431,   435,   439,   443,   447,   451,   455,   459,   463,   467,
	471,   475,   479,   483,   487,   491,   495,   498,   502,   506,   510,   514,   517,   521,
	525,   529,   532,   536,   540,   543,   547,   550,   554,   558,   561,   565,   568,   572,
	575,   579,   582,   586,   589,   593,   596,   600,   603,   607,   610,   613,   617,   620,
	623,   627,   630,   633,
};

/* What one tile says; rank 0 is the tile with the most detail. */
typedef struct tile_view {
	unsigned index; /* row * PF_GRID + column, as stored */
	double samples, noise, brightness;
	double detail;       /* variance of the Laplacian less noise */
	double gradient;     /* mean square Sobel gradient less noise */
	double cosine, sine; /* structure tensor as a vector of the doubled angle, its length the coherence */
} tile_view;

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

/* More detail first; equal tiles in the order of their indices, so that the order never depends on qsort. */
static int by_detail(const void *a, const void *b)
{
	const tile_view *left = a, *right = b;
	if (left->detail != right->detail) {
		return left->detail < right->detail ? 1 : -1;
	}
	return (left->index > right->index) - (left->index < right->index);
}

/* Noise of the quietest tenth of the tiles, so that texture is not taken for noise. */
static double noise_level(const tile_view *tiles)
{
	double values[TILES];
	size_t count = 0;
	for (unsigned i = 0; i < TILES; i++) {
		const tile_view *tile = &tiles[i];
		if (tile->samples > 0 && tile->brightness >= NOISE_BRIGHTNESS_MIN &&
		    tile->brightness <= NOISE_BRIGHTNESS_MAX) {
			values[count++] = tile->noise;
		}
	}
	if (count == 0) {
		return 0.0;
	}
	qsort(values, count, sizeof *values, by_value);
	return values[count / 10];
}

/* Noise is taken off both variances. What is left of the Laplacian's is weighted by the share of the gradient
 * that is no noise (a Wiener gain), because the noise of a tile differs a little from the estimate. */
static void view_tile(const pf_tile_sums *sums, double noise_variance, tile_view *tile)
{
	double n = tile->samples;
	double mean = (double)sums->laplacian / n;
	double sxx = (double)sums->sxx / n, syy = (double)sums->syy / n, sxy = (double)sums->sxy / n;
	double noise_gradient = SOBEL_NOISE_GAIN * noise_variance;
	double gradient = sxx + syy - noise_gradient;
	double detail = (double)sums->laplacian_squared / n - mean * mean -
			LAPLACIAN_NOISE_GAIN * noise_variance;
	if (gradient <= 0.0) {
		return;
	}
	tile->gradient = gradient;
	tile->detail = detail > 0.0 ? detail * (gradient / (gradient + noise_gradient)) : 0.0;
	double length = sqrt((sxx - syy) * (sxx - syy) + 4.0 * sxy * sxy);
	double trace = gradient > length ? gradient : length; /* coherence is at most 1 */
	tile->cosine = (sxx - syy) / trace;
	tile->sine = 2.0 * sxy / trace;
}

static void view_tiles(const pf_quality_sums *sums, tile_view *tiles, double *noise)
{
	for (unsigned i = 0; i < TILES; i++) {
		const pf_tile_sums *from = &sums->tiles[i / PF_GRID][i % PF_GRID];
		tiles[i] = (tile_view){.index = i, .samples = (double)from->samples};
		if (from->samples > 0) {
			tiles[i].noise = NOISE_SCALE * (double)from->noise / tiles[i].samples;
			tiles[i].brightness = (double)from->brightness / tiles[i].samples;
		}
	}
	*noise = noise_level(tiles);
	for (unsigned i = 0; i < TILES; i++) {
		if (tiles[i].samples > 0) {
			view_tile(&sums->tiles[i / PF_GRID][i % PF_GRID], *noise * *noise, &tiles[i]);
		}
	}
	qsort(tiles, TILES, sizeof *tiles, by_detail);
}

/* Brings the subject's tiles to the front, both parts still sorted. Returns how many there are: all where no
 * subject is known. */
static unsigned subject_first(uint64_t subject, tile_view *tiles)
{
	tile_view others[TILES];
	unsigned own = 0, other = 0;
	for (unsigned i = 0; i < TILES; i++) {
		if (subject >> tiles[i].index & 1 && tiles[i].samples > 0) {
			tiles[own++] = tiles[i];
		} else {
			others[other++] = tiles[i];
		}
	}
	memcpy(tiles + own, others, other * sizeof *others);
	return own > 0 ? own : TILES;
}

static void measure_sharpness(const tile_view *tiles, unsigned count, double *measures)
{
	double detail = 0.0, gradient = 0.0;
	count = count < SHARPEST_TILES ? count : SHARPEST_TILES;
	for (unsigned i = 0; i < count; i++) {
		detail += tiles[i].detail / count;
		gradient += tiles[i].gradient / count;
	}
	measures[PF_MEASURE_LAPLACIAN] = sqrt(detail);
	measures[PF_MEASURE_TENENGRAD] = sqrt(gradient);
	measures[PF_MEASURE_EDGE_WIDTH] = detail > 0.0 ? sqrt(gradient / (EDGE_RATIO * detail)) : 0.0;
}

/* Half the angle of (cosine, sine) in degrees, 0 to 180; within 0.2 degrees, by + - * / alone. */
static double half_angle_deg(double cosine, double sine)
{
	double x = fabs(cosine), y = fabs(sine);
	if (x == 0.0 && y == 0.0) {
		return 0.0;
	}
	double z = x > y ? y / x : x / y;
	double angle = z * (45.0 + 15.64 * (1.0 - z));
	angle = x > y ? angle : 90.0 - angle;
	angle = cosine < 0.0 ? 180.0 - angle : angle;
	angle = sine < 0.0 ? 360.0 - angle : angle;
	return angle / 2.0;
}

/* Each subject tile has one vote with the weight of its own coherence; votes of scene structure point all
 * ways and cancel, those of motion agree. */
static void measure_direction(const tile_view *tiles, unsigned count, uint32_t orientation, double *measures)
{
	double cosine = 0.0, sine = 0.0;
	count = count < SUBJECT_TILES ? count : SUBJECT_TILES;
	for (unsigned i = 0; i < count; i++) {
		cosine += tiles[i].cosine / count;
		sine += tiles[i].sine / count;
	}
	measures[PF_MEASURE_COHERENCE] = sqrt(cosine * cosine + sine * sine);
	if (pf_orientation_swaps(orientation)) {
		cosine = -cosine;
	}
	if (orientation == 2 || orientation == 4 || orientation == 6 || orientation == 8) {
		sine = -sine;
	}
	/* Motion wipes out the gradient along itself: it is perpendicular to the gradients that are left. */
	double angle = half_angle_deg(-cosine, -sine);
	measures[PF_MEASURE_BLUR_ANGLE] = angle < 180.0 ? angle : 0.0;
}

static void measure_subject(const tile_view *tiles, unsigned count, uint32_t orientation, double *measures)
{
	double total = 0.0, x = 0.0, y = 0.0, border = 0.0;
	for (unsigned i = 0; i < count && i < SUBJECT_TILES; i++) {
		unsigned row = tiles[i].index / PF_GRID, column = tiles[i].index % PF_GRID;
		bool outer = row == 0 || row == PF_GRID - 1 || column == 0 || column == PF_GRID - 1;
		total += tiles[i].detail;
		x += tiles[i].detail * (column + 0.5) / PF_GRID;
		y += tiles[i].detail * (row + 0.5) / PF_GRID;
		border += outer ? tiles[i].detail : 0.0;
	}
	x = total > 0.0 ? x / total : 0.5;
	y = total > 0.0 ? y / total : 0.5;
	pf_upright_point(orientation, &x, &y);
	measures[PF_MEASURE_SUBJECT_X] = x;
	measures[PF_MEASURE_SUBJECT_Y] = y;
	measures[PF_MEASURE_SUBJECT_BORDER] = total > 0.0 ? border / total : 0.0;
}

/* Smallest value that at least `share` / 100 of the samples do not exceed. */
static unsigned percentile(const uint64_t *histogram, uint64_t samples, unsigned share)
{
	uint64_t below = 0;
	for (unsigned value = 0; value < 256; value++) {
		below += histogram[value];
		if (below * 100 >= samples * share) {
			return value;
		}
	}
	return 255;
}

static void measure_tones(const pf_quality_sums *sums, double *measures)
{
	uint64_t samples = 0, total = 0, low = 0, high = 0;
	int64_t stops = 0;
	for (unsigned value = 0; value < 256; value++) {
		samples += sums->histogram[value];
		total += sums->histogram[value] * value;
		stops += (int64_t)sums->histogram[value] * stops_256[value];
		low += value <= CLIPPED_LOW ? sums->histogram[value] : 0;
		high += value >= CLIPPED_HIGH ? sums->histogram[value] : 0;
	}
	if (samples == 0) {
		return;
	}
	measures[PF_MEASURE_BRIGHTNESS] = (double)total / (double)samples;
	measures[PF_MEASURE_LUMINANCE] = (double)stops / ((double)samples * 256.0);
	measures[PF_MEASURE_CLIPPED_LOW] = (double)low / (double)samples;
	measures[PF_MEASURE_CLIPPED_HIGH] = (double)high / (double)samples;
	measures[PF_MEASURE_CONTRAST] = percentile(sums->histogram, samples, 99) -
					(double)percentile(sums->histogram, samples, 1);
}

/* Mean and variance of a * Cb + b * Cr follow from the chroma sums without a second look at the pixels. */
static void opponent(const pf_quality_sums *sums, double a, double b, double *mean, double *variance)
{
	double n = (double)sums->chroma_samples;
	double cb = (double)sums->cb / n, cr = (double)sums->cr / n;
	double cbcb = (double)sums->cbcb / n - cb * cb;
	double crcr = (double)sums->crcr / n - cr * cr;
	double cbcr = (double)sums->cbcr / n - cb * cr;
	double spread = a * a * cbcb + b * b * crcr + 2.0 * a * b * cbcr;
	*mean = a * cb + b * cr;
	*variance = spread > 0.0 ? spread : 0.0;
}

/* Hasler and Suesstrunk 2003: rg = R - G and yb = (R + G) / 2 - B are linear in Cb and Cr (JFIF's matrix). */
static double colourfulness(const pf_quality_sums *sums)
{
	if (sums->chroma_samples == 0) {
		return 0.0;
	}
	double rg_mean, rg_variance, yb_mean, yb_variance;
	opponent(sums, 0.344136, 2.116136, &rg_mean, &rg_variance);
	opponent(sums, -1.944068, 0.343932, &yb_mean, &yb_variance);
	return sqrt(rg_variance + yb_variance) + 0.3 * sqrt(rg_mean * rg_mean + yb_mean * yb_mean);
}

void pf_quality_set_subject(pf_score *score, uint64_t tiles)
{
	score->measures[PF_MEASURE_TILES_UPPER] = (double)(tiles & UINT32_MAX);
	score->measures[PF_MEASURE_TILES_LOWER] = (double)(tiles >> 32);
}

uint64_t pf_quality_subject(const pf_score *score)
{
	uint64_t upper = pf_whole_number(score->measures[PF_MEASURE_TILES_UPPER]);
	return upper | (uint64_t)pf_whole_number(score->measures[PF_MEASURE_TILES_LOWER]) << 32;
}

void pf_quality_measure(const pf_quality_sums *sums, uint32_t orientation, pf_score *score)
{
	tile_view tiles[TILES];
	double *measures = score->measures;
	view_tiles(sums, tiles, &measures[PF_MEASURE_NOISE]);
	measures[PF_MEASURE_SCALE] = sums->scale;
	measures[PF_MEASURE_ORIENTATION] = orientation;
	unsigned count = subject_first(pf_quality_subject(score), tiles);
	measure_sharpness(tiles, count, measures);
	measure_direction(tiles, count, orientation, measures);
	measure_subject(tiles, count, orientation, measures);
	measure_tones(sums, measures);
	measures[PF_MEASURE_COLOURFULNESS] = colourfulness(sums);
}
