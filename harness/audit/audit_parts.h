/* What the parts of an audit (audit.c, audit_outputs.c, audit_times.c) share. */
#ifndef HARNESS_AUDIT_PARTS_H
#define HARNESS_AUDIT_PARTS_H

#include "harness/audit/audit.h"
#include "harness/scores/outcomes.h"

struct auditing {
	pf_audit *audit;
	pf_random random;
	size_t sources[PF_AUDIT_PHOTOS_MOST]; /* of the base: photos that can be scored */
	size_t source_count, total_trials;
};

/* Notes a verdict with its figure (may be NULL); `format` says why. */
void pf_audit_note(pf_audit *audit, pf_audit_check check, pf_audit_verdict verdict, const char *figure,
		   const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Runs the variant, or with `reference` the reference, on a set. Fails where it does not end well. */
pf_status pf_audit_trial(struct auditing *auditing, const pf_session *session, bool reference, pf_trial *out,
			 pf_error *error);

/* Photos of the trial that are not the reference's, bit by bit or within its declared tolerance; says of the
 * first in `what`. */
size_t pf_audit_differing(const pf_trial *trial, const pf_dataset *dataset, const pf_outcomes *reference,
			  char *what, size_t capacity);

/* The checks of outputs alone, and those over timed rounds. */
pf_status pf_audit_outputs(struct auditing *auditing, pf_error *error);
pf_status pf_audit_times(struct auditing *auditing, pf_error *error);

/* What timed rounds say (audit_judge.c); pure functions of audit->timed and what is given. Each notes a
 * check. _cache: of copies of one photo (`same`), or of photos that were scored before. */
void pf_audit_judge_cache(pf_audit *audit, pf_audit_check check, bool same);
void pf_audit_judge_read(pf_audit *audit);
void pf_audit_judge_decode(pf_audit *audit);
void pf_audit_judge_stages(pf_audit *audit, const pf_trial *trial);
void pf_audit_judge_timed(pf_audit *audit, size_t differ, size_t count, const char *what, const char *wrong);

#endif
