/* Scores that are approximate: what a variant may state, how ranks agree, and that a run holds it to that.
 * This program is its own "trial" command, with a registry of its own. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/json_file.h"
#include "harness/export/export.h"
#include "harness/export/notebook.h"
#include "harness/record/outside_json.h"
#include "harness/record/record.h"
#include "harness/registry/known.h"
#include "harness/run/run.h"
#include "harness/scores/tolerance.h"
#include "harness/show/run_table.h"
#include "jpeg_fixture.h"
#include "shared_memory.h"
#include "temp_folder.h"

enum { PHOTOS = 4 };

#define OFF_BY 0x1p-14

extern const struct pf_variant pf_variant_single_load, pf_variant_double_load;

/* A sink between the real variant and the harness that moves every score a little. */
struct mover {
	struct pf_sink sink; /* first: the functions cast back */
	struct pf_sink *to;
};

static pf_status pass_burst(struct pf_sink *sink, const pf_burst *burst)
{
	struct pf_sink *to = ((struct mover *)sink)->to;
	return to->burst_found(to, burst);
}

static pf_status move_score(struct pf_sink *sink, const pf_photo_result *result)
{
	struct pf_sink *to = ((struct mover *)sink)->to;
	pf_photo_result changed = *result;
	pf_score score;
	if (result->score) {
		score = *result->score;
		score.total += OFF_BY;
		score.measures[PF_MEASURE_NOISE] += OFF_BY;
		changed.score = &score;
	}
	return to->photo_done(to, &changed);
}

static pf_status pass_ranks(struct pf_sink *sink, const pf_burst *burst, const uint32_t *ranks)
{
	struct pf_sink *to = ((struct mover *)sink)->to;
	return to->burst_ranked(to, burst, ranks);
}

static pf_status run_moved(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
			   pf_error *error)
{
	struct mover mover = {.sink = {sizeof(struct pf_sink), pass_burst, move_score, pass_ranks},
			      .to = sink};
	return pf_variant_single_load.run(env, dataset, &mover.sink, error);
}

static const struct pf_variant_tolerance wide = {.total = 2 * OFF_BY,
						 .measures = {[PF_MEASURE_NOISE] = 2 * OFF_BY},
						 .best_shots = 0.9,
						 .rank_correlation = 0.8},
					 narrow = {.total = 2 * OFF_BY,
						   .measures = {[PF_MEASURE_NOISE] = OFF_BY / 2},
						   .best_shots = 0.9,
						   .rank_correlation = 0.8};

#define DESCRIBED(own_name)                                                                           \
	.abi_version = PF_ABI_VERSION, .struct_size = sizeof(struct pf_variant), .name = (own_name),  \
	.summary = "moved", .change = "scores", .principle = "-", .hypothesis = "-", .expected = "-", \
	.run = run_moved
static const struct pf_variant near_variant = {DESCRIBED("near"), .parent = "single-load",
					       .caps = PF_CAP_APPROX, .tolerance = &wide},
			       far_variant = {DESCRIBED("far"), .parent = "single-load",
					      .caps = PF_CAP_APPROX, .tolerance = &narrow};

const struct pf_variant *const pf_variant_registry[] = {&pf_variant_double_load, &pf_variant_single_load,
							&near_variant, &far_variant, NULL};

static void test_what_may_be_stated(void **state)
{
	(void)state;
	struct pf_variant variant = near_variant;
	struct pf_variant_tolerance tolerance = wide;
	variant.tolerance = &tolerance;
	assert_null(pf_variant_fault(&variant));
	variant.tolerance = NULL;
	assert_string_equal(pf_variant_fault(&variant),
			    "it is approximate (PF_CAP_APPROX) and states no tolerance");
	variant.tolerance = &tolerance;
	variant.caps = 0;
	assert_string_equal(pf_variant_fault(&variant), "it states a tolerance without PF_CAP_APPROX");
	variant.caps = PF_CAP_APPROX | PF_CAP_FLOOR;
	variant.parent = NULL;
	assert_non_null(pf_variant_fault(&variant));
	static const double bad[] = {-1, -0x1p-1074, NAN, INFINITY};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		double *const numbers[] = {&tolerance.total, &tolerance.factors[PF_FACTOR_COUNT - 1],
					   &tolerance.measures[0], &tolerance.best_shots,
					   &tolerance.rank_correlation};
		for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
			double before = *numbers[k];
			assert_null(pf_tolerance_fault(&tolerance));
			*numbers[k] = bad[i];
			assert_non_null(pf_tolerance_fault(&tolerance));
			*numbers[k] = before;
		}
	}
	/* Bounds have to be stated: what nobody wrote is 0. */
	tolerance.best_shots = 0;
	assert_non_null(pf_tolerance_fault(&tolerance));
	tolerance.best_shots = 1;
	tolerance.rank_correlation = 1.01;
	assert_non_null(pf_tolerance_fault(&tolerance));
	tolerance.rank_correlation = 1;
	assert_null(pf_tolerance_fault(&tolerance));
}

