/* A pool of threads that take numbered units from a shared counter. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "photofinish/threads.h"

#define TICK_NS 200000000

typedef struct team {
	const struct pf_env *env;
	const pf_pool_job *job;
	atomic_size_t next;
	atomic_int stop; /* a worker failed */
	pthread_mutex_t mutex;
	pthread_cond_t ended;
	uint32_t running;
	pf_status status; /* the first failure; PF_ERR_CANCELLED only where there is no other */
	pf_error error;
} team;

typedef struct member {
	team *team;
	uint32_t slot;
	pthread_t thread;
} member;

static pf_status work(team *t, uint32_t slot, pf_error *error)
{
	const pf_pool_job *job = t->job;
	void *state = NULL;
	pf_status status = job->open(job->context, slot, &state, error);
	while (status == PF_OK && !atomic_load(&t->stop)) {
		if (pf_cancelled(t->env)) {
			status = pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
			break;
		}
		size_t unit = atomic_fetch_add(&t->next, 1);
		if (unit >= job->units) {
			break;
		}
		status = job->unit(job->context, state, unit, error);
	}
	if (state) {
		job->close(job->context, state);
	}
	return status;
}

static void *run_member(void *argument)
{
	const member *m = argument;
	team *t = m->team;
	pf_error error = {0};
	pf_worker_enter(t->env, m->slot);
	pf_status status = work(t, m->slot, &error);
	pf_worker_leave(t->env, m->slot);
	pthread_mutex_lock(&t->mutex);
	if (status != PF_OK && (t->status == PF_OK || t->status == PF_ERR_CANCELLED)) {
		t->status = status;
		t->error = error;
		atomic_store(&t->stop, 1);
	}
	t->running--;
	pthread_cond_signal(&t->ended);
	pthread_mutex_unlock(&t->mutex);
	return NULL;
}

static void wait_for_the_end(team *t)
{
	uint32_t running;
	do {
		if (t->job->tick) {
			t->job->tick(t->job->context);
		}
		struct timespec until;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += TICK_NS;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_mutex_lock(&t->mutex);
		if (t->running > 0) {
			pthread_cond_timedwait(&t->ended, &t->mutex, &until);
		}
		running = t->running;
		pthread_mutex_unlock(&t->mutex);
	} while (running > 0);
}

pf_status pf_threads_run(const struct pf_env *env, const pf_pool_job *job, pf_error *error)
{
	team t = {.env = env, .job = job, .mutex = PTHREAD_MUTEX_INITIALIZER};
	member *members = calloc(env->workers, sizeof *members);
	if (!members) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for %u threads",
			       env->workers);
	}
	pthread_condattr_t clock;
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&t.ended, &clock);
	pthread_condattr_destroy(&clock);
	uint32_t started = 0;
	for (; started < env->workers; started++) {
		members[started] = (member){.team = &t, .slot = started + 1};
		pthread_mutex_lock(&t.mutex);
		t.running++;
		pthread_mutex_unlock(&t.mutex);
		errno = pthread_create(&members[started].thread, NULL, run_member, &members[started]);
		if (errno) {
			pthread_mutex_lock(&t.mutex);
			t.running--;
			t.status = pf_fail_errno(&t.error, NULL, "cannot start a thread");
			atomic_store(&t.stop, 1);
			pthread_mutex_unlock(&t.mutex);
			break;
		}
	}
	wait_for_the_end(&t);
	for (uint32_t i = 0; i < started; i++) {
		pthread_join(members[i].thread, NULL);
	}
	free(members);
	pthread_cond_destroy(&t.ended);
	pthread_mutex_destroy(&t.mutex);
	if (t.status != PF_OK && error) {
		*error = t.error;
	}
	return t.status;
}
