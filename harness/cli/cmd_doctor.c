/* doctor: what about this machine spoils measurements. */
#include "datasets/dataset_store.h"
#include "harness/base/interrupt.h"
#include "harness/base/output.h"
#include "harness/base/text.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/tuned_args.h"
#include "harness/progress/progress.h"
#include "harness/record/doctor_json.h"
#include "harness/show/doctor_table.h"
#include "harness/show/observer_lines.h"

#define LOOK_S 0.5
#define NOISE_S 10.0

enum { SELF_BATCHES = 1001 };

struct request {
	bool quick, self, strict;
	const char *json;
	pf_progress_choice progress;
};

static void tell(size_t done, size_t total)
{
	pf_progress_update("measuring the noise floor", done, total, "processors", NULL);
}

static bool spoils(const pf_finding *findings)
{
	for (int i = 0; findings && i < PF_FINDING_COUNT; i++) {
		if (findings[i].status == PF_FINDING_SPOILS) {
			return true;
		}
	}
	return false;
}

static pf_status deliver(const struct request *request, const pf_doctor_report *report, pf_error *error)
{
	int columns = pf_text_columns(fileno(stdout));
	pf_new_file file;
	if (!request->json || !pf_output_is_stdout(request->json)) {
		if (report->findings) {
			pf_doctor_print_findings(report->findings, columns, stdout);
		}
		if (report->noise) {
			pf_doctor_print_noise(report->noise, columns, stdout);
		}
		if (report->findings) {
			pf_doctor_print_summary(report->findings, stdout);
			pf_tuned_print(stdout);
		}
		if (report->observer) {
			pf_observer_print_costs(report->observer, stdout);
		}
	}
	fflush(stdout);
	pf_status status = request->json ? pf_output_open(&file, request->json, error) : PF_OK;
	if (request->json && status == PF_OK) {
		status = pf_doctor_json(report, file.stream, error);
		status = pf_interrupts ? pf_output_close_part(&file, status, NULL, error)
				       : pf_output_close(&file, status, error);
	}
	return status;
}

static int execute(const struct request *request)
{
	pf_error error = {0}, ignored;
	char home[PF_STORE_PATH_MAX];
	static pf_finding findings[PF_FINDING_COUNT];
	static pf_observer observer;
	pf_noise_floor noise = {0};
	pf_doctor_report report = {0};
	pf_status status = pf_output_check(request->json, &error);
	if (status == PF_OK && request->self) {
		pf_observer_measure(SELF_BATCHES, &observer);
		report.observer = &observer;
	} else if (status == PF_OK) {
		pf_doctor_question question = {.look_s = LOOK_S};
		question.folder = pf_store_home(home, &ignored) == PF_OK ? home : NULL;
		pf_doctor_ask(&question, findings);
		report.findings = findings;
	}
	if (status == PF_OK && !request->self && !request->quick) {
		status = pf_noise_measure(NOISE_S, tell, &noise, &error);
		report.noise = status == PF_OK ? &noise : NULL;
		status = status == PF_ERR_CANCELLED ? PF_OK : status;
	}
	pf_progress_clear();
	int code = status == PF_OK ? PF_EXIT_OK : pf_report_error(&error);
	if ((report.findings || report.observer) && deliver(request, &report, &error) != PF_OK) {
		code = pf_report_error(&error);
	}
	pf_noise_release(&noise);
	code = code == PF_EXIT_OK && request->strict && spoils(report.findings) ? PF_EXIT_FAIL : code;
	return pf_interrupts ? PF_EXIT_INTERRUPTED : code;
}

int pf_cmd_doctor(const pf_command *command, int argc, char **argv)
{
	struct request request = {.progress = {.mode = "auto"}};
	const pf_arg table[] = {
		{"quick", 0, PF_ARG_FLAG, &request.quick, NULL, "without the noise floor, which takes 10 s",
		 0, 0},
		{"self", 0, PF_ARG_FLAG, &request.self, NULL, "only what observing costs on this machine", 0,
		 0},
		{"strict", 0, PF_ARG_FLAG, &request.strict, NULL,
		 "exit status 1 if anything spoils measurements", 0, 0},
		{"json", 'j', PF_ARG_OUTPUT, &request.json, "FILE",
		 "write what was found (- for standard output)", 0, 0},
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
	return execute(&request);
}
