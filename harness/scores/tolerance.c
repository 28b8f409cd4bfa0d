#include "harness/scores/tolerance.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/enough.h"

void pf_tolerance_reset(pf_tolerance *tolerance)
{
	*tolerance = (pf_tolerance){
		.total = PF_NOT_DECLARED, .best_shots = PF_NOT_DECLARED, .rank_correlation = PF_NOT_DECLARED};
	for (int i = 0; i < PF_FACTOR_COUNT; i++) {
		tolerance->factors[i] = PF_NOT_DECLARED;
	}
	for (int i = 0; i < PF_MEASURE_COUNT; i++) {
		tolerance->measures[i] = PF_NOT_DECLARED;
	}
}

/* What is not compared is not declared, but known of. */
static unsigned take_limits(const double *stated, size_t count, double *limits)
{
	unsigned not_compared = 0;
	for (size_t i = 0; i < count; i++) {
		bool compared = stated[i] < PF_NOT_COMPARED;
		limits[i] = compared ? stated[i] : PF_NOT_DECLARED;
		not_compared += !compared;
	}
	return not_compared;
}

void pf_tolerance_take(const struct pf_variant_tolerance *stated, pf_tolerance *tolerance)
{
	pf_tolerance_reset(tolerance);
	if (!stated) {
		return;
	}
	tolerance->declared = true;
	tolerance->bursts = true;
	tolerance->total = stated->total;
	tolerance->not_compared = take_limits(stated->factors, PF_FACTOR_COUNT, tolerance->factors) +
				  take_limits(stated->measures, PF_MEASURE_COUNT, tolerance->measures);
	tolerance->best_shots = stated->best_shots;
	tolerance->rank_correlation = stated->rank_correlation;
}

static bool are_limits(const double *limits, size_t count)
{
	bool good = true;
	for (size_t i = 0; i < count; i++) {
		good = good && isfinite(limits[i]) && limits[i] >= 0;
	}
	return good;
}

static bool is_bound(double value)
{
	return value > 0 && value <= 1;
}

const char *pf_tolerance_fault(const struct pf_variant_tolerance *stated)
{
	if (!are_limits(&stated->total, 1) || !are_limits(stated->factors, PF_FACTOR_COUNT) ||
	    !are_limits(stated->measures, PF_MEASURE_COUNT)) {
		return "its tolerance has to be of finite numbers from 0 on";
	}
	if (!is_bound(stated->best_shots) || !is_bound(stated->rank_correlation)) {
		return "its tolerance has to state best_shots and rank_correlation, above 0 and at most 1";
	}
	return NULL;
}

static size_t count_of(const double *limits, size_t count)
{
	size_t declared = 0;
	for (size_t i = 0; i < count; i++) {
		declared += limits[i] >= 0;
	}
	return declared;
}

size_t pf_tolerance_count(const pf_tolerance *tolerance)
{
	return count_of(tolerance->measures, PF_MEASURE_COUNT) +
	       count_of(tolerance->factors, PF_FACTOR_COUNT) + (tolerance->total >= 0) + tolerance->bursts +
	       tolerance->ranks + (tolerance->best_shots >= 0) + (tolerance->rank_correlation >= 0);
}

/* False, and said in `what`, where `value` is too far from `reference`. What is no number is near itself
 * only. */
static bool is_near(const char *name, double value, double reference, double limit, char *what,
		    size_t capacity)
{
	if (limit < 0 || fabs(value - reference) <= limit || memcmp(&value, &reference, sizeof value) == 0) {
		return true;
	}
	snprintf(what, capacity, "%s %.9g, reference %.9g, more than %.9g apart", name, value, reference,
		 limit);
	return false;
}

static bool scores_are_near(const pf_tolerance *tolerance, const pf_score *reference, const pf_score *own,
			    char *what, size_t capacity)
{
	bool good = is_near("score", own->total, reference->total, tolerance->total, what, capacity);
	for (int i = 0; i < PF_FACTOR_COUNT && good; i++) {
		good = is_near(pf_factor_name((pf_factor)i), own->factors[i], reference->factors[i],
			       tolerance->factors[i], what, capacity);
	}
	for (int i = 0; i < PF_MEASURE_COUNT && good; i++) {
		good = is_near(pf_measure_name((pf_measure)i), own->measures[i], reference->measures[i],
			       tolerance->measures[i], what, capacity);
	}
	return good;
}

bool pf_tolerance_photo(const pf_tolerance *tolerance, const pf_outcome *reference, const pf_outcome *outcome,
			char *what, size_t capacity)
{
	bool same_status = tolerance->declared ? (reference->status == PF_OK) == (outcome->status == PF_OK)
					       : reference->status == outcome->status;
	if (!same_status) {
		snprintf(what, capacity, "status %s, reference %s", pf_status_name(outcome->status),
			 pf_status_name(reference->status));
		return false;
	}
	if (reference->status != PF_OK) {
		return true;
	}
	if (!tolerance->declared) {
		snprintf(what, capacity, "score %.9g, reference %.9g", outcome->score.total,
			 reference->score.total);
		return pf_scores_identical(&outcome->score, &reference->score);
	}
	return scores_are_near(tolerance, &reference->score, &outcome->score, what, capacity);
}

