/* Photos as they come: every variant that takes them gives each the score of a plain scorer, a photo that
 * takes its worker with it is the only one that fails, and what is asked wrongly is refused. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "datasets/dataset_make.h"
#include "harness/registry/known.h"
#include "photofinish/exec.h"
#include "photofinish/file.h"
#include "photofinish/intake.h"
#include "shared_memory.h"
#include "temp_folder.h"

enum { TINY = 8, SLOTS = 3, SLOT_BYTES = 1 << 20, WAIT_MS = 50 };

static char folder[256];
static pf_dataset *tiny;
static pf_scorer_config config;
static pf_score expected[TINY];
static struct {
	unsigned char data[SLOT_BYTES];
	size_t size;
} photos[TINY];

static void read_photo(int index)
{
	char path[600];
	snprintf(path, sizeof path, "%s/%s", tiny->root, tiny->photos[index].path);
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	photos[index].size = fread(photos[index].data, 1, SLOT_BYTES, file);
	assert_true(photos[index].size > 0 && photos[index].size < SLOT_BYTES);
	fclose(file);
}

static int make_photos(void **state)
{
	(void)state;
	pf_error error = {0};
	pf_scorer *scorer;
	pf_temp_make(folder);
	pf_make_options options = {.spec = "tiny", .home = folder, .workers = 2};
	pf_status status = pf_dataset_make(&options, NULL, &error);
	status = status ? status : pf_dataset_load(pf_temp_path(folder, "tiny/manifest"), &tiny, &error);
	pf_scorer_config_default(&config);
	status = status ? status : pf_scorer_create(&config, NULL, &scorer, &error);
	for (int i = 0; i < TINY && status == PF_OK; i++) {
		read_photo(i);
		status = pf_scorer_photo(scorer, tiny, (size_t)i, &expected[i], &error);
	}
	if (status != PF_OK) {
		print_error("%s: %s\n", error.file, error.message);
		return 1;
	}
	pf_scorer_destroy(scorer);
	return 0;
}

static int remove_photos(void **state)
{
	(void)state;
	pf_dataset_free(tiny);
	pf_temp_remove(folder);
	return 0;
}

static struct pf_env env_of(uint32_t workers, atomic_int **cancel)
{
	struct pf_env env = pf_shared_env(workers, cancel);
	env.scorer = &config;
	return env;
}

static pf_intake *open_intake(const struct pf_variant *variant, const struct pf_env *env, int memory_fd)
{
	const pf_intake_order order = {.struct_size = sizeof order,
				       .slots = SLOTS,
				       .slot_bytes = SLOT_BYTES,
				       .memory_fd = memory_fd};
	pf_intake *intake;
	pf_error error = {0};
	if (variant->open_intake(env, &order, &intake, &error) != PF_OK) {
		print_error("%s: %s\n", variant->name, error.message);
		fail();
	}
	return intake;
}

static void submit(pf_intake *intake, uint32_t slot, int photo)
{
	memcpy(pf_intake_slot(intake, slot), photos[photo].data, photos[photo].size);
	assert_int_equal(pf_intake_submit(intake, slot, photos[photo].size, (uint64_t)photo, false, NULL),
			 PF_OK);
}

static pf_intake_result next(pf_intake *intake)
{
	pf_intake_result result;
	pf_error error = {0};
	bool got = false;
	while (!got) {
		if (pf_intake_next(intake, -1, WAIT_MS, &result, &got, &error) != PF_OK) {
			print_error("%s\n", error.message);
			fail();
		}
	}
	return result;
}

/* Every photo several times, the next as soon as a slot is free. */
static void check_scores(const struct pf_variant *variant, int memory_fd)
{
	enum { ROUNDS = 2 };
	atomic_int *cancel;
	struct pf_env env = env_of(2, &cancel);
	pf_intake *intake = open_intake(variant, &env, memory_fd);
	unsigned seen[TINY] = {0};
	int submitted = 0;
	while (submitted < SLOTS) {
		submit(intake, (uint32_t)submitted, submitted);
		submitted++;
	}
	for (int done = 0; done < ROUNDS * TINY; done++) {
		pf_intake_result result = next(intake);
		uint64_t stages_ns = 0;
		assert_int_equal(result.status, PF_OK);
		assert_string_equal(result.message, "");
		assert_true(result.tag < TINY);
		seen[result.tag]++;
		if (!(variant->caps & PF_CAP_APPROX)) {
			assert_memory_equal(&result.score, &expected[result.tag], sizeof result.score);
		}
		assert_true(result.worker >= 1 && result.worker <= 2 && result.pid > 1);
		for (int i = 0; i < PF_STAGE_COUNT; i++) {
			stages_ns += result.stage_ns[i];
		}
		assert_true(result.stage_ns[PF_STAGE_FACES] > 0);
		assert_true(stages_ns > 0 && stages_ns <= result.service_ns);
		if (submitted < ROUNDS * TINY) {
			submit(intake, result.slot, submitted++ % TINY);
		}
	}
	for (int i = 0; i < TINY; i++) {
		assert_int_equal(seen[i], ROUNDS);
	}
	/* They lived on, and opened their models once. */
	pf_intake_state state;
	pf_intake_look(intake, &state);
	assert_int_equal(state.workers, 2);
	assert_int_equal(state.deaths, 0);
	pf_intake_close(intake);
	for (uint32_t i = 0; i <= 2; i++) {
		pf_stage_sum sum;
		pf_trace_sum(&env.traces[i], PF_STAGE_STARTUP, &sum);
		assert_true(sum.spans <= 3);
	}
	pf_check_no_children();
}

