/* What the history's index holds of a record: pure functions of the record. */
#ifndef HARNESS_HISTORY_ROW_H
#define HARNESS_HISTORY_ROW_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/record/machine_id.h"
#include "harness/stats/student.h"

/* Texts are the record's own, or static; "" where there is none. */
typedef struct pf_history_row {
	const char *started, *command, *label, *dataset, *dataset_hash, *cpu;
	const char *kind;                   /* "run", "time", "load", "soak", "audit" */
	int64_t photos, cores, rounds_done; /* photos, rounds_done: -1 where the record has none */
	size_t steps;                       /* variants, or commands */
	char machine[PF_MACHINE_ID + 1];
	char flags[160]; /* what to know before believing it, divided by commas; see docs/history.md */
} pf_history_row;

void pf_history_row_of(const json_t *record, pf_history_row *row);

/* A variant of a record, or a command of timed ones: 0 .. row.steps - 1. Texts are the record's own, or
 * static. */
typedef struct pf_history_step {
	const char *name, *status;
	int64_t workers; /* 0: not known */
} pf_history_step;
pf_history_step pf_history_step_of(const json_t *record, size_t index);

/* What a step was put against within its record. */
typedef enum pf_history_kind {
	PF_HISTORY_PARENT,   /* the step that it changes */
	PF_HISTORY_BASELINE, /* the first that changes no other; of timed commands the first */
	PF_HISTORY_COMPARED, /* the other one of a comparison */
	PF_HISTORY_KINDS
} pf_history_kind;
const char *pf_history_kind_name(pf_history_kind kind);

/* How many times as fast as `other` step `index` of the record was, paired by round within that record. False
 * where there is no such ratio: only steps that are ok have one. */
bool pf_history_ratio(const json_t *record, size_t index, pf_history_kind kind, const char **other,
		      pf_interval *ratio);

#endif
