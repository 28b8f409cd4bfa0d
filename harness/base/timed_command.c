#include "harness/base/timed_command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/interrupt.h"
#include "photofinish/trace.h"

#define TICK_MS 100
#define GRACE_NS 1000000000u /* between being asked to end and being killed */

/* What a run is connected to, in this process. */
struct streams {
	int input, output, error; /* of the run; closed once it was started, but for the standard ones */
	int drain;                /* the reading end of a pipe; -1: none */
};

static void close_own(int fd)
{
	if (fd > STDERR_FILENO) {
		close(fd);
	}
}

static void close_streams(struct streams *streams)
{
	close_own(streams->input);
	close_own(streams->output);
	close_own(streams->error);
	*streams = (struct streams){-1, -1, -1, streams->drain};
}

/* Above the numbers of the standard streams, whichever of those this process has. */
static int open_file(const char *file, int flags)
{
	int fd = open(file, flags | O_CLOEXEC, 0666);
	int moved = fd < 0 || fd > STDERR_FILENO ? fd : fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (moved != fd) {
		close(fd);
	}
	return moved;
}

static pf_status open_output(const pf_timed_setting *setting, struct streams *streams, pf_error *error)
{
	const char *where = setting->output ? setting->output : "null";
	int ends[2];
	if (strcmp(where, "inherit") == 0) {
		streams->output = STDOUT_FILENO;
		streams->error = STDERR_FILENO;
		return PF_OK;
	}
	streams->error = open_file("/dev/null", O_WRONLY);
	if (strcmp(where, "pipe") != 0) {
		const char *file = strcmp(where, "null") == 0 ? "/dev/null" : where;
		streams->output = open_file(file, O_WRONLY | O_CREAT | O_TRUNC);
		return streams->output < 0
			       ? pf_fail_errno(error, file, "cannot write a command's output there")
			       : PF_OK;
	}
	if (pipe2(ends, O_CLOEXEC)) {
		return pf_fail_errno(error, NULL, "cannot open a pipe");
	}
	streams->drain = ends[0];
	streams->output = ends[1];
	fcntl(streams->drain, F_SETFL, O_NONBLOCK);
	return PF_OK;
}

static pf_status open_streams(const pf_timed_setting *setting, struct streams *streams, pf_error *error)
{
	const char *input = setting->input ? setting->input : "/dev/null";
	*streams = (struct streams){-1, -1, -1, -1};
	streams->input = open_file(input, O_RDONLY);
	if (streams->input < 0) {
		return pf_fail_errno(error, input, "cannot read a command's input there");
	}
	return open_output(setting, streams, error);
}

static pf_status start(char *const *arguments, const pf_timed_setting *setting, const struct streams *streams,
		       pid_t *pid, pf_error *error)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t usual;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, streams->input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, streams->output, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, streams->error, STDERR_FILENO);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE); /* which the harness ignores */
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &usual);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
	int failed = posix_spawnp(pid, arguments[0], &actions, &attributes, arguments,
				  setting->environment ? setting->environment : environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	errno = failed;
	return failed ? pf_fail_errno(error, arguments[0], "cannot run it") : PF_OK;
}

/* Reads what is there; -1 once there will be no more. */
static int drain(int fd)
{
	char bytes[1 << 16];
	ssize_t got;
	while ((got = read(fd, bytes, sizeof bytes)) > 0) {
	}
	return got == 0 ? -1 : fd;
}

/* Until its end, which is not taken notice of yet: its number stays its own. */
static pf_status await(pid_t pid, int fd, int output, uint64_t begin_ns, double timeout_s, pf_timed_run *out,
		       pf_error *error)
{
	uint64_t asked_ns = 0;
	sig_atomic_t interrupts = pf_interrupts;
	for (;;) {
		struct pollfd looked[] = {{.fd = fd, .events = POLLIN}, {.fd = output, .events = POLLIN}};
		int got = poll(looked, 2, TICK_MS);
		uint64_t now = pf_now_ns();
		if (got > 0 && looked[0].revents) {
			out->wall_ns = now - begin_ns;
			return PF_OK;
		}
		if (got > 0) {
			output = drain(output);
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

pf_status pf_timed_command_run(char *const *arguments, const pf_timed_setting *setting, pf_timed_run *out,
			       pf_error *error)
{
	pid_t pid = 0;
	int ending = 0;
	struct rusage usage = {0};
	struct streams streams;
	*out = (pf_timed_run){0};
	pf_status status = open_streams(setting, &streams, error);
	uint64_t begin_ns = pf_now_ns();
	if (status == PF_OK) {
		status = start(arguments, setting, &streams, &pid, error);
	}
	close_streams(&streams);
	if (status != PF_OK) {
		close_own(streams.drain);
		return status;
	}
	int fd = pidfd_open(pid, 0);
	if (fd < 0) {
		status = pf_fail_errno(error, NULL, "cannot wait for a command");
	} else {
		status = await(pid, fd, streams.drain, begin_ns, setting->timeout_s, out, error);
		close(fd);
	}
	kill(-pid, SIGKILL); /* what it may have left behind */
	while (wait4(pid, &ending, 0, &usage) < 0 && errno == EINTR) {
	}
	close_own(streams.drain);
	out->user_ns = nanoseconds(&usage.ru_utime);
	out->system_ns = nanoseconds(&usage.ru_stime);
	out->peak_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
	out->status = WIFSIGNALED(ending) ? 128 + WTERMSIG(ending) : WEXITSTATUS(ending);
	return status;
}
