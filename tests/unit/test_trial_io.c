/* Bytes read, written and moved: parsing and accounting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/machine/trial_io.h"
#include "harness/memory/moved.h"

static void test_figures(void **state)
{
	(void)state;
	pf_io_count io;
	assert_true(pf_io_parse("rchar: 323934931\nwchar: 323929600\nsyscr: 632687\nsyscw: 632675\n"
				"read_bytes: 4096\nwrite_bytes: 323932160\ncancelled_write_bytes: 12\n",
				&io));
	assert_true(io.known && io.read_call_bytes == 323934931 && io.written_bytes == 323929600);
	assert_true(io.device_read_bytes == 4096 && io.device_written_bytes == 323932160);
}

static void test_damaged_ones(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",
		"rchar: 1\nwchar: 2\nread_bytes: 3\n",
		"rchar: 1\nwchar: 2\nread_bytes: 3\ncancelled_write_bytes: 4\n",
		"rchar: 1\nwchar: -2\nread_bytes: 3\nwrite_bytes: 4\n",
		"rchar: 1\nwchar:\nread_bytes: 3\nwrite_bytes: 4\n",
		"rchar: 1\nwchar: 2x\nread_bytes: 3\nwrite_bytes: 4\n",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		pf_io_count io;
		assert_false(pf_io_parse(wrong[i], &io) || io.known);
	}
}

/* A process that ended can be asked until it is reaped, and answers for the children that it reaped. */
static void test_of_what_ended(void **state)
{
	(void)state;
	pf_io_count io;
	pid_t pid = fork();
	if (pid == 0) {
		char bytes[1000] = {0};
		int ends[2];
		if (pipe(ends) || write(ends[1], bytes, 1000) != 1000) {
			_exit(1);
		}
		if (fork() == 0) {
			_exit(read(ends[0], bytes, 600) != 600 || write(ends[1], bytes, 234) != 234);
		}
		int ending = 1;
		wait(&ending);
		_exit(ending != 0);
	}
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	pf_io_read(pid, &io);
	int ending;
	assert_int_equal(waitpid(pid, &ending, 0), pid);
	assert_int_equal(ending, 0);
	if (io.known) {
		assert_int_equal(io.written_bytes, 1234);
		assert_int_equal(io.read_call_bytes, 600);
	}
	pf_io_read(pid, &io);
	assert_false(io.known);
}

enum { WORKERS = 2 };

static void test_moved_bytes_by_hop(void **state)
{
	(void)state;
	pf_trace traces[WORKERS + 1];
	pf_event_count events[WORKERS + 2] = {0};
	pf_moved *moved;
	for (int i = 0; i <= WORKERS; i++) {
		pf_trace_reset(&traces[i]);
		atomic_store(&traces[i].tid, 100 + i);
	}
	assert_int_equal(pf_moved_collect(traces, events, WORKERS, &moved), 0);
	assert_null(moved);
	pf_hop *hop = pf_hop_of(traces[2].hops, PF_HOP_PHOTOS, 0);
	hop->frames += 3;
	hop->bytes += 3000;
	assert_ptr_equal(pf_hop_of(traces[2].hops, PF_HOP_PHOTOS, 0), hop);
	pf_hop *other = pf_hop_of(traces[2].hops, PF_HOP_BURSTS, PF_NO_SLOT);
	assert_ptr_not_equal(other, hop);
	other->frames = 1;
	other->bytes = 44;
	pf_hop_of(traces[1].hops, PF_HOP_PHOTOS, 0); /* nothing came */
	pf_event_note(events, traces, WORKERS, 101, 300);
	pf_event_note(events, traces, WORKERS, 101, 50);
	pf_event_note(events, traces, WORKERS, 100, 16);
	pf_event_note(events, traces, WORKERS, 777, 9); /* nobody's */
	pf_event_note(events, traces, WORKERS, 0, 1);
	static const pf_moved expected[] = {
		{PF_HOP_PHOTOS, 0, 2, 3, 3000},
		{PF_HOP_BURSTS, PF_NO_SLOT, 2, 1, 44},
		{PF_HOP_EVENTS, 0, PF_HARNESS_SLOT, 1, 16},
		{PF_HOP_EVENTS, 1, PF_HARNESS_SLOT, 2, 350},
		{PF_HOP_EVENTS, PF_NO_SLOT, PF_HARNESS_SLOT, 2, 10},
	};
	size_t count = pf_moved_collect(traces, events, WORKERS, &moved);
	assert_int_equal(count, sizeof expected / sizeof *expected);
	for (size_t i = 0; i < count; i++) {
		assert_memory_equal(&moved[i], &expected[i], sizeof expected[i]);
	}
	free(moved);
}

/* The trial can write to its traces whatever it likes. */
static void test_traces_that_are_garbage(void **state)
{
	(void)state;
	pf_trace traces[WORKERS + 1];
	pf_event_count events[WORKERS + 2] = {0};
	pf_moved *moved;
	memset(traces, 0x5a, sizeof traces);
	assert_int_equal(pf_moved_collect(traces, events, WORKERS, &moved), 0);
	traces[0].hops[0] = (pf_hop){.kind = PF_HOP_PHOTOS, .from = WORKERS + 1, .frames = 1, .bytes = 1};
	traces[0].hops[1] = (pf_hop){.kind = PF_HOP_EVENTS, .from = 0, .frames = 1, .bytes = 1};
	assert_int_equal(pf_moved_collect(traces, events, WORKERS, &moved), 0);
	assert_null(pf_hop_of(traces[1].hops, PF_HOP_PHOTOS, 0)); /* all are in use */
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(pf_hop_name(PF_HOP_PHOTOS), "photos");
	assert_string_equal(pf_hop_name(PF_HOP_EVENTS), "events");
	assert_string_equal(pf_hop_name(PF_HOP_COUNT), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_damaged_ones),
		cmocka_unit_test(test_of_what_ended),
		cmocka_unit_test(test_moved_bytes_by_hop),
		cmocka_unit_test(test_traces_that_are_garbage),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
