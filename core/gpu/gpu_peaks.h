/* The maxima of a pose network's heat maps, on the device. Bodies as those of gpu_kernels.h; they find what
 * pf_pose_decode_heatmap does. */
#ifndef PF_GPU_PEAKS_H
#define PF_GPU_PEAKS_H

#include <float.h>
#include <stdint.h>

#include "core/gpu/gpu_half.h"

/* The first largest finite value of one row of one map; column -1: there is none. */
typedef struct pf_gpu_row_peak {
	float value;
	int32_t column;
} pf_gpu_row_peak;

/* The first largest finite value of one map, and by how much of a cell its neighbours draw it to their side;
 * row -1: there is none. */
typedef struct pf_gpu_peak {
	float value;
	int32_t row, column;
	float dx, dy;
} pf_gpu_peak;

/* Of the first `wanted` of `channels` maps of each picture. */
typedef struct pf_gpu_maps {
	int64_t count; /* row_peaks: pictures * rows * wanted; peaks: pictures * wanted */
	const void *maps;
	pf_gpu_row_peak *of_rows; /* [picture][row][wanted] */
	pf_gpu_peak *peaks;       /* [picture][wanted] */
	int64_t channels, wanted, rows, columns;
	int32_t half;
} pf_gpu_maps;

PF_BODY void pf_gpu_body_row_peaks(const pf_gpu_maps *k, int64_t i)
{
	int64_t channel = i % k->wanted, row = i / k->wanted; /* of all pictures */
	pf_gpu_row_peak best = {-FLT_MAX, -1};
	for (int32_t column = 0; column < k->columns; column++) {
		int64_t at = (row * k->columns + column) * k->channels + channel;
		float value = pf_gpu_load(k->maps, at, k->half);
		if (value > best.value && value <= FLT_MAX) {
			best.value = value;
			best.column = column;
		}
	}
	k->of_rows[i] = best;
}

PF_BODY float pf_gpu_map_at(const pf_gpu_maps *k, int64_t map, int64_t row, int64_t column)
{
	int64_t channel = map % k->wanted, image = map / k->wanted;
	return pf_gpu_load(k->maps, ((image * k->rows + row) * k->columns + column) * k->channels + channel,
			   k->half);
}

PF_BODY float pf_gpu_quarter(float before, float after)
{
	return after > before ? 0.25f : after < before ? -0.25f : 0.0f;
}

PF_BODY void pf_gpu_body_peaks(const pf_gpu_maps *k, int64_t i)
{
	pf_gpu_peak best = {-FLT_MAX, -1, -1, 0.0f, 0.0f};
	const pf_gpu_row_peak *rows = k->of_rows + i / k->wanted * k->rows * k->wanted + i % k->wanted;
	for (int32_t row = 0; row < k->rows; row++) {
		const pf_gpu_row_peak peak = rows[row * k->wanted];
		if (peak.column >= 0 && peak.value > best.value) {
			best.value = peak.value;
			best.row = row;
			best.column = peak.column;
		}
	}
	if (best.column > 0 && best.column + 1 < k->columns) {
		best.dx = pf_gpu_quarter(pf_gpu_map_at(k, i, best.row, best.column - 1),
					 pf_gpu_map_at(k, i, best.row, best.column + 1));
	}
	if (best.row > 0 && best.row + 1 < k->rows) {
		best.dy = pf_gpu_quarter(pf_gpu_map_at(k, i, best.row - 1, best.column),
					 pf_gpu_map_at(k, i, best.row + 1, best.column));
	}
	k->peaks[i] = best;
}

#endif
