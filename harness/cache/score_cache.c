#include "harness/cache/score_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/interrupt.h"
#include "harness/stats/enough.h"
#include "photofinish/file.h"
#include "photofinish/sha256.h"
#include "photofinish/trace.h"

#define WAIT_NS 10000000000u       /* for another process that writes */
#define INTERRUPTED_NS 1000000000u /* where somebody wants it to end */
#define SAID_NS 1000000000u
#define LOOK_NS 20000000
#define NAME "scores.db"
#define VERSION 1
#define WRITE_NS 1000000000u
enum { PENDING = 64, PENDING_MOST = 4096, LEAST_EVICTED = 64, TEXT_MOST = 1 << 16 };

static const char table_text[] =
	"CREATE TABLE score (context BLOB NOT NULL, photo BLOB NOT NULL, bytes INTEGER NOT NULL, used INTEGER NOT NULL, "
	"service_ns INTEGER NOT NULL, value BLOB NOT NULL, checksum BLOB NOT NULL, PRIMARY KEY (context, photo)) WITHOUT ROWID";
static const char used_text[] = "CREATE INDEX score_used ON score (used)";
static const char bytes_text[] = "CREATE INDEX score_bytes ON score (context, bytes)";

/* What a row's checksum is over. Plain data without padding. */
typedef struct row {
	uint8_t context[PF_SHA256_BYTES], photo[PF_SHA256_BYTES];
	int64_t bytes, service_ns;
	pf_score score;
} row;

_Static_assert(sizeof(row) == 2 * PF_SHA256_BYTES + 16 + sizeof(pf_score), "every byte of a row counts");

static const char put_text[] =
	"INSERT INTO score VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (context, photo) DO UPDATE SET "
	"bytes = excluded.bytes, used = excluded.used, service_ns = excluded.service_ns, value = excluded.value, "
	"checksum = excluded.checksum";

enum { FIND, MAY_HAVE, PUT, TOUCH, DROP, EVICT, STATEMENTS };
static const char *const statements[STATEMENTS] = {
	[FIND] =
		"SELECT context, photo, bytes, service_ns, value, checksum FROM score WHERE context = ?1 AND photo = ?2",
	[MAY_HAVE] = "SELECT 1 FROM score WHERE context = ?1 AND bytes = ?2 LIMIT 1",
	[PUT] = put_text,
	[TOUCH] = "UPDATE score SET used = ?3 WHERE context = ?1 AND photo = ?2",
	[DROP] = "DELETE FROM score WHERE context = ?1 AND photo = ?2",
	[EVICT] =
		"DELETE FROM score WHERE (context, photo) IN (SELECT context, photo FROM score ORDER BY used LIMIT ?1)",
};

/* Photos whose rows are to be changed. */
typedef struct photo_list {
	uint8_t (*photos)[PF_SHA256_BYTES];
	size_t count, room;
} photo_list;

struct pf_score_cache {
	pf_score_cache_order order;
	char path[PATH_MAX];
	int lock_fd;       /* locked by all that have the database open, alone by who sets it aside */
	sqlite3 *database; /* NULL: it cannot be used any more */
	sqlite3_stmt *prepared[STATEMENTS];
	dev_t device;
	ino_t inode;
	int64_t run; /* greater than any row's `used` when it was opened */
	row *pending;
	size_t pending_count, pending_room, damaged;
	photo_list touched, dropped; /* not yet written */
	uint64_t written_ns, waiting_ns;
	bool impatient,
		said; /* for another process that writes it does not wait; it was said that it waits */
};

static void complain(pf_score_cache *cache, const char *before, const char *detail, const char *after)
{
	pf_error error;
	pf_fail(&error, PF_ERR_IO, cache->path, "%s%s%s", before, detail, after);
	if (cache->order.complain) {
		cache->order.complain(&error);
	}
}

