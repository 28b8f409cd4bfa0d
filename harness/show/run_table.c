#include "harness/show/run_table.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/run/run_device.h"
#include "harness/run/run_facts.h"
#include "harness/show/cache_lines.h"
#include "harness/show/callgrind_lines.h"
#include "harness/show/claims_table.h"
#include "harness/show/counter_lines.h"
#include "harness/show/decision_lines.h"
#include "harness/show/device_lines.h"
#include "harness/show/goal_table.h"
#include "harness/show/machine_lines.h"
#include "harness/show/memory_table.h"
#include "harness/show/observer_lines.h"
#include "harness/show/outside_lines.h"
#include "harness/show/placement_lines.h"
#include "harness/show/spans_table.h"
#include "harness/stats/enough.h"
#include "photofinish/file.h"

#define SHOWN_FAILURES 5

/* What was scored, as the reference found it. */
static void print_dataset(const pf_run *run, const pf_run_facts *facts, FILE *stream)
{
	const pf_dataset *dataset = run->session->dataset;
	char name[512], bytes[PF_TEXT];
	double total = 0;
	for (size_t i = 0; i < dataset->count; i++) {
		total += (double)dataset->photos[i].size_bytes;
	}
	fprintf(stream, "%s: %zu photo%s", pf_escape(dataset->name, name, sizeof name), dataset->count,
		pf_text_plural(dataset->count));
	if (facts->photos_known) {
		fprintf(stream, " in %zu burst%s and %zu single shot%s, %.*f MP", facts->bursts,
			pf_text_plural(facts->bursts), facts->singles, pf_text_plural(facts->singles),
			facts->median_megapixels < 9.95 ? 1 : 0, facts->median_megapixels);
	}
	fprintf(stream, ", %s", pf_text_bytes(total, bytes));
}

/* Dataset, machine and rounds in one line, or in one each where that is too long. */
static void print_setting(const pf_run *run, const pf_run_facts *facts, int columns, FILE *stream)
{
	char *text = NULL, device[256];
	size_t bytes;
	FILE *line = open_memstream(&text, &bytes);
	if (!line) {
		pf_out_of_memory();
	}
	print_dataset(run, facts, line);
	fprintf(line, "\n%u core%s, %s, %s\n%u round%s%s%s", facts->cores, pf_text_plural(facts->cores),
		pf_device_heading(run, device, sizeof device), pf_cache_heading(run), run->rounds_done,
		pf_text_plural(run->rounds_done),
		run->contestant_count > 1 && run->rounds_done > 1 ? ", interleaved" : "",
		run->rounds_done > 1 ? ", 95 % t-intervals" : "");
	fclose(line);
	pf_enough(text);
	bool narrow = columns && pf_text_width(text) + 4 > (size_t)columns; /* " | " instead of each end */
	char *rest = text;
	for (const char *part = strsep(&rest, "\n"); part; part = strsep(&rest, "\n")) {
		if (narrow) {
			pf_text_wrap(stream, part, columns, 0, 0);
		} else {
			fprintf(stream, "%s%s", part, rest ? " | " : "\n");
		}
	}
	free(text);
}

