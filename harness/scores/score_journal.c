#include "harness/scores/score_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/json_file.h"
#include "harness/stats/enough.h"
#include "photofinish/file.h"
#include "photofinish/sha256.h"
#include "photofinish/trace.h"

#define LINE_MOST (1 << 18) /* bytes of a line: its path, escaped, is the longest part */
#define SYNC_NS 1000000000u

/* A line is {"check":"...",REST: the checksum is of REST, with its new line, behind the head's digest. */
static const char line_begin[] = "{\"check\":\"";
enum { CHECK = 32, BEGIN = sizeof line_begin - 1, REST = BEGIN + CHECK + 2 };

struct pf_score_journal {
	int fd; /* -1: it cannot be written any more */
	char *path;
	const pf_dataset *dataset;
	uint8_t head[PF_SHA256_BYTES];
	uint64_t synced_ns;
	bool unsynced;
	void (*complain)(const pf_error *error);
};

static void check_of(const uint8_t head[PF_SHA256_BYTES], const char *rest, size_t bytes,
		     uint8_t digest[PF_SHA256_BYTES], char check[2 * PF_SHA256_BYTES + 1])
{
	pf_sha256 hash;
	pf_sha256_begin(&hash);
	pf_sha256_add(&hash, head, PF_SHA256_BYTES);
	pf_sha256_add(&hash, rest, bytes);
	pf_sha256_end(&hash, digest);
	pf_sha256_hex(digest, check);
}

static void give_up(pf_score_journal *journal, off_t end, const char *what)
{
	pf_error error;
	pf_fail_errno(&error, journal->path, "%s", what);
	bool cut = end >= 0 && ftruncate(journal->fd, end) == 0;
	(void)cut; /* if not: who reads it drops what is no whole line */
	close(journal->fd);
	journal->fd = -1;
	if (journal->complain) {
		journal->complain(&error);
	}
}

/* `line` is a JSON object with its new line. */
static void add_line(pf_score_journal *journal, const uint8_t head[PF_SHA256_BYTES], const char *line,
		     size_t bytes, uint8_t digest[PF_SHA256_BYTES])
{
	char check[2 * PF_SHA256_BYTES + 1];
	if (journal->fd < 0) {
		return;
	}
	check_of(head, line + 1, bytes - 1, digest, check);
	char *text = pf_enough(malloc(bytes + REST));
	int begin = snprintf(text, bytes + REST, "%s%.*s\",", line_begin, CHECK, check);
	memcpy(text + begin, line + 1, bytes - 1);
	off_t end = lseek(journal->fd, 0, SEEK_END);
	if (end < 0 || !pf_write_all(journal->fd, text, (size_t)begin + bytes - 1)) {
		give_up(journal, end,
			"cannot go on with the journal: an interruption would lose what is done");
	}
	journal->unsynced = true;
	free(text);
}

static void sync_now(pf_score_journal *journal)
{
	journal->synced_ns = pf_now_ns();
	journal->unsynced = false;
	if (fdatasync(journal->fd)) {
		give_up(journal, -1, "cannot sync the journal");
	}
}

bool pf_score_journal_wants(pf_status status)
{
	return !pf_outcome_may_pass(status) && status != PF_ERR_CRASHED && status != PF_ERR_TIMEOUT &&
	       status != PF_ERR_INTERNAL && status != PF_ERR_CANCELLED;
}

void pf_score_journal_add(pf_score_journal *journal, size_t index, const pf_outcome *outcome)
{
	char *line = NULL;
	size_t bytes = 0;
	uint8_t digest[PF_SHA256_BYTES];
	if (!pf_score_journal_wants(outcome->status) || journal->fd < 0) {
		return;
	}
	pf_outcome alone = *outcome; /* its burst and rank are found anew */
	alone.burst = alone.rank = 0;
	FILE *stream = pf_enough(open_memstream(&line, &bytes));
	pf_outcome_write(stream, journal->dataset, index, &alone);
	fclose(stream);
	add_line(journal, journal->head, pf_enough(line), bytes, digest);
	free(line);
	if (journal->fd >= 0 && pf_now_ns() - journal->synced_ns > SYNC_NS) {
		sync_now(journal);
	}
}

