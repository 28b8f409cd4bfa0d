/* What was counted in a trial, and what follows from it: scaled values and derived figures. */
#ifndef HARNESS_TRIAL_COUNTERS_H
#define HARNESS_TRIAL_COUNTERS_H

#include "harness/counters/counter_spans.h"
#include "harness/counters/counters.h"

/* More than that and a trial's time is no result (docs/counters.md). */
#define PF_COUNTERS_COST_LIMIT 0.01

typedef struct pf_trial_counters {
	pf_counter_plan plan;
	bool counted;                                         /* the trial came to its end */
	pf_counter_opening openings[PF_COUNTERS_MAX];         /* of the whole trial's events */
	pf_count counts[PF_COUNTERS_MAX];                     /* whole trial, children included */
	pf_counter_opening stage_openings[PF_COUNTERS_MAX];   /* of the first worker that opened some */
	bool any_stage;                                       /* one did */
	pf_count stages[PF_STAGE_COUNT + 1][PF_COUNTERS_MAX]; /* sums over the workers */
	uint64_t reads;                                       /* at edges of spans, all workers */
	double read_ns;                                       /* what one of them takes */
	uint64_t opening_ns;                                  /* once, in the trial's own process */
	double cost_share; /* of the trial's wall time: opening, and the reads of the worker that made most */
	char why_not[PF_COUNTERS_MAX][PF_COUNTER_WHY]; /* there is nothing of an event; "": there is */
} pf_trial_counters;

/* Sums up what a trial's process left in the block; `plan` is the harness's own, as the process may have
 * overwritten the block's. Freed by free(); NULL without a block or memory. */
pf_trial_counters *pf_trial_counters_collect(const pf_counter_block *block, const pf_counter_plan *plan,
					     uint32_t workers, uint64_t wall_ns);

/* A scaled count. A value that is not known is none: never 0. */
typedef struct pf_counter_value {
	bool known;
	double value;         /* what would have been counted, had the event run all the time */
	double running_share; /* of the time enabled; below 1 the value was scaled from that share */
} pf_counter_value;

/* value * enabled / running (perf_event_open(2), "multiplexing"). Not known where the event could not be
 * opened or never ran. */
pf_counter_value pf_count_scaled(const pf_count *count, const pf_counter_opening *opening);

/* Of the whole trial; not known if it did not come to its end. */
pf_counter_value pf_trial_counter(const pf_trial_counters *counters, uint32_t event);
/* Of a stage, or PF_COUNTER_BETWEEN. */
pf_counter_value pf_stage_counter(const pf_trial_counters *counters, unsigned stage, uint32_t event);

/* X(name, unit, formula, where it comes from) */
#define PF_DERIVED_LIST(X)                                                                               \
	X("IPC", "", "instructions / cycles", "perf stat, insn per cycle")                               \
	X("frequency", "GHz", "cycles / task-clock in ns", "perf stat; likwid CLOCK")                    \
	X("cache-miss-ratio", "%", "cache-misses / cache-references", "perf stat")                       \
	X("cache-MPKI", "", "1000 * cache-misses / instructions", "likwid, misses per kilo-instruction") \
	X("L1-dcache-miss-ratio", "%", "L1-dcache-load-misses / L1-dcache-loads", "perf stat -d")        \
	X("L1-dcache-MPKI", "", "1000 * L1-dcache-load-misses / instructions", "likwid")                 \
	X("branch-miss-rate", "%", "branch-misses / branches", "likwid BRANCH, misprediction ratio")     \
	X("branch-MPKI", "", "1000 * branch-misses / instructions", "likwid BRANCH")                     \
	X("dTLB-miss-ratio", "%", "dTLB-load-misses / dTLB-loads", "perf stat -d -d")                    \
	X("dTLB-MPKI", "", "1000 * dTLB-load-misses / instructions", "likwid TLB_DATA")                  \
	X("iTLB-MPKI", "", "1000 * iTLB-load-misses / instructions", "likwid TLB_INSTR")                 \
	X("retiring", "%", "topdown-retired / (slots * cycles)", "Yasin, ISPASS 2014, level 1")          \
	X("frontend-bound", "%", "topdown-frontend / (slots * cycles)", "Yasin, ISPASS 2014, level 1")   \
	X("backend-bound", "%", "topdown-backend / (slots * cycles)", "Yasin, ISPASS 2014, level 1")     \
	X("bad-speculation", "%", "1 - retiring - frontend-bound - backend-bound",                       \
	  "Yasin, ISPASS 2014, level 1")

enum { PF_DERIVED_COUNT = 15 };

typedef struct pf_derived {
	const char *name, *unit, *formula, *source;
} pf_derived;

/* `index` below PF_DERIVED_COUNT. */
const pf_derived *pf_derived_at(int index);

/* The figure from the counts of one trial or stage (values[] of the plan's events); not known unless all that
 * is in its formula is. running_share is the least of them. Percentages are in percent. */
pf_counter_value pf_derived_value(int index, const pf_counter_plan *plan, const pf_counter_value *values);

/* Every event of the plan at once. */
void pf_trial_counter_values(const pf_trial_counters *counters, pf_counter_value *values);
void pf_stage_counter_values(const pf_trial_counters *counters, unsigned stage, pf_counter_value *values);

#endif
