#include "harness/registry/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/child.h"
#include "harness/base/signal_name.h"
#include "harness/registry/command.h"
#include "harness/registry/contained_paths.h"
#include "harness/registry/known.h"
#include "harness/registry/plugin.h"
#include "harness/registry/plugin_description.h"
#include "photofinish/file.h"

static pf_outside outside[PF_MAX_OUTSIDE];
static size_t outside_count;

const pf_outside *pf_outside_of(const struct pf_variant *variant)
{
	for (size_t i = 0; i < outside_count; i++) {
		if (outside[i].variant == variant) {
			return &outside[i];
		}
	}
	return NULL;
}

const struct pf_variant *pf_variant_at(size_t i)
{
	size_t built_in = 0;
	while (pf_variant_registry[built_in]) {
		if (built_in == i) {
			return pf_variant_registry[i];
		}
		built_in++;
	}
	return i - built_in < outside_count ? outside[i - built_in].variant : NULL;
}

static pf_status check_room(const char *name, const char *file, pf_error *error)
{
	if (pf_variant_find(name)) {
		return pf_fail(error, PF_ERR_EXISTS, file, "there is a variant \"%s\" already", name);
	}
	if (outside_count == PF_MAX_OUTSIDE) {
		return pf_fail(error, PF_ERR_INVALID, file, "more than %d variants from outside",
			       PF_MAX_OUTSIDE);
	}
	return PF_OK;
}

/* Its absolute path. dlopen would wait for a FIFO's writer. */
static pf_status find_file(const char *file, char path[PATH_MAX], pf_error *error)
{
	pf_error why = {0};
	if (!realpath(file, path)) {
		return pf_fail_errno(error, file, "cannot open the plug-in");
	}
	FILE *regular = pf_open_regular(path, &why);
	if (!regular) {
		return pf_fail(error, why.code, file, "%s", why.message);
	}
	fclose(regular);
	return PF_OK;
}

static pf_status take_in(const struct pf_variant *variant, const char *path, const char *file,
			 pf_error *error)
{
	pf_outside *entry = &outside[outside_count];
	pf_status status = variant->name && pf_variant_name_is_good(variant->name)
				   ? check_room(variant->name, file, error)
				   : pf_fail(error, PF_ERR_INVALID, file, "its variant has no good name");
	if (status == PF_OK) {
		*entry = (pf_outside){.variant = variant, .plugin = strdup(path)};
		status = pf_file_sha256(path, entry->plugin_sha256, NULL, error);
	}
	outside_count += status == PF_OK;
	return status;
}

pf_status pf_plugin_adopt(const char *file, pf_error *error)
{
	const struct pf_variant *variant = NULL;
	char path[PATH_MAX];
	pf_status status = find_file(file, path, error);
	if (status == PF_OK) {
		status = pf_plugin_open(path, file, &variant, error);
	}
	return status == PF_OK ? take_in(variant, path, file, error) : status;
}

bool pf_variant_name_is_good(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t length = strlen(name);
	return length > 0 && length < 48 && strspn(name, letters) == length && name[0] != '-';
}

pf_status pf_command_add(const char *text, pf_error *error)
{
	struct pf_variant *variant = NULL;
	pf_status status = pf_command_parse(text, &variant, error);
	if (status == PF_OK) {
		status = check_room(variant->name, NULL, error);
	}
	if (status != PF_OK) {
		pf_command_free(variant);
		return status;
	}
	outside[outside_count++] = (pf_outside){.variant = variant, .command = text};
	return PF_OK;
}

bool pf_outside_has_commands(void)
{
	for (size_t i = 0; i < outside_count; i++) {
		if (outside[i].command) {
			return true;
		}
	}
	return false;
}

#define LOADING_SECONDS 10

