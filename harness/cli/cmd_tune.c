/* tune: a variant's own numbers, chosen by measurement. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/text.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/run_setting.h"
#include "harness/machine/environment.h"
#include "harness/progress/progress.h"
#include "harness/progress/run_progress.h"
#include "harness/record/record_head.h"
#include "harness/tune/tune.h"
#include "harness/tune/tuned_file.h"
#include "photofinish/file.h"

enum { PHOTOS_LEAST = 4 };

struct request {
	pf_common common;
	const char *dataset, *variant, *out;
	double budget_s;
	pf_scorer_config config;
	pf_dataset *all;
};

/* The first half by name is tuned on, the second confirms: one burst is cut in two at most. */
static pf_status open_part(void *context, bool for_tuning, pf_session *session, pf_dataset **dataset,
			   pf_error *error)
{
	const struct request *request = context;
	const pf_dataset *all = request->all;
	char name[200];
	size_t half = all->count / 2;
	snprintf(name, sizeof name, "%.150s-%s", all->name, for_tuning ? "tuning" : "confirming");
	pf_status status = pf_dataset_create(name, all->root, dataset, error);
	for (size_t i = for_tuning ? 0 : half; status == PF_OK && i < (for_tuning ? half : all->count); i++) {
		const pf_dataset_photo *photo = &all->photos[i];
		status = pf_dataset_add(*dataset, photo->path, photo->size_bytes,
					photo->hashed ? photo->sha256 : NULL, error);
	}
	status = status == PF_OK ? pf_dataset_sort(*dataset, error) : status;
	status = status == PF_OK ? pf_session_open(session, *dataset, &request->config, error) : status;
	if (status == PF_OK) {
		pf_common_limits(&request->common, session);
		session->observer = pf_observer_of_this_machine();
	}
	return status;
}

static void print_rows(const pf_tune *tune)
{
	static const bool right[] = {false, true, true, true, false};
	const char *const heading[] = {"setting", "time", "against the default", "rounds", ""};
	pf_table *table = pf_table_create(5, right);
	pf_table_row(table, heading, 5);
	for (size_t i = 0; i < tune->count; i++) {
		const pf_tune_row *row = &tune->rows[i];
		char time[PF_TEXT] = "-", ratio[PF_TEXT] = "-", rounds[PF_TEXT], label[200];
		if (row->timed) {
			pf_text_seconds(row->seconds, time);
			snprintf(ratio, sizeof ratio, i ? "%.2fx" : "1x", row->ratio);
		}
		snprintf(rounds, sizeof rounds, "%u", row->rounds);
		snprintf(label, sizeof label, "%s%s", i ? pf_tune_settings(row->label) : row->label,
			 i ? "" : " (default)");
		const char *cells[] = {label, time, ratio, rounds,
				       i == tune->best && i ? "best of the last heat" : row->reason};
		pf_table_row(table, cells, 5);
	}
	pf_table_print(table, stdout, "");
	pf_table_free(table);
}

/* How it was decided, for people and for the file. */
static void describe(const pf_tune *tune, char out[160])
{
	if (!tune->best) {
		snprintf(out, 160, "the default stays: nothing was faster on %zu photos", tune->photos[0]);
	} else if (tune->word == PF_WORD_FASTER) {
		snprintf(out, 160,
			 "%.80s: %.2fx the time of the default, after %zu pairs on %zu other photos",
			 pf_tune_settings(tune->rows[tune->best].label), tune->ratio, tune->pairs,
			 tune->photos[1]);
	} else if (!tune->pairs) {
		snprintf(out, 160, "the default stays: %.60s did not end well on %zu other photos",
			 pf_tune_settings(tune->rows[tune->best].label), tune->photos[1]);
	} else {
		snprintf(out, 160, "the default stays: %.60s is %s on %zu other photos (%.2fx, %zu pairs%s)",
			 pf_tune_settings(tune->rows[tune->best].label),
			 tune->word == PF_WORD_UNDECIDED ? "not shown to be faster"
							 : pf_word_name(tune->word),
			 tune->photos[1], tune->ratio, tune->pairs, tune->out_of_time ? ", time was up" : "");
	}
}

