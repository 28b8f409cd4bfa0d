/* From observations of one workload to a verdict: pure, incremental, no clock. One process is one
 * observation.
 *
 * Two statistics an observation, d = log(candidate / baseline): of the middle block, and of the sums of all
 * blocks, which a rare slow call moves and the middle does not. Each has an e-process
 * (harness/stats/eprocess.h) with its share of alpha, so that one may look after each observation. FAIL: one
 * of them proves "slower by more than the margin". PASS: both prove "not slower by more than the margin". A
 * FAIL counts only once it was confirmed: a second, fresh pair of e-processes, on fresh processes with the
 * roles swapped, proves it too. */
#ifndef HARNESS_GATE_DECISION_H
#define HARNESS_GATE_DECISION_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/stats/eprocess.h"

enum { PF_GATE_OBSERVATIONS_MOST = 240 };

/* X(constant, name) */
#define PF_GATE_VERDICT_LIST(X)                 \
	X(PF_GATE_INCONCLUSIVE, "inconclusive") \
	X(PF_GATE_PASS, "pass")                 \
	X(PF_GATE_FAIL, "fail")                 \
	X(PF_GATE_INVALID, "invalid")           \
	X(PF_GATE_IDENTICAL, "identical")       \
	X(PF_GATE_NEW, "new")

#define PF_GATE_VERDICT_ENUM(constant, name) constant,
typedef enum pf_gate_verdict { PF_GATE_VERDICT_LIST(PF_GATE_VERDICT_ENUM) PF_GATE_VERDICTS } pf_gate_verdict;
#undef PF_GATE_VERDICT_ENUM
const char *pf_gate_verdict_name(pf_gate_verdict verdict);
pf_gate_verdict pf_gate_verdict_from_name(const char *name); /* PF_GATE_VERDICTS: none */

typedef struct pf_gate_observation {
	double median, total;    /* log(candidate / baseline), finite */
	double ns[2];            /* of a unit: baseline's, candidate's */
	unsigned layout[2], cpu; /* that were loaded (gate_layouts.h; 0: the only one); the processor */
	bool swapped;            /* roles were swapped: of a confirmation */
	unsigned blocks, set_aside;
	double spent_s; /* in its process, both arms, with set-up and checks */
} pf_gate_observation;

typedef struct pf_gate_rules {
	double margin; /* > 0, as a share: 0.005 */
	double alpha;  /* of one statistic of one workload */
	size_t most;   /* observations of the first stage, and again of the confirmation */
} pf_gate_rules;

typedef struct pf_gate_decision {
	pf_gate_rules rules;
	pf_eprocess median, total; /* of the stage at hand */
	bool confirming;
	size_t n; /* observations of this stage */
	pf_gate_verdict verdict;
	bool done;
	bool by_total; /* it was the sums that proved the FAIL, and not the middle */
} pf_gate_decision;

void pf_gate_decision_start(pf_gate_decision *decision, const pf_gate_rules *rules);
/* Takes an observation of the stage at hand (`swapped` as `confirming` says). True once there is nothing more
 * to decide. */
bool pf_gate_decision_add(pf_gate_decision *decision, const pf_gate_observation *observation);

/* What can be had: observations that a difference of `effect` (a share; beyond the margin it can FAIL, below
 * it PASS) takes at the least where one process scatters by `sd` (of the log-ratio); 0: never. */
size_t pf_gate_observations_for(const pf_gate_rules *rules, double effect, double sd);
/* The smallest slowdown, as a share, that `n` observations can still prove at that scatter; infinite: none.
 */
double pf_gate_smallest_fail(const pf_gate_rules *rules, size_t n, double sd);

#endif
