#include "harness/history/history.h"

#include <stdlib.h>
#include <string.h>

#include "harness/history/history_index.h"
#include "photofinish/file.h"

pf_status pf_history_open(const char *folder, pf_history_complaint *complain, pf_history **out,
			  pf_error *error)
{
	pf_history *history = calloc(1, sizeof *history);
	*out = NULL;
	if (!history) {
		return pf_fail(error, PF_ERR_NO_MEMORY, folder, "not enough memory");
	}
	pf_status status = pf_history_path(folder, NULL, history->folder, error);
	if (status == PF_OK) {
		status = pf_make_folders(folder, error);
	}
	if (status == PF_OK) {
		status = pf_history_connect(history, error);
	}
	if (status == PF_OK) {
		status = pf_history_update(history, false, complain, NULL, error);
	}
	if (status != PF_OK) {
		pf_history_close(history);
		return status;
	}
	*out = history;
	return PF_OK;
}

void pf_history_close(pf_history *history)
{
	if (history) {
		sqlite3_close(history->database);
		free(history);
	}
}

pf_status pf_history_refresh(pf_history *history, pf_history_complaint *complain, pf_error *error)
{
	return pf_history_update(history, false, complain, NULL, error);
}

pf_status pf_history_rebuild(pf_history *history, pf_history_complaint *complain, size_t *records,
			     pf_error *error)
{
	return pf_history_update(history, true, complain, records, error);
}

/* The columns of an entry, in their order. Starts are to the second: among equal ones the files tell. */
#define ENTRY                                                                                           \
	"r.id, r.file, r.started, r.command, r.label, r.dataset, r.dataset_hash, r.photos, r.machine, " \
	"r.cpu, "                                                                                       \
	"r.cores, r.rounds_done, r.steps, r.flags"

enum { ENTRY_COLUMNS = 14 };

static const char *text_at(sqlite3_stmt *row, int column)
{
	const unsigned char *text = sqlite3_column_text(row, column);
	return text ? (const char *)text : "";
}

static void read_entry(sqlite3_stmt *row, pf_history_entry *entry)
{
	*entry = (pf_history_entry){
		.id = text_at(row, 0),
		.file = text_at(row, 1),
		.row = {.started = text_at(row, 2),
			.command = text_at(row, 3),
			.label = text_at(row, 4),
			.dataset = text_at(row, 5),
			.dataset_hash = text_at(row, 6),
			.photos = sqlite3_column_int64(row, 7),
			.cpu = text_at(row, 9),
			.cores = sqlite3_column_int64(row, 10),
			.rounds_done = sqlite3_column_int64(row, 11),
			.steps = (size_t)sqlite3_column_int64(row, 12)},
	};
	snprintf(entry->row.machine, sizeof entry->row.machine, "%s", text_at(row, 8));
	snprintf(entry->row.flags, sizeof entry->row.flags, "%s", text_at(row, 13));
}

/* Prepares a query whose parameters ?1 to ?4 are those of the filter, ?5 is `kind`. */
static pf_status prepare(pf_history *history, const char *sql, const pf_history_filter *filter,
			 const char *kind, sqlite3_stmt **out, pf_error *error)
{
	const char *texts[] = {filter->dataset, filter->variant, filter->machine};
	int code = sqlite3_prepare_v2(history->database, sql, -1, out, NULL);
	for (int i = 0; i < 3 && code == SQLITE_OK; i++) {
		code = sqlite3_bind_text(*out, i + 1, texts[i], -1, SQLITE_STATIC); /* NULL binds null */
	}
	code = code ? code : sqlite3_bind_int64(*out, 4, filter->last ? (int64_t)filter->last : -1);
	code = code || !kind ? code : sqlite3_bind_text(*out, 5, kind, -1, SQLITE_STATIC);
	return code == SQLITE_OK ? PF_OK : pf_history_failed(history, "cannot read the index", error);
}

static pf_status finish(pf_history *history, sqlite3_stmt *query, int code, pf_error *error)
{
	pf_status status = code == SQLITE_DONE ? PF_OK
					       : pf_history_failed(history, "cannot read the index", error);
	sqlite3_finalize(query);
	return status;
}

#define OF_RECORD "(?1 IS NULL OR r.dataset = ?1) AND (?3 IS NULL OR substr(r.machine, 1, length(?3)) = ?3)"

