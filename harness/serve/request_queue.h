/* Requests that wait for workers: strict priorities, with ageing so that none waits for ever. Times are of
 * one clock, in ns. Pure: no thread, no clock of its own. */
#ifndef HARNESS_REQUEST_QUEUE_H
#define HARNESS_REQUEST_QUEUE_H

#include "harness/serve/request.h"

/* A request that has waited so long counts as one step more urgent; twice as long, as two. */
#define PF_QUEUE_AGEING_NS 2000000000ull

typedef struct pf_request_queue {
	pf_request *first, *last; /* those with photos that nobody has begun */
} pf_request_queue;

void pf_queue_push(pf_request_queue *queue, pf_request *request);

/* The request whose photo is to be begun next; NULL: none waits. */
pf_request *pf_queue_next(const pf_request_queue *queue, uint64_t now_ns);

void pf_queue_remove(pf_request_queue *queue, pf_request *request);

/* Photos that wait; those that would be begun before one that comes now with this urgency. */
size_t pf_queue_photos(const pf_request_queue *queue);
size_t pf_queue_before(const pf_request_queue *queue, unsigned urgency, uint64_t now_ns);

/* How long the oldest one has waited. */
uint64_t pf_queue_age_ns(const pf_request_queue *queue, uint64_t now_ns);

/* A request whose deadline has passed, taken out of the queue; NULL: none has. */
pf_request *pf_queue_expired(pf_request_queue *queue, uint64_t now_ns);

/* The last times of some kind, for half a minute: what was slow once must not be refused for ever. */
enum { PF_SERVICE_TIMES = 256 };
#define PF_SERVICE_LASTS_NS 30000000000ull
typedef struct pf_service_times {
	uint64_t last_ns[PF_SERVICE_TIMES], at_ns[PF_SERVICE_TIMES];
	uint64_t count;
} pf_service_times;

void pf_service_add(pf_service_times *times, uint64_t service_ns, uint64_t now_ns);

/* The least value that `percent` (1 to 100) of them do not exceed; 0 where there are none. */
uint64_t pf_service_percentile(const pf_service_times *times, unsigned percent, uint64_t now_ns);

/* When `photos` are done that come behind `before` others, by `workers` workers
 * that take `service_ns` for each. */
uint64_t pf_service_finish_ns(uint64_t service_ns, size_t before, size_t photos, size_t workers);

#endif
