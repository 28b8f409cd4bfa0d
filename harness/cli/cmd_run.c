/* journey and run: variants against the reference, and against each other. */
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/output.h"
#include "harness/claims/claims.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/continuous_profile.h"
#include "harness/cli/goal_args.h"
#include "harness/cli/journal_keeping.h"
#include "harness/cli/journey_choice.h"
#include "harness/cli/memory_args.h"
#include "harness/cli/run_delivery.h"
#include "harness/cli/run_setting.h"
#include "harness/cli/tuned_args.h"
#include "harness/counters/trial_counters.h"
#include "harness/export/trace_file.h"
#include "harness/machine/environment.h"
#include "harness/progress/progress.h"
#include "harness/progress/run_progress.h"
#include "harness/record/notebook_parts.h"
#include "harness/run/contestant.h"
#include "harness/run/run_decision.h"
#include "harness/show/run_table.h"
#include "harness/stats/enough.h"

struct request {
	pf_common common;
	const char *tuned; /* file of what tune found; NULL: none */
	pf_delivery delivery;
	const char *dataset;
	const char *trace; /* file for the spans, one by one */
	bool spans;
	pf_goal_args goal;
	pf_memory_report memory;
	pf_continuous continuous; /* of "run" */
	uint32_t rounds;
	uint64_t seed;
	const char *cache; /* warm, cold */
	bool has_seed;     /* otherwise it is taken from the clock */
	bool resume;       /* --resume: nothing else was given */
};

/* 1 if output differed, 2 if nothing valid was measured, else 0. What a variant announces that it may do, and
 * one that cannot run on this machine, change nothing. The floor alone counts only where nothing else was
 * asked for. */
static int exit_code(const pf_run *run)
{
	int code = PF_EXIT_OK;
	size_t measured = 0;
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		measured += contestant->status == PF_RUN_OK ||
			    (run->contestant_count == 1 && contestant->status == PF_RUN_FLOOR);
		if (contestant->variant->caps & PF_CAP_MAY_CRASH) {
			continue;
		}
		switch (contestant->status) {
		case PF_RUN_WRONG_OUTPUT:
			code = PF_EXIT_FAIL;
			break;
		case PF_RUN_FAILED:
		case PF_RUN_CRASHED:
		case PF_RUN_TIMEOUT:
		case PF_RUN_INVALID:
			code = code == PF_EXIT_FAIL ? code : PF_EXIT_ERROR;
			break;
		default:
			break;
		}
	}
	if (pf_interrupts) {
		return PF_EXIT_INTERRUPTED;
	}
	return code == PF_EXIT_OK && !measured ? PF_EXIT_ERROR : code;
}

/* Makes the trials that one claim needs beside the rounds, if they can tell anything. */
static pf_status measure_first_results(pf_run *run, pf_error *error)
{
	char why[200];
	const pf_contestant *streaming = pf_run_find(run, "streaming"),
			    *parallel = pf_run_find(run, "parallel");
	if (pf_interrupts || !pf_claims_want_first_results(run, why, sizeof why)) {
		return PF_OK;
	}
	pf_first_runner runners[2] = {{streaming->variant, streaming->workers, streaming->options},
				      {parallel->variant, parallel->workers, parallel->options}};
	return pf_first_results_measure(run->session, pf_first_small_photos(run->session->dataset->count),
					run->reference.outcomes, &runners[0], &runners[1],
					pf_run_progress_first, NULL, &run->first_results, error);
}

static void answer_claims(pf_run *run)
{
	const pf_outcomes *reference = run->reference.outcomes;
	pf_claim_setting setting = {
		.cores = pf_core_count(),
		.photos = run->session->dataset->count,
		.first = &run->first_results,
	};
	for (size_t i = 0; reference && i < reference->count; i++) {
		const pf_outcome *photo = &reference->photos[i];
		setting.pixels += photo->status == PF_OK ? photo->score.measures[PF_MEASURE_WIDTH] *
								   photo->score.measures[PF_MEASURE_HEIGHT]
							 : 0;
	}
	run->claims = calloc(PF_CLAIM_COUNT, sizeof *run->claims);
	if (!run->claims) {
		pf_out_of_memory();
	}
	run->claim_count = PF_CLAIM_COUNT;
	pf_claims_answer(run, &setting, run->claims);
}

