/* Variants that hand on bursts while others are still looked for: the first result does not wait for the last
 * photo, and a detecting process that dies is replaced. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "datasets/dataset_make.h"
#include "harness/base/interrupt.h"
#include "harness/registry/known.h"
#include "harness/registry/reference_variant.h"
#include "harness/run/reference.h"
#include "harness/trial/frames.h"
#include "harness/trial/trial.h"
#include "shared_memory.h"
#include "temp_folder.h"

#define PROGRAM PF_BINARY_DIR "/photofinish"
enum { TINY = 8, COPIES = 500, TEXTS = 6000 };

static char folder[256];
static pf_session session;

/* Each photo of tiny `copies` times, as further names of the same files. */
static pf_dataset *make_copies(const char *name, int copies)
{
	char path[300], original[PF_TEMP_PATH];
	pf_error error;
	pf_dataset *tiny, *dataset;
	assert_int_equal(pf_dataset_load(pf_temp_path(folder, "tiny/manifest"), &tiny, &error), PF_OK);
	snprintf(path, sizeof path, "%s/%s", folder, name);
	assert_int_equal(mkdir(path, 0777), 0);
	for (int i = 0; i < TINY * copies; i++) {
		char copy[64];
		snprintf(original, sizeof original, "%s/%s", tiny->root, tiny->photos[i % TINY].path);
		snprintf(copy, sizeof copy, "%06d.jpg", i);
		assert_int_equal(link(original, pf_temp_path(path, copy)), 0);
	}
	pf_dataset_free(tiny);
	assert_int_equal(pf_dataset_scan(path, &dataset, &error), PF_OK);
	assert_int_equal(dataset->count, TINY * copies);
	return dataset;
}

static int make_photos(void **state)
{
	(void)state;
	pf_error error = {0};
	pf_temp_make(folder);
	pf_make_options options = {.spec = "tiny", .home = folder, .workers = 2};
	return pf_dataset_make(&options, NULL, &error) == PF_OK ? 0 : 1;
}

static int remove_photos(void **state)
{
	(void)state;
	pf_temp_remove(folder);
	return 0;
}

static void open_session(const pf_dataset *dataset)
{
	pf_error error;
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	assert_int_equal(pf_session_open(&session, dataset, &config, &error), PF_OK);
	session.executable = PROGRAM;
	session.timeout_s = 3600;
}

/* How many bursts were known when the first scored photo came. */
static size_t known_at_first;

static void stop_at_first(void *context, const pf_outcomes *so_far, const pf_frame *frame)
{
	(void)context;
	if (frame && so_far->scored > 0 && !pf_interrupts) {
		known_at_first = so_far->bursts;
		pf_interrupts = 1;
	}
}

static size_t bursts_before_the_first_result(const char *name)
{
	static const pf_trial_listener listener = {.hear = stop_at_first};
	pf_trial trial;
	pf_error error;
	pf_interrupts = 0;
	known_at_first = 0;
	assert_int_equal(pf_trial_run(&session, pf_variant_find(name), 2, NULL, &listener, &trial, &error),
			 PF_OK);
	pf_interrupts = 0;
	assert_int_equal(trial.ending, PF_ENDED_CANCELLED);
	pf_trial_release(&trial);
	pf_check_no_children();
	return known_at_first;
}

/* A busy machine may let detection end before the workers get to run: then it is tried again. Who waits for
 * all bursts never knows fewer. */
static void check_does_not_wait(const char *name, size_t bursts)
{
	size_t known = bursts;
	for (int attempt = 0; attempt < 6 && known == bursts; attempt++) {
		known = bursts_before_the_first_result(name);
	}
	assert_true(known < bursts);
}

static void test_the_first_result_does_not_wait(void **state)
{
	(void)state;
	pf_dataset *dataset = make_copies("many", COPIES);
	open_session(dataset);
	pf_burst_list list;
	assert_int_equal(pf_burst_list_detect(dataset, NULL, NULL, NULL, NULL, &list, NULL), PF_OK);
	assert_true(list.count > COPIES);
	assert_int_equal(bursts_before_the_first_result("parallel"), list.count);
	check_does_not_wait("streaming", list.count);
	check_does_not_wait("live", list.count);
	check_does_not_wait("lookahead", list.count);
	pf_burst_list_free(&list);
	pf_session_close(&session);
	pf_dataset_free(dataset);
}

static pid_t first_child(pid_t parent)
{
	char path[64];
	int child = 0;
	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
	FILE *children = fopen(path, "re");
	if (children) {
		if (fscanf(children, "%d", &child) != 1) {
			child = 0;
		}
		fclose(children);
	}
	return child;
}

static unsigned kills;

/* The detector is forked before the workers, so it is the first child as long as it lives. */
static void kill_detector(void *context, const pf_outcomes *so_far, const pf_frame *frame)
{
	(void)context;
	if (frame && frame->header.kind == PF_FRAME_BURST && so_far->bursts >= 3 && kills == 0) {
		pid_t detector = first_child(first_child(getpid()));
		assert_true(detector > 1);
		kills += kill(detector, SIGKILL) == 0;
	}
}

/* Many files that are no photos, each known as a burst at once, then tiny's. */
static pf_dataset *make_texts(void)
{
	char path[300], name[64];
	pf_error error;
	pf_dataset *dataset = make_copies("texts", 1);
	pf_dataset_free(dataset);
	snprintf(path, sizeof path, "%s/texts", folder);
	pf_temp_write(pf_temp_path(folder, "text"), "no photo", 8);
	char text[PF_TEMP_PATH];
	snprintf(text, sizeof text, "%s/text", folder);
	for (int i = 0; i < TEXTS; i++) {
		snprintf(name, sizeof name, "%05d-text.jpg", i);
		assert_int_equal(link(text, pf_temp_path(path, name)), 0);
	}
	assert_int_equal(pf_dataset_scan(path, &dataset, &error), PF_OK);
	assert_int_equal(dataset->count, TEXTS + TINY);
	return dataset;
}

static void test_a_dead_detector_is_replaced(void **state)
{
	(void)state;
	static const pf_trial_listener listener = {.hear = kill_detector};
	pf_dataset *dataset = make_texts();
	open_session(dataset);
	pf_trial reference, trial;
	pf_error error;
	size_t first;
	assert_int_equal(pf_trial_run(&session, &pf_reference_variant, 1, NULL, NULL, &reference, &error),
			 PF_OK);
	kills = 0;
	assert_int_equal(pf_trial_run(&session, pf_variant_find("live"), 2, NULL, &listener, &trial, &error),
			 PF_OK);
	pf_check_no_children();
	assert_int_equal(kills, 1);
	assert_string_equal(trial.reason, "1 worker died and was replaced");
	assert_int_equal(pf_outcomes_differ(trial.outcomes, reference.outcomes, &first), 0);
	assert_int_equal(trial.outcomes->bursts, reference.outcomes->bursts); /* each told of once */
	assert_int_equal(trial.photos_scored, TINY);
	assert_int_equal(trial.photos_failed, TEXTS);
	assert_true(trial.stage_spans[PF_STAGE_DETECT] > TEXTS + TINY); /* it was the detector */
	pf_trial_release(&trial);
	pf_trial_release(&reference);
	pf_session_close(&session);
	pf_dataset_free(dataset);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_result_does_not_wait),
		cmocka_unit_test(test_a_dead_detector_is_replaced),
	};
	return cmocka_run_group_tests(tests, make_photos, remove_photos);
}