/* The REST of a whole line, or NULL. */
static const char *rest_of(const char *line, size_t bytes, const uint8_t head[PF_SHA256_BYTES],
			   uint8_t digest[PF_SHA256_BYTES])
{
	char check[2 * PF_SHA256_BYTES + 1];
	if (bytes < REST + 2 || line[bytes - 1] != '\n' || memcmp(line, line_begin, BEGIN) != 0 ||
	    memcmp(line + BEGIN + CHECK, "\",", 2) != 0) {
		return NULL;
	}
	check_of(head, line + REST, bytes - REST, digest, check);
	return memcmp(line + BEGIN, check, CHECK) == 0 ? line + REST : NULL;
}

static bool take_outcome(const json_t *record, const pf_dataset *dataset, pf_outcomes *known)
{
	const json_t *at = json_object_get(record, "index");
	const char *path = json_string_value(json_object_get(record, "path"));
	json_int_t index = json_integer_value(at);
	pf_outcome outcome = {0};
	char shown[4 * PATH_MAX];
	bool good = path && json_is_integer(at) && index >= 0 && (size_t)index < dataset->count &&
		    strcmp(path, pf_escape(dataset->photos[index].path, shown, sizeof shown)) == 0 &&
		    pf_outcome_read(record, (size_t)index, &outcome) &&
		    pf_score_journal_wants(outcome.status);
	if (!good) {
		free(outcome.message);
		return false;
	}
	pf_outcome *to = &known->photos[index];
	if (to->done) { /* told of twice: a worker died between */
		known->scored -= to->status == PF_OK;
		known->failed -= to->status != PF_OK;
		free(to->message);
	}
	outcome.ranked = false;
	*to = outcome;
	known->scored += outcome.status == PF_OK;
	known->failed += outcome.status != PF_OK;
	return true;
}

static pf_status compare(const pf_score_journal *journal, const json_t *record, const json_t *identity,
			 pf_error *error)
{
	const char *key;
	json_t *value;
	if (json_integer_value(json_object_get(record, "journal")) != 1) {
		return pf_fail(error, PF_ERR_INVALID, journal->path,
			       "a journal of another version: remove it");
	}
	json_object_foreach((json_t *)identity, key, value)
	{
		if (!json_equal(value, json_object_get(record, key))) {
			return pf_fail(
				error, PF_ERR_INVALID, journal->path,
				"cannot go on: %s differs from the interrupted run's; remove the journal to "
				"begin anew",
				key);
		}
	}
	return PF_OK;
}

/* What a harness leaves that was killed while it began; not a file that begins with a zero byte. */
static bool is_cut_head(const char *line, size_t bytes)
{
	return bytes && line[bytes - 1] != '\n' &&
	       memcmp(line, line_begin, bytes < BEGIN ? bytes : BEGIN) == 0;
}

/* *good: bytes up to the end of the last good line; 0 where there is none, not even a head. */
static pf_status read_lines(pf_score_journal *journal, FILE *stream, const json_t *identity,
			    pf_outcomes *known, off_t *good, pf_error *error)
{
	static const uint8_t none[PF_SHA256_BYTES];
	uint8_t digest[PF_SHA256_BYTES];
	char *line = pf_enough(malloc(LINE_MOST));
	pf_status status = PF_OK;
	*good = 0;
	while (status == PF_OK && fgets(line, LINE_MOST, stream)) {
		size_t bytes = strlen(line);
		bool first = *good == 0;
		const char *rest = rest_of(line, bytes, first ? none : journal->head,
					   first ? journal->head : digest);
		json_t *record = rest ? pf_json_parse(line, bytes, 0, NULL) : NULL;
		bool taken = record && (first || take_outcome(record, journal->dataset, known));
		if (first && record) {
			status = compare(journal, record, identity, error);
		} else if (first && !is_cut_head(line, bytes)) {
			status = pf_fail(error, PF_ERR_INVALID, journal->path,
					 "not a journal of score, or damaged in its first line: remove it");
		}
		json_decref(record);
		if (!taken) {
			break;
		}
		*good += (off_t)bytes;
	}
	free(line);
	return status;
}

