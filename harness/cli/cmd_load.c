/* load: scenarios after MLPerf's LoadGen, with objectives. */
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/output.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/run_delivery.h"
#include "harness/cli/run_setting.h"
#include "harness/load/load.h"
#include "harness/load/slo.h"
#include "harness/progress/progress.h"
#include "harness/progress/run_progress.h"
#include "harness/record/load_json.h"
#include "harness/record/record_head.h"
#include "harness/run/contestant.h"
#include "harness/show/load_table.h"
#include "harness/stats/enough.h"

enum { LEAST_QUERIES = 100 };

struct request {
	pf_common common;
	pf_delivery delivery;
	pf_record_head head; /* of the record */
	const char *dataset, *scenario_name;
	pf_scenario scenario;
	pf_texts slo_texts;
	pf_slo slos[PF_MAX_TEXTS];
	uint32_t least_queries, trials;
	double duration_s, rate;
	uint64_t seed;
	bool has_seed, has_queries, has_rate;
};

static void show_progress(void *context, size_t done, size_t total)
{
	pf_progress_update(context, done, total, "photos", NULL);
}

/* Wrong output and an objective that is missed are 1, one that is undecided 3. */
static int exit_code(const struct request *request, bool wrong, bool measured)
{
	bool missed = false, undecided = false;
	for (size_t i = 0; i < request->slo_texts.count; i++) {
		missed = missed || request->slos[i].verdict == PF_SLO_MISSED;
		undecided = undecided || request->slos[i].verdict == PF_SLO_UNDECIDED;
	}
	return wrong           ? PF_EXIT_FAIL
	       : pf_interrupts ? PF_EXIT_INTERRUPTED
	       : !measured     ? PF_EXIT_ERROR
	       : missed        ? PF_EXIT_FAIL
	       : undecided     ? PF_EXIT_UNDECIDED
			       : PF_EXIT_OK;
}

/* All objectives have to be of the scenario. An objective of a percentile asks for as many photos as it
 * takes. */
static pf_status parse_slos(struct request *request, pf_error *error)
{
	for (size_t i = 0; i < request->slo_texts.count; i++) {
		pf_slo *slo = &request->slos[i];
		if (!pf_slo_parse(request->slo_texts.texts[i], slo)) {
			return pf_fail(
				error, PF_ERR_USAGE, NULL,
				"--slo takes pN=TIME, max=TIME (us, ms, s) or throughput=PHOTOS/S, not \"%s\"",
				request->slo_texts.texts[i]);
		}
		bool of_rate = slo->metric == PF_SLO_THROUGHPUT;
		if (of_rate != (request->scenario == PF_SCENARIO_OFFLINE)) {
			return pf_fail(error, PF_ERR_USAGE, NULL, "scenario %s takes no --slo %s",
				       request->scenario_name, slo->text);
		}
		size_t needed = slo->metric == PF_SLO_PERCENTILE ? pf_slo_least_count(slo->p, PF_LEVEL) : 0;
		if (!request->has_queries && needed > request->least_queries) {
			request->least_queries = needed < UINT32_MAX ? (uint32_t)needed : UINT32_MAX;
		}
	}
	return PF_OK;
}

/* Takes the record over: the table is printed from it. */
static pf_status deliver(const struct request *request, json_t *record, bool measured, pf_error *error)
{
	if (record && !pf_output_is_stdout(request->delivery.json)) {
		pf_load_print(record, stdout);
		fflush(stdout);
	}
	return pf_deliver_json(&request->delivery, record, measured, error);
}

static int run_stream(struct request *request, const pf_contestant *contestant, const pf_session *session)
{
	char label[200];
	pf_error error = {0};
	pf_load load = {.contestant = contestant,
			.session = session,
			.scenario = request->scenario,
			.least_queries = request->least_queries,
			.least_duration_s = request->duration_s,
			.rate = request->rate,
			.seed = request->has_seed ? request->seed : pf_seed_from_clock(),
			.progress = show_progress,
			.context = label};
	snprintf(label, sizeof label, "%s %s", request->scenario_name, contestant->label);
	pf_status status = pf_load_run(&load, &error);
	pf_progress_clear();
	if (status == PF_OK) {
		for (size_t i = 0; i < request->slo_texts.count; i++) {
			pf_slo_judge_latency(&request->slos[i], load.latency, PF_LEVEL);
		}
		status = deliver(
			request,
			pf_load_record(&load, request->slos, request->slo_texts.count, &request->head),
			load.count > 0 || load.wrong, &error);
	}
	int code = status == PF_OK ? exit_code(request, load.wrong > 0, load.count > 0)
				   : pf_report_error(&error);
	pf_load_release(&load);
	return code;
}

/* For as long as the duration asks, at least the trials that were asked for. */
static bool enough_trials(void *context, const pf_run *run)
{
	const struct request *request = context;
	double passed_s = (double)(pf_now_ns() - run->rounds_begin_ns) * 1e-9;
	return run->rounds_done >= request->trials && passed_s >= request->duration_s;
}

/* Photos a second of each checked trial, with the interval of their mean on the logarithms. */
static pf_interval rate_of(const pf_contestant *contestant)
{
	size_t n = 0;
	double *photos = calloc(2 * contestant->trial_count + 1, sizeof *photos);
	double *seconds = photos + contestant->trial_count;
	pf_interval rate = {0};
	if (!photos) {
		pf_out_of_memory();
	}
	for (size_t i = 0; i < contestant->trial_count; i++) {
		const pf_trial *trial = &contestant->trials[i];
		if (trial->checked && trial->photos_scored) {
			photos[n] = (double)trial->photos_scored;
			seconds[n++] = (double)trial->wall_ns * 1e-9;
		}
	}
	if (n && contestant->status == PF_RUN_OK) {
		rate = pf_ratio_interval(photos, seconds, n, PF_LEVEL);
	}
	free(photos);
	return rate;
}

