/* Results that outlive the workers: deaths are counted, killers quarantined, and whatever dies when, every
 * photo ends with exactly one outcome. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "photofinish/exec.h"
#include "shared_memory.h"

enum { PHOTOS = 240, BURST = 6, BURSTS = PHOTOS / BURST, WORKERS = 4, NOBODY = -1 };

/* Takes events from all processes, in shared memory. */
struct shared_sink {
	struct pf_sink sink; /* first: the functions cast back */
	atomic_uint told[PHOTOS], ranked[BURSTS];
	atomic_int status[PHOTOS];
	_Atomic double total[PHOTOS];
	atomic_uint ranks[PHOTOS];
	char message[PHOTOS][128];
};

static struct {
	struct pf_env env;
	atomic_int *cancel;
	pf_dataset dataset;
	pf_dataset_photo photos[PHOTOS];
	uint32_t indices[PHOTOS];
	pf_burst bursts[BURSTS];
	pf_result_table *table;
	struct shared_sink *sink;
	int killer;  /* photo on which workers die, NOBODY for none */
	int sleeper; /* photo that never ends, NOBODY for none */
	uint32_t fail_every;
	atomic_int *victims; /* pids of workers that have begun a photo */
} job;

static pf_status hear_burst(struct pf_sink *sink, const pf_burst *burst)
{
	(void)sink;
	(void)burst;
	return PF_OK;
}

static pf_status hear_photo(struct pf_sink *sink, const pf_photo_result *result)
{
	struct shared_sink *to = (struct shared_sink *)sink;
	atomic_fetch_add(&to->told[result->index], 1);
	atomic_store(&to->status[result->index], (int)result->status);
	atomic_store(&to->total[result->index], result->score ? result->score->total : -1);
	snprintf(to->message[result->index], sizeof to->message[0], "%s", result->message);
	return PF_OK;
}

static pf_status hear_ranks(struct pf_sink *sink, const pf_burst *burst, const uint32_t *ranks)
{
	struct shared_sink *to = (struct shared_sink *)sink;
	for (uint32_t i = 0; i < burst->count; i++) {
		atomic_store(&to->ranks[burst->photos[i]], ranks[i]);
	}
	atomic_fetch_add(&to->ranked[burst->id / BURST], 1);
	return PF_OK;
}

static double total_of(uint32_t photo)
{
	return (double)(photo * 37 % 101) / 128;
}

static uint32_t own_slot; /* of this process */

/* In place of the engine. */
static pf_status score(const pf_burst_worker *worker, size_t index, pf_score *out, pf_error *error)
{
	(void)worker;
	atomic_store(&job.victims[own_slot], getpid());
	if ((int)index == job.killer) {
		raise(SIGKILL);
	}
	while ((int)index == job.sleeper) {
		sleep(3600);
	}
	nanosleep(&(struct timespec){.tv_nsec = 300000}, NULL);
	if (job.fail_every && index % job.fail_every == 0) {
		return pf_fail(error, PF_ERR_DAMAGED, "x", "photo %zu is damaged", index);
	}
	out->total = total_of((uint32_t)index);
	out->factors[PF_FACTOR_FACES] = out->total; /* the only one with a weight: it decides the ranks */
	return PF_OK;
}

static pf_status open_worker(void *context, uint32_t slot, void **state, pf_error *error)
{
	static pf_burst_worker worker;
	(void)context;
	(void)error;
	own_slot = slot;
	worker = (pf_burst_worker){.env = &job.env,
				   .dataset = &job.dataset,
				   .table = job.table,
				   .sink = &job.sink->sink,
				   .score_photo = score,
				   .slot = slot,
				   .trace = pf_worker_enter(&job.env, slot)};
	*state = &worker;
	return PF_OK;
}

static pf_status do_unit(void *context, void *state, size_t unit, pf_error *error)
{
	(void)context;
	return pf_burst_score(state, &job.bursts[unit], error);
}

static void close_worker(void *context, void *state)
{
	const pf_burst_worker *worker = state;
	(void)context;
	atomic_store(&job.victims[worker->slot], 0);
}

static pf_status note_death(void *context, size_t unit, uint32_t photo, int signal, pf_error *error)
{
	(void)context;
	return pf_result_count_death(job.table, &job.bursts[unit], photo, signal, error);
}

static pf_status take(void *context, size_t unit, const void *what, size_t bytes, pf_error *error)
{
	(void)context;
	(void)error;
	return pf_result_take(job.table, &job.env, &job.sink->sink, &job.bursts[unit], what, bytes, NULL);
}

static const pf_pool_job pool_job = {.units = BURSTS,
				     .open = open_worker,
				     .unit = do_unit,
				     .close = close_worker,
				     .died = note_death,
				     .told = take};

