/* Facts about a run that tables tell beside its trials: what its photos were, and what its machine was. A run
 * that was measured here gets them from its reference and this machine, a stored one from its record. */
#ifndef HARNESS_RUN_FACTS_H
#define HARNESS_RUN_FACTS_H

#include "harness/run/run.h"
#include "harness/scores/paths.h"

typedef struct pf_run_facts {
	bool photos_known; /* otherwise the next five are not: there was no reference, or an old record */
	size_t bursts, singles;                    /* of scored photos; see pf_outcomes_count_groups */
	double median_megapixels, mean_megapixels; /* of scored photos; 0: unknown */
	pf_paths paths;                            /* that its preset made them take */
	uint32_t cores;                            /* physical ones that could be used */
	double cpu_quota;                          /* of the control groups, in processors; 0: none */
	const char *unfit; /* why the build must not be timed; NULL if it may. Static text, or the record's */
} pf_run_facts;

pf_run_facts pf_run_facts_of(const pf_run *run);

/* True if it had more workers than its machine had cores. */
bool pf_contestant_is_over(const pf_contestant *contestant);

#endif
