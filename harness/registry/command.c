/* Runs a program from outside in place of a variant, and turns what it writes into a variant's events. */
#include "harness/registry/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/child.h"
#include "harness/base/signal_name.h"
#include "harness/registry/command_scores.h"
#include "harness/registry/dataset_view.h"
#include "harness/registry/outside.h"

#define TICK_MS 100
#define GRACE_NS 2000000000u /* between being asked to stop and being killed */
#define MAX_LINE (1u << 20)
#define AT_ONCE (1u << 20) /* bytes of scores that are read before requests are looked at again */
/* Of scores: a record is about 2 kB long. */
#define MOST_BYTES(photos) ((1ull << 20) + (photos) * (16ull << 10))

static struct {
	const char *command, *view;
	pf_command_note *note;
} own; /* of this process: it runs one command */

void pf_command_attach(const char *command, const char *view, pf_command_note *note)
{
	own.command = command;
	own.view = view;
	own.note = note;
}

/* A command while it runs. */
struct running_command {
	const struct pf_env *env;
	struct pf_sink *sink;
	pf_command_scores scores;
	char path[PF_VIEW_PATH_MAX + 32]; /* of the score records */
	int file;
	char *line; /* begun, not ended yet */
	size_t used;
	uint64_t bytes; /* of scores, read so far */
	bool more;      /* there may be more of them already */
	pf_child child;
};

/* Everything in the group dies, this process too: the harness is gone. */
static void kill_group(int signal)
{
	(void)signal;
	kill(0, SIGKILL);
}

static void put_quoted(FILE *stream, const char *text)
{
	fputc('\'', stream);
	for (; *text; text++) {
		fputs(*text == '\'' ? "'\\''" : (char[]){*text, '\0'}, stream);
	}
	fputc('\'', stream);
}

/* The command line with what its words in braces stand for; freed by the caller. */
static char *expand(const struct running_command *run)
{
	char workers[16], dataset[PF_VIEW_PATH_MAX + 16], manifest[PF_VIEW_PATH_MAX + 16];
	char *out = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&out, &size);
	snprintf(workers, sizeof workers, "%u", run->env->workers);
	snprintf(dataset, sizeof dataset, "%s/dataset", own.view);
	snprintf(manifest, sizeof manifest, "%s/manifest", own.view);
	const char *const words[][2] = {{"{dataset}", dataset},
					{"{manifest}", manifest},
					{"{scores}", run->path},
					{"{workers}", workers}};
	for (const char *at = own.command; stream && *at;) {
		size_t i = 0, count = sizeof words / sizeof *words;
		while (i < count && strncmp(at, words[i][0], strlen(words[i][0])) != 0) {
			i++;
		}
		if (i < count) {
			put_quoted(stream, words[i][1]);
			at += strlen(words[i][0]);
		} else {
			fputc(*at++, stream);
		}
	}
	if (stream && fclose(stream)) {
		free(out);
		out = NULL;
	}
	return out;
}

static pf_status start(struct running_command *run, pf_error *error)
{
	char *line = expand(run);
	char *const arguments[] = {"sh", "-c", line, NULL};
	if (!line) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	/* In the group of this process: the harness kills that as a whole. Should the harness die, so do
	 * they. */
	signal(SIGUSR1, kill_group);
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	const pf_child_order order = {
		.kind = PF_CHILD_COMMAND_IN_GROUP, .program = "/bin/sh", .arguments = arguments};
	pf_status status = pf_child_start(&order, &run->child, error);
	free(line);
	return status;
}

/* Tells the sink of the photo that a line is about. */
static pf_status take_line(struct running_command *run, pf_error *error)
{
	size_t index;
	run->line[run->used] = '\0';
	bool cut = memchr(run->line, '\0', run->used) != NULL;
	run->used = 0;
	if (cut) {
		return pf_fail(error, PF_ERR_INVALID, NULL, "its scores are malformed: line %zu: a zero byte",
			       run->scores.lines + 1);
	}
	pf_status status = pf_command_scores_line(&run->scores, run->line, &index, error);
	if (status != PF_OK || index == SIZE_MAX) {
		return status;
	}
	const pf_outcome *outcome = &run->scores.outcomes->photos[index];
	pf_photo_result result = {
		.index = (uint32_t)index,
		.burst = outcome->burst,
		.status = outcome->status,
		.message = outcome->message ? outcome->message : "",
		.score = outcome->status == PF_OK ? &outcome->score : NULL,
	};
	return run->sink->photo_done(run->sink, &result);
}

