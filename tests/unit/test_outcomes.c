/* Outcomes of a run: kept bit for bit, compared bit for bit, and malformed records refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/scores/outcomes.h"
#include "temp_folder.h"

enum { PHOTOS = 40 };

static char folder[256];
static pf_dataset *dataset;

static uint64_t next(uint64_t *random)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return *random;
}

/* Any double but a NaN: normal ones, denormal ones, infinities, both zeros. */
static double any_double(uint64_t *random)
{
	uint64_t bits = next(random) ^ next(random) >> 32;
	double value;
	if (bits % 7 == 0) {
		bits &= UINT64_C(0x800FFFFFFFFFFFFF);
	} else if (bits % 7 == 1) {
		bits &= UINT64_C(0x8000000000000000);
	} else if (bits % 7 == 2) {
		bits = (bits & UINT64_C(0x8000000000000000)) | UINT64_C(0x7FF0000000000000);
	} else if ((bits & UINT64_C(0x7FF0000000000000)) == UINT64_C(0x7FF0000000000000)) {
		bits ^= UINT64_C(0x4000000000000000);
	}
	memcpy(&value, &bits, sizeof value);
	return value;
}

static pf_outcomes *make(void)
{
	pf_outcomes *outcomes;
	pf_error error;
	uint64_t random = 11;
	assert_int_equal(pf_outcomes_create(PHOTOS, &outcomes, &error), PF_OK);
	for (uint32_t i = 0; i < PHOTOS; i++) {
		pf_outcome *photo = &outcomes->photos[i];
		photo->done = photo->ranked = true;
		photo->burst = i - i % 3;
		photo->rank = i % 5 == 4 ? 0 : i % 3 + 1;
		outcomes->bursts += i % 3 == 0;
		if (i % 5 == 4) {
			photo->status = (pf_status)(1 + i % (PF_STATUS_COUNT - 1));
			photo->status = pf_outcome_may_pass(photo->status) ? PF_ERR_DAMAGED : photo->status;
			photo->message = strdup("why \"it\" failed: \x1b[31m \\x41 \xff");
			outcomes->failed++;
			continue;
		}
		outcomes->scored++;
		photo->score.total = any_double(&random);
		for (int k = 0; k < PF_FACTOR_COUNT; k++) {
			photo->score.factors[k] = any_double(&random);
		}
		for (int k = 0; k < PF_MEASURE_COUNT; k++) {
			photo->score.measures[k] = any_double(&random);
		}
	}
	return outcomes;
}

