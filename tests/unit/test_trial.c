/* Trials of variants that misbehave: each ends as what it is, and leaves nothing running. This program is its
 * own "trial" command, with a registry of rogues in place of the real variants. */
#include <dirent.h>
#include <errno.h>
#include <linux/close_range.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/base/interrupt.h"
#include "harness/registry/known.h"
#include "harness/trial/trial.h"
#include "harness/trial/trial_shared.h"
#include "photofinish/exec.h"
#include "shared_memory.h"
#include "undisturbed.h"

enum { PHOTOS = 5 };

static pf_dataset *dataset;
static pf_session session;

static pf_status tell(struct pf_sink *sink, uint32_t index, pf_status status, const char *message)
{
	pf_score score = {.total = index / 8.0};
	pf_photo_result result = {.index = index,
				  .status = status,
				  .message = message,
				  .score = status == PF_OK ? &score : NULL};
	return sink->photo_done(sink, &result);
}

static void rank(struct pf_sink *sink, uint32_t count)
{
	static const uint32_t photos[PHOTOS] = {0, 1, 2, 3, 4}, ranks[PHOTOS] = {5, 4, 3, 2, 1};
	pf_burst burst = {.id = 0, .count = count, .photos = photos};
	sink->burst_found(sink, &burst);
	sink->burst_ranked(sink, &burst, ranks);
}

static void finish(struct pf_sink *sink)
{
	for (uint32_t i = 0; i < PHOTOS; i++) {
		tell(sink, i, i == 2 ? PF_ERR_DAMAGED : PF_OK, i == 2 ? "why" : "");
	}
	rank(sink, PHOTOS);
}

static void sleep_for_ever(void)
{
	for (;;) {
		sleep(60);
	}
}

/* Stops the trial with a message unless `condition` holds. */
#define DEMAND(condition)                                                                       \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			return pf_fail(error, PF_ERR_INTERNAL, NULL, "not so: %s", #condition); \
		}                                                                               \
	} while (0)

#define ROGUE(name)                                                                     \
	static pf_status run_##name(const struct pf_env *env, const pf_dataset *photos, \
				    struct pf_sink *sink, pf_error *error)
#define UNUSED() ((void)env, (void)photos, (void)sink, (void)error)

/* A photo fails for want of memory. */
ROGUE(starves)
{
	UNUSED();
	tell(sink, 1, PF_ERR_NO_MEMORY, "cannot allocate 5 by\x1btes");
	while (!pf_cancelled(env)) { /* the test's time limit ends it otherwise */
	}
	return PF_ERR_CANCELLED;
}

ROGUE(good)
{
	UNUSED();
	uint64_t begin = pf_span_begin(&env->traces[0], PF_STAGE_DECODE);
	while (pf_now_ns() - begin < 3000000) {
	}
	pf_span_end(&env->traces[0], PF_STAGE_DECODE, begin);
	env->traces[0].read_bytes = 1000;
	env->traces[1].read_bytes = 500;
	env->traces[1].moved_bytes = 7;
	env->traces[0].chunks = 2;
	env->traces[1].chunks = 3;
	finish(sink);
	return PF_OK;
}

/* What the trial's process was given. */
ROGUE(inspects)
{
	int descriptors = 0;
	DIR *folder = opendir("/proc/self/fd");
	DEMAND(folder);
	while (readdir(folder)) {
		descriptors++;
	}
	closedir(folder);
	DEMAND(descriptors == 2 + 6 + 2); /* ".", ".."; 0 to 5; 4 once more; the folder itself */
	DEMAND(getpgrp() == getpid());
	DEMAND(read(STDIN_FILENO, &descriptors, 1) == 0);
	DEMAND(env->abi_version == PF_ABI_VERSION && env->struct_size == sizeof *env);
	DEMAND(env->workers == 3 && env->memory_limit_bytes == 12345);
	DEMAND(env->options[0] == 4 && env->options[1] == 1);
	DEMAND(env->scorer->max_scans == 77 && !pf_cancelled(env));
	DEMAND(photos->count == PHOTOS && !strcmp(photos->photos[2].path, "c\x1b.jpg"));
	DEMAND(photos->photos[0].size_bytes == 10 && photos->photos[0].hashed &&
	       photos->photos[0].sha256[31] == 9);
	finish(sink);
	return PF_OK;
}

