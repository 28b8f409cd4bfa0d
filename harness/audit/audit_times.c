/* Timed rounds on new photos: as they come, the same once more, one photo many times, a quarter of their
 * pixels. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/audit/audit_parts.h"

struct timing {
	struct auditing *auditing;
	pf_audit_recipe recipe; /* copies of one source, each altered in its own way */
	pf_audit_set *previous; /* of the round before */
	uint8_t previous_digest[PF_SHA256_BYTES];
	pf_audit_set *drawn, *drawn_small; /* of the round that the reference scores, too */
	pf_trial drawn_trial;
	char wrong[320]; /* the first output that cannot be right */
};

static void close_set(pf_audit_set *set)
{
	if (set) {
		pf_audit_set_close(set);
		free(set);
	}
}

/* On failure *out is to be closed, too. */
static pf_status make_set(struct timing *timing, bool one, bool half, pf_audit_set **out, pf_error *error)
{
	pf_audit_recipe recipe = timing->recipe;
	recipe.one = one;
	recipe.half = half;
	*out = calloc(1, sizeof **out);
	return *out != NULL ? pf_audit_set_make(&recipe, timing->auditing->audit->session,
						&timing->auditing->random, *out, error)
			    : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
}

/* Wall time of a trial; 0 where it was disturbed. */
static uint64_t time_of(const pf_trial *trial)
{
	bool disturbed = trial->ending != PF_ENDED_OK;
	for (int kind = 0; kind < PF_DISTURBANCE_COUNT; kind++) {
		disturbed = disturbed || pf_machine_disturbed(&trial->machine, (pf_disturbance)kind) > 0;
	}
	return disturbed ? 0 : trial->wall_ns;
}

static pf_status run_set(struct timing *timing, const pf_audit_set *set, pf_trial *trial, pf_error *error)
{
	pf_status status = pf_audit_trial(timing->auditing, &set->session, false, trial, error);
	/* Of a disturbed trial, too, which has none yet. */
	return status == PF_OK ? pf_outcomes_digest(trial->outcomes, trial->digest, error) : status;
}

/* The sets of one round. All are made before its first trial: what writing them leaves behind then hinders
 * whichever comes first, which the turns balance. */
struct sets {
	pf_audit_set *fresh, *same, *small;
};

static void close_sets(struct sets *sets)
{
	close_set(sets->fresh);
	close_set(sets->same);
	close_set(sets->small);
}

/* New photos: their time, and what the audit asks of the drawn round. */
static pf_status run_fresh(struct timing *timing, uint32_t number, struct sets *sets, pf_audit_round *round,
			   pf_error *error)
{
	pf_trial trial = {0};
	pf_status status = run_set(timing, sets->fresh, &trial, error);
	if (status == PF_OK) {
		round->fresh_ns = time_of(&trial);
		round->fresh_cpu_ns = trial.cpu_ns;
		round->fresh_read_bytes = trial.io.read_call_bytes;
		round->fresh_photo_bytes = sets->fresh->bytes;
		round->reads_known = trial.io.known;
		if (timing->previous != timing->drawn) {
			close_set(timing->previous);
		}
		timing->previous = sets->fresh;
		sets->fresh = NULL;
		memcpy(timing->previous_digest, trial.digest, sizeof trial.digest);
		if (number == timing->auditing->audit->drawn_round) {
			timing->drawn = timing->previous;
			timing->drawn_trial = trial;
			return PF_OK;
		}
	}
	pf_trial_release(&trial);
	return status;
}

/* The photos of the last fresh trial once more. */
static pf_status run_again(struct timing *timing, pf_audit_round *round, pf_error *error)
{
	pf_trial trial = {0};
	pf_status status = run_set(timing, timing->previous, &trial, error);
	if (status == PF_OK) {
		round->again_ns = time_of(&trial);
		round->again_cpu_ns = trial.cpu_ns;
		if (memcmp(trial.digest, timing->previous_digest, sizeof trial.digest) != 0 &&
		    !trial.tolerance.declared && !timing->wrong[0]) {
			snprintf(timing->wrong, sizeof timing->wrong,
				 "the same photos got other scores the second time");
		}
	}
	pf_trial_release(&trial);
	return status;
}

/* Copies of one photo that is new. */
static pf_status run_same(struct timing *timing, const pf_audit_set *set, pf_audit_round *round,
			  pf_error *error)
{
	pf_trial trial = {0};
	pf_status status = run_set(timing, set, &trial, error);
	if (status == PF_OK) {
		round->same_ns = time_of(&trial);
		round->same_cpu_ns = trial.cpu_ns;
		for (size_t i = 1; i < trial.outcomes->count && !trial.tolerance.declared; i++) {
			const pf_outcome *a = &trial.outcomes->photos[0], *b = &trial.outcomes->photos[i];
			if ((a->status != b->status || !pf_scores_identical(&a->score, &b->score)) &&
			    !timing->wrong[0]) {
				snprintf(timing->wrong, sizeof timing->wrong,
					 "copies of one photo got different scores");
			}
		}
	}
	pf_trial_release(&trial);
	return status;
}

static pf_status run_small(struct timing *timing, uint32_t number, struct sets *sets, pf_audit_round *round,
			   pf_error *error)
{
	pf_trial trial = {0};
	pf_status status = run_set(timing, sets->small, &trial, error);
	if (status == PF_OK) {
		round->small_cpu_ns = trial.cpu_ns;
		round->small_read_bytes = trial.io.read_call_bytes;
		round->small_photo_bytes = sets->small->bytes;
		round->reads_known = round->reads_known && trial.io.known;
		if (number == timing->auditing->audit->drawn_round) {
			timing->drawn_small = sets->small;
			sets->small = NULL;
		}
	}
	pf_trial_release(&trial);
	return status;
}

