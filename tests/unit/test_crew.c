/* Bursts in shared memory, and the scan that finds them photo by photo. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "jpeg_fixture.h"
#include "photofinish/crew.h"
#include "shared_memory.h"
#include "tests/unit/trace_fixture.h"

static void test_a_store(void **state)
{
	(void)state;
	static const uint32_t first[] = {0, 2, 3}, second[] = {1}, third[] = {4, 5}, strange[] = {6};
	pf_burst_store *store;
	pf_error error;
	size_t known;
	assert_int_equal(pf_burst_store_create(6, &store, &error), PF_OK);
	assert_int_equal(pf_burst_store_count(store), 0);
	assert_int_equal(pf_burst_store_add(store, &(pf_burst){.id = 0, .count = 3, .photos = first}), PF_OK);
	assert_int_equal(pf_burst_store_add(store, &(pf_burst){.id = 1, .count = 1, .photos = second}),
			 PF_OK);
	/* No photo, a photo that there is none of, more than there are. */
	assert_int_equal(pf_burst_store_add(store, &(pf_burst){.id = 9, .count = 0, .photos = first}),
			 PF_ERR_INVALID);
	assert_int_equal(pf_burst_store_add(store, &(pf_burst){.id = 6, .count = 1, .photos = strange}),
			 PF_ERR_INVALID);
	assert_int_equal(pf_burst_store_add(store, &(pf_burst){.id = 0, .count = 3, .photos = first}),
			 PF_ERR_INVALID);
	assert_int_equal(pf_burst_store_count(store), 2);
	pid_t reader = fork(); /* sees what is added after the fork */
	if (reader == 0) {
		while (pf_burst_store_count(store) < 3) {
			usleep(1000);
		}
		pf_burst burst = pf_burst_store_get(store, 2);
		_exit(burst.id == 4 && burst.count == 2 && memcmp(burst.photos, third, sizeof third) == 0
			      ? 0
			      : 1);
	}
	assert_int_equal(pf_burst_store_add(store, &(pf_burst){.id = 4, .count = 2, .photos = third}), PF_OK);
	int ending;
	assert_int_equal(waitpid(reader, &ending, 0), reader);
	assert_int_equal(ending, 0);
	const uint32_t *order = pf_burst_store_order(store, &known);
	assert_int_equal(known, 6);
	assert_memory_equal(order, ((uint32_t[]){0, 2, 3, 1, 4, 5}), 6 * sizeof *order);
	assert_memory_equal(pf_burst_store_get(store, 0).photos, first, sizeof first);
	pf_burst_store_destroy(store);
	pf_burst_store_destroy(NULL);
	assert_int_equal(pf_burst_store_create(0, &store, &error), PF_OK);
	assert_int_equal(pf_burst_store_add(store, &(pf_burst){.id = 1, .count = 1, .photos = second}),
			 PF_ERR_INVALID);
	pf_burst_store_destroy(store);
}

/* Of the last bursts long ones are begun first, those of one length in the order of adding; photos stay where
 * they were. */
static void test_longest_first(void **state)
{
	(void)state;
	static const uint32_t counts[] = {1, 3, 1, 4, 3};
	static const struct {
		size_t last;
		uint32_t expected[5];
	} cases[] = {{0, {0, 1, 2, 3, 4}}, {2, {0, 1, 2, 3, 4}}, {3, {0, 1, 3, 4, 2}}, {9, {3, 1, 4, 0, 2}}};
	uint32_t photos[12];
	pf_burst_store *store;
	size_t known;
	assert_int_equal(pf_burst_store_create(12, &store, NULL), PF_OK);
	for (uint32_t i = 0, first = 0; i < 5; first += counts[i++]) {
		for (uint32_t k = 0; k < counts[i]; k++) {
			photos[first + k] = first + k;
		}
		assert_int_equal(
			pf_burst_store_add(
				store, &(pf_burst){.id = i, .count = counts[i], .photos = photos + first}),
			PF_OK);
	}
	for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
		pf_burst_store_longest_first(store, cases[k].last);
		for (size_t i = 0; i < 5; i++) {
			pf_burst burst = pf_burst_store_get(store, i);
			assert_int_equal(burst.id, cases[k].expected[i]);
			assert_int_equal(burst.count, counts[cases[k].expected[i]]);
		}
	}
	assert_memory_equal(pf_burst_store_order(store, &known), photos, sizeof photos);
	assert_int_equal(known, 12);
	pf_burst_store_destroy(store);
}

static pf_status note_burst(void *context, const pf_burst *burst)
{
	pf_burst_store *store = context;
	return pf_burst_store_add(store, burst);
}

static pf_status refuse(void *context, const pf_burst *burst)
{
	(void)context;
	(void)burst;
	return PF_ERR_NO_SPACE;
}

