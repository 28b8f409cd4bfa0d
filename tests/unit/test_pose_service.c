/* The pose service on a backend of the processor: the poses that workers get are those of an estimator of
 * their own; photos wait for others no longer than the bound; and no death leaves anybody waiting. */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/scoring/pose_estimator.h"
#include "photofinish/pose_service.h"
#include "pose_fixture.h"

enum { SLOTS = 3, PHOTOS = 4, SLOT_BYTES = 1 << 20 };

static pf_fixture_folder folder;
static pf_scorer_config config;
static pf_fixture_bytes files[PHOTOS];

static int open_all(void **state)
{
	static const char card[] = "{width: 96, height: 72, turn: yes, output: heatmap, colour: ycbcr,\n"
				   " mean: [128, 128, 128], std: [64, 64, 64]}\n";
	(void)state;
	pf_fixture_folder_open(&folder);
	pf_fixture_bytes network = pf_fixture_pose_model(0, 0, 18);
	const char *model = pf_fixture_pose_write(folder.path, "spots.onnx", network.data, network.bytes);
	pf_fixture_pose_write(folder.path, "spots.yaml", card, strlen(card));
	pf_fixture_free(&network);
	pf_scorer_config_default(&config);
	snprintf(config.model_file, sizeof config.model_file, "%s", model);
	snprintf(config.backend, sizeof config.backend, "plain");
	for (unsigned i = 0; i < PHOTOS; i++) {
		files[i] = pf_fixture_pose_photo(300 + 40 * i, 240, i % 2 ? 6 : 1);
	}
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PHOTOS; i++) {
		pf_fixture_free(&files[i]);
	}
	pf_fixture_folder_close(&folder);
	return 0;
}

static pf_pose_service *start(uint32_t batch, uint32_t wait_us, const atomic_int *cancel)
{
	const pf_pose_service_options options = {.config = &config,
						 .slots = SLOTS,
						 .slot_bytes = SLOT_BYTES,
						 .batch = batch,
						 .wait_us = wait_us,
						 .cancel = cancel};
	pf_pose_service *service;
	pf_error error;
	if (pf_pose_service_start(&options, &service, &error) != PF_OK) {
		fail_msg("%s", error.message);
	}
	return service;
}

static void load(unsigned photo, pf_image *image)
{
	assert_int_equal(pf_fixture_decode(&files[photo], image, NULL), PF_OK);
	image->orientation = photo % 2 ? 6 : 1;
}

static pf_pose ask_and_wait(pf_pose_service *service, uint32_t slot, unsigned photo)
{
	pf_image image;
	pf_pose pose;
	pf_error error;
	pf_pose_service_lend(service, slot, &image);
	load(photo, &image);
	pf_pose_service_ask(service, slot, &image);
	if (pf_pose_service_await(service, slot, &pose, &error) != PF_OK) {
		fail_msg("%s", error.message);
	}
	return pose;
}

/* Three processes with four photos each. */
static void test_same_poses(void **state)
{
	(void)state;
	pf_pose want[PHOTOS];
	pf_pose_options options = {.model_file = config.model_file, .backend = "plain"};
	pf_pose_estimator *estimator;
	pf_image image = {0};
	assert_int_equal(pf_pose_estimator_create(&options, &estimator, NULL), PF_OK);
	for (unsigned i = 0; i < PHOTOS; i++) {
		load(i, &image);
		assert_int_equal(pf_pose_estimate(estimator, &image, &want[i], NULL), PF_OK);
	}
	pf_pose_estimator_destroy(estimator);
	pf_image_release(&image);
	pf_pose *got = mmap(NULL, sizeof *got * SLOTS * PHOTOS, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(got != MAP_FAILED);
	pf_pose_service *service = start(SLOTS, 1000, NULL);
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		if (fork() == 0) {
			for (unsigned i = 0; i < PHOTOS; i++) {
				got[slot * PHOTOS + i] = ask_and_wait(service, slot, (i + slot) % PHOTOS);
			}
			_exit(0);
		}
	}
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		int ending = -1;
		assert_true(wait(&ending) > 0);
		assert_int_equal(ending, 0);
	}
	for (uint32_t i = 0; i < SLOTS * PHOTOS; i++) {
		assert_memory_equal(&got[i], &want[(i % PHOTOS + i / PHOTOS) % PHOTOS], sizeof *got);
		assert_true(got[i].found);
	}
	pf_pose_service_counts counts = pf_pose_service_count(service);
	assert_int_equal(counts.photos, SLOTS * PHOTOS);
	assert_true(counts.runs <= counts.photos && counts.largest <= SLOTS);
	pf_pose_service_stop(service);
	munmap(got, sizeof *got * SLOTS * PHOTOS);
}

/* A batch that cannot become full begins when the first photo has waited long enough, and not before; one
 * that everybody is in begins at once. */
