/* gate: is the candidate build of a library worse than the baseline? */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/json_file.h"
#include "harness/base/output.h"
#include "harness/base/text.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/export/gate_surfaces.h"
#include "harness/gate/gate_commands.h"
#include "harness/gate/gate_exact.h"
#include "harness/gate/gate_host.h"
#include "harness/gate/gate_words.h"
#include "harness/progress/progress.h"
#include "harness/record/calibration_json.h"
#include "harness/record/gate_json.h"
#include "harness/show/gate_table.h"
#include "photofinish/trace.h"

struct request {
	const char *command, *baseline, *candidate, *against_baseline, *write_baseline;
	pf_texts workloads, cmake;
	const char *source, *way, *metric;
	double margin_percent, alpha, max_time_s, process_time_s, limit_s;
	uint64_t seed;
	bool seed_given, margin_given, plan, bisect, instructions, exact, as_built;
	const char *json, *markdown, *junit, *annotations;
	pf_progress_choice progress;
};

static void tell(void *context, const pf_gate *gate, double share)
{
	(void)context;
	size_t decided = 0;
	for (size_t i = 0; i < gate->count; i++) {
		decided += gate->workloads[i].decision.done;
	}
	(void)share;
	pf_progress_update("gate", decided, gate->count, "workloads", NULL);
}

static int code_of(pf_gate_verdict verdict)
{
	switch (verdict) {
	case PF_GATE_PASS:
	case PF_GATE_IDENTICAL:
		return PF_EXIT_OK;
	case PF_GATE_FAIL:
		return PF_EXIT_FAIL;
	case PF_GATE_INCONCLUSIVE:
		return PF_EXIT_UNDECIDED;
	default:
		return PF_EXIT_ERROR;
	}
}

static pf_status write_text(const char *path, void (*write)(const pf_gate *gate, FILE *stream),
			    const pf_gate *gate, pf_error *error)
{
	pf_new_file file;
	if (!path) {
		return PF_OK;
	}
	pf_status status = pf_output_open(&file, path, error);
	if (status == PF_OK) {
		write(gate, file.stream);
		status = pf_output_close(&file, PF_OK, error);
	}
	return status;
}

static pf_status deliver(const struct request *request, const pf_gate *gate, pf_error *error)
{
	bool own_stdout = true;
	const char *outputs[] = {request->json, request->markdown, request->junit, request->annotations};
	for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
		own_stdout &= !(outputs[i] && pf_output_is_stdout(outputs[i]));
	}
	if (own_stdout) {
		int columns = pf_text_columns(fileno(stdout));
		char quote[512];
		pf_gate_print(gate, columns, stdout);
		if (gate->processes && !request->command &&
		    pf_calibration_quote(gate->request.way, quote, sizeof quote)) {
			pf_text_wrap(stdout, quote, columns, 0, 0);
		}
		fflush(stdout);
	}
	pf_status status = request->json ? pf_json_write(pf_gate_json(gate), request->json, error) : PF_OK;
	if (status == PF_OK && request->write_baseline) {
		status = pf_json_write(pf_gate_baseline_json(gate, 1, request->write_baseline),
				       request->write_baseline, error);
	}
	if (status == PF_OK) {
		status = write_text(request->markdown, pf_gate_markdown, gate, error);
	}
	if (status == PF_OK) {
		status = write_text(request->junit, pf_gate_junit, gate, error);
	}
	return status == PF_OK ? write_text(request->annotations, pf_gate_annotations, gate, error) : status;
}

