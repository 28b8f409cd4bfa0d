/* A bounded queue between threads. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "photofinish/threads.h"

#define LOOK_NS 50000000 /* between looks at the cancel flag */

struct pf_queue {
	pthread_mutex_t mutex;
	pthread_cond_t changed; /* items, room or `closed` */
	const atomic_int *cancel;
	size_t capacity, item_bytes, first, count;
	bool closed;
	unsigned char items[];
};

pf_status pf_queue_create(size_t capacity, size_t item_bytes, const atomic_int *cancel, pf_queue **out,
			  pf_error *error)
{
	size_t bytes;
	*out = NULL;
	pf_queue *queue = NULL;
	if (!__builtin_mul_overflow(capacity, item_bytes, &bytes) &&
	    !__builtin_add_overflow(bytes, sizeof *queue, &bytes)) {
		queue = calloc(1, bytes);
	}
	if (!queue) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate a queue of %zu", capacity);
	}
	queue->cancel = cancel;
	queue->capacity = capacity;
	queue->item_bytes = item_bytes;
	pthread_condattr_t clock;
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&queue->changed, &clock);
	pthread_condattr_destroy(&clock);
	pthread_mutex_init(&queue->mutex, NULL);
	*out = queue;
	return PF_OK;
}

void pf_queue_destroy(pf_queue *queue)
{
	if (queue) {
		pthread_cond_destroy(&queue->changed);
		pthread_mutex_destroy(&queue->mutex);
		free(queue);
	}
}

static bool is_cancelled(const pf_queue *queue)
{
	return queue->cancel && atomic_load_explicit(queue->cancel, memory_order_relaxed);
}

/* Until something changes, but not for longer than between two looks. */
static void wait_a_little(pf_queue *queue)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_NS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_timedwait(&queue->changed, &queue->mutex, &until);
}

static void *item_at(pf_queue *queue, size_t index)
{
	return queue->items + index % queue->capacity * queue->item_bytes;
}

bool pf_queue_put(pf_queue *queue, const void *item)
{
	pthread_mutex_lock(&queue->mutex);
	while (queue->count == queue->capacity && !queue->closed && !is_cancelled(queue)) {
		wait_a_little(queue);
	}
	bool is_open = !queue->closed && !is_cancelled(queue);
	if (is_open) {
		memcpy(item_at(queue, queue->first + queue->count), item, queue->item_bytes);
		queue->count++;
		pthread_cond_broadcast(&queue->changed);
	}
	pthread_mutex_unlock(&queue->mutex);
	return is_open;
}

bool pf_queue_take(pf_queue *queue, void *item)
{
	pthread_mutex_lock(&queue->mutex);
	while (queue->count == 0 && !queue->closed && !is_cancelled(queue)) {
		wait_a_little(queue);
	}
	bool has_item = queue->count > 0 && !is_cancelled(queue);
	if (has_item) {
		memcpy(item, item_at(queue, queue->first), queue->item_bytes);
		queue->first = (queue->first + 1) % queue->capacity;
		queue->count--;
		pthread_cond_broadcast(&queue->changed);
	}
	pthread_mutex_unlock(&queue->mutex);
	return has_item;
}

void pf_queue_close(pf_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->closed = true;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->mutex);
}
