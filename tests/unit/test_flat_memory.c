/* What grows with the number of photos: not the resident size of the processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/dataset/dataset_storage.h"
#include "photofinish/exec.h"
#include "temp_folder.h"

enum { PHOTOS = 20000, BURST = 7, ROOM_KB = 700 };

/* Resident pages of shared memory. */
static long shared_kb(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	char line[128];
	long kb = -1;
	assert_non_null(status);
	while (fgets(line, sizeof line, status) && sscanf(line, "RssShmem: %ld", &kb) != 1) {
	}
	fclose(status);
	assert_true(kb >= 0);
	return kb;
}

static pf_status take_photo(struct pf_sink *sink, const pf_photo_result *result)
{
	(void)sink;
	(void)result;
	return PF_OK;
}

static pf_status take_ranks(struct pf_sink *sink, const pf_burst *burst, const uint32_t *ranks)
{
	(void)sink;
	for (uint32_t i = 0; i < burst->count; i++) { /* later photos score higher, so scores were there */
		assert_int_equal(ranks[i], burst->count - i);
	}
	return PF_OK;
}

static void test_scores_are_given_back(void **state)
{
	(void)state;
	pf_error error;
	pf_result_table *table;
	struct pf_sink sink = {.photo_done = take_photo, .burst_ranked = take_ranks};
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	config.timing_weight = 0;
	assert_int_equal(pf_result_table_create(PHOTOS, &table, &error), PF_OK);
	long before = shared_kb(), most = 0;
	for (uint32_t first = 0; first < PHOTOS; first += BURST) {
		uint32_t photos[BURST], count = PHOTOS - first < BURST ? PHOTOS - first : BURST;
		for (uint32_t i = 0; i < count; i++) {
			pf_score score = {.total = (i + 1) / 10.0};
			for (int factor = 0; factor < PF_FACTOR_COUNT; factor++) {
				score.factors[factor] = score.total;
			}
			photos[i] = first + i;
			assert_int_equal(pf_result_put(table, &sink, first + i, first, PF_OK, &score, NULL),
					 PF_OK);
		}
		pf_burst burst = {.id = first, .count = count, .photos = photos};
		assert_int_equal(pf_result_rank(table, &config, NULL, &sink, &burst), PF_OK);
		if (first % 1000 < BURST) {
			long now = shared_kb() - before;
			most = now > most ? now : most;
		}
	}
	print_message("%d photos' scores of %zu bytes: %ld KB resident at most\n", PHOTOS, sizeof(pf_score),
		      most);
	assert_true(most < ROOM_KB);
	for (uint32_t i = 0; i < PHOTOS; i++) {
		assert_true(pf_result_is_done(table, i));
	}
	pf_result_table_destroy(table);
}

static void test_a_manifest_is_let_go(void **state)
{
	(void)state;
	char folder[256];
	char path[64];
	pf_error error;
	pf_dataset *dataset;
	const uint8_t hash[PF_SHA256_BYTES] = {1};
	pf_temp_make(folder);
	assert_int_equal(pf_dataset_create("n", folder, &dataset, &error), PF_OK);
	assert_int_equal(pf_dataset_reserve(dataset, PHOTOS, PHOTOS * sizeof path), PF_OK);
	long before = shared_kb();
	for (uint32_t i = 0; i < PHOTOS; i++) {
		snprintf(path, sizeof path, "photos/20260607_140200_%05u.jpg", i);
		assert_int_equal(pf_dataset_add(dataset, path, i, hash, &error), PF_OK);
	}
	assert_int_equal(pf_dataset_sort(dataset, &error), PF_OK);
	long added = shared_kb() - before;
	for (uint32_t i = 0; i < PHOTOS; i++) { /* none of them is there */
		int fd;
		uint64_t size;
		assert_int_not_equal(pf_dataset_open(dataset, i, &fd, &size, &error), PF_OK);
		assert_int_equal(atoi(error.file + strlen("photos/20260607_140200_")), i);
	}
	long opened = shared_kb() - before;
	print_message(
		"%d photos' entries of %zu bytes and paths: %ld KB resident when added, %ld KB when opened\n",
		PHOTOS, sizeof *dataset->photos, added, opened);
	assert_true(added < ROOM_KB && opened < ROOM_KB);
	pf_dataset_free(dataset);
	pf_temp_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scores_are_given_back),
		cmocka_unit_test(test_a_manifest_is_let_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