/* The exact checks against what is kept in a file. */
static pf_status run_against_file(const char *file, pf_gate *gate, pf_error *error)
{
	uint64_t begin = pf_now_ns();
	gate->arms[0] = gate->arms[1];
	snprintf(gate->arms[0].given, sizeof gate->arms[0].given, "%s", file ? file : gate->arms[1].given);
	gate->request.exact_only = true;
	gate->request.kept_baseline = file != NULL;
	pf_status status = pf_gate_list(gate, error);
	if (status == PF_OK && file) {
		status = pf_gate_baseline_read(file, gate, error);
	}
	for (int arm = file ? 1 : 0; arm < 2 && status == PF_OK; arm++) {
		status = pf_gate_look(gate, arm, error);
	}
	for (size_t i = 0; i < gate->count && status == PF_OK; i++) {
		pf_gate_workload *w = &gate->workloads[i];
		pf_gate_judge_exact(w);
		if (!w->decision.done) {
			w->decision.done = true;
			w->verdict = PF_GATE_PASS;
		}
	}
	gate->measured_s = (double)(pf_now_ns() - begin) * 1e-9;
	pf_gate_conclude(gate);
	return status;
}

static pf_status make_arms(const struct request *request, pf_gate *gate, pf_error *error)
{
	static pf_gate_recipe recipe;
	recipe = (pf_gate_recipe){
		.source = request->source, .as_built = request->as_built, .arg_count = request->cmake.count};
	if (request->cmake.count > PF_GATE_CMAKE_ARGS) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "at most %d --cmake", PF_GATE_CMAKE_ARGS);
	}
	for (size_t i = 0; i < request->cmake.count; i++) {
		recipe.args[i] = request->cmake.texts[i];
	}
	gate->recipe = &recipe;
	pf_status status = PF_OK;
	if (request->baseline) {
		status = pf_gate_arm_make(request->baseline, &recipe, &gate->arms[0], error);
	}
	return status == PF_OK ? pf_gate_arm_make(request->candidate, &recipe, &gate->arms[1], error)
			       : status;
}

/* The plan, and whether any slowdown can FAIL by it. */
static int print_plan(const struct request *request, pf_gate *gate)
{
	pf_error error = {0};
	size_t count = request->workloads.count;
	if (!count || strcmp(request->workloads.texts[0], "all") == 0) {
		if (make_arms(request, gate, &error) != PF_OK || pf_gate_list(gate, &error) != PF_OK) {
			return pf_report_error(&error);
		}
		count = gate->count;
	}
	pf_gate_print_plan(&gate->request, count, stdout);
	return PF_EXIT_OK;
}

static bool can_fail(const pf_gate_request *request, size_t count)
{
	pf_gate_rules rules = pf_gate_rules_of(request, count, 0.0);
	size_t needed = pf_gate_observations_for(&rules, 1.0, 0.0);
	return needed && 2 * needed <= pf_gate_affordable(request, count);
}

static int execute(const pf_command *command, const struct request *request, pf_gate *gate)
{
	pf_error error = {0};
	if (request->plan) {
		int code = print_plan(request, gate);
		return code == PF_EXIT_OK && !can_fail(&gate->request,
						       gate->count ? gate->count : request->workloads.count)
			       ? pf_usage_error(
					 command,
					 "this plan can never FAIL: give it more time or a larger alpha")
			       : code;
	}
	const char *outputs[] = {request->json, request->markdown, request->junit, request->annotations,
				 request->write_baseline};
	pf_status status = PF_OK;
	for (size_t i = 0; i < sizeof outputs / sizeof *outputs && status == PF_OK; i++) {
		status = pf_output_check(outputs[i], &error);
	}
	if (request->command && status == PF_OK) {
		const char *commands[2] = {request->command, request->candidate};
		snprintf(gate->arms[0].given, sizeof gate->arms[0].given, "%s", commands[0]);
		snprintf(gate->arms[1].given, sizeof gate->arms[1].given, "%s", commands[1]);
		status = pf_gate_run_commands(gate, commands, tell, NULL, &error);
	} else if (status == PF_OK) {
		status = make_arms(request, gate, &error);
	}
	if (request->command || status != PF_OK) {
		/* done */
	} else if (request->against_baseline || request->write_baseline) {
		status = run_against_file(request->against_baseline, gate, &error);
	} else {
		status = pf_gate_run(gate, tell, NULL, &error);
	}
	pf_progress_clear();
	int code = code_of(gate->verdict);
	if (status != PF_OK) {
		code = pf_report_error(&error);
	}
	if (gate->count && deliver(request, gate, &error) != PF_OK) {
		code = pf_report_error(&error);
	}
	return code;
}

