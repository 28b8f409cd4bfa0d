/* What the pages of the notebook are made of. */
#ifndef HARNESS_NOTEBOOK_PARTS_H
#define HARNESS_NOTEBOOK_PARTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "harness/run/run_status.h"
#include "harness/stats/student.h"

/* Text of a member, "" where it is none. */
const char *pf_note_text(const json_t *object, const char *key);
double pf_note_number(const json_t *object, const char *key); /* 0 where it is none */

/* An interval of a record. False where it is null or none. */
bool pf_note_interval(const json_t *object, const char *key, pf_interval *out);

/* The variant of that name, or NULL. */
const json_t *pf_note_variant(const json_t *record, const char *name);

/* The first step that changes no other and scores in this program's own way, or NULL. */
const json_t *pf_note_baseline(const json_t *record);

/* Prints text so that Markdown and terminals take it for nothing else: in one line, controls as "?". */
void pf_note_print(FILE *stream, const char *text);

/* The same of a sentence, its gist (up to a colon) in bold; with a full stop. */
void pf_note_print_gist(FILE *stream, const char *text);

/* What a trial of a record is worth: run.h has the rule. */
pf_trial_counting pf_note_counts(const json_t *variant, const json_t *trial);

/* A number of at least 0 of an object's member; false where it was not measured. */
bool pf_note_figure(const json_t *object, const char *key, double *value);

/* Means over the trials of a variant that count of figure `key`; of the time of `part` in its object `key`
 * where part is not NULL. Returns how many trials had it. */
size_t pf_note_mean(const json_t *variant, const char *key, const char *part, double *mean);

/* How many trials that count, be it unchecked, are tagged as disturbed; *all: of how many. */
size_t pf_note_tagged(const json_t *record, size_t *all);
size_t pf_note_tagged_of(const json_t *variant, size_t *all); /* of one variant */

/* "kept", "rejected", ... (harness/run/decision.h); why[capacity] says by which rule: PF_DECISION_TEXT are
 * enough. */
const char *pf_note_verdict(const json_t *variant, char *why, size_t capacity);

/* Every step: hypothesis, change, expectation, result, verdict, lesson. */
void pf_note_steps(const json_t *record, FILE *stream);

#endif
