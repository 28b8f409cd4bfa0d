#include "photofinish/side_thread.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

struct pf_side_thread {
	pthread_mutex_t turnstile, inside;
	sem_t begun, may_end;
	pthread_t thread;
	void (*run)(void *context);
	void *context;
};

static void wait_for(sem_t *event)
{
	while (sem_wait(event) && errno == EINTR) {
	}
}

static void *begin(void *context)
{
	pf_side_thread *own = context;
	sem_post(&own->begun);
	own->run(own->context);
	wait_for(&own->may_end);
	return NULL;
}

pf_status pf_side_thread_start(void (*run)(void *context), void *context, pf_side_thread **out,
			       pf_error *error)
{
	pf_side_thread *own = malloc(sizeof *own);
	*out = NULL;
	if (!own) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for a thread");
	}
	*own = (pf_side_thread){.turnstile = PTHREAD_MUTEX_INITIALIZER,
				.inside = PTHREAD_MUTEX_INITIALIZER,
				.run = run,
				.context = context};
	sem_init(&own->begun, 0, 0);
	sem_init(&own->may_end, 0, 0);
	*out = own; /* before the thread, which may use it */
	errno = pthread_create(&own->thread, NULL, begin, own);
	if (errno) {
		pf_status status = pf_fail_errno(error, NULL, "cannot start a thread");
		free(own);
		*out = NULL;
		return status;
	}
	wait_for(&own->begun);
	return PF_OK;
}

void pf_side_thread_join(pf_side_thread *thread)
{
	if (thread) {
		sem_post(&thread->may_end);
		pthread_join(thread->thread, NULL);
		sem_destroy(&thread->begun);
		sem_destroy(&thread->may_end);
		free(thread);
	}
}

/* Who waits for the inside holds the turnstile, so that the one who comes out cannot go in again first. */
void pf_side_thread_enter(pf_side_thread *thread)
{
	pthread_mutex_lock(&thread->turnstile);
	pthread_mutex_lock(&thread->inside);
	pthread_mutex_unlock(&thread->turnstile);
}

void pf_side_thread_leave(pf_side_thread *thread)
{
	pthread_mutex_unlock(&thread->inside);
}
