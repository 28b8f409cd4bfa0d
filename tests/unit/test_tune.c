/* The confirmation of what tuning found: pairs in, a word out; and where what was found holds. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/tune/tune.h"
#include "harness/tune/tuned_file.h"
#include "temp_folder.h"

enum { ROUNDS = 200 };

static struct pf_variant variant = {.name = "parallel", .caps = PF_CAP_WORKERS};
static pf_trial trials[2][ROUNDS];
static pf_contestant contestants[2];
static pf_run run;
static pf_tune tune;
static pf_tune_evidence evidence;

static int begin(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 2; c++) {
		contestants[c] = (pf_contestant){.variant = &variant, .workers = 2, .trials = trials[c]};
	}
	run = (pf_run){.contestants = contestants, .contestant_count = 2};
	tune = (pf_tune){.best = 1};
	pf_tune_evidence_start(&evidence);
	return 0;
}

static void add(unsigned contestant, uint32_t round, double seconds)
{
	pf_contestant *to = &contestants[contestant];
	to->trials[to->trial_count++] = (pf_trial){.round = round,
						   .workers = 2,
						   .ending = PF_ENDED_OK,
						   .checked = true,
						   .photos_scored = 4,
						   .wall_ns = (uint64_t)(seconds * 1e9)};
}

/* Rounds until it is decided; the best takes `ratio` of the default's time, with a spread. */
static unsigned decide(double ratio, double spread)
{
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		double noise = 1 + spread * ((double)(round * 7 % 5) - 2);
		add(0, round, noise);
		add(1, round, ratio * (1 + spread * ((double)(round * 3 % 5) - 2)));
		if (pf_tune_is_decided(&tune, &evidence, &run)) {
			return round;
		}
	}
	return 0;
}

static void test_faster(void **state)
{
	(void)state;
	unsigned rounds = decide(0.8, 0.01);
	assert_in_range(rounds, 9, 40); /* an e-process needs its pairs, and looks at each once */
	assert_int_equal(tune.word, PF_WORD_FASTER);
	assert_int_equal(tune.pairs, rounds);
	assert_true(fabs(tune.ratio - 0.8) < 0.02);
}

static void test_not_faster(void **state)
{
	(void)state;
	assert_in_range(decide(1.25, 0.01), 9, 40);
	assert_int_equal(tune.word, PF_WORD_SLOWER);
	begin(NULL);
	assert_in_range(decide(1, 0.002), 9, 60);
	assert_int_equal(tune.word, PF_WORD_EQUIVALENT);
	begin(NULL);
	assert_int_equal(decide(1, 0.2), 0); /* too noisy for a word */
	assert_int_equal(tune.word, PF_WORD_UNDECIDED);
	assert_int_equal(tune.pairs, ROUNDS);
}

/* A round of which one trial does not count is no pair. */
static void test_pairs(void **state)
{
	(void)state;
	for (uint32_t round = 1; round <= 8; round++) {
		add(0, round, 1);
		add(1, round, 0.5);
		trials[round % 2][round - 1].checked = false;
		assert_false(pf_tune_is_decided(&tune, &evidence, &run));
	}
	assert_int_equal(tune.pairs, 0);
	assert_true(isnan(tune.ratio));
	add(0, 9, 1);
	add(1, 9, 0.5);
	assert_false(pf_tune_is_decided(&tune, &evidence, &run));
	assert_false(pf_tune_is_decided(&tune, &evidence, &run)); /* asked again: not taken again */
	assert_int_equal(tune.pairs, 1);
	assert_true(fabs(tune.ratio - 0.5) < 1e-9);
}

/* One whose output differs on the other photos is not the winner, however fast. */
static void test_not_well(void **state)
{
	(void)state;
	static const pf_run_status endings[] = {PF_RUN_WRONG_OUTPUT, PF_RUN_CRASHED};
	for (unsigned i = 0; i < 2; i++) {
		begin(NULL);
		for (uint32_t round = 1; round <= 50; round++) {
			add(0, round, 1);
			add(1, round, 0.5);
		}
		contestants[1].status = endings[i];
		assert_true(pf_tune_is_decided(&tune, &evidence, &run));
		assert_int_equal(tune.word, PF_WORD_UNDECIDED);
		assert_int_equal(tune.pairs, 0);
	}
}

static void test_file(void **state)
{
	(void)state;
	char folder[256];
	pf_error error;
	pf_tuned read = {0}, here;
	const pf_tuned tuned = {.variant = "parallel",
				.settings = "chunk=8",
				.found = "in words",
				.started = "2026-11-30T00:00:00Z",
				.build = "aa",
				.configuration = "bb",
				.machine = "cc",
				.dataset = "4 to 8 MB a photo, 10 to 99 photos",
				.workers = "3"};
	pf_temp_make(folder);
	const char *path = pf_temp_path(folder, "parallel.yaml");
	assert_int_equal(pf_tuned_save(&tuned, path, &error), PF_OK);
	assert_int_equal(pf_tuned_load(path, &read, &error), PF_OK);
	assert_memory_equal(&read, &tuned, sizeof read);
	here = tuned;
	assert_null(pf_tuned_stale(&tuned, &here));
	here.workers[0] = '2';
	assert_string_equal(pf_tuned_stale(&tuned, &here), "another number of workers");
	here.workers[0] = '\0'; /* not asked */
	assert_null(pf_tuned_stale(&tuned, &here));
	here.build[0] = 'b';
	assert_string_equal(pf_tuned_stale(&tuned, &here), "another build");
	/* One that an earlier build wrote, which knew of no workers. */
	static const char early[] =
		"variant: \"p\"\nsettings: \"\"\nfound: \"f\"\nstarted: \"s\"\nbuild: \"a\"\n"
		"configuration: \"b\"\nmachine: \"c\"\ndataset: \"d\"\n";
	pf_temp_write(path, early, sizeof early - 1);
	assert_int_equal(pf_tuned_load(path, &read, &error), PF_OK);
	assert_string_equal(read.workers, "");
	pf_temp_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_faster, begin), cmocka_unit_test_setup(test_not_faster, begin),
		cmocka_unit_test_setup(test_pairs, begin), cmocka_unit_test_setup(test_not_well, begin),
		cmocka_unit_test(test_file)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
