/* The pool of worker processes: every unit is done whatever happens to the workers, and none is left behind.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "photofinish/exec.h"
#include "shared_memory.h"

enum { UNITS = 500, SLOTS = 32 };

/* What the units do. */
enum plan {
	PLAN_COUNT,       /* note that they were here */
	PLAN_DIE,         /* the first try of every 50th unit dies */
	PLAN_EXIT,        /* likewise, by an exit status */
	PLAN_FAIL,        /* unit 20 fails, unit 21 would take a minute */
	PLAN_OPEN_FAILS,  /* opening fails in slot 2 */
	PLAN_OPEN_DIES,   /* opening dies, always */
	PLAN_SLOW,        /* 2 ms each; unit 10 asks for the end */
	PLAN_FOR_EVER,    /* a minute each */
	PLAN_ALWAYS_DIES, /* unit 5 dies at each try */
	PLAN_STOPPED, /* the first try of unit 3 stops itself, without a photo; unit 4 takes half a second */
};

/* In shared memory. */
struct ledger {
	enum plan plan;
	atomic_int *cancel;
	atomic_uint begun[UNITS], finished[UNITS];
	atomic_int unit_pid[UNITS];
	atomic_uint finished_all, place[UNITS]; /* place: how many were finished before this one */
	atomic_uint opened[SLOTS], closed[SLOTS];
	atomic_int pids[SLOTS];
	atomic_int out_of_order, in_parent;
	/* told to `died`, in the parent */
	unsigned deaths;
	size_t dead_units[UNITS];
	uint32_t dead_photos[UNITS];
	int dead_signals[UNITS];
	pid_t parent;
};

struct worker {
	uint32_t slot;
	size_t last; /* unit */
};

static pf_status open_worker(void *context, uint32_t slot, void **state, pf_error *error)
{
	static struct worker self; /* of each process */
	struct ledger *ledger = context;
	atomic_fetch_add(&ledger->in_parent, getpid() == ledger->parent);
	atomic_fetch_add(&ledger->opened[slot], 1);
	atomic_store(&ledger->pids[slot], getpid());
	if (ledger->plan == PLAN_OPEN_DIES) {
		raise(SIGKILL);
	}
	if (ledger->plan == PLAN_OPEN_FAILS && slot == 2) {
		return pf_fail(error, PF_ERR_NO_MEMORY, "model", "not enough for slot %u", slot);
	}
	self = (struct worker){.slot = slot, .last = SIZE_MAX};
	*state = &self;
	return PF_OK;
}