/* Two bursts, one of three and one of two, a single shot and a photo that failed; ranks as given. */
static void make_outcomes(pf_outcomes *outcomes, pf_outcome photos[7], const uint32_t ranks[7])
{
	static const uint32_t bursts[7] = {0, 0, 2, 0, 2, 5, 0};
	*outcomes = (pf_outcomes){.count = 7, .photos = photos};
	for (size_t i = 0; i < 7; i++) {
		photos[i] = (pf_outcome){.done = true, .ranked = true, .burst = bursts[i], .rank = ranks[i]};
		photos[i].status = i == 6 ? PF_ERR_DAMAGED : PF_OK;
	}
}

static void test_agreement_of_ranks(void **state)
{
	(void)state;
	static const struct {
		uint32_t ranks[7];
		size_t best_shots, in_order, reversed;
	} cases[] = {
		{{1, 2, 1, 3, 2, 1, 0}, 2, 4, 0}, /* the same */
		{{1, 3, 1, 2, 2, 1, 0}, 2, 3, 1}, /* behind the best */
		{{2, 1, 1, 3, 2, 1, 0}, 1, 3, 1}, /* another best */
		{{3, 2, 2, 1, 1, 1, 0}, 0, 0, 4}, /* the reverse */
		{{1, 1, 1, 1, 2, 1, 0}, 2, 1, 0}, /* all alike: no order */
	};
	pf_outcomes reference, own;
	pf_outcome a[7], b[7];
	char what[192] = "";
	make_outcomes(&reference, a, cases[0].ranks);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		make_outcomes(&own, b, cases[i].ranks);
		pf_agreement agreement = pf_agreement_of(&reference, &own);
		assert_int_equal(agreement.bursts, 2);
		assert_int_equal(agreement.pairs, 4);
		assert_int_equal(agreement.best_shots, cases[i].best_shots);
		assert_int_equal(agreement.in_order, cases[i].in_order);
		assert_int_equal(agreement.reversed, cases[i].reversed);
		assert_true(pf_agreement_best_shots(&agreement) == (double)cases[i].best_shots / 2);
		double correlation = ((double)cases[i].in_order - (double)cases[i].reversed) / 4;
		assert_true(pf_agreement_rank_correlation(&agreement) == correlation);
		/* Exactly what is there is enough, a little more is not. */
		pf_tolerance tolerance;
		pf_tolerance_reset(&tolerance);
		assert_true(pf_tolerance_agrees(&tolerance, &agreement, what, sizeof what));
		tolerance.best_shots = (double)cases[i].best_shots / 2;
		assert_true(pf_tolerance_agrees(&tolerance, &agreement, what, sizeof what));
		tolerance.best_shots += 0x1p-20;
		assert_false(pf_tolerance_agrees(&tolerance, &agreement, what, sizeof what));
		assert_non_null(strstr(what, " of 2 bursts"));
		tolerance.best_shots = PF_NOT_DECLARED;
		tolerance.rank_correlation = correlation;
		assert_true(correlation < 0 ||
			    pf_tolerance_agrees(&tolerance, &agreement, what, sizeof what));
		tolerance.rank_correlation = fmax(correlation, 0) + 0x1p-20;
		assert_false(pf_tolerance_agrees(&tolerance, &agreement, what, sizeof what));
		assert_non_null(strstr(what, "rank correlation"));
	}
	pf_agreement nothing = {0};
	assert_true(pf_agreement_best_shots(&nothing) == 1 && pf_agreement_rank_correlation(&nothing) == 1);
}

