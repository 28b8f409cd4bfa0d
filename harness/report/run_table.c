#include "harness/report/run_table.h"

#include <stdlib.h>
#include <string.h>

#include "harness/measure/environment.h"
#include "harness/report/placement_lines.h"
#include "harness/report/text.h"
#include "photofinish/file.h"

#define SHOWN_FAILURES 5
#define BUSY_SHARE 0.92 /* of a core, that a trial of one worker gets at least on a quiet machine */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Median size of the scored photos in megapixels; 0 where none was. */
static double median_megapixels(const pf_outcomes *outcomes)
{
	double *sizes = calloc(outcomes->count + 1, sizeof *sizes), median = 0;
	size_t count = 0;
	for (size_t i = 0; sizes && i < outcomes->count; i++) {
		const pf_outcome *photo = &outcomes->photos[i];
		if (photo->done && photo->status == PF_OK) {
			sizes[count++] = photo->score.measures[PF_MEASURE_WIDTH] *
					 photo->score.measures[PF_MEASURE_HEIGHT] * 1e-6;
		}
	}
	if (count) {
		qsort(sizes, count, sizeof *sizes, by_value);
		median = sizes[count / 2];
	}
	free(sizes);
	return median;
}

/* What was scored, as the reference found it. */
static void print_dataset(const pf_run *run, FILE *stream)
{
	const pf_dataset *dataset = run->session->dataset;
	const pf_outcomes *reference = run->reference.outcomes;
	char name[512], bytes[PF_TEXT];
	double total = 0;
	for (size_t i = 0; i < dataset->count; i++) {
		total += (double)dataset->photos[i].size_bytes;
	}
	fprintf(stream, "%s: %zu photo%s", pf_escape(dataset->name, name, sizeof name), dataset->count,
		pf_text_plural(dataset->count));
	if (reference) {
		size_t bursts = 0, singles = 0;
		double megapixels = median_megapixels(reference);
		pf_outcomes_count_groups(reference, &bursts, &singles);
		fprintf(stream, " in %zu burst%s and %zu single shot%s, %.*f MP", bursts,
			pf_text_plural(bursts), singles, pf_text_plural(singles), megapixels < 9.95 ? 1 : 0,
			megapixels);
	}
	fprintf(stream, ", %s", pf_text_bytes(total, bytes));
}

static void print_heading(const pf_run *run, FILE *stream)
{
	uint32_t cores = pf_core_count();
	print_dataset(run, stream);
	fprintf(stream, " | %u core%s, no GPU, %s | %u round%s%s%s\n", cores, pf_text_plural(cores),
		pf_run_stayed_warm(run) ? "warm cache" : "photos came from storage in part", run->rounds_done,
		pf_text_plural(run->rounds_done),
		run->contestant_count > 1 && run->rounds_done > 1 ? ", interleaved" : "",
		run->rounds_done > 1 ? ", 95 % t-intervals" : "");
	if (run->partial) {
		fprintf(stream, "PARTIAL: %s after %u of %u rounds\n", run->why_partial, run->rounds_done,
			run->rounds);
	}
	const char *unfit = pf_build_unfit_for_timing();
	if (unfit) {
		fprintf(stream, "NOT FOR TIMING: %s\n", unfit);
	}
	pf_scorer_config usual;
	pf_scorer_config_default(&usual);
	if (memcmp(&usual.weights, &run->session->scorer.weights, sizeof usual.weights) != 0) {
		fprintf(stream, "weights as configured, not the default ones\n");
	}
	fputc('\n', stream);
}

enum { COLUMNS = 8 };

static void label_of(const pf_contestant *contestant, char *out, size_t capacity)
{
	bool many = contestant->variant->caps & PF_CAP_WORKERS;
	snprintf(out, capacity, "%s", contestant->label);
	if (many) {
		size_t used = strlen(out);
		bool said = strstr(contestant->label, "workers=") != NULL;
		char count[16] = "";
		if (!said) {
			snprintf(count, sizeof count, " x%u", contestant->workers);
		}
		snprintf(out + used, capacity - used, "%s%s", count,
			 contestant->workers > pf_core_count() ? " (more workers than cores)" : "");
	}
}

static void add_timed_row(pf_table *table, const pf_run *run, const pf_contestant *contestant,
			  const pf_contestant *baseline)
{
	char label[192], time[PF_TEXT], rate[PF_TEXT] = "-", gain[PF_TEXT] = "-", factor[PF_TEXT] = "-",
					first[PF_TEXT] = "-", memory[PF_TEXT] = "-";
	pf_interval seconds, ratio;
	const pf_contestant *parent = pf_run_find(run, contestant->variant->parent);
	bool floor = contestant->status == PF_RUN_FLOOR;
	label_of(contestant, label, sizeof label);
	pf_run_time(contestant, &seconds);
	pf_text_time(&seconds, time);
	if (!floor) {
		snprintf(rate, sizeof rate, "%.2f", (double)run->reference.outcomes->scored / seconds.mean);
	}
	if (parent && pf_run_speedup(contestant, parent, &ratio)) {
		pf_text_gain(&ratio, gain);
	}
	if (contestant == baseline) {
		snprintf(factor, sizeof factor, "1.00x");
	} else if (baseline && pf_run_speedup(contestant, baseline, &ratio)) {
		pf_text_factor(&ratio, factor);
	}
	if (pf_run_first_result(contestant, &seconds)) {
		pf_text_time(&seconds, first);
	}
	uint64_t memory_bytes = pf_run_most_memory(contestant);
	if (memory_bytes) {
		pf_text_bytes((double)memory_bytes, memory);
	}
	const char *cells[COLUMNS] = {
		label,  time,  rate,   gain,
		factor, first, memory, floor ? "none: the harness's own cost" : "identical"};
	pf_table_row(table, cells, COLUMNS);
}

