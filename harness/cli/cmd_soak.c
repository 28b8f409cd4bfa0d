/* soak: does a variant grow, or grow slower, in the long run? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/output.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/run_delivery.h"
#include "harness/cli/run_setting.h"
#include "harness/load/soak.h"
#include "harness/progress/progress.h"
#include "harness/record/record_head.h"
#include "harness/record/soak_json.h"
#include "harness/run/contestant.h"
#include "harness/show/soak_table.h"
#include "harness/stats/theil_sen.h"

struct request {
	pf_common common;
	pf_delivery delivery;
	const char *dataset;
	double duration_s;
	uint32_t photos, runs;
	uint64_t seed;
	bool has_seed;
};

static void show_progress(void *context, size_t done, size_t total)
{
	pf_progress_update(context, done, total, "photos", NULL);
}

/* Growth and wrong output are 1, what is undecided 3; what could not be tested is said and no failure. */
static int exit_code(const pf_soak *soak)
{
	bool undecided = false, tested = false, grows = soak->wrong > 0;
	for (int i = 0; i < PF_SOAK_COUNT; i++) {
		grows = grows || soak->trends[i].verdict == PF_SOAK_GROWS;
		undecided = undecided || soak->trends[i].verdict == PF_SOAK_UNDECIDED;
		tested = tested || soak->trends[i].verdict != PF_SOAK_UNTESTED;
	}
	return grows                  ? PF_EXIT_FAIL
	       : pf_interrupts        ? PF_EXIT_INTERRUPTED
	       : undecided || !tested ? PF_EXIT_UNDECIDED
				      : PF_EXIT_OK;
}

/* What threads keep back of freed memory (tcache) counts as in use, and settles only in the long run: without
 * it the heap's count is exact. For the processes that are started from here on. */
static void count_exactly(void)
{
	static const char exact[] = "glibc.malloc.tcache_count=0";
	char tunables[4096];
	const char *set = getenv("GLIBC_TUNABLES");
	snprintf(tunables, sizeof tunables, "%s%s%s", set ? set : "", set && *set ? ":" : "", exact);
	setenv("GLIBC_TUNABLES", tunables, 1);
}

/* What is too little is known before: the warm-up is the first pass of each process, at least. */
static void say_too_few(const struct request *request, const pf_contestant *contestant, size_t pass)
{
	size_t processes = contestant->variant->caps & PF_CAP_WORKERS ? contestant->workers : 1;
	size_t photos = (request->photos + pass - 1) / pass * pass; /* whole passes */
	size_t least = processes * (pass + PF_TREND_LEAST);
	if (request->photos && photos < least) {
		pf_progress_say(
			"photofinish: %zu photos are too few to test anything: %zu process%s would need %zu, "
			"one pass of %zu each to warm up and %d behind it",
			photos, processes, processes == 1 ? "" : "es", least, pass, PF_TREND_LEAST);
	}
}

static pf_status deliver(const struct request *request, const pf_soak *soak, const pf_record_head *head,
			 pf_error *error)
{
	json_t *record = pf_soak_record(soak, head);
	if (record && !pf_output_is_stdout(request->delivery.json)) {
		pf_soak_print(record, stdout);
		fflush(stdout);
	}
	return pf_deliver_json(&request->delivery, record, soak->done > 0, error);
}

static int execute(const struct request *request, const pf_contestant *contestant,
		   const pf_scorer_config *config)
{
	char label[160];
	pf_error error = {0};
	pf_run_setting setting = {.session = {.manifest_fd = -1}};
	pf_soak soak = {.contestant = contestant,
			.session = &setting.session,
			.duration_s = request->duration_s,
			.photos = request->photos,
			.runs = request->runs,
			.seed = request->has_seed ? request->seed : pf_seed_from_clock(),
			.progress = show_progress,
			.context = label};
	snprintf(label, sizeof label, "soaking %s", contestant->label);
	pf_record_head head = {.command = "soak", .label = request->delivery.label};
	pf_started_now(head.started);
	pf_status status = pf_delivery_check(&request->delivery, &error);
	if (status == PF_OK) {
		status = pf_run_setting_open(&setting, &request->common, request->dataset, config, &error);
	}
	if (status == PF_OK) {
		if (request->common.timeout_s <= 0) {
			setting.session.timeout_s += 10 * request->duration_s + 10.0 * request->photos;
		}
		say_too_few(request, contestant, setting.dataset->count);
		count_exactly();
		status = pf_soak_run(&soak, &error);
	}
	pf_progress_clear();
	if (status == PF_OK) {
		status = deliver(request, &soak, &head, &error);
	}
	int code = status == PF_OK ? exit_code(&soak) : pf_report_error(&error);
	pf_soak_release(&soak);
	pf_run_setting_close(&setting);
	return code;
}

int pf_cmd_soak(const pf_command *command, int argc, char **argv)
{
	struct request request = {
		.common = PF_COMMON_DEFAULTS, .dataset = "dash", .duration_s = 600, .runs = 1};
	const pf_arg table[] = {
		{"duration", 0, PF_ARG_TIME, &request.duration_s, "TIME",
		 "about how long, as 90s, 10min or 2h (default: 10min)", 0.001, 1e7},
		{"photos", 0, PF_ARG_COUNT, &request.photos, "N",
		 "so many photos instead, in whole passes over the dataset", 1, 10000000},
		{"runs", 0, PF_ARG_COUNT, &request.runs, "R",
		 "calls of the variant's run that they are split into (default: 1)", 1, 1000},
		{"dataset", 'd', PF_ARG_TEXT, &request.dataset, "NAME|DIR",
		 "dataset by name, or a folder of photos (default: dash)", 0, 0},
		PF_DELIVERY_ARGS(request.delivery),
		{.name = "seed",
		 .type = PF_ARG_SEED,
		 .target = &request.seed,
		 .given = &request.has_seed,
		 .metavar = "N",
		 .help = "of the bootstrap (default: from the clock)"},
		PF_PLUGIN_ARG(request.common.plugins),
		PF_SCORING_ARGS(request.common),
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
	pf_contestant contestant = {0};
	pf_status status = pf_common_apply(&request.common, &config, &error);
	if (status == PF_OK) {
		status = pf_contestant_parse(operands[0], request.common.workers, &contestant, &error);
	}
	if (status == PF_OK && contestant.variant && contestant.variant->caps & PF_CAP_FLOOR) {
		status = pf_fail(&error, PF_ERR_USAGE, NULL, "%s scores nothing", contestant.label);
	}
	return status == PF_OK ? execute(&request, &contestant, &config) : pf_report_error(&error);
}
