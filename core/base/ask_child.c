#include "core/base/ask_child.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* In memory that parent and child share. */
typedef struct shared_answer {
	bool whole;
	_Alignas(max_align_t) uint8_t answer[];
} shared_answer;

static _Noreturn void answer_in_child(void (*ask)(const void *, void *), const void *context,
				      shared_answer *shared)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	close(STDERR_FILENO); /* the runtime of C++ would say there why it ends */
	ask(context, shared->answer);
	shared->whole = true;
	_exit(0);
}

static pf_status ask_in(shared_answer *shared, void (*ask)(const void *, void *), const void *context,
			void *answer, size_t bytes, pf_error *error)
{
	pid_t pid = fork();
	if (pid == 0) {
		answer_in_child(ask, context, shared);
	}
	if (pid < 0) {
		return errno == EPERM ? pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "this process may not fork")
				      : pf_fail_errno(error, NULL, "cannot start a child");
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
	}
	if (!shared->whole) {
		return pf_fail(error, PF_ERR_CRASHED, NULL, "the child that asked a library crashed");
	}
	memcpy(answer, shared->answer, bytes);
	return PF_OK;
}

pf_status pf_ask_child(void (*ask)(const void *context, void *answer), const void *context, void *answer,
		       size_t bytes, pf_error *error)
{
	size_t size = sizeof(shared_answer) + bytes;
	shared_answer *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	pf_status status = ask_in(shared, ask, context, answer, bytes, error);
	munmap(shared, size);
	return status;
}
