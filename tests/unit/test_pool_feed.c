/* A pool whose units come in while it runs: each is done once, at once, and whoever waits neither spins nor
 * waits for ever. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "photofinish/exec.h"
#include "shared_memory.h"
#include "tests/unit/trace_fixture.h"

enum { UNITS = 300, WORKERS = 3 };

/* In shared memory. */
struct ledger {
	atomic_int pids[WORKERS + 1];
	atomic_uint finished[UNITS], finished_all;
	atomic_uint deadly; /* every so manyth unit kills its worker at the first try; 0: none */
	atomic_uint tried[UNITS];
};

/* Of the parent. */
static struct feeder {
	struct ledger *ledger;
	struct pf_env env;
	atomic_int *cancel;
	pf_pool_job job;
	size_t calls, told, deaths, soon;
	uint64_t told_ns;
	int ticks;
} run;

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static pf_status open_worker(void *context, uint32_t slot, void **state, pf_error *error)
{
	(void)context;
	(void)error;
	atomic_store(&run.ledger->pids[slot], getpid());
	*state = run.ledger;
	return PF_OK;
}

static pf_status do_unit(void *context, void *state, size_t unit, pf_error *error)
{
	struct ledger *ledger = state;
	unsigned deadly = atomic_load(&ledger->deadly);
	(void)context;
	(void)error;
	if (atomic_fetch_add(&ledger->tried[unit], 1) == 0 && deadly && unit % deadly == 0) {
		raise(SIGKILL);
	}
	atomic_fetch_add(&ledger->finished[unit], 1);
	atomic_fetch_add(&ledger->finished_all, 1);
	return PF_OK;
}

static void close_worker(void *context, void *state)
{
	(void)context;
	(void)state;
}

static pf_status note_death(void *context, size_t unit, uint32_t photo, int signal, pf_error *error)
{
	(void)context;
	(void)photo;
	(void)signal;
	(void)error;
	assert_true(unit < run.told);
	run.deaths++;
	return PF_OK;
}

static int set_up(void **state)
{
	(void)state;
	run = (struct feeder){.ledger = pf_shared_alloc(sizeof *run.ledger)};
	run.env = pf_shared_env(WORKERS, &run.cancel);
	run.job = (pf_pool_job){.units = UNITS,
				.open = open_worker,
				.unit = do_unit,
				.close = close_worker,
				.died = note_death,
				.feed_fd = -1};
	return 0;
}

static pf_status run_pool(pf_error *error)
{
	pf_status status = pf_pool_run(&run.env, &run.job, error);
	pf_check_no_children();
	return status;
}

static void check_each_once(size_t units)
{
	for (size_t i = 0; i < UNITS; i++) {
		assert_int_equal(atomic_load(&run.ledger->finished[i]), i < units);
	}
}

static uint64_t waits(void)
{
	uint64_t spans = 0;
	for (uint32_t slot = 1; slot <= WORKERS; slot++) {
		spans += pf_fixture_spans(&run.env.traces[slot], PF_STAGE_WAIT);
	}
	return spans;
}

/* One unit a step, once all before it are done. */
static pf_status feed_one_by_one(void *context, size_t *units, bool *more, pf_error *error)
{
	(void)context;
	(void)error;
	assert_int_equal(*units, run.told);
	if (atomic_load(&run.ledger->finished_all) == run.told) {
		uint64_t now = pf_now_ns();
		run.soon += run.told && now - run.told_ns < 25000000;
		run.told_ns = now;
		*units = ++run.told;
	} else {
		sleep_ms(1);
	}
	*more = run.told < UNITS;
	return PF_OK;
}

static void test_units_are_done_as_they_come(void **state)
{
	(void)state;
	pf_error error = {0};
	run.job.feed = feed_one_by_one;
	assert_int_equal(run_pool(&error), PF_OK);
	/* Workers are woken, they do not look every 50 ms; not each of them soon where the machine is busy.
	 */
	assert_true(run.soon >= UNITS / 4);
	check_each_once(UNITS);
	assert_true(waits() > 0);
}

/* Many at once, at the last step none: the workers see that nothing more comes. */
static pf_status feed_heaps(void *context, size_t *units, bool *more, pf_error *error)
{
	(void)context;
	(void)error;
	run.told = *units = ++run.calls == 1 ? 0 : run.calls < 4 ? run.calls * 50 : run.told;
	*more = run.calls < 4;
	return PF_OK;
}

static void test_heaps_and_an_empty_end(void **state)
{
	(void)state;
	pf_error error = {0};
	run.job.feed = feed_heaps;
	assert_int_equal(run_pool(&error), PF_OK);
	check_each_once(150);
	assert_int_equal(run.calls, 4);
}

static pf_status feed_nothing(void *context, size_t *units, bool *more, pf_error *error)
{
	(void)context;
	(void)units;
	(void)error;
	*more = false;
	return PF_OK;
}

static void test_nothing_comes(void **state)
{
	(void)state;
	pf_error error = {0};
	run.job.feed = feed_nothing;
	assert_int_equal(run_pool(&error), PF_OK);
	check_each_once(0);
}

static void test_workers_die_meanwhile(void **state)
{
	(void)state;
	pf_error error = {0};
	run.job.feed = feed_one_by_one;
	atomic_store(&run.ledger->deadly, 20);
	assert_int_equal(run_pool(&error), PF_OK);
	check_each_once(UNITS);
	assert_int_equal(run.deaths, UNITS / 20);
}

/* Behind the fifth unit nothing more comes until all workers wait; then they are killed. Who is seen to wait
 * has given back the unit that it had. */
