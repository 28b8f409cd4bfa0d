/* presets: what each costs and what it is worth, measured. */
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/json_file.h"
#include "harness/base/output.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/run_setting.h"
#include "harness/machine/environment.h"
#include "harness/presets/presets.h"
#include "harness/progress/progress.h"
#include "harness/record/presets_json.h"
#include "harness/run/contestant.h"
#include "harness/show/presets_table.h"

struct request {
	pf_common common;
	const char *dataset, *variant, *json;
	uint32_t rounds;
	uint64_t seed;
	bool has_seed;
};

static void tell(void *context, const char *what, uint32_t done, uint32_t total)
{
	(void)context;
	pf_progress_update("presets", done, total, "trials", what);
}

static pf_status deliver(const struct request *request, const pf_presets *presets, pf_error *error)
{
	if (!pf_output_is_stdout(request->json)) {
		pf_presets_print(presets, stdout);
	}
	fflush(stdout);
	return request->json ? pf_json_write(pf_presets_json(presets), request->json, error) : PF_OK;
}

/* Wrong output and a preset that another dominates are 1, one that cannot be told from another 3. */
static int exit_code(const pf_presets *presets)
{
	bool dominated = false, undecided = false;
	for (uint32_t p = 0; p < PF_PRESETS; p++) {
		dominated = dominated || presets->rows[p].verdict == PF_PRESET_DOMINATED;
		undecided = undecided || presets->rows[p].verdict == PF_PRESET_UNDECIDED;
	}
	return presets->partial || pf_interrupts ? PF_EXIT_INTERRUPTED
	       : dominated                       ? PF_EXIT_FAIL
	       : undecided                       ? PF_EXIT_UNDECIDED
						 : PF_EXIT_OK;
}

static pf_status open_sessions(const struct request *request, const pf_dataset *dataset,
			       const pf_scorer_config *config, pf_session sessions[PF_PRESETS],
			       pf_error *error)
{
	pf_status status = PF_OK;
	for (uint32_t p = 0; p < PF_PRESETS && status == PF_OK; p++) {
		pf_scorer_config own = *config;
		own.preset = p;
		const char *problem = pf_preset_problem(&own);
		if (problem) {
			return pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "preset %s: %s",
				       pf_preset_plan_of(p)->name, problem);
		}
		status = pf_session_open(&sessions[p], dataset, &own, error);
		if (status == PF_OK) {
			pf_common_limits(&request->common, &sessions[p]);
			sessions[p].observer = pf_observer_of_this_machine();
		}
	}
	return status;
}

static void say_warming(void *context, size_t done, size_t total)
{
	(void)context;
	pf_progress_update("reading photos", done, total, "photos", NULL);
}

static int execute(const struct request *request, const pf_scorer_config *config,
		   const pf_contestant *contestant)
{
	pf_error error = {0};
	pf_dataset *dataset = NULL;
	pf_session sessions[PF_PRESETS];
	pf_presets presets = {.sessions = sessions,
			      .contestant = contestant,
			      .rounds = request->rounds,
			      .seed = request->has_seed ? request->seed : pf_seed_from_clock(),
			      .tell = tell};
	for (uint32_t p = 0; p < PF_PRESETS; p++) {
		sessions[p] = (pf_session){.manifest_fd = -1};
	}
	pf_status status = pf_build_check_timing(&error);
	if (status == PF_OK) {
		status = pf_common_dataset(request->dataset, &dataset, &error);
	}
	if (status == PF_OK && dataset->count == 0) {
		status = pf_fail(&error, PF_ERR_INVALID, request->dataset, "the dataset has no photos");
	}
	if (status == PF_OK) {
		presets.dataset = dataset;
		status = open_sessions(request, dataset, config, sessions, &error);
	}
	if (status == PF_OK) {
		pf_common_tell_start("presets", dataset, request->rounds, contestant, 1);
		status = pf_dataset_warm(dataset, say_warming, NULL, &error);
	}
	if (status == PF_OK) {
		status = pf_presets_measure(&presets, &error);
	}
	pf_progress_clear();
	bool wrong = status == PF_OK && presets.wrong[0];
	if (wrong) {
		pf_progress_say("photofinish: wrong output: %s", presets.wrong);
	} else if (status == PF_OK) {
		status = deliver(request, &presets, &error);
	}
	int code = status != PF_OK ? pf_report_error(&error) : wrong ? PF_EXIT_FAIL : exit_code(&presets);
	pf_presets_release(&presets);
	for (uint32_t p = 0; p < PF_PRESETS; p++) {
		pf_session_close(&sessions[p]);
	}
	pf_dataset_free(dataset);
	return code;
}

int pf_cmd_presets(const pf_command *command, int argc, char **argv)
{
	struct request request = {
		.common = PF_COMMON_DEFAULTS, .dataset = "dash", .variant = "fast-exact", .rounds = 5};
	const pf_arg table[] = {
		{"dataset", 'd', PF_ARG_TEXT, &request.dataset, "NAME|DIR",
		 "dataset by name, or a folder of photos (default: dash)", 0, 0},
		{"variant", 'v', PF_ARG_TEXT, &request.variant, "NAME",
		 "that executes them, of those with exact scores (default: fast-exact)", 0, 0},
		{"rounds", 'r', PF_ARG_COUNT, &request.rounds, "R", "trials of each preset (default: 5)", 1,
		 10000},
		{.name = "seed",
		 .type = PF_ARG_SEED,
		 .target = &request.seed,
		 .given = &request.has_seed,
		 .metavar = "N",
		 .help = "of the order within rounds (default: from the clock)"},
		{"json", 'j', PF_ARG_OUTPUT, &request.json, "FILE",
		 "write what was measured (- for standard output)", 0, 0},
		PF_PLACEMENT_ARG(request.common),
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
		status = pf_output_check(request.json, &error);
	}
	if (status == PF_OK) {
		status = pf_contestant_parse(request.variant, request.common.workers, &contestant, &error);
	}
	if (status == PF_OK && contestant.variant->caps & (PF_CAP_FLOOR | PF_CAP_APPROX)) {
		status = pf_fail(&error, PF_ERR_USAGE, NULL,
				 "variant %s has no exact scores to compare presets by", request.variant);
	}
	return status == PF_OK ? execute(&request, &config, &contestant) : pf_report_error(&error);
}
