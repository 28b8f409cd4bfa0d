/* What variants whose workers are threads are built from: a pool of threads, and a bounded queue. */
#ifndef PHOTOFINISH_THREADS_H
#define PHOTOFINISH_THREADS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "photofinish/exec.h"
#include "photofinish/status.h"
#include "photofinish/variant.h"

/* Runs every unit of the job, in order of their numbers, each on the next free of env->workers threads. A
 * thread is a worker with a slot and a trace of its own; its functions run in it, `tick` in the caller,
 * `died` never: what kills a thread kills the process. Returns the first failure (the others finish the unit
 * at hand), or PF_ERR_CANCELLED; all threads are gone then. */
PF_API pf_status pf_threads_run(const struct pf_env *env, const pf_pool_job *job, pf_error *error);

/* A first-in first-out queue of at most `capacity` items of `item_bytes` each, copied in and out. Any number
 * of threads of one process may put and take. */
typedef struct pf_queue pf_queue;

/* `cancel` may be NULL; once it is not 0 the queue is as good as closed, and what is in it is dropped. */
PF_API pf_status pf_queue_create(size_t capacity, size_t item_bytes, const atomic_int *cancel, pf_queue **out,
				 pf_error *error);
PF_API void pf_queue_destroy(pf_queue *queue); /* NULL is fine; no thread may be waiting */

/* Waits for room. False once the queue is closed: the item stays the caller's. */
PF_API bool pf_queue_put(pf_queue *queue, const void *item);

/* Waits for an item. False once the queue is closed and empty. */
PF_API bool pf_queue_take(pf_queue *queue, void *item);

/* No item comes any more; what is in it may still be taken. May be called twice. */
PF_API void pf_queue_close(pf_queue *queue);

#endif
