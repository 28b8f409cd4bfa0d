/* Runs of real variants and planted cheats on real photos: every cheat is caught and gets no time. This
 * program is its own "trial" command, with a registry of its own. */
#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/interrupt.h"
#include "harness/base/json_file.h"
#include "harness/record/record.h"
#include "harness/registry/known.h"
#include "harness/run/run.h"
#include "harness/show/run_table.h"
#include "jpeg_fixture.h"
#include "shared_memory.h"
#include "temp_folder.h"

enum { PHOTOS = 6, DAMAGED = 3, CHEATS = 6 };

extern const struct pf_variant pf_variant_single_load, pf_variant_double_load, pf_variant_null;

/* A sink between the real variant and the harness that spoils what passes. */
struct spoiler {
	struct pf_sink sink; /* first: the functions cast back */
	struct pf_sink *to;
	pf_score first;
};

static pf_status pass_burst(struct pf_sink *sink, const pf_burst *burst)
{
	struct pf_sink *to = ((struct spoiler *)sink)->to;
	return to->burst_found(to, burst);
}

static pf_status pass_photo(struct pf_sink *sink, const pf_photo_result *result)
{
	struct pf_sink *to = ((struct spoiler *)sink)->to;
	return to->photo_done(to, result);
}

static pf_status pass_ranks(struct pf_sink *sink, const pf_burst *burst, const uint32_t *ranks)
{
	struct pf_sink *to = ((struct spoiler *)sink)->to;
	return to->burst_ranked(to, burst, ranks);
}

static pf_status
run_spoiled(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink, pf_error *error,
	    pf_status (*photo_done)(struct pf_sink *sink, const pf_photo_result *result),
	    pf_status (*burst_ranked)(struct pf_sink *sink, const pf_burst *burst, const uint32_t *ranks))
{
	struct spoiler spoiler = {.sink = {sizeof(struct pf_sink), pass_burst, photo_done, burst_ranked},
				  .to = sink};
	return pf_variant_single_load.run(env, dataset, &spoiler.sink, error);
}

/* The last bit of one measure of one photo. */
static pf_status flip_one_bit(struct pf_sink *sink, const pf_photo_result *result)
{
	pf_photo_result changed = *result;
	pf_score score;
	if (result->index == 4) {
		uint64_t bits;
		score = *result->score;
		memcpy(&bits, &score.measures[PF_MEASURE_NOISE], sizeof bits);
		bits ^= 1;
		memcpy(&score.measures[PF_MEASURE_NOISE], &bits, sizeof bits);
		changed.score = &score;
	}
	return pass_photo(sink, &changed);
}

/* Every photo gets the scores of the first one: constant output, or a cache that knows no photo. */
static pf_status repeat_the_first(struct pf_sink *sink, const pf_photo_result *result)
{
	struct spoiler *self = (struct spoiler *)sink;
	pf_photo_result changed = *result;
	if (result->index == 0) {
		self->first = *result->score;
	}
	changed.score = result->score ? &self->first : NULL;
	return pass_photo(sink, &changed);
}

/* A damaged photo gets an ordinary score. */
static pf_status gloss_over(struct pf_sink *sink, const pf_photo_result *result)
{
	static const pf_score score;
	pf_photo_result changed = *result;
	if (result->status != PF_OK) {
		changed.status = PF_OK;
		changed.score = &score;
		changed.message = "";
	}
	return pass_photo(sink, &changed);
}

static pf_status swap_error(struct pf_sink *sink, const pf_photo_result *result)
{
	pf_photo_result changed = *result;
	if (result->status != PF_OK) {
		changed.status = PF_ERR_TOO_LARGE;
	}
	return pass_photo(sink, &changed);
}

static pf_status swap_ranks(struct pf_sink *sink, const pf_burst *burst, const uint32_t *ranks)
{
	uint32_t changed[PHOTOS];
	for (uint32_t i = 0; i < burst->count; i++) {
		changed[i] = ranks[i] + 1;
	}
	return pass_ranks(sink, burst, changed);
}

