#include "harness/history/history_index.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "photofinish/file.h"

#define WAIT_MS 10000 /* for another process that writes */

/* Without row ids: the tables lie in the order of their keys, however they grew. */
static const char tables[] =
	"CREATE TABLE record (id TEXT PRIMARY KEY, kind TEXT NOT NULL, file TEXT NOT NULL, bytes INTEGER NOT NULL, "
	"mtime_ns INTEGER NOT NULL, started TEXT NOT NULL, command TEXT NOT NULL, label TEXT NOT NULL, "
	"dataset TEXT NOT NULL, dataset_hash TEXT NOT NULL, photos INTEGER NOT NULL, machine TEXT NOT NULL, "
	"cpu TEXT NOT NULL, cores INTEGER NOT NULL, rounds_done INTEGER NOT NULL, steps INTEGER NOT NULL, "
	"flags TEXT NOT NULL) WITHOUT ROWID;CREATE INDEX record_file ON record (file);CREATE TABLE step "
	"(record TEXT NOT NULL REFERENCES record (id) ON DELETE CASCADE, position INTEGER NOT NULL, "
	"name TEXT NOT NULL, status TEXT NOT NULL, workers INTEGER NOT NULL, PRIMARY KEY (record, "
	"position)) WITHOUT ROWID;CREATE INDEX step_name ON step (name);CREATE TABLE ratio (record TEXT NOT "
	"NULL, position INTEGER NOT NULL, kind TEXT NOT NULL, other TEXT NOT NULL, mean REAL NOT NULL, "
	"low REAL, high REAL, level REAL NOT NULL, pairs INTEGER NOT NULL, PRIMARY KEY (record, position, "
	"kind), FOREIGN KEY (record, position) REFERENCES step (record, position) ON DELETE CASCADE) "
	"WITHOUT ROWID;";

pf_status pf_history_failed(const pf_history *history, const char *what, pf_error *error)
{
	return pf_fail(error, PF_ERR_IO, history->folder,
		       "%s: %s (photofinish history rebuild mends an index)", what,
		       history->database ? sqlite3_errmsg(history->database) : "not enough memory");
}

static int version_of(sqlite3 *database)
{
	sqlite3_stmt *query = NULL;
	int version = -1;
	if (sqlite3_prepare_v2(database, "PRAGMA user_version", -1, &query, NULL) == SQLITE_OK &&
	    sqlite3_step(query) == SQLITE_ROW) {
		version = sqlite3_column_int(query, 0);
	}
	sqlite3_finalize(query);
	return version;
}

static bool open_database(pf_history *history, const char *path)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW;
	return sqlite3_open_v2(path, &history->database, flags, NULL) == SQLITE_OK &&
	       sqlite3_busy_timeout(history->database, WAIT_MS) == SQLITE_OK &&
	       sqlite3_exec(history->database, "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF", NULL,
			    NULL, NULL) == SQLITE_OK;
}

