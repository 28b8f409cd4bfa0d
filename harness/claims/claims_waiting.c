/* Claims about what is waited for: Amdahl's serial part, the first result, the end of detection. */
#include <math.h>
#include <stdlib.h>

#include "harness/claims/claims_figures.h"
#include "harness/stats/enough.h"
#include "photofinish/burst.h"

#define FLAT 1.2            /* growth below it is none, by the case study's claim */
#define TESTABLE_SHARE 0.02 /* of the run, that detection has to take */
#define TESTABLE_FIRST 0.33 /* of parallel's time to its first result */

static double mean(const double *values, size_t count)
{
	double sum = 0;
	for (size_t i = 0; i < count; i++) {
		sum += values[i];
	}
	return sum / (double)count;
}

/* Pairs of both contestants' trials, newly allocated; 0 where there is none. */
static size_t paired(const pf_contestant *a, const pf_contestant *b, const pf_trial *(**pairs)[2])
{
	*pairs = calloc(a->trial_count + 1, sizeof **pairs);
	if (!*pairs) {
		pf_out_of_memory();
	}
	return pf_claim_pairs(a, b, *pairs, a->trial_count);
}

void pf_claim_amdahl(const pf_claim_input *in, pf_claim *claim)
{
	const pf_contestant *single = pf_claim_need(in, "single-load", claim);
	const pf_contestant *parallel = single ? pf_claim_need(in, "parallel", claim) : NULL;
	const pf_trial *(*pairs)[2];
	if (!parallel) {
		return;
	}
	if (parallel->workers < 2) {
		claim->verdict = PF_VERDICT_NOT_TESTABLE;
		pf_claim_say(claim, "parallel ran with one worker");
		return;
	}
	size_t count = paired(single, parallel, &pairs);
	double *speedups = pf_enough(calloc(4 * (count + 1), sizeof *speedups)),
	       *bounds = speedups + count + 1, *parts = bounds + count + 1, n = parallel->workers;
	for (size_t i = 0; i < count; i++) {
		double serial = (double)pairs[i][1]->main_ns / (double)pairs[i][0]->wall_ns;
		parts[i] = 1 - serial;
		bounds[i] = 1 / (serial + (1 - serial) / n);
		speedups[i] = (double)pairs[i][0]->wall_ns / (double)pairs[i][1]->wall_ns;
	}
	claim->has_measured = count > 0;
	claim->verdict = PF_VERDICT_UNDECIDED;
	if (count) {
		claim->measured = pf_ratio_interval(speedups, bounds, count, PF_LEVEL);
		pf_claim_say(
			claim, "%.2fx of at most %.2fx with %u workers, by P = %.4f from the serial spans",
			mean(speedups, count), mean(bounds, count), parallel->workers, mean(parts, count));
		claim->verdict = !claim->measured.has_interval ? PF_VERDICT_UNDECIDED
				 : claim->measured.high <= 1   ? PF_VERDICT_REPRODUCED
				 : claim->measured.low > 1     ? PF_VERDICT_NOT_REPRODUCED
							       : PF_VERDICT_UNDECIDED;
	}
	if (!count || !claim->measured.has_interval) {
		pf_claim_say(claim, "fewer than two rounds have no interval");
	}
	free(speedups);
	free(pairs);
}

/* Mean share of the wall time, and mean seconds, that a contestant's main process spends on detection. */
static double detection(const pf_contestant *contestant, double *seconds)
{
	double share = 0, total = 0;
	size_t count = 0;
	for (size_t i = 0; i < contestant->trial_count; i++) {
		const pf_trial *trial = &contestant->trials[i];
		if (pf_run_counts(contestant, trial) == PF_COUNTS) {
			double own = (double)trial->stage_ns[PF_STAGE_DETECT];
			share += own / (double)trial->wall_ns;
			total += own * 1e-9;
			count++;
		}
	}
	*seconds = count ? total / (double)count : 0;
	return count ? share / (double)count : 0;
}

