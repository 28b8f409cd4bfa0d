#include "harness/measure/timed_command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/measure/interrupt.h"
#include "photofinish/trace.h"

#define TICK_MS 100
#define GRACE_NS 1000000000u /* between being asked to end and being killed */

static pf_status start(char *const *arguments, bool show_output, pid_t *pid, pf_error *error)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t usual;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!show_output) {
		posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
		posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
	}
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE); /* which the harness ignores */
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &usual);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
	int failed = posix_spawnp(pid, arguments[0], &actions, &attributes, arguments, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	errno = failed;
	return failed ? pf_fail_errno(error, arguments[0], "cannot run it") : PF_OK;
}

/* Until its end, which is not taken notice of yet: its number stays its own. */
static pf_status await(pid_t pid, int fd, uint64_t begin_ns, double timeout_s, pf_timed_run *out,
		       pf_error *error)
{
	uint64_t asked_ns = 0;
	sig_atomic_t interrupts = pf_interrupts;
	for (;;) {
		struct pollfd end = {.fd = fd, .events = POLLIN};
		int got = poll(&end, 1, TICK_MS);
		uint64_t now = pf_now_ns();
		if (got > 0) {
			out->wall_ns = now - begin_ns;
			return PF_OK;
		}
		if (got < 0 && errno != EINTR) {
			pf_status status = pf_fail_errno(error, NULL, "cannot wait for a command");
			kill(-pid, SIGKILL);
			return status;
		}
		if (!asked_ns) {
			out->stopped = pf_interrupts != interrupts;
			out->timed_out = !out->stopped && timeout_s > 0 &&
					 (double)(now - begin_ns) > timeout_s * 1e9;
			if (out->stopped || out->timed_out) {
				asked_ns = now;
				kill(-pid, SIGTERM);
				kill(-pid, SIGCONT); /* one that is stopped hears nothing */
			}
		} else if (now - asked_ns > GRACE_NS || pf_interrupts > interrupts + 1) {
			kill(-pid, SIGKILL);
		}
	}
}

static uint64_t nanoseconds(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_usec * 1000u;
}

pf_status pf_timed_command_run(char *const *arguments, double timeout_s, bool show_output, pf_timed_run *out,
			       pf_error *error)
{
	pid_t pid = 0;
	int ending = 0;
	struct rusage usage = {0};
	*out = (pf_timed_run){0};
	uint64_t begin_ns = pf_now_ns();
	pf_status status = start(arguments, show_output, &pid, error);
	if (status != PF_OK) {
		return status;
	}
	int fd = pidfd_open(pid, 0);
	if (fd < 0) {
		status = pf_fail_errno(error, NULL, "cannot wait for a command");
	} else {
		status = await(pid, fd, begin_ns, timeout_s, out, error);
		close(fd);
	}
	kill(-pid, SIGKILL); /* what it may have left behind */
	while (wait4(pid, &ending, 0, &usage) < 0 && errno == EINTR) {
	}
	out->user_ns = nanoseconds(&usage.ru_utime);
	out->system_ns = nanoseconds(&usage.ru_stime);
	out->peak_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
	out->status = WIFSIGNALED(ending) ? 128 + WTERMSIG(ending) : WEXITSTATUS(ending);
	return status;
}
