/* Where the record of a run goes: files that were asked for, and the history. */
#ifndef HARNESS_RUN_DELIVERY_H
#define HARNESS_RUN_DELIVERY_H

#include <jansson.h>

#include "harness/cli/options.h"
#include "harness/cli/record_keeping.h"
#include "harness/run/run.h"

typedef struct pf_delivery {
	const char *json, *notebook; /* NULL: not asked for; "-": standard output */
	const char *report;          /* folder; NULL: not asked for */
	const char *label;           /* for pf_run.label */
	bool no_history;
	struct pf_run_journal *journal; /* of the run; closed once its record is kept. NULL: it has none */
} pf_delivery;

/* Rows for commands that execute runs; `d` is a pf_delivery. */
#define PF_DELIVERY_ARGS(d)                                              \
	{.name = "json",                                                 \
	 .letter = 'j',                                                  \
	 .type = PF_ARG_OUTPUT,                                          \
	 .target = &(d).json,                                            \
	 .metavar = "FILE",                                              \
	 .help = "write the record of the run (- for standard output)"}, \
		PF_KEEPING_ARGS((d).label, (d).no_history)

/* PF_ERR_EXISTS of a part of the results that did not replace whole ones (output.h) is said on standard
 * error, and no failure of its own: PF_OK. Any other status is returned as it is. */
pf_status pf_delivery_say_kept(pf_status status, const pf_error *error);

/* PF_OK if the files can be written: asked before the run, not after it. */
pf_status pf_delivery_check(const pf_delivery *delivery, pf_error *error);

/* Puts the record together once: every file and the history hold the same bytes. A history that cannot be
 * written is said on standard error and no failure: the run itself did well. */
pf_status pf_deliver_record(const pf_delivery *delivery, const pf_run *run, pf_error *error);

/* The same for a record that is there already, which is taken over; NULL: it could not be put together.
 * `measured`: there is something in it for the history. */
pf_status pf_deliver_json(const pf_delivery *delivery, json_t *record, bool measured, pf_error *error);

#endif
