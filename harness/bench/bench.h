/* Any commands, timed against each other in interleaved rounds. What they compute is not looked at. */
#ifndef HARNESS_BENCH_H
#define HARNESS_BENCH_H

#include "harness/base/timed_command.h"
#include "harness/counters/counters.h"
#include "harness/machine/machine_state.h"
#include "harness/stats/comparison.h"

#define PF_BENCH_MOST 64 /* commands */

typedef struct pf_bench_parameter {
	const char *name, *value;
} pf_bench_parameter;

typedef struct pf_bench_command {
	char *const *arguments;
	const char *name; /* escaped */
	/* Lines for /bin/sh, not timed, each may be NULL: before all runs of all commands; before each run;
	 * after each run; once all runs of all commands are over, however they ended. */
	const char *setup, *prepare, *conclude, *cleanup;
	const pf_bench_parameter *parameters; /* that it was made with: for records; the caller's */
	size_t parameter_count;
	pf_timed_run *runs;                    /* one a round */
	pf_count *counts;                      /* of each round, the plan's events; NULL: none are counted */
	pf_interval seconds, user_s, system_s; /* of the whole rounds */
	double least_s, most_s, median_s, deviation_s;
	pf_comparison comparison; /* of the first command with this one; not for the first */
	pf_comparison cpu;        /* the same of their CPU times (user and system) */
	bool cpu_known;           /* no run took none */
} pf_bench_command;

typedef struct pf_bench {
	pf_bench_command *commands; /* the caller's; runs are pf_bench_release's */
	size_t count;
	uint32_t warmup, rounds; /* rounds: asked for */
	uint32_t least_rounds;   /* whatever max_time_s says */
	uint64_t seed;
	pf_comparison_rules rules; /* alpha: of all comparisons together */
	double max_time_s;         /* 0: none */
	pf_timed_setting setting;
	bool ignore_failure; /* of every kind; else of these exit statuses: */
	bool ignored[256];
	bool by_cpu;                     /* until decided: by CPU time */
	const pf_counter_plan *counters; /* counted of each command and all that it starts; NULL: nothing */
	void (*tell)(const struct pf_bench *bench, size_t command,
		     uint32_t round); /* before each run; round 0:
					 warm-up; may be NULL */
	uint32_t rounds_done;
	pf_machine_state machine; /* during the rounds; others: what took CPU time besides these commands */
	pf_counter_opening openings[PF_COUNTERS_MAX]; /* how those of the last run went */
	const char *stopped; /* "rounds", "decided", "time", "request", "failure"; static text */
} pf_bench;

/* Set-ups, warm-up rounds, then `rounds` of them in the order of pf_shuffle_round, each run after its
 * preparation; clean-ups. Every run has a variable of random length in its environment
 * (PHOTOFINISH_RANDOM_OFFSET), so that no command owes its time to where its stack happens to begin
 * (Mytkowicz et al., ASPLOS 2009). Error: a command that cannot be started, ends with another status than 0
 * (unless ignored), or runs into the time limit; a line for the shell that fails. An interrupt ends it:
 * stopped is "request". In any case the figures are those of the whole rounds until then; rounds_done may be
 * 0. */
pf_status pf_bench_run(pf_bench *bench, pf_error *error);
void pf_bench_release(pf_bench *bench);

/* The rules of each single comparison: alpha is divided among them. */
pf_comparison_rules pf_bench_rules(const pf_bench *bench);

#endif
