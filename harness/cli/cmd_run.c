/* journey and run: variants against the reference, and against each other. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/measure/environment.h"
#include "harness/report/progress.h"
#include "harness/report/run_table.h"
#include "harness/store/record.h"

struct request {
	pf_common common;
	const char *dataset, *json;
	uint32_t rounds;
	uint64_t seed; /* 0: from the clock */
};

/* 1 if output differed, 2 if nothing valid was measured, else 0. What a variant announces that it may do, and
 * one that cannot run on this machine, change nothing. */
static int exit_code(const pf_run *run)
{
	int code = PF_EXIT_OK;
	size_t measured = 0;
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		measured += (contestant->status == PF_RUN_OK || contestant->status == PF_RUN_FLOOR) &&
			    contestant->trial_count > 0;
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
	if (run->partial) {
		return PF_EXIT_INTERRUPTED;
	}
	return code == PF_EXIT_OK && !measured ? PF_EXIT_ERROR : code;
}

static uint64_t seed_from_clock(void)
{
	return pf_now_ns() ^ (uint64_t)time(NULL) << 32;
}

static int execute(const struct request *request, const char *command, pf_contestant *contestants,
		   size_t count, const pf_scorer_config *config)
{
	pf_error error = {0};
	pf_dataset *dataset = NULL;
	pf_session session = {.manifest_fd = -1};
	pf_run run = {
		.session = &session,
		.command = command,
		.contestants = contestants,
		.contestant_count = count,
		.rounds = request->rounds,
		.seed = request->seed ? request->seed : seed_from_clock(),
	};
	int code;
	pf_status status = pf_common_check_writable(request->json, &error);
	if (status == PF_OK) {
		status = pf_common_dataset(request->dataset, &dataset, &error);
	}
	if (status == PF_OK && dataset->count == 0) {
		status = pf_fail(&error, PF_ERR_INVALID, request->dataset, "the dataset has no photos");
	}
	if (status == PF_OK) {
		status = pf_session_open(&session, dataset, config, &error);
	}
	if (status == PF_OK) {
		session.timeout_s = request->common.timeout_s;
		status = pf_run_execute(&run, &pf_run_progress, &error);
	}
	pf_progress_clear();
	if (status == PF_OK) {
		code = exit_code(&run);
		if (!request->json || strcmp(request->json, "-") != 0) {
			pf_run_print(&run, stdout);
		}
		fflush(stdout);
		if (request->json) {
			status = pf_record_write(&run, request->json, &error);
		}
	}
	if (status != PF_OK) {
		code = pf_report_error(&error);
	}
	pf_run_release(&run);
	pf_session_close(&session);
	pf_dataset_free(dataset);
	return code;
}

#define RUN_ARGS(r)                                                                        \
	{"dataset",   'd',                                                                 \
	 PF_ARG_TEXT, &(r).dataset,                                                        \
	 "NAME|DIR",  "dataset by name, or a folder of photos (default: dash)",            \
	 0,           0},                                                                  \
		{"json",    'j',    PF_ARG_TEXT,                                           \
		 &(r).json, "FILE", "write the record of the run (- for standard output)", \
		 0,         0},                                                            \
	{                                                                                  \
		"seed", 0, PF_ARG_SEED, &(r).seed, "N",                                    \
			"of the order of the trials (default: from the clock)", 0, 0       \
	}

int pf_cmd_journey(const pf_command *command, int argc, char **argv)
{
	struct request request = {.common = PF_COMMON_DEFAULTS, .dataset = "dash", .rounds = 5};
	const pf_arg table[] = {
		RUN_ARGS(request),
		{"rounds", 'r', PF_ARG_COUNT, &request.rounds, "R", "trials of each variant (default: 5)", 1,
		 10000},
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
	pf_status status = pf_common_apply(&request.common, &config, &error);
	const struct pf_variant **order = pf_variants_in_order();
	size_t variants = 0;
	while (order[variants]) {
		variants++;
	}
	pf_contestant *contestants = calloc(variants + 1, sizeof *contestants);
	if (!contestants) {
		abort();
	}
	for (size_t i = 0; i < variants && status == PF_OK; i++) {
		status = pf_contestant_parse(order[i]->name, request.common.workers, &contestants[i], &error);
	}
	code = status == PF_OK ? execute(&request, "journey", contestants, variants, &config)
			       : pf_report_error(&error);
	free(contestants);
	free(order);
	return code;
}

int pf_cmd_run(const pf_command *command, int argc, char **argv)
{
	struct request request = {.common = PF_COMMON_DEFAULTS, .dataset = "dash", .rounds = 1};
	const pf_arg table[] = {
		RUN_ARGS(request),
		{"repetitions", 'r', PF_ARG_COUNT, &request.rounds, "R",
		 "trials (default: 1, which has no interval)", 1, 10000},
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
	return status == PF_OK ? execute(&request, "run", &contestant, 1, &config) : pf_report_error(&error);
}