ROGUE(crashes)
{
	UNUSED();
	tell(sink, 0, PF_OK, "");
	pf_trace_photo(&env->traces[0], 2);
	pf_span_begin(&env->traces[0], PF_STAGE_FACES);
	fprintf(stderr, "first line\nterminate: \x1b[31mstd::out_of_range\n\n");
	abort();
	return PF_OK;
}

ROGUE(exits)
{
	UNUSED();
	exit(7);
	return PF_OK;
}

ROGUE(fails)
{
	UNUSED();
	tell(sink, 0, PF_OK, "");
	return pf_fail(error, PF_ERR_NO_MEMORY,
		       "mod\x1b"
		       "el",
		       "not enough for %d workers", 4);
}

ROGUE(silent)
{
	UNUSED();
	return PF_OK;
}

ROGUE(forgets)
{
	UNUSED();
	tell(sink, 0, PF_OK, "");
	tell(sink, 1, PF_OK, "");
	tell(sink, 3, PF_OK, "");
	tell(sink, 99, PF_OK, "");
	rank(sink, PHOTOS);
	return PF_OK;
}

ROGUE(part_ranked)
{
	UNUSED();
	for (uint32_t i = 0; i < PHOTOS; i++) {
		tell(sink, i, PF_OK, "");
	}
	rank(sink, PHOTOS - 1);
	return PF_OK;
}

ROGUE(tells_twice)
{
	UNUSED();
	tell(sink, 1, PF_ERR_CRASHED, "first");
	finish(sink);
	tell(sink, 3, PF_ERR_DAMAGED, "last");
	return PF_OK;
}

ROGUE(hangs)
{
	UNUSED();
	tell(sink, 0, PF_OK, "");
	sleep_for_ever();
	return PF_OK;
}

ROGUE(slow)
{
	UNUSED();
	nanosleep(&(struct timespec){.tv_nsec = 400000000}, NULL);
	finish(sink);
	nanosleep(&(struct timespec){.tv_nsec = 800000000}, NULL);
	return PF_OK;
}

