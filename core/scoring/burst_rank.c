/* How the photos of a burst stand against each other. docs/scoring.md gives the reasons. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "photofinish/scorer.h"

#define STOPS_FULL 2.0 /* so far from its neighbours a photo's exposure counts nothing */

/* Detail for each level of brightness: a brighter picture of the same thing has larger gradients. */
static double detail_of(const pf_score *score)
{
	double brightness = score->measures[PF_MEASURE_BRIGHTNESS];
	return score->measures[PF_MEASURE_LAPLACIAN] / (brightness > 1.0 ? brightness : 1.0);
}

static double most_detail(const pf_score *const *scores, size_t count)
{
	double most = 0.0;
	for (size_t i = 0; i < count; i++) {
		if (scores[i] && detail_of(scores[i]) > most) {
			most = detail_of(scores[i]);
		}
	}
	return most;
}

/* The value of `measure` that `place` of the scored photos stay below (equal ones in their order). */
static double value_at(const pf_score *const *scores, size_t count, pf_measure measure, size_t place)
{
	for (size_t i = 0; i < count; i++) {
		size_t below = 0;
		for (size_t j = 0; scores[i] && j < count; j++) {
			double own = scores[i]->measures[measure];
			below += scores[j] && (scores[j]->measures[measure] < own ||
					       (scores[j]->measures[measure] == own && j < i));
		}
		if (scores[i] && below == place) {
			return scores[i]->measures[measure];
		}
	}
	return 0.0;
}

static double median(const pf_score *const *scores, size_t count, pf_measure measure)
{
	size_t scored = 0;
	for (size_t i = 0; i < count; i++) {
		scored += scores[i] != NULL;
	}
	return scored == 0 ? 0.0
			   : (value_at(scores, count, measure, (scored - 1) / 2) +
			      value_at(scores, count, measure, scored / 2)) /
				     2.0;
}

void pf_burst_stand(const pf_scorer_config *config, const pf_score *const *scores, size_t count,
		    pf_standing *standings)
{
	double most = most_detail(scores, count), usual = median(scores, count, PF_MEASURE_LUMINANCE);
	double sum = config->timing_weight, weights[PF_FACTOR_COUNT];
	memcpy(weights, config->weights, sizeof weights);
	if (config->left_out) {
		pf_scorer_weights(config, weights);
	}
	for (unsigned f = 0; f < PF_FACTOR_COUNT; f++) {
		sum += weights[f];
	}
	for (size_t i = 0; i < count; i++) {
		pf_standing *own = &standings[i];
		*own = (pf_standing){0};
		if (!scores[i]) {
			continue;
		}
		for (unsigned f = 0; f < PF_FACTOR_COUNT; f++) {
			own->factors[f] = scores[i]->factors[f];
		}
		double ratio = most > 0.0 ? detail_of(scores[i]) / most : 0.0;
		double off = fabs(scores[i]->measures[PF_MEASURE_LUMINANCE] - usual) / STOPS_FULL;
		own->factors[PF_FACTOR_SHARPNESS] = 2.0 * ratio / (1.0 + ratio);
		own->factors[PF_FACTOR_EXPOSURE] = off < 1.0 ? 1.0 - off : 0.0;
		own->timing = count > 1 ? 1.0 - fabs(2.0 * (double)i / (double)(count - 1) - 1.0) : 1.0;
		own->total = config->timing_weight / sum * own->timing;
		for (unsigned f = 0; f < PF_FACTOR_COUNT; f++) {
			own->total += weights[f] / sum * own->factors[f];
		}
	}
}

pf_status pf_burst_rank(const pf_scorer_config *config, const pf_score *const *scores, size_t count,
			uint32_t *ranks)
{
	pf_standing *standings = calloc(count + 1, sizeof *standings);
	if (!standings) {
		return PF_ERR_NO_MEMORY;
	}
	pf_burst_stand(config, scores, count, standings);
	for (size_t i = 0; i < count; i++) {
		ranks[i] = scores[i] ? 1 : 0;
		for (size_t j = 0; scores[i] && j < count; j++) {
			if (scores[j] && (standings[j].total > standings[i].total ||
					  (standings[j].total == standings[i].total && j < i))) {
				ranks[i]++;
			}
		}
	}
	free(standings);
	return PF_OK;
}