/* Takes in what was written since, some of it at a time. */
static pf_status read_on(struct running_command *run, pf_error *error)
{
	char bytes[65536];
	ssize_t got = 0;
	size_t photos = run->scores.outcomes->count, turn = 0;
	pf_status status = PF_OK;
	while (status == PF_OK && turn < AT_ONCE && (got = read(run->file, bytes, sizeof bytes)) > 0) {
		turn += (size_t)got;
		run->bytes += (uint64_t)got;
		if (run->bytes > MOST_BYTES(photos)) {
			return pf_fail(error, PF_ERR_INVALID, NULL,
				       "its scores are malformed: more than %llu kB for %zu photos",
				       MOST_BYTES(photos) >> 10, photos);
		}
		for (ssize_t i = 0; i < got && status == PF_OK; i++) {
			if (bytes[i] == '\n') {
				status = take_line(run, error);
			} else if (run->used + 1 < MAX_LINE) {
				run->line[run->used++] = bytes[i];
			} else {
				status = pf_fail(error, PF_ERR_INVALID, NULL,
						 "its scores are malformed: line %zu is longer than %u bytes",
						 run->scores.lines + 1, MAX_LINE - 1);
			}
		}
	}
	run->more = got > 0;
	return status;
}

/* All that is left once nobody writes any more. */
static pf_status read_rest(struct running_command *run, pf_error *error)
{
	pf_status status = read_on(run, error);
	while (status == PF_OK && run->more) {
		status = read_on(run, error);
	}
	return status;
}

/* Passes on a request to stop; PF_ERR_CANCELLED when it did not stop in time. */
static pf_status mind_requests(struct running_command *run, pf_error *error)
{
	if (!pf_cancelled(run->env)) {
		return PF_OK;
	}
	if (!run->child.asked_ns) {
		pf_child_stop(&run->child, GRACE_NS, false); /* this process takes it as a request, too */
	}
	return pf_now_ns() - run->child.asked_ns > GRACE_NS
		       ? pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request")
		       : PF_OK;
}

/* Until the command is gone. Wakes up when it writes: the time to the first result is that of the line. */
static pf_status follow(struct running_command *run, pf_error *error)
{
	pf_status status = PF_OK;
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	bool gone = false;
	if (watch >= 0) {
		inotify_add_watch(watch, run->path, IN_MODIFY);
	}
	while (status == PF_OK && !gone) {
		struct pollfd events[] = {{.fd = watch, .events = POLLIN},
					  {.fd = run->child.life, .events = POLLIN}};
		char ignored[4096];
		poll(events, 2, run->more ? 0 : TICK_MS);
		while (watch >= 0 && read(watch, ignored, sizeof ignored) > 0) {
		}
		gone = pf_child_has_ended(&run->child);
		status = gone ? read_rest(run, error) : read_on(run, error);
		if (status == PF_OK && !gone) {
			status = mind_requests(run, error);
		}
	}
	close(watch);
	if (status == PF_OK) {
		status = pf_child_reap(&run->child, error);
		own.note->begin_ns = run->child.begin_ns;
		own.note->end_ns = run->child.end_ns;
	}
	return status;
}

static int by_burst(const void *a, const void *b, void *context)
{
	const pf_outcome *photos = context;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	if (photos[x].burst != photos[y].burst) {
		return photos[x].burst < photos[y].burst ? -1 : 1;
	}
	return (x > y) - (x < y);
}

/* Tells of bursts and ranks, once all records are there. Where no bursts are declared each photo is told of
 * as one: the accounting wants it. */
static pf_status tell_bursts(struct running_command *run)
{
	const pf_outcomes *outcomes = run->scores.outcomes;
	const pf_tolerance *tolerance = &run->scores.tolerance;
	bool grouped = !tolerance->declared || tolerance->bursts;
	uint32_t *order = calloc(2 * outcomes->count + 1, sizeof *order), *ranks = order + outcomes->count;
	size_t count = 0;
	pf_status status = order ? PF_OK : PF_ERR_NO_MEMORY;
	for (uint32_t i = 0; i < outcomes->count && order; i++) {
		if (outcomes->photos[i].done) {
			order[count++] = i;
		}
	}
	if (order && grouped) {
		qsort_r(order, count, sizeof *order, by_burst, outcomes->photos);
	}
	for (size_t first = 0; first < count && status == PF_OK;) {
		size_t end = first;
		uint32_t id = outcomes->photos[order[first]].burst;
		while (end < count &&
		       (end == first || (grouped && outcomes->photos[order[end]].burst == id))) {
			ranks[end - first] = outcomes->photos[order[end]].rank;
			end++;
		}
		pf_burst burst = {.id = id, .count = (uint32_t)(end - first), .photos = &order[first]};
		status = run->sink->burst_found(run->sink, &burst);
		if (status == PF_OK) {
			status = run->sink->burst_ranked(run->sink, &burst, ranks);
		}
		first = end;
	}
	free(order);
	return status;
}

