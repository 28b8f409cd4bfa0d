#include "harness/stats/eta.h"

#include <math.h>

#define SOON_S 0.5     /* before that a pace says nothing */
#define OWN_SHARE 0.1  /* of a first trial, from which its own pace is believed */
#define ONE_TRIAL 1.25 /* by how much one trial may be off either way */
#define FASTER 3.0     /* than its parent: a step that never ran */
#define SLOWER 2.0

static pf_eta range(double low_s, double high_s)
{
	return (pf_eta){
		.known = true, .low_s = fmax(fmin(low_s, high_s), 0), .high_s = fmax(fmax(low_s, high_s), 0)};
}

static pf_eta widened(pf_eta narrow)
{
	return range(narrow.low_s / FASTER, narrow.high_s * SLOWER);
}

pf_eta pf_eta_by_pace(const pf_eta_pace *pace)
{
	if (!pace->done || pace->done >= pace->total || pace->elapsed_s < SOON_S) {
		return (pf_eta){0};
	}
	double left = (double)(pace->total - pace->done), done = (double)pace->done;
	double overall_s = left * pace->elapsed_s / done;
	bool recent = pace->recent_done && pace->recent_s > 0;
	double recent_s = recent ? left * pace->recent_s / (double)pace->recent_done : overall_s;
	double off = 1 + 1 / sqrt(done);
	return range(fmin(overall_s, recent_s) / off, fmax(overall_s, recent_s) * off);
}

/* What the step's own trials say. */
static pf_eta own_range(const pf_eta_step *step, const pf_eta_hand *hand)
{
	if (step->trials > 1) {
		return range(step->least_s, step->most_s);
	}
	if (step->trials) {
		return range(step->mean_s / ONE_TRIAL, step->mean_s * ONE_TRIAL);
	}
	if (hand && hand->done_share >= OWN_SHARE) {
		double whole_s = hand->elapsed_s / fmin(hand->done_share, 1);
		return range(whole_s / ONE_TRIAL, whole_s * ONE_TRIAL);
	}
	return step->floor ? range(0, 0) : (pf_eta){0};
}

/* What a step that knows nothing of itself is taken for, where none of its line does either. */
static pf_eta range_of_all(const pf_eta_step *steps, const pf_eta *trials, size_t count, double serial_s)
{
	pf_eta all = {0};
	if (serial_s > 0) {
		return range(serial_s, serial_s);
	}
	for (size_t i = 0; i < count; i++) {
		if (trials[i].known && !steps[i].floor) {
			all = all.known ? range(fmin(all.low_s, trials[i].low_s),
						fmax(all.high_s, trials[i].high_s))
					: trials[i];
		}
	}
	return all;
}

/* The nearest step up the line that ran, widened once for each generation. Plug-ins may name each other as
 * parents: no line is longer than there are steps. */
static pf_eta guess(const pf_eta_step *steps, const pf_eta *own, size_t count, size_t which, pf_eta fallback)
{
	size_t generations = 0, at = which;
	while (generations < count && at < count && !own[at].known) {
		at = steps[at].parent;
		generations++;
	}
	if (at < count && own[at].known) {
		pf_eta found = own[at];
		for (size_t i = 0; i < generations; i++) {
			found = widened(found);
		}
		return found;
	}
	return fallback.known ? widened(fallback) : fallback;
}

void pf_eta_trials(const pf_eta_step *steps, size_t count, const pf_eta_hand *hand, double serial_s,
		   pf_eta *out)
{
	for (size_t i = 0; i < count; i++) {
		out[i] = own_range(&steps[i], hand && hand->step == i ? hand : NULL);
	}
	pf_eta fallback = range_of_all(steps, out, count, serial_s);
	/* Not known until all are through: no guess rests on another. */
	for (size_t i = 0; i < count; i++) {
		if (!out[i].known) {
			out[i] = guess(steps, out, count, i, fallback);
			out[i].known = false;
		}
	}
	for (size_t i = 0; i < count; i++) {
		out[i].known = out[i].known || out[i].high_s > 0;
	}
}

/* The rest of the trial at hand: by what its step took before, and by how far it is. One that takes longer
 * than ever before is told by the latter alone. */
static pf_eta rest_at_hand(const pf_eta *trial, const pf_eta_hand *hand)
{
	pf_eta before = range(trial->low_s - hand->elapsed_s, trial->high_s - hand->elapsed_s);
	if (hand->done_share < OWN_SHARE) {
		return before;
	}
	double own_s = hand->elapsed_s * (1 - fmin(hand->done_share, 1)) / hand->done_share;
	return before.high_s > 0 ? range(fmin(before.low_s, own_s), fmax(before.high_s, own_s))
				 : range(own_s, own_s);
}

pf_eta pf_eta_rest(const pf_eta_step *steps, const pf_eta *trials, size_t count, const pf_eta_hand *hand)
{
	pf_eta rest = {.known = true};
	for (size_t i = 0; i < count; i++) {
		double left = steps[i].left;
		if (left > 0 && !trials[i].known) {
			return (pf_eta){0};
		}
		if (left > 0 && hand && hand->step == i) {
			pf_eta now = rest_at_hand(&trials[i], hand);
			rest.low_s += now.low_s;
			rest.high_s += now.high_s;
			left -= 1;
		}
		rest.low_s += left * trials[i].low_s;
		rest.high_s += left * trials[i].high_s;
	}
	return rest;
}