static void begin(pf_score_journal *journal, const json_t *identity)
{
	static const uint8_t none[PF_SHA256_BYTES];
	json_t *head = pf_enough(json_deep_copy(identity));
	json_object_set_new(head, "journal", json_integer(1));
	char *text = pf_enough(json_dumps(head, JSON_COMPACT | JSON_SORT_KEYS)), *line;
	json_decref(head);
	line = pf_enough(malloc(strlen(text) + 2));
	size_t bytes = (size_t)sprintf(line, "%s\n", text);
	add_line(journal, none, line, bytes, journal->head);
	free(text);
	free(line);
	if (journal->fd >= 0) {
		sync_now(journal);
	}
	char *copy = pf_enough(strdup(journal->path));
	int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder >= 0) {
		fsync(folder); /* its name, too; best effort */
		close(folder);
	}
	free(copy);
}

static pf_status take_over(pf_score_journal *journal, const json_t *identity, pf_outcomes *known,
			   pf_error *error)
{
	struct stat info, named;
	off_t good = 0;
	if (fstat(journal->fd, &info)) {
		return pf_fail_errno(error, journal->path, "cannot stat the journal");
	}
	if (!S_ISREG(info.st_mode)) {
		return pf_fail(error, PF_ERR_NOT_REGULAR, journal->path, "not a regular file");
	}
	if (flock(journal->fd, LOCK_EX | LOCK_NB)) {
		return errno == EWOULDBLOCK
			       ? pf_fail(error, PF_ERR_UNAVAILABLE, journal->path, "its run is going on")
			       : pf_fail_errno(error, journal->path, "cannot lock the journal");
	}
	/* Its run may just have ended, and removed it. */
	if (stat(journal->path, &named) || info.st_ino != named.st_ino) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, journal->path, "its run is going on");
	}
	FILE *stream = fdopen(dup(journal->fd), "r");
	if (!stream) {
		return pf_fail_errno(error, journal->path, "cannot read the journal");
	}
	pf_status status = read_lines(journal, stream, identity, known, &good, error);
	if (status == PF_OK && ferror(stream)) {
		status = pf_fail_errno(error, journal->path, "cannot read the journal");
	}
	fclose(stream);
	if (status == PF_OK && ftruncate(journal->fd, good)) {
		status = pf_fail_errno(error, journal->path, "cannot drop the line that was cut off");
	}
	if (status == PF_OK && !good) {
		begin(journal, identity);
	}
	return status;
}

pf_status pf_score_journal_open(const char *path, const json_t *identity, const pf_dataset *dataset,
				pf_outcomes *known, void (*complain)(const pf_error *error),
				pf_score_journal **out, pf_error *error)
{
	const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY;
	pf_score_journal *journal = pf_enough(calloc(1, sizeof *journal));
	*journal = (pf_score_journal){.fd = open(path, flags, 0666),
				      .path = pf_enough(strdup(path)),
				      .dataset = dataset,
				      .complain = complain};
	pf_status status = journal->fd < 0 ? pf_fail_errno(error, path, "cannot open the journal")
					   : take_over(journal, identity, known, error);
	if (status != PF_OK) {
		pf_score_journal_close(journal, false);
		journal = NULL;
	}
	*out = journal;
	return status;
}

void pf_score_journal_close(pf_score_journal *journal, bool remove)
{
	if (!journal) {
		return;
	}
	if (remove) {
		unlink(journal->path);
	} else if (journal->fd >= 0 && journal->unsynced) {
		sync_now(journal);
	}
	if (journal->fd >= 0) {
		close(journal->fd);
	}
	free(journal->path);
	free(journal);
}
