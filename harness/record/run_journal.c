#include "harness/record/run_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/json_file.h"
#include "harness/base/json_values.h"
#include "harness/base/plain_text.h"
#include "harness/record/notebook_parts.h"
#include "harness/record/record.h"
#include "harness/record/record_head.h"
#include "harness/record/record_load.h"
#include "harness/record/stored_run.h"
#include "harness/record/stored_trial.h"
#include "harness/record/trial_json.h"
#include "photofinish/file.h"

struct pf_run_journal {
	int fd; /* -1: not made yet, or it could not be written */
	char *folder, *path;
	json_t *arguments, *head; /* head: the run's record, without trials */
	char *began_in;
	json_t *lines;      /* of trials, that were read */
	size_t trial_count; /* with those that came since */
	char **argv;
	char *kept;
	size_t kept_trials;         /* how many there were when it was noted */
	size_t recalled;            /* trials that the run has back */
	size_t rounds, rounds_done; /* as the last line said */
	uint32_t resumed;
	bool going_on;
	void (*complain)(const pf_error *error);
};

static const size_t line_flags = JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17);

/* Arguments are bytes; a journal has text. */
static json_t *text_of(const char *bytes)
{
	size_t capacity = 4 * strlen(bytes) + 4;
	char *text = malloc(capacity);
	json_t *json = text ? json_string(pf_escape(bytes, text, capacity)) : NULL;
	free(text);
	return json;
}

pf_status pf_run_journal_new(const char *folder, int argc, char *const *argv,
			     void (*complain)(const pf_error *error), pf_run_journal **out, pf_error *error)
{
	pf_run_journal *journal = calloc(1, sizeof *journal);
	*out = journal;
	if (journal) {
		*journal = (pf_run_journal){
			.fd = -1, .folder = strdup(folder), .arguments = json_array(), .complain = complain};
	}
	for (int i = 0; journal && i < argc; i++) {
		json_array_append_new(journal->arguments, text_of(argv[i]));
	}
	if (!journal || !journal->folder || json_array_size(journal->arguments) != (size_t)argc) {
		pf_run_journal_close(journal, false);
		*out = NULL;
		return pf_fail(error, PF_ERR_NO_MEMORY, folder, "not enough memory");
	}
	return PF_OK;
}

void pf_run_journal_close(pf_run_journal *journal, bool remove)
{
	if (!journal) {
		return;
	}
	if (remove && journal->path) {
		unlink(journal->path);
	}
	if (journal->fd >= 0) {
		close(journal->fd);
	}
	for (size_t i = 0; journal->argv && journal->argv[i]; i++) {
		free(journal->argv[i]);
	}
	free(journal->argv);
	json_decref(journal->arguments);
	json_decref(journal->head);
	json_decref(journal->lines);
	free(journal->began_in);
	free(journal->folder);
	free(journal->path);
	free(journal->kept);
	free(journal);
}

size_t pf_run_journal_trials(const pf_run_journal *journal)
{
	return journal->trial_count;
}

const json_t *pf_run_journal_head(const pf_run_journal *journal)
{
	return journal->head;
}

/* Takes the line over. A journal that cannot be written ends where it is: with its last whole line. */
static void add_line(pf_run_journal *journal, json_t *line)
{
	char *text = line ? json_dumps(line, line_flags) : NULL;
	pf_error error = {0};
	json_decref(line);
	if (journal->fd < 0) {
		free(text);
		return;
	}
	off_t end = lseek(journal->fd, 0, SEEK_END);
	size_t length = text ? strlen(text) : 0;
	if (text) {
		text[length++] = '\n'; /* in place of the NUL */
	}
	if (!text || end < 0 || !pf_write_all(journal->fd, text, length) || fdatasync(journal->fd)) {
		pf_fail_errno(&error, journal->path ? journal->path : journal->folder,
			      "cannot go on with the run's journal");
		bool cut = end >= 0 && ftruncate(journal->fd, end) == 0;
		(void)cut; /* if not: who reads it drops what is no whole line */
		close(journal->fd);
		journal->fd = -1;
		if (journal->complain) {
			journal->complain(&error);
		}
	}
	free(text);
}