static void close_worker(void *context, void *state)
{
	struct ledger *ledger = context;
	const struct worker *self = state;
	atomic_fetch_add(&ledger->closed[self->slot], 1);
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static pf_status do_unit(void *context, void *state, size_t unit, pf_error *error)
{
	struct ledger *ledger = context;
	struct worker *self = state;
	unsigned try = atomic_fetch_add(&ledger->begun[unit], 1) + 1;
	atomic_store(&ledger->unit_pid[unit], getpid());
	atomic_fetch_add(&ledger->out_of_order, self->last != SIZE_MAX && unit <= self->last);
	self->last = unit;
	switch (ledger->plan) {
	case PLAN_DIE:
		if (unit % 50 == 7 && try == 1) {
			raise(SIGUSR2); /* which cmocka has no handler for */
		}
		break;
	case PLAN_EXIT:
		if (unit % 50 == 7 && try == 1) {
			_exit(3);
		}
		break;
	case PLAN_ALWAYS_DIES:
		if (unit == 5) {
			raise(SIGKILL);
		}
		break;
	case PLAN_FAIL:
		if (unit == 20) {
			return pf_fail(error, PF_ERR_DAMAGED, "a.jpg", "unit %zu", unit);
		}
		if (unit == 21) {
			sleep_ms(600000);
		}
		break;
	case PLAN_SLOW:
		if (unit == 10) {
			atomic_store(ledger->cancel, 1);
		}
		sleep_ms(2);
		break;
	case PLAN_STOPPED:
		if (unit == 3 && try == 1) {
			raise(SIGSTOP);
		}
		sleep_ms(unit == 4 ? 500 : 0);
		break;
	case PLAN_FOR_EVER:
		sleep_ms(600000);
		break;
	default:
		break;
	}
	atomic_store(&ledger->place[unit], atomic_fetch_add(&ledger->finished_all, 1));
	atomic_fetch_add(&ledger->finished[unit], 1);
	return PF_OK;
}

static pf_status note_death(void *context, size_t unit, uint32_t photo, int signal, pf_error *error)
{
	struct ledger *ledger = context;
	assert_int_equal(getpid(), ledger->parent);
	ledger->dead_units[ledger->deaths] = unit;
	ledger->dead_photos[ledger->deaths] = photo;
	ledger->dead_signals[ledger->deaths++] = signal;
	if (ledger->plan == PLAN_ALWAYS_DIES && ledger->deaths == 3) {
		return pf_fail(error, PF_ERR_CRASHED, NULL, "enough");
	}
	return PF_OK;
}

static pf_status run_pool(enum plan plan, uint32_t workers, size_t units, struct ledger **out,
			  pf_error *error)
{
	atomic_int *cancel;
	struct pf_env env = pf_shared_env(workers, &cancel);
	struct ledger *ledger = pf_shared_alloc(sizeof *ledger);
	env.photo_timeout_ns = plan == PLAN_STOPPED ? 100000000 : 0;
	ledger->plan = plan;
	ledger->cancel = cancel;
	ledger->parent = getpid();
	pf_pool_job job = {.units = units,
			   .context = ledger,
			   .open = open_worker,
			   .unit = do_unit,
			   .close = close_worker,
			   .died = note_death};
	*out = ledger;
	pf_status status = pf_pool_run(&env, &job, error);
	pf_check_no_children();
	assert_int_equal(atomic_load(&ledger->in_parent), 0);
	for (uint32_t i = 1; i <= workers && status == PF_OK; i++) {
		assert_true(env.traces[i].peak_rss_bytes > 0);
	}
	return status;
}

static void check_each_once(const struct ledger *ledger, size_t units)
{
	for (size_t i = 0; i < UNITS; i++) {
		assert_int_equal(atomic_load(&ledger->finished[i]), i < units);
	}
}

static void test_every_unit_once(void **state)
{
	(void)state;
	static const uint32_t workers[] = {1, 2, 5};
	for (size_t i = 0; i < sizeof workers / sizeof *workers; i++) {
		struct ledger *ledger;
		pf_error error;
		assert_int_equal(run_pool(PLAN_COUNT, workers[i], UNITS, &ledger, &error), PF_OK);
		check_each_once(ledger, UNITS);
		assert_int_equal(atomic_load(&ledger->out_of_order), 0);
		assert_int_equal(ledger->deaths, 0);
		for (uint32_t slot = 0; slot < SLOTS; slot++) {
			unsigned expected = slot >= 1 && slot <= workers[i];
			assert_int_equal(atomic_load(&ledger->opened[slot]), expected);
			assert_int_equal(atomic_load(&ledger->closed[slot]), expected);
		}
	}
}

static void test_more_workers_than_units(void **state)
{
	(void)state;
	struct ledger *ledger;
	pf_error error;
	assert_int_equal(run_pool(PLAN_COUNT, 6, 2, &ledger, &error), PF_OK);
	check_each_once(ledger, 2);
	assert_int_equal(run_pool(PLAN_COUNT, 3, 0, &ledger, &error), PF_OK);
	check_each_once(ledger, 0);
}

static void check_deaths(enum plan plan, int signal)
{
	struct ledger *ledger;
	pf_error error;
	assert_int_equal(run_pool(plan, 3, UNITS, &ledger, &error), PF_OK);
	check_each_once(ledger, UNITS);
	assert_int_equal(ledger->deaths, UNITS / 50);
	for (unsigned i = 0; i < ledger->deaths; i++) {
		assert_int_equal(ledger->dead_units[i] % 50, 7);
		assert_int_equal(ledger->dead_photos[i], PF_NO_PHOTO);
		assert_int_equal(ledger->dead_signals[i], signal);
		assert_int_equal(atomic_load(&ledger->begun[ledger->dead_units[i]]), 2);
	}
}

static void test_dead_workers_are_replaced(void **state)
{
	(void)state;
	check_deaths(PLAN_DIE, SIGUSR2);
	check_deaths(PLAN_EXIT, 0);
}

static void test_a_dead_workers_unit_is_next(void **state)
{
	(void)state;
	struct ledger *ledger;
	pf_error error;
	assert_int_equal(run_pool(PLAN_DIE, 1, UNITS, &ledger, &error), PF_OK);
	for (unsigned i = 0; i < UNITS; i++) {
		assert_int_equal(atomic_load(&ledger->place[i]), i);
	}
}

static void test_the_job_decides_when_it_is_enough(void **state)
{
	(void)state;
	struct ledger *ledger;
	pf_error error;
	assert_int_equal(run_pool(PLAN_ALWAYS_DIES, 2, UNITS, &ledger, &error), PF_ERR_CRASHED);
	assert_string_equal(error.message, "enough");
	assert_int_equal(ledger->deaths, 3);
	assert_int_equal(atomic_load(&ledger->begun[5]), 3);
	assert_int_equal(ledger->dead_signals[2], SIGKILL);
}

static void test_a_stopped_worker_is_noticed(void **state)
{
	(void)state;
	struct ledger *ledger;
	pf_error error;
	alarm(120); /* it would wait for ever */
	assert_int_equal(run_pool(PLAN_STOPPED, 2, 10, &ledger, &error), PF_OK);
	alarm(0);
	check_each_once(ledger, 10);
	assert_int_equal(ledger->deaths, 1); /* one that only takes long, without a photo, is not killed */
	assert_int_equal(ledger->dead_units[0], 3);
	assert_int_equal(ledger->dead_photos[0], PF_NO_PHOTO);
	assert_int_equal(ledger->dead_signals[0], PF_DEATH_BY_TIMEOUT);
}

static void test_a_failure_ends_the_run_at_once(void **state)
{
	(void)state;
	struct ledger *ledger;
	pf_error error = {0};
	uint64_t begin = pf_now_ns();
	assert_int_equal(run_pool(PLAN_FAIL, 2, UNITS, &ledger, &error), PF_ERR_DAMAGED);
	assert_true(pf_now_ns() - begin < 300000000000ull);
	assert_int_equal(error.code, PF_ERR_DAMAGED);
	assert_string_equal(error.file, "a.jpg");
	assert_string_equal(error.message, "unit 20");
	assert_int_equal(ledger->deaths, 0);
}

static void test_opening_fails(void **state)
{
	(void)state;
	struct ledger *ledger;
	pf_error error = {0};
	assert_int_equal(run_pool(PLAN_OPEN_FAILS, 2, UNITS, &ledger, &error), PF_ERR_NO_MEMORY);
	assert_string_equal(error.file, "model");
	assert_string_equal(error.message, "not enough for slot 2");
	assert_int_equal(atomic_load(&ledger->closed[2]), 0); /* it opened nothing */
}

static void test_workers_that_cannot_start(void **state)
{
	(void)state;
	struct ledger *ledger;
	pf_error error = {0};
	assert_int_equal(run_pool(PLAN_OPEN_DIES, 3, UNITS, &ledger, &error), PF_ERR_CRASHED);
	assert_non_null(strstr(error.message, "keep dying while they start"));
	assert_non_null(strstr(error.message, strsignal(SIGKILL)));
	unsigned opened = 0;
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		opened += atomic_load(&ledger->opened[slot]);
	}
	assert_true(opened >= 17 && opened <= 20);
}

