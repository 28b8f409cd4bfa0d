/* What observing costs: measured by the real functions, and a trial that was watched too closely is invalid.
 * This program is its own "trial" command, with two variants in place of the real ones. */
#include <linux/close_range.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/machine/environment.h"
#include "harness/record/observer_json.h"
#include "harness/show/observer_lines.h"
#include "harness/trial/observer.h"
#include "harness/trial/trial.h"
#include "run_fixture.h"
#include "undisturbed.h"

enum { SPANS = 1000 };

static pf_status score_one(const struct pf_env *env, struct pf_sink *sink, int spans)
{
	static const uint32_t photos[1] = {0}, ranks[1] = {1};
	pf_burst burst = {.id = 0, .count = 1, .photos = photos};
	pf_score score = {.total = 1};
	pf_photo_result result = {.message = "", .score = &score};
	for (int i = 0; i < spans; i++) {
		pf_span_end(&env->traces[0], PF_STAGE_SCORE, pf_span_begin(&env->traces[0], PF_STAGE_SCORE));
	}
	sink->burst_found(sink, &burst);
	sink->photo_done(sink, &result);
	return sink->burst_ranked(sink, &burst, ranks);
}

static pf_status run_spans(const struct pf_env *env, const pf_dataset *photos, struct pf_sink *sink,
			   pf_error *error)
{
	(void)photos;
	(void)error;
	return score_one(env, sink, SPANS);
}

static const struct pf_variant spans_variant = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "spans",
	.summary = "-",
	.change = "-",
	.principle = "-",
	.hypothesis = "-",
	.expected = "-",
	.run = run_spans,
};

const struct pf_variant *const pf_variant_registry[] = {&spans_variant, NULL};

static void test_units_are_measured(void **state)
{
	(void)state;
	pf_observer observer;
	pf_observer_measure(31, &observer);
	for (int unit = 0; unit < PF_OBSERVED_COUNT; unit++) {
		const pf_unit_cost *cost = &observer.costs[unit];
		assert_int_equal(cost->n, 31);
		assert_true(cost->low_ns > 0 && cost->low_ns <= cost->median_ns &&
			    cost->median_ns <= cost->high_ns);
		assert_true(strlen(pf_observed_name((pf_observed_unit)unit)) > 0);
	}
	/* A span reads the clock twice; who is not listened to reads none. Nothing is told of absolute times.
	 */
	assert_true(observer.costs[PF_OBSERVED_SPAN].median_ns > observer.costs[PF_OBSERVED_CLOCK].median_ns);
	assert_true(observer.costs[PF_OBSERVED_NULL_SPAN].median_ns <
		    observer.costs[PF_OBSERVED_SPAN].median_ns);
	assert_true(observer.costs[PF_OBSERVED_EVENT].median_ns >
		    observer.costs[PF_OBSERVED_CLOCK].median_ns);
	json_t *json = pf_observer_json(&observer);
	assert_int_equal(json_object_size(json_object_get(json, "units")), PF_OBSERVED_COUNT);
	json_decref(json);
}

static void test_costs_times_counts(void **state)
{
	(void)state;
	pf_observer observer = {0};
	pf_observed observed = {0};
	observer.costs[PF_OBSERVED_SPAN] = (pf_unit_cost){.median_ns = 50, .n = 1};
	observer.costs[PF_OBSERVED_EVENT] = (pf_unit_cost){.median_ns = 1000, .n = 1};
	observed.counts[PF_OBSERVED_SPAN] = 1000;
	observed.counts[PF_OBSERVED_EVENT] = 50;
	pf_observed_settle(&observed, &observer, 10000000);
	assert_true(observed.known && observed.cost_ns == 50000 && observed.results_ns == 50000 &&
		    observed.share == 0.005);
	observed.counts[PF_OBSERVED_LOOK] = 1; /* whose cost nobody measured */
	pf_observed_settle(&observed, &observer, 10000000);
	assert_true(!observed.known && observed.share == 0);
	json_t *json = pf_observed_json(&observed);
	assert_true(json_is_null(json));
	json_decref(json);
	pf_observed_settle(&observed, NULL, 10000000);
	assert_false(observed.known);
}

static pf_trial run_with(const pf_observer *observer)
{
	pf_dataset *dataset;
	pf_session session;
	pf_error error;
	pf_trial trial;
	uint8_t hash[PF_SHA256_BYTES] = {0};
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	assert_int_equal(pf_dataset_create("n", "/", &dataset, &error), PF_OK);
	assert_int_equal(pf_dataset_add(dataset, "a.jpg", 10, hash, &error), PF_OK);
	assert_int_equal(pf_session_open(&session, dataset, &config, &error), PF_OK);
	session.observer = observer;
	assert_int_equal(pf_trial_undisturbed(&session, &spans_variant, 1, NULL, NULL, &trial, &error),
			 PF_OK);
	pf_session_close(&session);
	pf_dataset_free(dataset);
	return trial;
}