/* False, and why[capacity] says what keeps the growth of the first result from being seen. */
static bool growth_can_be_seen(const pf_run *run, const pf_contestant *parallel, char *why, size_t capacity)
{
	size_t photos = run->session->dataset->count;
	pf_interval first;
	double seconds;
	detection(parallel, &seconds);
	if (!pf_run_first_result(parallel, &first)) {
		snprintf(why, capacity, "parallel has no time to its first result");
		return false;
	}
	if (seconds < TESTABLE_FIRST * first.mean) {
		snprintf(why, capacity,
			 "finding the bursts takes %.1f ms of the %.0f ms to parallel's first result: "
			 "too few photos to see it grow",
			 1e3 * seconds, 1e3 * first.mean);
		return false;
	}
	if (!pf_first_small_photos(photos)) {
		snprintf(
			why, capacity,
			"%zu photos: too few photos for two sizes, of which the smaller has %d, which streaming "
			"reads before its first burst",
			photos, PF_BURST_WINDOW);
		return false;
	}
	return true;
}

bool pf_claims_want_first_results(const pf_run *run, char *why, size_t capacity)
{
	const pf_claim_setting none = {0};
	const pf_claim_input in = {run, &none};
	pf_claim claim = {0};
	const pf_contestant *streaming = pf_claim_need(&in, "streaming", &claim);
	const pf_contestant *parallel = streaming ? pf_claim_need(&in, "parallel", &claim) : NULL;
	if (!parallel) {
		snprintf(why, capacity, "%s", claim.why);
		return false;
	}
	return growth_can_be_seen(run, parallel, why, capacity);
}

/* Judges the growths of both times to the first result; `waited` is parallel's growth in seconds over what
 * detecting the added photos takes. */
static pf_verdict judge_growth(const pf_interval *streaming, const pf_interval *parallel, double waited)
{
	bool flat = streaming->high < FLAT, apart = streaming->high < parallel->low;
	bool in_proportion = waited < PF_CLAIM_NEAR && waited > 1 / PF_CLAIM_NEAR;
	if (flat && apart && parallel->low > FLAT && in_proportion) {
		return PF_VERDICT_REPRODUCED;
	}
	if (apart && parallel->low > 1) {
		return PF_VERDICT_DIRECTION_ONLY;
	}
	return streaming->low > parallel->high ? PF_VERDICT_NOT_REPRODUCED : PF_VERDICT_UNDECIDED;
}

void pf_claim_streaming_ttfr(const pf_claim_input *in, pf_claim *claim)
{
	const pf_contestant *streaming = pf_claim_need(in, "streaming", claim);
	const pf_contestant *parallel = streaming ? pf_claim_need(in, "parallel", claim) : NULL;
	const pf_first_results *first = in->setting->first;
	char why[200];
	pf_interval own, other;
	if (!parallel) {
		return;
	}
	if (pf_run_first_result(streaming, &own) && pf_run_first_result(parallel, &other)) {
		pf_claim_say(claim, "first result after %.3g s, in parallel after %.3g s", own.mean,
			     other.mean);
	}
	claim->verdict = PF_VERDICT_NOT_TESTABLE;
	if (!growth_can_be_seen(in->run, parallel, why, sizeof why)) {
		pf_claim_say(claim, "%s", why);
		return;
	}
	if (!first || !first->measured) {
		pf_claim_say(claim, "the trials on two sizes were not made");
		return;
	}
	if (first->n < 2) {
		claim->verdict = PF_VERDICT_UNDECIDED;
		pf_claim_say(claim, "fewer than two pairs of trials on two sizes came to their end");
		return;
	}
	double seconds, grown = mean(first->parallel_large, first->n) - mean(first->parallel_small, first->n);
	detection(parallel, &seconds);
	double added = seconds * (1 - (double)first->small_photos / (double)first->large_photos);
	other = pf_ratio_interval(first->parallel_large, first->parallel_small, first->n, PF_LEVEL);
	claim->measured = pf_ratio_interval(first->streaming_large, first->streaming_small, first->n,
					    PF_LEVEL);
	claim->has_measured = true;
	claim->verdict = judge_growth(&claim->measured, &other, grown / added);
	pf_claim_say(
		claim,
		"from %zu to %zu photos streaming's goes from %.3g to %.3g s, "
		"parallel's from %.3g to %.3g s (%.2fx, %.2f to %.2f), where detection takes %.3g s more",
		first->small_photos, first->large_photos, mean(first->streaming_small, first->n),
		mean(first->streaming_large, first->n), mean(first->parallel_small, first->n),
		mean(first->parallel_large, first->n), other.mean, other.low, other.high, added);
}

