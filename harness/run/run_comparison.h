/* A run of two contestants that are compared. */
#ifndef HARNESS_RUN_COMPARISON_H
#define HARNESS_RUN_COMPARISON_H

#include "harness/run/run.h"
#include "harness/stats/comparison.h"
#include "harness/stats/split.h"

#define PF_PARTS (PF_STAGE_COUNT + 1) /* the stages, and what no stage accounts for */

typedef struct pf_run_comparison {
	pf_comparison_rules rules;
	double max_time_s;           /* no round is begun that would end later; 0: none */
	uint32_t least_rounds;       /* however long they take */
	const char *stopped;         /* "rounds", "decided", "time", "request", "failure"; static text */
	size_t pairs;                /* rounds in which both have a checked time; 0: the rest says nothing */
	pf_comparison result;        /* of contestant 0 against contestant 1 */
	pf_comparison cpu;           /* the same of their CPU times */
	bool cpu_known, by_cpu;      /* by_cpu: which of the two decides when it is enough */
	pf_interval split[PF_PARTS]; /* of the difference; a share, unattributed last */
} pf_run_comparison;

/* "decode", ...; "unattributed" for PF_STAGE_COUNT. */
const char *pf_part_name(int part);

/* Parts of a trial's wall time in ns, which they add up to: of each stage its time in the variant's own
 * process, and the mean of its time over the workers, where there are some; that process's waiting for its
 * workers is left out. What is left is unattributed: negative where the process works beside its workers. */
void pf_trial_parts(const pf_trial *trial, bool has_workers, double parts[PF_PARTS]);

/* For pf_run.enough; `context` is the pf_run_comparison. */
bool pf_run_comparison_enough(void *context, const pf_run *run);

/* From the trials of the run's two contestants: pairs, result, split. */
void pf_run_compare(const pf_run *run, pf_run_comparison *comparison);

#endif
