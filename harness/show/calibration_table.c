#include "harness/show/calibration_table.h"

#include <math.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/calibrate/figures.h"
#include "harness/calibrate/sitting.h"

enum { COLUMNS = 9 + PF_RIVALS, CELL_TEXT = 96 };

/* Where the rows go: a table of text, or Markdown. */
typedef struct sink {
	pf_table *table;
	FILE *markdown;
} sink;

static void put(const sink *to, char cells[COLUMNS][CELL_TEXT])
{
	const char *texts[COLUMNS];
	for (int i = 0; i < COLUMNS; i++) {
		texts[i] = cells[i];
	}
	if (to->table) {
		pf_table_row(to->table, texts, COLUMNS);
		return;
	}
	fputc('|', to->markdown);
	for (int i = 0; i < COLUMNS; i++) {
		fprintf(to->markdown, " %s |", texts[i]);
	}
	fputc('\n', to->markdown);
}

static void head(const sink *to)
{
	static const char *const names[COLUMNS - PF_RIVALS] = {
		"cell",         "workload",     "gates",        "FAIL",        "PASS",
		"INCONCLUSIVE", "bias, points", "time to FAIL", "time to PASS"};
	char cells[COLUMNS][CELL_TEXT];
	for (int i = 0; i < COLUMNS; i++) {
		snprintf(cells[i], CELL_TEXT, "%s",
			 i < COLUMNS - PF_RIVALS ? names[i]
						 : pf_rival_name((pf_rival)(i - (COLUMNS - PF_RIVALS))));
	}
	put(to, cells);
	if (to->markdown) {
		fputs("|---|---|---:|---|---|---|---:|---:|---:|---:|---:|---:|---:|\n", to->markdown);
	}
}

static void at_most(size_t k, size_t n, char out[CELL_TEXT])
{
	snprintf(out, CELL_TEXT, "%zu (at most %.3g %%)", k, 100 * pf_rate_most(k, n));
}

static void at_least(size_t k, size_t n, char out[CELL_TEXT])
{
	snprintf(out, CELL_TEXT, "%zu (at least %.3g %%)", k, 100 * pf_rate_least(k, n));
}

static void time_text(double middle, double most, char out[CELL_TEXT])
{
	char a[PF_TEXT], b[PF_TEXT];
	if (middle > 0.0) {
		snprintf(out, CELL_TEXT, "%s, most %s", pf_text_seconds(middle, a), pf_text_seconds(most, b));
	} else {
		snprintf(out, CELL_TEXT, "-");
	}
}

static void row(const sink *to, const pf_cell *cell, const pf_row *r)
{
	char cells[COLUMNS][CELL_TEXT], name[PF_CELL_NAME];
	bool null = pf_cell_is_null(cell);
	snprintf(cells[0], CELL_TEXT, "%s", pf_cell_name(cell, name));
	snprintf(cells[1], CELL_TEXT, "%s", r->workload ? r->workload : "whole gate");
	snprintf(cells[2], CELL_TEXT, "%zu", r->n);
	(null ? at_most : at_least)(r->verdicts[PF_GATE_FAIL], r->n, cells[3]);
	(null ? at_least : at_most)(r->verdicts[PF_GATE_PASS], r->n, cells[4]);
	at_most(r->verdicts[PF_GATE_INCONCLUSIVE], r->n, cells[5]);
	if (r->verdicts[PF_GATE_INVALID]) {
		snprintf(cells[5] + strlen(cells[5]), CELL_TEXT - strlen(cells[5]), ", %zu INVALID",
			 r->verdicts[PF_GATE_INVALID]);
	}
	if (!r->workload) {
		snprintf(cells[6], CELL_TEXT, "-");
	} else if (r->n > 1) {
		snprintf(cells[6], CELL_TEXT, "%+.2f (sd %.2f)", 100 * r->bias, 100 * r->bias_sd);
	} else {
		snprintf(cells[6], CELL_TEXT, "%+.2f", 100 * r->bias);
	}
	time_text(r->fail_s, r->fail_most_s, cells[7]);
	time_text(r->pass_s, r->pass_most_s, cells[8]);
	for (int i = 0; i < PF_RIVALS; i++) {
		snprintf(cells[COLUMNS - PF_RIVALS + i], CELL_TEXT, "%zu of %zu", r->rivals[i], r->rivals_n);
	}
	put(to, cells);
}

/* All rows; returns how many verdicts are other ones than they were then. */
static size_t rows(const sink *to, const pf_streams *streams)
{
	const char *names[PF_ROW_NAMES];
	size_t changed = 0, count = pf_streams_names(streams, names);
	for (size_t i = 0; i < PF_CELLS; i++) {
		pf_cell cell = pf_cell_at(i);
		pf_row r;
		if (!pf_row_of(streams, &cell, NULL, &r)) {
			continue;
		}
		row(to, &cell, &r);
		for (size_t k = 0; k < count; k++) {
			if (pf_row_of(streams, &cell, names[k], &r)) {
				row(to, &cell, &r);
				changed += r.changed;
			}
		}
	}
	return changed;
}

static void say_missing(const pf_streams *streams, FILE *stream)
{
	size_t missing = 0;
	for (size_t i = 0; i < PF_CELLS; i++) {
		pf_cell cell = pf_cell_at(i);
		char name[PF_CELL_NAME];
		pf_row r;
		if (!pf_row_of(streams, &cell, NULL, &r)) {
			const char *why = pf_cell_unable(&cell);
			fprintf(stream, "%s%s%s%s%s",
				missing++ ? ", " : "Not run: ", pf_cell_name(&cell, name), why ? " (" : "",
				why ? why : "", why ? ")" : "");
		}
	}
	fputs(missing ? ".\n" : "", stream);
}

