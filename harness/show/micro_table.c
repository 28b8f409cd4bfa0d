#include "harness/show/micro_table.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/counters/trial_counters.h"

enum { COLUMNS = 6, WAYS_MOST = COLUMNS - 2, CELL = 96 };

static bool executed(const pf_micro_way *way)
{
	bool any = false;
	for (size_t i = 0; i < way->size_count; i++) {
		any |= way->times[i].real_ns > 0 || way->times[i].refused[0];
	}
	return any;
}

/* How many of the ways from `first` on are of the same workload. */
static size_t ways_of(const pf_micro *micro, size_t first)
{
	size_t count = 1;
	while (first + count < micro->count &&
	       micro->ways[first + count].workload == micro->ways[first].workload) {
		count++;
	}
	return count;
}

static void write_size(const pf_micro_way *way, size_t at, char out[CELL])
{
	unsigned long long size = way->sizes[at], side = 1;
	while (side * side < size) {
		side *= 2;
	}
	if (!way->workload->size_unit) {
		snprintf(out, CELL, "-");
	} else if (side * side == size && strcmp(way->workload->size_unit, "pixels") == 0) {
		snprintf(out, CELL, "%llu squared", side);
	} else {
		snprintf(out, CELL, "%llu %.40s", size, way->workload->size_unit);
	}
}

static void write_time(const pf_micro_way *way, const pf_micro_time *time, const pf_micro_time *plainest,
		       char out[CELL])
{
	char seconds[PF_TEXT];
	if (time->refused[0] || time->real_ns <= 0) {
		snprintf(out, CELL, "%s %s", way->way, time->refused[0] ? "refused" : "-");
		return;
	}
	pf_text_seconds(time->cpu_ns * 1e-9, seconds);
	if (time->cpu_ns < 1e6) {
		snprintf(seconds, sizeof seconds, "%.3g us", time->cpu_ns * 1e-3);
	}
	if (time == plainest || plainest->cpu_ns <= 0) {
		snprintf(out, CELL, "%s %s", way->way, seconds);
	} else {
		snprintf(out, CELL, "%s %s (%.2fx)", way->way, seconds, plainest->cpu_ns / time->cpu_ns);
	}
}

static void add_rows(pf_table *table, const pf_micro_way *ways, size_t count)
{
	for (size_t at = 0; at < ways->size_count; at++) {
		char text[COLUMNS][CELL] = {0};
		const char *cells[COLUMNS] = {ways->workload->name, text[1]};
		size_t columns = 2;
		bool any = false;
		write_size(ways, at, text[1]);
		for (size_t i = 0; i < count && columns < COLUMNS; i++) {
			if (!ways[i].missing[0]) {
				any |= ways[i].times[at].real_ns > 0 || ways[i].times[at].refused[0];
				write_time(&ways[i], &ways[i].times[at], &ways->times[at], text[columns]);
				cells[columns] = text[columns];
				columns++;
			}
		}
		if (any) {
			pf_table_row(table, cells, columns);
		}
	}
}

void pf_micro_print(const pf_micro *micro, FILE *stream)
{
	static const bool right[COLUMNS] = {0};
	static const char *const heads[COLUMNS] = {"workload", "size", "plainest way",
						   "others, and how many times as fast"};
	pf_table *table = pf_table_create(COLUMNS, right);
	bool any = false;
	pf_table_row(table, heads, 4);
	for (size_t i = 0, count; i < micro->count; i += count) {
		count = ways_of(micro, i);
		bool several = false;
		for (size_t k = 1; k < count; k++) {
			several |= executed(&micro->ways[i + k]);
		}
		if (several) {
			add_rows(table, &micro->ways[i], count);
			any = true;
		}
	}
	if (any) {
		fputc('\n', stream);
		pf_table_print(table, stream, "");
	}
	pf_table_free(table);
	for (uint32_t i = 0; i < micro->counters.count; i++) {
		if (micro->openings[i].why) {
			char why[PF_COUNTER_WHY];
			pf_text_say(stream, "not counted: %s: %s\n", micro->counters.events[i].name,
				    pf_counter_why(micro->openings[i].why, pf_perf_event_paranoid(), why));
		}
	}
}

void pf_micro_print_missing(const pf_micro *micro, FILE *stream)
{
	for (size_t i = 0; i < micro->count; i++) {
		const pf_micro_way *own = &micro->ways[i];
		const char *name = own->way ? own->way : own->name;
		bool said = !own->missing[0];
		for (size_t k = 0; k < i && !said; k++) {
			const pf_micro_way *other = &micro->ways[k];
			said = strcmp(other->missing, own->missing) == 0 &&
			       strcmp(other->way ? other->way : other->name, name) == 0;
		}
		if (!said) {
			pf_text_say(stream, "not here: %s: %s\n", name, own->missing);
		}
	}
}
