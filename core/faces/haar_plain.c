/* The inner loops of the search in plain C: what every other version is compared with. */
#include <math.h>

#include "core/faces/haar_level.h"

static void shrink_row(const pf_haar_shrink *s, uint8_t *out)
{
	for (uint32_t x = 0; x < s->source_width_px; x++) {
		s->mixed[x] = (uint16_t)(s->upper[x] * s->upper_weight + s->lower[x] * s->lower_weight);
	}
	s->mixed[s->source_width_px] = 0; /* read with weight 0 */
	for (uint32_t x = 0; x < s->width_px; x++) {
		const uint16_t *pair = s->mixed + s->offsets[x];
		int32_t left = s->weights[2 * x], right = s->weights[2 * x + 1];
		out[x] = (uint8_t)((pair[0] * left + pair[1] * right + (1 << 15)) >> 16);
	}
}

static void integrate_row(const uint8_t *row, uint32_t width_px, const pf_haar_layout *layout, uint16_t *sums,
			  uint32_t *squares)
{
	uint16_t sum = 0;
	uint32_t square = 0;
	sums[0] = 0;
	squares[0] = 0;
	for (uint32_t x = 1; x <= width_px; x++) {
		size_t at = pf_haar_offset(layout, x, 0);
		uint32_t value = row[x - 1];
		sum = (uint16_t)(sum + value);
		square += value * value;
		sums[at] = (uint16_t)(sums[(ptrdiff_t)at - (ptrdiff_t)layout->stride] + sum);
		squares[at] = squares[(ptrdiff_t)at - (ptrdiff_t)layout->stride] + square;
	}
}

static inline int32_t value_of(const pf_haar_piece *piece, const uint16_t *sums)
{
	const int32_t *at = piece->corners;
	return (uint16_t)(sums[at[0]] - sums[at[1]] - sums[at[2]] + sums[at[3]]);
}

/* All values are integers below 2^24, so only the product with the factor is rounded. */
bool pf_haar_passes(const pf_haar_cascade *cascade, uint32_t stage, const pf_haar_program *program,
		    const uint16_t *sums, float factor)
{
	const pf_haar_stage *now = &cascade->stages[stage];
	double sum = 0.0;
	for (uint32_t i = now->first; i < now->first + now->count; i++) {
		const pf_haar_stump *stump = &cascade->stumps[i];
		int32_t value = 0;
		for (uint32_t p = program->first[i]; p < program->first[i + 1]; p++) {
			value += program->pieces[p].weight * value_of(&program->pieces[p], sums);
		}
		sum += (float)value * factor < stump->threshold ? stump->left : stump->right;
	}
	return sum >= now->threshold;
}

/* 0 where the window has next to no contrast and is not looked at. */
static float factor_of(const pf_haar_norm *norm, const uint16_t *sums, const uint32_t *squares)
{
	const int32_t *at = norm->whole.corners;
	double square = squares[at[0]] - squares[at[1]] - squares[at[2]] + squares[at[3]], sum = 0.0;
	for (uint32_t i = 0; i < norm->count; i++) {
		sum += value_of(&norm->pieces[i], sums);
	}
	double spread = norm->area_px * square - sum * sum;
	if (!(spread > 0.0)) {
		return 0.0f;
	}
	float factor = (float)(1.0 / sqrt(spread));
	return norm->area_px * factor < 1e-1 ? factor : 0.0f;
}

static void search(const pf_haar_cascade *cascade, const pf_haar_norm *norm, const pf_haar_level *level,
		   void *memory, pf_haar_hits *hits)
{
	(void)memory;
	for (uint32_t y = 0; y < level->y_limit; y += level->step) {
		size_t row = (size_t)y * level->layout->stride;
		for (uint32_t i = 0; i < level->columns; i++) {
			const uint16_t *sums = level->sums + row + i;
			float factor = factor_of(norm, sums, level->squares + row + i);
			uint32_t stage = 0;
			while (factor > 0.0f && stage < cascade->stage_count &&
			       pf_haar_passes(cascade, stage, level->program, sums, factor)) {
				stage++;
			}
			if (stage == cascade->stage_count) {
				pf_haar_hit_add(hits, i * level->step, y);
			}
			/* After one that is out at once the next is not looked at. */
			i += factor > 0.0f && stage == 0;
		}
	}
}

const pf_haar_kernels pf_haar_plain = {
	.shrink_row = shrink_row, .integrate_row = integrate_row, .search = search};
