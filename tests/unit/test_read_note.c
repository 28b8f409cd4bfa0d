/* Which bytes were scored: what a thread's scorers have read, for who tells of the outcome. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "core/scoring/read_note.h"
#include "photofinish/sha256.h"
#include "photofinish/trace.h"

static const char one[] = "the bytes of a photo", other[] = "the bytes of another";

static void assert_hash_of(const char *bytes, const uint8_t sha256[PF_SHA256_BYTES])
{
	uint8_t wanted[PF_SHA256_BYTES];
	pf_sha256_of(bytes, strlen(bytes), wanted);
	assert_memory_equal(sha256, wanted, sizeof wanted);
}

static void test_taken_once(void **state)
{
	(void)state;
	uint8_t sha256[PF_SHA256_BYTES];
	uint64_t service_ns = 0, begin_ns = pf_now_ns() - 1000000;
	assert_false(pf_read_take(7, sha256, &service_ns));
	pf_read_note(7, one, strlen(one), begin_ns);
	assert_true(pf_read_take(7, sha256, &service_ns));
	assert_hash_of(one, sha256);
	assert_true(service_ns >= 1000000 && service_ns < 60000000000u);
	assert_false(pf_read_take(7, sha256, &service_ns));
}

static void test_two_at_a_time(void **state)
{
	(void)state;
	uint8_t sha256[PF_SHA256_BYTES];
	uint64_t first_ns = 0, second_ns = 0, begin_ns = pf_now_ns();
	pf_read_note(1, one, strlen(one), begin_ns);
	pf_read_note(2, other, strlen(other), begin_ns + 1);
	while (pf_now_ns() - begin_ns < 50000000) {
	}
	assert_true(pf_read_take(1, sha256, &first_ns));
	assert_hash_of(one, sha256);
	assert_true(pf_read_take(2, sha256, &second_ns));
	assert_hash_of(other, sha256);
	/* Their sum is the time of both, not twice that. */
	assert_true(first_ns >= 50000000 && second_ns < 60000000000u);
	uint64_t now_ns = pf_now_ns();
	assert_true(first_ns + second_ns <= now_ns - begin_ns);
}

static void test_read_twice(void **state)
{
	(void)state;
	uint8_t sha256[PF_SHA256_BYTES];
	uint64_t ignored;
	pf_read_note(3, one, strlen(one), pf_now_ns());
	pf_read_note(3, one, strlen(one), pf_now_ns());
	assert_true(pf_read_take(3, sha256, &ignored));
	pf_read_note(3, one, strlen(one), pf_now_ns());
	pf_read_note(3, other, strlen(other), pf_now_ns()); /* it was changed in between */
	assert_false(pf_read_take(3, sha256, &ignored));
	assert_false(pf_read_take(3, sha256, &ignored));
}

static void test_no_more_than_two(void **state)
{
	(void)state;
	uint8_t sha256[PF_SHA256_BYTES];
	uint64_t ignored;
	for (uint32_t i = 10; i < 13; i++) {
		pf_read_note(i, one, strlen(one), pf_now_ns());
	}
	assert_false(pf_read_take(10, sha256, &ignored));
	assert_true(pf_read_take(11, sha256, &ignored));
	assert_true(pf_read_take(12, sha256, &ignored));
}

static void *take_elsewhere(void *taken)
{
	uint8_t sha256[PF_SHA256_BYTES];
	uint64_t ignored;
	*(bool *)taken = pf_read_take(20, sha256, &ignored);
	return NULL;
}

static void test_of_the_thread(void **state)
{
	(void)state;
	uint8_t sha256[PF_SHA256_BYTES];
	uint64_t ignored;
	bool taken = true;
	pthread_t thread;
	pf_read_note(20, one, strlen(one), pf_now_ns());
	assert_int_equal(pthread_create(&thread, NULL, take_elsewhere, &taken), 0);
	pthread_join(thread, NULL);
	assert_false(taken);
	assert_true(pf_read_take(20, sha256, &ignored));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken_once),    cmocka_unit_test(test_two_at_a_time),
		cmocka_unit_test(test_read_twice),    cmocka_unit_test(test_no_more_than_two),
		cmocka_unit_test(test_of_the_thread),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