/* Files that are no photos: each is a burst of its own, known at once. */
static void test_a_scan(void **state)
{
	(void)state;
	enum { PHOTOS = 5 };
	pf_fixture_folder folder;
	pf_fixture_folder_open(&folder);
	for (int i = 0; i < PHOTOS; i++) {
		char name[] = "0.jpg";
		name[0] = (char)('0' + i);
		pf_fixture_folder_add(&folder, name,
				      &(pf_fixture_bytes){.data = (uint8_t *)"text", .bytes = 4});
	}
	pf_burst_store *store;
	pf_burst_scan *scan;
	pf_error error;
	bool more = true;
	pf_trace trace;
	atomic_int cancel = 0;
	pf_trace_reset(&trace);
	assert_int_equal(pf_burst_store_create(PHOTOS, &store, &error), PF_OK);
	assert_int_equal(pf_burst_scan_create(folder.dataset, &trace, note_burst, store, &scan, &error),
			 PF_OK);
	for (size_t i = 1; i <= 2; i++) {
		assert_int_equal(pf_burst_scan_step(scan, &more, &error), PF_OK);
		assert_true(more);
		assert_int_equal(pf_burst_store_count(store), i);
		assert_int_equal(pf_fixture_spans(&trace, PF_STAGE_DETECT), i);
	}
	atomic_store(&cancel, 1);
	assert_int_equal(pf_burst_scan_rest(scan, &cancel, &error), PF_ERR_CANCELLED);
	assert_int_equal(pf_burst_store_count(store), 2);
	atomic_store(&cancel, 0);
	assert_int_equal(pf_burst_scan_rest(scan, &cancel, &error), PF_OK);
	assert_int_equal(pf_burst_store_count(store), PHOTOS);
	assert_int_equal(pf_burst_scan_step(scan, &more, &error), PF_OK); /* nothing is left */
	assert_false(more);
	assert_int_equal(pf_burst_store_count(store), PHOTOS);
	assert_int_equal(pf_fixture_spans(&trace, PF_STAGE_DETECT), PHOTOS);
	assert_true(trace.read_bytes == PHOTOS * 4);
	pf_burst_scan_destroy(scan);
	pf_burst_scan_destroy(NULL);
	assert_int_equal(pf_burst_scan_create(folder.dataset, NULL, refuse, NULL, &scan, &error), PF_OK);
	assert_int_equal(pf_burst_scan_rest(scan, NULL, &error), PF_ERR_NO_SPACE);
	pf_burst_scan_destroy(scan);
	pf_burst_store_destroy(store);
	pf_fixture_folder_close(&folder);
}

static pf_status hear_burst(struct pf_sink *sink, const pf_burst *burst)
{
	(void)sink;
	(void)burst;
	return PF_OK;
}

static pf_status refuse_burst(struct pf_sink *sink, const pf_burst *burst)
{
	(void)sink;
	return burst->id == 2 ? PF_ERR_IO : PF_OK;
}

/* The list has the bursts in the order of their ids, as found; a sink that is gone ends it. */
static void test_detect_all(void **state)
{
	(void)state;
	enum { PHOTOS = 6 };
	pf_fixture_folder folder;
	pf_fixture_folder_open(&folder);
	for (int i = 0; i < PHOTOS; i++) {
		char name[] = "0.jpg";
		name[0] = (char)('0' + i);
		pf_fixture_folder_add(&folder, name,
				      &(pf_fixture_bytes){.data = (uint8_t *)"text", .bytes = 4});
	}
	pf_trace trace;
	pf_trace_reset(&trace);
	atomic_int cancel = 0;
	struct pf_env env = {.struct_size = sizeof env, .workers = 1, .traces = &trace, .cancel = &cancel};
	struct pf_sink sink = {.struct_size = sizeof sink, .burst_found = hear_burst};
	for (int i = 0; i < 3; i++) {
		pf_crew crew;
		pf_burst_list found = {0};
		atomic_store(&cancel, i == 1);
		sink.burst_found = i == 2 ? refuse_burst : hear_burst;
		assert_int_equal(pf_crew_open(&crew, &env, folder.dataset, &sink, NULL), PF_OK);
		assert_int_equal(pf_crew_detect(&crew, &found, NULL),
				 ((pf_status[]){PF_OK, PF_ERR_CANCELLED, PF_ERR_IO})[i]);
		assert_int_equal(pf_burst_store_count(crew.bursts), i == 0 ? PHOTOS : 0);
		for (size_t k = 0; k < pf_burst_store_count(crew.bursts); k++) {
			pf_burst burst = pf_burst_store_get(crew.bursts, k);
			assert_int_equal(burst.id, found.bursts[k].id);
			assert_int_equal(burst.id, k);
		}
		pf_burst_list_free(&found);
		pf_crew_close(&crew);
	}
	pf_fixture_folder_close(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_store),
		cmocka_unit_test(test_longest_first),
		cmocka_unit_test(test_a_scan),
		cmocka_unit_test(test_detect_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