static pf_status lose_one(struct pf_sink *sink, const pf_photo_result *result)
{
	return result->index == 4 ? PF_OK : pass_photo(sink, result);
}

static pf_status unavailable(const struct pf_env *env, const char **why_not)
{
	(void)env;
	*why_not = "no such device";
	return PF_ERR_UNAVAILABLE;
}

#define CHEAT(symbol, photo_done, burst_ranked)                                           \
	static pf_status run_##symbol(const struct pf_env *env, const pf_dataset *photos, \
				      struct pf_sink *sink, pf_error *error)              \
	{                                                                                 \
		return run_spoiled(env, photos, sink, error, photo_done, burst_ranked);   \
	}                                                                                 \
	static const struct pf_variant symbol##_variant = {                               \
		.name = #symbol, .parent = "single-load", .run = run_##symbol};
CHEAT(one_bit, flip_one_bit, pass_ranks)
CHEAT(constant, repeat_the_first, pass_ranks)
CHEAT(glossy, gloss_over, pass_ranks)
CHEAT(other_error, swap_error, pass_ranks)
CHEAT(other_ranks, pass_photo, swap_ranks)
CHEAT(loses_one, lose_one, pass_ranks)

static pf_status never(const struct pf_env *env, const pf_dataset *photos, struct pf_sink *sink,
		       pf_error *error)
{
	(void)env;
	(void)photos;
	(void)sink;
	return pf_fail(error, PF_ERR_INTERNAL, NULL, "ran though it is unavailable");
}
static const struct pf_variant absent_variant = {.name = "absent", .run = never, .probe = unavailable};

const struct pf_variant *const pf_variant_registry[] = {
	&pf_variant_double_load,
	&pf_variant_single_load,
	&pf_variant_null,
	&one_bit_variant,
	&constant_variant,
	&glossy_variant,
	&other_error_variant,
	&other_ranks_variant,
	&loses_one_variant,
	&absent_variant,
	NULL,
};

static char folder[256];
static pf_fixture_folder photos;
static pf_dataset *dataset; /* as `photos`, hashed */
static pf_session session;
static unsigned reference_runs;
static char order[200];

static void dark(void *context, uint32_t x, uint32_t y, uint8_t ycc[3])
{
	uint32_t shade = *(const uint32_t *)context;
	ycc[0] = (uint8_t)((x * 7 ^ y * 5) % 200 / (1 + shade) + 20);
	ycc[1] = (uint8_t)(128 + x % 16);
	ycc[2] = 128;
}

static int make_photos(void **state)
{
	(void)state;
	pf_error error;
	pf_temp_make(folder);
	setenv("PHOTOFINISH_DATA", pf_temp_path(folder, "data"), 1);
	pf_fixture_folder_open(&photos);
	for (uint32_t i = 0; i < PHOTOS; i++) {
		char name[16];
		pf_fixture_bytes bytes = pf_fixture_jpeg(
			&(pf_fixture_spec){.width_px = 160, .height_px = 120, .pixel = dark, .context = &i});
		snprintf(name, sizeof name, "%u.jpg", i);
		bytes.bytes -= i == DAMAGED ? bytes.bytes / 2 : 0;
		pf_fixture_folder_add(&photos, name, &bytes);
		pf_fixture_free(&bytes);
	}
	assert_int_equal(pf_dataset_create("n", photos.path, &dataset, &error), PF_OK);
	for (uint32_t i = 0; i < PHOTOS; i++) {
		char name[16];
		uint8_t hash[PF_SHA256_BYTES];
		uint64_t size;
		snprintf(name, sizeof name, "%u.jpg", i);
		assert_int_equal(pf_file_sha256(pf_temp_path(photos.path, name), hash, &size, &error), PF_OK);
		assert_int_equal(pf_dataset_add(dataset, name, size, hash, &error), PF_OK);
	}
	return 0;
}