/* Makes the tables in a new database. Several processes may try: the first one does it. */
static pf_status make_tables(pf_history *history, pf_error *error)
{
	char version[64];
	snprintf(version, sizeof version, "PRAGMA user_version = %d", PF_HISTORY_VERSION);
	pf_status status = PF_OK;
	if (sqlite3_exec(history->database, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) {
		return pf_history_failed(history, "cannot write the index", error);
	}
	if (version_of(history->database) == 0 &&
	    (sqlite3_exec(history->database, tables, NULL, NULL, NULL) != SQLITE_OK ||
	     sqlite3_exec(history->database, version, NULL, NULL, NULL) != SQLITE_OK)) {
		status = pf_history_failed(history, "cannot make the index", error);
	}
	if (sqlite3_exec(history->database, status == PF_OK ? "COMMIT" : "ROLLBACK", NULL, NULL, NULL) !=
		    SQLITE_OK &&
	    status == PF_OK) {
		status = pf_history_failed(history, "cannot make the index", error);
	}
	return status;
}

/* True if the file is a database of this version, every page of it. */
static bool is_sound(pf_history *history)
{
	sqlite3_stmt *query = NULL;
	const unsigned char *answer = NULL;
	bool sound = version_of(history->database) == PF_HISTORY_VERSION &&
		     sqlite3_prepare_v2(history->database, "PRAGMA quick_check(1)", -1, &query, NULL) ==
			     SQLITE_OK &&
		     sqlite3_step(query) == SQLITE_ROW;
	if (sound) {
		answer = sqlite3_column_text(query, 0);
		sound = answer && strcmp((const char *)answer, "ok") == 0;
	}
	sqlite3_finalize(query);
	return sound;
}

pf_status pf_history_connect(pf_history *history, pf_error *error)
{
	static const char *const leftovers[] = {"", "-journal"};
	char path[PF_HISTORY_PATH_MAX], file[PF_HISTORY_PATH_MAX + 16];
	/* SQLite refuses links in all of a path; only the index itself may be none. */
	char *folder = realpath(history->folder, NULL);
	pf_status status = folder ? pf_history_path(folder, "index.db", path, error)
				  : pf_fail_errno(error, history->folder, "cannot find the history");
	free(folder);
	for (int attempt = 0; status == PF_OK && attempt < 2; attempt++) {
		bool opened = open_database(history, path);
		int version = opened ? version_of(history->database) : -1;
		if (opened && version == 0) {
			status = make_tables(history, error);
			return status;
		}
		if (opened && is_sound(history)) {
			return PF_OK;
		}
		int code = history->database ? sqlite3_errcode(history->database) : SQLITE_NOMEM;
		if (attempt || code == SQLITE_CANTOPEN || code == SQLITE_BUSY || code == SQLITE_NOMEM ||
		    code == SQLITE_PERM || code == SQLITE_READONLY) {
			return pf_history_failed(history, "cannot open the index", error);
		}
		/* It holds nothing that the records do not: away with it. */
		sqlite3_close(history->database);
		history->database = NULL;
		for (size_t i = 0; i < sizeof leftovers / sizeof *leftovers; i++) {
			snprintf(file, sizeof file, "%s%s", path, leftovers[i]);
			unlink(file);
		}
	}
	return status;
}

/* Prepares, binds texts (t), integers (i: int64_t) and numbers (d; NAN is null), and runs a statement. */
struct value {
	const char *text;
	int64_t integer;
	double number;
	char type;
};

#define TEXT(s) ((struct value){.text = (s), .type = 't'})
#define INTEGER(n) ((struct value){.integer = (int64_t)(n), .type = 'i'})
#define NUMBER(x) ((struct value){.number = (x), .type = 'd'})
#define NOTHING ((struct value){.type = 'n'})

static pf_status run(pf_history *history, const char *sql, const struct value *values, int count,
		     pf_error *error)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(history->database, sql, -1, &statement, NULL);
	for (int i = 0; i < count && code == SQLITE_OK; i++) {
		switch (values[i].type) {
		case 't':
			code = sqlite3_bind_text(statement, i + 1, values[i].text, -1, SQLITE_TRANSIENT);
			break;
		case 'i':
			code = sqlite3_bind_int64(statement, i + 1, values[i].integer);
			break;
		case 'd':
			code = sqlite3_bind_double(statement, i + 1, values[i].number);
			break;
		default:
			code = sqlite3_bind_null(statement, i + 1);
			break;
		}
	}
	code = code == SQLITE_OK ? sqlite3_step(statement) : code;
	sqlite3_finalize(statement);
	return code == SQLITE_DONE || code == SQLITE_ROW
		       ? PF_OK
		       : pf_history_failed(history, "cannot write the index", error);
}

static pf_status add_ratios(pf_history *history, const json_t *record, const char *id, size_t index,
			    pf_error *error)
{
	pf_status status = PF_OK;
	for (int kind = 0; kind < PF_HISTORY_KINDS && status == PF_OK; kind++) {
		const char *other;
		pf_interval ratio;
		if (!pf_history_ratio(record, index, (pf_history_kind)kind, &other, &ratio)) {
			continue;
		}
		const struct value values[] = {TEXT(id),
					       INTEGER(index),
					       TEXT(pf_history_kind_name((pf_history_kind)kind)),
					       TEXT(other),
					       NUMBER(ratio.mean),
					       ratio.has_interval ? NUMBER(ratio.low) : NOTHING,
					       ratio.has_interval ? NUMBER(ratio.high) : NOTHING,
					       NUMBER(ratio.level),
					       INTEGER(ratio.n)};
		status = run(history, "INSERT INTO ratio VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values, 9,
			     error);
	}
	return status;
}

static pf_status add_steps(pf_history *history, const json_t *record, size_t steps, const char *id,
			   pf_error *error)
{
	pf_status status = PF_OK;
	for (size_t index = 0; index < steps && status == PF_OK; index++) {
		const pf_history_step step = pf_history_step_of(record, index);
		const struct value values[] = {TEXT(id), INTEGER(index), TEXT(step.name), TEXT(step.status),
					       INTEGER(step.workers)};
		status = run(history, "INSERT INTO step VALUES (?, ?, ?, ?, ?)", values, 5, error);
		status = status == PF_OK ? add_ratios(history, record, id, index, error) : status;
	}
	return status;
}

/* Of two files with the same bytes, the one with the lesser name stands for both. */
static pf_status add_record(pf_history *history, const json_t *record, const char *id, const char *name,
			    const struct stat *info, pf_error *error)
{
	pf_history_row row;
	pf_history_row_of(record, &row);
	const int64_t mtime_ns = (int64_t)info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec;
	const struct value values[] = {TEXT(id),
				       TEXT(row.kind),
				       TEXT(name),
				       INTEGER(info->st_size),
				       INTEGER(mtime_ns),
				       TEXT(row.started),
				       TEXT(row.command),
				       TEXT(row.label),
				       TEXT(row.dataset),
				       TEXT(row.dataset_hash),
				       INTEGER(row.photos),
				       TEXT(row.machine),
				       TEXT(row.cpu),
				       INTEGER(row.cores),
				       INTEGER(row.rounds_done),
				       INTEGER(row.steps),
				       TEXT(row.flags)};
	pf_status status = run(
		history,
		"INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) "
		"DO UPDATE SET file = excluded.file, mtime_ns = excluded.mtime_ns WHERE excluded.file < file",
		values, 17, error);
	const struct value only_id[] = {TEXT(id)};
	status = status == PF_OK ? run(history, "DELETE FROM step WHERE record = ?", only_id, 1, error)
				 : status;
	return status == PF_OK ? add_steps(history, record, row.steps, id, error) : status;
}

