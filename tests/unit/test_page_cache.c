#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/run/page_cache.h"
#include "harness/show/cache_lines.h"
#include "run_fixture.h"

static pf_fixture_run made;
static pf_contestant *own;
static const double two[] = {1.0, 2.0, 0};

/* Ten photos of 100 bytes, two trials of one variant. */
static void begin(uint64_t first_bytes, uint64_t second_bytes)
{
	pf_fixture_run_open(&made, 10);
	for (size_t i = 0; i < 10; i++) {
		made.photos[i].size_bytes = 100;
	}
	own = pf_fixture_run_add(&made, "streaming", NULL, 1, two);
	own->trials[0].device_read_bytes = first_bytes;
	own->trials[1].device_read_bytes = second_bytes;
	own->trials[0].photos_scored = own->trials[1].photos_scored = 10;
	made.run.cold_cache = true;
}

static void check_printed(const char *what, bool there)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *stream = open_memstream(&text, &bytes);
	pf_cache_print(&made.run, 0, stream);
	fclose(stream);
	if ((strstr(text, what) != NULL) != there) {
		print_error("%s\nof: %s", what, text);
		fail();
	}
	free(text);
}

static void test_cold_is_proved(void **state)
{
	(void)state;
	begin(1000, 900);
	assert_string_equal(pf_run_cache_state(&made.run), "cold");
	assert_string_equal(pf_cache_heading(&made.run), "cold cache");
	check_printed("2 of 2 trials", true);
	check_printed("WERE NOT COLD", false);
}

static void test_not_enough_from_storage_is_not_cold(void **state)
{
	(void)state;
	size_t trials, cold;
	begin(1000, 899);
	assert_string_equal(pf_run_cache_state(&made.run), "not cold");
	pf_run_count_cold(&made.run, &trials, &cold);
	assert_int_equal(trials, 2);
	assert_int_equal(cold, 1);
	assert_non_null(strstr(pf_cache_heading(&made.run), "NOT COLD"));
	check_printed("1 of 2 trials", true);
	check_printed("WERE NOT COLD", true);
	own->trials[1].checked = false; /* no result: it need not prove anything */
	assert_string_equal(pf_run_cache_state(&made.run), "cold");
	own->trials[0].checked = false;
	assert_string_equal(pf_run_cache_state(&made.run), "not cold");
}

static void test_a_floor_need_not_read(void **state)
{
	(void)state;
	begin(1000, 0);
	own->trials[1].photos_scored = 0;
	assert_string_equal(pf_run_cache_state(&made.run), "cold");
}

static void test_warm_is_as_before(void **state)
{
	(void)state;
	begin(0, 0);
	made.run.cold_cache = false;
	assert_string_equal(pf_run_cache_state(&made.run), "warm");
	own->trials[0].device_read_bytes = 16384; /* a few pages of anything, with however small a dataset */
	assert_string_equal(pf_run_cache_state(&made.run), "warm");
	own->trials[0].device_read_bytes = 2000000;
	assert_string_equal(pf_run_cache_state(&made.run), "not held");
	check_printed("storage", false);
}

static void test_the_largest_stage_is_named(void **state)
{
	(void)state;
	begin(1000, 1000);
	pf_fixture_run_stage(own, PF_STAGE_READ, 0.6);
	pf_fixture_run_stage(own, PF_STAGE_DECODE, 0.2);
	check_printed("reading and detection take 75 % of the stages' time, more than any other stage", true);
	pf_fixture_run_stage(own, PF_STAGE_READ, 0.01);
	pf_fixture_run_stage(own, PF_STAGE_DECODE, 0.02);
	pf_fixture_run_stage(own, PF_STAGE_FACES, 0.77);
	check_printed("reading and detection take 1 % of the stages' time, faces, the largest, 96 %", true);
	own->trials[0].device_read_bytes = own->trials[1].device_read_bytes = 0;
	check_printed("stages' time", false); /* what was not cold says nothing of storage */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cold_is_proved),
		cmocka_unit_test(test_not_enough_from_storage_is_not_cold),
		cmocka_unit_test(test_a_floor_need_not_read),
		cmocka_unit_test(test_warm_is_as_before),
		cmocka_unit_test(test_the_largest_stage_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