static int remove_photos(void **state)
{
	(void)state;
	pf_dataset_free(dataset);
	pf_fixture_folder_close(&photos);
	pf_temp_remove(folder);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	pf_error error;
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	pf_interrupts = 0;
	reference_runs = 0;
	order[0] = '\0';
	assert_int_equal(pf_session_open(&session, dataset, &config, &error), PF_OK);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pf_session_close(&session);
	pf_interrupts = 0;
	return 0;
}

static void reference_ends(void *context, const pf_run *run)
{
	(void)context;
	reference_runs += !run->reference.from_cache;
	assert_int_equal(run->reference.outcomes->scored, PHOTOS - 1);
	assert_int_equal(run->reference.outcomes->failed, 1);
	assert_int_equal(run->reference.outcomes->photos[DAMAGED].status, PF_ERR_TRUNCATED);
}

static void trial_begins(void *context, const pf_run *run, const pf_contestant *contestant, uint32_t round)
{
	(void)context;
	size_t used = strlen(order);
	snprintf(order + used, sizeof order - used, "%u%c ", round,
		 (char)('a' + (contestant - run->contestants)));
}

static const pf_run_listener listener = {.reference_ends = reference_ends, .trial_begins = trial_begins};

static pf_run make_run(const char *const *names, pf_contestant *contestants, uint32_t rounds, uint64_t seed)
{
	pf_run run = {.session = &session,
		      .command = "journey",
		      .contestants = contestants,
		      .rounds = rounds,
		      .seed = seed};
	for (; names[run.contestant_count]; run.contestant_count++) {
		pf_contestant *contestant = &contestants[run.contestant_count];
		*contestant = (pf_contestant){.variant = pf_variant_find(names[run.contestant_count]),
					      .workers = 1};
		assert_non_null(contestant->variant);
		snprintf(contestant->label, sizeof contestant->label, "%s", contestant->variant->name);
	}
	return run;
}

/* A machine that is busy with other things held up the harness. */
static bool disturbed(const pf_run *run)
{
	for (size_t i = 0; i < run->contestant_count; i++) {
		for (size_t k = 0; k < run->contestants[i].trial_count; k++) {
			if (run->contestants[i].trials[k].ending == PF_ENDED_DISTURBED) {
				return true;
			}
		}
	}
	return false;
}

static void forget_trials(pf_contestant *contestant)
{
	for (size_t k = 0; k < contestant->trial_count; k++) {
		pf_trial_release(&contestant->trials[k]);
	}
	free(contestant->trials);
	contestant->trials = NULL;
	contestant->trial_count = 0;
	contestant->status = PF_RUN_OK;
	contestant->reason[0] = '\0';
}

static void execute(pf_run *run)
{
	pf_error error = {0};
	const pf_run fresh = *run;
	unsigned reference_runs_before = reference_runs;
	pf_status status = pf_run_execute(run, &listener, &error);
	for (int again = 0; again < 4 && status == PF_OK && disturbed(run); again++) {
		for (size_t i = 0; i < run->contestant_count; i++) {
			forget_trials(&run->contestants[i]);
		}
		pf_reference_release(&run->reference);
		*run = fresh;
		order[0] = '\0';
		reference_runs = reference_runs_before;
		status = pf_run_execute(run, &listener, &error);
	}
	if (status != PF_OK) {
		print_error("%s: %s\n", error.file, error.message);
	}
	assert_int_equal(status, PF_OK);
	pf_check_no_children();
}

/* The table as it would be printed. Freed by the caller. */
static char *print_table(const pf_run *run)
{
	const char *file = pf_temp_path(folder, "table");
	FILE *stream = fopen(file, "we");
	assert_non_null(stream);
	pf_run_print(run, stream);
	assert_int_equal(fclose(stream), 0);
	return pf_temp_read(file, NULL);
}