static void settings(const struct request *request, pf_gate_request *out)
{
	*out = (pf_gate_request){.margin = request->margin_percent / 100,
				 .long_margin = request->margin_given ? request->margin_percent / 100
								      : PF_GATE_LONG_MARGIN,
				 .alpha = request->alpha,
				 .max_s = request->max_time_s,
				 .seconds = request->process_time_s,
				 .limit_s = request->limit_s,
				 .way = strcmp(request->way, "two-processes") == 0 ? PF_GATE_TWO_PROCESSES
										   : PF_GATE_ONE_PROCESS,
				 .seed = request->seed_given ? request->seed : pf_now_ns(),
				 .by_instructions = strcmp(request->metric, "instructions") == 0,
				 .exact_only = request->exact,
				 .written_baseline = request->write_baseline,
				 .name_count = request->workloads.count};
	out->count_instructions = request->instructions || out->by_instructions;
	for (size_t i = 0; i < request->workloads.count; i++) {
		out->names[i] = request->workloads.texts[i];
	}
}

/* What options alone cannot say. -1: go on; else the exit status. */
static int check(const pf_command *command, char **operands, int count, struct request *request)
{
	if (request->command && count != 1) {
		return pf_usage_error(command, "write gate --command 'BASELINE' -- 'CANDIDATE'");
	}
	if (!request->command && count) {
		return pf_usage_error(command, "\"%s\" is no option; operands belong to --command",
				      operands[0]);
	}
	if (!request->command && !request->baseline && !request->against_baseline &&
	    !request->write_baseline) {
		return pf_usage_error(command,
				      "--baseline is missing: a revision, a folder or a shared library");
	}
	if (request->command) {
		request->candidate = operands[0];
		request->margin_percent = request->margin_given ? request->margin_percent
								: 100 * PF_GATE_LONG_MARGIN;
	}
	return -1;
}

