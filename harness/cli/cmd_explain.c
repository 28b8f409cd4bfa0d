/* explain: why a variant takes as long as it does. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/interrupt.h"
#include "harness/base/json_file.h"
#include "harness/base/output.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/run_setting.h"
#include "harness/explain/explanation.h"
#include "harness/explain/what_if.h"
#include "harness/history/history_record.h"
#include "harness/machine/environment.h"
#include "harness/progress/progress.h"
#include "harness/progress/run_progress.h"
#include "harness/record/explain_json.h"
#include "harness/record/stored_run.h"
#include "harness/registry/contained_run.h"
#include "harness/run/contestant.h"
#include "harness/run/run_facts.h"
#include "harness/show/explain_table.h"
#include "photofinish/network.h"
#include "photofinish/strategy.h"

#define LIMIT_S 0.5 /* of each limit */

struct request {
	pf_common common;
	const char *dataset, *what_if, *json;
	double factors[PF_STAGE_COUNT];
	uint32_t rounds;
	bool no_limits;
};

struct counting {
	const pf_scorer_config *config;
	pf_network_work work;
};

/* In a contained process, which shares *context with this one. */
static int count_work(void *context)
{
	struct counting *counting = context;
	const pf_scorer_config *config = counting->config;
	pf_network_options options;
	pf_network_stats stats = {0};
	pf_network *network = NULL;
	pf_error ignored;
	/* Our own network has open sides; a photo that is turned takes as many. */
	const uint32_t longest = pf_preset_plan_of(config->preset)->pose_longest_px;
	const int64_t wide = longest ? longest : 384, high = wide * 3 / 4;
	const pf_network_binding own = {.shape = {.rank = 4, .dims = {1, 3, high, wide}}};
	pf_network_options_default(&options);
	if (pf_network_load(config->model_file, &options, &network, &ignored) != PF_OK) {
		options.bindings = &own;
		options.binding_count = 1;
		if (pf_network_load(config->model_file, &options, &network, &ignored) != PF_OK) {
			return 1;
		}
	}
	pf_network_stats_get(network, &stats);
	counting->work = (pf_network_work){.macs = stats.macs, .value_bytes = stats.value_bytes};
	return 0;
}

/* Of one run of the pose network; 0 where it cannot be told. */
static pf_network_work work_of(const pf_scorer_config *config)
{
	pf_error ignored;
	int code;
	bool other_boxes = config->box_model_file[0] &&
			   strcmp(config->box_model_file, config->model_file) != 0;
	if (!config->model_file[0] || config->left_out & PF_LEAVE_OUT_POSE || other_boxes) {
		return (pf_network_work){0};
	}
	struct counting *counting = mmap(NULL, sizeof *counting, PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counting == MAP_FAILED) {
		return (pf_network_work){0};
	}
	*counting = (struct counting){.config = config};
	pf_status status = pf_contained_run(config->model_file, false, count_work, counting, &code, &ignored);
	pf_network_work work = status == PF_OK ? counting->work : (pf_network_work){0};
	munmap(counting, sizeof *counting);
	return work;
}

static pf_status take_limits(const pf_run *run, const pf_scorer_config *config, pf_explanation *own,
			     pf_error *error)
{
	static pf_limits limits;
	pf_limits_question question = {.seconds = LIMIT_S, .dataset = run->session->dataset};
	pf_progress_update("measuring limits", 0, 1, "machine", NULL);
	static const pf_limit_id ids[] = {PF_LIMIT_DECODE,     PF_LIMIT_DECODE_OWN, PF_LIMIT_MEMORY_READ,
					  PF_LIMIT_FP32_PLAIN, PF_LIMIT_FP32_AVX2,  PF_LIMIT_FP32_AVX512,
					  PF_LIMIT_INT8};
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		question.ids |= (uint64_t)1 << ids[i];
	}
	pf_status status = pf_limits_measure(&question, &limits, error);
	pf_progress_clear();
	if (status == PF_OK) {
		bool device = run->contestants->variant->caps & PF_CAP_GPU;
		pf_network_work work = device ? (pf_network_work){0} : work_of(config);
		work.int8 = (run->contestants->variant->strategy |
			     pf_preset_plan_of(config->preset)->strategy) &
			    PF_STRATEGY_INT8;
		pf_explain_limits(run->contestants, &limits, &work, own);
	}
	return status;
}

static void take_paths(const pf_run *run, pf_explanation *own)
{
	own->preset = run->session->order.scorer.preset;
	own->paths = pf_run_facts_of(run).paths;
}

static pf_status deliver(const struct request *request, const pf_explanation *own, pf_error *error)
{
	if (!request->json || !pf_output_is_stdout(request->json)) {
		pf_explain_print(own, stdout);
	}
	fflush(stdout);
	return request->json ? pf_json_write(pf_explain_json(own), request->json, error) : PF_OK;
}

