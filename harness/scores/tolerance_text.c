/* Tolerances in words: apart from the rest, as a build without the engine prints them, too. */
#include <math.h>
#include <stdio.h>

#include "harness/scores/tolerance.h"

static size_t count_of(const double *limits, size_t count)
{
	size_t declared = 0;
	for (size_t i = 0; i < count; i++) {
		declared += limits[i] >= 0;
	}
	return declared;
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

static void add_word(bool said, const char *word, char *out, size_t capacity, size_t *used)
{
	if (said && *used < capacity) {
		*used += (size_t)snprintf(out + *used, capacity - *used, "%s%s", *used ? ", " : "", word);
	}
}

char *pf_tolerance_text(const pf_tolerance *tolerance, char *out, size_t capacity)
{
	size_t used = 0;
	char bound[64];
	out[0] = '\0';
	add_text("measure", tolerance->measures, PF_MEASURE_COUNT, out, capacity, &used);
	add_text("factor", tolerance->factors, PF_FACTOR_COUNT, out, capacity, &used);
	add_text("score", &tolerance->total, 1, out, capacity, &used);
	if (tolerance->not_compared) {
		snprintf(bound, sizeof bound, "%u not compared", tolerance->not_compared);
		add_word(true, bound, out, capacity, &used);
	}
	add_word(tolerance->bursts, "bursts", out, capacity, &used);
	add_word(tolerance->ranks, "ranks", out, capacity, &used);
	if (tolerance->best_shots >= 0) {
		snprintf(bound, sizeof bound, "best shots at least %.4g %%", 100 * tolerance->best_shots);
		add_word(true, bound, out, capacity, &used);
	}
	if (tolerance->rank_correlation >= 0) {
		snprintf(bound, sizeof bound, "rank correlation at least %.4g", tolerance->rank_correlation);
		add_word(true, bound, out, capacity, &used);
	}
	return out;
}
