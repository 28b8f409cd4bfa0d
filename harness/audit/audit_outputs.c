/* Outputs on photos that nobody has seen, twice: as they are, and with contents exchanged under the same
 * names. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/audit/audit_parts.h"

/* That what lies in place of the kept reference is off by: less than anyone sees, more than rounding. */
#define BAIT_OFFSET 0x1p-12

static size_t distinct_totals(const pf_outcomes *outcomes, double *range)
{
	size_t distinct = 0;
	double least = 2, most = -1;
	for (size_t i = 0; i < outcomes->count; i++) {
		const pf_outcome *photo = &outcomes->photos[i];
		bool seen = photo->status != PF_OK;
		for (size_t k = 0; k < i && !seen; k++) {
			seen = outcomes->photos[k].status == PF_OK &&
			       outcomes->photos[k].score.total == photo->score.total;
		}
		distinct += !seen;
		if (photo->status == PF_OK) {
			least = photo->score.total < least ? photo->score.total : least;
			most = photo->score.total > most ? photo->score.total : most;
		}
	}
	*range = most - least;
	return distinct;
}

static void judge_constant(pf_audit *audit, const pf_trial *trial, const pf_outcomes *reference)
{
	char figure[80];
	double range, ignored;
	size_t expected = distinct_totals(reference, &range),
	       got = distinct_totals(trial->outcomes, &ignored);
	const pf_tolerance *tolerance = &trial->tolerance;
	snprintf(figure, sizeof figure, "%zu different scores, reference %zu", got, expected);
	if (tolerance->declared && tolerance->total == PF_NOT_DECLARED) {
		pf_audit_note(audit, PF_AUDIT_CONSTANT, PF_AUDIT_NOT_TESTABLE, NULL,
			      "it declares no total score");
	} else if (expected < 2) {
		pf_audit_note(audit, PF_AUDIT_CONSTANT, PF_AUDIT_NOT_TESTABLE, figure,
			      "the reference's scores do not differ");
	} else if (tolerance->declared && got < expected && (got > 1 || range <= 2 * tolerance->total)) {
		pf_audit_note(audit, PF_AUDIT_CONSTANT, PF_AUDIT_NOT_TESTABLE, figure,
			      "some scores are equal, which its tolerance of %g may explain",
			      tolerance->total);
	} else if (got < expected) {
		pf_audit_note(audit, PF_AUDIT_CONSTANT, PF_AUDIT_CAUGHT, figure,
			      "photos that the reference scores differently have one score");
	} else {
		pf_audit_note(audit, PF_AUDIT_CONSTANT, PF_AUDIT_PASSED, figure, "%s", "");
	}
}

static void judge_fresh(pf_audit *audit, const pf_audit_set *set, const pf_trial *trial,
			const pf_outcomes *reference)
{
	char figure[80], what[320];
	size_t differ = pf_audit_differing(trial, set->dataset, reference, what, sizeof what);
	snprintf(figure, sizeof figure, "%zu of %zu photos %s", reference->count - differ, reference->count,
		 trial->tolerance.declared ? "within its tolerance" : "identical");
	pf_audit_note(audit, PF_AUDIT_FRESH, differ ? PF_AUDIT_CAUGHT : PF_AUDIT_PASSED, figure, "%s", what);
}

/* Photos of `trial` with the total that `other` has at the same place in the manifest, though it is further
 * than `allowed` from the reference's. */
static size_t copied_from(const pf_trial *trial, const pf_outcomes *other, const pf_outcomes *reference,
			  double allowed)
{
	size_t count = 0;
	for (size_t i = 0; i < reference->count; i++) {
		const pf_outcome *own = &trial->outcomes->photos[i];
		count += own->status == PF_OK && other->photos[i].status == PF_OK &&
			 own->score.total == other->photos[i].score.total &&
			 fabs(own->score.total - reference->photos[i].score.total) > allowed;
	}
	return count;
}

