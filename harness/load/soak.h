/* Soak: one long-lived process scores the same photos again and again, and what it holds is judged by its
 * trend. */
#ifndef HARNESS_SOAK_H
#define HARNESS_SOAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/machine/disturbances.h"
#include "harness/run/run.h"
#include "harness/stats/student.h"

/* X(constant, name in records, unit, slope below which nobody cares, is it of times) */
#define PF_SOAK_LIST(X)                                                                              \
	X(PF_SOAK_HEAP, "heap", "bytes", 8.0, false)  /* in use, by malloc's own count: exact */     \
	X(PF_SOAK_RSS, "rss", "bytes", 1024.0, false) /* in pages; malloc asks for many at a time */ \
	X(PF_SOAK_FDS, "fds", "descriptors", 0.001, false)                                           \
	X(PF_SOAK_THREADS, "threads", "threads", 0.001, false)                                       \
	X(PF_SOAK_P50, "p50", "ns", 0.05, true) /* of the median, over all photos that are judged */ \
	X(PF_SOAK_P99, "p99", "ns", 0.05, true)

#define PF_SOAK_ENUM(constant, name, unit, smallest, times) constant,
typedef enum pf_soak_metric { PF_SOAK_LIST(PF_SOAK_ENUM) PF_SOAK_COUNT } pf_soak_metric;
#undef PF_SOAK_ENUM
const char *pf_soak_name(pf_soak_metric metric);
const char *pf_soak_unit(pf_soak_metric metric);
bool pf_soak_is_time(pf_soak_metric metric);

typedef enum pf_soak_verdict {
	PF_SOAK_GROWS,     /* the whole interval lies above the smallest slope of interest */
	PF_SOAK_STEADY,    /* the whole interval lies below it */
	PF_SOAK_UNDECIDED, /* neither */
	PF_SOAK_UNTESTED,  /* too few samples, or not to be had; says why */
} pf_soak_verdict;
/* "leak", "no leak"; of times "slower", "steady"; "undecided", "not tested". */
const char *pf_soak_verdict_name(pf_soak_metric metric, pf_soak_verdict verdict);

typedef struct pf_soak_trend {
	pf_interval slope; /* a photo; n: samples, has_interval: see theil_sen.h */
	double level;      /* the median of what is judged */
	double smallest;   /* slope of interest, a photo */
	pf_soak_verdict verdict;
	char why[256]; /* of what is not tested, or undecided in spite of the interval */
} pf_soak_trend;

/* One photo, by the process that did it. */
typedef struct pf_soak_sample {
	uint32_t photo;      /* in the manifest */
	uint64_t heap_bytes; /* 0: not known */
	uint64_t photo_ns;   /* since the process's photo before; 0: it was its first of a query */
	uint64_t rss_bytes;  /* resident, without shared pages; 0: not looked at */
	uint32_t fds, threads;
} pf_soak_sample;

typedef struct pf_soak_process {
	pid_t pid;
	pf_soak_sample *samples; /* in the order of its photos */
	size_t count, capacity;
	uint64_t heard_ns, looked_ns;
	uint32_t query; /* that it was last heard in */
	bool judged;    /* it did at least half as many photos as the busiest one */
} pf_soak_process;

enum { PF_SOAK_PROCESSES_MOST = 4096, PF_SOAK_POINTS_MOST = 100, PF_SOAK_P99_PHOTOS = 100 };

typedef struct pf_soak {
	const pf_contestant *contestant;
	const pf_session *session;
	double duration_s; /* about; by the pace of the first pass */
	uint64_t photos;   /* instead of the duration; 0: by that */
	uint32_t runs;     /* calls of the variant's run that these are split into */
	uint64_t seed;     /* of the bootstrap */
	void (*progress)(void *context, size_t done, size_t total); /* may be NULL */
	void *context;
	/* Results. */
	pf_soak_process *processes; /* that told of photos; owned */
	size_t process_count;
	size_t judged_processes, judged_photos, warmup_photos; /* of each judged process: kept, left out */
	pf_soak_trend trends[PF_SOAK_COUNT];
	size_t done; /* photos, without the first pass */
	double wall_s;
	pf_tolerance tolerance;               /* of its scores; not declared: they are exact */
	size_t wrong;                         /* outcomes that are not the reference's */
	char disturbed[PF_DISTURBANCES_TEXT]; /* what else the machine did: then times prove nothing against
						 it */
	bool partial;
} pf_soak;

/* An error if the variant does not end well. An interrupt leaves soak->partial, judged as far as it came. */
pf_status pf_soak_run(pf_soak *soak, pf_error *error);
void pf_soak_release(pf_soak *soak);

/* Judges the samples: warm-up (the first pass over the photos, and at least a tenth) left out, what is
 * particular to a photo taken away, processes averaged, binned, Theil and Sen's slope with its
 * block-bootstrap interval. */
void pf_soak_judge(pf_soak *soak);

#endif
