/* Which presets are worth having. */
#include <stdlib.h>

#include "harness/presets/presets.h"
#include "harness/stats/enough.h"

/* Times of `other` over those of `own`, by the rounds in which both count. */
static bool ratio_of(const pf_presets *presets, uint32_t own, uint32_t other, pf_interval *ratio)
{
	size_t n = 0, rounds = presets->rounds_done;
	double *times = pf_enough(calloc(2 * rounds + 1, sizeof *times)), *others = times + rounds;
	for (size_t r = 0; r < rounds; r++) {
		double a = presets->wall_s[r * PF_PRESETS + own], b = presets->wall_s[r * PF_PRESETS + other];
		if (a > 0 && b > 0) {
			times[n] = a;
			others[n++] = b;
		}
	}
	if (n) {
		*ratio = pf_ratio_interval(others, times, n, PF_LEVEL);
	}
	free(times);
	return n > 0;
}

/* Reductions only grow from preset to preset: where as many photos were reduced by as much, it was the same
 * ones. */
static bool do_the_same(const pf_preset_row *a, const pf_preset_row *b)
{
	return a->plan && b->plan && a->plan->strategy == b->plan->strategy &&
	       a->plan->left_out == b->plan->left_out &&
	       a->plan->pose_longest_px == b->plan->pose_longest_px && a->paths.whole == b->paths.whole &&
	       a->paths.half == b->paths.half && a->paths.quarter == b->paths.quarter;
}

static void judge_against(const pf_presets *presets, uint32_t own, uint32_t other, pf_preset_row *row)
{
	pf_interval ratio = {.mean = 1, .low = 1, .high = 1};
	bool timed = ratio_of(presets, own, other, &ratio);
	bool nearer = row->tau.mean > presets->rows[other].tau.mean;
	bool faster = timed && ratio.has_interval && ratio.low > 1;
	if (nearer || faster || row->verdict == PF_PRESET_DOMINATED) {
		return;
	}
	/* Without a round in which both count nothing is known of their times. */
	bool maybe = !timed || ((!ratio.has_interval || ratio.high > 1) && ratio.mean > 1);
	if (maybe && row->verdict == PF_PRESET_UNDECIDED) {
		return;
	}
	row->verdict = maybe ? PF_PRESET_UNDECIDED : PF_PRESET_DOMINATED;
	row->by = other;
}

void pf_presets_judge(pf_presets *presets)
{
	for (uint32_t own = 0; own < PF_PRESETS; own++) {
		pf_preset_row *row = &presets->rows[own];
		row->verdict = PF_PRESET_PARETO;
		ratio_of(presets, own, PF_PRESET_ULTRA, &row->speedup);
		for (uint32_t other = 0; other < own && row->verdict == PF_PRESET_PARETO; other++) {
			if (do_the_same(row, &presets->rows[other])) {
				row->verdict = PF_PRESET_SAME;
				row->by = other;
			}
		}
		for (uint32_t other = 0; other < PF_PRESETS && row->verdict != PF_PRESET_SAME; other++) {
			if (other != own && !do_the_same(row, &presets->rows[other])) {
				judge_against(presets, own, other, row);
			}
		}
	}
}