static pf_status keep(const struct request *request, const pf_tune *tune, const char *found, pf_error *error)
{
	char path[PATH_MAX], name[600];
	pf_tuned tuned = {0};
	const char *file = request->out;
	snprintf(tuned.variant, sizeof tuned.variant, "%.60s", request->variant);
	snprintf(tuned.settings, sizeof tuned.settings, "%s",
		 tune->word == PF_WORD_FASTER ? pf_tune_settings(tune->rows[tune->best].label) : "");
	snprintf(tuned.found, sizeof tuned.found, "%s", found);
	pf_started_now(tuned.started);
	pf_status status = pf_tuned_here(&request->config, request->all, request->common.workers, &tuned,
					 error);
	if (status == PF_OK && !file) {
		if (!pf_tuned_path(request->variant, path, sizeof path)) {
			return pf_fail(error, PF_ERR_NOT_FOUND, NULL,
				       "no folder for the file can be told: --out FILE names one");
		}
		*strrchr(path, '/') = '\0';
		status = pf_make_folders(path, error);
		pf_tuned_path(request->variant, path, sizeof path);
		file = path;
	}
	status = status == PF_OK ? pf_tuned_save(&tuned, file, error) : status;
	if (status == PF_OK) {
		printf("written to %s: for this build, this machine and %s\n",
		       pf_escape(file, name, sizeof name), tuned.dataset);
	}
	return status;
}

static pf_status check(const struct request *request, pf_error *error)
{
	if (strchr(request->variant, ':')) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       "tune chooses the options of a variant: name it without any");
	}
	return pf_build_check_timing(error);
}

static int execute(struct request *request)
{
	pf_error error = {0};
	char found[160];
	pf_tune *tune = calloc(1, sizeof *tune);
	if (!tune) {
		pf_fail(&error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
		return pf_report_error(&error);
	}
	pf_status status = check(request, &error);
	status = status == PF_OK ? pf_common_apply(&request->common, &request->config, &error) : status;
	status = status == PF_OK ? pf_common_dataset(request->dataset, &request->all, &error) : status;
	if (status == PF_OK && request->all->count < PHOTOS_LEAST) {
		status = pf_fail(&error, PF_ERR_INVALID, request->dataset,
				 "tuning wants %d photos at least: one half to tune on, one to confirm on",
				 PHOTOS_LEAST);
	}
	if (status == PF_OK) {
		const pf_tune_order order = {.variant = request->variant,
					     .workers = request->common.workers,
					     .cores = pf_core_count(),
					     .budget_s = request->budget_s,
					     .seed = pf_seed_from_clock(),
					     .listener = &pf_run_progress,
					     .open = open_part,
					     .context = request};
		status = pf_tune_run(&order, tune, &error);
	}
	pf_progress_clear();
	bool whole = status == PF_OK && !tune->interrupted && !pf_interrupts;
	if (whole) {
		print_rows(tune);
		describe(tune, found);
		printf("\n%s\n", found);
		status = keep(request, tune, found, &error);
	}
	int code = status != PF_OK ? pf_report_error(&error) : whole ? PF_EXIT_OK : PF_EXIT_INTERRUPTED;
	pf_dataset_free(request->all);
	free(tune);
	return code;
}

int pf_cmd_tune(const pf_command *command, int argc, char **argv)
{
	struct request request = {.common = PF_COMMON_DEFAULTS, .dataset = "dash", .budget_s = 100};
	const pf_arg table[] = {
		{"dataset", 'd', PF_ARG_TEXT, &request.dataset, "NAME|DIR",
		 "dataset by name, or a folder of photos (default: dash)", 0, 0},
		{"budget", 0, PF_ARG_TIME, &request.budget_s, "TIME",
		 "begin no round that would end later, by what its trials took so far; the first round and the first "
		 "that confirms begin anyway: the default stays unless the winner was confirmed by then (default: 100)",
		 1, 1e6},
		{"out", 0, PF_ARG_OUTPUT, &request.out, "FILE",
		 "write what was found to FILE (default: the place that --tuned reads)", 0, 0},
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
	request.variant = operands[0];
	return execute(&request);
}