void pf_run_print_heading(const pf_run *run, int columns, FILE *stream)
{
	const pf_run_facts facts = pf_run_facts_of(run);
	const char *no_pose = pf_scorer_no_pose(&run->session->order.scorer);
	if (no_pose[0]) {
		pf_text_say(stream, "WITHOUT POSE: %s\n", no_pose);
	}
	print_setting(run, &facts, columns, stream);
	if (run->partial) {
		pf_text_say(stream, "PARTIAL: %s after %u of %u rounds\n", run->why_partial, run->rounds_done,
			    run->rounds);
	}
	if (run->resumed) {
		pf_text_say(stream, "RESUMED: interrupted and gone on with %u time%s\n", run->resumed,
			    run->resumed == 1 ? "" : "s");
	}
	if (facts.unfit) {
		pf_text_say(stream, "NOT FOR TIMING: %s\n", facts.unfit);
	}
	pf_scorer_config usual;
	pf_scorer_config_default(&usual);
	if (memcmp(&usual.weights, &run->session->order.scorer.weights, sizeof usual.weights) != 0) {
		pf_text_say(stream, "weights as configured, not the default ones\n");
	}
	if (run->session->order.scorer.preset) {
		char paths[PF_PATHS_TEXT];
		pf_paths_text(&facts.paths, paths);
		pf_text_say(stream, "PRESET %s: not the usual scores%s%s\n",
			    pf_preset_plan_of(run->session->order.scorer.preset)->name, paths[0] ? "; " : "",
			    paths);
	}
	if (run->session->order.scorer.left_out) {
		char in[PF_STAGES_TEXT], out[PF_STAGES_TEXT];
		pf_scorer_stages_text(&run->session->order.scorer, in, out);
		pf_text_say(stream, "ONLY PART OF THE JOB: %s; without %s\n", in, out);
	}
	fputc('\n', stream);
}

enum { COLUMNS = 9, LEAST_WIDTH = 140 };

void pf_run_label(const pf_contestant *contestant, char *out, size_t capacity)
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
		snprintf(out + used, capacity - used, "%s%s%s", count,
			 pf_run_fallen(contestant, NULL) ? ", fell back" : "",
			 pf_contestant_is_over(contestant) ? " (more workers than cores)" : "");
	}
}

/* The figures of a step as text. */
struct row {
	char label[192], time[PF_TEXT], rate[PF_TEXT], gain[PF_TEXT], factor[PF_TEXT], first[PF_TEXT],
		memory[PF_TEXT];
	const char *verdict, *scores;
};

static void fill_row(const pf_run *run, const pf_contestant *contestant, struct row *row)
{
	pf_interval seconds, ratio;
	const pf_contestant *baseline = pf_run_baseline(run);
	const pf_contestant *parent = pf_run_find(run, contestant->variant->parent);
	bool floor = contestant->status == PF_RUN_FLOOR;
	*row = (struct row){.rate = "-", .gain = "-", .factor = "-", .first = "-", .memory = "-"};
	row->verdict = run->decided && contestant->decision.keep != PF_NOT_JUDGED
			       ? pf_keep_name(contestant->decision.keep)
			       : "-";
	row->scores = floor ? "none: the harness's own cost" : pf_scores_text(contestant);
	pf_run_label(contestant, row->label, sizeof row->label);
	pf_run_time(contestant, &seconds);
	pf_text_time(&seconds, row->time);
	if (!floor) {
		snprintf(row->rate, sizeof row->rate, "%.2f",
			 (double)run->reference.outcomes->scored / seconds.mean);
	}
	if (parent && pf_run_speedup(contestant, parent, &ratio)) {
		pf_text_gain(&ratio, row->gain);
	}
	if (contestant == baseline) {
		snprintf(row->factor, sizeof row->factor, "1.00x");
	} else if (baseline && pf_run_speedup(contestant, baseline, &ratio)) {
		pf_text_factor(&ratio, row->factor);
	}
	if (pf_run_first_result(contestant, &seconds)) {
		pf_text_time(&seconds, row->first);
	}
	pf_memory_cell(run, contestant, row->memory);
}

void pf_run_failure_text(const pf_contestant *contestant, char *out, size_t capacity)
{
	const char *status = contestant->status == PF_RUN_WRONG_OUTPUT ? "wrong output"
			     : contestant->status == PF_RUN_NOT_RUN    ? "not run"
								    : pf_run_status_name(contestant->status);
	if (strncmp(contestant->reason, "not measured", 12) == 0) {
		status = "";
	}
	snprintf(out, capacity, "%s%s%s", status, status[0] && contestant->reason[0] ? ": " : "",
		 contestant->reason);
}

