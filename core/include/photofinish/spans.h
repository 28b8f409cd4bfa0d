/* Spans for a program of your own: stages that it names, begun and ended in each of its threads with the
 * functions of trace.h, and one nested report of them (span_report.h). docs/spans.md has an example. */
#ifndef PHOTOFINISH_SPANS_H
#define PHOTOFINISH_SPANS_H

#include <stdint.h>
#include <stdio.h>

#include "photofinish/span_report.h"
#include "photofinish/status.h"
#include "photofinish/trace.h"

typedef struct pf_spans pf_spans;

/* Room for `threads` threads (1 to 4096), with the latest `kept` spans of each (rounded up to a power of two,
 * at most 2^24; 0: sums only). PF_ERR_USAGE, PF_ERR_NO_MEMORY. */
PF_API pf_status pf_spans_create(uint32_t threads, uint32_t kept, pf_spans **out, pf_error *error);
PF_API void pf_spans_destroy(pf_spans *spans); /* NULL is fine; every thread has left */

/* The number of the stage of that name, a new one where there is none yet; `wait` is what it waits for when
 * it is off the CPU. The name is copied. Call it before the stage is timed; thread-safe. PF_ERR_USAGE for the
 * 65th stage, and for a name of no, or more than 47, bytes. */
PF_API pf_status pf_spans_stage(pf_spans *spans, const char *name, pf_wait_kind wait, pf_stage *stage,
				pf_error *error);

/* The calling thread's trace, for pf_span_begin and pf_span_end in this thread alone. NULL, with which spans
 * cost one test and record nothing, where there is no room: the report says how many threads are missing.
 * Leave before the thread ends; its trace is not used again. Thread-safe. */
PF_API pf_trace *pf_spans_enter(pf_spans *spans);
PF_API void pf_spans_leave(pf_trace *trace); /* NULL is fine */

/* Prints the nested report: sums over all threads. Spans that are open are not in it. While other threads
 * time spans the figures may be of different instants. PF_ERR_NO_MEMORY, PF_ERR_IO. */
PF_API pf_status pf_spans_report(const pf_spans *spans, FILE *stream, pf_error *error);

/* Writes what is kept one by one as Chrome trace events. No thread may time spans meanwhile. */
PF_API pf_status pf_spans_write_events(const pf_spans *spans, FILE *stream, pf_error *error);

#endif
