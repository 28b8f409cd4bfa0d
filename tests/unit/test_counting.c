/* One rule of which trials count. A step that crashed in a late round had good times before: nothing shows
 * them, neither a table, nor an export, the notebook, the claims or the history. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/claims/claims.h"
#include "harness/claims/goal.h"
#include "harness/export/export.h"
#include "harness/export/notebook.h"
#include "harness/record/notebook_parts.h"
#include "harness/record/record.h"
#include "harness/record/stored_run.h"
#include "harness/show/run_table.h"
#include "run_fixture.h"

/* single-load is well; parallel, "crashed" in round 3, took 7.777 s before, of which decoding took 6.222 s.
 */
static pf_contestant *make(pf_fixture_run *made)
{
	static const double well[] = {20, 20.5, 21, 0}, before[] = {7.777, 7.777, 7.777, 0};
	pf_fixture_run_open(made, 10);
	pf_scorer_config_default(&made->session.order.scorer);
	pf_contestant *base = pf_fixture_run_add(made, "single-load", NULL, 1, well);
	pf_contestant *late = pf_fixture_run_add(made, "parallel", "single-load", 2, before);
	pf_fixture_run_stage(base, PF_STAGE_DECODE, 0.5);
	pf_fixture_run_stage(late, PF_STAGE_DECODE, 0.8);
	for (int i = 0; i < 3; i++) {
		late->trials[i].peak_rss_bytes = 7778000000;
		late->trials[i].moved_bytes = 7777;
		late->trials[i].chunks = 7777;
	}
	snprintf(made->run.started, sizeof made->run.started, "2026-11-29T20:00:00Z");
	memset(made->run.dataset_hash, 'a', sizeof made->run.dataset_hash - 1);
	return late;
}

static void crash(pf_contestant *late)
{
	pf_trial *trial = &late->trials[2];
	late->status = PF_RUN_CRASHED;
	snprintf(late->reason, sizeof late->reason, "SIGSEGV in decode");
	*trial = (pf_trial){.round = 3, .workers = 2, .ending = PF_ENDED_CRASHED};
}

/* All that is printed and exported, as one text. */
static char *print_all(const pf_run *run, bool notebook_only)
{
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);
	json_t *record = pf_record_json(run);
	assert_non_null(stream);
	assert_non_null(record);
	if (!notebook_only) {
		pf_stored_run *stored;
		pf_error error;
		pf_run_print(run, stream);
		assert_int_equal(pf_stored_run_read(record, &stored, &error), PF_OK);
		pf_run_print(pf_stored_run_model(stored), stream);
		pf_stored_run_free(stored);
		pf_export_benchmark(record, stream);
		pf_export_openmetrics(record, stream);
		pf_export_markdown(record, stream);
		pf_export_junit(record, stream);
	}
	pf_notebook_print(record, stream);
	fclose(stream);
	json_decref(record);
	return text;
}

static void test_nothing_shows_a_time(void **state)
{
	static pf_fixture_run made;
	/* Times, gains over single-load, photos a second, shares of the stage. */
	static const char *const figures[] = {"7.78", "7.777", "7777", "2.63x", "2.64x",
					      "1.29", "6.22",  "622.", "8 GB"};
	(void)state;
	pf_contestant *late = make(&made);
	char *text = print_all(&made.run, false);
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
		if (i < 3 || strstr(figures[i], "GB")) { /* it is there as long as it is well */
			assert_non_null(strstr(text, figures[i]));
		}
	}
	free(text);
	crash(late);
	text = print_all(&made.run, false);
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
		if (strstr(text, figures[i])) {
			fail_msg("%s is shown of a step that crashed: %s", figures[i], text);
		}
	}
	assert_non_null(strstr(text, "SIGSEGV in decode"));
	free(text);
}

/* CSV has a row for each trial: without times where the step does not count. */
static void test_rows_have_no_times(void **state)
{
	static pf_fixture_run made;
	char *text = NULL;
	size_t bytes;
	(void)state;
	crash(make(&made));
	json_t *record = pf_record_json(&made.run);
	FILE *stream = open_memstream(&text, &bytes);
	assert_non_null(stream);
	pf_export_csv(record, stream);
	fclose(stream);
	assert_null(strstr(text, "7777000000")); /* the wall time */
	assert_non_null(strstr(text, "20000000000"));
	free(text);
	json_decref(record);
}

static void test_figures_of_the_run(void **state)
{
	static pf_fixture_run made;
	pf_interval figure;
	pf_projection projection;
	pf_goal goal = {.seconds = 3600, .photos = 1000};
	double mean;
	(void)state;
	pf_contestant *late = make(&made);
	made.run.goal = &goal;
	assert_true(pf_run_time(late, &figure));
	assert_true(pf_run_speedup(late, &made.contestants[0], &figure));
	assert_true(pf_goal_project(&made.run, late, &projection));
	assert_non_null(pf_run_median_trial(late));
	crash(late);
	assert_false(pf_run_time(late, &figure));
	assert_false(pf_run_first_result(late, &figure));
	assert_false(pf_run_speedup(late, &made.contestants[0], &figure));
	assert_false(pf_goal_project(&made.run, late, &projection));
	assert_null(pf_run_median_trial(late));
	assert_int_equal(pf_run_most_memory(late), 0);
	made.run.goal = NULL;
	json_t *record = pf_record_json(&made.run);
	const json_t *variant = pf_note_variant(record, "parallel");
	assert_int_equal(pf_note_mean(variant, "wall_ns", NULL, &mean), 0);
	assert_int_equal(pf_note_mean(pf_note_variant(record, "single-load"), "wall_ns", NULL, &mean), 3);
	json_decref(record);
}

/* The model and the record agree on every kind of step and trial. */
static void test_both_models_agree(void **state)
{
	static pf_fixture_run made;
	(void)state;
	size_t seen[3] = {0};
	for (int status = 0; status < PF_RUN_STATUS_COUNT; status++) {
		for (int kind = 0; kind < 16; kind++) {
			pf_contestant *contestant = make(&made);
			pf_trial *trial = &contestant->trials[1];
			contestant->status = (pf_run_status)status;
			trial->checked = kind & 1;
			trial->unscored = !trial->checked && kind & 2;
			trial->ending = kind & 4 ? PF_ENDED_DISTURBED : PF_ENDED_OK;
			trial->wall_ns = kind & 8 ? 0 : trial->wall_ns;
			json_t *record = pf_record_json(&made.run);
			const json_t *variant = pf_note_variant(record, "parallel");
			const json_t *entry = json_array_get(json_object_get(variant, "trials"), 1);
			pf_trial_counting counting = pf_run_counts(contestant, trial);
			assert_int_equal(pf_note_counts(variant, entry), counting);
			seen[counting]++;
			json_decref(record);
		}
	}
	assert_int_equal(seen[PF_COUNTS], 4);           /* ok and floor; kind 1 and 3 */
	assert_int_equal(seen[PF_COUNTS_UNCHECKED], 1); /* unchecked; kind 2 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_shows_a_time),
		cmocka_unit_test(test_rows_have_no_times),
		cmocka_unit_test(test_figures_of_the_run),
		cmocka_unit_test(test_both_models_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