/* Prints and writes what was measured. */
static pf_status deliver(const struct request *request, const pf_run *run, pf_error *error)
{
	const char *json = request->delivery.json;
	if (!json || !pf_output_is_stdout(json)) {
		pf_run_print(run, stdout);
	}
	pf_status profiled = pf_continuous_end(&request->continuous,
					       json && pf_output_is_stdout(json) ? stderr : stdout, error);
	fflush(stdout);
	pf_status status = pf_deliver_record(&request->delivery, run, error);
	status = status == PF_OK ? profiled : status;
	return status == PF_OK && request->trace
		       ? pf_delivery_say_kept(pf_trace_file_write(run, request->trace, error), error)
		       : status;
}

/* The journal's run has its seed, and its start. */
static void go_on(pf_run *run, const pf_run_journal *journal)
{
	const json_t *before = pf_run_journal_head(journal);
	run->seed = strtoull(pf_note_text(before, "seed"), NULL, 10);
	pf_progress_say("photofinish: going on with the %s of %s: %zu trial%s there", run->command,
			pf_note_text(before, "started"), pf_run_journal_trials(journal),
			pf_run_journal_trials(journal) == 1 ? " is" : "s are");
}

static int execute(struct request *request, const char *command, pf_contestant *contestants, size_t count,
		   const pf_scorer_config *config)
{
	pf_error error = {0}, why = {0};
	pf_run_setting setting = {.session = {.manifest_fd = -1}};
	pf_run run = {
		.session = &setting.session,
		.command = command,
		.label = request->delivery.label,
		.contestants = contestants,
		.contestant_count = count,
		.rounds = request->rounds,
		.cold_cache = strcmp(request->cache, "cold") == 0,
		.seed = request->has_seed ? request->seed : pf_seed_from_clock(),
		.enough_steps = request->goal.goal.until_met ? pf_goal_is_met : NULL,
		.show_spans = request->spans,
		.goal = request->goal.text ? &request->goal.goal : NULL,
	};
	pf_run_journal *journal = request->delivery.journal;
	const pf_run_keeper keeper = pf_run_journal_keeper(journal);
	run.keeper = journal ? &keeper : NULL;
	if (journal && pf_run_journal_head(journal)) {
		go_on(&run, journal);
	}
	pf_status status = pf_delivery_check(&request->delivery, &error);
	if (status == PF_OK) {
		status = pf_output_check(request->trace, &error);
	}
	if (status == PF_OK) {
		status = pf_run_setting_open(&setting, &request->common, request->dataset, config, &error);
	}
	if (status == PF_OK) {
		status = pf_tuned_apply(request->tuned, config, setting.dataset, request->common.workers,
					contestants, &error);
	}
	if (status == PF_OK) {
		status = pf_continuous_begin(&request->continuous, contestants[0].label, &setting.session,
					     &error);
	}
	bool executed = status == PF_OK;
	setting.session.keep_spans = request->trace != NULL;
	if (executed) {
		pf_common_tell_start(command, setting.dataset, run.rounds, contestants, count);
		status = pf_run_execute(&run, &pf_run_progress, &error);
	}
	if (status == PF_OK) {
		status = pf_memory_args_run(&run, &request->memory, &error);
	}
	bool journey = strcmp(command, "journey") == 0;
	if (status == PF_OK && journey) {
		status = measure_first_results(&run, &error);
	}
	if (status == PF_OK) {
		pf_run_count_instructions(&run);
	}
	if (executed && journey && pf_run_counters_cost(&run) <= PF_COUNTERS_COST_LIMIT) {
		pf_run_decide(&run);
		answer_claims(&run);
	}
	pf_progress_clear();
	int code = status == PF_OK ? exit_code(&run) : pf_report_error(&error);
	/* Even where the harness failed in the middle, what was measured until then is not thrown away. */
	if (executed && (status == PF_OK || pf_anything_measured(&run))) {
		code = deliver(request, &run, &why) == PF_OK ? code : pf_report_error(&why);
	} else {
		pf_run_journal_settle(journal, "", false);
	}
	pf_memory_report_release(&request->memory);
	pf_run_release(&run);
	pf_run_setting_close(&setting);
	return code;
}