/* SQLite asks whether to try again. */
static int wait_for_others(void *context, int times)
{
	pf_score_cache *cache = context;
	const struct timespec pause = {.tv_nsec = LOOK_NS};
	uint64_t now_ns = pf_now_ns();
	if (times == 0) {
		cache->waiting_ns = now_ns;
	}
	uint64_t waited_ns = now_ns - cache->waiting_ns;
	if (cache->impatient || waited_ns > (pf_interrupts ? INTERRUPTED_NS : WAIT_NS)) {
		return 0;
	}
	if (waited_ns > SAID_NS && !cache->said) {
		cache->said = true;
		complain(cache, "another process writes to it: waiting, 10 s at most", "", "");
	}
	nanosleep(&pause, NULL);
	return 1;
}

static void close_database(pf_score_cache *cache)
{
	for (int i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(cache->prepared[i]);
		cache->prepared[i] = NULL;
	}
	sqlite3_close(cache->database);
	cache->database = NULL;
}

static bool is_broken(int code)
{
	code &= 0xff;
	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_FORMAT;
}

static bool execute(pf_score_cache *cache, const char *sql)
{
	return sqlite3_exec(cache->database, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static int64_t number_of(pf_score_cache *cache, const char *sql)
{
	sqlite3_stmt *query = NULL;
	int64_t number = -1;
	if (sqlite3_prepare_v2(cache->database, sql, -1, &query, NULL) == SQLITE_OK &&
	    sqlite3_step(query) == SQLITE_ROW) {
		number = sqlite3_column_int64(query, 0);
	}
	sqlite3_finalize(query);
	return number;
}

/* A database may bring tables, triggers and views of its own: what is not exactly ours is not ours. */
static bool has_our_schema(pf_score_cache *cache)
{
	const char *const wanted[] = {table_text, bytes_text, used_text};
	sqlite3_stmt *query = NULL;
	size_t found = 0;
	bool good = sqlite3_prepare_v2(cache->database,
				       "SELECT sql FROM sqlite_master ORDER BY type DESC, name", -1, &query,
				       NULL) == SQLITE_OK;
	while (good && sqlite3_step(query) == SQLITE_ROW) {
		const char *sql = (const char *)sqlite3_column_text(query, 0);
		good = found < 3 && sql && strcmp(sql, wanted[found]) == 0;
		found++;
	}
	sqlite3_finalize(query);
	return good && found == 3;
}

/* Several processes may try: the first one does it. */
static bool make_tables(pf_score_cache *cache)
{
	char version[64];
	snprintf(version, sizeof version, "PRAGMA user_version = %d", VERSION);
	if (!execute(cache, "BEGIN IMMEDIATE")) {
		return false;
	}
	bool good = number_of(cache, "PRAGMA user_version") != 0 ||
		    (execute(cache, table_text) && execute(cache, used_text) && execute(cache, bytes_text) &&
		     execute(cache, version));
	return execute(cache, good ? "COMMIT" : "ROLLBACK") && good;
}

/* An answer of SQLite's, or SQLITE_FORMAT where the database is none of ours. */
static int open_database(pf_score_cache *cache)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW;
	struct stat info;
	int code = sqlite3_open_v2(cache->path, &cache->database, flags, NULL);
	if (code != SQLITE_OK) {
		return code;
	}
	sqlite3_busy_handler(cache->database, wait_for_others, cache);
	sqlite3_limit(cache->database, SQLITE_LIMIT_LENGTH, TEXT_MOST);
	sqlite3_db_config(cache->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (!execute(cache, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")) {
		return sqlite3_extended_errcode(cache->database);
	}
	int64_t version = number_of(cache, "PRAGMA user_version");
	if (version < 0 || (version == 0 && !make_tables(cache))) {
		return sqlite3_extended_errcode(cache->database);
	}
	if (number_of(cache, "PRAGMA user_version") != VERSION || !has_our_schema(cache)) {
		code = sqlite3_extended_errcode(cache->database);
		return code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE ||
				       (code & 0xff) == SQLITE_ERROR
			       ? SQLITE_FORMAT
			       : code;
	}
	for (int i = 0; i < STATEMENTS; i++) {
		if (sqlite3_prepare_v3(cache->database, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &cache->prepared[i], NULL) != SQLITE_OK) {
			return sqlite3_extended_errcode(cache->database);
		}
	}
	cache->run = number_of(cache, "SELECT ifnull(max(used), 0) + 1 FROM score");
	if (cache->run < 0 || stat(cache->path, &info)) {
		return cache->run < 0 ? sqlite3_extended_errcode(cache->database) : SQLITE_CANTOPEN;
	}
	cache->run = cache->run > 0 && cache->run < INT64_MAX / 2 ? cache->run : 1;
	cache->device = info.st_dev;
	cache->inode = info.st_ino;
	return SQLITE_OK;
}

/* Alone with the files: those that others have open must not lose their names. */
static bool set_aside(pf_score_cache *cache, int code)
{
	static const char *const beside[] = {"-journal", "-wal", "-shm"};
	char text[200], to[PATH_MAX + 16];
	struct stat info;
	snprintf(text, sizeof text, "%s",
		 code == SQLITE_FORMAT ? "it is none of photofinish's" : sqlite3_errstr(code));
	close_database(cache);
	if (flock(cache->lock_fd, LOCK_EX | LOCK_NB)) {
		complain(cache, "broken (", text,
			 "), and another process uses it: scores are not kept this time");
		return false;
	}
	bool same = !cache->inode || (stat(cache->path, &info) == 0 && info.st_dev == cache->device &&
				      info.st_ino == cache->inode);
	bool done = true;
	if (same) { /* else another process has done it already */
		snprintf(to, sizeof to, "%s.broken", cache->path);
		done = rename(cache->path, to) == 0;
		for (size_t i = 0; done && i < sizeof beside / sizeof *beside; i++) {
			snprintf(to, sizeof to, "%s%s", cache->path, beside[i]);
			unlink(to);
		}
		complain(cache, "broken (", text,
			 done ? "): set aside as " NAME ".broken, a new one begins"
			      : "), and cannot be set aside: scores are not kept this time");
	}
	cache->inode = 0;
	return flock(cache->lock_fd, LOCK_SH) == 0 && done;
}

/* After a failure: a broken database is set aside and a new one opened; with any other failure the cache is
 * given up, with a line. */
static void recover(pf_score_cache *cache)
{
	int code = sqlite3_extended_errcode(cache->database);
	if (is_broken(code)) {
		if (set_aside(cache, code) && open_database(cache) != SQLITE_OK) {
			complain(cache, "cannot begin a new one", "", ": scores are not kept this time");
			close_database(cache);
		}
		return;
	}
	complain(cache, "", sqlite3_errmsg(cache->database), ": scores are not kept this time");
	close_database(cache);
}

/* A folder of this user's that nobody else may write to. */
static pf_status check_folder(const char *folder, pf_error *error)
{
	struct stat info;
	char *above = pf_enough(strdup(folder)), *slash = strrchr(above, '/');
	if (slash) {
		*slash = '\0';
	}
	pf_status status = slash ? pf_make_folders(above, error) : PF_OK;
	free(above);
	if (status == PF_OK && mkdir(folder, 0700) && errno != EEXIST) {
		status = pf_fail_errno(error, folder, "cannot make the folder of kept scores");
	}
	if (status == PF_OK && lstat(folder, &info)) {
		status = pf_fail_errno(error, folder, "cannot stat the folder of kept scores");
	}
	if (status == PF_OK && (!S_ISDIR(info.st_mode) || info.st_uid != geteuid() || info.st_mode & 022)) {
		status = pf_fail(error, PF_ERR_INVALID, folder,
				 "not a folder that this user alone may write to: scores are not kept there");
	}
	return status;
}

static pf_status open_lock(pf_score_cache *cache, pf_error *error)
{
	char path[PATH_MAX];
	char *folder = realpath(cache->order.folder, NULL); /* SQLite refuses links in all of a path */
	int used = folder ? snprintf(cache->path, sizeof cache->path, "%s/" NAME, folder) : -1;
	int more = folder ? snprintf(path, sizeof path, "%s/lock", folder) : -1;
	free(folder);
	if (used < 0 || more < 0 || used >= (int)sizeof cache->path || more >= (int)sizeof path) {
		return pf_fail(error, PF_ERR_INVALID, cache->order.folder,
			       "cannot find the folder of kept scores");
	}
	cache->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (cache->lock_fd < 0 || flock(cache->lock_fd, LOCK_SH)) {
		return pf_fail_errno(error, path, "cannot lock the kept scores");
	}
	return PF_OK;
}

pf_status pf_score_cache_open(const pf_score_cache_order *order, pf_score_cache **out, pf_error *error)
{
	pf_score_cache *cache = pf_enough(calloc(1, sizeof *cache));
	cache->order = *order;
	cache->lock_fd = -1;
	*out = NULL;
	pf_status status = check_folder(order->folder, error);
	status = status == PF_OK ? open_lock(cache, error) : status;
	for (int attempt = 0; status == PF_OK && attempt < 2; attempt++) {
		int code = open_database(cache);
		if (code == SQLITE_OK) {
			cache->written_ns = pf_now_ns();
			*out = cache;
			return PF_OK;
		}
		if (!is_broken(code) || attempt) {
			status = pf_fail(error, PF_ERR_IO, cache->path, "scores are not kept: %s",
					 sqlite3_errstr(code));
		} else if (!set_aside(cache, code)) {
			status = pf_fail(error, PF_ERR_UNAVAILABLE, cache->path,
					 "scores are not kept this time");
		}
	}
	pf_score_cache_close(cache);
	return status;
}

/* The statement with the context, and the photo where there is one, bound. */
static sqlite3_stmt *bound(pf_score_cache *cache, int which, const uint8_t *photo)
{
	sqlite3_stmt *statement = cache->prepared[which];
	sqlite3_reset(statement);
	sqlite3_bind_blob(statement, 1, cache->order.context, PF_SHA256_BYTES, SQLITE_STATIC);
	if (photo) {
		sqlite3_bind_blob(statement, 2, photo, PF_SHA256_BYTES, SQLITE_STATIC);
	}
	return statement;
}

void pf_score_cache_begin_reading(pf_score_cache *cache)
{
	if (cache->database) {
		execute(cache, "BEGIN"); /* where it cannot, each question takes its own locks */
	}
}

void pf_score_cache_end_reading(pf_score_cache *cache)
{
	if (cache->database && !sqlite3_get_autocommit(cache->database)) {
		execute(cache, "COMMIT");
	}
}

bool pf_score_cache_may_have(pf_score_cache *cache, uint64_t bytes)
{
	if (!cache->database) {
		return false;
	}
	sqlite3_stmt *query = bound(cache, MAY_HAVE, NULL);
	sqlite3_bind_int64(query, 2, (int64_t)bytes);
	int code = sqlite3_step(query);
	sqlite3_reset(query);
	if (code != SQLITE_ROW && code != SQLITE_DONE) {
		recover(cache);
	}
	return code == SQLITE_ROW;
}

static void checksum_of(const row *of, uint8_t checksum[PF_SHA256_BYTES])
{
	pf_sha256 hash;
	pf_sha256_begin(&hash);
	pf_sha256_add(&hash, "photofinish score 1", 19);
	pf_sha256_add(&hash, of, sizeof *of);
	pf_sha256_end(&hash, checksum);
}

static bool take_blob(sqlite3_stmt *query, int column, void *to, size_t bytes)
{
	const void *blob = sqlite3_column_blob(query, column);
	if (!blob || sqlite3_column_bytes(query, column) != (int)bytes) {
		return false;
	}
	memcpy(to, blob, bytes);
	return true;
}

/* A row is one only if key, value and checksum are those of each other, and the key is what was asked for. */
static bool take_row(pf_score_cache *cache, sqlite3_stmt *query, const uint8_t *photo, uint64_t bytes,
		     row *found)
{
	uint8_t checksum[PF_SHA256_BYTES], wanted[PF_SHA256_BYTES];
	found->bytes = sqlite3_column_int64(query, 2);
	found->service_ns = sqlite3_column_int64(query, 3);
	if (!take_blob(query, 0, found->context, sizeof found->context) ||
	    !take_blob(query, 1, found->photo, sizeof found->photo) ||
	    !take_blob(query, 4, &found->score, sizeof found->score) ||
	    !take_blob(query, 5, checksum, sizeof checksum)) {
		return false;
	}
	checksum_of(found, wanted);
	return memcmp(checksum, wanted, sizeof checksum) == 0 && found->bytes == (int64_t)bytes &&
	       memcmp(found->photo, photo, sizeof found->photo) == 0 &&
	       memcmp(found->context, cache->order.context, sizeof found->context) == 0;
}

static void list(photo_list *to, const uint8_t *photo)
{
	if (to->count == to->room) {
		to->room = to->room ? 2 * to->room : 256;
		to->photos = pf_enough(realloc(to->photos, to->room * sizeof *to->photos));
	}
	memcpy(to->photos[to->count++], photo, PF_SHA256_BYTES);
}

bool pf_score_cache_find(pf_score_cache *cache, const uint8_t sha256[PF_SHA256_BYTES], uint64_t bytes,
			 pf_cached_score *found)
{
	row of;
	if (!cache->database) {
		return false;
	}
	sqlite3_stmt *query = bound(cache, FIND, sha256);
	int code = sqlite3_step(query);
	bool there = code == SQLITE_ROW, good = there && take_row(cache, query, sha256, bytes, &of);
	sqlite3_reset(query);
	if (code != SQLITE_ROW && code != SQLITE_DONE) {
		recover(cache);
		return false;
	}
	if (there && !good) {
		cache->damaged++;
		list(&cache->dropped, sha256);
	}
	if (good) {
		list(&cache->touched, sha256);
		*found = (pf_cached_score){.score = of.score, .service_ns = (uint64_t)of.service_ns};
	}
	return good;
}

static bool put_row(pf_score_cache *cache, const row *of)
{
	uint8_t checksum[PF_SHA256_BYTES];
	checksum_of(of, checksum);
	sqlite3_stmt *put = bound(cache, PUT, of->photo);
	sqlite3_bind_int64(put, 3, of->bytes);
	sqlite3_bind_int64(put, 4, cache->run);
	sqlite3_bind_int64(put, 5, of->service_ns);
	sqlite3_bind_blob(put, 6, &of->score, sizeof of->score, SQLITE_STATIC);
	sqlite3_bind_blob(put, 7, checksum, sizeof checksum, SQLITE_STATIC);
	bool good = sqlite3_step(put) == SQLITE_DONE;
	sqlite3_reset(put);
	sqlite3_clear_bindings(put);
	return good;
}

static uint64_t bytes_in_use(pf_score_cache *cache)
{
	int64_t pages = number_of(cache, "PRAGMA page_count"),
		unused = number_of(cache, "PRAGMA freelist_count");
	int64_t size = number_of(cache, "PRAGMA page_size");
	return pages > unused && size > 0 ? (uint64_t)(pages - unused) * (uint64_t)size : 0;
}

static bool evict(pf_score_cache *cache)
{
	bool good = true;
	while (good && bytes_in_use(cache) > cache->order.limit_bytes) {
		int64_t rows = number_of(cache, "SELECT count(*) FROM score"), some = rows / 16;
		if (rows <= 0) {
			break;
		}
		sqlite3_stmt *statement = cache->prepared[EVICT];
		sqlite3_reset(statement);
		sqlite3_bind_int64(statement, 1, some > LEAST_EVICTED ? some : LEAST_EVICTED);
		good = sqlite3_step(statement) == SQLITE_DONE;
		sqlite3_reset(statement);
	}
	return good;
}

static bool change_rows(pf_score_cache *cache, int which, const photo_list *of)
{
	bool good = true;
	for (size_t i = 0; good && i < of->count; i++) {
		sqlite3_stmt *statement = bound(cache, which, of->photos[i]);
		if (which == TOUCH) {
			sqlite3_bind_int64(statement, 3, cache->run);
		}
		good = sqlite3_step(statement) == SQLITE_DONE;
		sqlite3_reset(statement);
	}
	return good;
}

static bool write_rows(pf_score_cache *cache)
{
	bool good = execute(cache, "BEGIN IMMEDIATE") && change_rows(cache, DROP, &cache->dropped) &&
		    change_rows(cache, TOUCH, &cache->touched);
	for (size_t i = 0; good && i < cache->pending_count; i++) {
		good = put_row(cache, &cache->pending[i]);
	}
	return good && evict(cache) && execute(cache, "COMMIT");
}

/* Impatient, it leaves all as it is where another process is at the database. */
static void write_pending(pf_score_cache *cache, bool impatient)
{
	size_t changes = cache->pending_count + cache->touched.count + cache->dropped.count;
	cache->written_ns = pf_now_ns();
	if (cache->database && changes) {
		cache->impatient = impatient && cache->pending_count < PENDING_MOST;
		bool good = write_rows(cache);
		bool busy = !good && (sqlite3_errcode(cache->database) & 0xff) == SQLITE_BUSY;
		bool later = busy && cache->impatient;
		cache->impatient = false;
		if (!good && !later) {
			recover(cache);
		}
		if (cache->database && !sqlite3_get_autocommit(cache->database)) {
			execute(cache, "ROLLBACK");
		}
		if (later) {
			return;
		}
	}
	cache->pending_count = cache->touched.count = cache->dropped.count = 0;
}

void pf_score_cache_put(pf_score_cache *cache, const uint8_t sha256[PF_SHA256_BYTES], uint64_t bytes,
			const pf_cached_score *score)
{
	if (cache->pending_count == cache->pending_room) {
		cache->pending_room = cache->pending_room ? 2 * cache->pending_room : PENDING;
		cache->pending = pf_enough(
			realloc(cache->pending, cache->pending_room * sizeof *cache->pending));
	}
	row *to = &cache->pending[cache->pending_count++];
	*to = (row){.bytes = (int64_t)bytes, .service_ns = (int64_t)score->service_ns, .score = score->score};
	memcpy(to->context, cache->order.context, sizeof to->context);
	memcpy(to->photo, sha256, sizeof to->photo);
	if (cache->pending_count % PENDING == 0) {
		write_pending(cache, true);
	}
}

void pf_score_cache_drop(pf_score_cache *cache, const uint8_t sha256[PF_SHA256_BYTES])
{
	list(&cache->dropped, sha256);
}

void pf_score_cache_tick(pf_score_cache *cache)
{
	if (pf_now_ns() - cache->written_ns > WRITE_NS) {
		write_pending(cache, true);
	}
}

void pf_score_cache_facts_get(pf_score_cache *cache, pf_score_cache_facts *facts)
{
	*facts = (pf_score_cache_facts){.damaged = cache->damaged};
	write_pending(cache, false);
	if (cache->database) {
		int64_t rows = number_of(cache, "SELECT count(*) FROM score");
		facts->rows = rows > 0 ? (size_t)rows : 0;
		facts->bytes = bytes_in_use(cache);
	}
}

void pf_score_cache_close(pf_score_cache *cache)
{
	if (!cache) {
		return;
	}
	write_pending(cache, false);
	close_database(cache);
	if (cache->lock_fd >= 0) {
		close(cache->lock_fd);
	}
	free(cache->pending);
	free(cache->touched.photos);
	free(cache->dropped.photos);
	free(cache);
}
