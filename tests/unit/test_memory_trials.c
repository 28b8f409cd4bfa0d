/* Memory, allocations and moved bytes of real trials: variants over the tiny dataset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "datasets/dataset_make.h"
#include "harness/memory/allocations.h"
#include "harness/memory/memory_sampler.h"
#include "harness/registry/known.h"
#include "harness/run/memory_trials.h"
#include "harness/run/other_build.h"
#include "temp_folder.h"
#include "undisturbed.h"

#define PROGRAM PF_BINARY_DIR "/photofinish"
enum { PHOTOS = 8, WORKERS = 2 };

static char folder[256];
static pf_dataset *tiny;
static pf_session session;

static int open_session(void **state)
{
	(void)state;
	pf_error error = {0};
	pf_scorer_config config;
	pf_temp_make(folder);
	pf_make_options options = {.spec = "tiny", .home = folder, .workers = 2};
	pf_scorer_config_default(&config);
	if (pf_dataset_make(&options, NULL, &error) != PF_OK ||
	    pf_dataset_load(pf_temp_path(folder, "tiny/manifest"), &tiny, &error) != PF_OK ||
	    pf_session_open(&session, tiny, &config, &error) != PF_OK) {
		print_error("%s: %s\n", error.file, error.message);
		return 1;
	}
	session.executable = PROGRAM;
	session.timeout_s = 3600;
	return 0;
}

static int close_session(void **state)
{
	(void)state;
	pf_session_close(&session);
	pf_dataset_free(tiny);
	pf_temp_remove(folder);
	return 0;
}

static pf_trial run(const char *name, uint32_t workers)
{
	pf_trial trial;
	pf_error error = {0};
	const struct pf_variant *variant = pf_variant_find(name);
	assert_non_null(variant);
	pf_status status = pf_trial_undisturbed(&session, variant, workers, NULL, NULL, &trial, &error);
	if (status != PF_OK || trial.ending != PF_ENDED_OK) {
		print_error("%s: %s %s\n", name, error.message, trial.reason);
	}
	assert_int_equal(status, PF_OK);
	assert_int_equal(trial.ending, PF_ENDED_OK);
	assert_int_equal(trial.photos_scored, PHOTOS);
	return trial;
}

static void test_shared_memory_counts_once(void **state)
{
	(void)state;
	const double share = 0.5;
	session.asked[PF_PROBE_memory] = &share;
	pf_trial trial = run("shared-memory", WORKERS);
	session.asked[PF_PROBE_memory] = NULL;
	const pf_memory_series *series = trial.found[PF_PROBE_memory];
	assert_non_null(series);
	assert_true(series->samples >= 1 && series->point_count >= 1);
	const pf_smaps *all = &series->peak.all;
	assert_true(all->pss > 0 && all->pss < all->rss && all->own <= all->pss);
	assert_true(all->pss <= trial.peak_rss_bytes); /* the kernel's sum of peaks is an upper bound */
	assert_true(trial.voluntary_switches > 0);     /* it waited for its workers */
	uint64_t most_shared = 0;
	for (size_t i = 0; i < series->point_count; i++) {
		uint64_t shared = series->points[i].all.shared;
		most_shared = shared > most_shared ? shared : most_shared;
	}
	/* The ring of decoded photos, which stays until the end. */
	assert_true(most_shared > 256 * 1024);
	uint32_t slots = 0;
	for (size_t i = 0; i < series->process_count; i++) {
		slots |= series->processes[i].slot <= WORKERS ? 1u << series->processes[i].slot : 0;
		assert_true(series->processes[i].samples >= 1);
	}
	assert_true(slots & 1);
	pf_trial_release(&trial);
	trial = run("single-load", 1);
	assert_null(trial.found[PF_PROBE_memory]);
	assert_null(trial.found[PF_PROBE_allocations]);
	pf_trial_release(&trial);
}

