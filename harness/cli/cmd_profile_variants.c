/* profile: of a variant, against another one where that is wanted. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/text.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/profile_delivery.h"
#include "harness/cli/run_setting.h"
#include "harness/progress/progress.h"
#include "harness/run/contestant.h"
#include "harness/run/profile_trials.h"
#include "harness/show/profile_table.h"

struct request {
	pf_common common;
	pf_profile_choice choice;
	const char *dataset, *against;
};

static void show_progress(const char *label, size_t done, size_t total)
{
	char text[160];
	snprintf(text, sizeof text, "profiling %s", label);
	pf_progress_update(text, done, total, "trials", NULL);
}

static pf_status report(const struct request *request, const pf_profile_trials *trials, pf_error *error)
{
	for (size_t i = 0; i < trials->count; i++) {
		const pf_profiled *profiled = &trials->profiled[i];
		const pf_contestant *contestant = profiled->contestant;
		bool command = contestant->variant->caps & PF_CAP_COMMAND;
		if (!profiled->profile.runs) {
			return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped before %s had run",
				       contestant->label);
		}
		pf_profile_print(&profiled->profile, command ? NULL : profiled->stages,
				 profiled->pairs ? &profiled->cpu : NULL, &profiled->wall, stdout);
		fputs(i + 1 < trials->count ? "\n" : "", stdout);
	}
	if (trials->stopped || pf_interrupts) {
		pf_text_say(stdout, "PARTIAL: stopped on request before all %" PRIu32 " round%s had run.\n",
			    trials->rounds, pf_text_plural(trials->rounds));
	}
	fflush(stdout);
	return pf_profile_deliver(&request->choice, &trials->profiled[0].profile,
				  trials->count > 1 ? &trials->profiled[1].profile : NULL, error);
}

static int execute(const struct request *request, const pf_contestant *contestants, size_t count,
		   const pf_scorer_config *config)
{
	pf_error error = {0};
	pf_run_setting setting = {.session = {.manifest_fd = -1}};
	pf_profile_order order = pf_profile_order_of(&request->choice);
	pf_profiled profiled[2] = {{.contestant = &contestants[0]}, {.contestant = &contestants[1]}};
	pf_profile_trials trials = {.session = &setting.session,
				    .order = &order,
				    .rounds = request->choice.rounds ? request->choice.rounds : 3,
				    .seed = pf_seed_from_clock(),
				    .profiled = profiled,
				    .count = count,
				    .told = show_progress};
	trials.compare_off = trials.rounds > 1;
	pf_status status = pf_profile_folder_make(&request->choice, &error);
	if (status == PF_OK) {
		status = pf_run_setting_open(&setting, &request->common, request->dataset, config, &error);
	}
	if (status == PF_OK) {
		status = pf_profile_trials_run(&trials, &error);
	}
	pf_progress_clear();
	if (status == PF_OK) {
		status = report(request, &trials, &error);
	}
	int code = status != PF_OK                   ? pf_report_error(&error)
		   : trials.stopped || pf_interrupts ? PF_EXIT_INTERRUPTED
						     : PF_EXIT_OK;
	pf_profile_trials_release(&trials);
	pf_run_setting_close(&setting);
	return code;
}

int pf_cmd_profile_variants(const pf_command *command, int argc, char **argv)
{
	struct request request = {
		.common = PF_COMMON_DEFAULTS, .choice = PF_PROFILE_DEFAULTS, .dataset = "dash"};
	const pf_arg table[] = {
		{"dataset", 'd', PF_ARG_TEXT, &request.dataset, "NAME|DIR",
		 "dataset by name, or a folder of photos (default: dash)", 0, 0},
		{"against", 0, PF_ARG_TEXT, &request.against, "B",
		 "profile the variant B, too, and draw the difference", 0, 0},
		PF_PROFILE_ARGS(request.choice),
		PF_VARIANT_ARGS(request.common),
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
	pf_contestant contestants[2] = {0};
	if (request.choice.show_output) {
		return pf_usage_error(command, "--show-output is for a command");
	}
	pf_status status = pf_common_apply(&request.common, &config, &error);
	if (status == PF_OK) {
		status = pf_contestant_parse(operands[0], request.common.workers, &contestants[0], &error);
	}
	if (status == PF_OK && request.against) {
		status = pf_contestant_parse(request.against, request.common.workers, &contestants[1],
					     &error);
	}
	return status == PF_OK ? execute(&request, contestants, request.against ? 2 : 1, &config)
			       : pf_report_error(&error);
}
