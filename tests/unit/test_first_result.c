/* Trials that are killed at the first scored photo. This program is its own "trial" command. */
#include <limits.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/base/interrupt.h"
#include "harness/run/first_result.h"
#include "harness/run/reference.h"
#include "jpeg_fixture.h"
#include "shared_memory.h"
#include "temp_folder.h"

enum { PHOTOS = 4 };

extern const struct pf_variant pf_variant_single_load, pf_variant_double_load, pf_variant_null;

/* A sink that spoils every score on its way. */
struct spoiler {
	struct pf_sink sink; /* first: the function casts back */
	struct pf_sink *to;
};

static pf_status spoil(struct pf_sink *sink, const pf_photo_result *result)
{
	struct pf_sink *to = ((struct spoiler *)sink)->to;
	pf_photo_result changed = *result;
	pf_score score;
	if (result->score) {
		score = *result->score;
		score.total = -score.total;
		changed.score = &score;
	}
	return to->photo_done(to, &changed);
}

static pf_status pass_burst(struct pf_sink *sink, const pf_burst *burst)
{
	struct pf_sink *to = ((struct spoiler *)sink)->to;
	return to->burst_found(to, burst);
}

static pf_status pass_ranks(struct pf_sink *sink, const pf_burst *burst, const uint32_t *ranks)
{
	struct pf_sink *to = ((struct spoiler *)sink)->to;
	return to->burst_ranked(to, burst, ranks);
}

static pf_status run_cheat(const struct pf_env *env, const pf_dataset *photos, struct pf_sink *sink,
			   pf_error *error)
{
	struct spoiler spoiler = {{sizeof(struct pf_sink), pass_burst, spoil, pass_ranks}, sink};
	return pf_variant_single_load.run(env, photos, &spoiler.sink, error);
}
static const struct pf_variant cheat_variant = {.name = "cheat", .run = run_cheat};

/* A photo that fails at once, then, after a while, one that has a score. */
#define A_WHILE_NS 60000000

static pf_status run_late(const struct pf_env *env, const pf_dataset *photos, struct pf_sink *sink,
			  pf_error *error)
{
	(void)env;
	(void)error;
	pf_score score = {0};
	for (uint32_t i = 0; i < photos->count; i++) {
		pf_photo_result result = {.index = i,
					  .burst = i,
					  .status = i ? PF_OK : PF_ERR_DAMAGED,
					  .message = i ? "" : "why",
					  .score = i ? &score : NULL};
		sink->photo_done(sink, &result);
		nanosleep(&(struct timespec){.tv_nsec = A_WHILE_NS}, NULL);
	}
	return PF_OK;
}
static const struct pf_variant late_variant = {.name = "late", .run = run_late};

const struct pf_variant *const pf_variant_registry[] = {
	&pf_variant_double_load, &pf_variant_single_load, &pf_variant_null,
	&cheat_variant,          &late_variant,           NULL,
};

static char folder[256];
static pf_fixture_folder photos;
static pf_dataset *dataset;
static pf_session session;
static pf_reference reference;
static pf_error error;

static void shade(void *context, uint32_t x, uint32_t y, uint8_t ycc[3])
{
	ycc[0] = (uint8_t)((x * 7 ^ y * 5) % 200 / (1 + *(const uint32_t *)context) + 20);
	ycc[1] = ycc[2] = 128;
}

static int make(void **state)
{
	(void)state;
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	/* Without models, which every trial would open. */
	assert_int_equal(pf_scorer_config_stages(&config, "facts,decode,quality", &error), PF_OK);
	pf_temp_make(folder);
	setenv("PHOTOFINISH_DATA", pf_temp_path(folder, "data"), 1);
	pf_fixture_folder_open(&photos);
	assert_int_equal(pf_dataset_create("n", photos.path, &dataset, &error), PF_OK);
	for (uint32_t i = 0; i < PHOTOS; i++) {
		char name[16];
		pf_fixture_bytes bytes = pf_fixture_jpeg(
			&(pf_fixture_spec){.width_px = 160, .height_px = 120, .pixel = shade, .context = &i});
		snprintf(name, sizeof name, "%u.jpg", i);
		pf_fixture_folder_add(&photos, name, &bytes);
		uint8_t hash[PF_SHA256_BYTES]; /* references are kept of what was hashed */
		EVP_Digest(bytes.data, bytes.bytes, hash, NULL, EVP_sha256(), NULL);
		assert_int_equal(pf_dataset_add(dataset, name, bytes.bytes, hash, &error), PF_OK);
		pf_fixture_free(&bytes);
	}
	assert_int_equal(pf_session_open(&session, dataset, &config, &error), PF_OK);
	assert_int_equal(pf_reference_get(&session, NULL, &reference, &error), PF_OK);
	assert_int_equal(reference.outcomes->scored, PHOTOS);
	return 0;
}

