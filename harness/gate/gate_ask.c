#include "harness/gate/gate_ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/child.h"
#include "harness/base/interrupt.h"
#include "harness/base/signal_name.h"
#include "harness/memory/allocations.h"
#include "photofinish/trace.h"

enum { WORDS_MOST = 16 };

static pf_status start(const pf_gate_setting *setting, int order, int reply, char *const *environment,
		       pf_child *child, pf_error *error)
{
	char program[PATH_MAX] = "", *words[WORDS_MOST + 3];
	size_t count = 0;
	if (readlink("/proc/self/exe", program, sizeof program - 1) <
	    0) { /* valgrind would be /proc/self/exe itself */
		return pf_fail_errno(error, NULL, "cannot find the program itself");
	}
	for (; setting->before && setting->before[count] && count < WORDS_MOST; count++) {
		words[count] = (char *)(uintptr_t)setting->before[count];
	}
	words[count] = program;
	words[count + 1] = "gate-host";
	words[count + 2] = NULL;
	const pf_child_fd fds[] = {
		{-1, 0}, {-1, 1}, {-1, 2}, {order, PF_GATE_ORDER_FD}, {reply, PF_GATE_REPLY_FD}};
	const pf_child_order child_order = {.kind = PF_CHILD_OWN,
					    .program = words[0],
					    .arguments = words,
					    .environment = environment,
					    .fds = fds,
					    .fd_count = sizeof fds / sizeof *fds};
	return pf_child_start(&child_order, child, error);
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
static void judge(pf_child *child, pf_status heard, size_t wanted, pf_gate_answer *answer)
{
	pf_error ignored;
	if (heard != PF_OK) {
		pf_child_stop(child, 0, true);
	}
	pf_child_reap(child, &ignored);
	int status = child->ending;
	bool told = answer->count && answer->frames[answer->count - 1].workload == UINT32_MAX;
	if (heard == PF_ERR_TIMEOUT) {
		answer->ending = PF_GATE_HUNG;
	} else if (heard == PF_OK && WIFSIGNALED(status)) {
		answer->ending = PF_GATE_CRASHED;
		snprintf(answer->text, sizeof answer->text, "%s",
			 pf_signal_name(WTERMSIG(status), (char[PF_SIGNAL_NAME]){0}));
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
	pf_child child;
	pf_status status = start(setting, memory, ends[1], environment, &child, error), heard = status;
	close(memory);
	close(ends[1]);
	if (status == PF_OK) {
		heard = listen_to(ends[0], setting->timeout_s, answer);
		judge(&child, heard, order->task == PF_GATE_LIST ? 1 : order->count, answer);
	}
	close(ends[0]);
	pf_allocation_environment_free(environment);
	pf_allocation_board_close(board, board_fd);
	if (status != PF_OK) {
		return status;
	}
	if (heard == PF_ERR_CANCELLED) {
		return pf_fail(error, heard, NULL, "stopped on request");
	}
	return heard == PF_OK || heard == PF_ERR_TIMEOUT
		       ? PF_OK
		       : pf_fail(error, heard, NULL, "a process for workloads cannot be heard");
}

void pf_gate_answer_free(pf_gate_answer *answer)
{
	free(answer->frames);
	*answer = (pf_gate_answer){0};
}