static void test_a_photo_within_and_outside(void **state)
{
	(void)state;
	pf_tolerance tolerance;
	pf_outcome a = {.done = true, .score = {.total = 0.5}}, b = a;
	char what[192];
	pf_tolerance_take(NULL, &tolerance);
	assert_false(tolerance.declared);
	assert_true(pf_tolerance_photo(&tolerance, &a, &b, what, sizeof what));
	b.score.total += 0x1p-53;
	assert_false(pf_tolerance_photo(&tolerance, &a, &b, what, sizeof what));
	pf_tolerance_take(&wide, &tolerance);
	assert_true(tolerance.declared && tolerance.bursts && !tolerance.ranks);
	b.score.total = 0.5 + 2 * OFF_BY;
	assert_true(pf_tolerance_photo(&tolerance, &a, &b, what, sizeof what));
	b.score.total = 0.5 + 2.001 * OFF_BY;
	assert_false(pf_tolerance_photo(&tolerance, &a, &b, what, sizeof what));
	assert_non_null(strstr(what, "score 0.500"));
	b = a;
	b.score.measures[PF_MEASURE_WIDTH] = 0x1p-30; /* not stated: it has to be the same */
	assert_false(pf_tolerance_photo(&tolerance, &a, &b, what, sizeof what));
	b = a;
	b.score.factors[0] = NAN;
	assert_false(pf_tolerance_photo(&tolerance, &a, &b, what, sizeof what));
	a.score.factors[0] = b.score.factors[0]; /* no number in the reference either */
	assert_true(pf_tolerance_photo(&tolerance, &a, &b, what, sizeof what));
	b.status = PF_ERR_DAMAGED;
	assert_false(pf_tolerance_photo(&tolerance, &a, &b, what, sizeof what));
	char text[PF_TOLERANCE_TEXT];
	assert_string_equal(pf_tolerance_text(&tolerance, text, sizeof text),
			    "41 measures within 0 to 0.000122, 9 factors within 0, 1 score within 0.000122, "
			    "bursts, best shots at least 90 %, rank correlation at least 0.8");
}

/* What a variant does not want compared is said to be so, in words and in the record, and back again. */
static void test_not_compared(void **state)
{
	(void)state;
	static const char says[] =
		"39 measures within 0 to 0.000122, 9 factors within 0, 1 score within 0.000122, "
		"2 not compared, bursts, best shots at least 90 %, rank correlation at least 0.8";
	struct pf_variant_tolerance stated = wide;
	pf_tolerance tolerance, stored;
	pf_outcome a = {.done = true, .score = {.total = 0.5}}, b = a;
	char text[PF_TOLERANCE_TEXT], what[192];
	stated.measures[PF_MEASURE_TILES_UPPER] = stated.measures[PF_MEASURE_BLUR_ANGLE] = PF_NOT_COMPARED;
	assert_null(pf_tolerance_fault(&stated));
	pf_tolerance_take(&stated, &tolerance);
	assert_string_equal(pf_tolerance_text(&tolerance, text, sizeof text), says);
	b.score.measures[PF_MEASURE_TILES_UPPER] = 4294967295.0;
	assert_true(pf_tolerance_photo(&tolerance, &a, &b, what, sizeof what));
	b.score.measures[PF_MEASURE_TILES_LOWER] = 1;
	assert_false(pf_tolerance_photo(&tolerance, &a, &b, what, sizeof what));
	json_t *json = pf_tolerance_json(&tolerance);
	assert_int_equal(json_integer_value(json_object_get(json, "not_compared")), 2);
	assert_int_equal(json_object_size(json_object_get(json, "measures")), 39);
	pf_tolerance_of(json, &stored);
	assert_string_equal(pf_tolerance_text(&stored, text, sizeof text), says);
	json_decref(json);
}

static char folder[256];
static pf_fixture_folder photos;
static pf_session session;

