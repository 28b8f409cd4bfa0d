/* Any commands, timed against each other in interleaved rounds. What they compute is not looked at. */
#ifndef HARNESS_BENCH_H
#define HARNESS_BENCH_H

#include "harness/measure/timed_command.h"
#include "harness/stats/comparison.h"

#define PF_BENCH_MOST 16 /* commands */

typedef struct pf_bench_command {
	char *const *arguments;
	const char *name;                      /* escaped */
	const char *prepare;                   /* for /bin/sh before each run, not timed; may be NULL */
	pf_timed_run *runs;                    /* one a round */
	pf_interval seconds, user_s, system_s; /* of the whole rounds */
	double least_s, most_s, median_s, deviation_s;
	pf_comparison comparison; /* of the first command with this one; not for the first */
} pf_bench_command;

typedef struct pf_bench {
	pf_bench_command *commands; /* the caller's; runs are pf_bench_release's */
	size_t count;
	uint32_t warmup, rounds; /* rounds: asked for */
	uint64_t seed;
	pf_comparison_rules rules;    /* alpha: of all comparisons together */
	double timeout_s, max_time_s; /* 0: none */
	bool ignore_failure, show_output;
	void (*tell)(const struct pf_bench *bench, size_t command,
		     uint32_t round); /* before each run; round 0:
					 warm-up; may be NULL */
	uint32_t rounds_done;
	const char *stopped; /* "rounds", "decided", "time", "request", "failure"; static text */
} pf_bench;

/* Warm-up rounds, then `rounds` of them in the order of pf_shuffle_round, each run after its preparation.
 * Error: a command that cannot be started, ends with another status than 0 (unless ignored), or runs into the
 * time limit; a preparation that fails. An interrupt ends it: stopped is "request". In any case the figures
 * are those of the whole rounds until then; rounds_done may be 0. */
pf_status pf_bench_run(pf_bench *bench, pf_error *error);
void pf_bench_release(pf_bench *bench);

/* The rules of each single comparison: alpha is divided among them. */
pf_comparison_rules pf_bench_rules(const pf_bench *bench);

#endif