void pf_run_print_failed(const pf_run *run, int columns, FILE *stream)
{
	for (size_t i = 0; i < run->contestant_count; i++) {
		pf_interval seconds;
		char label[192], what[600];
		if (run->contestants[i].status != PF_RUN_UNCHECKED &&
		    !pf_run_time(&run->contestants[i], &seconds)) {
			pf_run_label(&run->contestants[i], label, sizeof label);
			pf_run_failure_text(&run->contestants[i], what, sizeof what);
			fprintf(stream, "%s  ", label);
			pf_text_wrap(stream, what, columns, 4, (int)pf_text_width(label) + 2);
		}
	}
}

/* Cuts the second cell out where nothing was decided. Returns how many are left. */
static size_t without_verdict(const pf_run *run, const char **cells, size_t count)
{
	if (!run->decided) {
		memmove(cells + 1, cells + 2, (count - 2) * sizeof *cells);
	}
	return run->decided ? count : count - 1;
}

/* What all labels of a narrow terminal would say at length. True if there was something to shorten. */
static bool shorten(char *label)
{
	char *over = strstr(label, " (more workers than cores)");
	if (over) {
		snprintf(over, 8, " (over)");
	}
	return over;
}

/* The failed ones stand in their places, unless they are told of below. */
static void print_table(const pf_run *run, int columns, FILE *stream)
{
	static const bool right[COLUMNS] = {false, false, true, true, false, true, true, true, false};
	const char *heads[COLUMNS] = {"variant",
				      "verdict",
				      "time",
				      "photos/s",
				      "against its parent",
				      "against baseline",
				      "first result",
				      pf_memory_head(run),
				      "scores"};
	size_t count = without_verdict(run, heads, COLUMNS);
	bool narrow = columns && columns < LEAST_WIDTH, any_over = false;
	pf_table *table = pf_table_create(count, right + (COLUMNS - count));
	pf_table_row(table, heads, count);
	for (size_t i = 0; i < run->contestant_count; i++) {
		pf_interval seconds;
		struct row row;
		char what[600];
		const pf_contestant *contestant = &run->contestants[i];
		if (pf_run_time(contestant, &seconds)) {
			fill_row(run, contestant, &row);
			any_over = (narrow && shorten(row.label)) || any_over;
			row.scores = narrow && contestant->status == PF_RUN_FLOOR ? "none" : row.scores;
			const char *cells[COLUMNS] = {row.label, row.verdict, row.time,
						      row.rate,  row.gain,    row.factor,
						      row.first, row.memory,  row.scores};
			pf_table_row(table, cells, without_verdict(run, cells, COLUMNS));
		} else if (!columns && contestant->status != PF_RUN_UNCHECKED) {
			pf_run_label(contestant, row.label, sizeof row.label);
			pf_run_failure_text(contestant, what, sizeof what);
			const char *cells[] = {row.label, what};
			pf_table_row(table, cells, 2);
		}
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
	if (any_over) {
		pf_text_say(stream, "(over): more workers than cores\n");
	}
}

/* A ratio is missing because --only left a step out. */
static void print_missing_parents(const pf_run *run, int columns, FILE *stream)
{
	for (size_t i = 0; i < run->contestant_count && run->contestant_count > 1; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		char text[300];
		if (contestant->variant->parent && !pf_run_find(run, contestant->variant->parent)) {
			snprintf(text, sizeof text, "%s changes %s, which was not run: no ratio.",
				 contestant->label, contestant->variant->parent);
			pf_text_wrap(stream, text, columns, 0, 0);
		}
	}
}

/* Shares of the stages in the time of a variant that has one worker. */
static void print_stages(const pf_contestant *contestant, int columns, FILE *stream)
{
	double wall = 0, stages[PF_STAGE_COUNT] = {0}, known = 0;
	for (size_t i = 0; i < contestant->trial_count; i++) {
		const pf_trial *trial = &contestant->trials[i];
		bool counts = pf_run_counts(contestant, trial) == PF_COUNTS;
		for (int stage = 0; stage < PF_STAGE_COUNT && counts; stage++) {
			stages[stage] += (double)trial->stage_ns[stage];
		}
		wall += counts ? (double)trial->wall_ns : 0;
	}
	if (wall <= 0) {
		return;
	}
	char text[800];
	size_t used = (size_t)snprintf(text, sizeof text, "Where the time of %s goes: ", contestant->label);
	for (int stage = 0; stage < PF_STAGE_COUNT; stage++) {
		known += stages[stage];
		if (stages[stage] > 0) {
			used += (size_t)snprintf(text + used, sizeof text - used, "%s %.1f %%, ",
						 pf_stage_name((pf_stage)stage), 100 * stages[stage] / wall);
		}
	}
	snprintf(text + used, sizeof text - used, "unattributed %.1f %%", 100 * (wall - known) / wall);
	fputc('\n', stream);
	pf_text_wrap(stream, text, columns, 0, 0);
}

void pf_run_print_lost_photos(const pf_run *run, FILE *stream)
{
	const pf_outcomes *outcomes = run->reference.outcomes;
	size_t shown = 0;
	if (!outcomes || !outcomes->failed) {
		return;
	}
	pf_text_say(
		stream,
		"\n"
		"%zu of %zu photos could not be scored, in the reference and in every variant above alike:\n",
		outcomes->failed, outcomes->count);
	for (size_t i = 0; i < outcomes->count && shown < SHOWN_FAILURES; i++) {
		const pf_outcome *photo = &outcomes->photos[i];
		if (photo->status != PF_OK) {
			char name[256], message[512];
			pf_text_say(stream, "  %s: %s: %s\n",
				    pf_escape(run->session->dataset->photos[i].path, name, sizeof name),
				    pf_status_name(photo->status),
				    pf_escape(photo->message ? photo->message : "", message, sizeof message));
			shown++;
		}
	}
	if (shown < outcomes->failed) {
		pf_text_say(stream, "  and %zu more (photofinish score lists them all)\n",
			    outcomes->failed - shown);
	}
}

void pf_run_print_warnings(const pf_run *run, int columns, FILE *stream)
{
	pf_machine_busy_print(run, columns, stream);
	if (run->rounds_done > 1 && run->rounds_done < 4) {
		pf_text_say(stream, "\n%u rounds give wide intervals; 5 or more narrow them.\n",
			    run->rounds_done);
	}
}

static bool any_rows(const pf_run *run, bool with_failed)
{
	pf_interval ignored;
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		if (pf_run_time(contestant, &ignored) ||
		    (with_failed && contestant->status != PF_RUN_UNCHECKED)) {
			return true;
		}
	}
	return false;
}

