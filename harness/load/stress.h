/* How much a server can take: the rate of arrivals is raised until objectives break, and the knee is looked
 * for between what held and what did not; then twice that rate shows how it fails. */
#ifndef HARNESS_STRESS_H
#define HARNESS_STRESS_H

#include "harness/load/slo.h"
#include "harness/load/url_load.h"

typedef struct pf_stress {
	pf_url_load *load; /* that was opened */
	const pf_slo *slos;
	size_t slo_count;
	double rate;       /* to begin with; 0: half of what one user gets */
	double duration_s; /* of each step */
	/* Results. Places in load->phases, -1 where there is none. */
	int held, broken; /* the largest rate at which nothing was missed; the smallest above it at which
			     something was */
	int beyond;       /* twice the rate that held */
	const char
		*fails; /* "rejects", "slows", "errs", "loses", or "" where it does not fail there; static */
} pf_stress;

/* Objectives judged by one phase of a load. */
pf_slo_verdict pf_stress_judge(const pf_url_phase *phase, pf_slo *slos, size_t count);

/* An interrupt leaves what there is. */
pf_status pf_stress_run(pf_stress *stress, pf_error *error);

#endif
