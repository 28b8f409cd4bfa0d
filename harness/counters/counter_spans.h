/* Counting inside a trial: over all of it, its children included, and in each stage of each worker, by the
 * hooks at spans. What is counted lies in memory that the harness shares. */
#ifndef HARNESS_COUNTER_SPANS_H
#define HARNESS_COUNTER_SPANS_H

#include <stdatomic.h>
#include <stddef.h>

#include "harness/counters/counters.h"
#include "photofinish/trace.h"

/* Index behind the stages: what a worker did between its spans, from its first one on. */
#define PF_COUNTER_BETWEEN PF_STAGE_COUNT

/* Of one worker, written by it alone. A stage's counts are its own: those of a span inside it are that
 * span's, those of a part are its stage's. */
typedef struct pf_counter_slot {
	uint64_t reads;      /* at the edges of spans */
	uint64_t opening_ns; /* what it took to open the events */
	uint32_t threads;    /* that opened events here; 0: openings[] says nothing */
	pf_counter_opening openings[PF_COUNTERS_MAX];
	pf_count stages[PF_STAGE_COUNT + 1][PF_COUNTERS_MAX];
} pf_counter_slot;

typedef struct pf_counter_block {
	pf_counter_plan plan;
	pf_counter_opening openings[PF_COUNTERS_MAX]; /* of the whole trial's events */
	pf_count counts[PF_COUNTERS_MAX];             /* of the whole trial */
	_Atomic uint32_t counted;                     /* not 0: it came to its end, counts[] hold */
	double read_ns;      /* that one read at the edge of a span takes, measured when the trial began */
	uint64_t opening_ns; /* what it took to open the events and to measure that */
	pf_counter_slot slots[]; /* workers + 1 */
} pf_counter_block;

/* 0 without a plan. */
size_t pf_counter_block_bytes(const pf_counter_plan *plan, uint32_t workers);

/* In the trial's process, before it starts others: opens the events for all of it and, where one could be
 * opened, hangs a hook at spans. `block` (its plan filled in) and `traces`, workers + 1, must outlive it.
 * Once a process, but for pf_counter_spans_forget. */
void pf_counter_spans_start(const pf_counter_backend *backend, pf_counter_block *block,
			    const pf_trace *traces, uint32_t workers);

/* At its end: reads the whole trial's counts. */
void pf_counter_spans_stop(pf_counter_block *block);

/* Takes the hook away again and closes what the calling thread has open: for tests. */
void pf_counter_spans_forget(void);

#endif