ROGUE(drains)
{
	tell(sink, 0, PF_OK, "");
	while (!pf_cancelled(env)) {
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	tell(sink, 1, PF_OK, "");
	UNUSED();
	return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped");
}

ROGUE(garbles)
{
	static char garbage[65536];
	UNUSED();
	tell(sink, 0, PF_OK, "");
	memset(garbage, 0xEE, sizeof garbage);
	for (;;) {
		if (write(PF_TRIAL_FD_EVENTS, garbage, sizeof garbage) < 0) {
			sleep_for_ever();
		}
	}
	return PF_OK;
}

ROGUE(leaves_a_child)
{
	if (fork() == 0) {
		sleep_for_ever();
	}
	UNUSED();
	finish(sink);
	return PF_OK;
}

/* A child that left the group, and holds on to the stream of events. */
ROGUE(leaves_a_daemon)
{
	if (fork() == 0) {
		setsid();
		close_range(STDOUT_FILENO, STDERR_FILENO, 0); /* ctest waits for whoever has them */
		sleep(600);
		_exit(0);
	}
	UNUSED();
	nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	finish(sink);
	return PF_OK;
}

ROGUE(chatters)
{
	UNUSED();
	for (int i = 0; i < 100000; i++) {
		puts("I am here, and I say so on standard output");
	}
	finish(sink);
	return PF_OK;
}

static const struct pf_option inspects_options[] = {
	{"depth", PF_OPTION_INTEGER, 2, 1, 9, ""}, {"flag", PF_OPTION_FLAG, 1, 0, 1, ""}, {0}};

#define ENTRY(symbol, flags, list)                          \
	static const struct pf_variant symbol##_variant = { \
		.name = #symbol, .caps = (flags), .options = (list), .run = run_##symbol};
ENTRY(good, PF_CAP_WORKERS, NULL)
ENTRY(inspects, 0, inspects_options)
ENTRY(crashes, PF_CAP_MAY_CRASH, NULL)
ENTRY(exits, 0, NULL)
ENTRY(fails, 0, NULL)
ENTRY(starves, 0, NULL)
ENTRY(silent, 0, NULL)
ENTRY(forgets, 0, NULL)
ENTRY(part_ranked, 0, NULL)
ENTRY(tells_twice, 0, NULL)
ENTRY(hangs, 0, NULL)
ENTRY(drains, 0, NULL)
ENTRY(slow, 0, NULL)
ENTRY(garbles, 0, NULL)
ENTRY(leaves_a_child, 0, NULL)
ENTRY(leaves_a_daemon, 0, NULL)
ENTRY(chatters, 0, NULL)
static const struct pf_variant floor_variant = {.name = "floor", .caps = PF_CAP_FLOOR, .run = run_silent};

/* clang-format off */
const struct pf_variant *const pf_variant_registry[] = {
	&good_variant,     &inspects_variant,        &crashes_variant,     &exits_variant,
	&starves_variant,  &fails_variant,           &silent_variant,      &forgets_variant,
	&hangs_variant,    &part_ranked_variant,     &tells_twice_variant, &drains_variant,
	&slow_variant,     &garbles_variant,         &floor_variant,       &leaves_a_child_variant,
	&chatters_variant, &leaves_a_daemon_variant, NULL,
}; /* clang-format on */

static pf_trial run_trial(const char *name, const pf_trial_listener *listener)
{
	pf_trial trial;
	pf_error error = {0};
	const struct pf_variant *variant = pf_variant_find(name);
	assert_non_null(variant);
	uint64_t begin = pf_now_ns();
	pf_status status = pf_trial_undisturbed(&session, variant, 1, NULL, listener, &trial, &error);
	if (status != PF_OK) {
		print_error("%s: %s\n", error.file, error.message);
	}
	assert_int_equal(status, PF_OK);
	assert_true(trial.wall_ns > 0 && trial.wall_ns <= pf_now_ns() - begin);
	pf_check_no_children();
	return trial;
}

/* Ends as it should, for a reason that says so. */
static void check_ending(const char *name, pf_ending ending, const char *reason)
{
	pf_trial trial = run_trial(name, NULL);
	if (trial.ending != ending || !strstr(trial.reason, reason) ||
	    (ending == PF_ENDED_OK && trial.reason[0])) {
		print_error("%s: ending %d, reason \"%s\"; expected %d, \"%s\"\n", name, trial.ending,
			    trial.reason, ending, reason);
		fail();
	}
	assert_null(strchr(trial.reason, '\x1b'));
	pf_trial_release(&trial);
}

static int set_up(void **state)
{
	(void)state;
	static const char *const names[PHOTOS] = {"a.jpg", "b.jpg", "c\x1b.jpg", "d.jpg", "e.jpg"};
	pf_error error;
	uint8_t hash[PF_SHA256_BYTES] = {[31] = 9};
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	config.max_scans = 77;
	pf_interrupts = 0;
	assert_int_equal(pf_dataset_create("n", "/", &dataset, &error), PF_OK);
	for (int i = 0; i < PHOTOS; i++) {
		assert_int_equal(pf_dataset_add(dataset, names[i], 10, hash, &error), PF_OK);
	}
	assert_int_equal(pf_session_open(&session, dataset, &config, &error), PF_OK);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pf_session_close(&session);
	pf_session_close(&session);
	pf_dataset_free(dataset);
	pf_interrupts = 0;
	return 0;
}

static void test_a_good_one(void **state)
{
	(void)state;
	pf_trial trial = run_trial("good", NULL);
	assert_int_equal(trial.ending, PF_ENDED_OK);
	assert_string_equal(trial.reason, "");
	assert_int_equal(trial.photos_scored, PHOTOS - 1);
	assert_int_equal(trial.photos_failed, 1);
	assert_int_equal(trial.outcomes->bursts, 1);
	assert_false(trial.checked); /* that is not the trial's own business */
	for (uint32_t i = 0; i < PHOTOS; i++) {
		const pf_outcome *photo = &trial.outcomes->photos[i];
		assert_int_equal(photo->rank, PHOTOS - i);
		assert_int_equal(photo->status, i == 2 ? PF_ERR_DAMAGED : PF_OK);
		assert_true(i == 2 || photo->score.total == i / 8.0);
	}
	assert_string_equal(trial.outcomes->photos[2].message, "why");
	assert_true(trial.first_result_ns > 3000000 && trial.first_result_ns < trial.wall_ns);
	assert_int_equal(trial.stage_spans[PF_STAGE_DECODE], 1);
	assert_true(trial.stage_ns[PF_STAGE_DECODE] >= 3000000 &&
		    trial.stage_ns[PF_STAGE_DECODE] < trial.wall_ns);
	assert_true(trial.cpu_ns >= 2000000);
	assert_int_equal(trial.read_bytes, 1500);
	assert_int_equal(trial.moved_bytes, 7);
	assert_int_equal(trial.chunks, 5);
	uint8_t digest[PF_SHA256_BYTES];
	assert_int_equal(pf_outcomes_digest(trial.outcomes, digest, NULL), PF_OK);
	assert_memory_equal(digest, trial.digest, sizeof digest);
	pf_trial_release(&trial);
	pf_trial_release(&trial);
}

static void test_what_the_process_is_given(void **state)
{
	(void)state;
	const int64_t options[] = {4, 1};
	pf_trial trial;
	pf_error error;
	session.order.memory_limit_bytes = 12345;
	assert_int_equal(pf_trial_undisturbed(&session, &inspects_variant, 3, options, NULL, &trial, &error),
			 PF_OK);
	assert_string_equal(trial.reason, "");
	assert_int_equal(trial.ending, PF_ENDED_OK);
	assert_int_equal(trial.workers, 3);
	pf_trial_release(&trial);
	/* Without options: their defaults, which this variant does not like. */
	assert_int_equal(pf_trial_undisturbed(&session, &inspects_variant, 3, NULL, NULL, &trial, &error),
			 PF_OK);
	assert_non_null(strstr(trial.reason, "not so: env->options[0] == 4"));
	assert_int_equal(trial.ending, PF_ENDED_FAILED);
	pf_trial_release(&trial);
}

static void test_crashes(void **state)
{
	(void)state;
	check_ending(
		"crashes", PF_ENDED_CRASHED,
		"SIGABRT in faces of c\\x1b.jpg, 1 of 5 photos done (terminate: \\x1b[31mstd::out_of_range)");
	check_ending("exits", PF_ENDED_CRASHED, "exit status 7, 0 of 5 photos done");
	check_ending("garbles", PF_ENDED_CRASHED, "events are malformed");
}

static void test_failures(void **state)
{
	(void)state;
	check_ending("fails", PF_ENDED_FAILED, "mod\\x1bel: not enough for 4 workers");
	check_ending("starves", PF_ENDED_FAILED, "not enough memory for b.jpg: cannot allocate 5 by\\x1btes");
	check_ending("silent", PF_ENDED_INVALID, "photo 0 (a.jpg) has no outcome");
	check_ending("forgets", PF_ENDED_INVALID, "photo 2 (c\\x1b.jpg) has no outcome");
	check_ending("part_ranked", PF_ENDED_INVALID, "photo 4 (e.jpg) has no rank");
	check_ending("floor", PF_ENDED_OK, "");
	check_ending("chatters", PF_ENDED_OK, "");
}

static void test_a_photo_told_twice_counts_once(void **state)
{
	(void)state;
	pf_trial trial = run_trial("tells_twice", NULL);
	assert_int_equal(trial.ending, PF_ENDED_OK);
	assert_int_equal(trial.photos_scored, 3);
	assert_int_equal(trial.photos_failed, 2);
	assert_int_equal(trial.outcomes->photos[1].status, PF_OK);
	assert_null(trial.outcomes->photos[1].message);
	assert_int_equal(trial.outcomes->photos[3].status, PF_ERR_DAMAGED);
	assert_int_equal(trial.outcomes->photos[3].rank, 2);
	pf_trial_release(&trial);
}

static void test_the_time_limit(void **state)
{
	(void)state;
	session.timeout_s = 3; /* a hundred times what it takes to send its one photo */
	uint64_t begin = pf_now_ns();
	check_ending("hangs", PF_ENDED_TIMEOUT, "killed after 3 s, 1 of 5 photos done");
	assert_true(pf_now_ns() - begin >= 3000000000u);
	session.timeout_s = 3600;
	check_ending("good", PF_ENDED_OK, "");
}

static void test_nothing_is_left_running(void **state)
{
	(void)state;
	pf_adopt_orphans();
	check_ending("leaves_a_child", PF_ENDED_OK, "");
	/* One that left the trial's group cannot be found; it must not keep the harness waiting. */
	pf_trial trial;
	pf_error error;
	uint64_t begin = pf_now_ns();
	assert_int_equal(
		pf_trial_undisturbed(&session, &leaves_a_daemon_variant, 1, NULL, NULL, &trial, &error),
		PF_OK);
	assert_int_equal(trial.ending, PF_ENDED_OK);
	assert_true(pf_now_ns() - begin < 500000000000ull);
	pf_trial_release(&trial);
}

static void dawdle(void *context, const pf_outcomes *so_far, const pf_frame *frame)
{
	(void)so_far;
	(void)frame;
	bool *done = context;
	if (!*done) {
		nanosleep(&(struct timespec){.tv_nsec = 600000000}, NULL);
		*done = true;
	}
}

/* A harness that did not get to run cannot say how long the trial took: its results count, its time does not.
 */
static void test_the_harness_is_held_up(void **state)
{
	(void)state;
	bool done = false;
	pf_trial trial;
	pf_error error;
	const pf_trial_listener listener = {.hear = dawdle, .context = &done};
	assert_int_equal(pf_trial_run(&session, &slow_variant, 1, NULL, &listener, &trial, &error), PF_OK);
	assert_int_equal(trial.ending, PF_ENDED_DISTURBED);
	assert_non_null(strstr(trial.reason, "held up for "));
	assert_int_equal(trial.photos_scored, PHOTOS - 1);
	pf_trial_release(&trial);
}

static void report_photo(void *context, const pf_outcomes *so_far, const pf_frame *frame)
{
	(void)frame;
	if (so_far->scored > 0 && write(*(const int *)context, "1", 1) != 1) {
		_exit(1);
	}
}

static void test_no_orphan_when_the_harness_is_killed(void **state)
{
	(void)state;
	pf_adopt_orphans();
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t harness = fork();
	if (harness == 0) {
		const pf_trial_listener listener = {.hear = report_photo, .context = &ends[1]};
		pf_trial trial;
		pf_trial_run(&session, &hangs_variant, 1, NULL, &listener, &trial, NULL);
		_exit(0);
	}
	char byte;
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1); /* a photo is done: the trial is in full swing */
	kill(harness, SIGKILL);
	pf_check_no_children();
	close(ends[0]);
}

