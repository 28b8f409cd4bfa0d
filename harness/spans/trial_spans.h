/* What the spans of a trial say once it is over. */
#ifndef HARNESS_TRIAL_SPANS_H
#define HARNESS_TRIAL_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/spans/critical_path.h"
#include "harness/spans/lanes.h"
#include "photofinish/span_report.h"
#include "photofinish/trace.h"

enum { PF_PATH_RUNS = 32 };

/* Lane 0 is the variant's own process, the others are its workers. Times count from the trial's begin. */
typedef struct pf_trial_lane {
	pf_lane_times times;   /* from `from_ns` to `to_ns` */
	uint64_t off_cpu_ns;   /* in stages but `wait`, without a CPU: blocked, or others ran; whole life */
	uint64_t run_delay_ns; /* of that: ready to run, but others ran */
	uint64_t ended, kept;  /* spans, and those of them that were kept one by one */
	const pf_span *spans;  /* they, where the trial keeps them */
	char timeline[PF_TIMELINE_COLUMNS + 1]; /* of that time, see lanes.h; "": unknown */
} pf_trial_lane;

typedef struct pf_trial_spans {
	pf_span_tree tree;                 /* of all lanes; sums are exact, whatever is kept one by one */
	pf_stage_sum stages[PF_STAGE_END]; /* likewise */
	uint64_t begin_ns;                 /* of the trial, by the traces' clock */
	uint64_t from_ns, to_ns; /* what follows is of this time: all of it, unless spans were overwritten */
	size_t lane_count;
	bool has_workers; /* lanes 1.. do the work; else lane 0 does */
	pf_trial_lane *lanes;
	uint64_t *busy_ns; /* [n]: time in which n of those that do the work were busy at once */
	/* The critical path: its sums (the last: in no stage), and the last of the parts that it has. */
	uint64_t path_ns[PF_STAGE_COUNT + 1];
	pf_path_run runs[PF_PATH_RUNS];
	size_t run_count; /* may be more than PF_PATH_RUNS */
	pf_span *kept;    /* what lanes[].spans point into; NULL: none are kept */
} pf_trial_spans;

/* Where they come from: traces and their rings, one after another. They may hold anything, and change. */
typedef struct pf_trial_traces {
	const pf_trace *traces;
	const pf_span *rings; /* `capacity` entries each, a power of two */
	size_t count;
	uint32_t capacity;
} pf_trial_traces;

/* For a trial from begin_ns to end_ns. `keep`: the spans themselves, too. NULL without memory. */
pf_trial_spans *pf_trial_spans_create(const pf_trial_traces *from, uint64_t begin_ns, uint64_t end_ns,
				      bool has_workers, bool keep);
void pf_trial_spans_forget(pf_trial_spans *spans); /* the spans themselves, not what they say */
void pf_trial_spans_free(pf_trial_spans *spans);   /* NULL is fine */

/* How many of the lanes do the work. */
static inline size_t pf_trial_spans_workers(const pf_trial_spans *spans)
{
	return spans->has_workers ? spans->lane_count - 1 : 1;
}

#endif
