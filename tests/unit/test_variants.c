/* What every variant has to do, inherited by being registered: the reference's scores whatever lies in
 * memory, the same verdict on a damaged photo, and a death, an interrupt or the harness's end without loss or
 * orphans. Usage: test_variants [NAME]   (that variant alone; "-": what concerns them all) */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "datasets/dataset_make.h"
#include "descendants.h"
#include "harness/base/interrupt.h"
#include "harness/registry/known.h"
#include "harness/registry/reference_variant.h"
#include "harness/run/reference.h"
#include "harness/trial/trial.h"
#include "shared_memory.h"
#include "temp_folder.h"
#include "undisturbed.h"

#define PROGRAM PF_BINARY_DIR "/photofinish"
enum { TINY = 8, COPIES = 20, MANY = TINY * COPIES };

static char folder[256];
static pf_dataset *tiny; /* hashed, as made */
static char many[300];   /* each photo of tiny in COPIES folders, */
static char some[300];   /* in three */
static char originals[TINY][PF_TEMP_PATH];
static pf_session session;
static const char *only; /* NULL: every variant */

static void open_session_of(const pf_dataset *dataset, const char *stages)
{
	pf_error error;
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	assert_true(!stages || pf_scorer_config_stages(&config, stages, &error) == PF_OK);
	assert_int_equal(pf_session_open(&session, dataset, &config, &error), PF_OK);
	session.executable = PROGRAM;
	session.timeout_s = 3600;
}

static void open_session(const pf_dataset *dataset)
{
	open_session_of(dataset, NULL);
}

/* For what happens to processes and files: many photos in little time, without models, which every worker
 * would open. */
static void open_quick_session(const pf_dataset *dataset)
{
	open_session_of(dataset, "facts,decode,quality");
}

/* Each original once in each of `copies` folders of a new folder. */
static void copy_photos(const char *path, int copies)
{
	assert_int_equal(mkdir(path, 0777), 0);
	for (int copy = 0; copy < copies; copy++) {
		char name[64];
		snprintf(name, sizeof name, "%d", copy);
		assert_int_equal(mkdir(pf_temp_path(path, name), 0777), 0);
		for (int i = 0; i < TINY; i++) {
			snprintf(name, sizeof name, "%d/%d.jpg", copy, i);
			assert_int_equal(link(originals[i], pf_temp_path(path, name)), 0);
		}
	}
}

static int make_photos(void **state)
{
	(void)state;
	pf_error error = {0};
	pf_temp_make(folder);
	pf_make_options options = {.spec = "tiny", .home = folder, .workers = 2};
	assert_int_equal(pf_dataset_make(&options, NULL, &error), PF_OK);
	assert_int_equal(pf_dataset_load(pf_temp_path(folder, "tiny/manifest"), &tiny, &error), PF_OK);
	assert_int_equal(tiny->count, TINY);
	for (int i = 0; i < TINY; i++) {
		snprintf(originals[i], sizeof originals[i], "%s/%s", tiny->root, tiny->photos[i].path);
	}
	snprintf(many, sizeof many, "%s/many", folder);
	copy_photos(many, COPIES);
	snprintf(some, sizeof some, "%s/some", folder);
	copy_photos(some, 3);
	return 0;
}

static int remove_photos(void **state)
{
	(void)state;
	pf_dataset_free(tiny);
	pf_temp_remove(folder);
	return 0;
}

static pf_trial run(const struct pf_variant *variant, uint32_t workers, const pf_trial_listener *listener)
{
	pf_trial trial;
	pf_error error = {0};
	pf_status status = pf_trial_undisturbed(&session, variant, workers, NULL, listener, &trial, &error);
	if (status != PF_OK) {
		print_error("%s: %s: %s\n", variant->name, error.file, error.message);
	}
	assert_int_equal(status, PF_OK);
	pf_check_no_children();
	return trial;
}