/* A program may have written another file and given it the name. */
static pf_status read_replaced(struct running_command *run, pf_error *error)
{
	struct stat opened, named;
	if (fstat(run->file, &opened) || stat(run->path, &named) ||
	    (opened.st_ino == named.st_ino && opened.st_dev == named.st_dev)) {
		return PF_OK;
	}
	close(run->file);
	run->file = open(run->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return run->file < 0 ? pf_fail_errno(error, run->path, "cannot read the scores")
			     : read_rest(run, error);
}

static pf_status judge(struct running_command *run, pf_error *error)
{
	int ending = run->child.ending;
	own.note->tolerance = run->scores.tolerance;
	if (run->child.asked_ns) {
		return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
	}
	if (WIFSIGNALED(ending)) {
		return pf_fail(error, PF_ERR_CRASHED, NULL, "the command was killed by %s",
			       pf_signal_name(WTERMSIG(ending), (char[PF_SIGNAL_NAME]){0}));
	}
	if (WEXITSTATUS(ending)) {
		return pf_fail(error, PF_ERR_CRASHED, NULL, "the command ended with status %d",
			       WEXITSTATUS(ending));
	}
	pf_status status = read_replaced(run, error);
	if (status == PF_OK && run->used) {
		status = take_line(run, error); /* the last one needs no end */
	}
	own.note->tolerance = run->scores.tolerance;
	own.note->wrote_nothing = !run->scores.begun;
	return status == PF_OK ? tell_bursts(run) : status;
}

static pf_status run_command(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
			     pf_error *error)
{
	struct running_command run = {.env = env, .sink = sink, .line = malloc(MAX_LINE), .file = -1};
	pf_status status = pf_command_scores_open(&run.scores, dataset, error);
	if (status == PF_OK && !run.line) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	if (status == PF_OK) {
		snprintf(run.path, sizeof run.path, "%s/scores.jsonl", own.view);
		run.file = open(run.path, O_RDONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		status = run.file < 0 ? pf_fail_errno(error, run.path, "cannot make the file of scores")
				      : start(&run, error);
	}
	if (status == PF_OK) {
		status = follow(&run, error);
	}
	if (status == PF_OK) {
		status = judge(&run, error);
		/* The largest of its processes; the kernel keeps no more. */
		env->traces[0].peak_rss_bytes = (uint64_t)run.child.usage.ru_maxrss * 1024;
	}
	pf_command_scores_close(&run.scores);
	close(run.file);
	free(run.line);
	return status;
}

void pf_command_free(struct pf_variant *command)
{
	if (command) {
		free((void *)(uintptr_t)command->name); /* its own, unlike a built-in variant's */
		free(command);
	}
}

/* How many letters have to be put in, taken out or exchanged to make one word of the other; at most 16 each.
 */
static size_t distance(const char *a, size_t length, const char *b)
{
	size_t row[17];
	size_t other = strlen(b);
	for (size_t k = 0; k <= other; k++) {
		row[k] = k;
	}
	for (size_t i = 1; i <= length; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t k = 1; k <= other; k++) {
			size_t above = row[k], least = above < row[k - 1] ? above : row[k - 1];
			size_t exchanged = diagonal + (a[i - 1] != b[k - 1]);
			row[k] = least + 1 < exchanged ? least + 1 : exchanged;
			diagonal = above;
		}
	}
	return row[other];
}

/* Braces are the shell's, too: only what looks like one of ours is a mistake. */
static pf_status check_words(const char *line, pf_error *error)
{
	static const char *const words[] = {"dataset", "manifest", "scores", "workers"};
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	for (const char *at = line; (at = strchr(at, '{')); at++) {
		size_t length = strspn(at + 1, letters);
		for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
			size_t differs = at[1 + length] == '}' && length > 3 && length <= 16
						 ? distance(at + 1, length, words[i])
						 : 0;
			if (differs == 1 || differs == 2) {
				return pf_fail(
					error, PF_ERR_USAGE, NULL,
					"--command has {%.*s}, which stands for nothing: do you mean {%s}?",
					(int)length, at + 1, words[i]);
			}
		}
	}
	return PF_OK;
}

pf_status pf_command_parse(const char *text, struct pf_variant **out, pf_error *error)
{
	const char *line = strchr(text, '=');
	char *name = line ? strndup(text, (size_t)(line - text)) : NULL;
	if (!name || !line[1] || !pf_variant_name_is_good(name)) {
		free(name);
		return pf_fail(
			error, PF_ERR_USAGE, NULL,
			"--command takes NAME='COMMAND LINE', the name of lower-case letters, digits and dashes");
	}
	pf_status status = check_words(line + 1, error);
	if (status != PF_OK) {
		free(name);
		return status;
	}
	*out = calloc(1, sizeof **out);
	if (!*out) {
		free(name);
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	**out = (struct pf_variant){
		.abi_version = PF_ABI_VERSION,
		.struct_size = sizeof **out,
		.name = name,
		.summary = line + 1,
		.change = "none: a program from outside",
		.principle = "compare with what others do",
		.hypothesis = "none",
		.expected = "none",
		.caps = PF_CAP_COMMAND | (strstr(line, "{workers}") ? PF_CAP_WORKERS : 0u),
		.run = run_command,
	};
	return PF_OK;
}
