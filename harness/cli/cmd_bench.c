/* bench: micro-benchmarks of workloads and of plug-ins, executed by Google Benchmark. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/workload_library.h"
#include "harness/cli/commands.h"
#include "harness/cli/options.h"
#include "harness/machine/environment.h"
#include "harness/micro/gbench_run.h"
#include "harness/micro/micro.h"
#include "harness/show/micro_table.h"
#include "harness/stats/enough.h"

/* Google Benchmark's options go to `own`, the program's name first; the rest stays. */
static void part_flags(int *argc, char **argv, int *own_count, char **own)
{
	static char program[] = "photofinish bench";
	int kept = 0;
	*own_count = 0;
	own[(*own_count)++] = program;
	for (int i = 0; i < *argc; i++) {
		bool is_own = i > 0 && strncmp(argv[i], "--benchmark_", 12) == 0;
		if (is_own) {
			own[(*own_count)++] = argv[i];
		} else {
			argv[kept++] = argv[i];
		}
	}
	*argc = kept;
	own[*own_count] = NULL;
	argv[kept] = NULL;
}

static pf_status collect(const pf_texts *plugins, pf_micro *micro, pf_error *error)
{
	const pf_workloads *ours = pf_workload_table(RTLD_DEFAULT);
	pf_status status = PF_OK;
	for (size_t i = 0; i < plugins->count && status == PF_OK; i++) {
		status = pf_micro_plugin(micro, plugins->texts[i], error);
	}
	if (plugins->count) {
		return status;
	}
	if (!ours) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       "this build has no workloads of its own; --plugin FILE.so brings some");
	}
	pf_micro_add(micro, ours);
	pf_gbench_context("library", ours->library);
	return PF_OK;
}

static int execute(const pf_texts *plugins, const char *filter, pf_micro *micro)
{
	pf_error error = {0};
	pf_status status = pf_build_check_timing(&error);
	if (status == PF_OK) {
		status = collect(plugins, micro, &error);
	}
	if (status != PF_OK) {
		return pf_report_error(&error);
	}
	if (!pf_gbench_only_lists()) {
		pf_micro_print_missing(micro, stderr);
	}
	size_t matched = pf_micro_run(micro, filter);
	if (pf_gbench_is_for_people() && !pf_gbench_only_lists()) {
		pf_micro_print(micro, stdout);
	}
	return !matched ? PF_EXIT_ERROR : micro->refused ? PF_EXIT_FAIL : PF_EXIT_OK;
}

int pf_cmd_bench(const pf_command *command, int argc, char **argv)
{
	static pf_micro micro;
	pf_texts plugins = {0};
	const char *counters = NULL;
	const pf_arg table[] = {
		{"plugin", 0, PF_ARG_INPUTS, &plugins, "FILE.so",
		 "execute those of a shared object, not ours (may stand several times)", 0, 0},
		{"counters", 0, PF_ARG_TEXT, &counters, "LIST",
		 "count events in each loop, as cycles,instructions or a name of libpfm4 (docs/counters.md)",
		 0, 0},
		{0},
	};
	static char **own; /* kept as long as the program runs */
	char **operands;
	int count, own_count;
	own = pf_enough(calloc((size_t)argc + 2, sizeof *own));
	part_flags(&argc, argv, &own_count, own);
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	pf_error error = {0};
	if (counters && pf_counter_plan_parse(counters, &micro.counters, &error) != PF_OK) {
		return pf_report_error(&error);
	}
	if (!pf_gbench_flags(&own_count, own)) {
		return pf_usage_error(command, "Google Benchmark has no such option, or not with that value");
	}
	code = execute(&plugins, count ? operands[0] : NULL, &micro);
	pf_micro_release(&micro);
	return pf_interrupts ? PF_EXIT_INTERRUPTED : code;
}
