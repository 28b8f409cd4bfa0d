/* The journal of a scoring: what was done is there again, to the bit; what is of another run, damaged or in
 * use is not taken. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/scores/score_journal.h"
#include "temp_folder.h"

enum { PHOTOS = 6 };

static char folder[256];
static pf_dataset *dataset;
static json_t *identity;
static pf_outcomes *known;

static int begin(void **state)
{
	(void)state;
	pf_error error;
	pf_temp_make(folder);
	assert_int_equal(pf_dataset_create("some", folder, &dataset, &error), PF_OK);
	for (unsigned i = 0; i < PHOTOS; i++) {
		char name[16];
		snprintf(name, sizeof name, "%u.jpg", i);
		assert_int_equal(pf_dataset_add(dataset, name, 100, NULL, &error), PF_OK);
	}
	identity = json_pack("{s:s,s:s}", "build", "one", "variant", "parallel");
	return 0;
}

static int end(void **state)
{
	(void)state;
	json_decref(identity);
	pf_outcomes_free(known);
	known = NULL;
	pf_dataset_free(dataset);
	pf_temp_remove(folder);
	return 0;
}

static pf_status open_journal(pf_score_journal **journal, pf_error *error)
{
	pf_outcomes_free(known);
	assert_int_equal(pf_outcomes_create(PHOTOS, &known, error), PF_OK);
	return pf_score_journal_open(pf_temp_path(folder, "journal"), identity, dataset, known, NULL, journal,
				     error);
}

static pf_outcome outcome_of(unsigned photo)
{
	pf_outcome outcome = {
		.done = true, .status = PF_OK, .burst = 3, .rank = 2, .score.total = 1.0 / (3 + photo)};
	outcome.score.measures[0] = 1e-310 * photo; /* denormal */
	return outcome;
}

/* A journal with all photos but the last two; the one before those failed. */
static void fill(void)
{
	pf_score_journal *journal;
	pf_error error;
	char why[] = "it \"ends\" too early";
	const pf_outcome failed = {.done = true, .status = PF_ERR_TRUNCATED, .message = why};
	const pf_outcome may_pass = {.done = true, .status = PF_ERR_CRASHED, .message = why};
	assert_int_equal(open_journal(&journal, &error), PF_OK);
	assert_int_equal(known->scored + known->failed, 0);
	for (unsigned i = 0; i < PHOTOS - 3; i++) {
		const pf_outcome outcome = outcome_of(i);
		pf_score_journal_add(journal, i, &outcome);
	}
	pf_score_journal_add(journal, PHOTOS - 3, &failed);
	pf_score_journal_add(journal, PHOTOS - 2, &may_pass);
	pf_score_journal_close(journal, false);
}

static void check_has(unsigned scored, unsigned failed)
{
	assert_int_equal(known->scored, scored);
	assert_int_equal(known->failed, failed);
	for (unsigned i = 0; i < scored; i++) {
		const pf_outcome outcome = outcome_of(i);
		assert_true(known->photos[i].done && !known->photos[i].ranked);
		assert_true(pf_scores_identical(&known->photos[i].score, &outcome.score));
	}
}

static void test_goes_on(void **state)
{
	(void)state;
	pf_score_journal *journal;
	pf_error error;
	fill();
	assert_int_equal(open_journal(&journal, &error), PF_OK);
	check_has(PHOTOS - 3, 1);
	assert_string_equal(known->photos[PHOTOS - 3].message, "it \"ends\" too early");
	assert_false(known->photos[PHOTOS - 2].done); /* it is tried again */
	pf_score_journal_close(journal, true);
	assert_false(pf_temp_exists(pf_temp_path(folder, "journal")));
}