void pf_run_print(const pf_run *run, FILE *stream)
{
	int columns = pf_text_columns(fileno(stream));
	pf_run_print_heading(run, columns, stream);
	if (any_rows(run, !columns)) { /* a heading over nothing tells nothing */
		print_table(run, columns, stream);
	}
	if (columns) {
		pf_run_print_failed(run, columns, stream);
	}
	pf_device_print(run, columns, stream);
	pf_approximate_print(run, columns, stream);
	pf_unchecked_print(run, stream);
	pf_refused_print(run, stream);
	print_missing_parents(run, columns, stream);
	pf_decisions_print(run, columns, stream);
	pf_run_print_warnings(run, columns, stream);
	pf_cache_print(run, columns, stream);
	pf_placement_print(run, stream);
	pf_observer_print(run, columns, stream);
	pf_counters_print(run, columns, stream);
	pf_callgrind_print(run->callgrind, stream);
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		if (!contestant->variant->parent && !(contestant->variant->caps & PF_CAP_COMMAND) &&
		    contestant->status == PF_RUN_OK) {
			print_stages(contestant, columns, stream);
			pf_parts_print(contestant, stream);
		}
	}
	pf_memory_print(run, columns, stream);
	pf_run_print_lost_photos(run, stream);
	if (run->goal) {
		pf_goal_print(run, columns, stream);
	}
	if (run->claim_count) {
		pf_claims_print(run->claims, run->claim_count, columns, stream);
	}
	for (size_t i = 0; run->show_spans && i < run->contestant_count; i++) {
		pf_spans_print(&run->contestants[i], columns, stream);
	}
}
