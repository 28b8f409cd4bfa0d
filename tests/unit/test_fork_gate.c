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

#include "photofinish/fork_gate.h"

enum { FORKS = 200 };

static pf_fork_gate gate = PF_FORK_GATE_INIT;
static atomic_bool inside, stop;
static atomic_uint stays;

/* Never out for longer than a few instructions: it must let the other side in all the same. */
static void *stay(void *unused)
{
	while (!atomic_load(&stop)) {
		pf_fork_gate_enter(&gate);
		atomic_store(&inside, true);
		usleep(200);
		atomic_store(&inside, false);
		atomic_fetch_add(&stays, 1);
		pf_fork_gate_leave(&gate);
	}
	return unused;
}

/* The child sees the state at the moment of the fork: nobody is inside. */
static void test_nobody_is_inside_when_forking(void **state)
{
	(void)state;
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, stay, NULL), 0);
	unsigned most = 0;
	for (int i = 0; i < FORKS; i++) {
		unsigned before = atomic_load(&stays);
		pf_fork_gate_enter(&gate);
		unsigned waited = atomic_load(&stays) - before;
		most = waited > most ? waited : most;
		pid_t pid = fork();
		if (pid == 0) {
			_exit(atomic_load(&inside));
		}
		pf_fork_gate_leave(&gate);
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	assert_true(atomic_load(&stays) > FORKS / 4); /* it did work between */
	assert_true(most <= 3);                       /* who forks is not kept waiting */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_nobody_is_inside_when_forking)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
