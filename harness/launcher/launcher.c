/* A small program between the harness and a command that is not its own.
 *
 * It is the command's parent, so that the command's peak memory is its own: a process that is started by a
 * large one begins with the large one's peak (ru_maxrss survives exec). It ends the command with all that the
 * command started when it is told to, and when the harness dies. It hands the terminal to a command that asks
 * for it, and takes it back. It links nothing of the harness: what it takes itself is the floor of what can
 * be measured. */
#include "harness/launcher/launch_report.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static volatile pid_t command; /* 0: not started */
static pid_t parent;
static bool in_group;

/* The controlling terminal, where the harness is in its foreground. */
static struct {
	int fd; /* -1: there is none, or it is not the harness's to give */
	pid_t owner;
	struct termios modes;
	bool given;
} terminal = {.fd = -1};

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void signal_command(int number)
{
	if (command > 0) {
		kill(in_group ? command : -command, number);
	}
}

static void ask(int number)
{
	(void)number;
	if (!in_group) { /* otherwise whoever asks asks the group */
		signal_command(SIGTERM);
		signal_command(SIGCONT); /* one that is stopped hears nothing */
	}
}

static void end(int number)
{
	(void)number;
	signal_command(SIGKILL);
}

/* Comes when the harness dies, but anybody may send it. */
static void orphaned(int number)
{
	(void)number;
	if (getppid() != parent) {
		kill(in_group ? 0 : -command, SIGKILL);
	}
}

static void handle(int number, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler}; /* no SA_RESTART: waits return with EINTR */
	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

/* SIGTTOU is blocked as long as the launcher lives: it sets the foreground group from the background. */
static void set_mask(int how, int a, int b, int c, int d)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, a);
	sigaddset(&set, b);
	sigaddset(&set, c);
	sigaddset(&set, d);
	sigprocmask(how, &set, NULL);
}

static void find_terminal(void)
{
	int fd = in_group ? -1 : open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	terminal.owner = getpgid(parent);
	if (fd >= 0 && terminal.owner > 0 && tcgetpgrp(fd) == terminal.owner &&
	    tcgetattr(fd, &terminal.modes) == 0) {
		terminal.fd = fd;
	} else if (fd >= 0) {
		close(fd);
	}
}

/* True if the command can go on with the terminal. */
static bool give_terminal(void)
{
	terminal.given = terminal.fd >= 0 && tcsetpgrp(terminal.fd, command) == 0;
	return terminal.given;
}

/* Whoever has it by now: a command that was killed does not give it back. Modes are left as a command that
 * ended by itself leaves them, as shells do it. */
static void take_terminal(int status)
{
	if (terminal.fd >= 0 && tcgetpgrp(terminal.fd) != terminal.owner) {
		tcsetpgrp(terminal.fd, terminal.owner);
		kill(parent, SIGCONT); /* it may have been stopped for writing to it meanwhile */
	}
	if (terminal.given && WIFSIGNALED(status)) {
		tcsetattr(terminal.fd, TCSADRAIN, &terminal.modes);
	}
}

static void report(int fd, const pf_launch_report *told)
{
	ssize_t written = write(fd, told, sizeof *told);
	(void)written; /* a harness that is gone needs none */
}

/* What the new process is told, and what it tells. */
struct birth {
	char **argv;
	bool with_terminal;
	int failed; /* errno of the exec */
};

/* False: the harness is gone. */
static bool wait_for_go(int fd)
{
	char byte;
	ssize_t got;
	while ((got = read(fd, &byte, 1)) < 0 && errno == EINTR) {
	}
	return got == 1;
}

/* In the new process, which shares this one's memory until it has become the command: with a copy of the
 * memory the command's peak would begin with its size. */
static int become(void *context)
{
	struct birth *birth = context;
	sigset_t none;
	if (!in_group) {
		setpgid(0, 0);
	}
	if (birth->with_terminal && terminal.fd >= 0) {
		tcsetpgrp(terminal.fd, getpid());
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	handle(SIGPIPE, SIG_DFL); /* which the harness ignores */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(birth->argv[PF_LAUNCH_PROGRAM], birth->argv + PF_LAUNCH_ARGUMENTS);
	birth->failed = errno;
	return 127;
}

/* Returns 0 or an errno. */
static int start(char **argv, bool with_terminal)
{
	static _Alignas(16) char stack[1 << 16];
	struct birth birth = {.argv = argv, .with_terminal = with_terminal};
	/* As vfork, with a stack of its own. */
	pid_t pid = clone(become, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &birth);
	if (pid < 0) {
		return errno;
	}
	if (birth.failed) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
		}
		return birth.failed;
	}
	command = pid;
	terminal.given = with_terminal && terminal.fd >= 0;
	return 0;
}