#define RUN_ARGS(r)                                                                                      \
	{.name = "dataset",                                                                              \
	 .letter = 'd',                                                                                  \
	 .type = PF_ARG_TEXT,                                                                            \
	 .target = &(r).dataset,                                                                         \
	 .metavar = "NAME|DIR",                                                                          \
	 .help = "dataset by name, or a folder of photos (default: dash)"},                              \
		PF_DELIVERY_ARGS((r).delivery),                                                          \
		{.name = "spans",                                                                        \
		 .type = PF_ARG_FLAG,                                                                    \
		 .target = &(r).spans,                                                                   \
		 .help = "print where the time went: nested stages, waits, overlap, critical path"},     \
		{.name = "trace",                                                                        \
		 .type = PF_ARG_OUTPUT,                                                                  \
		 .target = &(r).trace,                                                                   \
		 .metavar = "FILE",                                                                      \
		 .help = "write every span of the median trial, for Perfetto or speedscope"},            \
		{.name = "cache",                                                                        \
		 .type = PF_ARG_CHOICE,                                                                  \
		 .target = &(r).cache,                                                                   \
		 .metavar = "warm|cold",                                                                 \
		 .help = "cold: drop the photos from the page cache before each trial (default: warm)"}, \
	{                                                                                                \
		.name = "seed", .type = PF_ARG_SEED, .target = &(r).seed, .given = &(r).has_seed,        \
		.metavar = "N", .help = "seed of the shuffled order of trials (default: from the clock)" \
	}

static int journey(const pf_command *command, int argc, char **argv, pf_run_journal *journal);

/* With the command line of the run that is gone on with. */
static int resume(const pf_command *command, int argc)
{
	pf_error error = {0};
	pf_run_journal *journal = NULL;
	const char *folder;
	if (argc != 2) {
		return pf_usage_error(command,
				      "--resume stands alone: the options are those of the run that it "
				      "goes on with");
	}
	if (pf_run_journal_to_resume(command->name, &journal, &error) != PF_OK) {
		return pf_report_error(&error);
	}
	char **words = pf_run_journal_arguments(journal, &argc, &folder);
	if (!words) {
		pf_fail(&error, PF_ERR_INVALID, NULL, "the %s began in the folder %s: go on from there",
			command->name, folder ? folder : "?");
		pf_run_journal_close(journal, false);
		return pf_report_error(&error);
	}
	return journey(command, argc, words, journal);
}

int pf_cmd_journey(const pf_command *command, int argc, char **argv)
{
	return journey(command, argc, argv, NULL);
}

