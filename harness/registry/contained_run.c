#include "harness/registry/contained_run.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/child.h"
#include "harness/base/interrupt.h"
#include "harness/base/signal_name.h"
#include "harness/registry/contained_paths.h"

enum { TICK_MS = 100, NOT_CONTAINED = 126 };

/* In the child. */
static pf_status contain(const char *file, bool devices, pf_error *error)
{
	char path[PATH_MAX];
	pf_contained_paths paths = {.count = 0};
	if (realpath(file, path)) {
		char *slash = strrchr(path, '/');
		slash[slash == path] = '\0';
		pf_contained_add(&paths, path, false);
	}
	pf_contained_add_libraries(&paths);
	if (devices) {
		pf_contained_add_devices(&paths);
	}
	return pf_contained_enter(&paths, devices ? PF_ALLOW_DEVICES : 0, error);
}

/* Ends this process, too, where the child ended by writing to a pipe that nobody reads. */
static pf_status judge(const char *file, const pf_child *child, int *code, pf_error *error)
{
	if (WIFEXITED(child->ending) && WEXITSTATUS(child->ending) < NOT_CONTAINED) {
		*code = WEXITSTATUS(child->ending);
		return PF_OK;
	}
	if (WIFEXITED(child->ending)) {
		return pf_fail(error, PF_ERR_INTERNAL, file,
			       "the process that was to read it cannot be contained");
	}
	int number = WTERMSIG(child->ending);
	if (number == SIGPIPE) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	return pf_fail(error, PF_ERR_CRASHED, file, "the process that read it crashed (%s)",
		       pf_signal_name(number, (char[PF_SIGNAL_NAME]){0}));
}

pf_status pf_contained_run(const char *file, bool devices, int (*work)(void *context), void *context,
			   int *code, pf_error *error)
{
	pf_child child;
	fflush(NULL);
	pid_t pid = pf_child_fork(&child);
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		_exit(contain(file, devices, NULL) == PF_OK ? work(context) : NOT_CONTAINED);
	}
	if (pid < 0) {
		return pf_fail_errno(error, file, "cannot start a process that reads it");
	}
	bool stopped = false;
	while (!pf_child_has_ended(&child)) {
		struct pollfd life = {.fd = child.life, .events = POLLIN};
		if (poll(&life, 1, TICK_MS) <= 0 && pf_interrupts && !stopped) {
			stopped = true;
			pf_child_stop(&child, 0, true);
		}
	}
	pf_status status = pf_child_reap(&child, error);
	if (status == PF_OK && stopped) {
		return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
	}
	return status == PF_OK ? judge(file, &child, code, error) : status;
}
