/* The object that counts allocations, against a program whose allocations are known; and in trials. */
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/memory/allocations.h"
#include "temp_folder.h"

#define PROGRAM PF_BINARY_DIR "/photofinish"
#define ALLOCATING PF_BINARY_DIR "/tests/allocating"

static pf_trace traces[2];

#ifndef PF_SANITIZED
static char library[4200];

static int find_library(void **state)
{
	(void)state;
	pf_error error = {0};
	pf_status status = pf_allocation_library(PROGRAM, library, sizeof library, &error);
	if (status != PF_OK) {
		print_error("%s: %s\n", error.file, error.message);
	}
	pf_trace_reset(&traces[0]);
	pf_trace_reset(&traces[1]);
	return status != PF_OK;
}

/* What a program counted. */
static pf_allocations *count(const char *program, const char *mode)
{
	pf_allocation_board *board;
	pf_error error;
	int fd, ending;
	pid_t pid;
	assert_int_equal(pf_allocation_board_open(&board, &fd, &error), PF_OK);
	char **environment = pf_allocation_environment(library, fd);
	assert_non_null(environment);
	char *const arguments[] = {(char *)program, (char *)mode, NULL};
	assert_int_equal(posix_spawn(&pid, program, NULL, NULL, arguments, environment), 0);
	assert_int_equal(waitpid(pid, &ending, 0), pid);
	assert_true(WIFEXITED(ending));
	assert_int_equal(WEXITSTATUS(ending), 0);
	pf_allocations *counted = pf_allocations_collect(board, traces, 1);
	pf_allocation_environment_free(environment);
	pf_allocation_board_close(board, fd);
	assert_non_null(counted);
	return counted;
}

static void check(const pf_allocations *counted, pf_stage stage, pf_allocation_count expected)
{
	const pf_allocation_count *got = &counted->stages[stage];
	assert_int_equal(got->allocations, expected.allocations);
	assert_int_equal(got->reallocations, expected.reallocations);
	assert_int_equal(got->frees, expected.frees);
	assert_int_equal(got->bytes, expected.bytes);
}

static void test_each_function(void **state)
{
	(void)state;
	pf_allocations *counted = count(ALLOCATING, "e");
	uint64_t bytes = 100 + 200 + 300 + 3000 + 400 + 800 + 500 + 640 + 700 + 800 + 4096;
	check(counted, PF_STAGE_DECODE, (pf_allocation_count){9, 2, 9, bytes});
	check(counted, PF_STAGE_POSE, (pf_allocation_count){0});
	assert_int_equal(counted->process_count, 1);
	assert_int_equal(counted->lost_processes, 0);
	pf_allocations_free(counted);
}

static void test_what_fails_is_not_counted(void **state)
{
	(void)state;
	pf_allocations *counted = count(ALLOCATING, "f");
	check(counted, PF_STAGE_POSE, (pf_allocation_count){1, 0, 1, 10});
	pf_allocations_free(counted);
}

static void test_peak_of_the_live_heap(void **state)
{
	(void)state;
	pf_allocations *none = count(ALLOCATING, ""), *counted = count(ALLOCATING, "p");
	const uint64_t mb = 1 << 20;
	check(counted, PF_STAGE_FACES, (pf_allocation_count){16, 0, 16, 16 * mb});
	uint64_t peak = counted->stage_peak_live_bytes[PF_STAGE_FACES];
	uint64_t before = none->processes[0].end_live_bytes;
	assert_true(peak >= 8 * mb + before && peak < 8 * mb + before + 100000);
	assert_int_equal(counted->processes[0].peak_live_bytes, peak);
	assert_int_equal(counted->processes[0].end_live_bytes, before);
	assert_true(none->processes[0].peak_live_bytes < mb);
	pf_allocations_free(none);
	pf_allocations_free(counted);
}

static void test_threads(void **state)
{
	(void)state;
	pf_allocations *counted = count(ALLOCATING, "t");
	check(counted, PF_STAGE_QUALITY, (pf_allocation_count){40000, 0, 40000, 40000ull * 64});
	assert_true(counted->stage_peak_live_bytes[PF_STAGE_QUALITY] >= 64);
	pf_allocations_free(counted);
}