static bool photo_is_near(const pf_tolerance *tolerance, const pf_outcome *reference,
			  const pf_outcome *outcome, char *what, size_t capacity)
{
	if (!pf_tolerance_photo(tolerance, reference, outcome, what, capacity)) {
		return false;
	}
	if (tolerance->bursts && reference->burst != outcome->burst) {
		snprintf(what, capacity, "burst %u, reference %u", outcome->burst, reference->burst);
		return false;
	}
	if (tolerance->ranks && reference->rank != outcome->rank) {
		snprintf(what, capacity, "rank %u, reference %u", outcome->rank, reference->rank);
		return false;
	}
	return true;
}

size_t pf_tolerance_exceeded(const pf_tolerance *tolerance, const pf_outcomes *reference,
			     const pf_outcomes *outcomes, size_t *first, char *what, size_t capacity)
{
	size_t exceeded = 0;
	for (size_t i = reference->count; i-- > 0;) {
		if (!photo_is_near(tolerance, &reference->photos[i], &outcomes->photos[i], what, capacity)) {
			exceeded++;
			*first = i;
		}
	}
	return exceeded;
}

static int by_burst(const void *a, const void *b, void *context)
{
	const pf_outcome *photos = context;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	if (photos[x].burst != photos[y].burst) {
		return photos[x].burst < photos[y].burst ? -1 : 1;
	}
	return (x > y) - (x < y);
}

/* One burst of the reference: `members` are indices of its photos that both have scored. */
static pf_agreement of_burst(const pf_outcomes *reference, const pf_outcomes *outcomes, const size_t *members,
			     size_t count)
{
	pf_agreement agreement = {.bursts = 1, .pairs = count * (count - 1) / 2};
	size_t best = 0, own_best = 0;
	for (size_t i = 0; i < count; i++) {
		const pf_outcome *a = &reference->photos[members[i]], *b = &outcomes->photos[members[i]];
		best = a->rank < reference->photos[members[best]].rank ? i : best;
		own_best = b->rank < outcomes->photos[members[own_best]].rank ? i : own_best;
		for (size_t k = i + 1; k < count; k++) {
			uint32_t a_other = reference->photos[members[k]].rank,
				 b_other = outcomes->photos[members[k]].rank;
			agreement.in_order += (a->rank < a_other && b->rank < b_other) ||
					      (a->rank > a_other && b->rank > b_other);
			agreement.reversed += (a->rank < a_other && b->rank > b_other) ||
					      (a->rank > a_other && b->rank < b_other);
		}
	}
	agreement.best_shots = best == own_best;
	return agreement;
}

void pf_agreement_each(const pf_outcomes *reference, const pf_outcomes *outcomes,
		       void (*take)(void *context, const pf_agreement *burst), void *context)
{
	size_t *order = calloc(reference->count + 1, sizeof *order), count = 0;
	if (!order) {
		pf_out_of_memory();
	}
	for (size_t i = 0; i < reference->count; i++) {
		if (reference->photos[i].status == PF_OK && outcomes->photos[i].status == PF_OK) {
			order[count++] = i;
		}
	}
	qsort_r(order, count, sizeof *order, by_burst, reference->photos);
	for (size_t first = 0, end; first < count; first = end) {
		uint32_t burst = reference->photos[order[first]].burst;
		for (end = first + 1; end < count && reference->photos[order[end]].burst == burst; end++) {
		}
		if (end - first >= 2) {
			pf_agreement own = of_burst(reference, outcomes, order + first, end - first);
			take(context, &own);
		}
	}
	free(order);
}

static void add_burst(void *context, const pf_agreement *burst)
{
	pf_agreement *sum = context;
	sum->bursts += burst->bursts;
	sum->best_shots += burst->best_shots;
	sum->pairs += burst->pairs;
	sum->in_order += burst->in_order;
	sum->reversed += burst->reversed;
}

pf_agreement pf_agreement_of(const pf_outcomes *reference, const pf_outcomes *outcomes)
{
	pf_agreement agreement = {0};
	pf_agreement_each(reference, outcomes, add_burst, &agreement);
	return agreement;
}

double pf_agreement_best_shots(const pf_agreement *agreement)
{
	return agreement->bursts ? (double)agreement->best_shots / (double)agreement->bursts : 1;
}

double pf_agreement_rank_correlation(const pf_agreement *agreement)
{
	return agreement->pairs ? ((double)agreement->in_order - (double)agreement->reversed) /
					  (double)agreement->pairs
				: 1;
}

bool pf_tolerance_agrees(const pf_tolerance *tolerance, const pf_agreement *agreement, char *what,
			 size_t capacity)
{
	double best = pf_agreement_best_shots(agreement), ranks = pf_agreement_rank_correlation(agreement);
	if (best < tolerance->best_shots) {
		snprintf(what, capacity,
			 "the best shot is the reference's in %zu of %zu bursts, less than %.4g %%",
			 agreement->best_shots, agreement->bursts, 100 * tolerance->best_shots);
		return false;
	}
	if (ranks < tolerance->rank_correlation) {
		snprintf(what, capacity, "rank correlation %.4g over %zu pairs of photos, less than %.4g",
			 ranks, agreement->pairs, tolerance->rank_correlation);
		return false;
	}
	return true;
}