static void test_the_bound(void **state)
{
	(void)state;
	pf_image images[SLOTS];
	pf_pose pose;
	pf_pose_service *service = start(PF_POSE_BATCH_MAX, 300000, NULL);
	uint64_t begin = pf_now_ns();
	ask_and_wait(service, 0, 0);
	assert_true(pf_now_ns() - begin >= 300000000u);
	assert_int_equal(pf_pose_service_count(service).largest, 1);
	pf_pose_service_stop(service);
	service = start(PF_POSE_BATCH_MAX, 100000000, NULL); /* longer than a test may last */
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		pf_pose_service_lend(service, slot, &images[slot]);
		load(slot, &images[slot]);
		pf_pose_service_ask(service, slot, &images[slot]);
	}
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		assert_int_equal(pf_pose_service_await(service, slot, &pose, NULL), PF_OK);
	}
	pf_pose_service_counts counts = pf_pose_service_count(service);
	assert_true(counts.photos == SLOTS && counts.runs == 1 && counts.largest == SLOTS);
	pf_pose_service_stop(service);
}

/* The only child that this process has. */
static pid_t only_child(void)
{
	char path[64], text[64] = "";
	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof text - 1, file) > 0);
	fclose(file);
	return (pid_t)strtol(text, NULL, 10);
}

static void test_deaths(void **state)
{
	(void)state;
	pf_image image;
	pf_pose pose;
	pf_error error;
	pf_pose_service *service = start(SLOTS, 60000000, NULL);
	pf_pose_service_lend(service, 1, &image);
	load(0, &image);
	pf_pose_service_ask(service, 1, &image); /* the worker dies; another takes its slot over */
	pf_pose_service_lend(service, 1, &image);
	load(1, &image);
	pf_pose_service_ask(service, 1, &image);
	kill(only_child(), SIGKILL);
	assert_int_equal(pf_pose_service_await(service, 1, &pose, &error), PF_ERR_UNAVAILABLE);
	assert_non_null(strstr(error.message, "is gone"));
	pf_pose_service_lend(service, 1, &image); /* nobody waits for it */
	assert_non_null(image.buffer);
	pf_pose_service_stop(service);

	atomic_int *cancel = mmap(NULL, sizeof *cancel, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				  -1, 0);
	service = start(SLOTS, 60000000, cancel);
	pf_pose_service_lend(service, 0, &image);
	load(0, &image);
	pf_pose_service_ask(service, 0, &image);
	atomic_store(cancel, 1);
	assert_int_equal(pf_pose_service_await(service, 0, &pose, &error), PF_ERR_CANCELLED);
	pf_pose_service_stop(service);
	munmap(cancel, sizeof *cancel);
}

/* Bytes of memory that other processes share and that this one can write. */
static size_t writable_shared_bytes(void)
{
	char line[512];
	size_t bytes = 0;
	FILE *maps = fopen("/proc/self/maps", "re");
	while (maps && fgets(line, sizeof line, maps)) {
		unsigned long begin, end;
		char rights[8];
		if (sscanf(line, "%lx-%lx %7s", &begin, &end, rights) == 3 && rights[1] == 'w' &&
		    rights[3] == 's') {
			bytes += end - begin;
		}
	}
	if (maps) {
		fclose(maps);
	}
	return bytes;
}

/* A worker that was taken over: each way is a process of its own, which ends by SIGSEGV. */
static void reach(pf_pose_service *service, int way)
{
	pf_image others[SLOTS];
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		pf_pose_service_lend(service, slot, &others[slot]);
	}
	if (pf_pose_service_enter(service, 1, NULL) != PF_OK) {
		_exit(1);
	}
	memset(others[1].buffer, 1, SLOT_BYTES); /* its own */
	signal(SIGSEGV, SIG_DFL);
	if (way == 0) {
		memset(others[0].buffer, 1, 1);
	} else if (way == 1) {
		memset(others[2].buffer + SLOT_BYTES - 1, 1, 1);
	} else if (way == 2) {
		_exit(others[0].buffer[0]); /* a photo of another's */
	}
	/* Made accessible again it is other memory, which nobody shares. */
	mprotect(others[0].buffer, 1, PROT_READ | PROT_WRITE);
	others[0].buffer[0] = 77;
	_exit(0);
}

static void test_borders(void **state)
{
	enum { WAYS = 4 };
	(void)state;
	pf_image first;
	size_t before = writable_shared_bytes();
	pf_pose_service *service = start(SLOTS, 1000, NULL);
	size_t all = writable_shared_bytes() - before;
	pf_pose_service_lend(service, 0, &first);
	load(0, &first);
	uint8_t was = first.buffer[0] = 5;
	for (int way = 0; way < WAYS; way++) {
		int ending = -1;
		pid_t pid = fork();
		if (pid == 0) {
			reach(service, way);
		}
		assert_int_equal(waitpid(pid, &ending, 0), pid);
		assert_int_equal(ending, way == WAYS - 1 ? 0 : SIGSEGV);
		assert_int_equal(first.buffer[0], was);
	}
	int ending = -1;
	pid_t pid = fork();
	if (pid == 0) { /* a page that wakes the service, the slot, and nothing of what the service says */
		bool entered = pf_pose_service_enter(service, 2, NULL) == PF_OK;
		_exit(entered && writable_shared_bytes() - before <= all / SLOTS + 4096 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &ending, 0), pid);
	assert_int_equal(ending, 0);
	assert_true(ask_and_wait(service, 0, 0).found);
	pf_pose_service_stop(service);
}