/* Interrupts as they would come from the keyboard: `interrupts` of them once a photo is done. */
static void interrupt(void *context, const pf_outcomes *so_far, const pf_frame *frame)
{
	(void)frame;
	if (so_far->scored > 0) {
		pf_interrupts = *(const int *)context;
	}
}

static void test_interrupts(void **state)
{
	(void)state;
	int interrupts = 1;
	const pf_trial_listener listener = {.hear = interrupt, .context = &interrupts};
	pf_trial trial = run_trial("drains", &listener);
	assert_int_equal(trial.ending, PF_ENDED_CANCELLED);
	assert_int_equal(trial.photos_scored, 2); /* the one at hand was finished */
	pf_trial_release(&trial);
	pf_interrupts = 0;
	interrupts = 2;
	trial = run_trial("hangs", &listener);
	assert_int_equal(trial.ending, PF_ENDED_CANCELLED);
	assert_int_equal(trial.photos_scored, 1);
	assert_string_equal(trial.reason, "stopped on request");
	pf_trial_release(&trial);
}

static void test_an_executable_that_is_not_there(void **state)
{
	(void)state;
	pf_trial trial;
	pf_error error = {0};
	session.executable = "/nonexistent/photofinish";
	assert_int_equal(pf_trial_undisturbed(&session, &good_variant, 1, NULL, NULL, &trial, &error),
			 PF_ERR_NOT_FOUND);
	assert_string_equal(error.file, "/nonexistent/photofinish");
	assert_null(trial.outcomes);
	session.executable = "/bin/true"; /* ends well, and says nothing */
	assert_int_equal(pf_trial_undisturbed(&session, &good_variant, 1, NULL, NULL, &trial, &error), PF_OK);
	assert_int_equal(trial.ending, PF_ENDED_CRASHED);
	pf_trial_release(&trial);
}

#define WITH_SESSION(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "trial") == 0) {
		return pf_trial_child(argv[2], NULL, NULL, NULL);
	}
	close_range(3, ~0u, CLOSE_RANGE_CLOEXEC); /* what the shell that started this left open */
	const struct CMUnitTest tests[] = {
		WITH_SESSION(test_a_good_one),
		WITH_SESSION(test_what_the_process_is_given),
		WITH_SESSION(test_crashes),
		WITH_SESSION(test_failures),
		WITH_SESSION(test_a_photo_told_twice_counts_once),
		WITH_SESSION(test_the_time_limit),
		WITH_SESSION(test_interrupts),
		WITH_SESSION(test_the_harness_is_held_up),
		WITH_SESSION(test_no_orphan_when_the_harness_is_killed),
		WITH_SESSION(test_an_executable_that_is_not_there),
		WITH_SESSION(test_nothing_is_left_running),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