static json_t *head_line(const pf_run_journal *journal)
{
	char *folder = getcwd(NULL, 0);
	json_t *line = json_pack("{s:i,s:O,s:o,s:O}", "journal", 1, "arguments", journal->arguments, "folder",
				 text_of(folder ? folder : ""), "record", journal->head);
	free(folder);
	return line;
}

static void sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd); /* where that is refused, the file is there all the same */
		close(fd);
	}
}

/* Under a hidden name until its head is whole and it is locked: nobody takes it for one that was left. */
static pf_status make_file(pf_run_journal *journal, const pf_run *run, pf_error *error)
{
	char *hidden = NULL;
	char when[PF_STARTED];
	size_t used = 0;
	for (const char *at = run->started; *at && used < sizeof when - 1; at++) {
		if (*at != '-' && *at != ':') {
			when[used++] = *at;
		}
	}
	when[used] = '\0';
	pf_status status = pf_make_folders(journal->folder, error);
	if (status == PF_OK &&
	    asprintf(&hidden, "%s/.%s-%s-XXXXXX.jsonl", journal->folder, when, run->command) < 0) {
		return pf_fail(error, PF_ERR_NO_MEMORY, journal->folder, "not enough memory");
	}
	journal->fd = status == PF_OK ? mkostemps(hidden, 6, O_CLOEXEC) : -1;
	if (journal->fd < 0 || flock(journal->fd, LOCK_EX | LOCK_NB)) {
		status = status == PF_OK ? pf_fail_errno(error, journal->folder, "cannot make a journal")
					 : status;
		free(hidden);
		return status;
	}
	add_line(journal, head_line(journal));
	bool written = journal->fd >= 0; /* otherwise it was told of */
	if (written && asprintf(&journal->path, "%s/%s", journal->folder, strrchr(hidden, '/') + 2) < 0) {
		journal->path = NULL;
		status = pf_fail(error, PF_ERR_NO_MEMORY, journal->folder, "not enough memory");
	} else if (written && rename(hidden, journal->path)) {
		status = pf_fail_errno(error, journal->path, "cannot name the journal");
	}
	if (!written || status != PF_OK) {
		unlink(hidden);
	}
	sync_folder(journal->folder);
	free(hidden);
	return status;
}

/* What two runs of one command line differ in, and may. */
static json_t *comparable(const json_t *record)
{
	static const char *const differing[] = {"started",     "observer",    "resumed", "partial",
						"why_partial", "rounds_done", "rounds",  "seed"};
	json_t *copy = json_deep_copy(record);
	for (size_t i = 0; i < sizeof differing / sizeof *differing; i++) {
		json_object_del(copy, differing[i]);
	}
	json_object_del(json_object_get(copy, "environment"), "load_average_1min");
	json_object_del(json_object_get(copy, "reference"), "from_cache");
	json_object_del(json_object_get(copy, "dataset"), "cache");
	return copy;
}

/* NULL: they are alike; otherwise the first member in which they differ, as text of `a`. */
static const char *difference(const json_t *a, const json_t *b)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)a, key, value)
	{
		if (!json_equal(value, json_object_get(b, key))) {
			return key;
		}
	}
	return json_equal(a, b) ? NULL : "what is in it";
}

