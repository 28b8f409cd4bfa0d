/* A hostile plug-in: from its constructor and from its run it tries what containment is there to refuse, and
 * says in the trial's error what came of each. $HOSTILE names a folder with a file "secret"; what it could do
 * it leaves there. $HOSTILE_SPARE: it asks the harness's life only with signal 0. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "photofinish/exec.h"
#include "photofinish/variant.h"

static const char *in_folder(const char *name)
{
	static char path[1024];
	snprintf(path, sizeof path, "%s/%s", getenv("HOSTILE") ? getenv("HOSTILE") : "/nonexistent", name);
	return path;
}

static int leave(const char *name)
{
	int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC, 0666);
	return fd < 0 ? -1 : close(fd);
}

__attribute__((constructor)) static void while_loaded(void)
{
	char name[64];
	snprintf(name, sizeof name, "loaded-by-%d", (int)getppid());
	leave(name);
}

static int read_secret(void)
{
	char byte;
	int fd = open(in_folder("secret"), O_RDONLY);
	return fd < 0 ? -1 : (int)read(fd, &byte, 1) - 1;
}

static int write_file(void)
{
	return leave("written");
}

static int change_mode(void)
{
	return chmod(in_folder("secret"), 0600);
}

static int cut(void)
{
	return truncate(in_folder("secret"), 1);
}

static int net(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0 ? -1 : 0;
}

static int local(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) < 0 ? -1 : 0;
}

/* In a child: there it is the first thing to be replaced. */
static int run_program(void)
{
	int ending = 0;
	pid_t pid = fork();
	if (pid == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(errno);
	}
	if (pid < 0 || waitpid(pid, &ending, 0) != pid || !WIFEXITED(ending)) {
		return -1;
	}
	errno = WEXITSTATUS(ending);
	return errno ? -1 : 0;
}

static int trace_harness(void)
{
	long traced = ptrace(PTRACE_SEIZE, getppid(), NULL, NULL);
	return traced < 0 ? -1 : (int)ptrace(PTRACE_DETACH, getppid(), NULL, NULL) * 0;
}

static int read_memory(void)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/environ", (int)getppid());
	return open(path, O_RDONLY) < 0 ? -1 : 0;
}

static int write_memory(void)
{
	char byte = 0;
	struct iovec here = {&byte, 1}, there = {(void *)&errno, 1};
	return process_vm_writev(getppid(), &here, 1, &there, 1, 0) < 0 && errno != EFAULT ? -1 : 0;
}

static int deadly(void)
{
	return getenv("HOSTILE_SPARE") ? 0 : SIGKILL;
}

static int kill_harness(void)
{
	return kill(getppid(), deadly());
}

static int queue_harness(void)
{
	return sigqueue(getppid(), deadly(), (union sigval){0});
}

static int signal_by_pidfd(void)
{
	int fd = (int)syscall(SYS_pidfd_open, getppid(), 0);
	return fd < 0 ? -1 : (int)syscall(SYS_pidfd_send_signal, fd, deadly(), NULL, 0);
}

static int signal_by_file(void)
{
	int ends[2];
	if (pipe(ends)) {
		return -1;
	}
	return fcntl(ends[0], F_SETOWN, getppid()) < 0 ? -1 : fcntl(ends[0], F_SETSIG, SIGTERM);
}

static int limit_harness(void)
{
	struct rlimit now;
	if (getenv("HOSTILE_SPARE")) {
		return prlimit(getppid(), RLIMIT_CPU, NULL, &now);
	}
	return prlimit(getppid(), RLIMIT_CPU, &(struct rlimit){0, 0}, &now);
}

static int be_spared(void)
{
	return prctl(PR_SET_PDEATHSIG, 0);
}

static int ring(void)
{
	char room[256] = {0};
	return syscall(SYS_io_uring_setup, 1, room) < 0 && errno != ENOSYS ? -1 : 0;
}

static int name_space(void)
{
	int ending = 0;
	pid_t pid = fork();
	if (pid == 0) {
		_exit(unshare(CLONE_NEWUSER) ? errno : 0);
	}
	waitpid(pid, &ending, 0);
	errno = WEXITSTATUS(ending);
	return errno ? -1 : 0;
}

/* The manifest in memory, which later trials read. */
static int write_manifest(void)
{
	return pwrite(5, "x", 1, 0) == 1 ? 0 : -1;
}

static int reopen_manifest(void)
{
	return open("/proc/self/fd/5", O_RDWR) < 0 ? -1 : 0;
}

static const struct {
	const char *name;
	int (*try)(void);
} attempts[] = {
	{"read", read_secret},
	{"write", write_file},
	{"chmod", change_mode},
	{"truncate", cut},
	{"inet", net},
	{"unix", local},
	{"exec", run_program},
	{"ptrace", trace_harness},
	{"environ", read_memory},
	{"memory", write_memory},
	{"kill", kill_harness},
	{"sigqueue", queue_harness},
	{"pidfd", signal_by_pidfd},
	{"setown", signal_by_file},
	{"prlimit", limit_harness},
	{"pdeathsig", be_spared},
	{"io_uring", ring},
	{"unshare", name_space},
	{"manifest", write_manifest},
	{"reopen", reopen_manifest},
};

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	char refused[256] = "", done[256] = "";
	(void)env;
	(void)dataset;
	(void)sink;
	for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
		errno = 0;
		char *list = attempts[i].try() ? refused : done;
		size_t used = strlen(list);
		snprintf(list + used, 256 - used, " %s", attempts[i].name);
	}
	return pf_fail(error, PF_ERR_INTERNAL, NULL, "refused:%s; done:%s", refused, done);
}

PF_API const struct pf_variant pf_plugin_variant = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "hostile",
	.parent = "single-load",
	.summary = "a plug-in that breaks out",
	.change = "it tries all that it should not be able to do",
	.principle = "none",
	.hypothesis = "it is refused",
	.expected = "a line with what was refused",
	.run = run,
};