static void judge_swapped(pf_audit *audit, const pf_audit_set *set, const pf_trial *trial,
			  const pf_outcomes *reference, const pf_outcomes *before, const pf_outcomes *bait)
{
	char figure[80], what[320];
	size_t differ = pf_audit_differing(trial, set->dataset, reference, what, sizeof what);
	/* Scores at the end of their range are alike, and what is not declared says nothing. */
	const pf_tolerance *tolerance = &trial->tolerance;
	bool told = !tolerance->declared || tolerance->total != PF_NOT_DECLARED;
	size_t stale = told ? copied_from(trial, before, reference,
					  tolerance->declared ? tolerance->total : 0)
			    : 0,
	       taken = told && bait ? copied_from(trial, bait, reference, 0) : 0;
	snprintf(figure, sizeof figure, "%zu of %zu photos %s", reference->count - differ, reference->count,
		 trial->tolerance.declared ? "within its tolerance" : "identical");
	if (stale) {
		pf_audit_note(audit, PF_AUDIT_SWAPPED, PF_AUDIT_CAUGHT, figure,
			      "%zu photos have the score of what their name held before", stale);
	} else {
		pf_audit_note(audit, PF_AUDIT_SWAPPED, differ > taken ? PF_AUDIT_CAUGHT : PF_AUDIT_PASSED,
			      figure, "%s", what);
	}
	snprintf(figure, sizeof figure, "%zu of %zu scores copied", taken, reference->count);
	if (!bait) {
		pf_audit_note(audit, PF_AUDIT_KEPT, PF_AUDIT_NOT_TESTABLE, NULL,
			      "nothing can be laid into the folder of references");
	} else if (!told) {
		pf_audit_note(audit, PF_AUDIT_KEPT, PF_AUDIT_NOT_TESTABLE, NULL,
			      "it declares no total score");
	} else {
		pf_audit_note(audit, PF_AUDIT_KEPT, taken ? PF_AUDIT_CAUGHT : PF_AUDIT_PASSED, figure, "%s",
			      taken ? "it hands out scores that only a kept reference had" : "");
	}
}

/* Scores that are wrong for the set, kept where its reference would be. NULL where that cannot be done. */
static pf_outcomes *lay_bait(const pf_audit_set *set, const pf_outcomes *before, char path[PATH_MAX])
{
	pf_outcomes *bait = NULL;
	pf_error why;
	if (pf_reference_path(&set->session, path, &why) != PF_OK ||
	    pf_outcomes_create(before->count, &bait, &why) != PF_OK) {
		path[0] = '\0';
		return NULL;
	}
	bait->scored = before->scored;
	bait->failed = before->failed;
	bait->bursts = before->bursts;
	for (size_t i = 0; i < before->count; i++) {
		bait->photos[i] = before->photos[i];
		bait->photos[i].message = before->photos[i].message ? strdup(before->photos[i].message)
								    : NULL;
		bait->photos[i].score.total += before->photos[i].score.total > 0.5 ? -BAIT_OFFSET
										   : BAIT_OFFSET;
	}
	if (pf_outcomes_save(bait, set->dataset, NULL, path, &why) != PF_OK) {
		pf_outcomes_free(bait);
		bait = NULL;
		path[0] = '\0';
	}
	return bait;
}

/* The same names with other contents, and a kept reference whose scores are wrong. */
static pf_status audit_swapped(struct auditing *auditing, pf_audit_set *set, const pf_outcomes *before,
			       pf_error *error)
{
	char bait_path[PATH_MAX] = "";
	pf_trial trial = {0}, reference = {0};
	pf_outcomes *bait = NULL;
	pf_status status = pf_audit_set_swap(set, error);
	if (status == PF_OK) {
		bait = lay_bait(set, before, bait_path);
		status = pf_audit_trial(auditing, &set->session, false, &trial, error);
	}
	if (bait_path[0]) {
		unlink(bait_path);
	}
	if (status == PF_OK) {
		status = pf_audit_trial(auditing, &set->session, true, &reference, error);
	}
	if (status == PF_OK) {
		judge_swapped(auditing->audit, set, &trial, reference.outcomes, before, bait);
	}
	pf_outcomes_free(bait);
	pf_trial_release(&trial);
	pf_trial_release(&reference);
	return status;
}

pf_status pf_audit_outputs(struct auditing *auditing, pf_error *error)
{
	pf_audit *audit = auditing->audit;
	pf_audit_recipe recipe = {
		.base = audit->session->dataset, .count = auditing->source_count, .pairs = true};
	pf_audit_set set = {.session = {.manifest_fd = -1}};
	pf_trial trial = {0}, reference = {0};
	memcpy(recipe.sources, auditing->sources, sizeof recipe.sources);
	pf_status status = pf_audit_set_make(&recipe, audit->session, &auditing->random, &set, error);
	if (status == PF_OK) { /* the variant first: there is no answer yet that it could find */
		status = pf_audit_trial(auditing, &set.session, false, &trial, error);
	}
	if (status == PF_OK && trial.unscored) {
		status = pf_fail(error, PF_ERR_INVALID, NULL, "%s cannot be audited: it wrote no scores",
				 audit->contestant->label);
	}
	if (status == PF_OK) {
		status = pf_audit_trial(auditing, &set.session, true, &reference, error);
	}
	if (status == PF_OK) {
		judge_fresh(audit, &set, &trial, reference.outcomes);
		judge_constant(audit, &trial, reference.outcomes);
		status = audit_swapped(auditing, &set, reference.outcomes, error);
	}
	pf_trial_release(&trial);
	pf_trial_release(&reference);
	pf_audit_set_close(&set);
	return status;
}
