/* compare: two variants against each other. */
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/output.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/comparison_args.h"
#include "harness/cli/memory_args.h"
#include "harness/cli/run_delivery.h"
#include "harness/cli/run_setting.h"
#include "harness/progress/progress.h"
#include "harness/progress/run_progress.h"
#include "harness/registry/outside.h"
#include "harness/run/contestant.h"
#include "harness/run/other_build.h"
#include "harness/run/run_comparison.h"
#include "harness/show/compare_table.h"

struct request {
	pf_common common;
	pf_comparison_choice choice;
	pf_memory_report memory;
	pf_delivery delivery;
	const char *dataset;
	uint64_t seed;
	bool has_seed;
};

/* Output that differs is 1, whatever the variant announced: who compares times needs the same work. */
static int exit_code(const pf_run *run, const pf_run_comparison *comparison,
		     const pf_comparison_choice *choice)
{
	bool cpu = comparison->by_cpu;
	bool fails = pf_comparison_fails(choice, cpu ? &comparison->cpu : &comparison->result,
					 cpu ? comparison->cpu_known : comparison->pairs > 0, false);
	int code = !comparison->pairs ? PF_EXIT_ERROR : fails ? PF_EXIT_FAIL : PF_EXIT_OK;
	for (size_t i = 0; i < run->contestant_count; i++) {
		code = run->contestants[i].status == PF_RUN_WRONG_OUTPUT ? PF_EXIT_FAIL : code;
	}
	return pf_interrupts ? PF_EXIT_INTERRUPTED : code;
}

static pf_status deliver(const struct request *request, const pf_run *run,
			 const pf_run_comparison *comparison, pf_error *error)
{
	const char *json = request->delivery.json;
	if (!json || !pf_output_is_stdout(json)) {
		pf_compare_print(run, comparison, stdout);
	}
	fflush(stdout);
	return pf_deliver_record(&request->delivery, run, error);
}

static int execute(struct request *request, pf_contestant *contestants, const pf_scorer_config *config)
{
	pf_error error = {0}, why = {0};
	pf_run_setting setting = {.session = {.manifest_fd = -1}};
	pf_run_comparison comparison = {
		.rules = pf_comparison_rules_of(&request->choice),
		.max_time_s = request->choice.max_time_s,
		.by_cpu = pf_comparison_by_cpu(&request->choice),
		.stopped = "rounds",
	};
	if (!request->choice.rounds && !request->choice.until_decided && !request->choice.max_time_s) {
		comparison.max_time_s = PF_COMPARISON_TIME_S;
		comparison.least_rounds = PF_COMPARISON_LEAST_ROUNDS;
	}
	pf_run run = {
		.session = &setting.session,
		.command = "compare",
		.label = request->delivery.label,
		.contestants = contestants,
		.contestant_count = 2,
		.rounds = pf_comparison_rounds_of(&request->choice),
		.seed = request->has_seed ? request->seed : pf_seed_from_clock(),
		.enough = pf_run_comparison_enough,
		.enough_context = &comparison,
		.comparison = &comparison,
	};
	pf_status status = pf_delivery_check(&request->delivery, &error);
	if (status == PF_OK) {
		status = pf_run_setting_open(&setting, &request->common, request->dataset, config, &error);
	}
	bool executed = status == PF_OK;
	if (executed) {
		pf_common_tell_start(run.command, setting.dataset, run.rounds, contestants, 2);
		status = pf_run_execute(&run, &pf_run_progress, &error);
		if (status == PF_OK) {
			pf_run_count_instructions(&run);
		}
		pf_run_compare(&run, &comparison);
		comparison.stopped = !run.partial      ? comparison.stopped
				     : status == PF_OK ? "request"
						       : "failure";
	}
	if (status == PF_OK) {
		status = pf_memory_args_run(&run, &request->memory, &error);
	}
	pf_progress_clear();
	int code = status == PF_OK ? exit_code(&run, &comparison, &request->choice) : pf_report_error(&error);
	if (executed && (status == PF_OK || pf_anything_measured(&run)) &&
	    deliver(request, &run, &comparison, &why) != PF_OK) {
		code = pf_report_error(&why);
	}
	pf_memory_report_release(&request->memory);
	pf_run_release(&run);
	pf_run_setting_close(&setting);
	return code;
}

