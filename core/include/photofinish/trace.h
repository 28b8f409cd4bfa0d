/* Spans: what each worker spends its time on. A worker writes to its own pf_trace only; the struct lies in
 * shared memory, so that its totals and the place where a worker died outlive the worker. */
#ifndef PHOTOFINISH_TRACE_H
#define PHOTOFINISH_TRACE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "photofinish/device_work.h"
#include "photofinish/hop.h"
#include "photofinish/stage.h"
#include "photofinish/status.h"

#define PF_NO_PHOTO UINT32_MAX

/* What lies in shared memory for each worker is a multiple of that long: a page of most machines. */
#define PF_SLOT_ALIGNMENT 4096

enum {
	PF_STAGES_MAX = 64,      /* stages that a trace can tell apart, numbered from 0 */
	PF_SPAN_PATHS = 64,      /* ways in which they stand within each other; more are counted as lost */
	PF_SPAN_DEPTH = 16,      /* of spans within spans; what is deeper is left to the enclosing one */
	PF_CPU_LEAST_NS = 30000, /* CPU time of less is not read, but taken to be wall time */
	PF_RUN_DELAY_LEAST_NS = 500000, /* off the CPU; for less it is not asked why */
};

/* One span that ended. */
typedef struct pf_span {
	uint64_t begin_ns, end_ns; /* pf_now_ns */
	uint32_t photo;            /* manifest index, PF_NO_PHOTO if none */
	uint16_t stage, depth;     /* depth: how many spans enclose it */
} pf_span;

/* Sums over all spans of one stage that stand within the same others: exact, whatever a ring holds. */
typedef struct pf_span_sum {
	uint64_t spans;        /* that ended */
	uint64_t wall_ns;      /* of them */
	uint64_t inner_ns;     /* of that in spans within; the rest is the stage's own */
	uint64_t cpu_ns;       /* the thread's CPU time in what is its own */
	uint64_t run_delay_ns; /* of its own: ready to run, but others ran; see run_delay_known */
	uint16_t stage;
	uint16_t outer;                   /* index of the enclosing one's sum, always less than its own */
	uint16_t first_inner, next_inner; /* 0 ends the list */
} pf_span_sum;

typedef struct pf_open_span {
	uint64_t begin_ns;
	uint32_t outer_stage; /* what `stage` of the trace was before */
	uint16_t stage, sum;
} pf_open_span;

typedef struct pf_trace {
	uint64_t read_bytes;           /* bytes of photos read from files */
	uint64_t moved_bytes;          /* bytes of photos sent from one process to another */
	uint64_t chunks;               /* chunks of photos that were loaded ahead, whole */
	uint64_t peak_rss_bytes;       /* of the worker's process, filled by pf_worker_leave */
	pf_hop hops[PF_TRACE_HOPS];    /* what this worker received */
	_Atomic uint32_t deaths;       /* workers that died in this slot and were replaced */
	_Atomic uint32_t refused_slot; /* in slot 0's: the last that told of what was not its own; 0: none */
	_Atomic int32_t pid;           /* process that has this slot, 0 before it was entered */
	_Atomic int32_t tid;           /* and its thread */
	_Atomic uint32_t stage;        /* running now (never a part), PF_STAGE_COUNT if none */
	_Atomic uint32_t photo;        /* manifest index being worked on, PF_NO_PHOTO if none */

	uint32_t depth; /* open spans: within a hook, how many enclose the one that begins or ended */
	pf_open_span open[PF_SPAN_DEPTH];
	pf_span *ring;          /* the latest spans, oldest overwritten; NULL: none are kept */
	uint32_t ring_capacity; /* a power of two */
	uint32_t run_delay_known;
	uint64_t ended;                         /* spans; ring[ended % ring_capacity] is written next */
	uint64_t too_deep;                      /* spans left out: PF_SPAN_DEPTH */
	uint64_t unbalanced;                    /* not ended by an end of their own, and ends of none */
	uint64_t lost_paths;                    /* counted as if none enclosed them: PF_SPAN_PATHS */
	uint64_t cpu_reads, run_delay_reads;    /* what they cost is the observer's */
	uint64_t lived_ns, entered_ns, left_ns; /* earlier lives; this one: 0 before it began or ended */
	uint64_t mark_ns, mark_cpu_ns, mark_run_delay_ns; /* when time was last given to a sum */
	uint64_t mark_thread;
	pf_span_sum outside; /* between spans: inner_ns is what all spans take, cpu_ns what is between them */
	/* [stage] is that of spans that none encloses; those within others follow as they came up. */
	pf_span_sum sums[PF_STAGES_MAX + PF_SPAN_PATHS];
	uint32_t paths;             /* how many of the latter there are */
	pf_device_work device;      /* what a device did for it */
	unsigned char unused[1072]; /* up to whole pages, which a worker can be given */
} pf_trace;