/* A failure has no figures: its row says what happened instead. */
static void add_failed_row(pf_table *table, const pf_contestant *contestant)
{
	char label[192], what[600];
	label_of(contestant, label, sizeof label);
	const char *status = contestant->status == PF_RUN_WRONG_OUTPUT
				     ? "wrong output"
				     : pf_run_status_name(contestant->status);
	if (strncmp(contestant->reason, "not measured", 12) == 0) {
		status = "";
	}
	snprintf(what, sizeof what, "%s%s%s", status, status[0] && contestant->reason[0] ? ": " : "",
		 contestant->reason);
	const char *cells[] = {label, what};
	pf_table_row(table, cells, 2);
}

static void print_rows(const pf_run *run, FILE *stream)
{
	static const bool right[COLUMNS] = {false, true, true, false, true, true, true, false};
	static const char *const heads[COLUMNS] = {
		"step",         "time",           "photos/s", "against its parent", "against baseline",
		"first result", "memory at most", "scores"};
	const pf_contestant *baseline = pf_run_baseline(run);
	pf_table *table = pf_table_create(COLUMNS, right);
	pf_table_row(table, heads, COLUMNS);
	for (size_t i = 0; i < run->contestant_count; i++) {
		pf_interval seconds;
		const pf_contestant *contestant = &run->contestants[i];
		if (pf_run_time(contestant, &seconds)) {
			add_timed_row(table, run, contestant, baseline);
		} else {
			add_failed_row(table, contestant);
		}
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
}

/* Shares of the stages in the time of a variant that has one worker. */
static void print_stages(const pf_contestant *contestant, FILE *stream)
{
	double wall = 0, stages[PF_STAGE_COUNT] = {0}, known = 0;
	for (size_t i = 0; i < contestant->trial_count; i++) {
		const pf_trial *trial = &contestant->trials[i];
		for (int stage = 0; stage < PF_STAGE_COUNT && trial->checked; stage++) {
			stages[stage] += (double)trial->stage_ns[stage];
		}
		wall += trial->checked ? (double)trial->wall_ns : 0;
	}
	if (wall <= 0) {
		return;
	}
	fprintf(stream, "\nWhere the time of %s goes: ", contestant->label);
	for (int stage = 0; stage < PF_STAGE_COUNT; stage++) {
		known += stages[stage];
		if (stages[stage] > 0) {
			fprintf(stream, "%s %.1f %%, ", pf_stage_name((pf_stage)stage),
				100 * stages[stage] / wall);
		}
	}
	fprintf(stream, "unattributed %.1f %%\n", 100 * (wall - known) / wall);
}

static void print_failures(const pf_run *run, FILE *stream)
{
	const pf_outcomes *outcomes = run->reference.outcomes;
	size_t shown = 0;
	if (!outcomes || !outcomes->failed) {
		return;
	}
	fprintf(stream,
		"\n%zu of %zu photos could not be scored, in the reference and in every variant above "
		"alike:\n",
		outcomes->failed, outcomes->count);
	for (size_t i = 0; i < outcomes->count && shown < SHOWN_FAILURES; i++) {
		const pf_outcome *photo = &outcomes->photos[i];
		if (photo->status != PF_OK) {
			char name[256], message[512];
			fprintf(stream, "  %s: %s: %s\n",
				pf_escape(run->session->dataset->photos[i].path, name, sizeof name),
				pf_status_name(photo->status),
				pf_escape(photo->message ? photo->message : "", message, sizeof message));
			shown++;
		}
	}
	if (shown < outcomes->failed) {
		fprintf(stream, "  and %zu more (photofinish score lists them all)\n",
			outcomes->failed - shown);
	}
}

/* What a reader has to know before believing the figures. */
static void print_warnings(const pf_run *run, FILE *stream)
{
	double share = pf_run_core_share(run);
	if (share > 0 && share < BUSY_SHARE) {
		fprintf(stream,
			"\nThis machine was busy: trials of one worker got %.0f %% of a core. Times are too "
			"long by what others took;\n"
			"run it again on an idle machine.\n",
			100 * share);
	}
	if (run->rounds_done > 1 && run->rounds_done < 4) {
		fprintf(stream, "\n%u rounds give wide intervals; 5 or more narrow them.\n",
			run->rounds_done);
	}
}

void pf_run_print(const pf_run *run, FILE *stream)
{
	print_heading(run, stream);
	print_rows(run, stream);
	print_warnings(run, stream);
	pf_placement_print(run, stream);
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		if (!contestant->variant->parent && contestant->status == PF_RUN_OK) {
			print_stages(contestant, stream);
		}
	}
	print_failures(run, stream);
}
