/* Spans: what each worker spends its time on. A worker adds to its own pf_trace only; the struct lies in
 * shared memory, so that its totals and the place where a worker died outlive the worker. */
#ifndef PHOTOFINISH_TRACE_H
#define PHOTOFINISH_TRACE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "photofinish/status.h"

/* X(constant, name in records, what it is). Stages never nest: one span at a time in a worker. */
#define PF_STAGE_LIST(X)                                                                                \
	X(PF_STAGE_STARTUP, "startup", "loading the models, opening what a worker needs")               \
	X(PF_STAGE_DETECT, "detect", "reading capture facts and finding the bursts")                    \
	X(PF_STAGE_READ, "read", "reading the file into memory")                                        \
	X(PF_STAGE_GATE, "gate", "refusing hostile or unsupported files before any pixel is allocated") \
	X(PF_STAGE_DECODE, "decode", "decoding to Y, Cb and Cr planes")                                 \
	X(PF_STAGE_POSE, "pose", "the pose network: making its input, running it, decoding")            \
	X(PF_STAGE_FACES, "faces", "the search for faces")                                              \
	X(PF_STAGE_QUALITY, "quality", "sharpness, blur, exposure, noise, colour")                      \
	X(PF_STAGE_SCORE, "score", "fusion into one score, ranking in the burst")                       \
	X(PF_STAGE_WAIT, "wait", "waiting for other workers")                                           \
	X(PF_STAGE_TRANSFER, "transfer", "receiving photos from another process")

#define PF_STAGE_ENUM(constant, name, text) constant,
typedef enum pf_stage { PF_STAGE_LIST(PF_STAGE_ENUM) PF_STAGE_COUNT } pf_stage;
#undef PF_STAGE_ENUM

#define PF_NO_PHOTO UINT32_MAX

typedef struct pf_trace {
	uint64_t wall_ns[PF_STAGE_COUNT];
	uint64_t spans[PF_STAGE_COUNT];
	uint64_t read_bytes;     /* bytes of photos read from files */
	uint64_t moved_bytes;    /* bytes of photos sent from one process to another */
	uint64_t chunks;         /* chunks of photos that were loaded ahead, whole */
	uint64_t peak_rss_bytes; /* of the worker's process, filled by pf_worker_leave */
	_Atomic uint32_t deaths; /* workers that died in this slot and were replaced */
	_Atomic int32_t pid;     /* process that has this slot, 0 before it was entered */
	_Atomic int32_t tid;     /* and its thread */
	_Atomic uint32_t stage;  /* running now, PF_STAGE_COUNT if none */
	_Atomic uint32_t photo;  /* manifest index being worked on, PF_NO_PHOTO if none */
} pf_trace;

/* "decode" and its explanation; never NULL, any value allowed. */
PF_API const char *pf_stage_name(pf_stage stage);
PF_API const char *pf_stage_text(pf_stage stage);

/* All zero, no stage, no photo. */
PF_API void pf_trace_reset(pf_trace *trace);

static inline uint64_t pf_now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Who wants to look at each span while it runs, on demand (counters, allocations): called in the worker,
 * outside the span's time. May not allocate, print or block. */
typedef struct pf_span_hook {
	void (*begin)(pf_trace *trace, pf_stage stage);
	void (*end)(pf_trace *trace, pf_stage stage);
	const struct pf_span_hook *next; /* NULL ends the list */
} pf_span_hook;

/* The list of them, NULL where nobody looks. Set before a trial's workers start; forks inherit it. */
extern PF_API const pf_span_hook *pf_span_hooks;

/* Begins a span; a null trace costs one test and records nothing. Returns the value that pf_span_end takes.
 */
static inline uint64_t pf_span_begin(pf_trace *trace, pf_stage stage)
{
	if (!trace) {
		return 0;
	}
	atomic_store_explicit(&trace->stage, (uint32_t)stage, memory_order_relaxed);
	for (const pf_span_hook *hook = pf_span_hooks; hook; hook = hook->next) {
		hook->begin(trace, stage);
	}
	return pf_now_ns();
}

static inline void pf_span_end(pf_trace *trace, pf_stage stage, uint64_t begin_ns)
{
	if (!trace) {
		return;
	}
	trace->wall_ns[stage] += pf_now_ns() - begin_ns;
	trace->spans[stage]++;
	for (const pf_span_hook *hook = pf_span_hooks; hook; hook = hook->next) {
		hook->end(trace, stage);
	}
	atomic_store_explicit(&trace->stage, (uint32_t)PF_STAGE_COUNT, memory_order_relaxed);
}

/* Names the photo that the worker turns to (PF_NO_PHOTO: none), so that a crash can name it. */
static inline void pf_trace_photo(pf_trace *trace, uint32_t photo)
{
	if (trace) {
		atomic_store_explicit(&trace->photo, photo, memory_order_relaxed);
	}
}

#endif