static bool scores(const struct pf_variant *variant)
{
	const char *why_not;
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	struct pf_env env = {
		.abi_version = PF_ABI_VERSION, .struct_size = sizeof env, .workers = 2, .scorer = &config};
	return !(variant->caps & PF_CAP_FLOOR) &&
	       (!variant->probe || variant->probe(&env, &why_not) == PF_OK);
}

/* Must end well and give the reference's very bits. */
static bool is_exact(const struct pf_variant *variant)
{
	return scores(variant) && !(variant->caps & (PF_CAP_MAY_CRASH | PF_CAP_APPROX));
}

/* Lets its workers die one by one. */
static bool has_processes(const struct pf_variant *variant)
{
	return variant->caps & PF_CAP_WORKERS && !(variant->caps & PF_CAP_THREADS);
}

/* How many workers to run it with: `many` if it has any, and is to end well. */
static uint32_t workers_of(const struct pf_variant *variant, uint32_t wanted)
{
	return variant->caps & PF_CAP_WORKERS && !(variant->caps & PF_CAP_MAY_CRASH) ? wanted : 1;
}

/* The first registered variant behind `after` (NULL: of all) that is `wanted`, or NULL. */
static const struct pf_variant *next_variant(const struct pf_variant *after,
					     bool (*wanted)(const struct pf_variant *variant))
{
	const struct pf_variant *const *entry = pf_variant_registry;
	while (after && *entry++ != after) {
	}
	while (*entry && (!wanted(*entry) || (only && strcmp(only, (*entry)->name) != 0))) {
		entry++;
	}
	return *entry;
}

static void check_outcomes(const struct pf_variant *variant, const pf_trial *trial, const pf_trial *reference)
{
	size_t first = 0;
	if (pf_outcomes_differ(trial->outcomes, reference->outcomes, &first)) {
		print_error("%s: photo %zu differs\n", variant->name, first);
		fail();
	}
	assert_int_equal(trial->photos_scored + trial->photos_failed, session.dataset->count);
	assert_int_equal(trial->photos_scored, reference->photos_scored);
	assert_int_equal(trial->outcomes->bursts, reference->outcomes->bursts);
	for (size_t i = 0; i < trial->outcomes->count; i++) {
		const char *own = trial->outcomes->photos[i].message,
			   *its = reference->outcomes->photos[i].message;
		assert_string_equal(own ? own : "", its ? its : "");
	}
}

static void check_same(const struct pf_variant *variant, const pf_trial *trial, const pf_trial *reference)
{
	if (trial->ending != PF_ENDED_OK) {
		print_error("%s: %s\n", variant->name, trial->reason);
	}
	assert_int_equal(trial->ending, PF_ENDED_OK);
	check_outcomes(variant, trial, reference);
	assert_memory_equal(trial->digest, reference->digest, PF_SHA256_BYTES);
}

static void test_contracts(void **state)
{
	(void)state;
	unsigned floors = 0, baselines = 0;
	for (const struct pf_variant *const *entry = pf_variant_registry; *entry; entry++) {
		const struct pf_variant *variant = *entry;
		assert_int_equal(variant->abi_version, PF_ABI_VERSION);
		assert_int_equal(variant->struct_size, sizeof *variant);
		assert_true(variant->summary[0] && variant->change[0] && variant->principle[0] &&
			    variant->hypothesis[0] && variant->expected[0]);
		assert_null(strpbrk(variant->summary, "\n\t"));
		assert_non_null(variant->run);
		assert_ptr_equal(pf_variant_find(variant->name), variant);
		assert_true(!variant->parent || pf_variant_find(variant->parent));
		floors += (variant->caps & PF_CAP_FLOOR) != 0;
		baselines += !variant->parent && !(variant->caps & PF_CAP_FLOOR);
		for (const struct pf_option *option = variant->options; option && option->name; option++) {
			assert_true(option->least <= option->default_value &&
				    option->default_value <= option->most);
			assert_true(option->help[0]);
		}
	}
	assert_int_equal(floors, 1);
	assert_int_equal(baselines, 1);
}