/* What the process that tries a plug-in tells: how it went, then the descriptor. */
static void try_plugin(const char *file, const pf_allowance *allowance, int fd)
{
	pf_error error = {0};
	char path[PATH_MAX], *text = NULL;
	pf_contained_paths paths = {.count = 0};
	pf_containment in_force;
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	pf_contained_add(&paths, realpath(file, path), false);
	pf_contained_add_allowed(&paths, allowance);
	pf_contained_add_libraries(&paths);
	const pf_containment_order order = {.allow = allowance->allow,
					    .paths = paths.list,
					    .path_count = paths.count,
					    .protected_pid = getppid(),
					    .refusals = -1};
	pf_status status = pf_contain(&order, &in_force, &error);
	if (status == PF_OK) {
		status = pf_plugin_adopt(file, &error);
	}
	if (status == PF_OK) {
		pf_plugin_describe(outside[outside_count - 1].variant, &text,
				   &error); /* what fails is in `error` */
	}
	struct iovec parts[] = {{&error, sizeof error}, {text, text ? strlen(text) : 0}};
	ssize_t written = writev(fd, parts, 2);
	_exit(written == (ssize_t)(sizeof error + parts[1].iov_len) ? 0 : 1);
}

/* How the process that tried it ended; what it told. */
struct tried {
	bool known, late;
	int ending;
	ssize_t got;
	pf_error error;
	char text[PF_DESCRIPTION_BYTES];
};

static pf_status try_elsewhere(const char *file, const pf_allowance *allowance, struct tried *tried,
			       pf_error *error)
{
	int ends[2];
	pf_child child;
	if (pipe2(ends, O_CLOEXEC)) {
		return pf_fail_errno(error, NULL, "cannot open a pipe");
	}
	fflush(NULL);
	pid_t pid = pf_child_fork(&child);
	if (pid == 0) {
		close(ends[0]);
		try_plugin(file, allowance, ends[1]);
	}
	close(ends[1]);
	/* No alarm of its own: code that is loaded may block that, or take it away. */
	struct pollfd life = {.fd = pid > 0 ? child.life : -1, .events = POLLIN};
	int ready;
	do {
		ready = poll(&life, 1, LOADING_SECONDS * 1000);
	} while (ready < 0 && errno == EINTR);
	tried->late = pid > 0 && ready == 0;
	if (tried->late) {
		pf_child_stop(&child, 0, true);
	}
	tried->known = pid > 0 && pf_child_reap(&child, NULL) == PF_OK;
	tried->ending = child.ending;
	/* What it told fits into the pipe; who else may hold that is not waited for. */
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	struct iovec parts[] = {{&tried->error, sizeof tried->error}, {tried->text, sizeof tried->text - 1}};
	tried->got = readv(ends[0], parts, 2);
	close(ends[0]);
	return tried->known ? PF_OK : pf_fail_errno(error, file, "cannot try the plug-in");
}

static pf_status judge(const char *file, struct tried *tried, const struct pf_variant **variant,
		       pf_error *error)
{
	pf_error *told = &tried->error;
	if (tried->late) {
		return pf_fail(error, PF_ERR_INVALID, file, "loading it took more than %d s",
			       LOADING_SECONDS);
	}
	if (WIFSIGNALED(tried->ending)) {
		return pf_fail(error, PF_ERR_INVALID, file, "loading it crashes (%s)",
			       pf_signal_name(WTERMSIG(tried->ending), (char[PF_SIGNAL_NAME]){0}));
	}
	if (tried->got < (ssize_t)sizeof *told) {
		return pf_fail(error, PF_ERR_INVALID, file, "loading it ends the process");
	}
	if (told->code != PF_OK) {
		/* The plug-in's own code may have written it. */
		told->code = (unsigned)told->code < PF_STATUS_COUNT ? told->code : PF_ERR_INVALID;
		told->file[sizeof told->file - 1] = told->message[sizeof told->message - 1] = '\0';
		*error = *told;
		return told->code;
	}
	pf_error why = {0};
	return pf_plugin_described(tried->text, variant, &why) == PF_OK
		       ? PF_OK
		       : pf_fail(error, PF_ERR_INVALID, file, "%s", why.message);
}

pf_status pf_plugin_add(const char *file, const pf_allowance *allowance, pf_error *error)
{
	const struct pf_variant *variant = NULL;
	char path[PATH_MAX];
	struct tried *tried = calloc(1, sizeof *tried);
	if (!tried) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	pf_status status = find_file(file, path, error);
	if (status == PF_OK) {
		status = try_elsewhere(file, allowance, tried, error);
	}
	if (status == PF_OK) {
		status = judge(file, tried, &variant, error);
	}
	free(tried);
	return status == PF_OK ? take_in(variant, path, file, error) : status;
}
