/* The report of records: page, charts and summary, which programs of the folder report/ make in Node from
 * what is handed over here. */
#ifndef HARNESS_REPORT_H
#define HARNESS_REPORT_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/record/record_load.h"
#include "photofinish/status.h"

typedef struct pf_report_source {
	json_t *record; /* borrowed; caveats are added to it */
	char id[PF_RECORD_ID + 1];
	const char *name; /* what messages call it: a file, an id */
} pf_report_source;

/* Makes index.html, summary.md and charts/ of the records in `folder`, which is made where it is not there. A
 * report that is there is replaced, by a partial run's only if it is one itself. Takes seconds; an interrupt
 * ends it. PF_ERR_UNAVAILABLE: there is no Node here, or what the charts need is not installed, with what to
 * do in *error. PF_ERR_INVALID: these records make no report, or their folder holds something else; then
 * Node's message is on standard error already. */
pf_status pf_report_make(const pf_report_source *sources, size_t count, const char *folder, pf_error *error);

#endif