static void test_scores_are_the_references(void **state)
{
	(void)state;
	open_session(tiny);
	pf_trial reference = run(&pf_reference_variant, 1, NULL);
	assert_int_equal(reference.ending, PF_ENDED_OK);
	assert_int_equal(reference.photos_scored, TINY);
	for (const struct pf_variant *variant = NULL; (variant = next_variant(variant, is_exact));) {
		/* Workers: fewer and more than there are bursts; as many, with poisoned memory. */
		static const uint32_t workers[] = {1, 5, 2};
		for (int i = 0; i < 3; i++) {
			if (i == 2) {
				setenv("MALLOC_PERTURB_", "85", 1);
			}
			pf_trial trial = run(variant, workers_of(variant, workers[i]), NULL);
			unsetenv("MALLOC_PERTURB_");
			check_same(variant, &trial, &reference);
			assert_true(trial.first_result_ns > 0 && trial.first_result_ns <= trial.wall_ns);
			assert_true(trial.peak_rss_bytes > 1000000);
			assert_true(trial.stage_spans[PF_STAGE_FACES] >= TINY);
			assert_true(trial.read_bytes > 0);
			pf_trial_release(&trial);
		}
	}
	pf_trial_release(&reference);
	pf_session_close(&session);
}

static void test_floors_score_nothing(void **state)
{
	(void)state;
	open_session(tiny);
	for (const struct pf_variant *const *entry = pf_variant_registry; *entry; entry++) {
		if ((*entry)->caps & PF_CAP_FLOOR) {
			pf_trial trial = run(*entry, 1, NULL);
			assert_int_equal(trial.ending, PF_ENDED_OK);
			assert_int_equal(trial.photos_scored + trial.photos_failed, 0);
			pf_trial_release(&trial);
		}
	}
	pf_session_close(&session);
}

static pf_dataset *scan(const char *path)
{
	pf_error error;
	pf_dataset *dataset;
	assert_int_equal(pf_dataset_scan(path, &dataset, &error), PF_OK);
	return dataset;
}

static void test_empty_and_single(void **state)
{
	(void)state;
	for (size_t photos = 0; photos < 2; photos++) {
		const char *path = pf_temp_path(folder, photos ? "single" : "empty");
		assert_int_equal(mkdir(path, 0777), 0);
		if (photos) {
			assert_int_equal(link(originals[3], pf_temp_path(path, "a.jpg")), 0);
		}
		pf_dataset *dataset = scan(path);
		open_quick_session(dataset);
		for (const struct pf_variant *variant = NULL; (variant = next_variant(variant, is_exact));) {
			pf_trial trial = run(variant, workers_of(variant, 3), NULL);
			assert_string_equal(trial.reason, "");
			assert_int_equal(trial.ending, PF_ENDED_OK);
			assert_int_equal(trial.photos_scored, photos);
			assert_int_equal(trial.photos_failed, 0);
			assert_int_equal(trial.outcomes->bursts, photos);
			assert_true(!photos || trial.outcomes->photos[0].rank == 1);
			pf_trial_release(&trial);
		}
		pf_session_close(&session);
		pf_dataset_free(dataset);
	}
}

/* Photos that cannot be scored get the same verdict in the same words everywhere, and the others their
 * scores. */
