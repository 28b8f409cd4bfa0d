/* A redis-server of our own, which nobody else can reach. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cluster/broker.h"
#include "photofinish/trace.h"

#define STARTS_WITHIN_NS 10000000000u
#define LOOK_US 2000
#define LOG "redis.log"

static void __attribute__((noreturn)) become_server(const char *folder, const char *socket, pid_t parent)
{
	/* Nothing is kept: what lies in it can be made anew. */
	char *const arguments[] = {
		"redis-server", "--port", "0",     "--unixsocket", (char *)socket, "--save", "",
		"--appendonly", "no",     "--dir", (char *)folder, "--daemonize",  "no",     "--loglevel",
		"warning",      NULL};
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	umask(077); /* the socket is for this user */
	if (getppid() != parent || chdir(folder)) {
		_exit(126);
	}
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int log = open(LOG, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (nothing < 0 || log < 0 || dup2(nothing, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0) {
		_exit(126);
	}
	close_range(3, ~0u, 0);
	execvp(arguments[0], arguments);
	/* The same program; it goes by the name it is called by. Debian's redis-tools has this one, and no
	 * service that would be started. */
	execvp("redis-check-rdb", arguments);
	_exit(errno == ENOENT ? 127 : 126);
}

/* What it said last, for people. */
static void last_line(const char *folder, char *out, size_t capacity)
{
	char path[192], line[256];
	snprintf(path, sizeof path, "%s/" LOG, folder);
	FILE *log = fopen(path, "re");
	out[0] = '\0';
	while (log && fgets(line, sizeof line, log)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0]) {
			snprintf(out, capacity, "%s", line);
		}
	}
	if (log) {
		fclose(log);
	}
}

static int reap(pf_own_broker *broker, int options)
{
	struct rusage usage = {0};
	int ending = 0;
	pid_t gone;
	do {
		gone = wait4(broker->pid, &ending, options, &usage);
	} while (gone < 0 && errno == EINTR);
	if (gone == 0) {
		return -1;
	}
	uint64_t peak = (uint64_t)usage.ru_maxrss * 1024;
	broker->peak_rss_bytes = peak > broker->peak_rss_bytes ? peak : broker->peak_rss_bytes;
	broker->pid = 0;
	return ending;
}

static pf_status why_it_ended(int ending, const char *folder, pf_error *error)
{
	char line[160];
	if (WIFEXITED(ending) && WEXITSTATUS(ending) == 127) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, NULL,
			       "redis-server is not installed (apt install redis-tools)");
	}
	last_line(folder, line, sizeof line);
	return pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "redis-server does not start%s%s", *line ? ": " : "",
		       line);
}

pf_status pf_own_broker_start(pf_own_broker *broker, const char *folder, pf_error *error)
{
	uint64_t peak = broker->peak_rss_bytes, begin = pf_now_ns();
	*broker = (pf_own_broker){.peak_rss_bytes = peak};
	int length = snprintf(broker->address.path, sizeof broker->address.path, "%s/redis.socket", folder);
	if (length >= (int)sizeof broker->address.path) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, folder, "the path is too long for a Unix socket");
	}
	unlink(broker->address.path); /* of one that was killed */
	pid_t parent = getpid();
	broker->pid = fork();
	if (broker->pid < 0) {
		broker->pid = 0;
		return pf_fail_errno(error, NULL, "cannot fork a process for redis-server");
	}
	if (broker->pid == 0) {
		become_server(folder, broker->address.path, parent);
	}
	for (;;) {
		pf_broker *first;
		pf_status status = access(broker->address.path, F_OK) == 0
					   ? pf_broker_open(&broker->address, &first, error)
					   : PF_ERR_IO;
		if (status == PF_OK) {
			pf_broker_close(first);
			return PF_OK;
		}
		int ending = reap(broker, WNOHANG);
		if (ending >= 0) {
			return why_it_ended(ending, folder, error);
		}
		if (status != PF_ERR_IO || pf_now_ns() - begin > STARTS_WITHIN_NS) {
			pf_own_broker_stop(broker);
			return status != PF_ERR_IO ? status
						   : pf_fail(error, PF_ERR_UNAVAILABLE, NULL,
							     "redis-server does not answer within 10 s");
		}
		usleep(LOOK_US);
	}
}

bool pf_own_broker_is_gone(pf_own_broker *broker)
{
	return broker->pid == 0 || reap(broker, WNOHANG) >= 0;
}

void pf_own_broker_stop(pf_own_broker *broker)
{
	if (broker->pid > 0) {
		kill(broker->pid, SIGKILL);
		reap(broker, 0);
	}
}