static json_t *write_record(const pf_run *run)
{
	pf_error error;
	json_error_t why;
	const char *file = pf_temp_path(folder, "record.json");
	remove(file); /* a part would not replace a whole one */
	assert_int_equal(pf_json_write(pf_record_json(run), file, &error), PF_OK);
	json_t *record = json_load_file(file, JSON_REJECT_DUPLICATES, &why);
	assert_non_null(record);
	return record;
}

static void test_honest_variants_get_times(void **state)
{
	(void)state;
	static const char *const names[] = {"double-load", "single-load", "null", NULL};
	pf_contestant contestants[3];
	pf_run run = make_run(names, contestants, 3, 1);
	execute(&run);
	assert_int_equal(run.rounds_done, 3);
	assert_false(run.partial);
	for (size_t i = 0; i < 3; i++) {
		pf_interval seconds, ratio;
		assert_int_equal(contestants[i].trial_count, 3);
		assert_int_equal(contestants[i].status, i == 2 ? PF_RUN_FLOOR : PF_RUN_OK);
		assert_true(pf_run_time(&contestants[i], &seconds));
		assert_true(seconds.n == 3 && seconds.has_interval && seconds.low <= seconds.mean);
		for (uint32_t k = 0; k < 3; k++) {
			assert_true(contestants[i].trials[k].checked);
			assert_int_equal(contestants[i].trials[k].round, k + 1);
			assert_true(i == 2 || !memcmp(contestants[i].trials[k].digest, run.reference.digest,
						      PF_SHA256_BYTES));
		}
		assert_int_equal(pf_run_speedup(&contestants[i], &contestants[0], &ratio), i != 2);
	}
	/* Pairs are of one round: the ratio is the mean of the ratios, not the ratio of the means. */
	pf_interval ratio;
	double product = 1;
	assert_true(pf_run_speedup(&contestants[1], &contestants[0], &ratio));
	for (int k = 0; k < 3; k++) {
		product *= (double)contestants[0].trials[k].wall_ns /
			   (double)contestants[1].trials[k].wall_ns;
	}
	assert_true(ratio.mean * ratio.mean * ratio.mean / product > 0.999999 &&
		    ratio.mean * ratio.mean * ratio.mean / product < 1.000001);
	assert_ptr_equal(pf_run_find(&run, "single-load"), &contestants[1]);
	assert_null(pf_run_find(&run, "parallel"));
	assert_null(pf_run_find(&run, NULL));
	pf_run_release(&run);
}

static void test_cheats_are_caught(void **state)
{
	(void)state;
	static const char *const names[] = {"one_bit",     "constant",  "glossy",      "other_error",
					    "other_ranks", "loses_one", "single-load", NULL};
	static const char *const reasons[CHEATS] = {
		"1 of 6 photos differ from the reference, the first is 4.jpg",
		"photos differ from the reference, the first is ",
		"the first is 3.jpg",
		"1 of 6 photos differ from the reference, the first is 3.jpg",
		"6 of 6 photos differ from the reference, the first is 0.jpg",
		"photo 4 (4.jpg) has no outcome",
	};
	pf_contestant contestants[CHEATS + 1];
	pf_run run = make_run(names, contestants, 2, 1);
	execute(&run);
	json_t *record = write_record(&run), *variants = json_object_get(record, "variants");
	char *table = print_table(&run);
	for (size_t i = 0; i < CHEATS; i++) {
		pf_interval seconds;
		bool lost = strcmp(names[i], "loses_one") == 0;
		assert_int_equal(contestants[i].status, lost ? PF_RUN_INVALID : PF_RUN_WRONG_OUTPUT);
		assert_non_null(strstr(contestants[i].reason, reasons[i]));
		assert_int_equal(contestants[i].trial_count, 1); /* once wrong, it runs no more */
		assert_false(contestants[i].trials[0].checked);
		assert_false(pf_run_time(&contestants[i], &seconds));
		assert_false(pf_run_speedup(&contestants[i], &contestants[CHEATS], &seconds));
		assert_false(pf_run_speedup(&contestants[CHEATS], &contestants[i], &seconds));
		const json_t *variant = json_array_get(variants, i);
		const json_t *trial = json_array_get(json_object_get(variant, "trials"), 0);
		assert_true(json_is_null(json_object_get(variant, "wall_s")));
		assert_true(json_is_null(json_object_get(trial, "wall_ns")));
		assert_true(json_is_null(json_object_get(trial, "cpu_ns")));
		assert_true(json_is_null(json_object_get(trial, "first_result_ns")));
		assert_int_equal(json_object_size(json_object_get(trial, "stages")), 0);
		const char *row = strstr(table, names[i]);
		assert_non_null(row);
		assert_non_null(strstr(row, lost ? "invalid: photo 4" : "wrong output: "));
		assert_true(strstr(row, lost ? "invalid: photo 4" : "wrong output: ") < strchr(row, '\n'));
	}
	assert_int_equal(contestants[CHEATS].trial_count, 2);
	assert_int_equal(contestants[CHEATS].status, PF_RUN_OK);
	free(table);
	json_decref(record);
	pf_run_release(&run);
}

