#include "harness/audit/audit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/audit/audit_parts.h"
#include "harness/base/interrupt.h"
#include "harness/registry/reference_variant.h"
#include "photofinish/file.h"

#define PF_AUDIT_NAME(constant, name, text) name,
#define PF_AUDIT_TEXT(constant, name, text) text,
static const char *const names[] = {PF_AUDIT_LIST(PF_AUDIT_NAME)};
static const char *const texts[] = {PF_AUDIT_LIST(PF_AUDIT_TEXT)};

const char *pf_audit_name(pf_audit_check check)
{
	return names[check];
}

const char *pf_audit_text(pf_audit_check check)
{
	return texts[check];
}

const char *pf_audit_verdict_name(pf_audit_verdict verdict)
{
	static const char *const words[] = {"passed", "caught", "undecided", "not testable"};
	return words[verdict];
}

void pf_audit_note(pf_audit *audit, pf_audit_check check, pf_audit_verdict verdict, const char *figure,
		   const char *format, ...)
{
	pf_audit_result *result = &audit->results[check];
	va_list arguments;
	result->verdict = verdict;
	snprintf(result->figure, sizeof result->figure, "%s", figure ? figure : "");
	va_start(arguments, format);
	vsnprintf(result->detail, sizeof result->detail, format, arguments);
	va_end(arguments);
}

pf_status pf_audit_trial(struct auditing *auditing, const pf_session *session, bool reference, pf_trial *out,
			 pf_error *error)
{
	pf_audit *audit = auditing->audit;
	const pf_contestant *contestant = audit->contestant;
	*out = (pf_trial){0};
	if (pf_interrupts) {
		return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
	}
	pf_status status = reference ? pf_trial_run(session, &pf_reference_variant, 1, NULL, NULL, out, error)
				     : pf_trial_run(session, contestant->variant, contestant->workers,
						    contestant->options, NULL, out, error);
	if (status != PF_OK) {
		return status;
	}
	audit->trials++;
	if (audit->progress) {
		audit->progress(audit->context, audit->trials, auditing->total_trials);
	}
	if (out->ending == PF_ENDED_OK || out->ending == PF_ENDED_DISTURBED) {
		return PF_OK;
	}
	status = out->ending == PF_ENDED_CANCELLED     ? PF_ERR_CANCELLED
		 : out->ending == PF_ENDED_UNAVAILABLE ? PF_ERR_UNAVAILABLE
						       : PF_ERR_CRASHED;
	pf_fail(error, status, NULL, "%s cannot be audited, it did not end well: %s",
		reference ? "the reference" : contestant->label, out->reason);
	pf_trial_release(out);
	return status;
}

size_t pf_audit_differing(const pf_trial *trial, const pf_dataset *dataset, const pf_outcomes *reference,
			  char *what, size_t capacity)
{
	char name[200], difference[192];
	size_t first = 0, count;
	what[0] = '\0';
	if (trial->tolerance.declared) {
		count = pf_tolerance_exceeded(&trial->tolerance, reference, trial->outcomes, &first,
					      difference, sizeof difference);
		const pf_agreement agreement = pf_agreement_of(reference, trial->outcomes);
		if (!count &&
		    !pf_tolerance_agrees(&trial->tolerance, &agreement, difference, sizeof difference)) {
			snprintf(what, capacity, "%s", difference);
			return reference->count;
		}
	} else {
		count = pf_outcomes_differ(reference, trial->outcomes, &first);
		if (!count && trial->outcomes->bursts != reference->bursts) {
			snprintf(what, capacity, "it told of %zu bursts, the reference of %zu",
				 trial->outcomes->bursts, reference->bursts);
			return reference->count;
		}
		if (count) {
			pf_outcome_describe_difference(&reference->photos[first],
						       &trial->outcomes->photos[first], difference,
						       sizeof difference);
		}
	}
	if (count) {
		pf_escape(dataset->photos[first].path, name, sizeof name);
		snprintf(what, capacity, "%zu of %zu photos differ, the first is %s: %s", count,
			 reference->count, name, difference);
	}
	return count;
}

/* Photos of the base that the reference can score: libjpeg may see those without its gates. */
static pf_status choose_sources(struct auditing *auditing, pf_error *error)
{
	const pf_session *like = auditing->audit->session;
	const pf_dataset *base = like->dataset;
	size_t wanted = auditing->audit->photos, looked = base->count < 2 * wanted ? base->count : 2 * wanted;
	pf_dataset *part = NULL;
	pf_session session = {.manifest_fd = -1};
	pf_trial trial = {0};
	pf_status status = pf_dataset_create("part", base->root, &part, error);
	for (size_t i = 0; i < looked && status == PF_OK; i++) {
		const pf_dataset_photo *photo = &base->photos[i];
		status = pf_dataset_add(part, photo->path, photo->size_bytes,
					photo->hashed ? photo->sha256 : NULL, error);
	}
	if (status == PF_OK) {
		status = pf_session_open(&session, part, &like->order.scorer, error);
	}
	if (status == PF_OK) {
		session.order = like->order;
		session.timeout_s = like->timeout_s;
		status = pf_audit_trial(auditing, &session, true, &trial, error);
	}
	for (size_t i = 0; status == PF_OK && trial.outcomes && i < looked && auditing->source_count < wanted;
	     i++) {
		if (trial.outcomes->photos[i].status == PF_OK) { /* the base is sorted: i is i */
			auditing->sources[auditing->source_count++] = i;
		}
	}
	if (status == PF_OK && auditing->source_count < 2) {
		status = pf_fail(error, PF_ERR_INVALID, base->name,
				 "an audit takes 2 photos that can be scored, among the first %zu are %zu",
				 looked, auditing->source_count);
	}
	pf_trial_release(&trial);
	pf_session_close(&session);
	pf_dataset_free(part);
	return status;
}

pf_status pf_audit_run(pf_audit *audit, pf_error *error)
{
	struct auditing auditing = {
		.audit = audit,
		.random = {.state = audit->seed},
		.total_trials = 5 + (audit->rounds ? 4 * audit->rounds + 2 : 0),
	};
	for (int i = 0; i < PF_AUDIT_COUNT; i++) {
		pf_audit_note(audit, (pf_audit_check)i, PF_AUDIT_UNDECIDED, NULL, "not reached");
	}
	audit->timed = calloc(audit->rounds + 1, sizeof *audit->timed);
	if (!audit->timed) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	pf_status status = choose_sources(&auditing, error);
	if (status == PF_OK) {
		status = pf_audit_outputs(&auditing, error);
	}
	if (status == PF_OK) {
		status = pf_audit_times(&auditing, error);
	}
	audit->partial = status == PF_ERR_CANCELLED;
	return audit->partial ? PF_OK : status;
}

void pf_audit_release(pf_audit *audit)
{
	free(audit->timed);
	audit->timed = NULL;
}

pf_audit_verdict pf_audit_verdict_of(const pf_audit *audit)
{
	bool undecided = audit->partial || audit->results[PF_AUDIT_FRESH].verdict != PF_AUDIT_PASSED;
	for (int i = 0; i < PF_AUDIT_COUNT; i++) {
		if (audit->results[i].verdict == PF_AUDIT_CAUGHT) {
			return PF_AUDIT_CAUGHT;
		}
		undecided = undecided || audit->results[i].verdict == PF_AUDIT_UNDECIDED;
	}
	return undecided ? PF_AUDIT_UNDECIDED : PF_AUDIT_PASSED;
}
