/* Runs whose steps join one after another until there is enough. This program is its own "trial" command,
 * with a registry of its own. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/registry/known.h"
#include "harness/run/run.h"
#include "jpeg_fixture.h"
#include "temp_folder.h"

enum { PHOTOS = 2, STEPS = 6 };

extern const struct pf_variant pf_variant_single_load, pf_variant_double_load, pf_variant_null;

static pf_status fails(const struct pf_env *env, const pf_dataset *photos, struct pf_sink *sink,
		       pf_error *error)
{
	(void)env;
	(void)photos;
	(void)sink;
	return pf_fail(error, PF_ERR_INTERNAL, NULL, "it gives up");
}

static const struct pf_variant failing = {.name = "failing", .parent = "double-load", .run = fails};
/* The child of a child of the baseline: its grandparent need not run beside it. */
static const struct pf_variant grandchild = {.name = "grandchild", .parent = "single-load", .run = fails};

const struct pf_variant *const pf_variant_registry[] = {
	&pf_variant_double_load, &pf_variant_single_load, &pf_variant_null, &failing, &grandchild, NULL,
};

static char folder[256];
static pf_fixture_folder photos;
static pf_dataset *dataset;
static pf_session session;

static int make(void **state)
{
	(void)state;
	pf_error error;
	pf_scorer_config config;
	pf_temp_make(folder);
	setenv("PHOTOFINISH_DATA", pf_temp_path(folder, "data"), 1);
	pf_fixture_folder_open(&photos);
	assert_int_equal(pf_dataset_create("n", photos.path, &dataset, &error), PF_OK);
	for (uint32_t i = 0; i < PHOTOS; i++) {
		char name[16];
		uint8_t hash[PF_SHA256_BYTES];
		uint64_t size;
		pf_fixture_bytes bytes = pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 64, .height_px = 48});
		snprintf(name, sizeof name, "%u.jpg", i);
		pf_fixture_folder_add(&photos, name, &bytes);
		pf_fixture_free(&bytes);
		assert_int_equal(pf_file_sha256(pf_temp_path(photos.path, name), hash, &size, &error), PF_OK);
		assert_int_equal(pf_dataset_add(dataset, name, size, hash, &error), PF_OK);
	}
	pf_scorer_config_default(&config);
	/* Without models, which every trial would open. */
	assert_int_equal(pf_scorer_config_stages(&config, "facts,decode,quality", &error), PF_OK);
	return pf_session_open(&session, dataset, &config, &error);
}

static int tidy(void **state)
{
	(void)state;
	pf_session_close(&session);
	pf_dataset_free(dataset);
	pf_fixture_folder_close(&photos);
	pf_temp_remove(folder);
	return 0;
}

static const char *last_wanted; /* no step joins after this one */

static double single_load_s; /* 0: times are as they were taken */

/* Times that no machine has a part in: nothing is tagged, and single-load is as fast as is asked for. */
static void set_times(const pf_run *run)
{
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		bool single = strcmp(contestant->variant->name, "single-load") == 0;
		for (size_t k = 0; k < contestant->trial_count; k++) {
			contestant->trials[k].machine = (pf_machine_state){0};
			contestant->trials[k].wall_ns = (uint64_t)(1e9 * (single ? single_load_s : 1)) + k;
		}
	}
}

static bool enough(const pf_run *run)
{
	if (single_load_s > 0) {
		set_times(run);
	}
	const pf_contestant *last = pf_run_find(run, last_wanted);
	return last && last->trial_count > 0;
}

/* Runs the steps two rounds each and checks the rounds in which each had its trials. */
static void check(const char *last, uint32_t rounds, const char *const expected[STEPS])
{
	static const char *const names[STEPS] = {"double-load", "failing",     "single-load",
						 "grandchild",  "single-load", "null"};
	static const pf_run_listener deaf = {0};
	pf_contestant contestants[STEPS] = {0};
	pf_error error = {0};
	pf_run run = {.session = &session,
		      .command = "journey",
		      .contestants = contestants,
		      .contestant_count = STEPS,
		      .rounds = 2,
		      .enough_steps = enough};
	last_wanted = last;
	for (size_t i = 0; i < STEPS; i++) {
		contestants[i] = (pf_contestant){.variant = pf_variant_find(names[i]), .workers = 1};
		snprintf(contestants[i].label, sizeof contestants[i].label, "%zu", i);
	}
	assert_int_equal(pf_run_execute(&run, &deaf, &error), PF_OK);
	for (size_t i = 0; i < STEPS; i++) {
		char had[32] = "";
		const pf_contestant *contestant = &contestants[i];
		for (size_t k = 0; k < contestant->trial_count; k++) {
			size_t used = strlen(had);
			snprintf(had + used, sizeof had - used, "%s%u", k ? " " : "",
				 contestant->trials[k].round);
		}
		assert_string_equal(had, expected[i]);
		pf_interval seconds;
		if (!had[0]) {
			assert_int_equal(contestant->status, PF_RUN_NOT_RUN);
			assert_string_equal(contestant->reason, "the goal was met before it");
			assert_false(pf_run_time(contestant, &seconds));
		} else {
			assert_int_not_equal(contestant->status, PF_RUN_NOT_RUN);
		}
	}
	assert_int_equal(run.rounds, rounds);
	assert_int_equal(run.rounds_done, rounds);
	assert_false(run.partial);
	pf_run_release(&run);
}

/* The baseline and the parent run beside each step, the floor always; a step that failed runs once. So does
 * the best before it, which is what decides on it. */
static void test_all_steps(void **state)
{
	(void)state;
	static const char *const faster[STEPS] = {"1 2 3 4 5 6 7 8 9 10", "3", "5 6 7 8 9 10", "7", "9 10",
						  "1 2 3 4 5 6 7 8 9 10"};
	static const char *const slower[STEPS] = {"1 2 3 4 5 6 7 8 9 10", "3", "5 6 7 8", "7", "9 10",
						  "1 2 3 4 5 6 7 8 9 10"};
	single_load_s = 0.5;
	check("nobody", 10, faster);
	single_load_s = 2;
	check("nobody", 10, slower);
	single_load_s = 0;
}

static void test_until_there_is_enough(void **state)
{
	(void)state;
	static const char *const first[STEPS] = {"1 2", "", "", "", "", "1 2"};
	static const char *const third[STEPS] = {"1 2 3 4 5 6", "3", "5 6", "", "", "1 2 3 4 5 6"};
	single_load_s = 2;
	check("double-load", 2, first);
	check("single-load", 6, third);
	single_load_s = 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "trial") == 0) {
		return pf_trial_child(argv[2], NULL, NULL, NULL);
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_steps),
		cmocka_unit_test(test_until_there_is_enough),
	};
	return cmocka_run_group_tests(tests, make, tidy);
}