static int make_photos(void **state)
{
	(void)state;
	pf_error error;
	pf_scorer_config config;
	pf_temp_make(folder);
	setenv("PHOTOFINISH_DATA", pf_temp_path(folder, "data"), 1);
	pf_fixture_folder_open(&photos);
	for (uint32_t i = 0; i < PHOTOS; i++) {
		char name[16];
		pf_fixture_bytes bytes = pf_fixture_jpeg(
			&(pf_fixture_spec){.width_px = 160 + 16 * i, .height_px = 120});
		snprintf(name, sizeof name, "%u.jpg", i);
		pf_fixture_folder_add(&photos, name, &bytes);
		pf_fixture_free(&bytes);
	}
	pf_scorer_config_default(&config);
	return pf_session_open(&session, photos.dataset, &config, &error);
}

static int remove_photos(void **state)
{
	(void)state;
	pf_session_close(&session);
	pf_fixture_folder_close(&photos);
	pf_temp_remove(folder);
	return 0;
}

/* A machine that is busy may hold up the harness, which makes a trial invalid: again then. */
static void execute(pf_run *run, pf_contestant contestants[3])
{
	static const char *const names[] = {"single-load", "near", "far"};
	for (int attempt = 0; attempt < 5; attempt++) {
		pf_error error = {0};
		bool disturbed = false;
		for (size_t i = 0; i < 3; i++) {
			contestants[i] = (pf_contestant){.variant = pf_variant_find(names[i]), .workers = 1};
			snprintf(contestants[i].label, sizeof contestants[i].label, "%s", names[i]);
		}
		*run = (pf_run){.session = &session,
				.command = "journey",
				.contestants = contestants,
				.contestant_count = 3,
				.rounds = 2,
				.seed = 1};
		if (pf_run_execute(run, &(pf_run_listener){0}, &error) != PF_OK) {
			fail_msg("%s: %s", error.file, error.message);
		}
		pf_check_no_children();
		for (size_t i = 0; i < 3; i++) {
			for (size_t k = 0; k < contestants[i].trial_count; k++) {
				disturbed = disturbed ||
					    contestants[i].trials[k].ending == PF_ENDED_DISTURBED;
			}
		}
		if (!disturbed) {
			return;
		}
		pf_run_release(run);
	}
	fail_msg("this machine is too busy");
}

static char *render(void (*print)(const json_t *record, FILE *stream), const json_t *record)
{
	char *text;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);
	print(record, stream);
	fclose(stream);
	return text;
}

static void test_a_run_holds_it_to_that(void **state)
{
	(void)state;
	pf_run run;
	pf_contestant contestants[3];
	pf_interval seconds;
	execute(&run, contestants);
	const pf_contestant *near = &contestants[1], *far = &contestants[2];
	assert_int_equal(near->status, PF_RUN_OK);
	assert_int_equal(near->trial_count, 2); /* it is checked in each */
	assert_true(near->trials[0].checked && near->trials[1].checked);
	assert_true(pf_run_time(near, &seconds) && seconds.n == 2);
	assert_non_null(pf_run_tolerance(near));
	assert_null(pf_run_tolerance(&contestants[0]));
	assert_int_equal(far->status, PF_RUN_WRONG_OUTPUT);
	assert_non_null(strstr(far->reason, "4 of 4 photos are not within its declared tolerance"));
	assert_non_null(strstr(far->reason, "noise "));
	assert_false(pf_run_time(far, &seconds));
	static void (*const exports[])(const json_t *record, FILE *stream) = {
		pf_export_csv,      pf_export_benchmark, pf_export_openmetrics,
		pf_export_markdown, pf_export_junit,     pf_notebook_print};
	json_t *record = pf_record_json(&run);
	for (size_t i = 0; i < sizeof exports / sizeof *exports; i++) {
		char *text = render(exports[i], record);
		if (!strstr(text, "approximate") || !strstr(text, "41 measures within 0 to 0.000122")) {
			fail_msg("export %zu does not say so: %s", i, text);
		}
		free(text);
	}
	json_decref(record);
	pf_run_release(&run);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "trial") == 0) {
		return pf_trial_child(argv[2], NULL, NULL, NULL);
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_may_be_stated),         cmocka_unit_test(test_agreement_of_ranks),
		cmocka_unit_test(test_a_photo_within_and_outside), cmocka_unit_test(test_not_compared),
		cmocka_unit_test(test_a_run_holds_it_to_that),
	};
	return cmocka_run_group_tests(tests, make_photos, remove_photos);
}
