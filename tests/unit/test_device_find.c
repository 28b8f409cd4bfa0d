/* Overlap of a device's parts and decoding, of hand-made spans; and rings that lost spans. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/device/device.h"

enum {
	CAPACITY = 4,
	BEGIN = 1000,
	WALL = 400,
	UPLOAD = PF_DEVICE_SPAN + PF_DEVICE_UPLOAD,
	NETWORK = PF_DEVICE_SPAN + PF_DEVICE_NETWORK
};

static pf_trace traces[2];
static pf_span rings[2 * CAPACITY];

static void put(uint32_t slot, uint32_t stage, uint64_t from, uint64_t to)
{
	pf_trace *trace = &traces[slot];
	rings[slot * CAPACITY + trace->ended++ % CAPACITY] = (pf_span){
		.stage = (uint16_t)stage, .begin_ns = BEGIN + from, .end_ns = BEGIN + to};
}

static pf_device_found *find(void)
{
	strcpy(traces[0].device.name, "one");
	pf_device_found *found = pf_device_find(traces, 1, rings, CAPACITY, BEGIN, WALL);
	assert_non_null(found);
	return found;
}

static int clear(void **state)
{
	(void)state;
	memset(traces, 0, sizeof traces);
	memset(rings, 0, sizeof rings);
	return 0;
}

static void test_overlap(void **state)
{
	(void)state;
	put(0, UPLOAD, 0, 100);
	put(0, NETWORK, 50, 200);
	put(1, PF_STAGE_DECODE, 150, 300);
	put(1, PF_STAGE_POSE, 0, 400); /* neither of the device nor decoding */
	pf_device_found *found = find();
	assert_int_equal(found->overlap.wall_ns, WALL);
	assert_int_equal(found->overlap.copy_ns, 100);
	assert_int_equal(found->overlap.compute_ns, 150);
	assert_int_equal(found->overlap.both_ns, 50);
	assert_int_equal(found->overlap.busy_ns, 200);
	assert_int_equal(found->overlap.with_decode_ns, 50);
	assert_int_equal(found->timeline[10], 'u');
	assert_int_equal(found->timeline[190], 'n');
	assert_int_equal(found->timeline[350], ' ');
	free(found);
}

/* What came before the oldest span of a full ring is not known, and no part of any share. */
static void test_lost(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < CAPACITY + 1; i++) {
		put(0, NETWORK, 80 * i, 80 * i + 40);
	}
	put(1, UPLOAD, 0, 400);
	pf_device_found *found = find();
	assert_int_equal(found->overlap.wall_ns, WALL - 120); /* the oldest that is left ended at 120 */
	assert_int_equal(found->overlap.copy_ns, WALL - 120);
	assert_int_equal(found->overlap.compute_ns, 3 * 40);
	free(found);
}

/* Rings may hold anything: a worker writes them. */
static void test_anything(void **state)
{
	(void)state;
	traces[0].ended = UINT64_MAX;
	memset(rings, 0xff, sizeof rings);
	pf_device_found *found = find();
	assert_true(found->overlap.wall_ns <= WALL && found->overlap.busy_ns <= WALL);
	free(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_overlap, clear),
		cmocka_unit_test_setup(test_lost, clear),
		cmocka_unit_test_setup(test_anything, clear),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
