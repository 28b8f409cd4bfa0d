/* How the time of workloads grows with their size and with the number of units. */
#ifndef HARNESS_COMPLEXITY_H
#define HARNESS_COMPLEXITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/stats/power_law.h"
#include "photofinish/status.h"
#include "photofinish/workload.h"

enum { PF_GROWTH_POINTS = 8, PF_GROWTH_WHY = 200 };

/* Above this exponent a time grows faster than it should: one for what is linear, and as much as n log n has
 * over sizes of three digits and more. */
#define PF_GROWTH_MOST 1.25

typedef struct pf_growth_point {
	uint64_t n;      /* pixels, photos, ... or units */
	double least_ns; /* CPU time for all of them: the least of all rounds */
	uint32_t rounds;
} pf_growth_point;

typedef enum pf_growth_verdict {
	PF_GROWTH_FINE,      /* the exponent's interval is not above PF_GROWTH_MOST */
	PF_GROWTH_TOO_FAST,  /* it is, all of it */
	PF_GROWTH_UNDECIDED, /* partly */
	PF_GROWTH_UNKNOWN,   /* not measured: `why` */
	PF_GROWTH_REFUSED,   /* not measured, because its output is wrong, or it failed: `why` */
} pf_growth_verdict;
const char *pf_growth_verdict_name(pf_growth_verdict verdict); /* "fine", "too fast", ... */

/* A workload along one axis. */
typedef struct pf_growth {
	const pf_workload *workload;
	const pf_workloads *table;
	const char *axis; /* the workload's unit of sizes, or "units" */
	pf_growth_point points[PF_GROWTH_POINTS];
	size_t count;
	pf_interval exponent;
	pf_law_fit fit;
	double last_doubling; /* exponent between the two largest alone */
	pf_growth_verdict verdict;
	char why[PF_GROWTH_WHY];
} pf_growth;

typedef struct pf_growth_request {
	double seconds;       /* of each workload along each axis */
	const char *contain;  /* only workloads whose names contain that; NULL: all */
	uint64_t most_photos; /* largest size of workloads over photos */
	void (*tell)(const char *name, size_t done, size_t total); /* may be NULL */
} pf_growth_request;

/* Measures each workload of the table that has sizes, by the ways that the library chooses by itself: sizes
 * that double, and units that double. Each point's output is checked first. All points of an axis are run in
 * turn, round after round, so that what else the machine does strikes all of them; of each the least CPU time
 * counts. The caller frees *out. Stops between rounds on an interrupt: *stopped. */
pf_status pf_growth_measure(const pf_growth_request *request, const pf_workloads *table, pf_growth **out,
			    size_t *count, bool *stopped, pf_error *error);

/* Exponent, law and verdict of the points. */
void pf_growth_judge(pf_growth *growth);

#endif