static int set_up(void **state)
{
	(void)state;
	static char names[PHOTOS][16];
	static const pf_scorer_config config = {.weights[PF_FACTOR_FACES] = 1.0};
	job.env = pf_shared_env(WORKERS, &job.cancel);
	job.env.scorer = &config;
	job.sink = pf_shared_alloc(sizeof *job.sink);
	job.sink->sink = (struct pf_sink){sizeof(struct pf_sink), hear_burst, hear_photo, hear_ranks};
	job.victims = pf_shared_alloc((WORKERS + 1) * sizeof *job.victims);
	job.killer = job.sleeper = NOBODY;
	job.fail_every = 0;
	for (uint32_t i = 0; i < PHOTOS; i++) {
		snprintf(names[i], sizeof names[i], "%u.jpg", i);
		job.photos[i].path = names[i];
		job.indices[i] = i;
	}
	for (uint32_t i = 0; i < BURSTS; i++) {
		job.bursts[i] = (pf_burst){
			.id = i * BURST, .count = BURST, .photos = &job.indices[i * BURST]};
	}
	job.dataset = (pf_dataset){.photos = job.photos, .count = PHOTOS};
	assert_int_equal(pf_result_table_create(PHOTOS, &job.table, NULL), PF_OK);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pf_result_table_destroy(job.table);
	pf_result_table_destroy(NULL);
	return 0;
}

/* Each photo was told of, last with what it is; each burst was ranked by what its photos are. */
static void check_outcomes(unsigned most_crashed)
{
	unsigned crashed = 0;
	for (uint32_t i = 0; i < PHOTOS; i++) {
		int signal, status = atomic_load(&job.sink->status[i]);
		assert_true(pf_result_is_done(job.table, i));
		assert_true(atomic_load(&job.sink->told[i]) >= 1);
		if ((int)i == job.sleeper) {
			assert_int_equal(status, PF_ERR_TIMEOUT);
		} else if (status == PF_ERR_CRASHED) {
			assert_true(pf_result_deaths(job.table, i, &signal) >= PF_DEATHS_ALLOWED);
			assert_int_equal(signal, SIGKILL);
			crashed++;
		} else if (job.fail_every && i % job.fail_every == 0) {
			assert_int_equal(status, PF_ERR_DAMAGED);
		} else {
			assert_int_equal(status, PF_OK);
			assert_true(atomic_load(&job.sink->total[i]) == total_of(i));
		}
	}
	assert_true(crashed <= most_crashed);
	for (uint32_t b = 0; b < BURSTS; b++) {
		assert_true(atomic_load(&job.sink->ranked[b]) >= 1);
		for (uint32_t i = b * BURST; i < (b + 1) * BURST; i++) {
			unsigned expected = 1;
			for (uint32_t other = b * BURST; other < (b + 1) * BURST; other++) {
				double own = atomic_load(&job.sink->total[i]),
				       its = atomic_load(&job.sink->total[other]);
				expected += its > own || (its == own && other < i);
			}
			bool scored = atomic_load(&job.sink->status[i]) == PF_OK;
			assert_int_equal(atomic_load(&job.sink->ranks[i]), scored ? expected : 0);
		}
	}
}

static void test_all_well(void **state)
{
	(void)state;
	pf_error error;
	job.fail_every = 7;
	assert_int_equal(pf_pool_run(&job.env, &pool_job, &error), PF_OK);
	check_outcomes(0);
	for (uint32_t i = 0; i < PHOTOS; i++) {
		assert_int_equal(atomic_load(&job.sink->told[i]), 1);
	}
	assert_string_equal(job.sink->message[7], "photo 7 is damaged");
	assert_string_equal(job.sink->message[8], "");
	/* Scoring a burst that is done tells of nothing again. */
	pf_burst_worker *worker;
	open_worker(NULL, 1, (void **)&worker, &error);
	assert_int_equal(pf_burst_score(worker, &job.bursts[3], &error), PF_OK);
	assert_int_equal(atomic_load(&job.sink->told[3 * BURST]), 1);
	assert_int_equal(atomic_load(&job.sink->ranked[3]), 1);
}

static void test_a_killer_photo_is_quarantined(void **state)
{
	(void)state;
	pf_error error;
	for (int place = 0; place < BURST; place += BURST - 1) { /* first and last of its burst */
		set_up(state);
		job.killer = 60 + place;
		assert_int_equal(pf_pool_run(&job.env, &pool_job, &error), PF_OK);
		check_outcomes(1);
		int signal;
		assert_int_equal(pf_result_deaths(job.table, (uint32_t)job.killer, &signal), 2);
		assert_int_equal(atomic_load(&job.sink->status[job.killer]), PF_ERR_CRASHED);
		assert_int_equal(atomic_load(&job.sink->told[job.killer]), 1);
		assert_non_null(strstr(job.sink->message[job.killer], "2 workers died on it (Killed)"));
		if (place == 0) {
			pf_result_table_destroy(job.table);
		}
	}
}

