#include "datasets/render/render_blur.h"

#include <string.h>

#include "datasets/render/render_math.h"

enum { COLUMNS = 256 }; /* columns summed at once: their sums stay in the cache */

/* Division by the window as a rounded multiplication; sums stay under 2^15 * window. */
static inline int16_t average(int32_t sum, int64_t reciprocal)
{
	return (int16_t)((sum * reciprocal + (1 << 23)) >> 24);
}

static int64_t reciprocal_of(int window)
{
	return ((1 << 24) + window / 2) / window;
}

void pf_blur_row(const int16_t *in, int16_t *out, int width, int radius)
{
	int64_t reciprocal = reciprocal_of(2 * radius + 1);
	int32_t sum = in[0] * (radius + 1);
	for (int k = 0; k < radius; k++) {
		sum += in[k < width ? k : width - 1];
	}
	for (int x = 0; x < width; x++) {
		int ahead = x + radius, behind = x - radius - 1;
		sum += in[ahead < width ? ahead : width - 1];
		if (x > 0) {
			sum -= in[behind > 0 ? behind : 0];
		} else {
			sum -= in[0];
		}
		out[x] = average(sum, reciprocal);
	}
}

void pf_blur_rows(int16_t *plane, int16_t *scratch, int width, int height, int radius)
{
	if (radius < 1) {
		return;
	}
	for (int y = 0; y < height; y++) {
		int16_t *row = plane + (size_t)y * (size_t)width;
		memcpy(scratch, row, (size_t)width * sizeof *row);
		pf_blur_row(scratch, row, width, radius);
	}
}

/* Row y of the plane, clamped to it. */
static const int16_t *row_of(const int16_t *plane, int width, int height, int y)
{
	y = y < 0 ? 0 : y >= height ? height - 1 : y;
	return plane + (size_t)y * (size_t)width;
}

void pf_blur_columns(int16_t *plane, int16_t *scratch, int width, int height, int radius)
{
	if (radius < 1) {
		return;
	}
	int32_t sums[COLUMNS];
	int64_t reciprocal = reciprocal_of(2 * radius + 1);
	memcpy(scratch, plane, (size_t)width * (size_t)height * sizeof *plane);
	for (int x0 = 0; x0 < width; x0 += COLUMNS) {
		int n = width - x0 < COLUMNS ? width - x0 : COLUMNS;
		memset(sums, 0, sizeof sums);
		for (int k = -radius - 1; k < radius; k++) {
			const int16_t *in = row_of(scratch, width, height, k) + x0;
			for (int x = 0; x < n; x++) {
				sums[x] += in[x];
			}
		}
		for (int y = 0; y < height; y++) {
			const int16_t *enter = row_of(scratch, width, height, y + radius) + x0;
			const int16_t *leave = row_of(scratch, width, height, y - radius - 1) + x0;
			int16_t *out = plane + (size_t)y * (size_t)width + x0;
			for (int x = 0; x < n; x++) {
				sums[x] += enter[x] - leave[x];
				out[x] = average(sums[x], reciprocal);
			}
		}
	}
}

void pf_blur_disc(int16_t *plane, int16_t *scratch, int width, int height, float radius)
{
	/* three boxes of radius b have the variance of a disc of radius r where b (b + 1) = r^2 / 4; the
	 * three radii share out what rounding leaves over */
	float b = 0.5f * radius;
	for (int pass = 0; pass < 3; pass++) {
		int box = pf_floor_int(b + (pass == 0 ? 0.1667f : pass == 1 ? 0.5f : 0.8333f) - 0.3f);
		pf_blur_rows(plane, scratch, width, height, box);
		pf_blur_columns(plane, scratch, width, height, box);
	}
}

/* Along lines that go mostly sideways: row by row of the sheared picture. */
static void motion_flat(int16_t *plane, int16_t *scratch, int width, int height, int radius, float slope)
{
	int64_t reciprocal = reciprocal_of(2 * radius + 1);
	memcpy(scratch, plane, (size_t)width * (size_t)height * sizeof *plane);
	for (int y = 0; y < height; y++) {
		int16_t *out = plane + (size_t)y * (size_t)width;
		memset(out, 0, (size_t)width * sizeof *out);
	}
	int shear = pf_round_int(slope * (float)(width - 1));
	int first = shear > 0 ? -shear : 0, last = shear > 0 ? height : height - shear;
	for (int line = first; line < last; line++) {
		int32_t sum = 0;
		for (int x = -radius; x < width; x++) {
			int ahead = x + radius, behind = x - radius - 1;
			int ya = line + pf_round_int(slope * (float)ahead);
			int yb = line + pf_round_int(slope * (float)behind),
			    yo = line + pf_round_int(slope * (float)x);
			if (ahead < width && ya >= 0 && ya < height) {
				sum += scratch[(size_t)ya * (size_t)width + (size_t)ahead];
			}
			if (behind >= 0 && yb >= 0 && yb < height) {
				sum -= scratch[(size_t)yb * (size_t)width + (size_t)behind];
			}
			if (x >= 0 && yo >= 0 && yo < height) {
				plane[(size_t)yo * (size_t)width + (size_t)x] = average(sum, reciprocal);
			}
		}
	}
}

/* Along lines that go mostly up and down: running sums of sheared columns, row by row. */
static void motion_steep(int16_t *plane, int16_t *scratch, int width, int height, int radius, float slope)
{
	int64_t reciprocal = reciprocal_of(2 * radius + 1);
	memcpy(scratch, plane, (size_t)width * (size_t)height * sizeof *plane);
	for (int y = 0; y < height; y++) {
		for (int x = 0; x < width; x++) {
			plane[(size_t)y * (size_t)width + (size_t)x] = 0;
		}
	}
	int shear = pf_round_int(slope * (float)(height - 1));
	int first = shear > 0 ? -shear : 0, last = shear > 0 ? width : width - shear;
	for (int x0 = first; x0 < last; x0 += COLUMNS) {
		int32_t sums[COLUMNS] = {0};
		int n = last - x0 < COLUMNS ? last - x0 : COLUMNS;
		for (int y = -radius; y < height; y++) {
			int ahead = y + radius, behind = y - radius - 1;
			int xa = x0 + pf_round_int(slope * (float)ahead),
			    xb = x0 + pf_round_int(slope * (float)behind);
			int xo = x0 + pf_round_int(slope * (float)y);
			for (int k = 0; k < n && ahead < height; k++) {
				sums[k] += xa + k >= 0 && xa + k < width
						   ? scratch[(size_t)ahead * (size_t)width + (size_t)(xa + k)]
						   : 0;
			}
			for (int k = 0; k < n && behind >= 0; k++) {
				sums[k] -=
					xb + k >= 0 && xb + k < width
						? scratch[(size_t)behind * (size_t)width + (size_t)(xb + k)]
						: 0;
			}
			for (int k = 0; k < n && y >= 0; k++) {
				if (xo + k >= 0 && xo + k < width) {
					plane[(size_t)y * (size_t)width + (size_t)(xo + k)] = average(
						sums[k], reciprocal);
				}
			}
		}
	}
}

void pf_blur_motion(int16_t *plane, int16_t *scratch, int width, int height, float dx, float dy)
{
	float ax = dx < 0 ? -dx : dx, ay = dy < 0 ? -dy : dy;
	int radius = pf_round_int((ax > ay ? ax : ay) * 0.5f);
	if (radius < 1) {
		return;
	}
	if (ax >= ay) {
		motion_flat(plane, scratch, width, height, radius, dy / dx);
	} else {
		motion_steep(plane, scratch, width, height, radius, dx / dy);
	}
}