/* `journal`: of the run that it goes on with, taken over; NULL: a new run. */
static int journey(const pf_command *command, int argc, char **argv, pf_run_journal *journal)
{
	struct request request = {
		.common = PF_COMMON_DEFAULTS,
		.dataset = "dash",
		.cache = "warm",
		.goal = PF_GOAL_DEFAULTS,
		.rounds = 5,
		.continuous = PF_CONTINUOUS_DEFAULTS,
	};
	const char *only = NULL;
	const pf_arg table[] = {
		RUN_ARGS(request),
		{"only", 0, PF_ARG_TEXT, &only, "LIST",
		 "variants that take part: NAME[:option=value,...],... (default: all)", 0, 0},
		{"rounds", 'r', PF_ARG_COUNT, &request.rounds, "R", "trials of each variant (default: 5)", 1,
		 10000},
		PF_GOAL_ARGS(request.goal),
		{"notebook", 0, PF_ARG_OUTPUT, &request.delivery.notebook, "FILE",
		 "write the lab notebook of the journey: Markdown", 0, 0},
		{"report", 0, PF_ARG_TEXT, &request.delivery.report, "DIR",
		 "draw the charts and write the report: a page that opens offline", 0, 0},
		{"resume", 0, PF_ARG_FLAG, &request.resume, NULL,
		 "go on with the last journey that was interrupted, with its options and its order", 0, 0},
		PF_PLUGIN_ARG(request.common.plugins),
		PF_COMMAND_ARG(request.common.commands),
		PF_SCORING_ARGS(request.common),
		PF_COUNTERS_ARG(request.common),
		PF_PLACEMENT_ARG(request.common),
		PF_MEMORY_ARGS(request.memory),
		PF_COMMON_ARGS(request.common),
		{0},
	};
	char **operands;
	int count;
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	code = code < 0 ? pf_goal_args_apply(command, &request.goal) : code;
	if (code < 0 && journal && (request.trace || request.resume)) {
		code = pf_usage_error(command, "--trace takes a journey that was not interrupted");
	}
	if (code >= 0) {
		pf_run_journal_close(journal, false);
		return code;
	}
	if (request.resume) {
		return resume(command, argc);
	}
	request.delivery.journal = journal                       ? journal
				   : request.delivery.no_history ? NULL
								 : pf_run_journal_for_run(argc, argv);
	request.goal.goal.rounds_each = request.rounds;
	pf_scorer_config config;
	pf_error error = {0};
	pf_status status = pf_common_apply(&request.common, &config, &error);
	pf_contestant *contestants = NULL;
	size_t variants = 0;
	if (status == PF_OK) {
		status = pf_journey_choose(only, request.common.workers, &contestants, &variants, &error);
	}
	size_t faults = pf_common_report_faults();
	if (status == PF_OK) {
		code = execute(&request, "journey", contestants, variants, &config);
	} else {
		pf_run_journal_close(request.delivery.journal, false);
		code = pf_report_error(&error);
	}
	code = code == PF_EXIT_OK && faults ? PF_EXIT_ERROR : code;
	free(contestants);
	return code;
}

int pf_cmd_run(const pf_command *command, int argc, char **argv)
{
	struct request request = {.common = PF_COMMON_DEFAULTS,
				  .dataset = "dash",
				  .cache = "warm",
				  .rounds = 1,
				  .continuous = PF_CONTINUOUS_DEFAULTS};
	const pf_arg table[] = {
		RUN_ARGS(request),
		{"rounds", 'r', PF_ARG_COUNT, &request.rounds, "R",
		 "trials (default: 1, which has no interval)", 1, 10000},
		{"repetitions", 0, PF_ARG_COUNT, &request.rounds, "R", NULL, 1, 10000},
		PF_TUNED_ARG(request.tuned),
		PF_CONTINUOUS_ARGS(request.continuous),
		PF_PLUGIN_ARG(request.common.plugins),
		PF_COMMAND_ARG(request.common.commands),
		PF_SCORING_ARGS(request.common),
		PF_COUNTERS_ARG(request.common),
		PF_PLACEMENT_ARG(request.common),
		PF_MEMORY_ARGS(request.memory),
		PF_COMMON_ARGS(request.common),
		{0},
	};
	char **operands;
	int count;
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	pf_scorer_config config;
	pf_error error = {0};
	pf_contestant contestant;
	pf_status status = pf_common_apply(&request.common, &config, &error);
	if (status == PF_OK) {
		status = pf_contestant_parse(operands[0], request.common.workers, &contestant, &error);
	}
	if (status != PF_OK) {
		return pf_report_error(&error);
	}
	request.delivery.journal = request.delivery.no_history ? NULL : pf_run_journal_for_run(argc, argv);
	return execute(&request, "run", &contestant, 1, &config);
}