static void test_cancel_drains(void **state)
{
	(void)state;
	struct ledger *ledger;
	pf_error error = {0};
	assert_int_equal(run_pool(PLAN_SLOW, 3, UNITS, &ledger, &error), PF_ERR_CANCELLED);
	assert_int_equal(error.code, PF_ERR_CANCELLED);
	unsigned finished = 0;
	for (size_t i = 0; i < UNITS; i++) {
		assert_int_equal(atomic_load(&ledger->begun[i]), atomic_load(&ledger->finished[i]));
		finished += atomic_load(&ledger->finished[i]);
	}
	assert_true(finished >= 11 && finished < 20);
	for (uint32_t slot = 1; slot <= 3; slot++) {
		assert_int_equal(atomic_load(&ledger->closed[slot]), 1);
	}
}

static void test_cancelled_before_it_began(void **state)
{
	(void)state;
	atomic_int *cancel;
	struct pf_env env = pf_shared_env(2, &cancel);
	struct ledger *ledger = pf_shared_alloc(sizeof *ledger);
	pf_error error;
	ledger->parent = getpid();
	pf_pool_job job = {UNITS, ledger, open_worker, do_unit, close_worker, note_death};
	atomic_store(cancel, 1);
	assert_int_equal(pf_pool_run(&env, &job, &error), PF_ERR_CANCELLED);
	pf_check_no_children();
	for (size_t i = 0; i < UNITS; i++) {
		assert_int_equal(atomic_load(&ledger->begun[i]), 0);
	}
}

static void test_no_orphans_when_the_parent_is_killed(void **state)
{
	(void)state;
	enum { WORKERS = 4 };
	atomic_int *cancel;
	struct pf_env env = pf_shared_env(WORKERS, &cancel);
	struct ledger *ledger = pf_shared_alloc(sizeof *ledger);
	ledger->plan = PLAN_FOR_EVER;
	pf_adopt_orphans();
	pid_t parent = fork();
	if (parent == 0) {
		pf_pool_job job = {UNITS, ledger, open_worker, do_unit, close_worker, note_death};
		ledger->parent = getpid();
		pf_pool_run(&env, &job, NULL);
		_exit(0);
	}
	for (int unit = 0; unit < WORKERS; unit++) {
		while (!atomic_load(&ledger->unit_pid[unit])) {
			sleep_ms(1);
		}
	}
	kill(parent, SIGKILL);
	for (int unit = 0; unit < WORKERS; unit++) {
		pf_wait_until_gone(atomic_load(&ledger->unit_pid[unit]));
	}
	pf_check_no_children();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_unit_once),
		cmocka_unit_test(test_more_workers_than_units),
		cmocka_unit_test(test_dead_workers_are_replaced),
		cmocka_unit_test(test_a_dead_workers_unit_is_next),
		cmocka_unit_test(test_the_job_decides_when_it_is_enough),
		cmocka_unit_test(test_a_stopped_worker_is_noticed),
		cmocka_unit_test(test_a_failure_ends_the_run_at_once),
		cmocka_unit_test(test_opening_fails),
		cmocka_unit_test(test_workers_that_cannot_start),
		cmocka_unit_test(test_cancel_drains),
		cmocka_unit_test(test_cancelled_before_it_began),
		cmocka_unit_test(test_no_orphans_when_the_parent_is_killed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