static int tidy(void **state)
{
	(void)state;
	pf_check_no_children();
	pf_reference_release(&reference);
	pf_session_close(&session);
	pf_dataset_free(dataset);
	pf_fixture_folder_close(&photos);
	pf_temp_remove(folder);
	return 0;
}

static const pf_first_runner honest = {&pf_variant_single_load, 1, NULL},
			     other = {&pf_variant_double_load, 1, NULL}, cheat = {&cheat_variant, 1, NULL},
			     floor_runner = {&pf_variant_null, 1, NULL};

static void count_told(void *context, size_t done, size_t total)
{
	size_t *calls = context;
	assert_int_equal(done, (*calls)++);
	assert_int_equal(total, 4 * PF_FIRST_TRIALS);
}

static void test_two_sizes(void **state)
{
	(void)state;
	pf_first_results first = {0};
	size_t calls = 0;
	for (int attempt = 0; attempt < 5 && first.n < 2; attempt++) { /* a busy machine holds some up */
		calls = 0;
		assert_int_equal(pf_first_results_measure(&session, 1, reference.outcomes, &honest, &other,
							  count_told, &calls, &first, &error),
				 PF_OK);
	}
	assert_int_equal(calls, 4 * PF_FIRST_TRIALS);
	assert_true(first.measured && first.n >= 2 && first.n <= PF_FIRST_TRIALS);
	assert_int_equal(first.small_photos, 1);
	assert_int_equal(first.large_photos, PHOTOS);
	for (size_t i = 0; i < first.n; i++) {
		assert_true(first.streaming_small[i] > 0 && first.streaming_large[i] > 0);
		assert_true(first.parallel_small[i] > 0 && first.parallel_large[i] > 0);
	}
}

static void test_the_smaller_size(void **state)
{
	(void)state;
	assert_int_equal(pf_first_small_photos(0), 0);
	assert_int_equal(pf_first_small_photos(511), 0);
	assert_int_equal(pf_first_small_photos(512), 256);
	assert_int_equal(pf_first_small_photos(25699), 256);
	assert_int_equal(pf_first_small_photos(27539), 275);
}

/* Neither a wrong score nor none at all gets a time. */
static void test_no_right_score_no_time(void **state)
{
	(void)state;
	pf_first_results first;
	assert_int_equal(pf_first_results_measure(&session, 1, reference.outcomes, &cheat, &honest, NULL,
						  NULL, &first, &error),
			 PF_OK);
	assert_true(first.measured && first.n == 0);
	assert_int_equal(pf_first_results_measure(&session, 1, reference.outcomes, &honest, &floor_runner,
						  NULL, NULL, &first, &error),
			 PF_OK);
	assert_true(first.measured && first.n == 0);
}

static void test_killed_at_the_first_score(void **state)
{
	(void)state;
	pf_trial trial;
	pf_session stopping = session;
	stopping.stop_at_first_result = true;
	assert_int_equal(pf_trial_run(&stopping, &pf_variant_double_load, 1, NULL, NULL, &trial, &error),
			 PF_OK);
	assert_int_equal(trial.ending, PF_ENDED_AT_FIRST_RESULT);
	assert_true(trial.first_result_ns > 0 && trial.first_result_ns <= trial.wall_ns);
	assert_true(trial.outcomes->scored >= 1);
	assert_false(trial.checked);
	pf_trial_release(&trial);
}

struct seen {
	uint64_t failed_ns, scored_ns;
	uint32_t looks;
};

