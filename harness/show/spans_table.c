#include "harness/show/spans_table.h"

#include <string.h>

#include "harness/base/text.h"
#include "harness/spans/trial_spans.h"
#include "harness/stats/enough.h"

enum { SHOWN_RUNS = 8, COLUMNS = 8 };

static double percent(uint64_t part, uint64_t of)
{
	return of ? 100.0 * (double)part / (double)of : 0;
}

static const char *lane_name(const pf_trial_spans *spans, size_t lane, char out[32])
{
	if (lane == 0) {
		return "main";
	}
	snprintf(out, 32, spans->has_workers ? "worker %zu" : "slot %zu", lane);
	return out;
}

static void print_overlap(const pf_trial_spans *spans, int columns, FILE *stream)
{
	char text[1024], time[PF_TEXT];
	uint64_t all_ns = spans->to_ns - spans->from_ns;
	size_t workers = pf_trial_spans_workers(spans);
	size_t used = (size_t)snprintf(text, sizeof text, "Workers busy at once, of %s:",
				       pf_text_seconds((double)all_ns * 1e-9, time));
	for (size_t n = 0; n <= workers && used < sizeof text - 64; n++) {
		if (n <= 2 || n == workers || spans->busy_ns[n] > all_ns / 200) {
			char count[24] = "none";
			snprintf(count, sizeof count, n ? "%zu" : "none", n);
			used += (size_t)snprintf(text + used, sizeof text - used, "%s %s %.1f %%",
						 n ? "," : "", count, percent(spans->busy_ns[n], all_ns));
		}
	}
	pf_text_wrap(stream, text, columns, 0, 0);
}