/* Every second round turns the order round, so that a machine that grows slower favours nobody. */
static pf_status run_round(struct timing *timing, uint32_t number, pf_audit_round *round, pf_error *error)
{
	bool turned = number % 2 == 0;
	struct sets sets = {0};
	pf_status status = make_set(timing, false, false, &sets.fresh, error);
	if (status == PF_OK) {
		status = make_set(timing, true, false, &sets.same, error);
	}
	if (status == PF_OK) {
		status = make_set(timing, false, true, &sets.small, error);
	}
	if (status == PF_OK) {
		status = turned ? run_again(timing, round, error)
				: run_fresh(timing, number, &sets, round, error);
	}
	if (status == PF_OK) {
		status = run_same(timing, sets.same, round, error);
	}
	if (status == PF_OK) {
		status = turned ? run_fresh(timing, number, &sets, round, error)
				: run_again(timing, round, error);
	}
	if (status == PF_OK) {
		status = run_small(timing, number, &sets, round, error);
	}
	close_sets(&sets);
	return status;
}

/* The reference on the drawn round's photos, after all trials. */
static pf_status judge_drawn(struct timing *timing, pf_error *error)
{
	pf_audit *audit = timing->auditing->audit;
	pf_trial whole = {0}, small = {0};
	char what[320];
	pf_status status = pf_audit_trial(timing->auditing, &timing->drawn->session, true, &whole, error);
	if (status == PF_OK) {
		status = pf_audit_trial(timing->auditing, &timing->drawn_small->session, true, &small, error);
	}
	if (status == PF_OK) {
		size_t count = whole.outcomes->count, differ;
		differ = pf_audit_differing(&timing->drawn_trial, timing->drawn->dataset, whole.outcomes,
					    what, sizeof what);
		pf_audit_judge_timed(audit, differ, count, what, timing->wrong);
		audit->reference_more_ns = whole.cpu_ns > small.cpu_ns ? whole.cpu_ns - small.cpu_ns : 0;
		pf_audit_judge_decode(audit);
	}
	pf_trial_release(&whole);
	pf_trial_release(&small);
	return status;
}

/* The photo of middle size, as often as the set has photos. */
static void choose_recipe(struct timing *timing)
{
	const struct auditing *auditing = timing->auditing;
	const pf_dataset *base = auditing->audit->session->dataset;
	size_t middle = 0;
	for (size_t i = 0; i < auditing->source_count; i++) {
		size_t smaller = 0;
		uint64_t own = base->photos[auditing->sources[i]].size_bytes;
		for (size_t k = 0; k < auditing->source_count; k++) {
			smaller += base->photos[auditing->sources[k]].size_bytes < own;
		}
		middle = smaller == auditing->source_count / 2 ? i : middle;
	}
	timing->recipe = (pf_audit_recipe){.base = base, .count = auditing->audit->photos};
	for (size_t i = 0; i < timing->recipe.count; i++) {
		timing->recipe.sources[i] = auditing->sources[middle];
	}
}

static void not_tested(pf_audit *audit, pf_audit_verdict verdict, const char *why)
{
	static const pf_audit_check timed[] = {PF_AUDIT_TIMED, PF_AUDIT_REPEATED, PF_AUDIT_SEEN,
					       PF_AUDIT_READ,  PF_AUDIT_DECODE,   PF_AUDIT_STAGES};
	for (size_t i = 0; i < sizeof timed / sizeof *timed; i++) {
		pf_audit_note(audit, timed[i], verdict, NULL, "%s", why);
	}
}

pf_status pf_audit_times(struct auditing *auditing, pf_error *error)
{
	pf_audit *audit = auditing->audit;
	struct timing timing = {.auditing = auditing};
	pf_status status = PF_OK;
	if (pf_audit_verdict_of(audit) == PF_AUDIT_CAUGHT) {
		not_tested(audit, PF_AUDIT_NOT_TESTABLE, "wrong output gets no time");
		return PF_OK;
	}
	if (!audit->rounds) {
		/* What was not looked at has not passed. */
		not_tested(audit, PF_AUDIT_UNDECIDED, "no timed rounds were asked for");
		return PF_OK;
	}
	choose_recipe(&timing);
	audit->drawn_round = 1 + (uint32_t)pf_random_below(&auditing->random, audit->rounds);
	for (uint32_t i = 1; i <= audit->rounds && status == PF_OK; i++) {
		status = run_round(&timing, i, &audit->timed[i - 1], error);
		audit->rounds_done += status == PF_OK;
	}
	if (audit->rounds_done) {
		pf_audit_judge_cache(audit, PF_AUDIT_REPEATED, true);
		pf_audit_judge_cache(audit, PF_AUDIT_SEEN, false);
		pf_audit_judge_read(audit);
	}
	if (status == PF_OK) {
		pf_audit_judge_stages(audit, &timing.drawn_trial);
		status = judge_drawn(&timing, error);
	}
	if (timing.previous != timing.drawn) {
		close_set(timing.previous);
	}
	close_set(timing.drawn);
	close_set(timing.drawn_small);
	pf_trial_release(&timing.drawn_trial);
	return status;
}
