#include "harness/show/record_pair.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/history/history_row.h"
#include "harness/record/notebook_parts.h"
#include "harness/record/record_kind.h"
#include "harness/stats/enough.h"

enum { COLUMNS = 3, CELL = 200 };

/* Rows of one record: an object from names to texts, which keeps their order. */
static void put(json_t *rows, const char *name, const char *text)
{
	json_object_set_new(rows, name, json_string(text[0] ? text : "-"));
}

static void put_count(json_t *rows, const char *name, int64_t count)
{
	char text[32] = "";
	if (count >= 0) {
		snprintf(text, sizeof text, "%lld", (long long)count);
	}
	put(rows, name, text);
}

static void put_facts(json_t *rows, const json_t *record, const char *id)
{
	const json_t *environment = json_object_get(record, "environment");
	char text[CELL];
	pf_history_row row;
	pf_history_row_of(record, &row);
	put(rows, "record", id);
	put(rows, "command", row.command);
	put(rows, "started", row.started);
	put(rows, "label", row.label);
	put(rows, "flags", row.flags);
	put(rows, "machine", row.machine);
	snprintf(text, sizeof text, "%s, %lld cores", row.cpu, (long long)row.cores);
	put(rows, "processor", text);
	snprintf(text, sizeof text, "%s %s", pf_note_text(environment, "version"),
		 pf_note_text(environment, "build_type"));
	put(rows, "photofinish", text);
	snprintf(text, sizeof text, "%.12s",
		 pf_note_text(json_object_get(record, "configuration"), "engine_sha256"));
	put(rows, "engine", text);
	snprintf(text, sizeof text, "%.12s",
		 pf_note_text(json_object_get(record, "configuration"), "digest"));
	put(rows, "configuration", text);
	put(rows, "dataset", row.dataset);
	snprintf(text, sizeof text, "%.12s", row.dataset_hash);
	put(rows, "its photos (hash)", text);
	put_count(rows, "photos", row.photos);
	put_count(rows, "rounds", row.rounds_done);
}

static void put_time(json_t *rows, const json_t *of, const char *key, const char *step)
{
	char name[CELL], text[PF_TEXT];
	pf_interval seconds;
	if (pf_note_interval(of, key, &seconds)) {
		snprintf(name, sizeof name, "  %.180s: time", step);
		put(rows, name, pf_text_time(&seconds, text));
	}
}

/* "parallel over single-load": "1.21x (1.19 to 1.24)". */
static void put_ratios(json_t *rows, const json_t *record, size_t index, const pf_history_step *step)
{
	static const pf_history_kind order[] = {PF_HISTORY_PARENT, PF_HISTORY_BASELINE, PF_HISTORY_COMPARED};
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		const char *other;
		char name[CELL], factor[PF_TEXT];
		pf_interval ratio;
		if (pf_history_ratio(record, index, order[i], &other, &ratio)) {
			snprintf(name, sizeof name, "  %.80s over %.80s", step->name, other);
			put(rows, name, pf_text_factor(&ratio, factor));
		}
	}
}

static void put_steps(json_t *rows, const json_t *record)
{
	pf_history_row row;
	pf_history_row_of(record, &row);
	for (size_t i = 0; i < row.steps; i++) {
		const pf_history_step step = pf_history_step_of(record, i);
		char name[CELL], status[CELL];
		snprintf(name, sizeof name, "%.180s", step.name);
		snprintf(status, sizeof status, step.workers > 0 ? "%.40s, %lld worker%s" : "%.40s",
			 step.status, (long long)step.workers, step.workers == 1 ? "" : "s");
		put(rows, name, status);
		put_time(rows, json_array_get(json_object_get(record, "variants"), i), "wall_s", step.name);
		put_time(rows, json_array_get(json_object_get(record, "results"), i), "interval", step.name);
		put_ratios(rows, record, i, &step);
	}
}

/* Verdicts on what `list` holds, each named by its member `name`. */
static void put_verdicts(json_t *rows, const json_t *record, const char *list, const char *name)
{
	size_t index;
	const json_t *entry;
	json_array_foreach(json_object_get(record, list), index, entry)
	{
		char text[CELL];
		snprintf(text, sizeof text, "  %.180s", pf_note_text(entry, name));
		put(rows, text, pf_note_text(entry, "verdict"));
	}
}

/* Of a load: its percentiles that the sample was large enough for, or its throughput. */
static void put_load(json_t *rows, const json_t *record)
{
	size_t index;
	const json_t *entry;
	pf_interval rate;
	double ns;
	char name[CELL], text[PF_TEXT];
	put(rows, "  scenario", pf_note_text(record, "scenario"));
	put(rows, "  each photo by", pf_note_text(record, "way"));
	json_array_foreach(json_object_get(record, "latency"), index, entry)
	{
		double p = pf_note_number(entry, "p");
		if (p > 0 && p < 1 && pf_note_figure(entry, "ns", &ns)) {
			snprintf(name, sizeof name, "  latency p%.4g", 100 * p);
			put(rows, name, pf_text_seconds(ns * 1e-9, text));
		}
	}
	put_time(rows, record, "wall_s", "a trial");
	if (pf_note_interval(record, "throughput_photos_per_s", &rate)) {
		snprintf(text, sizeof text, "%.4g photos/s", rate.mean);
		put(rows, "  throughput", text);
	}
}

static json_t *rows_of(const json_t *record, const char *id)
{
	json_t *rows = json_object();
	if (!rows) {
		pf_out_of_memory();
	}
	put_facts(rows, record, id);
	put_steps(rows, record);
	if (pf_record_kind_of(record) == PF_RECORD_LOAD) {
		put_load(rows, record);
	}
	put_verdicts(rows, record, "slos", "slo");
	put_verdicts(rows, record, "trends", "metric");
	put_verdicts(rows, record, "checks", "check");
	return rows;
}

static const char *cell_of(const json_t *rows, const char *name)
{
	const char *text = json_string_value(json_object_get(rows, name));
	return text ? text : "-";
}

void pf_record_pair_print(const json_t *a, const char *id_a, const json_t *b, const char *id_b, FILE *stream)
{
	static const bool right[COLUMNS] = {false, false, false};
	json_t *rows_a = rows_of(a, id_a), *rows_b = rows_of(b, id_b);
	const char *name;
	json_t *text;
	pf_table *table = pf_table_create(COLUMNS, right);
	json_object_update_missing(rows_a, rows_b); /* those of b alone come last */
	json_object_foreach(rows_a, name, text)
	{
		bool in_a = json_object_get(rows_b, name) != text;
		const char *cells[COLUMNS] = {name, in_a ? json_string_value(text) : "-",
					      cell_of(rows_b, name)};
		pf_table_row(table, cells, COLUMNS);
	}
	pf_table_print(table, stream, "");
	pf_table_free(table);
	json_decref(rows_a);
	json_decref(rows_b);
	fputc('\n', stream);
	pf_text_wrap(
		stream,
		"\"A over B\" is how many times as fast A was as B, paired by round within that record. Two records are "
		"described side by side, without a verdict: the machine, the day and what else ran differ, too. To "
		"compare, run both now (photofinish compare).",
		pf_text_columns(fileno(stream)), 0, 0);
}