struct update {
	pf_history *history;
	pf_history_complaint *complain;
	sqlite3_stmt *known; /* is there a row for that file, of that size and time? */
};

static bool is_known(struct update *update, const char *name, const struct stat *info)
{
	sqlite3_reset(update->known);
	sqlite3_bind_text(update->known, 1, name, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(update->known, 2, info->st_size);
	sqlite3_bind_int64(update->known, 3,
			   (int64_t)info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec);
	bool known = sqlite3_step(update->known) == SQLITE_ROW;
	sqlite3_reset(update->known);
	return known;
}

/* A file that is no good record is told of, and no failure. */
static pf_status take_in(void *context, const char *name, pf_error *error)
{
	struct update *update = context;
	char path[PF_HISTORY_PATH_MAX], id[PF_RECORD_ID + 1];
	struct stat info;
	json_t *record = NULL;
	pf_error why = {0};
	pf_status status = pf_history_record_path(update->history->folder, name, path, &why);
	if (status == PF_OK && lstat(path, &info)) {
		status = pf_fail_errno(&why, path, "cannot look at the record");
	}
	if (status == PF_OK && is_known(update, name, &info)) {
		return PF_OK;
	}
	if (status == PF_OK) {
		status = pf_record_load_any(path, &record, id, &why);
	}
	if (status != PF_OK) {
		if (update->complain) {
			update->complain(&why);
		}
		return PF_OK;
	}
	status = add_record(update->history, record, id, name, &info, error);
	json_decref(record);
	return status;
}

/* True if the file is still what the row was made from. */
static bool still_there(const pf_history *history, sqlite3_stmt *row)
{
	char path[PF_HISTORY_PATH_MAX];
	struct stat info;
	const char *name = (const char *)sqlite3_column_text(row, 0);
	return name && pf_history_record_path(history->folder, name, path, NULL) == PF_OK &&
	       lstat(path, &info) == 0 && info.st_size == sqlite3_column_int64(row, 1) &&
	       (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec ==
		       sqlite3_column_int64(row, 2);
}

static pf_status forget_gone(pf_history *history, bool all, pf_error *error)
{
	sqlite3_stmt *row = NULL;
	pf_status status = PF_OK;
	if (all) {
		return run(history, "DELETE FROM record", NULL, 0, error);
	}
	if (sqlite3_prepare_v2(history->database, "SELECT file, bytes, mtime_ns, id FROM record", -1, &row,
			       NULL) != SQLITE_OK) {
		return pf_history_failed(history, "cannot read the index", error);
	}
	while (status == PF_OK && sqlite3_step(row) == SQLITE_ROW) {
		if (!still_there(history, row)) {
			const struct value id[] = {TEXT((const char *)sqlite3_column_text(row, 3))};
			status = run(history, "DELETE FROM record WHERE id = ?", id, 1, error);
		}
	}
	sqlite3_finalize(row);
	return status;
}

static size_t count_records(pf_history *history)
{
	sqlite3_stmt *query = NULL;
	size_t count = 0;
	if (sqlite3_prepare_v2(history->database, "SELECT count(*) FROM record", -1, &query, NULL) ==
		    SQLITE_OK &&
	    sqlite3_step(query) == SQLITE_ROW) {
		count = (size_t)sqlite3_column_int64(query, 0);
	}
	sqlite3_finalize(query);
	return count;
}

pf_status pf_history_update(pf_history *history, bool anew, pf_history_complaint *complain, size_t *records,
			    pf_error *error)
{
	struct update update = {history, complain, NULL};
	if (sqlite3_exec(history->database, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) {
		return pf_history_failed(history, "cannot write the index", error);
	}
	pf_status status = forget_gone(history, anew, error);
	if (status == PF_OK &&
	    sqlite3_prepare_v2(history->database,
			       "SELECT 1 FROM record WHERE file = ? AND bytes = ? AND mtime_ns = ?", -1,
			       &update.known, NULL) != SQLITE_OK) {
		status = pf_history_failed(history, "cannot read the index", error);
	}
	if (status == PF_OK) {
		status = pf_history_each(history->folder, take_in, &update, error);
	}
	sqlite3_finalize(update.known);
	if (status == PF_OK && sqlite3_exec(history->database, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
		status = pf_history_failed(history, "cannot write the index", error);
	}
	if (status != PF_OK) {
		sqlite3_exec(history->database, "ROLLBACK", NULL, NULL, NULL);
	} else if (records) {
		*records = count_records(history);
	}
	return status;
}
