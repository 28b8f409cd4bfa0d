/* sweep: one variant against workers, chunks and sizes of photos. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/interrupt.h"
#include "harness/base/json_file.h"
#include "harness/base/output.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/run_delivery.h"
#include "harness/cli/run_setting.h"
#include "harness/machine/environment.h"
#include "harness/progress/progress.h"
#include "harness/progress/run_progress.h"
#include "harness/record/record.h"
#include "harness/run/contestant.h"
#include "harness/show/sweep_table.h"

enum { MOST_VALUES = 32, MOST_CONTESTANTS = 128 };

/* Ascending values of one axis; none: it is not swept. */
typedef struct axis {
	const char *text;
	double values[MOST_VALUES];
	size_t count;
} axis;

struct request {
	pf_common common;
	pf_delivery delivery;
	const char *dataset, *variant;
	axis workers, chunks, megapixels;
	uint32_t rounds;
};

/* "1,2,4": ascending, each once, within least..most. */
static bool parse(axis *own, double least, double most, bool whole)
{
	const char *at = own->text;
	for (bool more = at != NULL; more;) {
		char *end;
		double value = *at >= '0' && *at <= '9' ? strtod(at, &end) : (end = (char *)at, -1);
		bool bad = value < least || value > most || (whole && value != (double)(long)value);
		if (bad || (*end && *end != ',') || own->count == MOST_VALUES ||
		    (own->count && value <= own->values[own->count - 1])) {
			return false;
		}
		own->values[own->count++] = value;
		more = *end == ',';
		at = end + 1;
	}
	return true;
}

/* 1 is put before the numbers of workers where it is missing: speedups are over it. */
static bool parse_workers(axis *own)
{
	if (!parse(own, 1, 1024, true) || own->count == MOST_VALUES) {
		return false;
	}
	if (own->values[0] > 1) {
		memmove(own->values + 1, own->values, own->count * sizeof *own->values);
		own->values[0] = 1;
		own->count++;
	}
	return true;
}

/* Chunk after chunk, each with all numbers of workers. */
static pf_status choose(const struct request *request, pf_contestant *contestants, size_t *count,
			pf_error *error)
{
	pf_status status = PF_OK;
	size_t chunks = request->chunks.count ? request->chunks.count : 1;
	*count = 0;
	if (chunks * request->workers.count > MOST_CONTESTANTS) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "at most %d combinations of workers and chunks",
			       MOST_CONTESTANTS);
	}
	for (size_t c = 0; c < chunks; c++) {
		for (size_t w = 0; w < request->workers.count && status == PF_OK; w++) {
			char text[200], chunk[40] = "";
			if (request->chunks.count) {
				snprintf(chunk, sizeof chunk, "chunk=%.0f,", request->chunks.values[c]);
			}
			snprintf(text, sizeof text, "%.128s%c%sworkers=%.0f", request->variant,
				 strchr(request->variant, ':') ? ',' : ':', chunk,
				 request->workers.values[w]);
			status = pf_contestant_parse(text, 1, &contestants[(*count)++], error);
		}
	}
	return status;
}

/* Every combination has to have a time. */
static int exit_code(const pf_run *run)
{
	int code = PF_EXIT_OK;
	for (size_t i = 0; i < run->contestant_count; i++) {
		pf_run_status status = run->contestants[i].status;
		code = status == PF_RUN_WRONG_OUTPUT                 ? PF_EXIT_FAIL
		       : status != PF_RUN_OK && code != PF_EXIT_FAIL ? PF_EXIT_ERROR
								     : code;
	}
	return code;
}

static pf_status open_dataset(const struct request *request, double megapixels, pf_dataset **dataset,
			      pf_error *error)
{
	pf_status status = megapixels > 0
				   ? pf_common_dataset_sized(request->dataset, megapixels, dataset, error)
				   : pf_common_dataset(request->dataset, dataset, error);
	return status == PF_OK && (*dataset)->count == 0
		       ? pf_fail(error, PF_ERR_INVALID, request->dataset, "the dataset has no photos")
		       : status;
}

/* What is told of a run, and kept; with several sizes its record goes to `records` in place of a file. */
static pf_status deliver(const struct request *request, const pf_run *run, json_t *records, pf_error *error)
{
	pf_delivery own = request->delivery;
	if (!own.json || !pf_output_is_stdout(own.json)) {
		pf_sweep_print(run, stdout);
	}
	fflush(stdout);
	if (!records) {
		return pf_deliver_record(&own, run, error);
	}
	json_t *record = pf_record_json(run);
	own.json = NULL;
	json_array_append(records, record);
	return pf_deliver_json(&own, record, pf_anything_measured(run), error);
}

