#include "harness/scores/tolerance.h"

#include <math.h>
#include <stdio.h>

void pf_tolerance_reset(pf_tolerance *tolerance)
{
	*tolerance = (pf_tolerance){.total = PF_NOT_DECLARED};
	for (int i = 0; i < PF_FACTOR_COUNT; i++) {
		tolerance->factors[i] = PF_NOT_DECLARED;
	}
	for (int i = 0; i < PF_MEASURE_COUNT; i++) {
		tolerance->measures[i] = PF_NOT_DECLARED;
	}
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
	       tolerance->ranks;
}

/* False, and said in `what`, where `value` is too far from `reference`. What is no number is near nothing. */
static bool is_near(const char *name, double value, double reference, double limit, char *what,
		    size_t capacity)
{
	if (limit < 0 || fabs(value - reference) <= limit) {
		return true;
	}
	snprintf(what, capacity, "%s %.9g, reference %.9g, more than %.9g apart", name, value, reference,
		 limit);
	return false;
}

static bool photo_is_near(const pf_tolerance *tolerance, const pf_outcome *reference,
			  const pf_outcome *outcome, char *what, size_t capacity)
{
	if ((reference->status == PF_OK) != (outcome->status == PF_OK)) {
		snprintf(what, capacity, "status %s, reference %s", pf_status_name(outcome->status),
			 pf_status_name(reference->status));
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
	if (reference->status != PF_OK) {
		return true;
	}
	const pf_score *a = &outcome->score, *b = &reference->score;
	bool good = is_near("score", a->total, b->total, tolerance->total, what, capacity);
	for (int i = 0; i < PF_FACTOR_COUNT && good; i++) {
		good = is_near(pf_factor_name((pf_factor)i), a->factors[i], b->factors[i],
			       tolerance->factors[i], what, capacity);
	}
	for (int i = 0; i < PF_MEASURE_COUNT && good; i++) {
		good = is_near(pf_measure_name((pf_measure)i), a->measures[i], b->measures[i],
			       tolerance->measures[i], what, capacity);
	}
	return good;
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

/* Adds "3 measures within 0.5": the limit is named where it is one for all. */
static void add_text(const char *name, const double *limits, size_t count, char *out, size_t capacity,
		     size_t *used)
{
	size_t declared = count_of(limits, count);
	double least = INFINITY, most = 0;
	for (size_t i = 0; i < count; i++) {
		least = limits[i] >= 0 && limits[i] < least ? limits[i] : least;
		most = limits[i] > most ? limits[i] : most;
	}
	if (!declared || *used >= capacity) {
		return;
	}
	const char *comma = *used ? ", " : "", *plural = declared == 1 ? "" : "s";
	int length = least < most ? snprintf(out + *used, capacity - *used, "%s%zu %s%s within %.3g to %.3g",
					     comma, declared, name, plural, least, most)
				  : snprintf(out + *used, capacity - *used, "%s%zu %s%s within %.3g", comma,
					     declared, name, plural, most);
	*used += (size_t)length;
}

char *pf_tolerance_text(const pf_tolerance *tolerance, char *out, size_t capacity)
{
	size_t used = 0;
	out[0] = '\0';
	add_text("measure", tolerance->measures, PF_MEASURE_COUNT, out, capacity, &used);
	add_text("factor", tolerance->factors, PF_FACTOR_COUNT, out, capacity, &used);
	add_text("score", &tolerance->total, 1, out, capacity, &used);
	if (tolerance->bursts && used < capacity) {
		used += (size_t)snprintf(out + used, capacity - used, "%sbursts", used ? ", " : "");
	}
	if (tolerance->ranks && used < capacity) {
		snprintf(out + used, capacity - used, "%sranks", used ? ", " : "");
	}
	return out;
}