static void say_ways(const pf_streams *streams, const char *end, FILE *stream)
{
	static const char *const names[] = {"one-process", "two-processes"};
	pf_way_error ways[2];
	for (int i = 0; i < 2; i++) {
		ways[i] = pf_way_error_of(streams, (pf_gate_way)i);
		if (ways[i].n) {
			fprintf(stream,
				"%s: where both arms are the same bytes, %d observations are off by %.3f points (root mean square over "
				"%zu workloads of gates); one scatters by %.2f %% and takes %.2f s.%s\n",
				names[i], PF_RIVAL_SAMPLES, 100 * ways[i].error, ways[i].n,
				100 * ways[i].scatter, ways[i].spent_s, end);
		} else {
			fprintf(stream, "%s: its error was not measured.%s\n", names[i], end);
		}
	}
	if (ways[0].n && ways[1].n) {
		fprintf(stream, "The smaller error is that of %s.%s\n", names[ways[1].error < ways[0].error],
			end);
	}
}

static void say_floors(const pf_streams *streams, const char *end, FILE *stream)
{
	const char *names[PF_ROW_NAMES];
	size_t said = 0, count = pf_streams_names(streams, names);
	for (size_t i = 0; i < count; i++) {
		double floor = pf_layout_floor(streams, names[i], PF_GATE_ONE_PROCESS);
		if (floor >= 0.0) {
			fprintf(stream, "%s%s %.2f %%",
				said++ ? ", "
				       : "The place of code alone moves times by (standard deviation) ",
				names[i], 100 * floor);
		}
	}
	fprintf(stream, "%s%s", said ? ".\n" : "", said ? end : "");
}

static void say_loads(const pf_streams *streams, FILE *stream)
{
	pf_loads loads = pf_loads_of(streams);
	fprintf(stream, "Load average %.1f to %.1f (middle %.1f)", loads.least, loads.most, loads.middle);
	if (loads.steal_most > 0.0) {
		fprintf(stream, ", steal up to %.1f %%", 100 * loads.steal_most);
	}
	fprintf(stream,
		". Others used more than a tenth of a processor beside %zu of %zu gates that should have been quiet.\n",
		loads.busy, loads.quiet_gates);
}

static void say_rivals(const char *bullet, const char *end, FILE *stream)
{
	fprintf(stream,
		"The last %d columns say how often other rules call it slower, on the first %d observations of each arm. These were "
		"taken in turn and over many layouts, which their tools do not do.%s\n",
		PF_RIVALS, PF_RIVAL_SAMPLES, end);
	for (int i = 0; i < PF_RIVALS; i++) {
		fprintf(stream, "%s%s: %s\n", bullet, pf_rival_name((pf_rival)i), pf_rival_rule((pf_rival)i));
	}
}

void pf_calibration_print(const pf_calibration *calibration, FILE *stream)
{
	const pf_streams *streams = &calibration->streams;
	bool right[COLUMNS] = {[2] = true, [6] = true, [7] = true, [8] = true};
	if (!streams->count) {
		fputs("No gate was measured by now.\n", stream);
		return;
	}
	fprintf(stream,
		"%zu gates | margin %.3g %%, alpha %.3g for the whole gate | bounds: one-sided, 95 %%, Clopper and Pearson\n\n",
		streams->count, 100 * streams->gates[0].margin, streams->gates[0].alpha);
	sink to = {.table = pf_table_create(COLUMNS, right)};
	head(&to);
	size_t changed = rows(&to, streams);
	pf_table_print(to.table, stream, "");
	pf_table_free(to.table);
	fputc('\n', stream);
	if (changed) {
		fprintf(stream,
			"%zu verdicts are other ones than they were when they were taken: the rules have changed.\n",
			changed);
	}
	say_ways(streams, "", stream);
	say_floors(streams, "", stream);
	say_loads(streams, stream);
	say_rivals("  ", "", stream);
	say_missing(streams, stream);
}

static void say_doses(const pf_calibration *calibration, FILE *stream)
{
	for (size_t i = 0; i < calibration->count; i++) {
		const pf_dose *dose = &calibration->doses[i];
		fprintf(stream,
			"- %s (%.3g ms a unit): %d %% are %lu rounds of arithmetic, or %lu cache lines\n",
			dose->workload, dose->unit_ns * 1e-6, PF_DOSE_PERCENT, dose->rounds, dose->lines);
	}
}

void pf_calibration_markdown(const pf_calibration *calibration, FILE *stream)
{
	const pf_streams *streams = &calibration->streams;
	fprintf(stream, "# Calibration of the gate\n\n");
	if (!streams->count) {
		fputs("No gate was measured by now.\n", stream);
		return;
	}
	fprintf(stream,
		"%zu gates of %.12s against itself, margin %.3g %%, alpha %.3g for the whole gate. Bounds are one-sided, at 95 %%, by "
		"Clopper and Pearson.\n\n",
		streams->count, calibration->arm.id[0] ? calibration->arm.id : "a library",
		100 * streams->gates[0].margin, streams->gates[0].alpha);
	say_loads(streams, stream);
	fputs("\nSlowdowns are work that was added to each unit, found by time once and counted from then on:\n\n",
	      stream);
	say_doses(calibration, stream);
	fputc('\n', stream);
	sink to = {.markdown = stream};
	head(&to);
	rows(&to, streams);
	fputc('\n', stream);
	say_ways(streams, "\n", stream);
	say_floors(streams, "\n", stream);
	say_rivals("- ", "\n", stream);
	fputc('\n', stream);
	say_missing(streams, stream);
}