static pf_status go_on(pf_run_journal *journal, pf_run *run, json_t *now, pf_error *error)
{
	json_t *before = comparable(journal->head), *own = comparable(now);
	/* As the file has it: a number that is whole is one there. */
	char *text = json_dumps(own, line_flags), *old = json_dumps(before, line_flags);
	json_decref(own);
	own = text ? json_loads(text, 0, NULL) : NULL;
	const char *other = own && before ? difference(own, before) : "its record";
	pf_status status = PF_OK;
	if (other && !(text && old && strcmp(text, old) == 0)) {
		status = pf_fail(error, PF_ERR_INVALID, journal->path,
				 "cannot go on: the run differs from the one that was interrupted in its %s",
				 other);
	}
	free(text);
	free(old);
	json_decref(own);
	json_decref(before);
	if (status == PF_OK) {
		snprintf(run->started, sizeof run->started, "%s", pf_note_text(journal->head, "started"));
		run->resumed = journal->resumed + 1;
		add_line(journal, json_pack("{s:i}", "resumed", (int)run->resumed));
	}
	return status;
}

static pf_status begin(void *context, pf_run *run, pf_error *error)
{
	pf_run_journal *journal = context;
	pf_error why = {0};
	json_t *record = pf_record_json(run);
	if (!record) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	if (journal->going_on) {
		pf_status status = go_on(journal, run, record, error);
		json_decref(record);
		return status;
	}
	journal->head = record;
	if (make_file(journal, run, &why) != PF_OK && journal->fd >= 0) {
		close(journal->fd);
		journal->fd = -1;
	}
	if (why.message[0] && journal->complain) {
		journal->complain(&why);
	}
	return PF_OK;
}

static pf_status recall(void *context, pf_contestant *contestant, uint32_t round, pf_trial *trial,
			bool *there, pf_error *error)
{
	pf_run_journal *journal = context;
	const json_t *line = json_array_get(journal->lines, journal->recalled);
	*there = false;
	if (!journal->going_on || !line) {
		return PF_OK;
	}
	json_t *found = json_object_get(line, "trial");
	if (strcmp(pf_note_text(line, "step"), contestant->label) != 0 ||
	    pf_note_number(found, "round") != (double)round) {
		return pf_fail(error, PF_ERR_INVALID, journal->path,
			       "cannot go on: the journal's trial %zu is not of %s in round %u",
			       journal->recalled + 1, contestant->label, round);
	}
	*trial = (pf_trial){0};
	pf_stored_trial(found, contestant->workers, trial);
	trial->as_kept = json_incref(found);
	contestant->status = pf_run_status_of(pf_note_text(line, "status"));
	snprintf(contestant->reason, sizeof contestant->reason, "%s", pf_note_text(line, "reason"));
	journal->recalled++;
	*there = true;
	return PF_OK;
}

static void keep(void *context, const pf_run *run, const pf_contestant *contestant)
{
	pf_run_journal *journal = context;
	if (!contestant) {
		if (journal->recalled >= json_array_size(journal->lines)) {
			add_line(journal, json_pack("{s:I,s:I}", "rounds_done", (json_int_t)run->rounds_done,
						    "rounds", (json_int_t)run->rounds));
		}
		return;
	}
	json_t *line = json_pack("{s:s,s:s,s:s,s:o}", "step", contestant->label, "status",
				 pf_run_status_name(contestant->status), "reason", contestant->reason,
				 "trial", pf_trial_json(&contestant->trials[contestant->trial_count - 1]));
	journal->trial_count++;
	add_line(journal, line);
}

pf_run_keeper pf_run_journal_keeper(pf_run_journal *journal)
{
	return (pf_run_keeper){.begin = begin, .recall = recall, .keep = keep, .context = journal};
}

/* The whole file, ended by a NUL; the caller frees it. */
static pf_status read_file(int fd, const char *path, char **bytes, size_t *count, pf_error *error)
{
	struct stat info;
	*bytes = NULL;
	*count = 0;
	if (fstat(fd, &info) || !S_ISREG(info.st_mode) || info.st_size > (off_t)PF_RECORD_MAX_BYTES) {
		return pf_fail(error, PF_ERR_INVALID, path, "not a regular file, or larger than %u MiB",
			       PF_RECORD_MAX_BYTES >> 20);
	}
	size_t size = (size_t)info.st_size;
	*bytes = malloc(size + 1);
	if (!*bytes) {
		return pf_fail(error, PF_ERR_NO_MEMORY, path, "not enough memory");
	}
	while (*count < size) {
		ssize_t some = pread(fd, *bytes + *count, size - *count, (off_t)*count);
		if (some < 0 && errno == EINTR) {
			continue;
		}
		if (some <= 0) {
			return some ? pf_fail_errno(error, path, "cannot read the journal") : PF_OK;
		}
		*count += (size_t)some;
	}
	return PF_OK;
}