static void test_refused(void **state)
{
	(void)state;
	pf_score_journal *journal, *second;
	pf_error error;
	fill();
	json_object_set_new(identity, "variant", json_string("streaming"));
	assert_int_equal(open_journal(&journal, &error), PF_ERR_INVALID);
	assert_non_null(strstr(error.message, "variant differs"));
	json_object_set_new(identity, "variant", json_string("parallel"));
	assert_int_equal(open_journal(&journal, &error), PF_OK);
	assert_int_equal(open_journal(&second, &error), PF_ERR_UNAVAILABLE);
	pf_score_journal_close(journal, false);
	pf_temp_write(pf_temp_path(folder, "journal"), "my notes\n", 9);
	assert_int_equal(open_journal(&journal, &error), PF_ERR_INVALID);
	size_t count;
	char *text = pf_temp_read(pf_temp_path(folder, "journal"), &count);
	assert_string_equal(text, "my notes\n");
	free(text);
}

/* At each length: what stands before the cut, and never a line that is not whole. */
static void test_cut(void **state)
{
	(void)state;
	pf_score_journal *journal;
	pf_error error;
	size_t count, ends[PHOTOS + 2] = {0}, lines = 0;
	fill();
	char *whole = pf_temp_read(pf_temp_path(folder, "journal"), &count);
	for (size_t i = 0; i < count; i++) {
		if (whole[i] == '\n') {
			ends[++lines] = i + 1;
		}
	}
	assert_int_equal(lines, PHOTOS - 1); /* the head, three scores and a failure */
	for (size_t bytes = 1; bytes <= count; bytes += 37) {
		size_t left = 0;
		while (left < lines && ends[left + 1] <= bytes) {
			left++;
		}
		pf_temp_write(pf_temp_path(folder, "journal"), whole, bytes);
		assert_int_equal(open_journal(&journal, &error), PF_OK);
		check_has(left ? (unsigned)(left - 1 < 3 ? left - 1 : 3) : 0, left == lines);
		const pf_outcome more = outcome_of((unsigned)known->scored);
		size_t at = known->scored;
		pf_score_journal_add(journal, at, &more); /* behind what is good */
		pf_score_journal_close(journal, false);
		assert_int_equal(open_journal(&journal, &error), PF_OK);
		assert_true(known->photos[at].done &&
			    pf_scores_identical(&known->photos[at].score, &more.score));
		pf_score_journal_close(journal, false);
	}
	free(whole);
}

/* A byte anywhere behind the head: no more than what stands before it. */
static void test_changed(void **state)
{
	(void)state;
	pf_score_journal *journal;
	pf_error error;
	size_t count;
	fill();
	char *whole = pf_temp_read(pf_temp_path(folder, "journal"), &count);
	for (size_t at = (size_t)(strchr(whole, '\n') - whole) + 1; at < count; at += 13) {
		whole[at] ^= 1;
		pf_temp_write(pf_temp_path(folder, "journal"), whole, count);
		whole[at] ^= 1;
		assert_int_equal(open_journal(&journal, &error), PF_OK);
		assert_true(known->scored + known->failed < 4);
		check_has((unsigned)known->scored, (unsigned)known->failed);
		pf_score_journal_close(journal, false);
	}
	free(whole);
}

static void test_wanted(void **state)
{
	(void)state;
	static const pf_status not [] = {PF_ERR_IO,      PF_ERR_NO_MEMORY, PF_ERR_CRASHED,
					 PF_ERR_TIMEOUT, PF_ERR_INTERNAL,  PF_ERR_CANCELLED};
	for (size_t i = 0; i < sizeof not / sizeof *not ; i++) {
		assert_false(pf_score_journal_wants(not [i]));
	}
	assert_true(pf_score_journal_wants(PF_OK) && pf_score_journal_wants(PF_ERR_TRUNCATED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_goes_on, begin, end),
					   cmocka_unit_test_setup_teardown(test_refused, begin, end),
					   cmocka_unit_test_setup_teardown(test_cut, begin, end),
					   cmocka_unit_test_setup_teardown(test_changed, begin, end),
					   cmocka_unit_test(test_wanted)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
