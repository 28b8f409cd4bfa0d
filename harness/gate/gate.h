/* The gate: is the candidate build of a library slower than the baseline, by more than a margin? Both are run
 * now, on this machine, in turn, within one process or two on one core; many short processes, each with
 * layouts of the same code that no other one has; one process is one observation. docs/gating.md. */
#ifndef HARNESS_GATE_H
#define HARNESS_GATE_H

#include "harness/gate/gate_decision.h"
#include "harness/gate/gate_layouts.h"
#include "harness/gate/gate_protocol.h"
#include "harness/stats/student.h"

/* What is not asked for; the line that is run again names what differs from it. */
#define PF_GATE_MARGIN 0.005
#define PF_GATE_LONG_MARGIN 0.02
#define PF_GATE_ALPHA 0.001
#define PF_GATE_MAX_S 300.0
#define PF_GATE_SECONDS 0.6
#define PF_GATE_LIMIT_S 60.0

typedef struct pf_gate_request {
	const char *names[PF_GATE_WORKLOADS_MOST]; /* workloads; none: those that the table does not mark
						      on-request */
	size_t name_count;
	double margin;      /* of time, as a share */
	double long_margin; /* the same of workloads whose call is longer than PF_GATE_LONG_CALL_NS; >= margin
			     */
	double alpha;       /* of the whole gate: the chance of a false FAIL, at most */
	double max_s;       /* of measuring; builds are not counted */
	double seconds;     /* of slots, each workload in each process */
	double limit_s;     /* of a workload in a process, beyond which it hangs */
	pf_gate_way way;
	uint64_t seed;
	bool count_instructions; /* by valgrind: a diagnostic, or (next) what decides in place of time */
	bool by_instructions;
	bool exact_only;              /* digests and allocations, no times */
	bool kept_baseline;           /* and the baseline is a file of --write-baseline */
	const char *written_baseline; /* where the candidate's exact values go; NULL: nowhere */
} pf_gate_request;

/* What is exact: the same in every run of one build. */
typedef struct pf_gate_exact {
	bool known, heap_known;
	uint8_t digest[PF_WORKLOAD_DIGEST_BYTES];
	uint64_t allocations, allocated_bytes, peak_bytes,
		leaked_bytes;  /* a unit; peak: beyond what was there */
	uint64_t instructions; /* a unit; 0: not counted */
	char library[PF_GATE_TEXT];
} pf_gate_exact;

typedef struct pf_gate_workload {
	char name[PF_GATE_NAME], unit[PF_GATE_NAME], within[PF_GATE_TEXT];
	pf_gate_verdict verdict; /* of all below */
	char why[PF_GATE_TEXT];  /* one line; "" for a PASS by time */
	bool contains_cause;     /* it FAILs, and so does a workload that lies within it */
	pf_gate_exact exact[2];
	bool timed;
	pf_gate_decision decision;
	pf_gate_observation *observations; /* owned */
	size_t count;
	pf_interval effect; /* candidate / baseline - 1, of the middle blocks; of the sums, for by_total */
	uint64_t units;     /* of a slot */
	double margin;      /* by which it was judged; 0: it was not timed */
} pf_gate_workload;

typedef struct pf_gate {
	pf_gate_arm arms[2];          /* baseline, candidate */
	const char *commands[2];      /* the same of whole programs; NULL: libraries */
	const pf_gate_recipe *recipe; /* by which they were made; NULL: not told */
	pf_gate_request request;
	pf_gate_workload *workloads; /* owned */
	size_t count;
	bool identical; /* nothing was timed */
	pf_gate_verdict verdict;
	char why[PF_GATE_TEXT]; /* of an invalid gate as a whole */
	double measured_s;
	size_t processes;
	/* Of a calibration, zeroed in a gate: each arm draws a layout of its own, where a gate draws one
	 * order for both; what an arm loads in place of a library that was linked, as a new path in
	 * `wrapped`. */
	bool other_layouts;
	pf_status (*wrap)(void *context, int arm, const char *library, char wrapped[PATH_MAX],
			  pf_error *error);
	void *wrap_context;
} pf_gate;

/* In how many layouts an arm's code ran in `processes`; 0: a command. */
size_t pf_gate_layout_count(const pf_gate_arm *arm, size_t processes);

typedef void (*pf_gate_progress)(void *context, const pf_gate *gate, double share);

/* Judges the arms in gate->arms by gate->request, both filled in by the caller. A FAIL is a result, and so is
 * INVALID: errors are those of this machine (and PF_ERR_CANCELLED, with what there is by then). Released by
 * pf_gate_release. */
pf_status pf_gate_run(pf_gate *gate, pf_gate_progress progress, void *context, pf_error *error);
void pf_gate_release(pf_gate *gate);

/* The same without the exact checks, of workloads that are listed already: for a calibration. */
pf_status pf_gate_time(pf_gate *gate, pf_gate_progress progress, void *context, pf_error *error);

/* Takes an observation of the stage at hand: keeps it, and decides where it is enough. False without memory.
 */
bool pf_gate_observe(pf_gate_workload *workload, const pf_gate_observation *observation);

/* The rules of one statistic of one of `count` workloads, whose call takes `call_ns` (0: a short one). */
pf_gate_rules pf_gate_rules_of(const pf_gate_request *request, size_t count, double call_ns);

/* Fills in the interval of what was observed, and why for what was not decided. */
void pf_gate_describe(pf_gate_workload *workload);

/* Of finished workloads: verdict of the gate, contains_cause. */
void pf_gate_conclude(pf_gate *gate);

#endif
