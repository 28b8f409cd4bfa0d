#include "harness/base/timed_command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/child.h"
#include "harness/base/interrupt.h"
#include "photofinish/trace.h"

#define TICK_MS 100
#define HELD_UP_NS 250000000u
#define READS_AT_ONCE 64
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

/* Reads what is there, but not for ever: one who writes as fast is to hear of requests and limits, too. -1
 * once there will be no more. */
static int drain(int fd)
{
	char bytes[1 << 16];
	ssize_t got = 1;
	for (int i = 0; i < READS_AT_ONCE && got > 0; i++) {
		got = read(fd, bytes, sizeof bytes);
	}
	return got == 0 ? -1 : fd;
}

/* Until its end, which is not taken notice of yet. */
static void await(pf_child *child, int output, const pf_timed_setting *setting, pf_timed_run *out)
{
	sig_atomic_t interrupts = pf_interrupts;
	uint64_t last_turn_ns = pf_now_ns(), last_tick_ns = last_turn_ns;
	while (!pf_child_has_ended(child)) {
		struct pollfd looked[] = {{.fd = child->life, .events = POLLIN},
					  {.fd = output, .events = POLLIN}};
		int got = poll(looked, 2, TICK_MS);
		uint64_t turn_ns = pf_now_ns() - last_turn_ns;
		last_turn_ns += turn_ns;
		if (turn_ns > TICK_MS * 1000000ull + HELD_UP_NS && turn_ns > out->held_up_ns) {
			out->held_up_ns = turn_ns;
		}
		if (got > 0 && looked[1].revents) {
			output = drain(output);
		}
		if (setting->tick && last_turn_ns - last_tick_ns >= TICK_MS * 1000000ull) {
			setting->tick(setting->context);
			last_tick_ns = last_turn_ns;
		}
		if (!child->asked_ns) {
			out->stopped = pf_interrupts != interrupts;
			out->timed_out = !out->stopped && setting->timeout_s > 0 &&
					 (double)(pf_now_ns() - child->begin_ns) > setting->timeout_s * 1e9;
		}
		if (out->stopped || out->timed_out) {
			pf_child_stop(child, GRACE_NS, pf_interrupts > interrupts + 1);
		}
	}
}

/* The signal that came from the terminal while the command had it: this process did not hear of it. 0: none.
 */
static int signal_from_terminal(const pf_child *child)
{
	int status = WIFSIGNALED(child->ending) ? 128 + WTERMSIG(child->ending) : WEXITSTATUS(child->ending);
	bool came = child->had_terminal && (status == 128 + SIGINT || status == 128 + SIGHUP);
	return came ? status - 128 : 0;
}

static void take_figures(const pf_child *child, pf_timed_run *out)
{
	out->wall_ns = child->end_ns - child->begin_ns;
	out->user_ns = pf_child_user_ns(child);
	out->system_ns = pf_child_system_ns(child);
	out->peak_rss_bytes = (uint64_t)child->usage.ru_maxrss * 1024;
	out->status = WIFSIGNALED(child->ending) ? 128 + WTERMSIG(child->ending) : WEXITSTATUS(child->ending);
	int number = signal_from_terminal(child);
	if (number && !out->timed_out) {
		out->stopped = true;
		raise(number);
	}
}

pf_status pf_timed_command_run(char *const *arguments, const pf_timed_setting *setting, pf_timed_run *out,
			       pf_error *error)
{
	pf_child child;
	struct streams streams;
	*out = (pf_timed_run){0};
	pf_status status = open_streams(setting, &streams, error);
	if (status == PF_OK) {
		const pf_child_fd fds[] = {{streams.input, STDIN_FILENO},
					   {streams.output, STDOUT_FILENO},
					   {streams.error, STDERR_FILENO}};
		const pf_child_order order = {.kind = PF_CHILD_COMMAND,
					      .program = arguments[0],
					      .arguments = arguments,
					      .environment = setting->environment,
					      .held = setting->starting != NULL,
					      .fds = fds,
					      .fd_count = 3};
		status = pf_child_start(&order, &child, error);
	}
	close_streams(&streams);
	if (status == PF_OK && setting->starting) {
		setting->starting(setting->context, child.pid);
		pf_child_go(&child);
	}
	if (status == PF_OK) {
		await(&child, streams.drain, setting, out);
		status = pf_child_reap(&child, error);
		take_figures(&child, out);
		if (setting->ended) {
			setting->ended(setting->context);
		}
	}
	close_own(streams.drain);
	return status;
}