void pf_claim_streaming_gain(const pf_claim_input *in, pf_claim *claim)
{
	const pf_contestant *streaming = pf_claim_need(in, "streaming", claim);
	const pf_contestant *parallel = streaming ? pf_claim_need(in, "parallel", claim) : NULL;
	double seconds;
	pf_interval own, other;
	if (!parallel || !pf_claim_ratio(claim, parallel, streaming)) {
		return;
	}
	double share = detection(parallel, &seconds);
	if (share < TESTABLE_SHARE) {
		claim->verdict = PF_VERDICT_NOT_TESTABLE;
		pf_claim_say(claim, "finding the bursts takes %.2g %% of parallel's time, under %.0f %%",
			     100 * share, 100 * TESTABLE_SHARE);
		return;
	}
	double expected = (1 - 1 / (double)parallel->workers) * seconds;
	pf_run_time(streaming, &own);
	pf_run_time(parallel, &other);
	double saved = other.mean - own.mean;
	pf_claim_say(claim, "%.3g s saved, of (1 - 1/%u) x %.3g s of detection", saved, parallel->workers,
		     seconds);
	bool near = expected > 0 && saved < PF_CLAIM_NEAR * expected && saved > expected / PF_CLAIM_NEAR;
	double published = claim->published;
	claim->published = claim->measured.mean; /* what is near is the time saved, not the ratio */
	pf_claim_judge_ratio(claim, near ? NULL : "not what the formula says");
	claim->published = published;
}

void pf_claim_live_same_speed(const pf_claim_input *in, pf_claim *claim)
{
	static const double margin = 0.02, wide = 0.05;
	const pf_contestant *live = pf_claim_need(in, "live", claim);
	const pf_contestant *streaming = live ? pf_claim_need(in, "streaming", claim) : NULL;
	if (!streaming || !pf_claim_ratio(claim, live, streaming)) {
		return;
	}
	const pf_interval *ratio = &claim->measured;
	double reach = fmax(fabs(log(ratio->low)), fabs(log(ratio->high)));
	if (!ratio->has_interval) {
		claim->verdict = PF_VERDICT_UNDECIDED;
		pf_claim_say(claim, "one round has no interval");
	} else if (reach < log1p(margin)) {
		claim->verdict = PF_VERDICT_REPRODUCED;
		pf_claim_say(claim, "equivalent within 2 %%");
	} else if (ratio->low > 1 + wide) {
		claim->verdict = PF_VERDICT_NOT_REPRODUCED;
		pf_claim_say(claim, "live takes more than 5 %% longer");
	} else if (ratio->low > 1 + margin || ratio->high < 1 / (1 + margin)) {
		claim->verdict = PF_VERDICT_DIRECTION_ONLY;
		pf_claim_say(claim, "beyond 2 %%, the margin");
	} else if (reach < log1p(wide)) {
		claim->verdict = PF_VERDICT_REPRODUCED;
		pf_claim_say(claim, "equivalent within 5 %%, the margin that this noise allows");
	} else {
		claim->verdict = PF_VERDICT_UNDECIDED;
		pf_claim_say(claim, "too noisy to prove them equal within 5 %%");
	}
}