static bool takes_photos(const struct pf_variant *variant)
{
	const char *why_not;
	struct pf_env env = {
		.abi_version = PF_ABI_VERSION, .struct_size = sizeof env, .workers = 2, .scorer = &config};
	return variant->open_intake && (!variant->probe || variant->probe(&env, &why_not) == PF_OK);
}

static void test_scores(void **state)
{
	unsigned variants = 0;
	(void)state;
	for (const struct pf_variant *const *entry = pf_variant_registry; *entry; entry++) {
		if (takes_photos(*entry)) {
			check_scores(*entry, -1);
			variants++;
		}
	}
	assert_true(variants >= 2);
	int fd = pf_memory_file("photos", (uint64_t)SLOTS * SLOT_BYTES);
	assert_true(fd >= 0);
	check_scores(pf_variant_find("parallel"), fd);
	close(fd);
}

/* Each photo for either preset, in turn: each by a scorer of its own. */
static void test_another_preset(void **state)
{
	(void)state;
	atomic_int *cancel;
	struct pf_env env = env_of(1, &cancel);
	pf_scorer_config draft = config;
	pf_scorer *scorer;
	pf_score expected_draft;
	pf_intake *intake;
	const pf_intake_order order = {.struct_size = sizeof order,
				       .slots = 1,
				       .slot_bytes = SLOT_BYTES,
				       .memory_fd = -1,
				       .other_preset = PF_PRESET_DRAFT};
	draft.preset = PF_PRESET_DRAFT;
	assert_int_equal(pf_scorer_create(&draft, NULL, &scorer, NULL), PF_OK);
	for (const struct pf_variant *const *entry = pf_variant_registry; *entry; entry++) {
		if (!takes_photos(*entry) || (*entry)->caps & PF_CAP_APPROX) {
			continue;
		}
		assert_int_equal((*entry)->open_intake(&env, &order, &intake, NULL), PF_OK);
		for (int i = 0; i < TINY; i++) {
			memcpy(pf_intake_slot(intake, 0), photos[i].data, photos[i].size);
			assert_int_equal(pf_intake_submit(intake, 0, photos[i].size, 1, i % 2, NULL), PF_OK);
			pf_intake_result result = next(intake);
			assert_int_equal(result.status, PF_OK);
			assert_int_equal(pf_scorer_photo_bytes(scorer, photos[i].data, photos[i].size,
							       &expected_draft, NULL),
					 PF_OK);
			assert_memory_equal(&result.score, i % 2 ? &expected_draft : &expected[i],
					    sizeof result.score);
			assert_memory_not_equal(&expected_draft, &expected[i], sizeof result.score);
		}
		pf_intake_close(intake);
	}
	pf_scorer_destroy(scorer);
}

/* A photo that is none is an answer like any other. */
static void test_what_is_no_photo(void **state)
{
	(void)state;
	atomic_int *cancel;
	struct pf_env env = env_of(1, &cancel);
	pf_intake *intake = open_intake(pf_variant_find("parallel"), &env, -1);
	memcpy(pf_intake_slot(intake, 0), "text", 4);
	assert_int_equal(pf_intake_submit(intake, 0, 4, 70, false, NULL), PF_OK);
	assert_int_equal(pf_intake_submit(intake, 1, 0, 71, false, NULL), PF_OK);
	pf_intake_result result = next(intake);
	assert_int_equal(result.tag, 70);
	assert_int_equal(result.status, PF_ERR_NOT_JPEG);
	assert_true(result.message[0]);
	result = next(intake);
	assert_int_equal(result.tag, 71);
	assert_int_equal(result.status, PF_ERR_EMPTY);
	submit(intake, 0, 0);
	assert_int_equal(next(intake).status, PF_OK);
	pf_intake_close(intake);
}

