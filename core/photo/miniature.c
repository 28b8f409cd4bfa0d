#include "core/photo/miniature.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHIFT_COLUMNS_MAX 12
#define SHIFT_ROWS_MAX 4
#define SHIFT_COST 0.02
#define VARIANCE_LEAST 4 /* of brightness: below, noise decides */
#define COLOUR_WEIGHT 0.5
#define LEVEL_SHIFT 5 /* 8 levels of each channel in the histogram */
#define BINS 512
#define NO_COLOUR 128

enum { ROWS = PF_MINIATURE_ROWS, COLUMNS = PF_MINIATURE_COLUMNS, PIXELS = ROWS * COLUMNS };

void pf_miniature_add_row(void *context, const uint8_t *row, uint32_t y, uint32_t width_px,
			  uint32_t height_px, uint32_t channels)
{
	pf_miniature_sums *sums = context;
	if (width_px < COLUMNS || height_px < ROWS) {
		return;
	}
	sums->channels = channels;
	/* The box whose floor(i * s / n) boundaries enclose y is the last one that starts at or above it. */
	uint32_t box = (uint32_t)((((uint64_t)y + 1) * ROWS - 1) / height_px);
	for (uint32_t column = 0; column < COLUMNS; column++) {
		uint32_t begin = (uint32_t)((uint64_t)column * width_px / COLUMNS);
		uint32_t end = (uint32_t)(((uint64_t)column + 1) * width_px / COLUMNS);
		for (uint32_t c = 0; c < channels; c++) {
			uint32_t sum = 0;
			for (uint32_t x = begin; x < end; x++) {
				sum += row[x * channels + c];
			}
			sums->sums[c][box][column] += sum;
		}
		sums->counts[box][column] += end - begin;
	}
}

typedef struct moments {
	int64_t count, a, b, aa, bb, ab;
} moments;

static void add_products(const uint8_t *restrict a, const uint8_t *restrict b, int count, moments *m)
{
	int32_t sum_a = 0, sum_b = 0, sum_aa = 0, sum_bb = 0, sum_ab = 0;
	for (int i = 0; i < count; i++) {
		int32_t p = a[i], q = b[i];
		sum_a += p;
		sum_b += q;
		sum_aa += p * p;
		sum_bb += q * q;
		sum_ab += p * q;
	}
	m->count += count;
	m->a += sum_a;
	m->b += sum_b;
	m->aa += sum_aa;
	m->bb += sum_bb;
	m->ab += sum_ab;
}

static bool varies(int64_t count, int64_t sum, int64_t squares)
{
	return count * squares - sum * sum >= VARIANCE_LEAST * count * count;
}

bool pf_miniature_finish(const pf_miniature_sums *sums, pf_miniature *picture)
{
	for (int row = 0; row < ROWS; row++) {
		for (int column = 0; column < COLUMNS; column++) {
			uint32_t count = sums->counts[row][column];
			if (count == 0) {
				return false;
			}
			for (uint32_t c = 0; c < PF_MINIATURE_CHANNELS; c++) {
				picture->samples[c][row * COLUMNS + column] =
					c < sums->channels ? (uint8_t)(sums->sums[c][row][column] / count)
							   : NO_COLOUR;
			}
		}
	}
	moments m = {0};
	add_products(picture->samples[0], picture->samples[0], PIXELS, &m);
	return varies(m.count, m.a, m.aa);
}

/* Pearson's correlation of brightness where `a` and `b`, shifted, overlap. */
static double correlation(const pf_miniature *a, const pf_miniature *b, int columns, int rows)
{
	moments m = {0};
	int from = columns < 0 ? -columns : 0, upto = columns > 0 ? COLUMNS - columns : COLUMNS;
	for (int row = rows < 0 ? -rows : 0; row < ROWS && row + rows < ROWS; row++) {
		add_products(&a->samples[0][row * COLUMNS + from],
			     &b->samples[0][(row + rows) * COLUMNS + from + columns], upto - from, &m);
	}
	if (!varies(m.count, m.a, m.aa) || !varies(m.count, m.b, m.bb)) {
		return 0.0;
	}
	double n = (double)m.count, sum_a = (double)m.a, sum_b = (double)m.b;
	double spread_a = n * (double)m.aa - sum_a * sum_a, spread_b = n * (double)m.bb - sum_b * sum_b;
	return (n * (double)m.ab - sum_a * sum_b) / sqrt(spread_a * spread_b);
}

static unsigned bin_of(const pf_miniature *picture, int pixel)
{
	unsigned bin = 0;
	for (int c = 0; c < PF_MINIATURE_CHANNELS; c++) {
		bin = bin * (256 >> LEVEL_SHIFT) + (picture->samples[c][pixel] >> LEVEL_SHIFT);
	}
	return bin;
}

static double common_colours(const pf_miniature *a, const pf_miniature *b)
{
	int16_t bins[BINS] = {0};
	int common = 0;
	for (int i = 0; i < PIXELS; i++) {
		bins[bin_of(a, i)]++;
	}
	for (int i = 0; i < PIXELS; i++) {
		common += bins[bin_of(b, i)]-- > 0;
	}
	return (double)common / PIXELS;
}

bool pf_miniature_alike(const pf_miniature *a, const pf_miniature *b, double least)
{
	double wanted = least - COLOUR_WEIGHT * common_colours(a, b);
	if (correlation(a, b, 0, 0) >= wanted) {
		return true;
	}
	for (int rows = -SHIFT_ROWS_MAX; rows <= SHIFT_ROWS_MAX; rows++) {
		for (int columns = -SHIFT_COLUMNS_MAX; columns <= SHIFT_COLUMNS_MAX; columns++) {
			double cost = SHIFT_COST * (abs(rows) + abs(columns));
			if (1.0 - cost >= wanted && correlation(a, b, columns, rows) - cost >= wanted) {
				return true;
			}
		}
	}
	return false;
}
