/* limits: what this machine can do at most. */
#include "datasets/dataset_store.h"
#include "harness/base/interrupt.h"
#include "harness/base/json_file.h"
#include "harness/base/output.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/limits/limits.h"
#include "harness/machine/environment.h"
#include "harness/progress/progress.h"
#include "harness/record/limits_json.h"
#include "harness/show/limits_table.h"

struct request {
	const char *dataset, *json, *only;
	double seconds;
	pf_progress_choice progress;
};

static void tell(const char *name, size_t done, size_t total)
{
	pf_progress_update("measuring limits", done, total, "limits", name);
}

static bool any(const pf_limits *limits)
{
	for (int i = 0; i < PF_LIMIT_COUNT; i++) {
		if (pf_limit_value(&limits->limits[i]) > 0) {
			return true;
		}
	}
	return false;
}

static pf_status deliver(const struct request *request, const pf_limits *limits, pf_error *error)
{
	if (!request->json || !pf_output_is_stdout(request->json)) {
		pf_limits_print(limits, stdout);
	}
	fflush(stdout);
	return request->json ? pf_json_write(pf_limits_json(limits, request->dataset, request->seconds),
					     request->json, error)
			     : PF_OK;
}

static int execute(const struct request *request, uint64_t ids)
{
	static pf_limits limits;
	pf_error error = {0}, ignored;
	char home[PF_STORE_PATH_MAX];
	pf_dataset *dataset = NULL;
	pf_limits_question question = {.seconds = request->seconds, .ids = ids, .tell = tell};
	pf_status status = pf_build_check_timing(&error);
	if (status == PF_OK) {
		status = pf_output_check(request->json, &error);
	}
	if (status == PF_OK && request->dataset) {
		status = pf_common_dataset(request->dataset, &dataset, &error);
	}
	if (status == PF_OK && dataset && dataset->count == 0) {
		status = pf_fail(&error, PF_ERR_INVALID, request->dataset, "the dataset has no photos");
	}
	if (status == PF_OK) {
		question.dataset = dataset;
		bool there = pf_store_home(home, &ignored) == PF_OK &&
			     pf_make_folders(home, &ignored) == PF_OK;
		question.folder = there ? home : NULL;
		status = pf_limits_measure(&question, &limits, &error);
	}
	pf_progress_clear();
	if (status == PF_OK) {
		status = deliver(request, &limits, &error);
	}
	pf_dataset_free(dataset);
	int code = status != PF_OK ? pf_report_error(&error) : any(&limits) ? PF_EXIT_OK : PF_EXIT_ERROR;
	return pf_interrupts ? PF_EXIT_INTERRUPTED : code;
}

int pf_cmd_limits(const pf_command *command, int argc, char **argv)
{
	struct request request = {.seconds = 1, .progress = {.mode = "auto"}};
	const pf_arg table[] = {
		{"dataset", 'd', PF_ARG_TEXT, &request.dataset, "NAME|DIR",
		 "decode photos of this dataset (default: made ones, 12 MP)", 0, 0},
		{"only", 0, PF_ARG_TEXT, &request.only, "LIST", "limits to measure, by name (default: all)",
		 0, 0},
		{"time", 0, PF_ARG_TIME, &request.seconds, "TIME", "of each measurement (default: 1 s)", 0.1,
		 60},
		{"json", 'j', PF_ARG_OUTPUT, &request.json, "FILE",
		 "write what was measured (- for standard output)", 0, 0},
		PF_PROGRESS_ARGS(request.progress),
		{0},
	};
	char **operands;
	int count;
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	uint64_t ids = 0;
	pf_error error = {0};
	if (request.only && pf_limits_choose(request.only, &ids, &error) != PF_OK) {
		return pf_usage_error(command, "%s", error.message);
	}
	pf_progress_choose(&request.progress);
	return execute(&request, ids);
}