/* A photo that takes for ever is tried twice, then listed; the others are not held up. */
static void test_a_photo_that_never_ends(void **state)
{
	(void)state;
	pf_error error;
	int signal;
	job.env.photo_timeout_ns = 1000000000;
	job.sleeper = 63;
	assert_int_equal(pf_pool_run(&job.env, &pool_job, &error), PF_OK);
	check_outcomes(0);
	pf_check_no_children();
	assert_int_equal(pf_result_deaths(job.table, 63, &signal), 2);
	assert_int_equal(signal, PF_DEATH_BY_TIMEOUT);
	assert_string_equal(job.sink->message[63], "not done after 1 s, in 2 attempts");
	for (uint32_t i = 0; i < PHOTOS; i++) {
		assert_int_equal(atomic_load(&job.sink->told[i]), 1);
	}
}

/* Kills workers whenever it likes, each once and only after it began a photo, so that work goes on. */
static void kill_at_random(unsigned seed, int kills)
{
	uint64_t random = seed;
	for (int i = 0; i < kills;) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		nanosleep(&(struct timespec){.tv_nsec = (long)(random >> 33) % 4000000}, NULL);
		int pid = atomic_exchange(&job.victims[1 + (random >> 60) % WORKERS], 0);
		if (pid > 0) {
			kill(pid, SIGKILL);
			i++;
		}
		if (getppid() == 1) {
			return;
		}
	}
}

static void test_workers_killed_at_random(void **state)
{
	(void)state;
	pf_error error;
	for (unsigned seed = 1; seed <= 12; seed++) {
		enum { KILLS = 15 };
		set_up(state);
		job.fail_every = 11;
		pid_t killer = fork();
		if (killer == 0) {
			kill_at_random(seed, KILLS);
			_exit(0);
		}
		assert_int_equal(pf_pool_run(&job.env, &pool_job, &error), PF_OK);
		kill(killer, SIGKILL);
		waitpid(killer, NULL, 0);
		check_outcomes(KILLS / 2);
		pf_check_no_children();
		if (seed < 12) {
			pf_result_table_destroy(job.table);
		}
	}
}

/* Deaths outside of any photo are nobody's fault but the run's. */
static void test_deaths_outside_of_photos(void **state)
{
	(void)state;
	pf_error error;
	int signal;
	const pf_burst *burst = &job.bursts[2];
	assert_int_equal(pf_result_count_death(job.table, burst, PF_NO_PHOTO, SIGABRT, &error), PF_OK);
	assert_int_equal(pf_result_count_death(job.table, burst, PF_NO_PHOTO, SIGABRT, &error), PF_OK);
	assert_int_equal(pf_result_count_death(job.table, burst, PF_NO_PHOTO, SIGABRT, &error),
			 PF_ERR_CRASHED);
	assert_non_null(strstr(error.message, "outside of any photo (Aborted)"));
	for (uint32_t i = 0; i < BURST; i++) {
		assert_int_equal(pf_result_deaths(job.table, burst->photos[i], &signal), 0);
	}
	/* Nor are deaths in a photo deaths outside of one. */
	burst = &job.bursts[5];
	assert_int_equal(pf_result_count_death(job.table, burst, burst->photos[0], SIGBUS, &error), PF_OK);
	assert_int_equal(pf_result_count_death(job.table, burst, burst->photos[0], SIGBUS, &error), PF_OK);
	assert_int_equal(pf_result_count_death(job.table, burst, PF_NO_PHOTO, 0, &error), PF_OK);
	assert_int_equal(pf_result_deaths(job.table, burst->photos[0], &signal), 2);
	assert_int_equal(signal, SIGBUS);
}

static void test_cancel_stops_between_photos(void **state)
{
	(void)state;
	pf_error error;
	pf_burst_worker *worker;
	open_worker(NULL, 1, (void **)&worker, &error);
	atomic_store(job.cancel, 1);
	assert_int_equal(pf_burst_score(worker, &job.bursts[0], &error), PF_ERR_CANCELLED);
	assert_int_equal(error.code, PF_ERR_CANCELLED);
	assert_int_equal(atomic_load(&job.sink->told[0]), 0);
	assert_int_equal(atomic_load(&job.sink->ranked[0]), 0);
}

static pf_status deaf(struct pf_sink *sink, const pf_photo_result *result)
{
	(void)sink;
	(void)result;
	return PF_ERR_IO;
}

static void test_nobody_listens(void **state)
{
	(void)state;
	pf_error error;
	pf_burst_worker *worker;
	job.sink->sink.photo_done = deaf;
	open_worker(NULL, 1, (void **)&worker, &error);
	assert_int_equal(pf_burst_score(worker, &job.bursts[0], &error), PF_ERR_IO);
	assert_int_equal(error.code, PF_ERR_IO);
	assert_false(pf_result_is_done(job.table, 1));
}

#define WITH_JOB(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_JOB(test_all_well),
		WITH_JOB(test_a_killer_photo_is_quarantined),
		WITH_JOB(test_a_photo_that_never_ends),
		WITH_JOB(test_workers_killed_at_random),
		WITH_JOB(test_deaths_outside_of_photos),
		WITH_JOB(test_cancel_stops_between_photos),
		WITH_JOB(test_nobody_listens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