pf_status pf_history_list(pf_history *history, const pf_history_filter *filter,
			  void (*visit)(void *context, const pf_history_entry *entry), void *context,
			  pf_error *error)
{
	static const char sql[] =
		"SELECT * FROM (SELECT " ENTRY ", r.mtime_ns AS made FROM record r WHERE " OF_RECORD
		" AND (?2 IS NULL OR EXISTS (SELECT 1 FROM step s WHERE s.record = r.id AND s.name = ?2)) "
		"ORDER BY r.started DESC, made DESC, r.id DESC LIMIT ?4) ORDER BY 3, made, 1";
	sqlite3_stmt *query = NULL;
	pf_status status = prepare(history, sql, filter, NULL, &query, error);
	if (status != PF_OK) {
		sqlite3_finalize(query);
		return status;
	}
	int code;
	while ((code = sqlite3_step(query)) == SQLITE_ROW) {
		pf_history_entry entry;
		read_entry(query, &entry);
		visit(context, &entry);
	}
	return finish(history, query, code, error);
}

static void read_point(sqlite3_stmt *row, pf_history_point *point)
{
	const int at = ENTRY_COLUMNS;
	read_entry(row, &point->record);
	point->other = text_at(row, at);
	point->workers = (uint32_t)sqlite3_column_int64(row, at + 1);
	point->ratio = (pf_interval){
		.mean = sqlite3_column_double(row, at + 2),
		.low = sqlite3_column_double(row, at + 3),
		.high = sqlite3_column_double(row, at + 4),
		.level = sqlite3_column_double(row, at + 5),
		.n = (size_t)sqlite3_column_int64(row, at + 6),
		.has_interval = sqlite3_column_type(row, at + 3) != SQLITE_NULL,
	};
}

pf_status pf_history_trend(pf_history *history, pf_history_kind kind, const pf_history_filter *filter,
			   void (*visit)(void *context, const pf_history_point *point), void *context,
			   pf_error *error)
{
	static const char sql[] =
		"SELECT * FROM (SELECT " ENTRY ", q.other, s.workers, q.mean, q.low, q.high, q.level, "
		"q.pairs, r.mtime_ns AS made FROM ratio q JOIN step s ON s.record = q.record AND s.position = q.position JOIN record r "
		"ON r.id = q.record WHERE s.name = ?2 AND q.kind = ?5 AND " OF_RECORD
		" ORDER BY r.started DESC, made DESC, r.id DESC LIMIT ?4) ORDER BY 3, made, 1";
	sqlite3_stmt *query = NULL;
	pf_status status = prepare(history, sql, filter, pf_history_kind_name(kind), &query, error);
	if (status != PF_OK) {
		sqlite3_finalize(query);
		return status;
	}
	int code;
	while ((code = sqlite3_step(query)) == SQLITE_ROW) {
		pf_history_point point;
		read_point(query, &point);
		visit(context, &point);
	}
	return finish(history, query, code, error);
}

enum { LEAST_DIGITS = 4 };

pf_status pf_history_find(pf_history *history, const char *id, bool runs, char path[PF_HISTORY_PATH_MAX],
			  pf_error *error)
{
	static const char newest[] = "SELECT file FROM record WHERE ?1 IS NULL OR kind = ?1 "
				     "ORDER BY started DESC, mtime_ns DESC, id DESC LIMIT 1",
			  by_id[] = "SELECT file FROM record WHERE substr(id, 1, length(?1)) = ?1 LIMIT 2";
	bool last = strcmp(id, "last") == 0;
	sqlite3_stmt *query = NULL;
	if (!last && strlen(id) < LEAST_DIGITS) {
		return pf_fail(error, PF_ERR_USAGE, id, "an id takes %d characters at least, or \"last\"",
			       LEAST_DIGITS);
	}
	int code = sqlite3_prepare_v2(history->database, last ? newest : by_id, -1, &query, NULL);
	const char *key = !last ? id : runs ? "run" : NULL;
	code = code ? code : sqlite3_bind_text(query, 1, key, -1, SQLITE_STATIC); /* NULL binds null */
	pf_status status = PF_OK;
	code = code ? code : sqlite3_step(query);
	if (code == SQLITE_DONE) {
		status = pf_fail(error, PF_ERR_NOT_FOUND, last ? NULL : id,
				 last ? runs ? "the history has no record of a run yet"
					     : "the history has no record yet"
				      : "the history has no such record (see photofinish history list)");
	} else if (code != SQLITE_ROW) {
		status = pf_history_failed(history, "cannot read the index", error);
	} else {
		status = pf_history_record_path(history->folder, text_at(query, 0), path, error);
		if (status == PF_OK && sqlite3_step(query) == SQLITE_ROW) {
			status = pf_fail(error, PF_ERR_USAGE, id,
					 "several records begin with that: give more of it");
		}
	}
	sqlite3_finalize(query);
	return status;
}
