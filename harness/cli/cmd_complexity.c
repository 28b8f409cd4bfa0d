/* complexity: what grows faster than it should. */
#include <dlfcn.h>
#include <stdlib.h>

#include "harness/base/interrupt.h"
#include "harness/base/json_file.h"
#include "harness/base/output.h"
#include "harness/base/workload_library.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/machine/environment.h"
#include "harness/micro/complexity.h"
#include "harness/progress/progress.h"
#include "harness/record/complexity_json.h"
#include "harness/show/complexity_table.h"

struct request {
	const char *plugin, *json;
	double seconds;
	uint32_t most_photos;
	pf_progress_choice progress;
};

static void tell(const char *name, size_t done, size_t total)
{
	pf_progress_update("growing", done, total, "axes", name);
}

static pf_status find_table(const struct request *request, const pf_workloads **table, pf_error *error)
{
	void *handle = RTLD_DEFAULT;
	pf_status status = request->plugin ? pf_workload_library_load(request->plugin, &handle, error)
					   : PF_OK;
	*table = status == PF_OK ? pf_workload_table(handle) : NULL;
	return status != PF_OK || *table ? status
					 : pf_fail(error, PF_ERR_INVALID, request->plugin,
						   "it exports no usable " PF_WORKLOADS_SYMBOL);
}

/* Wrong output or growth that is too fast fails; without either, what is not decided says so. */
static int code_of(const pf_growth *list, size_t count)
{
	size_t of[PF_GROWTH_REFUSED + 1] = {0};
	for (size_t i = 0; i < count; i++) {
		of[list[i].verdict]++;
	}
	return of[PF_GROWTH_TOO_FAST] || of[PF_GROWTH_REFUSED] ? PF_EXIT_FAIL
	       : of[PF_GROWTH_UNDECIDED]                       ? PF_EXIT_UNDECIDED
	       : !of[PF_GROWTH_FINE]                           ? PF_EXIT_ERROR
							       : PF_EXIT_OK;
}

static int execute(const struct request *request, const char *contain)
{
	pf_error error = {0};
	pf_growth *list = NULL;
	size_t count = 0;
	bool stopped = false;
	const pf_workloads *table = NULL;
	const pf_growth_request wanted = {.seconds = request->seconds,
					  .contain = contain,
					  .most_photos = request->most_photos,
					  .tell = tell};
	pf_status status = pf_build_check_timing(&error);
	if (status == PF_OK) {
		status = pf_output_check(request->json, &error);
	}
	if (status == PF_OK) {
		status = find_table(request, &table, &error);
	}
	if (status == PF_OK) {
		status = pf_growth_measure(&wanted, table, &list, &count, &stopped, &error);
	}
	pf_progress_clear();
	if (status == PF_OK && !(request->json && pf_output_is_stdout(request->json))) {
		pf_growth_print(list, count, stdout);
		fflush(stdout);
	}
	if (status == PF_OK && request->json) {
		status = pf_json_write(pf_growth_json(list, count, request->seconds, !stopped), request->json,
				       &error);
	}
	int code = status == PF_OK ? code_of(list, count) : pf_report_error(&error);
	free(list);
	return pf_interrupts ? PF_EXIT_INTERRUPTED : code;
}

int pf_cmd_complexity(const pf_command *command, int argc, char **argv)
{
	struct request request = {.seconds = 2, .most_photos = 27539, .progress = {.mode = "auto"}};
	const pf_arg table[] = {
		{"plugin", 0, PF_ARG_INPUT, &request.plugin, "FILE.so",
		 "the workloads of a shared object, not ours", 0, 0},
		{"photos", 0, PF_ARG_COUNT, &request.most_photos, "N",
		 "largest number for what is over photos (default: 27539)", 64, 1e8},
		{"time", 0, PF_ARG_TIME, &request.seconds, "TIME",
		 "of each workload along each axis; five rounds at least (default: 2 s)", 0.01, 3600},
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
	pf_progress_choose(&request.progress);
	return execute(&request, count ? operands[0] : NULL);
}