static void await_ready(pf_intake *intake, uint32_t workers)
{
	pf_intake_state state = {0};
	while (state.ready < workers) {
		pf_intake_result result;
		bool got;
		assert_int_equal(pf_intake_next(intake, -1, WAIT_MS, &result, &got, NULL), PF_OK);
		assert_false(got);
		pf_intake_look(intake, &state);
	}
}

/* A worker that cannot do its photo: stopped, it is given one and then killed, or left to the time limit. */
static void lose_one(uint64_t timeout_ns, pf_status wanted)
{
	atomic_int *cancel;
	struct pf_env env = env_of(1, &cancel);
	env.photo_timeout_ns = timeout_ns;
	pf_intake *intake = open_intake(pf_variant_find("parallel"), &env, -1);
	await_ready(intake, 1);
	pid_t pid = atomic_load(&env.traces[1].pid);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	for (int i = 0; i < SLOTS; i++) {
		submit(intake, (uint32_t)i, i);
	}
	if (!timeout_ns) {
		kill(pid, SIGKILL);
	}
	pf_intake_result result = next(intake);
	assert_int_equal(result.tag, 0);
	assert_int_equal(result.status, wanted);
	assert_true(result.message[0]);
	assert_int_equal(result.death, timeout_ns ? PF_DEATH_BY_TIMEOUT : SIGKILL);
	for (int i = 1; i < SLOTS; i++) { /* the others, by its replacement */
		result = next(intake);
		assert_int_equal(result.tag, i);
		assert_int_equal(result.status, PF_OK);
		assert_true(result.pid != pid);
		assert_memory_equal(&result.score, &expected[i], sizeof result.score);
	}
	pf_intake_state seen;
	pf_intake_look(intake, &seen);
	assert_int_equal(seen.deaths, 1);
	submit(intake, 0, 0); /* its slot is free again, the photo is none that is not taken */
	result = next(intake);
	assert_int_equal(result.status, PF_OK);
	pf_intake_close(intake);
	pf_check_no_children();
}

static void test_a_worker_dies(void **state)
{
	(void)state;
	lose_one(0, PF_ERR_CRASHED);
}

static void test_a_worker_takes_too_long(void **state)
{
	(void)state;
	/* Far beyond what a photo takes, with sanitizers on a busy machine, too; and all of it is waited for.
	 */
#ifdef PF_SANITIZED
	lose_one(60000000000u, PF_ERR_TIMEOUT);
#else
	lose_one(4000000000u, PF_ERR_TIMEOUT);
#endif
}

/* Idle workers may die as often as they like, as long as photos are done in between. */
static void test_idle_deaths(void **state)
{
	enum { DEATHS = 20 };
	(void)state;
	atomic_int *cancel;
	struct pf_env env = env_of(1, &cancel);
	pf_scorer_config quick = config; /* without models, which each of them would open */
	assert_int_equal(pf_scorer_config_stages(&quick, "facts,decode,quality", NULL), PF_OK);
	env.scorer = &quick;
	pf_intake *intake = open_intake(pf_variant_find("parallel"), &env, -1);
	for (int i = 0; i < DEATHS; i++) {
		await_ready(intake, 1);
		kill(atomic_load(&env.traces[1].pid), SIGKILL);
		pf_intake_state seen = {0};
		while (seen.deaths != (uint64_t)i + 1) {
			pf_intake_result result;
			bool got;
			assert_int_equal(pf_intake_next(intake, -1, WAIT_MS, &result, &got, NULL), PF_OK);
			pf_intake_look(intake, &seen);
		}
		submit(intake, 0, i % TINY);
		assert_int_equal(next(intake).status, PF_OK);
	}
	pf_intake_close(intake);
}

static void test_a_request_to_stop(void **state)
{
	(void)state;
	atomic_int *cancel;
	struct pf_env env = env_of(2, &cancel);
	pf_intake *intake = open_intake(pf_variant_find("parallel"), &env, -1);
	submit(intake, 0, 0);
	assert_int_equal(next(intake).status, PF_OK);
	atomic_store(cancel, 1);
	pf_status status = PF_OK;
	while (status == PF_OK) {
		pf_intake_result result;
		bool got;
		status = pf_intake_next(intake, -1, WAIT_MS, &result, &got, NULL);
	}
	assert_int_equal(status, PF_ERR_CANCELLED);
	pf_intake_close(intake);
	pf_check_no_children();
}

