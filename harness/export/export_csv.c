#include "harness/export/export.h"

#include <string.h>

#include "harness/base/plain_text.h"
#include "harness/export/export_parts.h"
#include "harness/record/caveats.h"
#include "harness/scores/tolerance.h"
#include "harness/trial/trial_figures.h"
#include "photofinish/trace.h"

static const char *const machine[] = {"steal_ns", "others_ns"}; /* of the machine meanwhile */

enum { MACHINE = sizeof machine / sizeof *machine };

/* Times stand before those of the stages, all else behind them. */
static void print_figure_heads(FILE *stream, bool times)
{
	for (int i = 0; i < PF_TRIAL_FIGURE_COUNT; i++) {
		if (pf_trial_figure_is_time(&pf_trial_figures[i]) == times) {
			fprintf(stream, ",%s", pf_trial_figures[i].name);
		}
	}
}

static void print_heads(FILE *stream)
{
	fputs("started,command,label,machine_cpu,cores,dataset,dataset_hash,cache,partial,variant,parent,workers,status,round,ending,checked,reason,disturbed_by",
	      stream);
	print_figure_heads(stream, true);
	for (int i = 0; i < PF_STAGE_COUNT; i++) {
		fprintf(stream, ",stage_%s_ns", pf_stage_name((pf_stage)i));
	}
	print_figure_heads(stream, false);
	for (int i = 0; i < MACHINE; i++) {
		fprintf(stream, ",%s", machine[i]);
	}
	fputs(",identical,approximate,step_caveats,run_caveats,verdict,incumbent,verdict_reason\r\n", stream);
}

static void text(FILE *stream, const char *separator, const json_t *object, const char *key)
{
	fputs(separator, stream);
	pf_csv_text(stream, pf_note_text(object, key));
}

/* An empty cell is a figure that was not measured, or may not be shown. */
static void number(FILE *stream, const json_t *object, const char *key, bool shown)
{
	double value;
	fputc(',', stream);
	if (shown && pf_note_figure(object, key, &value)) {
		fprintf(stream, "%.17g", value);
	}
}

static void print_figures(const json_t *trial, bool times, bool shown, FILE *stream)
{
	for (int i = 0; i < PF_TRIAL_FIGURE_COUNT; i++) {
		if (pf_trial_figure_is_time(&pf_trial_figures[i]) == times) {
			number(stream, trial, pf_trial_figures[i].name, shown);
		}
	}
}

/* Words, divided by "; ". */
static void print_disturbances(const json_t *trial, FILE *stream)
{
	size_t index, used = 0;
	const json_t *word;
	char all[1000] = "";
	json_array_foreach(json_object_get(trial, "disturbed_by"), index, word)
	{
		const char *text_of = json_string_value(word);
		if (text_of && used + strlen(text_of) + 3 < sizeof all) {
			used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", used ? "; " : "",
						 text_of);
		}
	}
	fputc(',', stream);
	pf_csv_text(stream, all);
}

/* What all trials of the run have in common. */
static void print_run(const json_t *record, FILE *stream)
{
	const json_t *environment = json_object_get(record, "environment"),
		     *dataset = json_object_get(record, "dataset");
	text(stream, "", record, "started");
	text(stream, ",", record, "command");
	text(stream, ",", record, "label");
	text(stream, ",", environment, "cpu");
	number(stream, environment, "cores", true);
	text(stream, ",", dataset, "name");
	text(stream, ",", dataset, "hash");
	text(stream, ",", dataset, "cache");
	fputs(json_is_true(json_object_get(record, "partial")) ? ",true" : ",false", stream);
}

/* How the scores were compared: each way has a column of its own. */
static void print_scores(const json_t *variant, const json_t *trial, FILE *stream)
{
	char limits[PF_TOLERANCE_TEXT] = "";
	bool checked = json_is_true(json_object_get(trial, "checked")),
	     approximate = json_is_object(json_object_get(trial, "tolerance")),
	     floor = strcmp(pf_note_text(variant, "status"), "floor") == 0;
	if (approximate) {
		pf_caveat_approximate(variant, limits, sizeof limits);
	}
	fputs(checked && !approximate && !floor ? ",true" : ",false", stream);
	fputc(',', stream);
	pf_csv_text(stream, limits);
}

static void print_caveats(const json_t *record, const json_t *variant, FILE *stream)
{
	char all[PF_CAVEAT_COUNT * PF_CAVEAT_TEXT];
	fputc(',', stream);
	pf_csv_text(stream, pf_caveats_text(record, variant, all, sizeof all));
}

/* The same in each row of a variant; empty where nothing was decided. */
static void print_decision(const json_t *variant, FILE *stream)
{
	const json_t *decision = json_object_get(variant, "decision");
	fputc(',', stream);
	pf_csv_text(stream, pf_export_verdict(variant));
	text(stream, ",", decision, "incumbent");
	text(stream, ",", decision, "reason");
}

static void print_row(const json_t *record, const json_t *variant, const json_t *trial, FILE *stream)
{
	bool timed = pf_note_counts(variant, trial) == PF_COUNTS;
	const json_t *stages = json_object_get(trial, "stages");
	print_run(record, stream);
	text(stream, ",", variant, "name");
	text(stream, ",", variant, "parent");
	number(stream, variant, "workers", true);
	text(stream, ",", variant, "status");
	number(stream, trial, "round", true);
	text(stream, ",", trial, "ending");
	fputs(json_is_true(json_object_get(trial, "checked")) ? ",true" : ",false", stream);
	text(stream, ",", trial, "reason");
	print_disturbances(trial, stream);
	print_figures(trial, true, timed, stream);
	for (int i = 0; i < PF_STAGE_COUNT; i++) {
		number(stream, json_object_get(stages, pf_stage_name((pf_stage)i)), "wall_ns", timed);
	}
	print_figures(trial, false, true, stream);
	for (int i = 0; i < MACHINE; i++) {
		number(stream, json_object_get(trial, "machine"), machine[i], true);
	}
	print_scores(variant, trial, stream);
	print_caveats(record, variant, stream);
	print_caveats(record, NULL, stream);
	print_decision(variant, stream);
	fputs("\r\n", stream);
}

void pf_export_csv(const json_t *record, FILE *stream)
{
	size_t index, k;
	const json_t *variant, *trial;
	print_heads(stream);
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		json_array_foreach(json_object_get(variant, "trials"), k, trial)
		{
			print_row(record, variant, trial, stream);
		}
	}
}