static void test_a_trial_is_judged(void **state)
{
	(void)state;
	pf_observer observer = {0};
	for (int unit = 0; unit < PF_OBSERVED_COUNT; unit++) {
		observer.costs[unit] = (pf_unit_cost){.median_ns = 1, .n = 1};
	}
	pf_trial trial = run_with(&observer);
	assert_int_equal(trial.ending, PF_ENDED_OK);
	assert_int_equal(trial.observed.counts[PF_OBSERVED_SPAN], SPANS);
	assert_int_equal(trial.observed.counts[PF_OBSERVED_EVENT], 4); /* burst, photo, ranks, the end */
	assert_true(trial.observed.known && trial.observed.share > 0 &&
		    trial.observed.share < PF_OBSERVER_MOST);
	pf_trial_release(&trial);

	observer.costs[PF_OBSERVED_SPAN].median_ns = 1e9;
	trial = run_with(&observer);
	assert_int_equal(trial.ending, PF_ENDED_INVALID);
	assert_non_null(strstr(trial.reason, "observing it cost up to "));
	assert_non_null(strstr(trial.reason, " % of its time, more than 1 %"));
	pf_trial_release(&trial);

	trial = run_with(NULL);
	assert_int_equal(trial.ending, PF_ENDED_OK);
	assert_false(trial.observed.known);
	pf_trial_release(&trial);
}

static void test_the_line_below_the_table(void **state)
{
	(void)state;
	static pf_fixture_run fixture;
	static pf_observer observer;
	char *text = NULL;
	size_t bytes;
	pf_fixture_run_open(&fixture, 10);
	pf_contestant *one = pf_fixture_run_add(&fixture, "one", NULL, 1, (double[]){1, 1, 0});
	FILE *stream = open_memstream(&text, &bytes);
	pf_observer_print(&fixture.run, 0, stream);
	fflush(stream);
	assert_int_equal(bytes, 0); /* nothing is known */
	observer.costs[PF_OBSERVED_SPAN] = (pf_unit_cost){.median_ns = 52.4, .n = 1};
	observer.costs[PF_OBSERVED_EVENT] = (pf_unit_cost){.median_ns = 6120, .n = 1};
	fixture.session.observer = &observer;
	for (size_t i = 0; i < 2; i++) {
		pf_observed *observed = &one->trials[i].observed;
		observed->counts[PF_OBSERVED_SPAN] = 1000 * (i + 1);
		observed->counts[PF_OBSERVED_EVENT] = 10;
		pf_observed_settle(observed, &observer, one->trials[i].wall_ns);
		one->trials[i].machine = (pf_machine_state){.elapsed_ns = 1000000000,
							    .harness_cpu_ns = 2000000};
	}
	pf_observer_print(&fixture.run, 0, stream);
	fclose(stream);
	assert_string_equal(
		text,
		"\n"
		"Observer: at most 0.01 % of a trial's time, and 0.2 % of a processor beside it (one: 2000 spans); "
		"sending results, 10\n"
		"events: 0.0061 %\n");
	free(text);
}

static void test_builds_that_are_not_for_timing(void **state)
{
	(void)state;
	pf_error error = {0};
	assert_int_equal(pf_build_judge_timing(NULL, NULL, &error), PF_OK);
	assert_int_equal(pf_build_judge_timing("built with sanitizers", "1", &error), PF_OK);
	assert_int_equal(pf_build_judge_timing("built with sanitizers", "0", &error), PF_ERR_UNAVAILABLE);
	assert_int_equal(pf_build_judge_timing("built with sanitizers", NULL, &error), PF_ERR_UNAVAILABLE);
	assert_non_null(strstr(error.message, "built with sanitizers: "));
	assert_non_null(strstr(error.message, "PHOTOFINISH_TIME_UNFIT_BUILD=1"));
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "trial") == 0) {
		return pf_trial_child(argv[2], NULL, NULL, NULL);
	}
	close_range(3, ~0u, CLOSE_RANGE_CLOEXEC); /* what the shell that started this left open */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units_are_measured),
		cmocka_unit_test(test_costs_times_counts),
		cmocka_unit_test(test_a_trial_is_judged),
		cmocka_unit_test(test_the_line_below_the_table),
		cmocka_unit_test(test_builds_that_are_not_for_timing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
