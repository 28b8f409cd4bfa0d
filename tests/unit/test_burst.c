#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/burst_fixture.h"
#include "tests/unit/trace_fixture.h"

static void test_gaps(void **state)
{
	(void)state;
	pf_facts f[6];
	static const int64_t times[] = {0, 100, 350, 1600, 2851, 2900};
	for (size_t i = 0; i < 6; i++) {
		f[i] = photo(1, times[i]);
	}
	expect(f, "AAAABB"); /* gaps of 100, 250, 1,250, 1,251 and 49 ms */
	f[2].time_ms = 100;
	expect(f, "AAABCC"); /* no gap at all, then 1,500 ms */
}

static void test_interleaved_bodies(void **state)
{
	(void)state;
	pf_facts f[8];
	for (unsigned i = 0; i < 8; i++) {
		f[i] = photo(1 + i % 2, i * 60);
		f[i].width_px = i % 2 ? 4000 : 6000;
	}
	expect(f, "ABABABAB");
}

static void test_time_going_backwards(void **state)
{
	(void)state;
	pf_facts f[] = {photo(1, 1000), photo(1, 1100), photo(1, 1099), photo(1, 1200)};
	expect(f, "AABB");
}

static void test_size_and_orientation(void **state)
{
	(void)state;
	pf_facts f[] = {photo(1, 0), photo(1, 100), photo(1, 200), photo(1, 300), photo(1, 400)};
	f[2].orientation = f[3].orientation = f[4].orientation = 6;
	f[4].height_px = 3999;
	expect(f, "AABBC");
}

static void test_brackets(void **state)
{
	(void)state;
	pf_facts f[8];
	static const float bias[] = {0.0f, -0.7f, 0.7f, 0.0f, 0.0f, 0.0f, -1.0f / 3.0f, 1.0f / 3.0f};
	for (unsigned i = 0; i < 8; i++) {
		f[i] = photo(1, i * 150);
		f[i].has_exposure_bias = true;
		f[i].exposure_bias_ev = bias[i];
	}
	expect(f, "ABCDDDEF");
	/* A burst with a correction dialled in is a burst. */
	for (unsigned i = 0; i < 8; i++) {
		f[i].exposure_bias_ev = 0.7f;
	}
	expect(f, "AAAAAAAA");
	/* The camera says so itself, from the first frame on. */
	f[2].auto_bracket = f[3].auto_bracket = f[4].auto_bracket = true;
	expect(f, "AABCDEEE");
	for (unsigned i = 0; i < 8; i++) {
		f[i].has_exposure_bias = i % 2;
		f[i].exposure_bias_ev = (float)i;
		f[i].auto_bracket = false;
	}
	expect(f, "AAAAAAAA"); /* nothing is known about neighbours */
}

static void test_unreadable_photos(void **state)
{
	(void)state;
	pf_facts f[] = {photo(1, 0), photo(1, 100), photo(1, 200), {.readable = false}, photo(1, 300)};
	f[1] = (pf_facts){.readable = false};
	expect(f, "ABACA");
}

static void test_bursts_close(void **state)
{
	(void)state;
	/* Of length: 512 at most. */
	pf_facts *f = calloc(PHOTOS_MAX, sizeof *f);
	for (unsigned i = 0; i < 1100; i++) {
		f[i] = photo(1, i * 50);
	}
	record r = detect(f, 1100);
	assert_int_equal(r.bursts, 3);
	assert_true(r.count_of[0] == 512 && r.count_of[512] == 512 && r.count_of[1024] == 76);
	/* Of neglect: 1,023 other photos do not close a burst, 1,024 do. */
	for (unsigned others = 1023; others <= 1024; others++) {
		f[0] = photo(1, 0);
		for (unsigned i = 1; i <= others; i++) {
			f[i] = photo(2, i);
		}
		f[others + 1] = photo(1, 400);
		r = detect(f, others + 2);
		assert_int_equal(r.burst_of[others + 1], others == 1023 ? 0 : others + 1);
	}
	/* Of more bodies than are watched: the one that has waited longest gives way. */
	for (unsigned i = 0; i < 65; i++) {
		f[i] = photo(100 + i, i);
	}
	f[65] = photo(164, 70);
	f[66] = photo(101, 71);
	f[67] = photo(100, 72);
	r = detect(f, 68);
	assert_int_equal(r.burst_of[65], 64);
	assert_int_equal(r.burst_of[66], 1);
	assert_int_equal(r.burst_of[67], 67);
	/* 20 bodies beside each other, one of them slow. */
	for (unsigned i = 0; i < 800; i++) {
		f[i] = photo(i % 20 == 19 && i % 400 != 399 ? 1 : 1 + i % 20, i * 3);
	}
	r = detect(f, 800);
	assert_int_equal(r.bursts, 20);
	assert_int_equal(r.burst_of[799], 399);
	free(f);
}