static int run_offline(struct request *request, pf_contestant *contestant, const pf_session *session)
{
	pf_error error = {0};
	pf_run run = {.session = session,
		      .command = "load",
		      .contestants = contestant,
		      .contestant_count = 1,
		      .rounds = request->duration_s > 0 ? 100000 : request->trials,
		      .seed = request->has_seed ? request->seed : pf_seed_from_clock(),
		      .enough = enough_trials,
		      .enough_context = request};
	pf_status status = pf_run_execute(&run, &pf_run_progress, &error);
	pf_progress_clear();
	pf_interval rate = rate_of(contestant);
	if (status == PF_OK) {
		for (size_t i = 0; i < request->slo_texts.count; i++) {
			pf_slo_judge_throughput(&request->slos[i], &rate);
		}
		status = deliver(request,
				 pf_offline_record(&run, &rate, request->slos, request->slo_texts.count,
						   request->delivery.label),
				 pf_anything_measured(&run), &error);
	}
	int code = status == PF_OK ? exit_code(request, contestant->status == PF_RUN_WRONG_OUTPUT, rate.n > 0)
				   : pf_report_error(&error);
	pf_run_release(&run);
	return code;
}

static int execute(struct request *request, pf_contestant *contestant, const pf_scorer_config *config)
{
	pf_error error = {0};
	pf_run_setting setting = {.session = {.manifest_fd = -1}};
	bool offline = request->scenario == PF_SCENARIO_OFFLINE;
	request->head = (pf_record_head){.command = "load", .label = request->delivery.label};
	pf_started_now(request->head.started);
	pf_status status = pf_delivery_check(&request->delivery, &error);
	if (status == PF_OK) {
		status = pf_run_setting_open(&setting, &request->common, request->dataset, config, &error);
	}
	if (status == PF_OK && !offline && request->common.timeout_s <= 0) {
		double photos = request->least_queries + request->duration_s * request->rate;
		setting.session.timeout_s = 600 + 10 * request->duration_s + 10 * photos;
	}
	int code = status != PF_OK ? pf_report_error(&error)
		   : offline       ? run_offline(request, contestant, &setting.session)
				   : run_stream(request, contestant, &setting.session);
	pf_run_setting_close(&setting);
	return code;
}

static pf_status choose(struct request *request, const char *operand, pf_contestant *contestant,
			pf_error *error)
{
	pf_status status = pf_contestant_parse(operand, request->common.workers, contestant, error);
	if (status != PF_OK) {
		return status;
	}
	while (strcmp(request->scenario_name, pf_scenario_name(request->scenario)) != 0) {
		request->scenario++;
	}
	if (contestant->variant->caps & PF_CAP_FLOOR) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "%s scores nothing", operand);
	}
	if (contestant->variant->caps & PF_CAP_COMMAND && request->scenario != PF_SCENARIO_OFFLINE) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       "%s is a program that is given a whole dataset: only offline can be tested",
			       operand);
	}
	if ((request->scenario == PF_SCENARIO_SERVER) != request->has_rate) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       "--rate belongs to --scenario server, which needs it");
	}
	return parse_slos(request, error);
}

int pf_cmd_load(const pf_command *command, int argc, char **argv)
{
	struct request request = {.common = PF_COMMON_DEFAULTS,
				  .dataset = "dash",
				  .scenario_name = "single-stream",
				  .least_queries = LEAST_QUERIES,
				  .trials = 5};
	const pf_arg table[] = {
		{"scenario", 0, PF_ARG_CHOICE, &request.scenario_name, "offline|single-stream|server",
		 "all photos at once, one after the other, or as they arrive (default: single-stream)", 0, 0},
		{"slo", 0, PF_ARG_LIST, &request.slo_texts, "METRIC=LIMIT",
		 "p95=200ms, p99.9=1s, max=2s, or throughput=12 offline (may stand several times)", 0, 0},
		{"dataset", 'd', PF_ARG_TEXT, &request.dataset, "NAME|DIR",
		 "dataset by name, or a folder of photos (default: dash)", 0, 0},
		{.name = "queries",
		 .type = PF_ARG_COUNT,
		 .target = &request.least_queries,
		 .given = &request.has_queries,
		 .metavar = "N",
		 .help = "photos at least (default: 100, or what the percentiles of --slo take)",
		 .least = 1,
		 .most = 10000000},
		{"duration", 0, PF_ARG_TIME, &request.duration_s, "TIME",
		 "goes on for so long at least (default: 0)", 0, 1e6},
		{"rounds", 'r', PF_ARG_COUNT, &request.trials, "R", "offline: trials at least (default: 5)",
		 1, 100000},
		{"trials", 0, PF_ARG_COUNT, &request.trials, "R", NULL, 1, 100000},
		{.name = "rate",
		 .type = PF_ARG_NUMBER,
		 .target = &request.rate,
		 .given = &request.has_rate,
		 .metavar = "PHOTOS/S",
		 .help = "server: arrivals a second, a Poisson stream",
		 .least = 1e-3,
		 .most = 1e6},
		PF_DELIVERY_ARGS(request.delivery),
		{.name = "seed",
		 .type = PF_ARG_SEED,
		 .target = &request.seed,
		 .given = &request.has_seed,
		 .metavar = "N",
		 .help = "of the order of photos and of arrivals (default: from the clock)"},
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
	pf_contestant contestant = {0};
	pf_status status = pf_common_apply(&request.common, &config, &error);
	if (status == PF_OK) {
		status = choose(&request, operands[0], &contestant, &error);
	}
	return status == PF_OK ? execute(&request, &contestant, &config) : pf_report_error(&error);
}
