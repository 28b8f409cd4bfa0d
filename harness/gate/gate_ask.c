#include "harness/gate/gate_ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/interrupt.h"
#include "harness/memory/allocations.h"
#include "photofinish/trace.h"

enum { WORDS_MOST = 16 };

/* The new process: descriptors 3 and 4, standard input empty, standard output thrown away. */
static void become(const pf_gate_setting *setting, int order, int reply, char *const *environment)
{
	char *words[WORDS_MOST + 3];
	size_t count = 0;
	for (; setting->before && setting->before[count] && count < WORDS_MOST; count++) {
		words[count] = (char *)(uintptr_t)setting->before[count];
	}
	words[count++] = "/proc/self/exe";
	words[count++] = "gate-host";
	words[count] = NULL;
	char program[4096];
	ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
	if (length > 0) { /* valgrind would be /proc/self/exe itself */
		program[length] = '\0';
		words[count - 2] = program;
	}
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int nothing = open("/dev/null", O_RDWR);
	if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0 || dup2(order, 13) < 0 ||
	    dup2(reply, 14) < 0 || dup2(13, PF_GATE_ORDER_FD) < 0 || dup2(14, PF_GATE_REPLY_FD) < 0) {
		_exit(127);
	}
	close(13);
	close(14);
	if (getenv("PF_GATE_STDERR") == NULL) {
		dup2(nothing, 2);
	}
	execvpe(words[0], words, environment ? environment : environ);
	_exit(127);
}

static bool take(pf_gate_answer *answer, const pf_gate_frame *frame)
{
	if (frame->begun) {
		answer->at = frame->workload;
		return true;
	}
	pf_gate_frame *frames = reallocarray(answer->frames, answer->count + 1, sizeof *frames);
	if (!frames) {
		return false;
	}
	answer->frames = frames;
	frames[answer->count++] = *frame;
	answer->at = UINT32_MAX;
	return true;
}

/* Frames until the other end is closed. PF_ERR_TIMEOUT, PF_ERR_CANCELLED: it was not. */
static pf_status listen_to(int reply, double timeout_s, pf_gate_answer *answer)
{
	uint64_t end = pf_now_ns() + (uint64_t)(timeout_s * 1e9);
	pf_gate_frame frame;
	size_t have = 0;
	for (;;) {
		struct pollfd wait = {reply, POLLIN, 0};
		int ready = poll(&wait, 1, 100);
		if (pf_interrupts) {
			return PF_ERR_CANCELLED;
		}
		if (pf_now_ns() > end) {
			return PF_ERR_TIMEOUT;
		}
		if (ready <= 0) {
			continue;
		}
		ssize_t got = read(reply, (char *)&frame + have, sizeof frame - have);
		if (got <= 0) {
			return got == 0 || errno != EINTR ? PF_OK : PF_ERR_IO;
		}
		have += (size_t)got;
		if (have == sizeof frame) {
			have = 0;
			if (!take(answer, &frame)) {
				return PF_ERR_NO_MEMORY;
			}
		}
	}
}

/* How it ended, in the answer. */
static void judge(pid_t child, pf_status heard, size_t wanted, pf_gate_answer *answer)
{
	int status = 0;
	if (heard != PF_OK) {
		kill(-child, SIGKILL);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
	}
	kill(-child, SIGKILL); /* what it left behind */
	bool told = answer->count && answer->frames[answer->count - 1].workload == UINT32_MAX;
	if (heard == PF_ERR_TIMEOUT) {
		answer->ending = PF_GATE_HUNG;
	} else if (heard == PF_OK && WIFSIGNALED(status)) {
		answer->ending = PF_GATE_CRASHED;
		snprintf(answer->text, sizeof answer->text, "SIG%s", sigabbrev_np(WTERMSIG(status)));
	} else if (heard == PF_OK && (WEXITSTATUS(status) || (answer->count < wanted && !told))) {
		answer->ending = PF_GATE_ENDED;
		snprintf(answer->text, sizeof answer->text, "exit status %d", WEXITSTATUS(status));
	}
}

pf_status pf_gate_ask(const pf_gate_order *order, const pf_gate_setting *setting, pf_gate_answer *answer,
		      pf_error *error)
{
	int memory = memfd_create("order", MFD_CLOEXEC), ends[2] = {-1, -1}, board_fd = -1;
	pf_allocation_board *board = NULL;
	char library[PATH_MAX], **environment = NULL;
	pf_error why;
	*answer = (pf_gate_answer){.at = UINT32_MAX};
	if (memory < 0 || write(memory, order, sizeof *order) != sizeof *order || pipe2(ends, O_CLOEXEC)) {
		return pf_fail_errno(error, NULL, "cannot start a process for workloads");
	}
	if (setting->count_allocations &&
	    pf_allocation_library(NULL, library, sizeof library, &why) == PF_OK &&
	    pf_allocation_board_open(&board, &board_fd, &why) == PF_OK) {
		environment = pf_allocation_environment(library, board_fd);
	}
	pid_t child = fork();
	if (child == 0) {
		become(setting, memory, ends[1], environment);
	}
	close(memory);
	close(ends[1]);
	pf_status heard = child < 0 ? PF_ERR_IO : listen_to(ends[0], setting->timeout_s, answer);
	close(ends[0]);
	if (child > 0) {
		judge(child, heard, order->task == PF_GATE_LIST ? 1 : order->count, answer);
	}
	pf_allocation_environment_free(environment);
	pf_allocation_board_close(board, board_fd);
	if (heard == PF_ERR_CANCELLED) {
		return pf_fail(error, heard, NULL, "stopped on request");
	}
	return heard == PF_OK || heard == PF_ERR_TIMEOUT
		       ? PF_OK
		       : pf_fail(error, heard, NULL, "a process for workloads cannot be started");
}

void pf_gate_answer_free(pf_gate_answer *answer)
{
	free(answer->frames);
	*answer = (pf_gate_answer){0};
}
