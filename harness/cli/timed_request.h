/* What time and compare have in common where they time commands: options, the commands that come of them, and
 * how it is carried out. */
#ifndef HARNESS_TIMED_REQUEST_H
#define HARNESS_TIMED_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/bench/bench.h"
#include "harness/cli/comparison_args.h"
#include "harness/cli/options.h"
#include "harness/cli/parameters.h"

typedef struct pf_timed_request {
	pf_comparison_choice choice;
	uint32_t warmup;
	bool show_output, no_shell, quiet, has_seed;
	uint64_t seed;
	double timeout_s;
	pf_texts setup, prepare, conclude, cleanup, names, scans, steps, lists;
	const char *ignore_failure; /* NULL: no; "": all; else exit statuses */
	const char *reference, *reference_name, *shell, *input, *output;
	const char *json, *csv, *markdown;
	const char *counters; /* NULL: none */
	const char *command;  /* as the record names it */
	const char *label;    /* the user's own words */
	bool no_history;
	uint32_t least_rounds; /* that max_time_s cannot cut off */
	/* Filled in by pf_timed_request_take. */
	pf_parameters parameters;
	struct pf_timed_entry *entries; /* what each command is made of */
	pf_bench_command commands[PF_BENCH_MOST];
	size_t count;
} pf_timed_request;

#define PF_TIMED_REQUEST_DEFAULTS                                                       \
	{                                                                               \
		.choice = PF_COMPARISON_DEFAULTS, .shell = "default", .command = "time" \
	}

/* Rows of an option table: what both commands offer. */
#define PF_TIMED_ARGS_MOST 24
size_t pf_timed_args(pf_timed_request *request, pf_arg rows[PF_TIMED_ARGS_MOST]);

/* Where the words of the first command begin: the index of the first "--", or argc. */
int pf_timed_first_of_words(int argc, char **argv);

/* Makes the commands: from `words` (each command behind a "--", ended by NULL; NULL: none), else from `count`
 * lines for a shell. A list of lines beside the runs (--prepare) has one for all commands, or one for each of
 * them before parameters are put in, the reference first. PF_ERR_USAGE says what is wrong. */
pf_status pf_timed_request_take(pf_timed_request *request, char **words, char *const *lines, size_t count,
				pf_error *error);
void pf_timed_request_free(pf_timed_request *request);

/* Runs them, prints and exports. Returns the exit status. */
int pf_timed_request_execute(pf_timed_request *request);

#endif