static void print_lanes(const pf_trial_spans *spans, FILE *stream)
{
	static const bool right[COLUMNS] = {false, true, true, true, true, true, true, true};
	static const char *const heads[COLUMNS] = {"of its time", "busy",    "off CPU in it", "others ran",
						   "starved",     "between", "not begun",     "finished"};
	pf_table *table = pf_table_create(COLUMNS, right);
	pf_table_row(table, heads, COLUMNS);
	uint64_t all_ns = spans->to_ns - spans->from_ns;
	for (size_t i = 0; i < spans->lane_count; i++) {
		const pf_trial_lane *lane = &spans->lanes[i];
		const uint64_t parts[COLUMNS - 1] = {lane->times.busy_ns,    lane->off_cpu_ns,
						     lane->run_delay_ns,     lane->times.starved_ns,
						     lane->times.between_ns, lane->times.not_begun_ns,
						     lane->times.finished_ns};
		char cells[COLUMNS][32];
		const char *row[COLUMNS] = {lane_name(spans, i, cells[0])};
		if (i > 0 && !spans->has_workers && !lane->ended) {
			continue; /* a slot that nobody has */
		}
		for (int k = 1; k < COLUMNS; k++) {
			snprintf(cells[k], sizeof cells[k], "%.1f %%", percent(parts[k - 1], all_ns));
			row[k] = cells[k];
		}
		if (!spans->tree.run_delay_known) {
			row[3] = "?";
		}
		pf_table_row(table, row, COLUMNS);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
}

/* The stages of a part of the critical path, those first that took longest; `most` of them. */
static void stages_text(const uint64_t *stage_ns, uint64_t of_ns, int most, char *out, size_t capacity)
{
	bool told[PF_STAGE_COUNT + 1] = {false};
	size_t used = 0;
	out[0] = '\0';
	for (int shown = 0; shown < most && used < capacity; shown++) {
		int next = -1;
		for (int stage = 0; stage <= PF_STAGE_COUNT; stage++) {
			if (!told[stage] && stage_ns[stage] &&
			    (next < 0 || stage_ns[stage] > stage_ns[next])) {
				next = stage;
			}
		}
		if (next < 0 || (shown && percent(stage_ns[next], of_ns) < 0.05)) {
			return;
		}
		told[next] = true;
		used += (size_t)snprintf(out + used, capacity - used, "%s%s %.1f %%", shown ? ", " : "",
					 next == PF_STAGE_COUNT ? "in no stage"
								: pf_stage_name((pf_stage)next),
					 percent(stage_ns[next], of_ns));
	}
}

static void print_path(const pf_trial_spans *spans, int columns, FILE *stream)
{
	char text[900], stages[640], name[32], begin[PF_TEXT], end[PF_TEXT];
	uint64_t all_ns = spans->to_ns - spans->from_ns;
	stages_text(spans->path_ns, all_ns, PF_STAGE_COUNT + 1, stages, sizeof stages);
	snprintf(text, sizeof text, "The critical path, which the end waited for: %s.", stages);
	pf_text_wrap(stream, text, columns, 0, 0);
	size_t kept = spans->run_count < PF_PATH_RUNS ? spans->run_count : PF_PATH_RUNS;
	size_t shown = kept < SHOWN_RUNS ? kept : SHOWN_RUNS;
	for (size_t i = kept - shown; i < kept; i++) {
		const pf_path_run *run = &spans->runs[i];
		stages_text(run->stage_ns, run->end_ns - run->begin_ns, 3, stages, sizeof stages);
		pf_text_say(stream, "  %8s to %8s  %-9s  %s\n",
			    pf_text_seconds((double)run->begin_ns * 1e-9, begin),
			    pf_text_seconds((double)run->end_ns * 1e-9, end),
			    lane_name(spans, run->lane, name), stages);
	}
	if (spans->run_count > shown) {
		pf_text_say(stream, "  (the last %zu of %zu parts of it)\n", shown, spans->run_count);
	}
}

enum {
	TREE_CELLS = 9,
	TREE_CELL = 9
}; /* as pf_span_tree_print has them: so many, so wide with their blank */

/* One line of the tree as a row: its name with what it is indented by, and its cells. */
static void tree_row(pf_table *table, char *line, size_t name_width)
{
	const char *cells[TREE_CELLS + 1] = {line};
	for (size_t i = TREE_CELLS; i > 0; i--) { /* from behind: each is cut off there */
		char *cell = line + name_width + (i - 1) * TREE_CELL;
		cells[i] = cell + strspn(cell, " ");
		*cell = '\0';
	}
	for (size_t end = strlen(line); end > 0 && line[end - 1] == ' '; end--) {
		line[end - 1] = '\0';
	}
	pf_table_row(table, cells, TREE_CELLS + 1);
}

/* The tree as any program prints it; where it is too wide for the terminal, as a table that fits. */
static void print_tree(const pf_span_tree *tree, int columns, FILE *stream)
{
	static const bool right[TREE_CELLS + 1] = {false, true, true, true, true,
						   true,  true, true, true, true};
	char *text = NULL;
	size_t bytes, number = 0;
	FILE *out = open_memstream(&text, &bytes);
	if (!out) {
		pf_out_of_memory();
	}
	pf_span_tree_print(tree, &pf_engine_stages, out);
	fclose(out);
	pf_enough(text);
	size_t width = strcspn(text, "\n");
	if (width <= (size_t)columns) {
		fputs(text, stream);
		free(text);
		return;
	}
	pf_table *table = pf_table_create(TREE_CELLS + 1, right);
	char *rest = text;
	/* A heading, the rows, what is unattributed; then sentences. */
	for (char *line; number < tree->count + 2 && (line = strsep(&rest, "\n")); number++) {
		tree_row(table, line, width - TREE_CELLS * TREE_CELL);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
	pf_text_say(stream, "%s", rest ? rest : "");
	free(text);
}

void pf_spans_print(const pf_contestant *contestant, int columns, FILE *stream)
{
	char text[400];
	const pf_trial *trial = pf_run_median_trial(contestant);
	const pf_trial_spans *spans = trial ? trial->spans : NULL;
	if (!spans) {
		return;
	}
	columns = columns ? columns : 120;
	snprintf(
		text, sizeof text,
		"Spans of %s in round %u%s; times of stages are sums over %zu thread%s, shares are of their lifetime.",
		contestant->label, trial->round, contestant->trial_count > 1 ? ", its median trial" : "",
		spans->has_workers ? spans->lane_count : 1,
		pf_text_plural(spans->has_workers ? spans->lane_count : 1));
	fputc('\n', stream);
	pf_text_wrap(stream, text, columns, 0, 0);
	print_tree(&spans->tree, columns, stream);
	if (spans->has_workers) {
		char own[PF_TEXT];
		pf_text_say(stream, "Of what is unattributed, %s is main's, which supervises the workers.\n",
			    pf_text_seconds((double)spans->lanes[0].times.between_ns * 1e-9, own));
	}
	fputc('\n', stream);
	if (spans->from_ns) {
		char from[PF_TEXT];
		snprintf(
			text, sizeof text,
			"What follows is of the time from %s on: of what was before, not every span is kept.",
			pf_text_seconds((double)spans->from_ns * 1e-9, from));
		pf_text_wrap(stream, text, columns, 0, 0);
	}
	print_overlap(spans, columns, stream);
	print_lanes(spans, stream);
	print_path(spans, columns, stream);
}