/* Nothing that can be pushed loses a photo or hands one out twice (keep and detect check). */
static void test_random_streams(void **state)
{
	(void)state;
	uint64_t random = 3;
	pf_facts *f = calloc(PHOTOS_MAX, sizeof *f);
	for (unsigned round = 0; round < 200; round++) {
		size_t count = pf_fixture_random(&random) % 400;
		int64_t now = 0;
		for (size_t i = 0; i < count; i++) {
			uint32_t dice = pf_fixture_random(&random);
			now += (int64_t)(dice % 700) - (dice % 13 == 0 ? 500 : 0);
			f[i] = photo(dice / 7 % (1 + round % 40), now);
			f[i].readable = dice % 17 != 0;
			f[i].has_time = dice % 11 != 0;
			f[i].has_subsecond = dice % 5 != 0;
			f[i].has_miniature = dice % 19 != 0;
			f[i].auto_bracket = dice % 23 == 0;
			f[i].has_exposure_bias = dice % 2;
			f[i].exposure_bias_ev = (float)(dice % 3) / 3.0f;
			f[i].miniature = scene(dice % 3 ? 0 : dice % 50, 0);
			f[i].exposure.time_s = dice % 31 ? 0.001 : 0.008;
			f[i].orientation = 1 + dice % 29 / 28;
		}
		detect(f, count);
	}
	free(f);
}

static pf_status count_only(void *context, const pf_burst *burst)
{
	*(uint64_t *)context += burst->count;
	return PF_OK;
}

static size_t heap_bytes(void);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static size_t heap_bytes(void)
{
	return 0; /* the sanitizers' heap keeps no such statistics */
}
#else
#include <malloc.h>
static size_t heap_bytes(void)
{
	return mallinfo2().uordblks;
}
#endif

static void test_memory_is_bounded(void **state)
{
	(void)state;
	uint64_t handed_out = 0, random = 5;
	pf_burst_detector *detector;
	assert_int_equal(pf_burst_detector_create(count_only, &handed_out, &detector, NULL), PF_OK);
	size_t before = heap_bytes();
	const uint32_t pushes = 200000;
	pf_facts facts = photo(0, 0);
	for (uint32_t i = 0; i < pushes; i++) {
		facts.body = pf_fixture_random(&random) % 90;
		facts.time_ms = i * 10;
		assert_int_equal(pf_burst_push(detector, i, &facts), PF_OK);
		/* At most 1,024 photos old, of at most 64 bodies. */
		assert_true((uint64_t)i + 1 - handed_out <= 64 * 3 * 512);
	}
	assert_int_equal(heap_bytes(), before);
	assert_int_equal(pf_burst_flush(detector), PF_OK);
	assert_int_equal(handed_out, pushes);
	pf_burst_detector_destroy(detector);
}

static pf_status refuse(void *context, const pf_burst *burst)
{
	(void)burst;
	++*(unsigned *)context;
	return PF_ERR_CANCELLED;
}

static void test_receiver_stops_the_push(void **state)
{
	(void)state;
	unsigned calls = 0;
	pf_burst_detector *detector;
	assert_int_equal(pf_burst_detector_create(refuse, &calls, &detector, NULL), PF_OK);
	pf_facts first = photo(1, 0), second = photo(1, 5000), bad = {.readable = false};
	assert_int_equal(pf_burst_push(detector, 0, &first), PF_OK);
	assert_int_equal(pf_burst_push(detector, 1, &second), PF_ERR_CANCELLED);
	assert_int_equal(pf_burst_push(detector, 2, &bad), PF_ERR_CANCELLED);
	assert_int_equal(pf_burst_flush(detector), PF_ERR_CANCELLED);
	assert_int_equal(calls, 3);
	pf_burst_detector_destroy(detector);
}

static void add_photo(pf_fixture_folder *folder, const char *name, const char *serial, const char *subsecond)
{
	pf_fixture_bytes exif = pf_fixture_exif(
		&(pf_fixture_exif_spec){.make = "Maker",
					.serial = serial,
					.time_original = subsecond ? "2024:06:01 10:00:00" : NULL,
					.subsecond_original = subsecond});
	pf_fixture_bytes jpeg = pf_fixture_jpeg(
		&(pf_fixture_spec){.width_px = 96, .height_px = 64, .exif = exif});
	pf_fixture_folder_add(folder, name, &jpeg);
	pf_fixture_free(&jpeg);
	pf_fixture_free(&exif);
}

