#include "harness/cli/load_url.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/output.h"
#include "harness/cli/run_setting.h"
#include "harness/cli/token_file.h"
#include "harness/load/stress.h"
#include "harness/progress/progress.h"
#include "harness/record/record_head.h"
#include "harness/record/url_load_json.h"
#include "harness/run/run.h"
#include "harness/show/load_table.h"

enum { CONNECTIONS_MOST = 8192 };
#define STEP_S 10.0    /* of steps, where no duration is given */
#define GIVE_UP_S 30.0 /* behind the deadline */
#define STRESS_OK "ok=99%"

struct phases {
	pf_url_phase of[PF_RATE_PHASES_MOST];
	size_t count;
};

static void show_progress(void *context, size_t done, size_t total)
{
	pf_progress_update(context, done, total, "requests", NULL);
}

/* One steady rate lasts until both requests and duration are reached; steps and the parts of a ramp share the
 * time equally. */
static pf_status plan(const pf_load_url_order *order, struct phases *phases, pf_error *error)
{
	pf_rate_phase rates[PF_RATE_PHASES_MOST];
	phases->count = order->rate ? pf_rate_parse(order->rate, rates) : 1;
	if (!phases->count) {
		return pf_fail(
			error, PF_ERR_USAGE, NULL,
			"--rate takes R, steps as R,R,R (at most %d) or a ramp as R..R a second, not \"%s\"",
			PF_RATE_PHASES_MOST, order->rate);
	}
	bool steady = phases->count == 1;
	double all_s = order->duration_s > 0 ? order->duration_s
		       : steady              ? 0
					     : STEP_S * (double)phases->count;
	for (size_t i = 0; i < phases->count; i++) {
		pf_url_phase *phase = &phases->of[i];
		*phase = (pf_url_phase){.least_requests = steady ? order->least_requests : 0};
		if (order->rate) {
			phase->rate = rates[i];
		} else {
			phase->users = order->users ? order->users : 1;
		}
		phase->rate.duration_s = all_s / (double)phases->count;
	}
	return PF_OK;
}

static size_t expected(const struct phases *phases)
{
	double sum = 0;
	for (size_t i = 0; i < phases->count; i++) {
		const pf_rate_phase *rate = &phases->of[i].rate;
		sum += fmax(rate->duration_s * (rate->from + rate->to) / 2, phases->of[i].least_requests);
	}
	return (size_t)sum;
}

static pf_status check(const pf_load_url_order *order, const pf_url_load *load, pf_error *error)
{
	if (order->rate && order->users) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "--rate and --users exclude each other");
	}
	bool steady = !order->rate || (!strchr(order->rate, ',') && !strstr(order->rate, ".."));
	if (order->stress && (order->users || !steady)) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       "--stress takes one --rate to begin with, and no --users");
	}
	return load->target.loopback || order->remote
		       ? PF_OK
		       : pf_fail(error, PF_ERR_USAGE, NULL,
				 "%.120s is another machine: --remote says that it may be loaded",
				 load->target.authority);
}

static pf_status send_all(pf_load_url_order *order, pf_url_load *load, const struct phases *phases,
			  pf_stress *stress, pf_error *error)
{
	pf_status status = pf_url_load_open(load, error);
	for (size_t i = 0; i < phases->count && status == PF_OK && !order->stress; i++) {
		status = pf_url_load_phase(load, &phases->of[i], error);
	}
	if (status == PF_OK && order->stress) {
		status = pf_stress_run(stress, error);
	}
	if (status == PF_OK) {
		pf_url_load_finish(load);
	}
	pf_url_load_close(load);
	return status;
}

/* By all requests; under --stress by those of the largest rate that held, else of all. */
static void judge(pf_load_url_order *order, const pf_url_load *load, const pf_stress *stress)
{
	pf_url_phase all = {.latency = load->latency, .sent = load->count};
	for (size_t i = 0; i < load->phase_count; i++) {
		for (int j = 0; j < PF_SENT_COUNT; j++) {
			all.outcomes[j] += load->phases[i].outcomes[j];
		}
	}
	bool held = order->stress && stress->held >= 0;
	pf_stress_judge(held ? &load->phases[stress->held] : &all, order->slos, order->slo_count);
}