/* What no decoder leaves in a slot is refused, and the others of its batch are not. */
static void test_no_photo(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		size_t at;
		uint32_t value;
	} bad[] = {
		{"rows beyond the slot", offsetof(pf_image, y.height_px), 1u << 20},
		{"rows far apart", offsetof(pf_image, y.stride_bytes), UINT32_MAX},
		{"rows that overlap", offsetof(pf_image, y.stride_bytes), 1},
		{"no rows", offsetof(pf_image, y.height_px), 0},
		{"chroma of another size", offsetof(pf_image, cr.width_px), 3},
		{"chroma beyond the slot", offsetof(pf_image, cb.stride_bytes), 1u << 20},
		{"chroma of one sample", offsetof(pf_image, cb.height_px), 1},
		{"no such orientation", offsetof(pf_image, orientation), 9},
	};
	pf_pose_service *service = start(2, 100000000, NULL); /* two together */
	for (size_t i = 0; i < sizeof bad / sizeof *bad + 2; i++) {
		pf_image sound, image;
		pf_pose pose;
		pf_error error;
		pf_pose_service_lend(service, 0, &sound);
		load(0, &sound);
		pf_pose_service_lend(service, 1, &image);
		load(1, &image);
		if (i < sizeof bad / sizeof *bad) {
			memcpy((char *)&image + bad[i].at, &bad[i].value, sizeof bad[i].value);
		} else if (i % 2) {
			image.y.data = sound.y.data; /* another's memory */
		} else {
			image.cb.data = NULL;
		}
		pf_pose_service_ask(service, 1, &image);
		pf_pose_service_ask(service, 0, &sound);
		pf_status status = pf_pose_service_await(service, 1, &pose, &error);
		if (status != PF_ERR_INVALID) {
			fail_msg("%s: %d", i < sizeof bad / sizeof *bad ? bad[i].what : "planes", status);
		}
		assert_int_equal(pf_pose_service_await(service, 0, &pose, NULL), PF_OK);
		assert_true(pose.found);
	}
	pf_pose_service_stop(service);
}

static void test_what_cannot_be_opened(void **state)
{
	(void)state;
	pf_scorer_config bad = config;
	pf_pose_service *service;
	pf_error error;
	pf_pose_service_options options = {.config = &bad, .slots = 1, .slot_bytes = 1, .batch = 1};
	snprintf(bad.model_file, sizeof bad.model_file, "/nowhere/pose.onnx");
	assert_int_equal(pf_pose_service_start(&options, &service, &error), PF_ERR_NOT_FOUND);
	assert_null(service);
	bad = config;
	snprintf(bad.backend, sizeof bad.backend, "abacus");
	assert_int_equal(pf_pose_service_start(&options, &service, &error), PF_ERR_USAGE);
	options.slot_bytes = UINT64_MAX - 5000;
	options.slots = 3;
	assert_int_equal(pf_pose_service_start(&options, &service, &error), PF_ERR_NO_MEMORY);
	pf_pose_service_stop(NULL);
}

/* Its weights are those with a network, and a pose that is put there is measured as one that was found. */
static void test_a_scorer_without_network(void **state)
{
	(void)state;
	pf_scorer *with, *without;
	pf_scorer_config elsewhere = config;
	pf_score found = {0}, put = {0};
	pf_image image = {0};
	pf_pose pose;
	snprintf(elsewhere.backend, sizeof elsewhere.backend, PF_BACKEND_ELSEWHERE);
	load(1, &image);
	assert_int_equal(pf_scorer_create(&config, NULL, &with, NULL), PF_OK);
	assert_int_equal(pf_scorer_create(&elsewhere, NULL, &without, NULL), PF_OK);
	assert_int_equal(pf_scorer_pose(without, &image, &pose, NULL), PF_ERR_UNAVAILABLE);
	assert_int_equal(pf_scorer_pose(with, &image, &pose, NULL), PF_OK);
	assert_int_equal(pf_scorer_judge(with, &image, &found, NULL), PF_OK);
	assert_int_equal(pf_scorer_detect_faces(without, &image, &put, NULL), PF_OK);
	pf_scorer_put_pose(without, &image, &pose, &put);
	assert_int_equal(pf_scorer_analyse(without, &image, &put, NULL), PF_OK);
	pf_scorer_fuse(without, &put);
	assert_memory_equal(&found, &put, sizeof put);
	pf_scorer_destroy(with);
	pf_scorer_destroy(without);
	pf_image_release(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_poses),
		cmocka_unit_test(test_the_bound),
		cmocka_unit_test(test_deaths),
		cmocka_unit_test(test_borders),
		cmocka_unit_test(test_no_photo),
		cmocka_unit_test(test_what_cannot_be_opened),
		cmocka_unit_test(test_a_scorer_without_network),
	};
	return cmocka_run_group_tests(tests, open_all, close_all);
}