static void test_damaged_photos(void **state)
{
	(void)state;
	char path[300], name[64];
	size_t size;
	snprintf(path, sizeof path, "%s/damaged", folder);
	assert_int_equal(mkdir(path, 0777), 0);
	char *bytes = pf_temp_read(originals[2], &size);
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof name, "%d.jpg", 2 * i);
		assert_int_equal(link(originals[i], pf_temp_path(path, name)), 0);
	}
	pf_temp_write(pf_temp_path(path, "1.jpg"), bytes, size / 2);
	pf_temp_write(pf_temp_path(path, "3\x1b.jpg"), "no photo at all", 15);
	pf_temp_write(pf_temp_path(path, "5.jpg"), "", 0);
	assert_int_equal(mkfifo(pf_temp_path(path, "7.jpg"), 0600), 0);
	assert_int_equal(symlink(originals[0], pf_temp_path(path, "8.jpg")), 0);
	free(bytes);
	pf_dataset *dataset = scan(path);
	open_quick_session(dataset);
	pf_trial reference = run(&pf_reference_variant, 1, NULL);
	static const pf_status expected[] = {PF_OK,         PF_ERR_TRUNCATED, PF_OK, PF_ERR_NOT_JPEG,
					     PF_OK,         PF_ERR_EMPTY,     PF_OK, PF_ERR_NOT_REGULAR,
					     PF_ERR_OUTSIDE};
	assert_int_equal(dataset->count, sizeof expected / sizeof *expected);
	for (size_t i = 0; i < dataset->count; i++) {
		assert_int_equal(reference.outcomes->photos[i].status, expected[i]);
	}
	for (const struct pf_variant *variant = NULL; (variant = next_variant(variant, is_exact));) {
		pf_trial trial = run(variant, workers_of(variant, 2), NULL);
		check_same(variant, &trial, &reference);
		pf_trial_release(&trial);
	}
	pf_trial_release(&reference);
	pf_session_close(&session);
	pf_dataset_free(dataset);
}

/* Does something to the running trial once `after` photos are done. */
static struct {
	size_t after;
	bool kills, done;
	unsigned killed;
} mischief;

static void nap_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static void make_mischief(void *context, const pf_outcomes *so_far, const pf_frame *frame)
{
	(void)context;
	(void)frame;
	if (mischief.done || so_far->scored + so_far->failed < mischief.after) {
		return;
	}
	mischief.done = true;
	if (!mischief.kills) {
		pf_interrupts = 1;
		return;
	}
	pid_t found[64];
	nap_ms(4); /* well into a photo, most likely */
	size_t count = pf_find_descendants(getpid(), found, 64);
	if (count) {
		mischief.killed += kill(found[count - 1], SIGKILL) == 0;
	}
}

static const pf_trial_listener troublemaker = {.hear = make_mischief};

static pf_trial run_with_mischief(const struct pf_variant *variant, bool kills, size_t after)
{
	mischief.after = after;
	mischief.kills = kills;
	mischief.done = false;
	mischief.killed = 0;
	pf_interrupts = 0;
	pf_trial trial;
	pf_error error = {0};
	/* Not `run`, which does it again where a worker died: that is what is looked at. */
	assert_int_equal(
		pf_trial_run(&session, variant, workers_of(variant, 2), NULL, &troublemaker, &trial, &error),
		PF_OK);
	pf_check_no_children();
	pf_interrupts = 0;
	assert_true(mischief.done);
	return trial;
}

/* Whether the signal came too late, as it may where this process hardly gets to run: the worker had ended by
 * itself, or all photos were done and nobody but their main process was left to be killed. */
static bool came_too_late(const pf_trial *trial)
{
	return trial->photos_scored == MANY && trial->ending != PF_ENDED_DISTURBED;
}

static bool names_the_place(const pf_trial *trial)
{
	return strstr(trial->reason, "SIGKILL in ") && strstr(trial->reason, ".jpg");
}

/* Again where the signal came too late, or where a place is wanted and it did not strike within a photo. */
static pf_trial run_until_killed(const struct pf_variant *variant, size_t after, const pf_trial *reference)
{
	bool place_wanted = !has_processes(variant) && after > 1;
	pf_trial trial = run_with_mischief(variant, true, after);
	for (int tries = 0;
	     tries < 20 && (came_too_late(&trial) || (place_wanted && !names_the_place(&trial))); tries++) {
		if (trial.ending == PF_ENDED_OK) {
			check_outcomes(variant, &trial, reference);
		}
		pf_trial_release(&trial);
		trial = run_with_mischief(variant, true, after);
	}
	return trial;
}

