#include "harness/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/launcher/launch_report.h"
#include "harness/launcher/launcher_image.h"
#include "photofinish/trace.h"

enum { LEAST_FD = 10, WORDS_MOST = 4096 };

static bool terminal_wanted; /* a command asked for it: the others are treated alike */

/* The launcher as a file in memory, made once; -1 with errno. */
static int launcher_file(void)
{
	static int file = -1;
	size_t size = (size_t)(pf_launcher_image_end - pf_launcher_image), done = 0;
	if (file >= 0) {
		return file;
	}
	int fd = memfd_create("photofinish-launcher", MFD_CLOEXEC);
	while (fd >= 0 && done < size) {
		ssize_t written = write(fd, pf_launcher_image + done, size - done);
		if (written < 0 && errno != EINTR) {
			close(fd);
			return -1;
		}
		done += written > 0 ? (size_t)written : 0;
	}
	file = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, LEAST_FD);
	close(fd);
	return file;
}

/* What posix_spawn is told, and copies of the descriptors above all numbers that the child finds them at. */
struct plan {
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int copies[PF_CHILD_FDS + 1]; /* the last one is the report's writing end */
	char path[32];                /* of the launcher */
	char numbers[2][16], flags[4];
	const char **words; /* for the launcher; owned */
};

static int plan_fds(const pf_child_order *order, struct plan *plan)
{
	for (size_t i = 0; i < order->fd_count; i++) {
		const pf_child_fd *fd = &order->fds[i];
		plan->copies[i] = fd->own < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC)
					      : fcntl(fd->own, F_DUPFD_CLOEXEC, LEAST_FD);
		if (plan->copies[i] >= 0 && plan->copies[i] < LEAST_FD) {
			int low = plan->copies[i];
			plan->copies[i] = fcntl(low, F_DUPFD_CLOEXEC, LEAST_FD);
			close(low);
		}
		if (plan->copies[i] < 0) {
			return errno;
		}
		posix_spawn_file_actions_adddup2(&plan->actions, plan->copies[i], fd->number);
	}
	return 0;
}

static int plan_launcher(const pf_child_order *order, struct plan *plan, pf_child *child)
{
	int ends[2], file = launcher_file();
	size_t count = 0;
	while (order->arguments[count]) {
		count++;
	}
	plan->words = calloc(count + PF_LAUNCH_ARGUMENTS + 1, sizeof *plan->words);
	if (file < 0 || !plan->words || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) {
		return errno;
	}
	child->report = fcntl(ends[0], F_DUPFD_CLOEXEC, LEAST_FD);
	plan->copies[PF_CHILD_FDS] = fcntl(ends[1], F_DUPFD_CLOEXEC, LEAST_FD);
	close(ends[0]);
	close(ends[1]);
	if (child->report < 0 || plan->copies[PF_CHILD_FDS] < 0) {
		return errno;
	}
	/* The same number twice: it stays open. */
	posix_spawn_file_actions_adddup2(&plan->actions, plan->copies[PF_CHILD_FDS],
					 plan->copies[PF_CHILD_FDS]);
	snprintf(plan->path, sizeof plan->path, "/proc/self/fd/%d", file);
	snprintf(plan->numbers[0], sizeof plan->numbers[0], "%d", plan->copies[PF_CHILD_FDS]);
	snprintf(plan->numbers[1], sizeof plan->numbers[1], "%d", (int)getpid());
	plan->flags[0] = order->kind == PF_CHILD_COMMAND_IN_GROUP ? PF_LAUNCH_IN_GROUP : PF_LAUNCH_PLAIN;
	plan->flags[1] = terminal_wanted ? PF_LAUNCH_TERMINAL : PF_LAUNCH_PLAIN;
	plan->flags[2] = order->held ? PF_LAUNCH_HELD : PF_LAUNCH_PLAIN;
	plan->words[0] = "photofinish-launcher";
	plan->words[PF_LAUNCH_REPORT_FD] = plan->numbers[0];
	plan->words[PF_LAUNCH_PARENT] = plan->numbers[1];
	plan->words[PF_LAUNCH_FLAGS] = plan->flags;
	plan->words[PF_LAUNCH_PROGRAM] = order->program;
	for (size_t i = 0; i < count; i++) {
		plan->words[PF_LAUNCH_ARGUMENTS + i] = order->arguments[i];
	}
	return 0;
}

static void plan_attributes(const pf_child_order *order, struct plan *plan)
{
	short flags = order->kind == PF_CHILD_OWN ? POSIX_SPAWN_SETSID : 0;
	sigset_t early;
	if (order->kind == PF_CHILD_COMMAND) {
		flags |= POSIX_SPAWN_SETPGROUP;
	}
	if (order->kind != PF_CHILD_OWN) { /* until the launcher has its handlers */
		sigemptyset(&early);
		sigaddset(&early, PF_LAUNCH_ASK);
		sigaddset(&early, PF_LAUNCH_KILL);
		posix_spawnattr_setsigmask(&plan->attributes, &early);
		flags |= POSIX_SPAWN_SETSIGMASK;
	}
	posix_spawnattr_setflags(&plan->attributes, flags);
}

static int spawn(const pf_child_order *order, struct plan *plan, pf_child *child)
{
	char *const *environment = order->environment ? order->environment : environ;
	bool launched = order->kind != PF_CHILD_OWN;
	int failed = plan_fds(order, plan);
	if (!failed && launched) {
		failed = plan_launcher(order, plan, child);
	}
	if (!failed) {
		plan_attributes(order, plan);
		child->begin_ns = pf_now_ns();
		failed = posix_spawnp(&child->pid, launched ? plan->path : order->program, &plan->actions,
				      &plan->attributes,
				      launched ? (char *const *)plan->words : order->arguments, environment);
	}
	return failed;
}

