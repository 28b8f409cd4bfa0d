/* Load scenarios after MLPerf's LoadGen: photos come one after the other, or as a Poisson stream, and each
 * one's latency counts; or all at once, and the throughput counts (that one is a pf_run). */
#ifndef HARNESS_LOAD_H
#define HARNESS_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/machine/disturbances.h"
#include "harness/run/run.h"
#include "harness/stats/histogram.h"

typedef enum pf_scenario { PF_SCENARIO_OFFLINE, PF_SCENARIO_SINGLE_STREAM, PF_SCENARIO_SERVER } pf_scenario;
const char *pf_scenario_name(pf_scenario scenario); /* "single-stream" */

#define PF_LOAD_BITS 7 /* of the histograms: 0.4 % */

/* One query, one photo. */
typedef struct pf_load_query {
	uint32_t photo;      /* in the manifest */
	uint64_t latency_ns; /* from its issue (server: from when it was to arrive) until its outcome was
				heard */
	uint64_t startup_ns; /* of that opening scorers, by the variant's own spans */
	uint64_t service_ns; /* server, intake: without waiting for the query before */
} pf_load_query;

typedef struct pf_load {
	const pf_contestant *contestant;
	const pf_session *session;
	pf_scenario scenario; /* not offline */
	uint32_t least_queries;
	double least_duration_s; /* it goes on until both are reached */
	double rate;             /* arrivals a second (server) */
	uint64_t seed;           /* of the photos' order and of arrivals */
	bool reopen;             /* a run of the variant for each query, though it has an intake */
	void (*progress)(void *context, size_t done, size_t total); /* may be NULL */
	void *context;
	/* Results. */
	pf_load_query *queries; /* in the order of their issue, without the first, which warms up; owned */
	size_t count;
	pf_histogram *latency, *inner; /* inner: less start-up (single-stream by runs), else service; owned */
	pf_histogram *hop; /* of a variant that does nothing: what issuing and hearing take; owned */
	double duration_s;
	pf_tolerance tolerance;               /* of its scores; not declared: they are exact */
	size_t wrong;                         /* photos whose outcome is not the reference's */
	char first_wrong[256];                /* escaped */
	char disturbed[PF_DISTURBANCES_TEXT]; /* what else the machine did */
	bool partial;
} pf_load;

/* Whether queries are photos given to the variant's intake, with models that stay open; else each is a run of
 * the variant. */
bool pf_load_uses_intake(const pf_load *load);

/* Runs the queries in one process that lives on, and compares each outcome with the reference. An error if
 * the variant does not end well. An interrupt ends it after the query at hand: load->partial. */
pf_status pf_load_run(pf_load *load, pf_error *error);
void pf_load_release(pf_load *load);

#endif