static void test_unavailable_is_no_failure(void **state)
{
	(void)state;
	static const char *const names[] = {"absent", "null", NULL};
	pf_contestant contestants[2];
	pf_run run = make_run(names, contestants, 2, 1);
	execute(&run);
	assert_int_equal(contestants[0].status, PF_RUN_UNAVAILABLE);
	assert_string_equal(contestants[0].reason, "no such device");
	assert_int_equal(contestants[0].trial_count, 1); /* its own process was asked, once */
	assert_int_equal(contestants[0].trials[0].ending, PF_ENDED_UNAVAILABLE);
	assert_int_equal(run.rounds_done, 2);
	pf_run_release(&run);
}

static void test_rounds_are_shuffled_by_the_seed(void **state)
{
	(void)state;
	static const char *const names[] = {"null", "null", "null", "null", NULL};
	pf_contestant contestants[4];
	char first[sizeof order], first_round[20] = "";
	bool another_order = false;
	for (int attempt = 0; attempt < 2; attempt++) {
		order[0] = '\0';
		pf_run run = make_run(names, contestants, 6, 42);
		execute(&run);
		pf_run_release(&run);
		if (attempt == 0) {
			memcpy(first, order, sizeof first);
		}
	}
	assert_string_equal(order, first);
	for (uint32_t round = 1; round <= 6; round++) { /* "1a 1c 1b 1d 2..." */
		char seen[5] = "";
		for (int i = 0; i < 4; i++) {
			const char *entry = order + (round - 1) * 12 + (unsigned)i * 3;
			assert_int_equal(entry[0], '0' + round);
			assert_null(strchr(seen, entry[1]));
			seen[i] = entry[1];
			seen[i + 1] = '\0';
		}
		another_order = another_order || (round > 1 && strcmp(seen, first_round) != 0);
		if (round == 1) {
			memcpy(first_round, seen, sizeof seen);
		}
	}
	assert_true(another_order);
}

static void test_the_reference_is_kept_and_checked(void **state)
{
	(void)state;
	static const char *const names[] = {"null", NULL};
	pf_contestant contestants[1];
	pf_temp_remove(pf_temp_path(folder, "data"));
	for (int attempt = 0; attempt < 4; attempt++) {
		if (attempt == 2) { /* another configuration has other scores */
			session.order.scorer.weights[0] *= 2;
		}
		if (attempt == 3) { /* photos without hashes cannot be recognised */
			dataset->photos[0].hashed = false;
		}
		pf_run run = make_run(names, contestants, 1, 1);
		execute(&run);
		assert_int_equal(run.reference.from_cache, attempt == 1);
		pf_run_release(&run);
	}
	assert_int_equal(reference_runs, 3);
	dataset->photos[0].hashed = true;
	/* A file whose size is not the manifest's ends the run before anything is timed. */
	pf_error error;
	dataset->photos[2].size_bytes++;
	pf_run run = make_run(names, contestants, 1, 1);
	assert_int_equal(pf_run_execute(&run, &listener, &error), PF_ERR_CHANGED);
	assert_string_equal(error.file, "2.jpg");
	pf_run_release(&run);
	dataset->photos[2].size_bytes--;
}