/* Workers are replaced and nothing is lost; a variant of one process crashes, with the place named. */
static void test_a_worker_is_killed(void **state)
{
	(void)state;
	pf_dataset *dataset = scan(many);
	open_quick_session(dataset);
	pf_trial reference = run(&pf_reference_variant, 1, NULL);
	for (const struct pf_variant *variant = NULL; (variant = next_variant(variant, is_exact));) {
		for (size_t after = 1; after < MANY; after += MANY / 2) {
			pf_trial trial = run_until_killed(variant, after, &reference);
			assert_int_equal(mischief.killed, 1);
			if (has_processes(variant)) {
				assert_string_equal(trial.reason, "1 worker died and was replaced");
				assert_int_equal(trial.ending, PF_ENDED_DISTURBED);
				check_outcomes(variant, &trial, &reference);
			} else {
				char done[64];
				assert_int_equal(trial.ending, PF_ENDED_CRASHED);
				snprintf(done, 64, ", %zu of %d photos done", trial.photos_scored, MANY);
				assert_non_null(strstr(trial.reason, done));
				assert_true(strncmp(trial.reason, "SIGKILL", 7) == 0);
				assert_true(trial.photos_scored >= after && trial.photos_scored < MANY);
				assert_true(after == 1 || names_the_place(&trial));
			}
			pf_trial_release(&trial);
		}
	}
	pf_trial_release(&reference);
	pf_session_close(&session);
	pf_dataset_free(dataset);
}

/* One face detector for all threads: a crash, a photo that fails or a wrong score, and the harness lives. */
static void test_the_unsafe_one_fails(void **state)
{
	(void)state;
	pf_dataset *dataset = scan(some);
	open_session(dataset);
	pf_trial reference = run(&pf_reference_variant, 1, NULL);
	const struct pf_variant *variant = pf_variant_find("threaded");
	assert_non_null(variant);
	assert_true(variant->caps & PF_CAP_MAY_CRASH);
	unsigned failures = 0;
	for (int i = 0; i < 10 && failures < 2; i++) {
		pf_trial trial = run(variant, 4, NULL);
		size_t first;
		if (trial.ending == PF_ENDED_CRASHED) {
			assert_non_null(strstr(trial.reason, " photos done"));
			failures++;
		} else {
			assert_int_equal(trial.ending, PF_ENDED_OK);
			failures += pf_outcomes_differ(reference.outcomes, trial.outcomes, &first) > 0;
		}
		pf_trial_release(&trial);
	}
	assert_int_equal(failures, 2);
	pf_trial_release(&reference);
	pf_session_close(&session);
	pf_dataset_free(dataset);
}

/* What was done until then is as it should be. */
static void test_an_interrupt_drains(void **state)
{
	(void)state;
	pf_dataset *dataset = scan(many);
	open_quick_session(dataset);
	pf_trial reference = run(&pf_reference_variant, 1, NULL);
	for (const struct pf_variant *variant = NULL; (variant = next_variant(variant, is_exact));) {
		pf_trial trial = run_with_mischief(variant, false, 3);
		for (int tries = 0; tries < 20 && came_too_late(&trial); tries++) {
			pf_trial_release(&trial);
			trial = run_with_mischief(variant, false, 3);
		}
		assert_int_equal(trial.ending, PF_ENDED_CANCELLED);
		size_t done = 0;
		for (size_t i = 0; i < MANY; i++) {
			const pf_outcome *photo = &trial.outcomes->photos[i],
					 *its = &reference.outcomes->photos[i];
			if (photo->done) {
				assert_int_equal(photo->status, its->status);
				assert_memory_equal(photo->score.measures, its->score.measures,
						    sizeof its->score.measures);
				done++;
			}
		}
		assert_true(done >= 3 && done < MANY);
		assert_int_equal(done, trial.photos_scored);
		pf_trial_release(&trial);
	}
	pf_trial_release(&reference);
	pf_session_close(&session);
	pf_dataset_free(dataset);
}