/* A variant of another build, VARIANT@PATH: it is named by the first digits of that build's id. */
static pf_status choose_of_build(const char *name, uint32_t workers, pf_contestant *contestant,
				 pf_build *build, pf_error *error)
{
	char variant[sizeof contestant->label];
	size_t length = strcspn(name, "@");
	if (length + sizeof "@12345678" > sizeof variant) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "the variant's options are too long");
	}
	if (!name[length + 1]) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       "%s: a path to another build of photofinish belongs behind the @", name);
	}
	memcpy(variant, name, length);
	variant[length] = '\0';
	pf_status status = pf_contestant_parse(variant, workers, contestant, error);
	if (status == PF_OK && pf_outside_of(contestant->variant)) {
		status = pf_fail(error, PF_ERR_USAGE, NULL,
				 "%s is no variant of a build: it comes from outside", variant);
	}
	if (status == PF_OK) {
		status = pf_build_ask(name + length + 1, contestant->variant, build, error);
	}
	if (status == PF_OK) {
		contestant->build = build;
		snprintf(contestant->label + length, sizeof contestant->label - length, "@%.8s", build->id);
	}
	return status;
}

static pf_status choose_one(const char *name, uint32_t workers, pf_contestant *contestant, pf_build *build,
			    pf_error *error)
{
	if (strchr(name, '@')) {
		return choose_of_build(name, workers, contestant, build, error);
	}
	if (strchr(name, '/')) {
		pf_fail(error, PF_ERR_USAGE, NULL,
			"%s is no variant; for commands write compare --commands A B", name);
		return PF_ERR_USAGE;
	}
	return pf_contestant_parse(name, workers, contestant, error);
}

/* The two; where both are the same, the second one is known by another name. */
static pf_status choose(char **names, uint32_t workers, pf_contestant *contestants, pf_build *builds,
			pf_error *error)
{
	for (size_t i = 0; i < 2; i++) {
		pf_status status = choose_one(names[i], workers, &contestants[i], &builds[i], error);
		const struct pf_variant *variant = contestants[i].variant;
		if (status == PF_OK && variant && variant->caps & PF_CAP_FLOOR) {
			status = pf_fail(error, PF_ERR_USAGE, NULL,
					 "%s scores nothing: there is nothing to compare", names[i]);
		}
		if (status != PF_OK) {
			return status;
		}
	}
	if (strcmp(contestants[0].label, contestants[1].label) == 0) {
		static const char again[] = " (again)";
		size_t length = strlen(contestants[1].label),
		       room = sizeof contestants[1].label - sizeof again;
		length = length < room ? length : room;
		memcpy(contestants[1].label + length, again, sizeof again);
	}
	return PF_OK;
}

int pf_cmd_compare_variants(const pf_command *command, int argc, char **argv)
{
	struct request request = {
		.common = PF_COMMON_DEFAULTS, .choice = PF_COMPARISON_DEFAULTS, .dataset = "dash"};
	const pf_arg table[] = {
		{"dataset", 'd', PF_ARG_TEXT, &request.dataset, "NAME|DIR",
		 "dataset by name, or a folder of photos (default: dash)", 0, 0},
		{"rounds", 'r', PF_ARG_COUNT, &request.choice.rounds, "R",
		 "trials of each (default: 10 if they fit into 50 s, at least 3)", 1, 100000},
		PF_COMPARISON_ARGS(request.choice, "50, if no rounds are given"),
		PF_DELIVERY_ARGS(request.delivery),
		{.name = "seed",
		 .type = PF_ARG_SEED,
		 .target = &request.seed,
		 .given = &request.has_seed,
		 .metavar = "N",
		 .help = "seed of the shuffled order of trials (default: from the clock)"},
		PF_PLUGIN_ARG(request.common.plugins),
		PF_COMMAND_ARG(request.common.commands),
		PF_COUNTERS_ARG(request.common),
		PF_PLACEMENT_ARG(request.common),
		PF_MEMORY_ARGS(request.memory),
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
	pf_contestant contestants[2] = {0};
	pf_build builds[2];
	pf_status status = pf_comparison_choice_check(&request.choice, &error);
	if (status == PF_OK) {
		status = pf_common_apply(&request.common, &config, &error);
	}
	if (status == PF_OK) {
		status = choose(operands, request.common.workers, contestants, builds, &error);
	}
	return status == PF_OK ? execute(&request, contestants, &config) : pf_report_error(&error);
}