static void test_list_of_a_dataset(void **state)
{
	(void)state;
	pf_fixture_folder folder;
	pf_fixture_folder_open(&folder);
	add_photo(&folder, "a1.jpg", "1", "10");
	add_photo(&folder, "b1.jpg", "2", "10");
	add_photo(&folder, "c1.jpg", "1", "20");
	pf_fixture_folder_add(&folder, "d.jpg", &(pf_fixture_bytes){.data = (uint8_t *)"text", .bytes = 4});
	add_photo(&folder, "e1.jpg", "2", "30");
	pf_trace trace;
	pf_trace_reset(&trace);
	pf_burst_list list;
	uint64_t told = 0;
	assert_int_equal(pf_burst_list_detect(folder.dataset, NULL, &trace, count_only, &told, &list, NULL),
			 PF_OK);
	assert_int_equal(told, 5);
	assert_int_equal(list.count, 3);
	assert_true(list.bursts[0].id == 0 && list.bursts[0].count == 2 && list.bursts[0].photos[1] == 2);
	assert_true(list.bursts[1].id == 1 && list.bursts[1].count == 2 && list.bursts[1].photos[1] == 4);
	assert_true(list.bursts[2].id == 3 && list.bursts[2].count == 1);
	assert_int_equal(pf_fixture_spans(&trace, PF_STAGE_DETECT), 5);
	assert_true(trace.read_bytes > 1000);
	assert_int_equal(atomic_load(&trace.photo), PF_NO_PHOTO);
	pf_burst_list_free(&list);
	atomic_int cancel = 1;
	assert_int_equal(pf_burst_list_detect(folder.dataset, &cancel, NULL, NULL, NULL, &list, NULL),
			 PF_ERR_CANCELLED);
	assert_null(list.bursts);
	pf_fixture_folder_close(&folder);
}

/* The counter ran over within a burst: names, and with them indices, are not in the order of capture. Times
 * tell so, and the names themselves where there are none. */
static void test_counter_runs_over(void **state)
{
	(void)state;
	static const char *const names[] = {"IMG_0001.JPG", "IMG_0002.JPG", "IMG_9998.JPG", "IMG_9999.JPG"};
	static const char *const subseconds[] = {"30", "40", "10", "20"};
	static const uint32_t by_capture[] = {2, 3, 0, 1};
	for (int timed = 0; timed < 2; timed++) {
		pf_fixture_folder folder;
		pf_burst_list list;
		pf_fixture_folder_open(&folder);
		for (int i = 0; i < 4; i++) {
			add_photo(&folder, names[i], "1", timed ? subseconds[i] : NULL);
		}
		assert_int_equal(pf_burst_list_detect(folder.dataset, NULL, NULL, NULL, NULL, &list, NULL),
				 PF_OK);
		assert_int_equal(list.count, 1);
		assert_int_equal(list.bursts[0].id, 2);
		assert_int_equal(list.bursts[0].count, 4);
		assert_memory_equal(list.bursts[0].photos, by_capture, sizeof by_capture);
		pf_burst_list_free(&list);
		pf_fixture_folder_close(&folder);
	}
}

static void test_list_of_nothing(void **state)
{
	(void)state;
	pf_fixture_folder folder;
	pf_fixture_folder_open(&folder);
	pf_burst_list list;
	assert_int_equal(pf_burst_list_detect(folder.dataset, NULL, NULL, NULL, NULL, &list, NULL), PF_OK);
	assert_int_equal(list.count, 0);
	pf_burst_list_free(&list);
	pf_fixture_folder_close(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_interleaved_bodies),
		cmocka_unit_test(test_time_going_backwards),
		cmocka_unit_test(test_size_and_orientation),
		cmocka_unit_test(test_brackets),
		cmocka_unit_test(test_unreadable_photos),
		cmocka_unit_test(test_bursts_close),
		cmocka_unit_test(test_random_streams),
		cmocka_unit_test(test_memory_is_bounded),
		cmocka_unit_test(test_receiver_stops_the_push),
		cmocka_unit_test(test_list_of_a_dataset),
		cmocka_unit_test(test_counter_runs_over),
		cmocka_unit_test(test_list_of_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
