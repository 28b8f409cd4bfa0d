/* The ranks of presets against the truth of rendered photos. */
#include <stdlib.h>

#include "harness/model/truth.h"
#include "harness/presets/presets_parts.h"
#include "harness/stats/binomial.h"
#include "harness/stats/enough.h"

static int by_capture(const void *a, const void *b, void *photos)
{
	const pf_truth_photo *truth = photos;
	const pf_truth_photo *x = &truth[*(const uint32_t *)a], *y = &truth[*(const uint32_t *)b];
	if (x->group != y->group) {
		return x->group < y->group ? -1 : 1;
	}
	return (x->frame > y->frame) - (x->frame < y->frame);
}

/* Whether the photo that is ranked first among `members` is the truth's best; the first one where none was
 * scored. */
static bool finds_best(const pf_scorer_config *config, const pf_outcomes *outcomes,
		       const pf_truth_photo *truth, const uint32_t *members, size_t count)
{
	const pf_score **scores = pf_enough(calloc(count, sizeof *scores));
	uint32_t *ranks = pf_enough(calloc(count, sizeof *ranks)), best = members[0];
	for (size_t i = 0; i < count; i++) {
		const pf_outcome *photo = &outcomes->photos[members[i]];
		scores[i] = photo->status == PF_OK ? &photo->score : NULL;
	}
	pf_status status = pf_burst_rank(config, scores, count, ranks);
	for (size_t i = 0; i < count && status == PF_OK; i++) {
		best = ranks[i] == 1 ? members[i] : best;
	}
	free(scores);
	free(ranks);
	return truth[best].best;
}

static void add_burst(pf_presets *presets, const pf_reference *references, const pf_truth_photo *truth,
		      const uint32_t *members, size_t count)
{
	bool ultra = false;
	for (uint32_t p = 0; p < PF_PRESETS; p++) {
		pf_preset_row *row = &presets->rows[p];
		bool found = finds_best(&presets->sessions[p].order.scorer, references[p].outcomes, truth,
					members, count);
		ultra = p == PF_PRESET_ULTRA ? found : ultra;
		row->true_bursts++;
		row->found += found;
		row->gained += found && !ultra;
		row->lost += ultra && !found;
	}
}

pf_status pf_presets_add_truth(pf_presets *presets, const pf_reference *references, const char *truth_file,
			       pf_error *error)
{
	const pf_dataset *dataset = presets->dataset;
	pf_truth_photo *truth = NULL;
	pf_status status = pf_truth_load(truth_file, dataset, &truth, error);
	if (status != PF_OK) {
		return status;
	}
	uint32_t *order = pf_enough(calloc(dataset->count + 1, sizeof *order));
	for (uint32_t i = 0; i < dataset->count; i++) {
		order[i] = i;
	}
	qsort_r(order, dataset->count, sizeof *order, by_capture, truth);
	for (size_t first = 0, end; first < dataset->count; first = end) {
		uint32_t group = truth[order[first]].group;
		for (end = first + 1; end < dataset->count && truth[order[end]].group == group; end++) {
		}
		if (truth[order[first]].in_burst) {
			add_burst(presets, references, truth, order + first, end - first);
		}
	}
	for (uint32_t p = 0; p < PF_PRESETS; p++) {
		pf_preset_row *row = &presets->rows[p];
		if (row->true_bursts) {
			pf_binomial_interval(row->found, row->true_bursts, PF_LEVEL, &row->found_low,
					     &row->found_high);
		}
		if (row->lost + row->gained) {
			pf_binomial_interval(row->lost, row->lost + row->gained, PF_LEVEL, &row->lost_low,
					     &row->lost_high);
		}
	}
	presets->has_truth = presets->rows[0].true_bursts > 0;
	free(order);
	free(truth);
	return PF_OK;
}
