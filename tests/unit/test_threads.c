/* The pool of threads. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "photofinish/threads.h"
#include "shared_memory.h"

enum { UNITS = 500, SLOTS = 8 };

static void nap_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* What the units of a pool do. */
enum plan { PLAN_COUNT, PLAN_FAIL, PLAN_OPEN_FAILS, PLAN_CANCEL };

struct ledger {
	enum plan plan;
	atomic_int *cancel;
	atomic_uint begun[UNITS], finished[UNITS], opened[SLOTS], closed[SLOTS], ticks;
	atomic_int same_thread; /* two slots in one thread, or a unit in another thread than its slot's */
	pthread_t caller;
};

struct worker {
	uint32_t slot;
	pthread_t thread;
};

static pf_status open_worker(void *context, uint32_t slot, void **out, pf_error *error)
{
	struct ledger *ledger = context;
	if (ledger->plan == PLAN_OPEN_FAILS && slot == 2) {
		return pf_fail(error, PF_ERR_NO_MEMORY, "model", "not enough for slot %u", slot);
	}
	struct worker *self = malloc(sizeof *self);
	*self = (struct worker){.slot = slot, .thread = pthread_self()};
	atomic_fetch_add(&ledger->same_thread, pthread_equal(ledger->caller, pthread_self()) != 0);
	atomic_fetch_add(&ledger->opened[slot], 1);
	*out = self;
	return PF_OK;
}

static pf_status do_unit(void *context, void *worker, size_t unit, pf_error *error)
{
	struct ledger *ledger = context;
	const struct worker *self = worker;
	atomic_fetch_add(&ledger->begun[unit], 1);
	atomic_fetch_add(&ledger->same_thread, !pthread_equal(self->thread, pthread_self()));
	if (ledger->plan == PLAN_FAIL && unit == 20) {
		return pf_fail(error, PF_ERR_DAMAGED, "a.jpg", "unit %zu", unit);
	}
	if (ledger->plan == PLAN_CANCEL && unit == 10) {
		atomic_store(ledger->cancel, 1);
	}
	if (ledger->plan != PLAN_COUNT) {
		nap_ms(2);
	}
	atomic_fetch_add(&ledger->finished[unit], 1);
	return PF_OK;
}

static void close_worker(void *context, void *worker)
{
	struct ledger *ledger = context;
	struct worker *self = worker;
	atomic_fetch_add(&ledger->closed[self->slot], 1);
	free(self);
}

static void tick(void *context)
{
	struct ledger *ledger = context;
	atomic_fetch_add(&ledger->ticks, 1);
	atomic_fetch_add(&ledger->same_thread, !pthread_equal(ledger->caller, pthread_self()));
}

static struct ledger ledger;

static pf_status run_pool(enum plan plan, uint32_t workers, size_t units, pf_error *error)
{
	atomic_int *cancel;
	struct pf_env env = pf_shared_env(workers, &cancel);
	memset(&ledger, 0, sizeof ledger);
	ledger.plan = plan;
	ledger.cancel = cancel;
	ledger.caller = pthread_self();
	pf_pool_job job = {.units = units,
			   .context = &ledger,
			   .open = open_worker,
			   .unit = do_unit,
			   .close = close_worker,
			   .tick = tick};
	pf_status status = pf_threads_run(&env, &job, error);
	assert_int_equal(atomic_load(&ledger.same_thread), 0);
	assert_true(atomic_load(&ledger.ticks) > 0);
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		assert_int_equal(atomic_load(&ledger.opened[slot]), atomic_load(&ledger.closed[slot]));
	}
	for (uint32_t slot = 1; slot <= workers; slot++) {
		assert_true(env.traces[slot].peak_rss_bytes > 0);
		assert_int_equal(atomic_load(&env.traces[slot].pid), getpid());
		for (uint32_t other = 1; other < slot; other++) {
			assert_int_not_equal(atomic_load(&env.traces[slot].tid),
					     atomic_load(&env.traces[other].tid));
		}
	}
	return status;
}

static void test_every_unit_once(void **state)
{
	(void)state;
	static const uint32_t workers[] = {1, 2, 5};
	static const size_t units[] = {UNITS, 3, 0};
	for (int i = 0; i < 9; i++) {
		pf_error error;
		assert_int_equal(run_pool(PLAN_COUNT, workers[i % 3], units[i / 3], &error), PF_OK);
		for (size_t unit = 0; unit < UNITS; unit++) {
			assert_int_equal(atomic_load(&ledger.finished[unit]), unit < units[i / 3]);
		}
		for (uint32_t slot = 0; slot < SLOTS; slot++) {
			assert_int_equal(atomic_load(&ledger.opened[slot]),
					 slot >= 1 && slot <= workers[i % 3]);
		}
	}
}

static unsigned count_drained(void)
{
	unsigned finished = 0;
	for (size_t i = 0; i < UNITS; i++) {
		finished += atomic_load(&ledger.finished[i]);
	}
	return finished;
}

static void test_a_failure_ends_it(void **state)
{
	(void)state;
	pf_error error = {0};
	assert_int_equal(run_pool(PLAN_FAIL, 3, UNITS, &error), PF_ERR_DAMAGED);
	assert_string_equal(error.file, "a.jpg");
	assert_string_equal(error.message, "unit 20");
	assert_true(count_drained() >= 18 && count_drained() < 40);
	assert_int_equal(run_pool(PLAN_OPEN_FAILS, 3, UNITS, &error), PF_ERR_NO_MEMORY);
	assert_string_equal(error.message, "not enough for slot 2");
	assert_int_equal(atomic_load(&ledger.opened[2]), 0);
}

static void test_cancel_drains(void **state)
{
	(void)state;
	pf_error error = {0};
	assert_int_equal(run_pool(PLAN_CANCEL, 3, UNITS, &error), PF_ERR_CANCELLED);
	for (size_t i = 0; i < UNITS; i++) {
		assert_int_equal(atomic_load(&ledger.begun[i]), atomic_load(&ledger.finished[i]));
	}
	assert_true(count_drained() >= 11 && count_drained() < 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_unit_once),
		cmocka_unit_test(test_a_failure_ends_it),
		cmocka_unit_test(test_cancel_drains),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
