/* What traces say: their spans as one tree with sums, printed, and as events that trace viewers read. */
#ifndef PHOTOFINISH_SPAN_REPORT_H
#define PHOTOFINISH_SPAN_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "photofinish/stage.h"
#include "photofinish/status.h"
#include "photofinish/trace.h"

/* What a stage waits for when its thread is off the CPU by itself. */
typedef enum pf_wait_kind {
	PF_WAIT_QUEUE, /* units of work, or room for them */
	PF_WAIT_IO,    /* storage, or another process */
	PF_WAIT_BLOCKED,
	PF_WAIT_KINDS
} pf_wait_kind;

/* What stages are called and what they wait for. Names live as long as what is printed with them. */
typedef struct pf_stage_words {
	const char *(*name)(const void *context, pf_stage stage);
	pf_wait_kind (*wait)(const void *context, pf_stage stage);
	const void *context;
} pf_stage_words;

/* Those of the engine's own stages. */
extern PF_API const pf_stage_words pf_engine_stages;

/* One stage within the same others, of all traces together. Times are sums over the threads. */
typedef struct pf_span_row {
	uint64_t spans, wall_ns; /* wall_ns: with all that the spans enclose */
	uint64_t own_ns;         /* without that; adds up over the rows */
	uint64_t cpu_ns;         /* of own_ns */
	uint64_t run_delay_ns;   /* of own_ns - cpu_ns: ready, but not running; 0 where it is not known */
	pf_stage stage;
	uint32_t depth;
} pf_span_row;

typedef struct pf_span_tree {
	pf_span_row *rows; /* each before what it encloses; in the order of the stages */
	size_t count;
	uint64_t lifetime_ns;          /* of the threads, summed; all but unattributed_ns is in spans */
	pf_span_row unattributed;      /* own_ns, cpu_ns, run_delay_ns */
	uint64_t ended, overwritten;   /* spans, and those of them that rings do not have any more */
	uint64_t too_deep, unbalanced; /* spans that were left out, or that ended with another one */
	uint64_t lost_paths;           /* spans that stand where none encloses them, though one did */
	bool run_delay_known;
} pf_span_tree;

/* Merges `count` traces. Those that a corrupted process wrote do no harm. The caller releases *out.
 * PF_ERR_NO_MEMORY. */
PF_API pf_status pf_span_tree_create(const pf_trace *traces, size_t count, pf_span_tree *out,
				     pf_error *error);
PF_API void pf_span_tree_release(pf_span_tree *tree);

/* The time of a row that the thread was ready to run, and that it waited by itself. */
static inline uint64_t pf_span_row_wait_ns(const pf_span_row *row)
{
	uint64_t run_ns = row->cpu_ns + row->run_delay_ns;
	return row->own_ns > run_ns ? row->own_ns - run_ns : 0;
}

/* One line a row, and what no span accounts for; at most 110 columns where names are short. */
PF_API void pf_span_tree_print(const pf_span_tree *tree, const pf_stage_words *words, FILE *stream);

/* The spans of one thread, for pf_span_events_write. */
typedef struct pf_span_lane {
	const char *process, *name; /* process: of the thread; NULL: the one of the lane before, if any */
	const pf_span *spans;       /* in any order */
	size_t count;
	uint64_t origin_ns; /* that its times count from */
	bool device;        /* of them the parts of its device (device_work.h); else all others */
} pf_span_lane;

/* Writes spans as Chrome trace events (JSON), which Perfetto and speedscope open: a stage is a name, the
 * photo at hand a category. `photo_name` may be NULL. PF_ERR_IO, PF_ERR_NO_SPACE. */
PF_API pf_status pf_span_events_write(const pf_span_lane *lanes, size_t count, const pf_stage_words *words,
				      const char *(*photo_name)(void *context, uint32_t photo), void *context,
				      FILE *stream, pf_error *error);

#endif
