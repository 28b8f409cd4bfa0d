/* load: scenarios after MLPerf's LoadGen, with objectives. */
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/output.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/load_url.h"
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
	const char *dataset, *scenario_name, *rate_text;
	pf_load_url_order url; /* of a server */
	pf_scenario scenario;
	pf_texts slo_texts;
	pf_slo slos[PF_MAX_TEXTS + 1];
	uint32_t least_queries, trials;
	double duration_s, rate;
	uint64_t seed;
	bool has_seed, has_queries, has_scenario, reopen;
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
				"--slo takes pN=TIME, max=TIME (us, ms, s), throughput=PHOTOS/S or ok=PERCENT%%, "
				"not \"%s\"",
				request->slo_texts.texts[i]);
		}
		bool of_rate = slo->metric == PF_SLO_THROUGHPUT, of_server = slo->metric == PF_SLO_OK;
		bool offline = !request->url.url && request->scenario == PF_SCENARIO_OFFLINE;
		if (of_rate != offline || (of_server && !request->url.url)) {
			return pf_fail(error, PF_ERR_USAGE, NULL, "%s%s takes no --slo %s",
				       request->url.url ? "" : "scenario ",
				       request->url.url ? "--url" : request->scenario_name, slo->text);
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
			.reopen = request->reopen,
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
	const pf_load_url_order *url = &request->url;
	if (!operand) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "load needs a variant, or the --url of a server");
	}
	if (url->users || url->deadline_s > 0 || url->stress || url->unchecked || url->token_file ||
	    url->remote) {
		return pf_fail(
			error, PF_ERR_USAGE, NULL,
			"--users, --deadline, --stress, --unchecked, --token-file and --remote belong to --url");
	}
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
	pf_rate_phase rates[PF_RATE_PHASES_MOST];
	if ((request->scenario == PF_SCENARIO_SERVER) != (request->rate_text != NULL)) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       "--rate belongs to --scenario server, which needs it");
	}
	if (request->rate_text && pf_rate_parse(request->rate_text, rates) != 1) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "--rate of a variant is one number, not \"%s\"",
			       request->rate_text);
	}
	request->rate = request->rate_text ? rates[0].from : 0;
	return parse_slos(request, error);
}

/* A variant, if there is one, says what scores the server may give. */
static pf_status choose_url(struct request *request, const char *operand, pf_contestant *contestant,
			    pf_error *error)
{
	pf_load_url_order *url = &request->url;
	pf_status status = operand ? pf_contestant_parse(operand, request->common.workers, contestant, error)
				   : PF_OK;
	if (status == PF_OK && request->has_scenario) {
		status = pf_fail(
			error, PF_ERR_USAGE, NULL,
			"--scenario is of variants: with --url, --rate or --users say how photos come");
	}
	status = status == PF_OK ? parse_slos(request, error) : status;
	url->variant = operand ? contestant->variant : NULL;
	url->rate = request->rate_text;
	url->least_requests = request->least_queries;
	url->duration_s = request->duration_s;
	url->seed = request->has_seed ? request->seed : pf_seed_from_clock();
	url->slos = request->slos;
	url->slo_count = request->slo_texts.count;
	url->delivery = &request->delivery;
	return status;
}

static int carry_out(struct request *request, const char *operand)
{
	pf_scorer_config config;
	pf_error error = {0};
	pf_contestant contestant = {0};
	pf_status status = pf_common_apply(&request->common, &config, &error);
	if (status == PF_OK) {
		status = request->url.url ? choose_url(request, operand, &contestant, &error)
					  : choose(request, operand, &contestant, &error);
	}
	return status != PF_OK    ? pf_report_error(&error)
	       : request->url.url ? pf_load_url(&request->url, &request->common, request->dataset, &config)
				  : execute(request, &contestant, &config);
}

int pf_cmd_load(const pf_command *command, int argc, char **argv)
{
	struct request request = {.common = PF_COMMON_DEFAULTS,
				  .dataset = "dash",
				  .scenario_name = "single-stream",
				  .least_queries = LEAST_QUERIES,
				  .trials = 5};
	const pf_arg table[] = {
		{.name = "scenario",
		 .type = PF_ARG_CHOICE,
		 .target = &request.scenario_name,
		 .given = &request.has_scenario,
		 .metavar = "offline|single-stream|server",
		 .help = "all photos at once, one after the other, or as they arrive (default: single-stream)"},
		{"slo", 0, PF_ARG_LIST, &request.slo_texts, "METRIC=LIMIT",
		 "p95=200ms, p99.9=1s, max=2s; offline throughput=12; --url ok=99% (may stand several times)",
		 0, 0},
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
		{"rate", 0, PF_ARG_TEXT, &request.rate_text, "R|R,R|R..R",
		 "server, --url: arrivals a second, a Poisson stream; --url also takes steps, or a ramp", 0,
		 0},
		{"reopen", 0, PF_ARG_FLAG, &request.reopen, NULL,
		 "a run of the variant for each photo, also where its models could stay open", 0, 0},
		{"url", 0, PF_ARG_TEXT, &request.url.url, "URL",
		 "POST the photos to this http:// address instead; VARIANT is whose tolerance answers have",
		 0, 0},
		{"users", 0, PF_ARG_COUNT, &request.url.users, "N",
		 "--url: each of N sends the next photo when it was answered (default: 1, or as --rate says)",
		 1, 8192},
		{"deadline", 0, PF_ARG_TIME, &request.url.deadline_s, "TIME",
		 "--url: of each request, sent as Deadline-Ms (default: none)", 1e-3, 1e5},
		{"stress", 0, PF_ARG_FLAG, &request.url.stress, NULL,
		 "--url: raise the rate until objectives break (default: --slo ok=99%), find the knee", 0, 0},
		{"unchecked", 0, PF_ARG_FLAG, &request.url.unchecked, NULL,
		 "--url: do not compare answers with the scores that \"score\" gives", 0, 0},
		{"token-file", 0, PF_ARG_INPUT, &request.url.token_file, "FILE",
		 "--url: requests bear the token that is its first line", 0, 0},
		{"remote", 0, PF_ARG_FLAG, &request.url.remote, NULL,
		 "--url: the address may be another machine's", 0, 0},
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
	return carry_out(&request, count ? operands[0] : NULL);
}
