/* calibrate: how often the gate is wrong on this machine, and how small a slowdown it finds. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "datasets/dataset_store.h"
#include "harness/base/interrupt.h"
#include "harness/base/json_file.h"
#include "harness/base/output.h"
#include "harness/base/text.h"
#include "harness/calibrate/sitting.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/gate/gate_words.h"
#include "harness/progress/progress.h"
#include "harness/record/calibration_json.h"
#include "harness/show/calibration_table.h"

struct request {
	const char *candidate, *source, *state, *replay, *json, *markdown;
	pf_texts workloads, cmake, only;
	double hours, margin_percent, alpha, max_time_s;
	bool show, margin_given;
	pf_progress_choice progress;
};

static void tell(void *context, const pf_cell *cell, const pf_gate *gate)
{
	char name[PF_CELL_NAME];
	size_t *done = context;
	pf_cell_name(cell, name);
	if (gate) {
		char seconds[PF_TEXT];
		pf_progress_milestone("%s: %s in %s", name, pf_gate_verdict_upper(gate->verdict),
				      pf_text_seconds(gate->measured_s, seconds));
		++*done;
	} else {
		pf_progress_update("calibrate", *done, *done + 1, "gates", name);
	}
}

/* Makes what is calibrated: the arm, and the workloads of it. */
static pf_status begin(const struct request *request, pf_calibration *calibration, pf_error *error)
{
	pf_gate_recipe recipe = {.source = request->source, .arg_count = request->cmake.count};
	if (request->cmake.count > PF_GATE_CMAKE_ARGS || request->workloads.count > PF_STREAM_WORKLOADS) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "at most %d --cmake and %d --workload",
			       PF_GATE_CMAKE_ARGS, PF_STREAM_WORKLOADS);
	}
	for (size_t i = 0; i < request->cmake.count; i++) {
		recipe.args[i] = request->cmake.texts[i];
	}
	for (size_t i = 0; i < request->workloads.count; i++) {
		snprintf(calibration->workloads[i], sizeof calibration->workloads[i], "%s",
			 request->workloads.texts[i]);
	}
	calibration->count = request->workloads.count;
	calibration->request = (pf_gate_request){
		.margin = request->margin_percent / 100,
		.long_margin = request->margin_given ? request->margin_percent / 100 : PF_GATE_LONG_MARGIN,
		.alpha = request->alpha,
		.max_s = request->max_time_s,
		.seconds = PF_GATE_SECONDS,
		.limit_s = PF_GATE_LIMIT_S};
	pf_status status = pf_gate_arm_make(request->candidate, &recipe, &calibration->arm, error);
	return status == PF_OK ? pf_calibration_begin(calibration, error) : status;
}

static pf_status find_folder(const struct request *request, pf_calibration *calibration, pf_error *error)
{
	char home[PF_STORE_PATH_MAX];
	if (request->state) {
		snprintf(home, sizeof home, "%s", request->state);
	} else {
		pf_status status = pf_store_home(home, error);
		if (status != PF_OK) {
			return status;
		}
		snprintf(home + strlen(home), sizeof home - strlen(home), "/.calibration");
	}
	pf_status status = pf_make_folders(home, error);
	if (status == PF_OK && !realpath(home, calibration->folder)) {
		status = pf_fail_errno(error, home, "cannot be found");
	}
	return status;
}

static pf_status write_markdown(const char *path, const pf_calibration *calibration, pf_error *error)
{
	pf_new_file file;
	if (!path) {
		return PF_OK;
	}
	pf_status status = pf_output_open(&file, path, error);
	if (status == PF_OK) {
		pf_calibration_markdown(calibration, file.stream);
		status = pf_output_close(&file, PF_OK, error);
	}
	return status;
}

static pf_status deliver(const struct request *request, const pf_calibration *calibration, pf_error *error)
{
	if (!(request->json && pf_output_is_stdout(request->json)) &&
	    !(request->markdown && pf_output_is_stdout(request->markdown))) {
		pf_calibration_print(calibration, stdout);
		fflush(stdout);
	}
	pf_status status = request->json
				   ? pf_json_write(pf_calibration_json(calibration), request->json, error)
				   : PF_OK;
	return status == PF_OK ? write_markdown(request->markdown, calibration, error) : status;
}

