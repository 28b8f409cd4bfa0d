#include "harness/show/bench_counters.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/plain_text.h"
#include "harness/base/text.h"
#include "harness/record/notebook_parts.h"
#include "harness/stats/enough.h"

enum { NAME = 24 }; /* of a command, above its column */

/* "1.23 G": three digits and the power of a thousand. */
static char *count_text(double count, char out[PF_TEXT])
{
	static const char *const units[] = {"", " k", " M", " G", " T"};
	size_t unit = 0;
	while (count >= 999.5 && unit < 4) {
		count /= 1000;
		unit++;
	}
	snprintf(out, PF_TEXT, count < 9.995 && count != (double)(long)count ? "%.2f%s" : "%.3g%s", count,
		 units[unit]);
	return out;
}

static char *mean_text(const json_t *figure, bool derived, char out[PF_TEXT])
{
	const char *unit = pf_note_text(figure, "unit");
	double mean, share;
	if (!pf_note_figure(figure, "mean", &mean)) {
		snprintf(out, PF_TEXT, derived ? "-" : "unavailable");
		return out;
	}
	if (derived) {
		snprintf(out, PF_TEXT, "%.3g%s%.8s", mean, unit[0] ? " " : "", unit);
	} else if (strcmp(pf_note_text(figure, "name"), "task-clock") == 0) {
		pf_text_seconds(mean * 1e-9, out);
	} else {
		count_text(mean, out);
	}
	if (pf_note_figure(figure, "running_share", &share) && share < 0.995) {
		size_t used = strlen(out);
		snprintf(out + used, PF_TEXT - used, " (%.0f %%)", 100 * share);
	}
	return out;
}

/* That of a command with a name. */
static const json_t *figure_of(const json_t *result, const char *list, const char *name)
{
	size_t index;
	const json_t *figure;
	json_array_foreach(json_object_get(json_object_get(result, "counters"), list), index, figure)
	{
		if (strcmp(pf_note_text(figure, "name"), name) == 0) {
			return figure;
		}
	}
	return NULL;
}

/* Rows of all figures that the first command has. */
static void add_rows(pf_table *table, const json_t *results, const char *list)
{
	const size_t count = json_array_size(results);
	const bool derived = strcmp(list, "derived") == 0;
	const json_t *first = json_object_get(json_object_get(json_array_get(results, 0), "counters"), list),
		     *figure;
	char(*texts)[PF_TEXT] = calloc(count, sizeof *texts);
	const char **cells = calloc(count + 1, sizeof *cells);
	size_t index;
	if (!texts || !cells) {
		pf_out_of_memory();
	}
	json_array_foreach(first, index, figure)
	{
		cells[0] = pf_note_text(figure, "name");
		for (size_t i = 0; i < count; i++) {
			const json_t *own = figure_of(json_array_get(results, i), list, cells[0]);
			cells[i + 1] = mean_text(own, derived, texts[i]);
		}
		pf_table_row(table, cells, count + 1);
	}
	free(texts);
	free(cells);
}

static void print_table(const json_t *results, FILE *stream)
{
	const size_t count = json_array_size(results);
	bool *right = calloc(count + 1, sizeof *right);
	char(*names)[NAME + 4] = calloc(count, sizeof *names);
	const char **heads = calloc(count + 1, sizeof *heads);
	if (!right || !names || !heads) {
		pf_out_of_memory();
	}
	heads[0] = "";
	for (size_t i = 0; i < count; i++) {
		pf_plain_text(pf_note_text(json_array_get(results, i), "command"), names[i], sizeof names[i]);
		heads[i + 1] = names[i];
		right[i + 1] = true;
	}
	pf_table *table = pf_table_create(count + 1, right);
	pf_table_row(table, heads, count + 1);
	add_rows(table, results, "events");
	add_rows(table, results, "derived");
	pf_table_print(table, stream, "  ");
	pf_table_free(table);
	free(right);
	free(names);
	free(heads);
}

void pf_bench_counters_print(const json_t *results, int columns, FILE *stream)
{
	const json_t *counters = json_object_get(json_array_get(results, 0), "counters"),
		     *events = json_object_get(counters, "events"), *event;
	const char *told = "";
	bool user_only = false;
	size_t index;
	if (!json_is_object(counters)) {
		return;
	}
	fprintf(stream, "\nCounters, means of the runs, of each command and all that it starts:\n");
	print_table(results, stream);
	json_array_foreach(events, index, event)
	{
		const char *why = pf_note_text(event, "unavailable");
		user_only = user_only || strcmp(pf_note_text(event, "scope"), "user") == 0;
		if (why[0]) {
			int used = fprintf(stream, "  %s: unavailable: ", pf_note_text(event, "name"));
			pf_text_wrap(stream, strcmp(why, told) == 0 ? "as above" : why, columns, 2, used);
			told = why;
		}
	}
	if (user_only) {
		fprintf(stream, "  What the kernel did is not in them: it may not be counted here.\n");
	}
}