/* True if the line is one that this program writes. It is taken over where it is needed. */
static bool take_line(pf_run_journal *journal, json_t *line)
{
	if (!journal->head) {
		json_t *head = json_object_get(line, "record"),
		       *arguments = json_object_get(line, "arguments");
		bool good = pf_note_number(line, "journal") == 1 && json_is_array(arguments) &&
			    pf_record_kind_of(head) == PF_RECORD_RUN && !pf_record_fault(head, PF_RECORD_RUN);
		if (good) {
			journal->head = json_incref(head);
			journal->arguments = json_incref(arguments);
			journal->began_in = strdup(pf_note_text(line, "folder"));
			journal->rounds = pf_json_count(head, "rounds", 0);
		}
		return good;
	}
	if (json_is_object(json_object_get(line, "trial"))) {
		journal->trial_count++;
		return json_array_append(journal->lines, line) == 0;
	}
	if (json_is_integer(json_object_get(line, "rounds_done"))) {
		journal->rounds_done = pf_json_count(line, "rounds_done", 0);
		journal->rounds = pf_json_count(line, "rounds", 0);
		return true;
	}
	if (json_is_string(json_object_get(line, "kept"))) {
		free(journal->kept);
		journal->kept = strdup(pf_note_text(line, "kept"));
		journal->kept_trials = journal->trial_count;
		return journal->kept;
	}
	journal->resumed = (uint32_t)pf_json_count(line, "resumed", 0);
	return json_is_integer(json_object_get(line, "resumed"));
}

/* Line after line, up to the first that is not whole. Returns where the last good one ends. */
static size_t take_lines(pf_run_journal *journal, const char *bytes, size_t count)
{
	size_t good = 0;
	while (good < count) {
		const char *end = memchr(bytes + good, '\n', count - good);
		json_t *line = end ? pf_json_parse(bytes + good, (size_t)(end - bytes) - good, 0, NULL)
				   : NULL;
		bool taken = line && take_line(journal, line);
		json_decref(line);
		if (!taken) {
			break;
		}
		good = (size_t)(end - bytes) + 1;
	}
	return good;
}

static pf_status read_journal(pf_run_journal *journal, pf_error *error)
{
	char *bytes = NULL;
	size_t count = 0, good = 0;
	struct stat info, named;
	if (flock(journal->fd, LOCK_EX | LOCK_NB)) {
		return errno == EWOULDBLOCK
			       ? pf_fail(error, PF_ERR_UNAVAILABLE, journal->path, "its run is going on")
			       : pf_fail_errno(error, journal->path, "cannot lock the journal");
	}
	/* Its run may just have ended, and removed it. */
	if (fstat(journal->fd, &info) || stat(journal->path, &named) || info.st_ino != named.st_ino) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, journal->path, "its run is going on");
	}
	pf_status status = read_file(journal->fd, journal->path, &bytes, &count, error);
	if (status == PF_OK) {
		good = take_lines(journal, bytes, count);
	}
	free(bytes);
	if (status == PF_OK && !journal->head) {
		status = pf_fail(error, PF_ERR_INVALID, journal->path, "no journal of a run");
	}
	if (status == PF_OK && good < count && ftruncate(journal->fd, (off_t)good)) {
		status = pf_fail_errno(error, journal->path, "cannot drop the line that was cut off");
	}
	return status;
}