/* All zero, no stage, no photo, no ring. */
PF_API void pf_trace_reset(pf_trace *trace);

/* Keeps the latest spans in `ring`, the caller's, which has `capacity` entries (a power of two). */
PF_API void pf_trace_keep(pf_trace *trace, pf_span *ring, uint32_t capacity);

/* The calling thread takes the trace over: spans that somebody who died left open are dropped, and CPU time
 * counts from here. Again by the same thread changes nothing. Leave notes the end of its life. */
PF_API void pf_trace_enter(pf_trace *trace);
PF_API void pf_trace_leave(pf_trace *trace);

/* The same for a process that helps out with the trace of another one, whose life goes on. */
PF_API void pf_trace_take_over(pf_trace *trace);

/* Time from enter to leave, of all lives; of one that did not leave, to the end of its last span. */
PF_API uint64_t pf_trace_lifetime_ns(const pf_trace *trace);

typedef struct pf_stage_sum {
	uint64_t spans;   /* that ended */
	uint64_t wall_ns; /* with all that they enclose */
	uint64_t own_ns;  /* without other stages; parts are their stage's own. Adds up over the stages */
	uint64_t cpu_ns, run_delay_ns; /* of own_ns; the rest of own_ns, the thread waited */
} pf_stage_sum;

/* Sums over all spans of a stage (of a part: of that alone), wherever they stand. Reads a trace that a
 * corrupted process wrote without harm. */
PF_API void pf_trace_sum(const pf_trace *trace, pf_stage stage, pf_stage_sum *out);

static inline uint64_t pf_now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Who wants to look at each span while it runs, on demand (counters, allocations): called in the worker,
 * outside the span's own time, for parts (stage > PF_STAGE_COUNT) as well; trace->depth is the number of
 * spans that enclose it. May not allocate, print or block. */
typedef struct pf_span_hook {
	void (*begin)(pf_trace *trace, pf_stage stage);
	void (*end)(pf_trace *trace, pf_stage stage);
	const struct pf_span_hook *next; /* NULL ends the list */
} pf_span_hook;

/* The list of them, NULL where nobody looks. Set before a trial's workers start; forks inherit it. */
extern PF_API const pf_span_hook *pf_span_hooks;

PF_API uint64_t pf_trace_begin(pf_trace *trace, pf_stage stage);
PF_API void pf_trace_end(pf_trace *trace, pf_stage stage, uint64_t begin_ns);

/* Begins a span; a null trace costs one test and records nothing. Returns the value that pf_span_end takes.
 * `stage` is less than PF_STAGES_MAX. Spans that were begun later and not ended end with it. */
static inline uint64_t pf_span_begin(pf_trace *trace, pf_stage stage)
{
	return trace ? pf_trace_begin(trace, stage) : 0;
}

static inline void pf_span_end(pf_trace *trace, pf_stage stage, uint64_t begin_ns)
{
	if (trace) {
		pf_trace_end(trace, stage, begin_ns);
	}
}

/* Names the photo that the worker turns to (PF_NO_PHOTO: none), so that a crash can name it. */
static inline void pf_trace_photo(pf_trace *trace, uint32_t photo)
{
	if (trace) {
		atomic_store_explicit(&trace->photo, photo, memory_order_relaxed);
	}
}

#endif