static pf_status measure(const struct request *request, pf_calibration *calibration, pf_error *error)
{
	size_t done = 0;
	pf_status status = find_folder(request, calibration, error);
	if (status == PF_OK && !request->show) {
		status = pf_calibration_lock(calibration, error);
	}
	if (status == PF_OK) {
		status = pf_calibration_load(calibration, error);
	}
	if (status == PF_ERR_NOT_FOUND && !request->show) {
		status = begin(request, calibration, error);
	}
	if (status == PF_OK && !request->show) {
		status = pf_sitting_run(calibration, request->only.texts, request->only.count, request->hours,
					tell, &done, error);
	}
	pf_progress_clear();
	return status;
}

static int execute(const struct request *request)
{
	static pf_calibration calibration;
	pf_error error = {0};
	pf_status status = pf_output_check(request->json, &error);
	if (status == PF_OK) {
		status = pf_output_check(request->markdown, &error);
	}
	if (status == PF_OK && request->replay) {
		status = pf_streams_read(request->replay, false, &calibration.streams, &error);
	} else if (status == PF_OK) {
		status = measure(request, &calibration, &error);
	}
	int code = status == PF_OK ? PF_EXIT_OK : pf_report_error(&error);
	/* What a stopped sitting measured is as good as any. */
	if ((status == PF_OK || status == PF_ERR_CANCELLED) &&
	    deliver(request, &calibration, &error) != PF_OK) {
		code = pf_report_error(&error);
	}
	pf_calibration_free(&calibration);
	return code;
}

int pf_cmd_calibrate(const pf_command *command, int argc, char **argv)
{
	struct request request = {.candidate = ".",
				  .hours = 1,
				  .margin_percent = 100 * PF_GATE_MARGIN,
				  .alpha = PF_GATE_ALPHA,
				  .max_time_s = PF_GATE_MAX_S,
				  .progress = {.mode = "auto"}};
	const pf_arg what[] = {
		{"hours", 0, PF_ARG_NUMBER, &request.hours, "H", "how long this sitting takes (default: 1)",
		 0.001, 1000},
		{"show", 0, PF_ARG_FLAG, &request.show, NULL,
		 "print what was found by now, and measure nothing", 0, 0},
		{"replay", 0, PF_ARG_INPUT, &request.replay, "FILE",
		 "put the kept streams of a file through the rules again", 0, 0},
		{"only", 0, PF_ARG_LIST, &request.only, "CELL",
		 "cells with this in their name, as layouts/quiet (may stand several times)", 0, 0},
		{"state", 0, PF_ARG_TEXT, &request.state, "DIR",
		 "where it is kept, and gone on with (default: .calibration in the data folder)", 0, 0},
		{"candidate", 0, PF_ARG_TEXT, &request.candidate, "REV|DIR",
		 "what a new calibration measures against itself (default: .)", 0, 0},
		{"source", 0, PF_ARG_TEXT, &request.source, "DIR",
		 "the CMake project's folder within the tree (default: its top)", 0, 0},
		{"cmake", 0, PF_ARG_LIST, &request.cmake, "-DNAME=VALUE",
		 "for cmake; may stand several times", 0, 0},
		{"workload", 0, PF_ARG_LIST, &request.workloads, "NAME",
		 "of a new calibration (default: sharpness, decode, resize)", 0, 0},
		{"margin", 'm', PF_ARG_NUMBER, &request.margin_percent, "PERCENT",
		 "of a new calibration (default: 0.5, of long calls 2)", 0.01, 100, &request.margin_given},
		{"alpha", 0, PF_ARG_NUMBER, &request.alpha, "P", "of a new calibration (default: 0.001)",
		 1e-9, 0.5},
		{"max-time", 0, PF_ARG_TIME, &request.max_time_s, "TIME",
		 "of each gate of a new calibration (default: 300)", 1, 1e6},
		{"json", 'j', PF_ARG_OUTPUT, &request.json, "FILE",
		 "write the receipt (- for standard output)", 0, 0},
		{"markdown", 0, PF_ARG_OUTPUT, &request.markdown, "FILE", "the receipt as a table", 0, 0},
		PF_PROGRESS_ARGS(request.progress),
		{0},
	};
	char **operands;
	int count;
	int code = pf_options_parse(command, what, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	/* Cheap, typical, and the one that the place of its code moves most. */
	static const char *const usual[] = {"sharpness", "decode", "resize"};
	bool own = request.workloads.count > 0;
	for (size_t i = 0; !own && i < sizeof usual / sizeof *usual; i++) {
		request.workloads.texts[request.workloads.count++] = usual[i];
	}
	pf_progress_choose(&request.progress);
	code = execute(&request);
	return pf_interrupts ? PF_EXIT_INTERRUPTED : code;
}
