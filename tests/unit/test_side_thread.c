/* A thread that is kept away from libraries while its process forks. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "photofinish/side_thread.h"

enum { FORKS = 200 };

static pf_side_thread *side;
static atomic_bool inside, stop;
static atomic_uint stays;

/* Never out for longer than a few instructions. */
static void stay(void *unused)
{
	(void)unused;
	while (!atomic_load(&stop)) {
		pf_side_thread_enter(side);
		atomic_store(&inside, true);
		usleep(200);
		atomic_store(&inside, false);
		atomic_fetch_add(&stays, 1);
		pf_side_thread_leave(side);
	}
}

/* The child sees the state at the moment of the fork: nobody is inside. */
static void test_nobody_is_inside_when_forking(void **state)
{
	(void)state;
	assert_int_equal(pf_side_thread_start(stay, NULL, &side, NULL), PF_OK);
	for (int i = 0; i < FORKS; i++) {
		pf_side_thread_enter(side);
		pid_t pid = fork();
		if (pid == 0) {
			_exit(atomic_load(&inside));
		}
		pf_side_thread_leave(side);
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	atomic_store(&stop, true);
	pf_side_thread_join(side);
	assert_true(atomic_load(&stays) > 10); /* it did work between */
}

/* Waits for its turn and says when it had it. */
static atomic_int waiter_id, turns;
static int waiter_turn;

static void *wait_for_a_turn(void *unused)
{
	atomic_store(&waiter_id, (int)gettid());
	pf_side_thread_enter(side);
	waiter_turn = atomic_fetch_add(&turns, 1);
	pf_side_thread_leave(side);
	return unused;
}

/* True if the kernel has the thread asleep: of what the waiter does only waiting for its turn sleeps. */
static bool sleeps(int id)
{
	char path[64], state = 0;
	snprintf(path, sizeof path, "/proc/self/task/%d/stat", id);
	FILE *file = fopen(path, "r");
	if (file) {
		assert_int_equal(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
		fclose(file);
	}
	return state == 'S';
}

static void nothing(void *unused)
{
	(void)unused;
}

/* Who comes out of it cannot go in again before one who waits. */
static void test_turns_are_fair(void **state)
{
	(void)state;
	assert_int_equal(pf_side_thread_start(nothing, NULL, &side, NULL), PF_OK);
	for (int i = 0; i < 20; i++) {
		pthread_t thread;
		atomic_store(&waiter_id, 0);
		atomic_store(&turns, 0);
		pf_side_thread_enter(side);
		assert_int_equal(pthread_create(&thread, NULL, wait_for_a_turn, NULL), 0);
		while (!atomic_load(&waiter_id) || !sleeps(atomic_load(&waiter_id))) {
			usleep(500);
		}
		pf_side_thread_leave(side);
		pf_side_thread_enter(side);
		int own_turn = atomic_fetch_add(&turns, 1);
		pf_side_thread_leave(side);
		pthread_join(thread, NULL);
		assert_int_equal(waiter_turn, 0);
		assert_int_equal(own_turn, 1);
	}
	pf_side_thread_join(side);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_nobody_is_inside_when_forking),
					   cmocka_unit_test(test_turns_are_fair)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