static void test_forks_and_execs_are_processes_of_their_own(void **state)
{
	(void)state;
	const uint64_t mb = 1 << 20;
	pf_allocations *counted = count(ALLOCATING, "kxe");
	assert_int_equal(counted->process_count, 5); /* three children; and what took the parent's place */
	check(counted, PF_STAGE_SCORE, (pf_allocation_count){3, 0, 3, 3 * mb});
	assert_int_equal(counted->stages[PF_STAGE_DECODE].allocations, 9);
	assert_int_equal(counted->processes[0].inherited_bytes, 0);
	for (int i = 1; i <= 3; i++) {
		const pf_allocated_process *child = &counted->processes[i];
		assert_int_equal(child->total.allocations, 1);
		assert_int_equal(child->total.frees, 1);
		assert_true(child->inherited_bytes >= 4 * mb && child->inherited_bytes < 5 * mb);
		assert_int_equal(child->peak_live_bytes, child->inherited_bytes);
		assert_true(child->end_live_bytes >= mb && child->end_live_bytes < 2 * mb);
	}
	pf_allocations_free(counted);
}

static void test_other_programs(void **state)
{
	(void)state;
	pf_allocations *counted = count("/bin/true", "any");
	assert_int_equal(counted->process_count, 1);
	pf_allocations_free(counted);
}

static void test_the_same_again_has_the_same_digest(void **state)
{
	(void)state;
	pf_allocations *first = count(ALLOCATING, "eptk"), *again = count(ALLOCATING, "eptk"),
		       *other = count(ALLOCATING, "eptke");
	assert_memory_equal(first->digest, again->digest, sizeof first->digest);
	assert_memory_not_equal(first->digest, other->digest, sizeof first->digest);
	pf_allocations_free(first);
	pf_allocations_free(again);
	pf_allocations_free(other);
}

static void test_where_the_object_is_looked_for(void **state)
{
	(void)state;
	char folder[256], path[4200], program[4200];
	pf_error error;
	pf_temp_make(folder);
	snprintf(program, sizeof program, "%s/photofinish", folder);
	pf_temp_write(program, "", 0);
	assert_int_equal(pf_allocation_library(program, path, sizeof path, &error), PF_ERR_UNAVAILABLE);
	assert_non_null(strstr(error.message, "photofinish_allocations.so is neither here nor in"));
	pf_temp_write(pf_temp_path(folder, "photofinish_allocations.so"), "", 0);
	assert_int_equal(pf_allocation_library(program, path, sizeof path, &error), PF_OK);
	assert_string_equal(path, pf_temp_path(folder, "photofinish_allocations.so"));
	assert_int_equal(pf_allocation_library(program, path, 10, &error), PF_ERR_UNAVAILABLE);
	assert_int_equal(pf_allocation_library("/nowhere", path, sizeof path, &error), PF_ERR_UNAVAILABLE);
	pf_temp_remove(folder);
}

static void test_what_was_preloaded_stays(void **state)
{
	(void)state;
	setenv("LD_PRELOAD", "/other.so", 1);
	char **environment = pf_allocation_environment("/own.so", 7), number[64];
	unsetenv("LD_PRELOAD");
	snprintf(number, sizeof number, "PHOTOFINISH_ALLOCATIONS=/proc/%d/fd/7", (int)getpid());
	assert_string_equal(environment[0], "LD_PRELOAD=/own.so:/other.so");
	assert_string_equal(environment[1], number);
	size_t count_own = 2, preloads = 0;
	for (; environment[count_own]; count_own++) {
		preloads += strncmp(environment[count_own], "LD_PRELOAD=", 11) == 0;
	}
	assert_int_equal(preloads, 0);
	pf_allocation_environment_free(environment);
	pf_allocation_environment_free(NULL);
}

static void test_nobody_came(void **state)
{
	(void)state;
	pf_allocation_board *board;
	pf_error error;
	int fd;
	assert_int_equal(pf_allocation_board_open(&board, &fd, &error), PF_OK);
	assert_null(pf_allocations_collect(board, traces, 1));
	pf_allocation_board_close(board, fd);
	pf_allocation_board_close(NULL, -1);
	pf_allocations_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_function),
		cmocka_unit_test(test_what_fails_is_not_counted),
		cmocka_unit_test(test_peak_of_the_live_heap),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_forks_and_execs_are_processes_of_their_own),
		cmocka_unit_test(test_other_programs),
		cmocka_unit_test(test_the_same_again_has_the_same_digest),
		cmocka_unit_test(test_where_the_object_is_looked_for),
		cmocka_unit_test(test_what_was_preloaded_stays),
		cmocka_unit_test(test_nobody_came),
	};
	return cmocka_run_group_tests(tests, find_library, NULL);
}
#else
static void test_unavailable(void **state)
{
	(void)state;
	char path[100];
	pf_error error;
	(void)traces;
	assert_int_equal(pf_allocation_library(PROGRAM, path, sizeof path, &error), PF_ERR_UNAVAILABLE);
	assert_non_null(strstr(error.message, "sanitizers"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_unavailable)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
