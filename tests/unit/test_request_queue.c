/* The order in which requests are served, who expires, and what the last service times say of the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/serve/request_queue.h"

#define SECOND 1000000000ull

static pf_request request_of(unsigned urgency, uint64_t queued_ns, size_t photos)
{
	return (pf_request){
		.urgency = urgency, .queued_ns = queued_ns, .count = photos, .deadline_ns = UINT64_MAX};
}

/* The more urgent first, of one urgency the earlier; one that has waited counts as more urgent. */
static void test_order(void **state)
{
	(void)state;
	pf_request_queue queue = {NULL, NULL};
	assert_null(pf_queue_next(&queue, 0));
	pf_request low = request_of(5, 0, 1), first = request_of(3, 0, 2), second = request_of(3, 0, 1);
	pf_queue_push(&queue, &low);
	pf_queue_push(&queue, &first);
	pf_queue_push(&queue, &second);
	assert_ptr_equal(pf_queue_next(&queue, 0), &first);
	assert_int_equal(pf_queue_photos(&queue), 4);
	assert_int_equal(pf_queue_before(&queue, 3, 0), 3);
	assert_int_equal(pf_queue_before(&queue, 2, 0), 0);
	assert_int_equal(pf_queue_before(&queue, 7, 0), 4);
	first.begun = 1; /* a worker has one of its photos */
	assert_int_equal(pf_queue_before(&queue, 3, 0), 2);
	pf_queue_remove(&queue, &first);
	assert_ptr_equal(pf_queue_next(&queue, 0), &second);
	uint64_t later = 2 * PF_QUEUE_AGEING_NS;
	pf_request urgent = request_of(3, later, 1), more = request_of(2, later, 1);
	pf_queue_remove(&queue, &second);
	pf_queue_push(&queue, &urgent);
	assert_ptr_equal(pf_queue_next(&queue, later), &low); /* 5 - 2 = 3, and it came before */
	assert_ptr_equal(pf_queue_next(&queue, later - 1), &urgent);
	pf_queue_push(&queue, &more);
	assert_ptr_equal(pf_queue_next(&queue, later), &more);
	assert_ptr_equal(pf_queue_next(&queue, 9 * later), &more); /* far below 0 */
	assert_true(pf_queue_age_ns(&queue, later) == later);
	pf_queue_remove(&queue, &more);
	pf_queue_remove(&queue, &low);
	pf_queue_remove(&queue, &urgent);
	assert_null(queue.first);
	assert_null(queue.last);
	pf_queue_push(&queue, &low); /* an empty one takes again */
	assert_ptr_equal(pf_queue_next(&queue, 0), &low);
}

static void test_expiry(void **state)
{
	(void)state;
	pf_request_queue queue = {NULL, NULL};
	pf_request a = request_of(3, 0, 1), b = request_of(0, 0, 1), c = request_of(3, 0, 1);
	a.deadline_ns = 30;
	b.deadline_ns = 20;
	c.deadline_ns = 10;
	pf_queue_push(&queue, &a);
	pf_queue_push(&queue, &b);
	pf_queue_push(&queue, &c);
	assert_null(pf_queue_expired(&queue, 9));
	assert_ptr_equal(pf_queue_expired(&queue, 10), &c);
	assert_null(pf_queue_expired(&queue, 19));
	assert_ptr_equal(pf_queue_expired(&queue, 30), &a);
	assert_ptr_equal(pf_queue_expired(&queue, 30), &b);
	assert_null(pf_queue_expired(&queue, UINT64_MAX));
	assert_null(queue.last);
}

static void test_times(void **state)
{
	(void)state;
	static pf_service_times times;
	assert_true(pf_service_percentile(&times, 95, 0) == 0);
	for (uint64_t i = 1; i <= 100; i++) {
		pf_service_add(&times, i, SECOND);
	}
	assert_true(pf_service_percentile(&times, 95, SECOND) == 95);
	assert_true(pf_service_percentile(&times, 50, SECOND) == 50);
	assert_true(pf_service_percentile(&times, 100, SECOND) == 100);
	/* Only the last ones count, and those not for ever. */
	for (uint64_t i = 0; i < PF_SERVICE_TIMES; i++) {
		pf_service_add(&times, 7, 2 * SECOND);
	}
	assert_true(pf_service_percentile(&times, 100, 3 * SECOND) == 7);
	assert_true(pf_service_percentile(&times, 1, SECOND + PF_SERVICE_LASTS_NS) == 7);
	assert_true(pf_service_percentile(&times, 100, 2 * SECOND + PF_SERVICE_LASTS_NS) == 0);
	pf_service_add(&times, 9, 40 * SECOND);
	assert_true(pf_service_percentile(&times, 1, 40 * SECOND) == 9);
	/* Behind 3 others at 2 workers: the second round. */
	assert_true(pf_service_finish_ns(10, 0, 1, 2) == 10);
	assert_true(pf_service_finish_ns(10, 1, 1, 2) == 10);
	assert_true(pf_service_finish_ns(10, 3, 1, 2) == 20);
	assert_true(pf_service_finish_ns(10, 0, 5, 2) == 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_times),
	};
	return cmocka_run_group_tests_name("request_queue", tests, NULL, NULL);
}