static void close_fd(int *fd)
{
	if (*fd >= 0) {
		close(*fd);
	}
	*fd = -1;
}

/* Returns 0 or an errno; a child that cannot be watched is killed. */
static int watch(pf_child *child)
{
	child->life = pidfd_open(child->pid, 0);
	if (child->life >= 0) {
		return 0;
	}
	int failed = errno;
	kill(child->kind == PF_CHILD_OWN ? -child->pid : child->pid, SIGKILL);
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
	}
	child->pid = 0;
	return failed;
}

pf_status pf_child_start(const pf_child_order *order, pf_child *out, pf_error *error)
{
	struct plan plan = {.words = NULL};
	*out = (pf_child){.kind = order->kind, .program = order->program, .life = -1, .report = -1};
	for (size_t i = 0; i <= PF_CHILD_FDS; i++) {
		plan.copies[i] = -1;
	}
	posix_spawn_file_actions_init(&plan.actions);
	posix_spawnattr_init(&plan.attributes);
	int failed = spawn(order, &plan, out);
	posix_spawnattr_destroy(&plan.attributes);
	posix_spawn_file_actions_destroy(&plan.actions);
	for (size_t i = 0; i <= PF_CHILD_FDS; i++) {
		close_fd(&plan.copies[i]);
	}
	free(plan.words);
	if (failed) {
		out->pid = 0;
	} else {
		failed = watch(out);
	}
	if (failed) {
		close_fd(&out->report);
		errno = failed;
		return pf_fail_errno(error, order->program, "cannot run it");
	}
	return PF_OK;
}

void pf_child_go(const pf_child *child)
{
	while (send(child->report, "", 1, MSG_NOSIGNAL) < 0 && errno == EINTR) {
	}
}

pid_t pf_child_fork(pf_child *out)
{
	pid_t parent = getpid();
	*out = (pf_child){.kind = PF_CHILD_OWN, .life = -1, .report = -1, .begin_ns = pf_now_ns()};
	pid_t pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent) { /* it died before that was set */
			_exit(127);
		}
	} else if (pid > 0) {
		setpgid(pid, pid); /* whichever of the two comes first */
		out->pid = pid;
		errno = watch(out);
	}
	return pid > 0 && !out->pid ? -1 : pid;
}

bool pf_child_has_ended(pf_child *child)
{
	struct pollfd life = {.fd = child->life, .events = POLLIN};
	if (!child->end_ns && poll(&life, 1, 0) > 0) {
		child->end_ns = pf_now_ns();
	}
	return child->end_ns != 0;
}

/* Of a command in this process's group the whole group is asked: it may have started others. */
static void ask(const pf_child *child)
{
	if (child->kind == PF_CHILD_COMMAND) {
		kill(child->pid, PF_LAUNCH_ASK);
		return;
	}
	pid_t group = child->kind == PF_CHILD_OWN ? -child->pid : 0;
	kill(group, SIGTERM);
	kill(group, SIGCONT);
}

void pf_child_stop(pf_child *child, uint64_t grace_ns, bool now)
{
	uint64_t time_ns = pf_now_ns();
	if (pf_child_has_ended(child)) {
		return;
	}
	if (now || (child->asked_ns && time_ns - child->asked_ns > grace_ns)) {
		bool own = child->kind == PF_CHILD_OWN;
		kill(own ? -child->pid : child->pid, own ? SIGKILL : PF_LAUNCH_KILL);
	} else if (!child->asked_ns) {
		child->asked_ns = time_ns;
		ask(child);
	}
}

/* What the launcher told; without it (it was killed) the launcher's own ending stands for the command's. */
static pf_status take_report(pf_child *child, pf_error *error)
{
	pf_launch_report told;
	child->usage = (struct rusage){0};
	if (read(child->report, &told, sizeof told) != (ssize_t)sizeof told) {
		return PF_OK;
	}
	if (told.kind == PF_LAUNCH_FAILED) {
		errno = told.status;
		return pf_fail_errno(error, child->program, "cannot run it");
	}
	child->ending = told.status;
	child->usage = told.usage;
	child->begin_ns = told.begin_ns;
	child->end_ns = told.end_ns;
	child->had_terminal = told.had_terminal;
	terminal_wanted = terminal_wanted || child->had_terminal;
	return told.kind != PF_LAUNCH_NO_TERMINAL
		       ? PF_OK
		       : pf_fail(error, PF_ERR_UNAVAILABLE, child->program,
				 "it asks for the terminal, which it cannot have: photofinish is not in the foreground");
}

pf_status pf_child_reap(pf_child *child, pf_error *error)
{
	struct pollfd life = {.fd = child->life, .events = POLLIN};
	pf_status status = PF_OK;
	while (poll(&life, 1, -1) < 0 && errno == EINTR) {
	}
	pf_child_has_ended(child);
	if (child->kind == PF_CHILD_OWN) {
		kill(-child->pid, SIGKILL); /* before its number can be somebody else's */
	}
	pid_t reaped;
	while ((reaped = wait4(child->pid, &child->ending, 0, &child->usage)) < 0 && errno == EINTR) {
	}
	if (reaped < 0) {
		status = pf_fail(error, PF_ERR_INTERNAL, child->program,
				 "somebody else took its exit status");
	} else if (child->report >= 0) {
		status = take_report(child, error);
	}
	close_fd(&child->life);
	close_fd(&child->report);
	return status;
}