/* One size of photos. */
static pf_status run_size(const struct request *request, const pf_scorer_config *config, double megapixels,
			  json_t *records, int *code, pf_error *error)
{
	pf_contestant contestants[MOST_CONTESTANTS];
	pf_dataset *dataset = NULL;
	pf_session session = {.manifest_fd = -1};
	pf_run run = {.session = &session,
		      .command = "sweep",
		      .contestants = contestants,
		      .rounds = request->rounds,
		      .label = request->delivery.label,
		      .seed = pf_seed_from_clock()};
	pf_status status = choose(request, contestants, &run.contestant_count, error);
	if (status == PF_OK) {
		status = open_dataset(request, megapixels, &dataset, error);
	}
	if (status == PF_OK) {
		status = pf_session_open(&session, dataset, config, error);
	}
	if (status == PF_OK) {
		pf_common_limits(&request->common, &session);
		session.observer = pf_observer_of_this_machine();
		pf_common_tell_start(run.command, dataset, run.rounds, contestants, run.contestant_count);
		status = pf_run_execute(&run, &pf_run_progress, error);
	}
	pf_progress_clear();
	if (status == PF_OK) {
		int own = exit_code(&run);
		*code = own == PF_EXIT_FAIL || *code == PF_EXIT_OK ? own : *code;
		status = deliver(request, &run, records, error);
	}
	pf_run_release(&run);
	pf_session_close(&session);
	pf_dataset_free(dataset);
	return status;
}

static int execute(struct request *request)
{
	pf_scorer_config config;
	pf_error error = {0};
	int code = PF_EXIT_OK;
	bool several = request->megapixels.count > 1;
	json_t *records = several && request->delivery.json ? json_array() : NULL;
	pf_status status = pf_common_apply(&request->common, &config, &error);
	if (status == PF_OK) {
		status = pf_build_check_timing(&error);
	}
	if (status == PF_OK) {
		status = pf_delivery_check(&request->delivery, &error);
	}
	for (size_t i = 0; i < (several ? request->megapixels.count : 1) && status == PF_OK && !pf_interrupts;
	     i++) {
		double size = request->megapixels.count ? request->megapixels.values[i] : 0;
		fputs(i && !(request->delivery.json && pf_output_is_stdout(request->delivery.json)) ? "\n"
												    : "",
		      stdout);
		status = run_size(request, &config, size, records, &code, &error);
	}
	if (status == PF_OK && records) {
		status = pf_json_write(json_pack("{s:s,s:O}", "schema", PF_SWEEP_SCHEMA, "runs", records),
				       request->delivery.json, &error);
	}
	json_decref(records);
	code = status == PF_OK ? code : pf_report_error(&error);
	return pf_interrupts ? PF_EXIT_INTERRUPTED : code;
}

int pf_cmd_sweep(const pf_command *command, int argc, char **argv)
{
	struct request request = {
		.common = PF_COMMON_DEFAULTS, .dataset = "dash", .workers = {.text = "1,2,4,8"}, .rounds = 5};
	pf_common *common = &request.common;
	const pf_arg table[] = {
		{"dataset", 'd', PF_ARG_TEXT, &request.dataset, "NAME|DIR",
		 "dataset by name, or a folder of photos (default: dash)", 0, 0},
		{"workers", 0, PF_ARG_TEXT, &request.workers.text, "LIST",
		 "numbers of workers, ascending (default: 1,2,4,8)", 0, 0},
		{"chunk", 0, PF_ARG_TEXT, &request.chunks.text, "LIST",
		 "photos of a chunk, ascending, of variants that load in chunks", 0, 0},
		{"photo-size", 0, PF_ARG_TEXT, &request.megapixels.text, "LIST",
		 "megapixels, ascending: a run for each, over the dataset rendered in that size", 0, 0},
		{"rounds", 'r', PF_ARG_COUNT, &request.rounds, "R", "trials of each (default: 5)", 1, 10000},
		PF_DELIVERY_ARGS(request.delivery),
		{"config", 0, PF_ARG_INPUT, &common->config_file, "FILE", "YAML file with weights and limits",
		 0, 0},
		PF_PROGRESS_ARGS(common->progress),
		{0},
	};
	char **operands;
	int count;
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	request.variant = operands[0];
	if (!parse_workers(&request.workers)) {
		return pf_usage_error(command, "--workers takes ascending numbers from 1 to 1024, not \"%s\"",
				      request.workers.text);
	}
	if (!parse(&request.chunks, 1, 1000000, true)) {
		return pf_usage_error(command,
				      "--chunk takes ascending numbers from 1 to 1000000, not \"%s\"",
				      request.chunks.text);
	}
	if (!parse(&request.megapixels, 0.01, 200, false)) {
		return pf_usage_error(command,
				      "--photo-size takes ascending megapixels from 0.01 to 200, not \"%s\"",
				      request.megapixels.text);
	}
	return execute(&request);
}
