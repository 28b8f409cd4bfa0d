/* A thread that is kept away from libraries while its process forks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "photofinish/side_thread.h"

enum { FORKS = 200 };

static pf_side_thread *side;
static atomic_bool inside, stop;
static atomic_uint stays;

/* Never out for longer than a few instructions: it must let the other side in all the same. */
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
	unsigned soon = 0;
	for (int i = 0; i < FORKS; i++) {
		unsigned before = atomic_load(&stays);
		pf_side_thread_enter(side);
		soon += atomic_load(&stays) - before <= 3;
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
	/* Who forks is not kept waiting, but for times when the machine let neither side run. */
	assert_true(soon > FORKS * 9 / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_nobody_is_inside_when_forking)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