/* Another descriptor ends the wait; the end waits for what is under way. */
static void test_waiting_and_closing(void **state)
{
	(void)state;
	atomic_int *cancel;
	struct pf_env env = env_of(1, &cancel);
	pf_intake *intake = open_intake(pf_variant_find("parallel"), &env, -1);
	pf_intake_result result;
	bool got = true;
	int ends[2];
	await_ready(intake, 1);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(pf_intake_next(intake, ends[0], -1, &result, &got, NULL), PF_OK);
	assert_false(got);
	for (int i = 0; i < SLOTS; i++) {
		submit(intake, (uint32_t)i, i);
	}
	pf_intake_close(intake);
	pf_check_no_children();
	close(ends[0]);
	close(ends[1]);
	pf_stage_sum sum;
	pf_trace_sum(&env.traces[1], PF_STAGE_FACES, &sum);
	assert_int_equal(sum.spans, SLOTS);
	pf_intake_close(NULL);
}

static void test_what_is_refused(void **state)
{
	(void)state;
	atomic_int *cancel;
	struct pf_env env = env_of(1, &cancel);
	pf_intake *intake;
	pf_error error;
	pf_intake_order order = {
		.struct_size = sizeof order, .slots = 0, .slot_bytes = SLOT_BYTES, .memory_fd = -1};
	assert_int_equal(pf_intake_open(&env, &order, 0, &intake, &error), PF_ERR_INVALID);
	assert_null(intake);
	order = (pf_intake_order){
		.struct_size = sizeof order, .slots = 4, .slot_bytes = UINT64_MAX / 4, .memory_fd = -1};
	assert_true(pf_intake_bytes(&order) == 0);
	assert_int_equal(pf_intake_open(&env, &order, 0, &intake, &error), PF_ERR_INVALID);
	order = (pf_intake_order){.slots = 1, .slot_bytes = 1, .memory_fd = -1};
	assert_int_equal(pf_intake_open(&env, &order, 0, &intake, &error), PF_ERR_INVALID);
	intake = open_intake(pf_variant_find("parallel"), &env, -1);
	assert_null(pf_intake_slot(intake, SLOTS));
	assert_int_equal(pf_intake_submit(intake, SLOTS, 1, 0, false, &error), PF_ERR_INVALID);
	assert_int_equal(pf_intake_submit(intake, 0, SLOT_BYTES + 1, 0, false, &error), PF_ERR_INVALID);
	assert_int_equal(pf_intake_submit(intake, 0, 1, 0, true, &error), PF_ERR_INVALID);
	submit(intake, 0, 0);
	assert_int_equal(pf_intake_submit(intake, 0, 1, 0, false, &error),
			 PF_ERR_INVALID); /* not the caller's */
	assert_int_equal(next(intake).status, PF_OK);
	pf_intake_close(intake);
	/* Models that cannot be opened. */
	pf_scorer_config bad = config;
	snprintf(bad.cascade_file, sizeof bad.cascade_file, "/no/such/file");
	env.scorer = &bad;
	order = (pf_intake_order){
		.struct_size = sizeof order, .slots = 1, .slot_bytes = SLOT_BYTES, .memory_fd = -1};
	assert_int_equal(pf_intake_open(&env, &order, 0, &intake, &error), PF_OK);
	pf_status status = PF_OK;
	while (status == PF_OK) {
		pf_intake_result result;
		bool got;
		status = pf_intake_next(intake, -1, WAIT_MS, &result, &got, &error);
	}
	assert_int_equal(status, PF_ERR_NOT_FOUND);
	assert_string_equal(error.file, "/no/such/file");
	pf_intake_close(intake);
	pf_check_no_children();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scores),
		cmocka_unit_test(test_another_preset),
		cmocka_unit_test(test_what_is_no_photo),
		cmocka_unit_test(test_a_worker_dies),
		cmocka_unit_test(test_a_worker_takes_too_long),
		cmocka_unit_test(test_idle_deaths),
		cmocka_unit_test(test_a_request_to_stop),
		cmocka_unit_test(test_waiting_and_closing),
		cmocka_unit_test(test_what_is_refused),
	};
	return cmocka_run_group_tests_name("intake", tests, make_photos, remove_photos);
}
