#include "shared_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_NS 300000000000ull

void *pf_shared_alloc(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	return memory;
}

struct pf_env pf_shared_env(uint32_t workers, atomic_int **cancel)
{
	struct pf_env env = {.abi_version = PF_ABI_VERSION, .struct_size = sizeof env, .workers = workers};
	env.traces = pf_shared_alloc((workers + 1) * sizeof *env.traces);
	for (uint32_t i = 0; i <= workers; i++) {
		pf_trace_reset(&env.traces[i]);
	}
	*cancel = pf_shared_alloc(sizeof **cancel);
	env.cancel = *cancel;
	return env;
}

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

void pf_wait_until_gone(pid_t pid)
{
	assert_true(pid > 1);
	uint64_t begin = pf_now_ns();
	while (kill(pid, 0) == 0) {
		waitpid(pid, NULL, WNOHANG); /* it may have fallen to this process */
		if (pf_now_ns() - begin > PATIENCE_NS) {
			print_error("process %d is still there; killed\n", (int)pid);
			kill(pid, SIGKILL);
			fail();
		}
		nap();
	}
}

void pf_adopt_orphans(void)
{
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
}

static void kill_children(void)
{
	char path[64];
	int pid;
	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	FILE *children = fopen(path, "re");
	while (children && fscanf(children, "%d", &pid) == 1) {
		print_error("process %d is still there; killed\n", pid);
		kill(pid, SIGKILL);
	}
	if (children) {
		fclose(children);
	}
}

void pf_check_no_children(void)
{
	uint64_t begin = pf_now_ns();
	for (;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);
		if (pid < 0) {
			assert_int_equal(errno, ECHILD);
			return;
		}
		if (pf_now_ns() - begin > PATIENCE_NS) {
			kill_children();
			fail();
		}
		if (pid == 0) {
			nap();
		}
	}
}