static bool wants_terminal(int status)
{
	return WIFSTOPPED(status) && (WSTOPSIG(status) == SIGTTIN || WSTOPSIG(status) == SIGTTOU);
}

/* Until the command has ended; it is not reaped yet: its group's number stays its own. */
static void follow(pf_launch_report *told)
{
	for (;;) {
		siginfo_t info = {0};
		int status = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WNOWAIT)) {
			if (errno != EINTR) {
				return;
			}
			continue;
		}
		if (info.si_pid == command && info.si_code != CLD_STOPPED) {
			told->end_ns = now_ns();
			return;
		}
		/* A stop, or an orphan of the command's that came to this process. */
		if (waitpid(info.si_pid, &status, WNOHANG | WUNTRACED) != info.si_pid ||
		    info.si_pid != command) {
			continue;
		}
		if (wants_terminal(status) && !give_terminal()) {
			told->kind = PF_LAUNCH_NO_TERMINAL;
			signal_command(SIGKILL);
		} else if (wants_terminal(status) || (terminal.given && WSTOPSIG(status) == SIGTSTP)) {
			signal_command(SIGCONT); /* what is timed cannot be suspended from the keyboard */
		}
	}
}

/* Kills what the command left behind: its group, and those of its session in groups of their own (an
 * interactive shell makes such), which have come to this process. A daemon has a session of its own, and
 * lives on. */
static void sweep(void)
{
	bool killed = true;
	while (killed && waitpid(-1, NULL, WNOHANG) >= 0) {
		char path[64], text[4096] = "";
		snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
		text[got > 0 ? got : 0] = '\0';
		close(fd);
		killed = false;
		char *rest = NULL;
		for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
			pid_t pid = (pid_t)strtol(word, NULL, 10);
			if (pid > 0 && getsid(pid) == getsid(0) && kill(pid, SIGKILL) == 0) {
				killed = true;
				waitpid(pid, NULL, 0);
			}
		}
	}
}

int main(int argc, char **argv)
{
	pf_launch_report told = {.kind = PF_LAUNCH_ENDED};
	if (argc <= PF_LAUNCH_ARGUMENTS) {
		return 2;
	}
	int fd = (int)strtol(argv[PF_LAUNCH_REPORT_FD], NULL, 10);
	parent = (pid_t)strtol(argv[PF_LAUNCH_PARENT], NULL, 10);
	in_group = strchr(argv[PF_LAUNCH_FLAGS], PF_LAUNCH_IN_GROUP) != NULL;
	set_mask(SIG_BLOCK, SIGTTOU, PF_LAUNCH_ASK, PF_LAUNCH_KILL, SIGUSR1);
	handle(PF_LAUNCH_ASK, ask);
	handle(PF_LAUNCH_KILL, end);
	handle(SIGUSR1, orphaned);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	prctl(PR_SET_NAME, "pf-launcher");
	prctl(PR_SET_CHILD_SUBREAPER, !in_group);
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	if (getppid() != parent) { /* it died before that was set */
		return 2;
	}
	find_terminal();
	if (strchr(argv[PF_LAUNCH_FLAGS], PF_LAUNCH_HELD) && !wait_for_go(fd)) {
		return 2;
	}
	told.begin_ns = now_ns();
	told.status = start(argv, strchr(argv[PF_LAUNCH_FLAGS], PF_LAUNCH_TERMINAL) != NULL);
	if (told.status) {
		told.kind = PF_LAUNCH_FAILED;
		report(fd, &told);
		return 0;
	}
	set_mask(SIG_UNBLOCK, PF_LAUNCH_ASK, PF_LAUNCH_KILL, SIGUSR1, SIGUSR1);
	follow(&told);
	if (!in_group) {
		signal_command(SIGKILL);
	}
	/* From here on the command's number may be somebody else's. */
	set_mask(SIG_BLOCK, PF_LAUNCH_ASK, PF_LAUNCH_KILL, SIGUSR1, SIGUSR1);
	while (wait4(command, &told.status, 0, &told.usage) < 0 && errno == EINTR) {
	}
	if (!in_group) {
		sweep();
	}
	take_terminal(told.status);
	told.had_terminal = terminal.given;
	report(fd, &told);
	return 0;
}