static atomic_uint *photos_done; /* shared */

static void count_photos(void *context, const pf_outcomes *so_far, const pf_frame *frame)
{
	(void)context;
	(void)frame;
	atomic_store(photos_done, (unsigned)(so_far->scored + so_far->failed));
}

/* Kills a harness that runs the variant, once two photos are done. False where it had ended before this
 * process got to run. */
static bool kill_harness(const struct pf_variant *variant)
{
	const pf_trial_listener counter = {.hear = count_photos};
	pid_t found[64];
	size_t count = 0;
	bool ended = false;
	atomic_store(photos_done, 0);
	pid_t harness = fork();
	if (harness == 0) {
		pf_trial trial;
		pf_trial_run(&session, variant, workers_of(variant, 3), NULL, &counter, &trial, NULL);
		_exit(0);
	}
	/* Its workers, and what else it has: the last may start after the first has scored. */
	while (!ended && (atomic_load(photos_done) < 2 || count < (has_processes(variant) ? 4 : 1))) {
		ended = waitpid(harness, NULL, WNOHANG) != 0;
		nap_ms(1);
		count = pf_find_descendants(harness, found, 64);
	}
	if (!ended) {
		kill(harness, SIGKILL);
	}
	for (size_t i = 0; i < count; i++) {
		pf_wait_until_gone(found[i]);
	}
	pf_check_no_children();
	return !ended;
}

static void test_no_orphans_when_the_harness_is_killed(void **state)
{
	(void)state;
	pf_dataset *dataset = scan(many);
	photos_done = pf_shared_alloc(sizeof *photos_done);
	pf_adopt_orphans();
	for (const struct pf_variant *variant = NULL; (variant = next_variant(variant, scores));) {
		bool killed = false;
		/* Approximate ones need the stages that they change. */
		open_session_of(dataset, variant->caps & PF_CAP_APPROX ? NULL : "facts,decode,quality");
		for (int tries = 0; tries < 20 && !killed; tries++) {
			killed = kill_harness(variant);
		}
		assert_true(killed);
		pf_session_close(&session);
	}
	pf_dataset_free(dataset);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest of_all[] = {
		cmocka_unit_test(test_contracts),
		cmocka_unit_test(test_floors_score_nothing),
		cmocka_unit_test(test_the_unsafe_one_fails),
	};
	const struct CMUnitTest of_each[] = {
		cmocka_unit_test(test_scores_are_the_references),
		cmocka_unit_test(test_empty_and_single),
		cmocka_unit_test(test_damaged_photos),
		cmocka_unit_test(test_a_worker_is_killed),
		cmocka_unit_test(test_an_interrupt_drains),
		cmocka_unit_test(test_no_orphans_when_the_harness_is_killed),
	};
	const struct CMUnitTest of_scores[] = {
		cmocka_unit_test(test_scores_are_the_references),
		cmocka_unit_test(test_empty_and_single),
		cmocka_unit_test(test_damaged_photos),
	};
	int failed = 0;
	only = argc > 1 && strcmp(argv[1], "-") != 0 ? argv[1] : NULL;
	if (only && !pf_variant_find(only)) {
		return 2;
	}
	if (!only) {
		failed = cmocka_run_group_tests(of_all, make_photos, remove_photos);
	}
	if (argc > 2) { /* "scores": what is the variant's own where its processes are another one's */
		failed += cmocka_run_group_tests(of_scores, make_photos, remove_photos);
	} else if (only || argc == 1) {
		failed += cmocka_run_group_tests(of_each, make_photos, remove_photos);
	}
	return failed;
}
