#include "core/photo/burst_rules.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#define GAP_SURE_MS 250     /* up to here time alone decides */
#define GAP_RHYTHMIC_MS 600 /* and up to here, if the spacing is regular */
#define JUMP_EV 0.6         /* two thirds of a stop, less rounding */
#define THIRD_EV 0.25       /* one third */
#define EQUAL_STEPS_EV 0.35 /* steps of a bracket are equal but for rounding */

double pf_likeness_least(pf_time_link link)
{
	switch (link) {
	case PF_TIME_ASKS_STRICT:
		return 1.0;
	case PF_TIME_ASKS_SECOND:
		return 0.6;
	default:
		return 0.65;
	}
}

static bool exact(const pf_facts *before, const pf_facts *photo)
{
	return before->has_subsecond && photo->has_subsecond;
}

/* Times in whole seconds are compared as such: 10.9 s and 11 s may be the same instant. */
static int64_t seconds_of(int64_t ms)
{
	return ms >= 0 ? ms / 1000 : (ms - 999) / 1000;
}

int64_t pf_time_gap_ms(const pf_facts *before, const pf_facts *photo)
{
	return exact(before, photo) ? photo->time_ms - before->time_ms
				    : (seconds_of(photo->time_ms) - seconds_of(before->time_ms)) * 1000;
}

static bool about(int64_t gap, int64_t other)
{
	return other > 0 && 4 * llabs(gap - other) <= other;
}

static pf_time_link exact_link(int64_t gap, const pf_rhythm *rhythm)
{
	bool regular = about(gap, rhythm->median_ms) || (!rhythm->median_ms && about(gap, rhythm->next_ms));
	if (gap == 0) {
		return rhythm->runs ? PF_TIME_LINKS : PF_TIME_ASKS;
	}
	if (gap <= GAP_SURE_MS || (gap <= GAP_RHYTHMIC_MS && regular)) {
		return PF_TIME_LINKS;
	}
	bool slow = rhythm->median_ms > 0 && 2 * gap <= 3 * rhythm->median_ms;
	return gap <= PF_GAP_MAX_MS || slow ? PF_TIME_ASKS : PF_TIME_APART;
}

pf_time_link pf_time_links(const pf_facts *before, const pf_facts *photo, const pf_rhythm *rhythm)
{
	if (before->has_time != photo->has_time) {
		return PF_TIME_APART;
	}
	if (!photo->has_time) {
		return PF_TIME_ASKS_STRICT;
	}
	int64_t gap = pf_time_gap_ms(before, photo);
	if (gap < 0) {
		return PF_TIME_APART;
	}
	if (exact(before, photo)) {
		return exact_link(gap, rhythm);
	}
	return gap == 0 ? PF_TIME_ASKS_SECOND : gap <= 1000 ? PF_TIME_ASKS : PF_TIME_APART;
}

bool pf_same_shape(const pf_facts *before, const pf_facts *photo)
{
	return before->width_px == photo->width_px && before->height_px == photo->height_px &&
	       before->orientation == photo->orientation;
}

enum { BIAS, TIME, APERTURE, ISO, LIGHT, SETTINGS };

/* What was set, in stops; 0 with `known` false where EXIF does not tell. */
static void settings_of(const pf_facts *facts, double stops[SETTINGS], bool known[SETTINGS])
{
	const pf_exposure *e = &facts->exposure;
	known[BIAS] = facts->has_exposure_bias;
	known[TIME] = e->time_s > 0.0;
	known[APERTURE] = e->f_number > 0.0;
	known[ISO] = e->iso > 0.0;
	known[LIGHT] = known[TIME];
	stops[BIAS] = facts->exposure_bias_ev;
	stops[TIME] = known[TIME] ? log2(e->time_s) : 0.0;
	stops[APERTURE] = known[APERTURE] ? -2.0 * log2(e->f_number) : 0.0;
	stops[ISO] = known[ISO] ? log2(e->iso) : 0.0;
	stops[LIGHT] = stops[TIME] + stops[APERTURE] + stops[ISO];
}

/* The steps of each setting from one photo to the next; 0 where one of them does not tell. */
static void steps_between(const pf_facts *a, const pf_facts *b, double steps[SETTINGS])
{
	double from[SETTINGS], to[SETTINGS];
	bool known[2][SETTINGS];
	for (int i = 0; i < SETTINGS; i++) {
		steps[i] = 0.0;
	}
	if (!a || !b) {
		return;
	}
	settings_of(a, from, known[0]);
	settings_of(b, to, known[1]);
	bool comparable = known[0][APERTURE] == known[1][APERTURE] && known[0][ISO] == known[1][ISO];
	for (int i = 0; i < SETTINGS; i++) {
		bool both = known[0][i] && known[1][i] && (i != LIGHT || comparable);
		steps[i] = both ? to[i] - from[i] : 0.0;
	}
}

/* A bracket goes on by an equal step or turns round; automatic exposure that follows the light does neither
 * at once. */
static bool goes_on(double step, double other)
{
	return fabs(other) >= JUMP_EV &&
	       ((step > 0.0) != (other > 0.0) || fabs(step - other) <= EQUAL_STEPS_EV);
}

bool pf_bracket_step(const pf_facts *earlier, const pf_facts *before, const pf_facts *photo,
		     const pf_facts *later)
{
	double last[SETTINGS], step[SETTINGS], next[SETTINGS];
	steps_between(earlier, before, last);
	steps_between(before, photo, step);
	steps_between(photo, later, next);
	/* A correction of a third may be dialled in while the burst runs; one that turns round is a bracket.
	 */
	bool turns = last[BIAS] * step[BIAS] < 0.0 || next[BIAS] * step[BIAS] < 0.0;
	if (fabs(step[BIAS]) >= JUMP_EV || (fabs(step[BIAS]) >= THIRD_EV && turns)) {
		return true;
	}
	/* By hand nothing changes of itself; with automatic ISO only that does. */
	bool by_hand = before->manual_exposure && photo->manual_exposure && fabs(step[ISO]) < THIRD_EV;
	for (int i = TIME; i < SETTINGS; i++) {
		if (fabs(step[i]) >= JUMP_EV &&
		    (by_hand || goes_on(step[i], last[i]) || goes_on(step[i], next[i]))) {
			return true;
		}
	}
	return false;
}
