/* What the service counts, and how it is told: OpenMetrics, or the text format of Prometheus. */
#ifndef HARNESS_SERVE_METRICS_H
#define HARNESS_SERVE_METRICS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/serve/request.h"
#include "photofinish/intake.h"

enum { PF_SERVE_BUCKETS = 14, PF_SERVE_CODES = 16 };

/* Times in buckets of fixed bounds. */
typedef struct pf_serve_times {
	uint64_t buckets[PF_SERVE_BUCKETS + 1]; /* the last: beyond all bounds */
	uint64_t count, sum_ns;
} pf_serve_times;

void pf_serve_times_add(pf_serve_times *times, uint64_t ns);

typedef struct pf_serve_counts {
	struct {
		unsigned code;
		uint64_t count;
	} responses[PF_SERVE_CODES]; /* by HTTP's number, in the order of their first coming */
	uint64_t refused[PF_DENIED_KINDS];
	uint64_t photos[PF_STATUS_COUNT]; /* that were scored, or could not be, by status */
	uint64_t deaths, restarts;        /* of workers; of the process that has them */
	uint64_t degraded, poisoned;      /* photos by the faster preset; refused for what they did before */
	pf_serve_times latency;           /* from a request's head to its answer */
	pf_serve_times waiting;           /* in the queue, of photos that were begun */
	pf_serve_times service;           /* from there until the score */
	pf_serve_times stages[PF_STAGE_COUNT];
} pf_serve_counts;

void pf_serve_count_response(pf_serve_counts *counts, unsigned code);

/* What is looked at when somebody asks. */
typedef struct pf_serve_now {
	size_t queued_photos, buffered_bytes, poison;
	uint64_t queue_age_ns, connections, viewers, resident_bytes, open_fds;
	pf_intake_state workers;
	bool ready;
} pf_serve_now;

/* `open_metrics`: as OpenMetrics 1.0; else as Prometheus's text format 0.0.4. */
void pf_serve_metrics_write(FILE *stream, const pf_serve_counts *counts, const pf_serve_now *now,
			    bool open_metrics);

/* "expired", "queue": in metrics and answers. */
const char *pf_denial_name(pf_denial refusal);

#endif
