/* The bounded queue and the pool of threads. */
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

enum { ITEMS = 4000, MAKERS = 3, TAKERS = 3, UNITS = 500, SLOTS = 8 };

static void nap_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static pf_queue *open_queue(size_t capacity, const atomic_int *cancel)
{
	pf_queue *queue;
	assert_int_equal(pf_queue_create(capacity, sizeof(uint32_t), cancel, &queue, NULL), PF_OK);
	return queue;
}

static void test_first_in_first_out(void **state)
{
	(void)state;
	pf_queue *queue = open_queue(3, NULL);
	uint32_t taken, next = 0;
	for (uint32_t put = 0; put < 50; put++) {
		assert_true(pf_queue_put(queue, &put));
		if (put % 3 == 2) {
			for (int i = 0; i < 3; i++) {
				assert_true(pf_queue_take(queue, &taken));
				assert_int_equal(taken, next++);
			}
		}
	}
	pf_queue_close(queue);
	pf_queue_close(queue);
	while (pf_queue_take(queue, &taken)) { /* what was in it is not lost */
		assert_int_equal(taken, next++);
	}
	assert_int_equal(next, 50);
	assert_false(pf_queue_put(queue, &next));
	assert_false(pf_queue_take(queue, &taken));
	pf_queue_destroy(queue);
	pf_queue_destroy(NULL);
}

static void test_absurd_sizes(void **state)
{
	(void)state;
	pf_queue *queue;
	pf_error error;
	assert_int_equal(pf_queue_create(SIZE_MAX / 2, 8, NULL, &queue, &error), PF_ERR_NO_MEMORY);
	assert_null(queue);
}

struct traffic {
	pf_queue *queue;
	atomic_uint made, seen[ITEMS], waited;
	atomic_int result; /* of a lone put or take; -1 before */
};

static void *make_items(void *argument)
{
	struct traffic *t = argument;
	for (uint32_t item; (item = atomic_fetch_add(&t->made, 1)) < ITEMS;) {
		if (!pf_queue_put(t->queue, &item)) {
			return argument; /* it must not be closed yet */
		}
	}
	return NULL;
}

static void *take_items(void *argument)
{
	struct traffic *t = argument;
	uint32_t item;
	while (pf_queue_take(t->queue, &item)) {
		atomic_fetch_add(&t->seen[item], 1);
	}
	return NULL;
}

static void test_many_threads(void **state)
{
	(void)state;
	struct traffic *t = calloc(1, sizeof *t);
	pthread_t makers[MAKERS], takers[TAKERS];
	t->queue = open_queue(5, NULL);
	for (int i = 0; i < MAKERS; i++) {
		assert_int_equal(pthread_create(&makers[i], NULL, make_items, t), 0);
		assert_int_equal(pthread_create(&takers[i], NULL, take_items, t), 0);
	}
	for (int i = 0; i < MAKERS; i++) {
		void *failed;
		pthread_join(makers[i], &failed);
		assert_null(failed);
	}
	pf_queue_close(t->queue);
	for (int i = 0; i < TAKERS; i++) {
		pthread_join(takers[i], NULL);
	}
	for (int i = 0; i < ITEMS; i++) {
		assert_int_equal(atomic_load(&t->seen[i]), 1);
	}
	pf_queue_destroy(t->queue);
	free(t);
}

static void *put_one(void *argument)
{
	struct traffic *t = argument;
	uint32_t item = 7;
	bool done = pf_queue_put(t->queue, &item);
	atomic_store(&t->result, done);
	return NULL;
}

static void *take_one(void *argument)
{
	struct traffic *t = argument;
	uint32_t item;
	bool done = pf_queue_take(t->queue, &item);
	atomic_store(&t->result, done);
	return NULL;
}

/* A full or an empty queue holds its thread; closing it or the cancel flag sets it free. */
static void check_waits(void *(*act)(void *), bool full, bool by_flag)
{
	atomic_int cancel = 0;
	struct traffic *t = calloc(1, sizeof *t);
	uint32_t item = 1;
	pthread_t thread;
	t->queue = open_queue(1, &cancel);
	atomic_store(&t->result, -1);
	if (full) {
		assert_true(pf_queue_put(t->queue, &item));
	}
	assert_int_equal(pthread_create(&thread, NULL, act, t), 0);
	nap_ms(80);
	assert_int_equal(atomic_load(&t->result), -1);
	if (by_flag) {
		atomic_store(&cancel, 1);
	} else {
		pf_queue_close(t->queue);
	}
	pthread_join(thread, NULL);
	assert_int_equal(atomic_load(&t->result), 0);
	if (by_flag) { /* dropped, not drained */
		assert_false(pf_queue_take(t->queue, &item));
		assert_false(pf_queue_put(t->queue, &item));
	}
	pf_queue_destroy(t->queue);
	free(t);
}

static void test_full_and_empty(void **state)
{
	(void)state;
	check_waits(put_one, true, false);
	check_waits(put_one, true, true);
	check_waits(take_one, false, false);
	check_waits(take_one, false, true);
}

static void test_room_wakes_who_waits(void **state)
{
	(void)state;
	struct traffic *t = calloc(1, sizeof *t);
	uint32_t item = 1;
	pthread_t thread;
	t->queue = open_queue(1, NULL);
	atomic_store(&t->result, -1);
	assert_true(pf_queue_put(t->queue, &item));
	assert_int_equal(pthread_create(&thread, NULL, put_one, t), 0);
	nap_ms(20);
	assert_true(pf_queue_take(t->queue, &item));
	assert_int_equal(item, 1);
	pthread_join(thread, NULL);
	assert_int_equal(atomic_load(&t->result), 1);
	assert_true(pf_queue_take(t->queue, &item));
	assert_int_equal(item, 7);
	pf_queue_destroy(t->queue);
	free(t);
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
		cmocka_unit_test(test_first_in_first_out),   cmocka_unit_test(test_absurd_sizes),
		cmocka_unit_test(test_many_threads),         cmocka_unit_test(test_full_and_empty),
		cmocka_unit_test(test_room_wakes_who_waits), cmocka_unit_test(test_every_unit_once),
		cmocka_unit_test(test_a_failure_ends_it),    cmocka_unit_test(test_cancel_drains),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