static void see(void *context, const pf_outcomes *so_far, const pf_frame *frame)
{
	struct seen *seen = context;
	(void)frame;
	if (so_far->failed && !seen->failed_ns) {
		seen->failed_ns = pf_now_ns();
	}
	if (so_far->scored && !seen->scored_ns) {
		seen->scored_ns = pf_now_ns();
	}
}

static void look(void *context, uint32_t busy, uint32_t of)
{
	struct seen *seen = context;
	assert_true(busy <= of && of == 1);
	seen->looks++;
}

/* From before the process is started until the score is here: not when it was sent, and not when a photo
 * failed. */
static void test_from_the_start_to_the_first_score(void **state)
{
	(void)state;
	pf_trial trial;
	struct seen seen;
	const pf_trial_listener listener = {.hear = see, .look = look, .context = &seen};
	uint64_t begin, expected_ns;
	for (int i = 0;; i++) {
		seen = (struct seen){0};
		begin = pf_now_ns();
		assert_int_equal(pf_trial_run(&session, &late_variant, 1, NULL, &listener, &trial, &error),
				 PF_OK);
		/* Starting the process is most of what comes before the first event, but where this one did
		 * not get to run before that. */
		expected_ns = seen.scored_ns - seen.failed_ns + (seen.failed_ns - begin) / 2;
		if (trial.first_result_ns > expected_ns || i == 20) {
			break;
		}
		pf_trial_release(&trial);
	}
	assert_true(seen.failed_ns > begin && seen.scored_ns > seen.failed_ns);
	assert_true(trial.first_result_ns >= A_WHILE_NS);
	assert_true(trial.first_result_ns <= seen.scored_ns - begin);
	assert_true(trial.first_result_ns > expected_ns);
	assert_true(trial.first_result_ns < trial.wall_ns && seen.looks > 0);
	pf_trial_release(&trial);
}

/* A photo that cannot be read just now has an outcome in this run, but the next one finds it well. */
static void test_what_may_pass_is_not_kept(void **state)
{
	(void)state;
	char name[300], aside[320], cache[PATH_MAX];
	pf_reference passing, well;
	assert_int_equal(pf_reference_path(&session, cache, &error), PF_OK);
	unlink(cache);
	snprintf(name, sizeof name, "%s/2.jpg", photos.path);
	snprintf(aside, sizeof aside, "%s.aside", name);
	assert_int_equal(rename(name, aside), 0);
	assert_int_equal(symlink("2.jpg", name), 0); /* to itself: ELOOP */
	assert_int_equal(pf_reference_get(&session, NULL, &passing, &error), PF_OK);
	assert_int_equal(passing.outcomes->photos[2].status, PF_ERR_IO);
	assert_int_not_equal(access(cache, F_OK), 0);
	assert_int_equal(unlink(name) || rename(aside, name), 0);
	assert_int_equal(pf_reference_get(&session, NULL, &well, &error), PF_OK);
	assert_false(well.from_cache);
	assert_memory_equal(well.digest, reference.digest, sizeof well.digest);
	assert_int_equal(access(cache, F_OK), 0);
	pf_reference_release(&passing);
	pf_reference_release(&well);
}

static void test_an_interrupt_ends_it(void **state)
{
	(void)state;
	pf_first_results first;
	size_t calls = 0;
	pf_interrupts = 1;
	assert_int_equal(pf_first_results_measure(&session, 1, reference.outcomes, &honest, &other,
						  count_told, &calls, &first, &error),
			 PF_OK);
	pf_interrupts = 0;
	assert_int_equal(calls, 0);
	assert_int_equal(first.n, 0);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "trial") == 0) {
		return pf_trial_child(argv[2], NULL, NULL, NULL);
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_sizes),
		cmocka_unit_test(test_the_smaller_size),
		cmocka_unit_test(test_no_right_score_no_time),
		cmocka_unit_test(test_killed_at_the_first_score),
		cmocka_unit_test(test_from_the_start_to_the_first_score),
		cmocka_unit_test(test_what_may_pass_is_not_kept),
		cmocka_unit_test(test_an_interrupt_ends_it),
	};
	return cmocka_run_group_tests(tests, make, tidy);
}