static void test_bytes_by_hop(void **state)
{
	(void)state;
	pf_trial trial = run("pipelined", WORKERS);
	uint64_t photos_bytes = 0, photos = 0, events = 0, event_bytes = 0;
	for (size_t i = 0; i < trial.moved_count; i++) {
		const pf_moved *moved = &trial.moved[i];
		if (moved->kind == PF_HOP_PHOTOS) {
			assert_int_equal(moved->from, 0);
			assert_true(moved->to >= 1 && moved->to <= WORKERS);
			photos_bytes += moved->bytes;
			photos += moved->frames;
		} else {
			assert_int_equal(moved->kind, PF_HOP_EVENTS);
			assert_int_equal(moved->to, PF_HARNESS_SLOT);
			assert_true(moved->from <= WORKERS);
			events += moved->frames;
			event_bytes += moved->bytes;
		}
	}
	assert_true(trial.moved_bytes > 0 && photos > 0);
	assert_int_equal(photos_bytes, trial.moved_bytes); /* what was sent is what arrived */
	/* Every photo, every burst when it was found and when it was ranked, the end. */
	assert_int_equal(events, PHOTOS + 2 * trial.outcomes->bursts + 1);
	if (trial.io.known) {
		assert_true(trial.io.written_bytes >= photos_bytes + event_bytes);
		assert_true(trial.io.read_call_bytes >= photos_bytes + trial.read_bytes);
	}
	pf_trial_release(&trial);
}

/* Of two builds that are compared, each one's memory is its own. */
static void test_another_build_is_run_itself(void **state)
{
	(void)state;
	pf_build build = {.executable = "/nowhere/photofinish"};
	pf_contestant contestant = {.label = "single-load@0",
				    .variant = pf_variant_find("single-load"),
				    .workers = 1,
				    .status = PF_RUN_OK,
				    .build = &build};
	pf_run of_builds = {.session = &session, .contestants = &contestant, .contestant_count = 1};
	pf_memory_report report = {.sample = true};
	pf_error error = {0};
	assert_int_equal(pf_memory_trials_run(&of_builds, &report, NULL, &error), PF_ERR_NOT_FOUND);
	assert_string_equal(error.file, build.executable);
	pf_memory_report_release(&report);
}

#ifndef PF_SANITIZED
/* One worker makes the same calls each time: what is allocated does not depend on time. */
static void test_a_serial_variant_allocates_the_same_again(void **state)
{
	(void)state;
	char library[4200];
	pf_error error = {0};
	assert_int_equal(pf_allocation_library(PROGRAM, library, sizeof library, &error), PF_OK);
	session.asked[PF_PROBE_allocations] = library;
	pf_trial first = run("single-load", 1), again = run("single-load", 1), twice = run("double-load", 1),
		 two = run("parallel", WORKERS);
	session.asked[PF_PROBE_allocations] = NULL;
	const pf_allocations *counted = first.found[PF_PROBE_allocations],
			     *recounted = again.found[PF_PROBE_allocations],
			     *doubled = twice.found[PF_PROBE_allocations],
			     *shared = two.found[PF_PROBE_allocations];
	assert_non_null(counted);
	for (int i = 0; i <= PF_STAGE_COUNT; i++) {
		const pf_allocation_count *a = &counted->stages[i], *b = &recounted->stages[i];
		if (a->allocations != b->allocations || a->reallocations != b->reallocations ||
		    a->frees != b->frees) {
			fail_msg("%s: %llu and %llu allocations", pf_stage_name((pf_stage)i),
				 (unsigned long long)a->allocations, (unsigned long long)b->allocations);
		}
	}
	assert_memory_equal(counted->digest, recounted->digest, sizeof counted->digest);
	assert_memory_not_equal(counted->digest, doubled->digest, sizeof counted->digest);
	assert_true(counted->stages[PF_STAGE_DECODE].allocations > 0 &&
		    counted->stages[PF_STAGE_DECODE].bytes > 0);
	assert_true(doubled->stages[PF_STAGE_DECODE].allocations >
		    counted->stages[PF_STAGE_DECODE].allocations);
	assert_int_equal(counted->process_count, 1);
	assert_int_equal(counted->processes[0].slot, 0);
	assert_int_equal(shared->process_count, 1 + WORKERS);
	pf_trial_release(&first);
	pf_trial_release(&again);
	pf_trial_release(&twice);
	pf_trial_release(&two);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared_memory_counts_once),
		cmocka_unit_test(test_bytes_by_hop),
		cmocka_unit_test(test_another_build_is_run_itself),
#ifndef PF_SANITIZED
		cmocka_unit_test(test_a_serial_variant_allocates_the_same_again),
#endif
	};
	return cmocka_run_group_tests(tests, open_session, close_session);
}