static const double *factors_of(const struct request *request)
{
	return request->what_if ? request->factors : NULL;
}

static pf_status explain_variant(struct request *request, const char *text, pf_error *error)
{
	pf_scorer_config config;
	pf_contestant contestant = {0};
	static pf_explanation own;
	pf_run_setting setting = {.session = {.manifest_fd = -1}};
	pf_run run = {.session = &setting.session,
		      .command = "run",
		      .contestants = &contestant,
		      .contestant_count = 1,
		      .rounds = request->rounds,
		      .seed = 1};
	pf_status status = pf_common_apply(&request->common, &config, error);
	if (status == PF_OK) {
		status = pf_contestant_parse(text, request->common.workers, &contestant, error);
	}
	if (status == PF_OK) {
		status = pf_run_setting_open(&setting, &request->common, request->dataset, &config, error);
	}
	setting.session.keep_spans = true;
	if (status == PF_OK) {
		pf_common_tell_start("explain", setting.dataset, run.rounds, &contestant, 1);
		status = pf_run_execute(&run, &pf_run_progress, error);
	}
	pf_progress_clear();
	if (status == PF_OK) {
		status = pf_explain(&contestant, pf_core_count(), factors_of(request), &own, error);
	}
	if (status == PF_OK) {
		take_paths(&run, &own);
	}
	if (status == PF_OK && !request->no_limits && !pf_interrupts) {
		status = take_limits(&run, &config, &own, error);
	}
	if (status == PF_OK) {
		status = deliver(request, &own, error);
	}
	pf_run_release(&run);
	pf_run_setting_close(&setting);
	return status;
}

/* All of its variants, one after the other. */
static pf_status explain_record(const struct request *request, const char *name, pf_error *error)
{
	json_t *record = NULL;
	pf_stored_run *stored = NULL;
	static pf_explanation own;
	size_t explained = 0;
	pf_status status = pf_history_record_load(name, &record, error);
	if (status == PF_OK) {
		status = pf_stored_run_read(record, &stored, error);
	}
	const pf_run *run = status == PF_OK ? pf_stored_run_model(stored) : NULL;
	for (size_t i = 0; run && i < run->contestant_count && status == PF_OK; i++) {
		if (pf_explain(&run->contestants[i], pf_run_facts_of(run).cores, factors_of(request), &own,
			       error) != PF_OK) {
			continue; /* one without figures, or from before there were spans */
		}
		take_paths(run, &own);
		fputs(explained++ ? "\n" : "", stdout);
		status = deliver(request, &own, error);
	}
	if (run && status == PF_OK && !explained) {
		status = pf_fail(error, PF_ERR_NOT_FOUND, name, "no variant in it has a trial with spans");
	}
	pf_stored_run_free(stored);
	json_decref(record);
	return status;
}

/* A file, "last", or the first digits of an id: what no variant is called. */
static bool is_record(const char *text)
{
	size_t digits = strspn(text, "0123456789abcdef");
	return strcmp(text, "last") == 0 || access(text, F_OK) == 0 || (digits >= 4 && !text[digits]);
}

int pf_cmd_explain(const pf_command *command, int argc, char **argv)
{
	struct request request = {.common = PF_COMMON_DEFAULTS, .dataset = "dash", .rounds = 3};
	const pf_arg table[] = {
		{"dataset", 'd', PF_ARG_TEXT, &request.dataset, "NAME|DIR",
		 "dataset by name, or a folder of photos (default: dash)", 0, 0},
		{"what-if", 0, PF_ARG_TEXT, &request.what_if, "STAGE=FACTOR,...",
		 "how fast it would be if these stages took so much of their time, as decode=0.5", 0, 0},
		{"rounds", 'r', PF_ARG_COUNT, &request.rounds, "R", "trials (default: 3)", 1, 1000},
		{"no-limits", 0, PF_ARG_FLAG, &request.no_limits, NULL,
		 "leave out shares of this machine's limits, which take 5 s", 0, 0},
		{"json", 'j', PF_ARG_OUTPUT, &request.json, "FILE",
		 "write what was found (- for standard output)", 0, 0},
		PF_VARIANT_ARGS(request.common),
		{0},
	};
	char **operands;
	int count;
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	pf_error error = {0};
	if (request.what_if && pf_what_if_parse(request.what_if, request.factors, &error) != PF_OK) {
		return pf_usage_error(command, "--what-if: %s", error.message);
	}
	pf_status status = pf_output_check(request.json, &error);
	bool record = status == PF_OK && is_record(operands[0]);
	if (status == PF_OK) {
		status = record ? explain_record(&request, operands[0], &error)
				: explain_variant(&request, operands[0], &error);
	}
	code = status == PF_OK ? PF_EXIT_OK : pf_report_error(&error);
	return pf_interrupts ? PF_EXIT_INTERRUPTED : code;
}