pf_status pf_run_journal_open(const char *path, pf_run_journal **out, pf_error *error)
{
	pf_run_journal *journal = calloc(1, sizeof *journal);
	*out = NULL;
	if (!journal) {
		return pf_fail(error, PF_ERR_NO_MEMORY, path, "not enough memory");
	}
	*journal = (pf_run_journal){.fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY),
				    .path = strdup(path),
				    .lines = json_array(),
				    .going_on = true};
	pf_status status = journal->fd < 0 ? pf_fail_errno(error, path, "cannot open")
			   : !journal->path || !journal->lines
				   ? pf_fail(error, PF_ERR_NO_MEMORY, path, "not enough memory")
				   : read_journal(journal, error);
	if (status != PF_OK) {
		pf_run_journal_close(journal, false);
		return status;
	}
	*out = journal;
	return PF_OK;
}

char **pf_run_journal_arguments(pf_run_journal *journal, int *argc, const char **folder)
{
	char *here = getcwd(NULL, 0), *began = journal->began_in;
	size_t count = json_array_size(journal->arguments);
	journal->argv = journal->argv ? journal->argv : calloc(count + 1, sizeof *journal->argv);
	bool good = journal->argv && here && began;
	*argc = (int)count;
	*folder = began;
	for (size_t i = 0; good && i < count; i++) {
		const char *text = json_string_value(json_array_get(journal->arguments, i));
		journal->argv[i] = text && !journal->argv[i] ? strdup(text) : journal->argv[i];
		good = journal->argv[i] && pf_unescape(journal->argv[i]);
	}
	char *plain = good ? strdup(began) : NULL;
	good = plain && pf_unescape(plain) && strcmp(plain, here) == 0;
	free(plain);
	free(here);
	return good ? journal->argv : NULL;
}

static void put_trials(const pf_run_journal *journal, json_t *record)
{
	size_t index, k;
	json_t *line, *variant;
	json_array_foreach(journal->lines, index, line)
	{
		const char *step = pf_note_text(line, "step"), *reason = pf_note_text(line, "reason");
		json_array_foreach(json_object_get(record, "variants"), k, variant)
		{
			if (strcmp(pf_note_text(variant, "name"), step) == 0) {
				json_array_append(json_object_get(variant, "trials"),
						  json_object_get(line, "trial"));
				json_object_set(variant, "status", json_object_get(line, "status"));
				json_object_set_new(variant, "reason",
						    reason[0] ? json_string(reason) : json_null());
			}
		}
	}
}

json_t *pf_run_journal_record(const pf_run_journal *journal, pf_error *error)
{
	pf_stored_run *stored = NULL;
	json_t *record = json_deep_copy(journal->head);
	if (!record) {
		pf_fail(error, PF_ERR_NO_MEMORY, journal->path, "not enough memory");
		return NULL;
	}
	put_trials(journal, record);
	json_object_set_new(record, "rounds", json_integer((json_int_t)journal->rounds));
	json_object_set_new(record, "rounds_done", json_integer((json_int_t)journal->rounds_done));
	if (journal->resumed) {
		json_object_set_new(record, "resumed", json_integer((json_int_t)journal->resumed));
	}
	json_object_set_new(record, "partial", json_true());
	json_object_set_new(record, "why_partial", json_string("the harness was ended from outside"));
	if (pf_stored_run_read(record, &stored, error) != PF_OK) {
		json_decref(record);
		return NULL;
	}
	pf_record_complete(record, pf_stored_run_model(stored));
	pf_stored_run_free(stored);
	return record;
}

void pf_run_journal_note_kept(pf_run_journal *journal, const char *file)
{
	char *copy = strdup(file);
	if (copy) {
		free(journal->kept);
		journal->kept = copy;
		journal->kept_trials = journal->trial_count;
		add_line(journal, json_pack("{s:s}", "kept", file));
	}
}

const char *pf_run_journal_kept(const pf_run_journal *journal, bool *all)
{
	*all = journal->kept && journal->kept_trials == journal->trial_count;
	return journal->kept ? journal->kept : "";
}