static void interrupt_second_trial(void *context, const pf_run *run, const pf_contestant *contestant,
				   uint32_t round)
{
	(void)contestant;
	trial_begins(context, run, contestant, round);
	if (round == 2) {
		pf_interrupts = 1;
	}
}

static void test_interrupted(void **state)
{
	(void)state;
	static const char *const names[] = {"single-load", "null", NULL};
	pf_contestant contestants[2];
	pf_run_listener interrupting = {.trial_begins = interrupt_second_trial};
	pf_error error;
	pf_run run = make_run(names, contestants, 5, 1);
	assert_int_equal(pf_run_execute(&run, &interrupting, &error), PF_OK);
	pf_check_no_children();
	assert_true(run.partial);
	assert_int_equal(run.rounds_done, 1);
	assert_int_equal(strlen(order), 3 * 3); /* the first round and one trial more */
	pf_interval seconds;
	assert_int_equal(contestants[0].status, PF_RUN_OK);
	assert_true(pf_run_time(&contestants[0], &seconds)); /* what was measured is kept */
	char *table = print_table(&run);
	assert_non_null(strstr(table, "PARTIAL: stopped on request after 1 of 5 rounds"));
	free(table);
	json_t *record = write_record(&run);
	assert_true(json_is_true(json_object_get(record, "partial")));
	assert_int_equal(json_integer_value(json_object_get(record, "rounds_done")), 1);
	json_decref(record);
	pf_run_release(&run);
}

/* Stopped before anything was measured: nothing is called ok. */
static void test_interrupted_at_once(void **state)
{
	(void)state;
	static const char *const names[] = {"single-load", "null", NULL};
	for (int cached = 0; cached < 2; cached++) {
		pf_contestant contestants[2];
		pf_error error;
		pf_interval seconds;
		session.order.scorer.weights[1] *= cached ? 1 : 3; /* first a reference that has to be run */
		pf_interrupts = 1;
		pf_run run = make_run(names, contestants, 5, 1);
		assert_int_equal(pf_run_execute(&run, &listener, &error), PF_OK);
		assert_true(run.partial);
		assert_int_equal(run.rounds_done, 0);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(contestants[i].status, PF_RUN_INVALID);
			assert_non_null(strstr(contestants[i].reason, "stopped"));
			assert_false(pf_run_time(&contestants[i], &seconds));
		}
		char *table = print_table(&run);
		assert_non_null(strstr(table, "PARTIAL"));
		free(table);
		json_decref(write_record(&run));
		pf_run_release(&run);
		session.order.scorer.weights[1] /= cached ? 1 : 3;
	}
}

#define WITH_SESSION(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "trial") == 0) {
		return pf_trial_child(argv[2], NULL, NULL, NULL);
	}
	const struct CMUnitTest tests[] = {
		WITH_SESSION(test_honest_variants_get_times),
		WITH_SESSION(test_cheats_are_caught),
		WITH_SESSION(test_unavailable_is_no_failure),
		WITH_SESSION(test_rounds_are_shuffled_by_the_seed),
		WITH_SESSION(test_the_reference_is_kept_and_checked),
		WITH_SESSION(test_interrupted),
		WITH_SESSION(test_interrupted_at_once),
	};
	return cmocka_run_group_tests(tests, make_photos, remove_photos);
}
