#include "harness/show/history_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/plain_text.h"
#include "harness/base/text.h"
#include "harness/stats/enough.h"

enum { LIST_COLUMNS = 9, TREND_COLUMNS = 9, BAR = 25 };

/* The points of a trend are kept until all are there: their bars have one scale. */
struct point {
	char id[PF_RECORD_ID + 1], date[24], machine[PF_MACHINE_ID + 1], label[4 * 64], flags[160],
		dataset[128], other[160];
	pf_interval ratio;
};

struct pf_history_table {
	pf_table *rows; /* of a list; NULL: a trend */
	struct point *points;
	size_t count, capacity;
};

pf_history_table *pf_history_table_list(void)
{
	static const bool right[LIST_COLUMNS] = {false, false, false, false, true, true, true, false, false};
	static const char *const heads[LIST_COLUMNS] = {"record",  "date (UTC)", "command",
							"dataset", "photos",     "steps",
							"rounds",  "machine",    "flags, label"};
	pf_history_table *table = pf_enough(calloc(1, sizeof *table));
	table->rows = pf_table_create(LIST_COLUMNS, right);
	pf_table_row(table->rows, heads, LIST_COLUMNS);
	return table;
}

pf_history_table *pf_history_table_trend(void)
{
	return pf_enough(calloc(1, sizeof(pf_history_table)));
}

/* "2026-11-27T23:12:01Z" to "2026-11-27 23:12". */
static char *date_text(const char *started, char out[24])
{
	char shown[64];
	pf_plain_text(started, shown, sizeof shown);
	snprintf(out, 24, "%.10s %.5s", shown, strlen(shown) > 11 ? shown + 11 : "");
	return out;
}

/* "-" where there is none. */
static void count_text(int64_t count, char out[24])
{
	snprintf(out, 24, count < 0 ? "-" : "%lld", (long long)count);
}

void pf_history_table_entry(void *context, const pf_history_entry *entry)
{
	pf_history_table *table = context;
	const pf_history_row *row = &entry->row;
	char date[24], command[64], dataset[160], photos[24], steps[24], rounds[24], label[256], flags[320];
	pf_plain_text(row->command, command, sizeof command);
	pf_plain_text(row->dataset, dataset, sizeof dataset);
	pf_plain_text(row->label, label, sizeof label);
	count_text(row->photos, photos);
	snprintf(steps, sizeof steps, "%zu", row->steps);
	count_text(row->rounds_done, rounds);
	snprintf(flags, sizeof flags, "%s%s%s", row->flags, row->flags[0] && label[0] ? " " : "", label);
	const char *cells[LIST_COLUMNS] = {entry->id, date_text(row->started, date),
					   command,   dataset[0] ? dataset : "-",
					   photos,    steps,
					   rounds,    row->machine,
					   flags};
	pf_table_row(table->rows, cells, LIST_COLUMNS);
	table->count++;
}

void pf_history_table_point(void *context, const pf_history_point *point)
{
	pf_history_table *table = context;
	const pf_history_row *row = &point->record.row;
	if (table->count == table->capacity) {
		table->capacity = table->capacity ? 2 * table->capacity : 16;
		table->points = pf_enough(realloc(table->points, table->capacity * sizeof *table->points));
	}
	struct point *own = &table->points[table->count++];
	*own = (struct point){.ratio = point->ratio};
	snprintf(own->id, sizeof own->id, "%s", point->record.id);
	date_text(row->started, own->date);
	snprintf(own->machine, sizeof own->machine, "%s", row->machine);
	snprintf(own->flags, sizeof own->flags, "%s", row->flags);
	pf_plain_text(row->label, own->label, sizeof own->label);
	pf_plain_text(row->dataset, own->dataset, sizeof own->dataset);
	pf_plain_text(point->other, own->other, sizeof own->other);
}

/* "   |--o--| ": the interval on a logarithmic scale from `least` to `most`; a mark where the ratio is 1. */
static void draw_bar(const pf_interval *ratio, double least, double most, char out[BAR + 1])
{
	const double span = log(most / least);
	int at[4] = {0};
	const double values[] = {ratio->low, ratio->mean, ratio->high, 1};
	for (int i = 0; i < 4; i++) {
		double share = span > 0 ? log(values[i] / least) / span : 0.5;
		at[i] = (int)lround(fmin(fmax(share, 0), 1) * (BAR - 1));
	}
	memset(out, ' ', BAR);
	out[BAR] = '\0';
	out[at[3]] = ':';
	for (int i = at[0]; i <= at[2] && ratio->has_interval; i++) {
		out[i] = '-';
	}
	if (ratio->has_interval) {
		out[at[0]] = out[at[2]] = '|';
	}
	out[at[1]] = 'o';
}

static void scale_of(const pf_history_table *table, double *least, double *most)
{
	*least = *most = 1;
	for (size_t i = 0; i < table->count; i++) {
		const pf_interval *ratio = &table->points[i].ratio;
		*least = fmin(*least, ratio->has_interval ? ratio->low : ratio->mean);
		*most = fmax(*most, ratio->has_interval ? ratio->high : ratio->mean);
	}
}

static void print_points(const pf_history_table *table, FILE *stream)
{
	static const bool right[TREND_COLUMNS] = {false, false, false, false, true,
						  false, false, false, false};
	char scale[BAR + 1], low[PF_TEXT], high[PF_TEXT];
	double least, most;
	scale_of(table, &least, &most);
	snprintf(low, sizeof low, "%.2fx", least);
	snprintf(high, sizeof high, "%.2fx", most);
	snprintf(scale, sizeof scale, "%s%*s", low, (int)(BAR - strlen(low)), high);
	const char *heads[TREND_COLUMNS] = {
		"date (UTC)",           "record", "machine",     "dataset", "pairs", "against",
		"times as fast (95 %)", scale,    "flags, label"};
	pf_table *rows = pf_table_create(TREND_COLUMNS, right);
	pf_table_row(rows, heads, TREND_COLUMNS);
	for (size_t i = 0; i < table->count; i++) {
		const struct point *point = &table->points[i];
		char factor[PF_TEXT], pairs[24], bar[BAR + 1], note[512];
		pf_text_factor(&point->ratio, factor);
		snprintf(pairs, sizeof pairs, "%zu", point->ratio.n);
		draw_bar(&point->ratio, least, most, bar);
		snprintf(note, sizeof note, "%s%s%s", point->flags,
			 point->flags[0] && point->label[0] ? " " : "", point->label);
		const char *cells[TREND_COLUMNS] = {point->date,    point->id, point->machine,
						    point->dataset, pairs,     point->other,
						    factor,         bar,       note};
		pf_table_row(rows, cells, TREND_COLUMNS);
	}
	pf_table_print(rows, stream, "");
	pf_table_free(rows);
}

size_t pf_history_table_end(pf_history_table *table, FILE *stream)
{
	size_t count = table->count;
	if (count && table->rows) {
		pf_table_print(table->rows, stream, "");
	} else if (count) {
		print_points(table, stream);
	}
	if (table->rows) {
		pf_table_free(table->rows);
	}
	free(table->points);
	free(table);
	return count;
}
