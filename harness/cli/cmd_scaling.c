/* scaling: one variant with several numbers of workers. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/interrupt.h"
#include "harness/base/output.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/run_delivery.h"
#include "harness/machine/environment.h"
#include "harness/progress/progress.h"
#include "harness/progress/run_progress.h"
#include "harness/run/contestant.h"
#include "harness/show/scaling_table.h"

enum { MOST_COUNTS = 32 };

struct request {
	pf_common common;
	pf_delivery delivery;
	const char *dataset, *variant, *workers;
	uint32_t rounds, counts[MOST_COUNTS];
	size_t count;
};

/* "1,2,4": ascending, each once; 1 is put before them where it is missing, as speedups are over it. */
static bool parse_counts(struct request *request)
{
	const char *at = request->workers;
	request->counts[request->count++] = 1;
	for (bool more = true; more;) {
		char *end;
		unsigned long value = *at >= '0' && *at <= '9' ? strtoul(at, &end, 10) : 0;
		if (value < 1 || value > 1024 || (*end && *end != ',') || request->count == MOST_COUNTS) {
			return false;
		}
		uint32_t last = request->counts[request->count - 1];
		if (value < last || (value == last && (value > 1 || at != request->workers))) {
			return false;
		}
		if (value > last) {
			request->counts[request->count++] = (uint32_t)value;
		}
		more = *end == ',';
		at = end + 1;
	}
	return true;
}

static pf_status choose(const struct request *request, pf_contestant *contestants, pf_error *error)
{
	pf_status status = PF_OK;
	for (size_t i = 0; i < request->count && status == PF_OK; i++) {
		char text[160];
		bool has_options = strchr(request->variant, ':') != NULL;
		snprintf(text, sizeof text, "%s%cworkers=%u", request->variant, has_options ? ',' : ':',
			 request->counts[i]);
		status = pf_contestant_parse(text, 1, &contestants[i], error);
	}
	return status;
}

static pf_status execute(const struct request *request, pf_run *run, pf_session *session,
			 const pf_scorer_config *config, pf_dataset **dataset, pf_error *error)
{
	pf_status status = pf_build_check_timing(error);
	if (status == PF_OK) {
		status = pf_delivery_check(&request->delivery, error);
	}
	if (status == PF_OK) {
		status = pf_common_dataset(request->dataset, dataset, error);
	}
	if (status == PF_OK && (*dataset)->count == 0) {
		status = pf_fail(error, PF_ERR_INVALID, request->dataset, "the dataset has no photos");
	}
	if (status == PF_OK) {
		status = pf_session_open(session, *dataset, config, error);
	}
	if (status == PF_OK) {
		pf_common_limits(&request->common, session);
		session->observer = pf_observer_of_this_machine();
		pf_common_tell_start(run->command, *dataset, run->rounds, run->contestants,
				     run->contestant_count);
		status = pf_run_execute(run, &pf_run_progress, error);
	}
	pf_progress_clear();
	if (status == PF_OK) {
		const char *json = request->delivery.json;
		if (!json || !pf_output_is_stdout(json)) {
			pf_scaling_print(run, stdout);
		}
		fflush(stdout);
		status = pf_deliver_record(&request->delivery, run, error);
	}
	return status;
}

/* Every number of workers has to have a time. */
static int exit_code(const pf_run *run)
{
	int code = PF_EXIT_OK;
	for (size_t i = 0; i < run->contestant_count; i++) {
		pf_run_status status = run->contestants[i].status;
		code = status == PF_RUN_WRONG_OUTPUT                 ? PF_EXIT_FAIL
		       : status != PF_RUN_OK && code != PF_EXIT_FAIL ? PF_EXIT_ERROR
								     : code;
	}
	return pf_interrupts ? PF_EXIT_INTERRUPTED : code;
}

int pf_cmd_scaling(const pf_command *command, int argc, char **argv)
{
	struct request request = {.common = PF_COMMON_DEFAULTS,
				  .dataset = "dash",
				  .variant = "parallel",
				  .workers = "1,2,4,8",
				  .rounds = 5};
	pf_common *common = &request.common;
	const pf_arg table[] = {
		{"dataset", 'd', PF_ARG_TEXT, &request.dataset, "NAME|DIR",
		 "dataset by name, or a folder of photos (default: dash)", 0, 0},
		{"variant", 0, PF_ARG_TEXT, &request.variant, "NAME",
		 "with options where wanted: NAME:option=value,... (default: parallel)", 0, 0},
		{"workers", 0, PF_ARG_TEXT, &request.workers, "LIST",
		 "numbers of workers, ascending (default: 1,2,4,8)", 0, 0},
		{"rounds", 'r', PF_ARG_COUNT, &request.rounds, "R", "trials of each (default: 5)", 1, 10000},
		PF_DELIVERY_ARGS(request.delivery),
		{"config", 0, PF_ARG_INPUT, &common->config_file, "FILE", "YAML file with weights and limits",
		 0, 0},
		PF_PROGRESS_ARGS(common->progress),
		{0},
	};
	char **operands;
	int count;
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	if (!parse_counts(&request)) {
		return pf_usage_error(command, "--workers takes ascending numbers from 1 to 1024, not \"%s\"",
				      request.workers);
	}
	pf_scorer_config config;
	pf_error error = {0};
	pf_contestant contestants[MOST_COUNTS];
	pf_dataset *dataset = NULL;
	pf_session session = {.manifest_fd = -1};
	pf_run run = {.session = &session,
		      .command = "scaling",
		      .contestants = contestants,
		      .rounds = request.rounds,
		      .seed = pf_now_ns() ^ (uint64_t)time(NULL) << 32};
	run.label = request.delivery.label;
	pf_status status = pf_common_apply(common, &config, &error);
	if (status == PF_OK) {
		status = choose(&request, contestants, &error);
	}
	if (status == PF_OK) {
		run.contestant_count = request.count;
		status = execute(&request, &run, &session, &config, &dataset, &error);
	}
	code = status == PF_OK ? exit_code(&run) : pf_report_error(&error);
	pf_run_release(&run);
	pf_session_close(&session);
	pf_dataset_free(dataset);
	return code;
}