/* Reads the command line. -1: go on; else the exit status. */
static int parse(const pf_command *command, int argc, char **argv, struct request *request)
{
	const pf_arg what[] = {
		{"baseline", 0, PF_ARG_TEXT, &request->baseline, "REV|DIR|LIB",
		 "what the candidate is compared with", 0, 0},
		{"candidate", 0, PF_ARG_TEXT, &request->candidate, "REV|DIR|LIB",
		 "what is judged (default: ., the folder as it is now)", 0, 0},
		{"command", 0, PF_ARG_TEXT, &request->command, "CMD",
		 "gate whole programs: the baseline's line for the shell; the candidate's stands behind --",
		 0, 0},
		{"workload", 0, PF_ARG_LIST, &request->workloads, "NAME",
		 "one of the libraries' workloads, or all (default: those that they gate)", 0, 0},
		{"margin", 'm', PF_ARG_NUMBER, &request->margin_percent, "PERCENT",
		 "slower by up to here passes (default: 0.5; 2 of commands and of workloads whose call takes more than 2 ms)",
		 0.01, 100, &request->margin_given},
		{"alpha", 0, PF_ARG_NUMBER, &request->alpha, "P",
		 "chance of a false FAIL of the whole gate, at most (default: 0.001)", 1e-9, 0.5},
		{"max-time", 0, PF_ARG_TIME, &request->max_time_s, "TIME",
		 "of measuring, builds are not counted (default: 300)", 1, 1e6},
		{"process-time", 0, PF_ARG_TIME, &request->process_time_s, "TIME",
		 "of each workload in each process (default: 0.6)", 0.001, 100},
		{"limit", 0, PF_ARG_TIME, &request->limit_s, "TIME",
		 "a workload that takes longer in a process hangs (default: 60)", 0.1, 1e6},
		{"metric", 0, PF_ARG_CHOICE, &request->metric, "time|instructions",
		 "what decides (default: time)", 0, 0},
		{"instructions", 0, PF_ARG_FLAG, &request->instructions, NULL,
		 "count instructions too, under valgrind", 0, 0},
		{"exact", 0, PF_ARG_FLAG, &request->exact, NULL, "outputs and allocations only, no times", 0,
		 0},
		{"against-baseline", 0, PF_ARG_TEXT, &request->against_baseline, "FILE",
		 "exact checks against a file of --write-baseline", 0, 0},
		{"write-baseline", 0, PF_ARG_TEXT, &request->write_baseline, "FILE",
		 "write what is exact of the candidate", 0, 0},
		{"plan", 0, PF_ARG_FLAG, &request->plan, NULL,
		 "only print what can be decided by these rules", 0, 0},
		{"bisect", 0, PF_ARG_FLAG, &request->bisect, NULL,
		 "exit status 125 for INVALID and INCONCLUSIVE, as git bisect run takes it", 0, 0},
		{"as-built", 0, PF_ARG_FLAG, &request->as_built, NULL,
		 "time the one layout that the build makes, not another one in each process", 0, 0},
		{"way", 0, PF_ARG_CHOICE, &request->way, "one-process|two-processes",
		 "where the two libraries are loaded (default: one-process)", 0, 0},
		{"source", 0, PF_ARG_TEXT, &request->source, "DIR",
		 "the CMake project's folder within the tree (default: its top)", 0, 0},
		{"cmake", 0, PF_ARG_LIST, &request->cmake, "-DNAME=VALUE",
		 "for cmake; may stand several times", 0, 0},
		{"seed", 0, PF_ARG_SEED, &request->seed, "N", "of orders and layouts", 0, 0,
		 &request->seed_given},
		{"json", 'j', PF_ARG_TEXT, &request->json, "FILE",
		 "write the record, with every observation (- for standard output)", 0, 0},
		{"markdown", 0, PF_ARG_TEXT, &request->markdown, "FILE", "a summary for a merge request", 0,
		 0},
		{"junit", 0, PF_ARG_TEXT, &request->junit, "FILE", "JUnit XML", 0, 0},
		{"annotations", 0, PF_ARG_TEXT, &request->annotations, "FILE",
		 "workflow commands of GitHub Actions", 0, 0},
		PF_PROGRESS_ARGS(request->progress),
		{0},
	};
	char **operands;
	int count;
	int code = pf_options_parse(command, what, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	return check(command, operands, count, request);
}

int pf_cmd_gate(const pf_command *command, int argc, char **argv)
{
	static pf_gate gate;
	struct request request = {.margin_percent = 100 * PF_GATE_MARGIN,
				  .alpha = PF_GATE_ALPHA,
				  .max_time_s = PF_GATE_MAX_S,
				  .process_time_s = PF_GATE_SECONDS,
				  .limit_s = PF_GATE_LIMIT_S,
				  .way = "one-process",
				  .metric = "time",
				  .candidate = ".",
				  .progress = {.mode = "auto"}};
	int code = parse(command, argc, argv, &request);
	if (code >= 0) {
		return code;
	}
	pf_progress_choose(&request.progress);
	settings(&request, &gate.request);
	code = execute(command, &request, &gate);
	pf_gate_release(&gate);
	if (request.bisect && (code == PF_EXIT_ERROR || code == PF_EXIT_UNDECIDED)) {
		return 125;
	}
	return pf_interrupts ? PF_EXIT_INTERRUPTED : code;
}

int pf_cmd_gate_host(const pf_command *command, int argc, char **argv)
{
	(void)command;
	(void)argc;
	(void)argv;
	return pf_gate_host();
}