static int set_up(void **state)
{
	(void)state;
	pf_error error;
	pf_temp_make(folder);
	assert_int_equal(pf_dataset_create("n", folder, &dataset, &error), PF_OK);
	for (int i = 0; i < PHOTOS; i++) {
		char path[32];
		snprintf(path, sizeof path, "%02d \"\x1b\\.jpg", i);
		assert_int_equal(pf_dataset_add(dataset, path, 1, NULL, &error), PF_OK);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pf_dataset_free(dataset);
	pf_temp_remove(folder);
	return 0;
}

static void test_round_trip_is_exact(void **state)
{
	(void)state;
	pf_error error;
	size_t first = 0;
	pf_outcomes *written = make(), *read = NULL;
	const char *file = pf_temp_path(folder, "records");
	assert_int_equal(pf_outcomes_save(written, dataset, NULL, file, &error), PF_OK);
	assert_int_equal(pf_outcomes_load(file, PHOTOS, &read, &error), PF_OK);
	assert_int_equal(pf_outcomes_differ(written, read, &first), 0);
	assert_int_equal(read->scored, written->scored);
	assert_int_equal(read->failed, written->failed);
	assert_int_equal(read->bursts, written->bursts);
	for (int i = 0; i < PHOTOS; i++) {
		const pf_outcome *a = &written->photos[i], *b = &read->photos[i];
		assert_memory_equal(a->score.factors, b->score.factors, sizeof a->score.factors);
		assert_memory_equal(a->score.measures, b->score.measures, sizeof a->score.measures);
		assert_memory_equal(&a->score.total, &b->score.total, sizeof a->score.total);
		assert_true(b->done && b->ranked);
		if (a->message) {
			assert_string_equal(a->message, b->message);
		} else {
			assert_null(b->message);
		}
	}
	uint8_t digests[2][PF_SHA256_BYTES];
	assert_int_equal(pf_outcomes_digest(written, digests[0], &error), PF_OK);
	assert_int_equal(pf_outcomes_digest(read, digests[1], &error), PF_OK);
	assert_memory_equal(digests[0], digests[1], PF_SHA256_BYTES);
	pf_outcomes_free(written);
	pf_outcomes_free(read);
}

/* One field changed: differ names it, the digest changes. Changing it back makes both equal again. */
static void check_noticed(pf_outcomes *a, const pf_outcomes *b, const uint8_t expected[PF_SHA256_BYTES],
			  size_t index, bool noticed)
{
	size_t first = SIZE_MAX;
	uint8_t digest[PF_SHA256_BYTES];
	assert_int_equal(pf_outcomes_differ(a, b, &first), noticed);
	if (noticed) {
		assert_int_equal(first, index);
	}
	assert_int_equal(pf_outcomes_digest(a, digest, NULL), PF_OK);
	assert_int_equal(memcmp(digest, expected, sizeof digest) != 0, noticed);
}

static void test_one_flipped_bit_is_found(void **state)
{
	(void)state;
	pf_outcomes *a = make(), *b = make();
	uint8_t digest[PF_SHA256_BYTES];
	assert_int_equal(pf_outcomes_digest(b, digest, NULL), PF_OK);
	const size_t index = 17; /* a photo that was scored */
	pf_score *score = &a->photos[index].score;
	double *const fields = &score->total;
	assert_int_equal(sizeof *score, (1 + PF_FACTOR_COUNT + PF_MEASURE_COUNT) * sizeof(double));
	for (size_t i = 0; i < sizeof *score / sizeof(double); i++) {
		static const int bits[] = {0, 1, 31, 51, 52, 63};
		for (size_t k = 0; k < sizeof bits / sizeof *bits; k++) {
			uint64_t value;
			memcpy(&value, &fields[i], sizeof value);
			uint64_t flipped = value ^ UINT64_C(1) << bits[k];
			memcpy(&fields[i], &flipped, sizeof flipped);
			check_noticed(a, b, digest, index, true);
			memcpy(&fields[i], &value, sizeof value);
		}
	}
	a->photos[index].burst ^= 1;
	check_noticed(a, b, digest, index, true);
	a->photos[index].burst ^= 1;
	a->photos[index].rank ^= 1;
	check_noticed(a, b, digest, index, true);
	a->photos[index].rank ^= 1;
	a->photos[index].status = PF_ERR_DAMAGED;
	check_noticed(a, b, digest, index, true);
	a->photos[index].status = PF_OK;
	check_noticed(a, b, digest, index, false);
	pf_outcomes_free(a);
	pf_outcomes_free(b);
}

static void test_what_is_no_part_of_the_outcome(void **state)
{
	(void)state;
	pf_outcomes *a = make(), *b = make();
	uint8_t digest[PF_SHA256_BYTES];
	assert_int_equal(pf_outcomes_digest(b, digest, NULL), PF_OK);
	const size_t failed = 4;
	assert_int_not_equal(a->photos[failed].status, PF_OK);
	a->photos[failed].message[0] = 'W';
	check_noticed(a, b, digest, failed, false);
	a->photos[failed].score.total = 0.5; /* has no meaning there */
	check_noticed(a, b, digest, failed, false);
	a->photos[failed].status = PF_OK;
	check_noticed(a, b, digest, failed, true);
	pf_outcomes_free(a);
	pf_outcomes_free(b);
}

static void test_the_first_of_many_is_named(void **state)
{
	(void)state;
	pf_outcomes *a = make(), *b = make();
	size_t first = SIZE_MAX;
	a->photos[3].rank++;
	a->photos[30].rank++;
	a->photos[39].burst++;
	assert_int_equal(pf_outcomes_differ(a, b, &first), 3);
	assert_int_equal(first, 3);
	pf_outcomes_free(a);
	pf_outcomes_free(b);
}

static void test_accounting(void **state)
{
	(void)state;
	pf_outcomes *outcomes = make();
	size_t missing = SIZE_MAX;
	assert_true(pf_outcomes_complete(outcomes, &missing));
	outcomes->photos[PHOTOS - 1].ranked = false;
	assert_false(pf_outcomes_complete(outcomes, &missing));
	assert_int_equal(missing, PHOTOS - 1);
	outcomes->photos[2].done = false;
	assert_false(pf_outcomes_complete(outcomes, &missing));
	assert_int_equal(missing, 2);
	pf_outcomes_free(outcomes);
	assert_int_equal(pf_outcomes_create(0, &outcomes, NULL), PF_OK);
	assert_true(pf_outcomes_complete(outcomes, &missing));
	pf_outcomes_free(outcomes);
	pf_outcomes_free(NULL);
}

static pf_status load_text(const char *text, size_t length, size_t count)
{
	pf_error error;
	pf_outcomes *read = NULL;
	const char *file = pf_temp_path(folder, "changed");
	pf_temp_write(file, text, length);
	pf_status status = pf_outcomes_load(file, count, &read, &error);
	if (status == PF_OK) {
		pf_outcomes_free(read);
	} else {
		assert_null(read);
		assert_string_equal(error.file, file);
	}
	return status;
}

/* The records with the first `from` replaced by `to`. */
static pf_status load_changed(const char *text, const char *from, const char *to)
{
	char *changed = NULL;
	const char *at = strstr(text, from);
	assert_non_null(at);
	assert_true(asprintf(&changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) > 0);
	pf_status status = load_text(changed, strlen(changed), PHOTOS);
	free(changed);
	return status;
}

static void test_malformed_records_are_refused(void **state)
{
	(void)state;
	pf_error error;
	pf_outcomes *outcomes = make();
	const char *file = pf_temp_path(folder, "records");
	assert_int_equal(pf_outcomes_save(outcomes, dataset, NULL, file, &error), PF_OK);
	pf_outcomes_free(outcomes);
	size_t size;
	char *text = pf_temp_read(file, &size);
	assert_int_equal(load_text(text, size, PHOTOS), PF_OK);
	assert_int_equal(load_text(text, size, PHOTOS + 1), PF_ERR_INVALID);
	assert_int_equal(load_text(text, size, PHOTOS - 1), PF_ERR_INVALID);
	assert_int_equal(load_text("", 0, 0), PF_OK);
	for (size_t length = 0; length < size - 1; length += 97) {
		assert_int_equal(load_text(text, length, PHOTOS), PF_ERR_INVALID);
	}
	static const char *const changes[][2] = {
		{"\"index\":1,", "\"index\":2,"},
		{"\"index\":1,", ""},
		{"\"burst\":0", "\"burst\":-1"},
		{"\"burst\":0", "\"burst\":4294967296"},
		{"\"burst\":0", "\"burst\":\"0\""},
		{"\"rank\":1,", "\"rank\":4294967297,"},
		{"\"rank\":1,", "\"rank\":1.5,"},
		{"\"rank\":1,", ""},
		{"\"status\":\"ok\"", "\"status\":\"fine\""},
		{"\"status\":\"outside\"", "\"status\":\"no-memory\""},
		{"\"status\":\"outside\"", "\"status\":\"io\""},
		{"\"status\":\"ok\"", "\"state\":\"ok\""},
		{"\"sharpness\":\"", "\"sharpness\":\"x"},
		{"\"noise\":\"", "\"nose\":\""},
		{"\"score\":\"", "\"score\":\"0x"},
		{"\"measures\":{", "\"measured\":{"},
	};
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		if (load_changed(text, changes[i][0], changes[i][1]) != PF_ERR_INVALID) {
			print_error("%s to %s was taken\n", changes[i][0], changes[i][1]);
			fail();
		}
	}
	free(text);
	outcomes = NULL;
	assert_int_equal(pf_outcomes_load(pf_temp_path(folder, "none"), 1, &outcomes, &error),
			 PF_ERR_NOT_FOUND);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(test_round_trip_is_exact),
		WITH_FOLDER(test_one_flipped_bit_is_found),
		WITH_FOLDER(test_what_is_no_part_of_the_outcome),
		WITH_FOLDER(test_the_first_of_many_is_named),
		WITH_FOLDER(test_accounting),
		WITH_FOLDER(test_malformed_records_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