static pf_status kill_those_who_wait(void *context, size_t *units, bool *more, pf_error *error)
{
	if (run.calls > 0 || run.told < 5) {
		return feed_one_by_one(context, units, more, error);
	}
	bool all_wait = atomic_load(&run.ledger->finished_all) == run.told;
	for (uint32_t slot = 1; slot <= WORKERS; slot++) {
		all_wait = all_wait && atomic_load(&run.ledger->pids[slot]) > 0 &&
			   atomic_load(&run.env.traces[slot].stage) == PF_STAGE_WAIT;
	}
	for (uint32_t slot = 1; all_wait && slot <= WORKERS; slot++) {
		kill(atomic_load(&run.ledger->pids[slot]), SIGKILL);
	}
	run.calls = all_wait;
	sleep_ms(1);
	return PF_OK;
}

static void test_workers_die_while_they_wait(void **state)
{
	(void)state;
	pf_error error = {0};
	run.job.feed = kill_those_who_wait;
	assert_int_equal(run_pool(&error), PF_OK);
	check_each_once(UNITS);
	unsigned replaced = 0;
	for (uint32_t slot = 1; slot <= WORKERS; slot++) {
		replaced += atomic_load(&run.env.traces[slot].deaths);
	}
	assert_int_equal(replaced, WORKERS);
}

static pf_status feed_then_fail(void *context, size_t *units, bool *more, pf_error *error)
{
	(void)more;
	(void)context;
	if (++run.calls == 5) {
		return pf_fail(error, PF_ERR_DAMAGED, "source", "it is dry");
	}
	*units = run.told = run.calls;
	return PF_OK;
}

static void test_the_feed_fails(void **state)
{
	(void)state;
	pf_error error = {0};
	run.job.feed = feed_then_fail;
	assert_int_equal(run_pool(&error), PF_ERR_DAMAGED);
	assert_string_equal(error.message, "it is dry");
}

static pf_status ask_to_stop(void *context, size_t *units, bool *more, pf_error *error)
{
	(void)more;
	(void)context;
	if (++run.calls == 5) {
		atomic_store(run.cancel, 1);
		return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
	}
	*units = run.told = run.calls;
	return PF_OK;
}

static void test_the_feed_is_stopped(void **state)
{
	(void)state;
	pf_error error = {0};
	run.job.feed = ask_to_stop;
	assert_int_equal(run_pool(&error), PF_ERR_CANCELLED);
	assert_string_equal(error.message, "stopped on request");
	assert_int_equal(run.calls, 5);
}

/* Units that come through a pipe: a byte each. */
static pf_status feed_from_a_pipe(void *context, size_t *units, bool *more, pf_error *error)
{
	char byte;
	(void)context;
	(void)error;
	run.calls++;
	ssize_t got = read(run.job.feed_fd, &byte, 1);
	assert_true(got >= 0); /* it is called when there is something to read: this would be EAGAIN */
	*more = got > 0;
	run.told = *units += (size_t)got;
	return PF_OK;
}

static double cpu_s(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void count_ticks(void *context)
{
	(void)context;
	run.ticks++;
}

static void test_units_from_a_pipe(void **state)
{
	(void)state;
	pf_error error = {0};
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	pid_t source = fork();
	if (source == 0) {
		for (int i = 0; i < UNITS; i++) {
			sleep_ms(i % 50 == 0 ? 50 : 0);
			(void)!write(ends[1], "x", 1);
		}
		sleep_ms(300);
		_exit(0);
	}
	close(ends[1]);
	run.job.feed = feed_from_a_pipe;
	run.job.feed_fd = ends[0];
	run.job.tick = count_ticks;
	double before = cpu_s();
	uint64_t begin = pf_now_ns();
	assert_int_equal(run_pool(&error), PF_OK);
	uint64_t took_ms = (pf_now_ns() - begin) / 1000000;
	check_each_once(UNITS);
	assert_int_equal(run.calls, UNITS + 1);
	assert_true(run.ticks >= 2 && (uint64_t)run.ticks <= 2 + took_ms / 100);
	/* Of more than 0.6 s, most of which everybody waited. */
	assert_true(cpu_s() - before < 0.3);
	assert_true(waits() < 2000 + WORKERS * took_ms / 25);
	close(ends[0]);
}

/* Everybody waits, for something that never comes, when the run is to stop. */
static void test_stopped_while_all_wait(void **state)
{
	(void)state;
	pf_error error = {0};
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t asker = fork();
	if (asker == 0) {
		sleep_ms(100);
		atomic_store(run.cancel, 1);
		_exit(0);
	}
	run.job.feed = feed_from_a_pipe;
	run.job.feed_fd = ends[0];
	uint64_t begin = pf_now_ns();
	assert_int_equal(run_pool(&error), PF_ERR_CANCELLED);
	assert_true(pf_now_ns() - begin < 300000000000ull);
	assert_int_equal(run.calls, 0);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_units_are_done_as_they_come, set_up),
		cmocka_unit_test_setup(test_heaps_and_an_empty_end, set_up),
		cmocka_unit_test_setup(test_nothing_comes, set_up),
		cmocka_unit_test_setup(test_workers_die_meanwhile, set_up),
		cmocka_unit_test_setup(test_workers_die_while_they_wait, set_up),
		cmocka_unit_test_setup(test_the_feed_fails, set_up),
		cmocka_unit_test_setup(test_the_feed_is_stopped, set_up),
		cmocka_unit_test_setup(test_units_from_a_pipe, set_up),
		cmocka_unit_test_setup(test_stopped_while_all_wait, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
