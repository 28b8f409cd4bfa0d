#include "core/photo/dhash.h"

void pf_dhash_add_row(void *context, const uint8_t *row, uint32_t y, uint32_t width_px, uint32_t height_px)
{
	pf_dhash *dhash = context;
	if (width_px < PF_DHASH_LEAST_PX || height_px < PF_DHASH_LEAST_PX) {
		return;
	}
	/* The box whose floor(i * s / n) boundaries enclose y is the last one that starts at or above it. */
	uint32_t box = (uint32_t)((((uint64_t)y + 1) * PF_DHASH_ROWS - 1) / height_px);
	for (uint32_t column = 0; column < PF_DHASH_COLUMNS; column++) {
		uint32_t begin = (uint32_t)((uint64_t)column * width_px / PF_DHASH_COLUMNS);
		uint32_t end = (uint32_t)(((uint64_t)column + 1) * width_px / PF_DHASH_COLUMNS);
		uint32_t sum = 0;
		for (uint32_t x = begin; x < end; x++) {
			sum += row[x];
		}
		dhash->sums[box][column] += sum;
		dhash->counts[box][column] += end - begin;
	}
}

bool pf_dhash_finish(const pf_dhash *dhash, uint64_t *hash)
{
	uint64_t bits = 0;
	for (unsigned row = 0; row < PF_DHASH_ROWS; row++) {
		for (unsigned column = 0; column + 1 < PF_DHASH_COLUMNS; column++) {
			const uint64_t *sum = &dhash->sums[row][column];
			const uint32_t *count = &dhash->counts[row][column];
			if (count[0] == 0 || count[1] == 0) {
				return false;
			}
			bits |= (uint64_t)(sum[0] * count[1] < sum[1] * count[0]) << (8 * row + column);
		}
	}
	*hash = bits;
	return true;
}