static int exit_code(const pf_load_url_order *order, const pf_url_load *load)
{
	bool missed = false, undecided = false;
	for (size_t i = 0; i < order->slo_count; i++) {
		missed = missed || order->slos[i].verdict == PF_SLO_MISSED;
		undecided = undecided || order->slos[i].verdict == PF_SLO_UNDECIDED;
	}
	return load->wrong     ? PF_EXIT_FAIL
	       : pf_interrupts ? PF_EXIT_INTERRUPTED
	       : !load->count  ? PF_EXIT_ERROR
	       : order->stress ? PF_EXIT_OK /* it looked for where they break */
	       : missed        ? PF_EXIT_FAIL
	       : undecided     ? PF_EXIT_UNDECIDED
			       : PF_EXIT_OK;
}

static pf_status deliver(const pf_load_url_order *order, json_t *record, bool measured, pf_error *error)
{
	if (record && !pf_output_is_stdout(order->delivery->json)) {
		pf_load_print(record, stdout);
		fflush(stdout);
	}
	return pf_deliver_json(order->delivery, record, measured, error);
}

static int execute(pf_load_url_order *order, pf_url_load *load, const struct phases *phases)
{
	pf_error error = {0};
	pf_stress stress = {.load = load,
			    .slos = order->slos,
			    .slo_count = order->slo_count,
			    .rate = order->rate ? phases->of[0].rate.from : 0,
			    .duration_s = order->duration_s > 0 ? order->duration_s : STEP_S};
	pf_record_head head = {.command = "load", .label = order->delivery->label};
	pf_started_now(head.started);
	pf_status status = send_all(order, load, phases, &stress, &error);
	pf_progress_clear();
	if (status == PF_OK) {
		judge(order, load, &stress);
		status = deliver(order,
				 pf_url_load_record(load, order->stress ? &stress : NULL, order->slos,
						    order->slo_count, &head),
				 load->count > 0, &error);
	}
	return status == PF_OK ? exit_code(order, load) : pf_report_error(&error);
}

int pf_load_url(pf_load_url_order *order, const pf_common *common, const char *dataset,
		const pf_scorer_config *config)
{
	char token[PF_TOKEN_MOST], label[PF_URL_MOST + 16];
	pf_error error = {0};
	struct phases phases = {.count = 0};
	pf_run_setting setting = {.session = {.manifest_fd = -1}};
	pf_url_load load = {.session = &setting.session,
			    .variant = order->variant,
			    .unchecked = order->unchecked,
			    .token = order->token_file ? token : NULL,
			    .deadline_s = order->deadline_s,
			    .give_up_s = order->deadline_s + GIVE_UP_S,
			    .connections = CONNECTIONS_MOST,
			    .seed = order->seed,
			    .progress = show_progress,
			    .context = label};
	pf_status status = pf_http_target_parse(order->url, &load.target, &error);
	status = status == PF_OK ? check(order, &load, &error) : status;
	status = status == PF_OK ? plan(order, &phases, &error) : status;
	status = status == PF_OK && order->token_file ? pf_token_read(order->token_file, token, &error)
						      : status;
	status = status == PF_OK ? pf_delivery_check(order->delivery, &error) : status;
	if (status == PF_OK) {
		status = pf_run_setting_open(&setting, common, dataset, config, &error);
	}
	if (order->stress && !order->slo_count) {
		pf_slo_parse(STRESS_OK, &order->slos[order->slo_count++]);
	}
	snprintf(label, sizeof label, "load on %s", load.target.url);
	load.expected = order->stress ? 0 : expected(&phases);
	int code = status == PF_OK ? execute(order, &load, &phases) : pf_report_error(&error);
	pf_url_load_release(&load);
	pf_run_setting_close(&setting);
	return code;
}
