#include "harness/serve/request_queue.h"

#include <stdlib.h>

void pf_queue_push(pf_request_queue *queue, pf_request *request)
{
	request->next = NULL;
	if (queue->last) {
		queue->last->next = request;
	} else {
		queue->first = request;
	}
	queue->last = request;
}

/* Less is more urgent; may fall below 0. */
static int64_t urgency_at(const pf_request *request, uint64_t now_ns)
{
	uint64_t waited = now_ns > request->queued_ns ? now_ns - request->queued_ns : 0;
	return (int64_t)request->urgency - (int64_t)(waited / PF_QUEUE_AGEING_NS);
}

pf_request *pf_queue_next(const pf_request_queue *queue, uint64_t now_ns)
{
	pf_request *best = queue->first;
	for (pf_request *at = best; at; at = at->next) { /* of equal ones the one that came first */
		best = urgency_at(at, now_ns) < urgency_at(best, now_ns) ? at : best;
	}
	return best;
}

void pf_queue_remove(pf_request_queue *queue, pf_request *request)
{
	pf_request *before = NULL;
	for (pf_request *at = queue->first; at && at != request; at = at->next) {
		before = at;
	}
	if (before) {
		before->next = request->next;
	} else {
		queue->first = request->next;
	}
	queue->last = queue->last == request ? before : queue->last;
	request->next = NULL;
}

size_t pf_queue_photos(const pf_request_queue *queue)
{
	size_t photos = 0;
	for (const pf_request *at = queue->first; at; at = at->next) {
		photos += pf_request_waiting(at);
	}
	return photos;
}

size_t pf_queue_before(const pf_request_queue *queue, unsigned urgency, uint64_t now_ns)
{
	size_t photos = 0;
	for (const pf_request *at = queue->first; at; at = at->next) {
		photos += urgency_at(at, now_ns) <= (int64_t)urgency ? pf_request_waiting(at) : 0;
	}
	return photos;
}

uint64_t pf_queue_age_ns(const pf_request_queue *queue, uint64_t now_ns)
{
	uint64_t age = 0;
	for (const pf_request *at = queue->first; at; at = at->next) {
		uint64_t waited = now_ns > at->queued_ns ? now_ns - at->queued_ns : 0;
		age = waited > age ? waited : age;
	}
	return age;
}

pf_request *pf_queue_expired(pf_request_queue *queue, uint64_t now_ns)
{
	for (pf_request *at = queue->first; at; at = at->next) {
		if (at->deadline_ns <= now_ns) {
			pf_queue_remove(queue, at);
			return at;
		}
	}
	return NULL;
}

void pf_service_add(pf_service_times *times, uint64_t service_ns, uint64_t now_ns)
{
	times->last_ns[times->count % PF_SERVICE_TIMES] = service_ns;
	times->at_ns[times->count++ % PF_SERVICE_TIMES] = now_ns;
}

static int by_time(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;
	return (*a > *b) - (*a < *b);
}

uint64_t pf_service_percentile(const pf_service_times *times, unsigned percent, uint64_t now_ns)
{
	uint64_t sorted[PF_SERVICE_TIMES];
	size_t n = 0;
	for (size_t i = 0; i < PF_SERVICE_TIMES && i < times->count; i++) {
		if (now_ns < times->at_ns[i] + PF_SERVICE_LASTS_NS) {
			sorted[n++] = times->last_ns[i];
		}
	}
	if (n == 0) {
		return 0;
	}
	qsort(sorted, n, sizeof *sorted, by_time);
	return sorted[(n * percent + 99) / 100 - 1];
}

uint64_t pf_service_finish_ns(uint64_t service_ns, size_t before, size_t photos, size_t workers)
{
	return (before + photos + workers - 1) / workers * service_ns;
}
