/* What a journey keeps: made runs through the rule, into a record and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/export/notebook.h"
#include "harness/record/capabilities_json.h"
#include "harness/record/decision_json.h"
#include "harness/record/trial_json.h"
#include "harness/run/run_decision.h"
#include "harness/show/decision_lines.h"
#include "run_fixture.h"

static pf_fixture_run made;

/* Times around `seconds`, the same noise in all: their ratios have narrow intervals. */
static pf_contestant *add(const char *name, const char *parent, uint32_t workers, double seconds)
{
	static const double noise[] = {1, 1.01, 0.995, 1.004, 0.99};
	double times[6] = {0};
	for (size_t i = 0; i < 5; i++) {
		times[i] = seconds * noise[i] * (i == 2 ? 1.001 : 1);
	}
	return pf_fixture_run_add(&made, name, parent, workers, times);
}

/* Noise of its own, so that nothing within 10 % is told apart. */
static void shake(pf_contestant *contestant)
{
	static const double noise[] = {1.1, 0.9, 1.08, 0.93, 1.0};
	for (size_t i = 0; i < contestant->trial_count; i++) {
		contestant->trials[i].wall_ns = (uint64_t)((double)contestant->trials[i].wall_ns * noise[i]);
	}
}

static void fail_it(pf_contestant *contestant, pf_run_status status, const char *reason)
{
	contestant->status = status;
	snprintf(contestant->reason, sizeof contestant->reason, "%s", reason);
}

static void disturb(pf_contestant *contestant, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		contestant->trials[i].machine = (pf_machine_state){.processors = 2};
		contestant->trials[i].machine.elapsed_ns = 1000000000;
		contestant->trials[i].machine.others_ns = 900000000;
	}
}

static json_t *record_of(const pf_run *run, bool with_decisions)
{
	json_t *variants = json_array();
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		pf_interval speedup;
		const pf_contestant *parent = pf_run_find(run, contestant->variant->parent);
		json_t *trials = json_array();
		for (size_t k = 0; k < contestant->trial_count; k++) {
			json_array_append_new(trials, pf_trial_json(&contestant->trials[k]));
		}
		json_t *variant = json_pack("{s:s,s:s,s:s,s:o,s:o,s:s?}", "name", contestant->label, "status",
					    pf_run_status_name(contestant->status), "reason",
					    contestant->reason, "capabilities",
					    pf_capabilities_json(contestant->variant->caps), "trials", trials,
					    "parent", contestant->variant->parent);
		if (parent && pf_run_speedup(contestant, parent, &speedup)) {
			json_object_set_new(variant, "speedup_over_parent",
					    json_pack("{s:f,s:f,s:f}", "mean", speedup.mean, "low",
						      speedup.low, "high", speedup.high));
		}
		if (with_decisions) {
			json_object_set_new(variant, "decision", pf_decision_json(&contestant->decision));
		}
		json_array_append_new(variants, variant);
	}
	return json_pack("{s:s,s:o}", "command", run->command, "variants", variants);
}

static void opened(void)
{
	pf_fixture_run_open(&made, 10);
}

static void is(const pf_contestant *contestant, pf_keep keep, const char *incumbent, const char *reason)
{
	const pf_decision *decision = &contestant->decision;
	if (decision->keep != keep || strcmp(decision->incumbent, incumbent) != 0 ||
	    !strstr(decision->reason, reason)) {
		fail_msg("%s: %s against \"%s\": %s", contestant->label, pf_keep_name(decision->keep),
			 decision->incumbent, decision->reason);
	}
}

/* The published failures: faster than their own parents, and no better than parallel. */
static void test_a_parent_explains_the_incumbent_decides(void **state)
{
	(void)state;
	opened();
	pf_contestant *baseline = add("double-load", NULL, 1, 3.5),
		      *single = add("single-load", "double-load", 1, 2.6),
		      *parallel = add("parallel", "single-load", 2, 1.5),
		      *chunked = add("chunked", "parallel", 2, 2.5),
		      *pipelined = add("pipelined", "chunked", 2, 2.1),
		      *shared = add("shared-memory", "pipelined", 2, 1.5),
		      *tiles = add("tiles", "single-load", 2, 2.2), *better = add("better", "tiles", 2, 1.2),
		      *last = add("last", "double-load", 2, 1.4);
	pf_run_decide(&made.run);
	is(baseline, PF_BASELINE, "", "the first with a time");
	is(single, PF_KEPT, "double-load", "faster than double-load by more than 2 %");
	is(parallel, PF_KEPT, "single-load", "faster than single-load");
	is(chunked, PF_REJECTED, "parallel", "slower than parallel by more than 2 %");
	is(pipelined, PF_REJECTED, "parallel", "slower than parallel");
	is(shared, PF_NO_GAIN, "parallel", "as fast as parallel within 2 %");
	is(tiles, PF_REJECTED, "parallel", "slower than parallel");
	is(better, PF_KEPT, "parallel", "faster than parallel");
	is(last, PF_REJECTED, "better", "slower than better");
	assert_true(baseline->decision.becomes_incumbent && parallel->decision.becomes_incumbent);
	assert_false(chunked->decision.becomes_incumbent || shared->decision.becomes_incumbent);
	assert_true(chunked->decision.ratio.mean > 1.6 && chunked->decision.ratio.mean < 1.7);
	assert_ptr_equal(pf_run_incumbent(&made.run, 7), parallel);
	assert_ptr_equal(pf_run_incumbent(&made.run, 9), better);
	assert_null(pf_run_incumbent(&made.run, 0));
}

static void test_what_failed(void **state)
{
	(void)state;
	static const struct {
		pf_run_status status;
		pf_keep keep;
		const char *reason;
	} cases[] = {{PF_RUN_CRASHED, PF_REJECTED, "crashed: why"},
		     {PF_RUN_FAILED, PF_REJECTED, "failed: why"},
		     {PF_RUN_TIMEOUT, PF_REJECTED, "timeout: why"},
		     {PF_RUN_WRONG_OUTPUT, PF_REJECTED, "wrong scores: why"},
		     {PF_RUN_UNCHECKED, PF_NOT_JUDGED, "unchecked: why"},
		     {PF_RUN_UNAVAILABLE, PF_NOT_JUDGED, "unavailable: why"},
		     {PF_RUN_INVALID, PF_NOT_JUDGED, "not measured: why"},
		     {PF_RUN_NOT_RUN, PF_NOT_JUDGED, "not run: why"},
		     {PF_RUN_FLOOR, PF_NOT_JUDGED, "the floor"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		opened();
		pf_contestant *first = add("bad-start", NULL, 1, 1),
			      *baseline = add("double-load", NULL, 1, 3),
			      *failed = add("failed", "double-load", 1, 1),
			      *after = add("after", "failed", 1, 2);
		fail_it(first, cases[i].status, "why");
		fail_it(failed, cases[i].status, "why");
		pf_run_decide(&made.run);
		is(first, cases[i].keep, "", cases[i].reason);
		is(failed, cases[i].keep, "", cases[i].reason);
		is(baseline, PF_BASELINE, "", "the first with a time");
		is(after, PF_KEPT, "double-load", "faster than double-load");
	}
}

/* --only: neither a baseline nor a parent need be there. */
static void test_without_parents(void **state)
{
	(void)state;
	opened();
	pf_contestant *first = add("parallel", "single-load", 2, 1.5),
		      *second = add("live", "streaming", 2, 2);
	pf_run_decide(&made.run);
	is(first, PF_BASELINE, "", "the first with a time");
	is(second, PF_REJECTED, "parallel", "slower than parallel");
}

static void test_undecided(void **state)
{
	(void)state;
	opened();
	add("base", NULL, 1, 3);
	pf_contestant *shaken = add("shaken", "base", 1, 2.9);
	shake(shaken);
	pf_contestant *once = add("once", "base", 1, 1);
	once->trial_count = 1;
	pf_contestant *apart = add("apart", "base", 1, 1);
	for (size_t i = 0; i < apart->trial_count; i++) {
		apart->trials[i].round += 100;
	}
	pf_run_decide(&made.run);
	is(shaken, PF_NO_GAIN, "base", "not told from base: the interval holds gains and losses");
	is(once, PF_NO_GAIN, "base", "one round has no interval");
	is(apart, PF_NOT_JUDGED, "base", "no round has times of both");
	assert_int_equal(shaken->decision.word, PF_WORD_UNDECIDED);
}

/* Times that others' work made decide nothing, be it the incumbent's. */
static void test_disturbed(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (size_t count = 2; count <= 3; count++) {
			opened();
			pf_contestant *base = add("base", NULL, 1, 3), *fast = add("fast", "base", 1, 2),
				      *slow = add("slow", "base", 1, 4);
			disturb(i ? base : fast, count);
			disturb(i ? base : slow, count);
			pf_run_decide(&made.run);
			if (count == 2) {
				is(fast, PF_KEPT, "base", "faster");
				is(slow, PF_REJECTED, "fast", "slower");
				continue;
			}
			is(fast, PF_NO_GAIN, "base", i ? "3 of 5 trials of base" : "3 of 5 trials of fast");
			is(slow, PF_NO_GAIN, "base", i ? "3 of 5 trials of base" : "3 of 5 trials of slow");
			assert_true(fast->decision.has_ratio);
		}
	}
}

static void first_result_share(pf_contestant *contestant, double share)
{
	for (size_t i = 0; i < contestant->trial_count; i++) {
		contestant->trials[i].first_result_ns = (uint64_t)(share *
								   (double)contestant->trials[i].wall_ns);
	}
}

/* Kept for another figure: it does not replace the incumbent, but the next one for that figure has to beat
 * it. */
static void test_another_purpose(void **state)
{
	(void)state;
	opened();
	add("parallel", NULL, 2, 2);
	pf_contestant *streaming = add("streaming", "parallel", 2, 2), *none = add("none", "parallel", 2, 2),
		      *again = add("again", "parallel", 2, 2), *slow = add("slow", "parallel", 2, 3),
		      *fast = add("fast", "parallel", 2, 1), *time = add("time", "parallel", 2, 2);
	pf_contestant *early[] = {streaming, none, again, slow, fast};
	for (size_t i = 0; i < sizeof early / sizeof *early; i++) {
		made.variants[early[i] - made.contestants].purpose = PF_PURPOSE_FIRST_RESULT;
	}
	first_result_share(streaming, 0.01);
	first_result_share(again, 0.01);
	first_result_share(slow, 0.001);
	first_result_share(time, 0.001);
	pf_run_decide(&made.run);
	is(streaming, PF_KEPT, "parallel",
	   "as fast as parallel within 2 %; its first result comes sooner than that of parallel, by more than 2 %");
	assert_false(streaming->decision.becomes_incumbent);
	assert_string_equal(streaming->decision.purpose_against, "parallel");
	assert_true(streaming->decision.has_purpose_ratio && streaming->decision.purpose_ratio.high < 0.2);
	is(none, PF_NO_GAIN, "parallel",
	   "its first result is not shown to come sooner than that of streaming");
	is(again, PF_NO_GAIN, "parallel", "not shown to come sooner than that of streaming");
	is(slow, PF_REJECTED, "parallel", "slower than parallel");
	is(fast, PF_KEPT, "parallel", "faster than parallel");
	assert_false(fast->decision.has_purpose_ratio);
	is(time, PF_REJECTED, "fast", "slower than fast");
}

/* What processes share counts in each: such a sum is no bound from below. */
static void test_memory(void **state)
{
	(void)state;
	opened();
	add("parallel", NULL, 2, 2);
	pf_contestant *threads = add("threads", "parallel", 2, 2), *small = add("small", "parallel", 2, 2);
	made.variants[1].caps = PF_CAP_WORKERS | PF_CAP_THREADS;
	made.variants[1].purpose = made.variants[2].purpose = PF_PURPOSE_MEMORY;
	for (size_t i = 0; i < 5; i++) {
		threads->trials[i].peak_rss_bytes = 10000000 + i;
		small->trials[i].peak_rss_bytes = 60000000 + i;
	}
	pf_run_decide(&made.run);
	is(threads, PF_NO_GAIN, "parallel", "what parallel took is only known at most");
	is(small, PF_KEPT, "parallel", "it takes less memory than parallel, by more than 2 %");
}

/* Approximate scores take part where they were held to what is stated, and that is said. */
static void test_approximate(void **state)
{
	(void)state;
	for (int checked = 0; checked < 2; checked++) {
		opened();
		add("exact", NULL, 1, 3);
		pf_contestant *near = add("near", "exact", 1, 2), *after = add("after", "exact", 1, 2.5);
		made.variants[1].caps = PF_CAP_APPROX;
		for (size_t i = 0; checked && i < 5; i++) {
			near->trials[i].tolerance.declared = true;
		}
		pf_run_decide(&made.run);
		if (checked) {
			is(near, PF_KEPT, "exact", "its scores are approximate, within the tolerance");
			is(after, PF_REJECTED, "near", "scores of near are approximate");
			assert_true(near->decision.approximate && !after->decision.approximate);
		} else {
			is(near, PF_NOT_JUDGED, "", "held to no tolerance");
			is(after, PF_KEPT, "exact", "faster than exact");
		}
	}
}

/* A run with everything in it. */
static void make_all(void)
{
	opened();
	add("double-load", NULL, 1, 3.5);
	add("parallel", "double-load", 2, 1.5);
	add("chunked", "parallel", 2, 2.5);
	add("pipelined", "chunked", 2, 2.1);
	add("tiles", "double-load", 2, 2.1);
	fail_it(add("threaded", "parallel", 2, 1), PF_RUN_CRASHED, "SIGABRT");
	shake(add("live", "parallel", 2, 1.5));
	disturb(add("late", "parallel", 2, 1), 4);
	pf_contestant *near = add("near", "parallel", 2, 1.2);
	made.variants[8].caps |= PF_CAP_APPROX;
	for (size_t i = 0; i < 5; i++) {
		near->trials[i].tolerance.declared = true;
	}
	fail_it(add("null", NULL, 1, 0.01), PF_RUN_FLOOR, "");
	made.variants[9].caps = PF_CAP_FLOOR;
	pf_run_decide(&made.run);
}

/* An old record is decided on as its run would have been; what is written is read back. */
static void test_records(void **state)
{
	(void)state;
	make_all();
	json_t *with = record_of(&made.run, true), *without = record_of(&made.run, false);
	pf_decisions_complete(without);
	char *a = json_dumps(with, JSON_SORT_KEYS), *b = json_dumps(without, JSON_SORT_KEYS);
	assert_string_equal(a, b);
	pf_decisions_complete(with); /* what is there stays */
	free(b);
	b = json_dumps(with, JSON_SORT_KEYS);
	assert_string_equal(a, b);
	size_t index;
	json_t *variant;
	json_array_foreach(json_object_get(with, "variants"), index, variant)
	{
		pf_decision read;
		json_t *decision = json_object_get(variant, "decision");
		assert_true(pf_decision_of(decision, &read));
		json_t *again = pf_decision_json(&read);
		assert_true(json_equal(decision, again));
		json_decref(again);
		assert_false(pf_decision_of(NULL, &read));
	}
	json_object_set_new(without, "command", json_string("compare"));
	json_array_foreach(json_object_get(without, "variants"), index, variant)
	{
		json_object_del(variant, "decision");
	}
	pf_decisions_complete(without);
	assert_null(json_object_get(json_array_get(json_object_get(without, "variants"), 0), "decision"));
	free(a);
	free(b);
	json_decref(with);
	json_decref(without);
}

static char *render(void (*print)(const void *what, FILE *stream), const void *what)
{
	char *text;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);
	assert_non_null(stream);
	print(what, stream);
	fclose(stream);
	return text;
}

static void print_lines(const void *run, FILE *stream)
{
	pf_decisions_print(run, 80, stream);
}

static void print_notebook(const void *record, FILE *stream)
{
	pf_notebook_print(record, stream);
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part)) {
		fail_msg("not there: %s\nbut: %s", part, text);
	}
}

static void test_the_table_says_it(void **state)
{
	(void)state;
	make_all();
	char *text = render(print_lines, &made.run);
	has(text, "\nbaseline    double-load\n"
		  "kept        against double-load: parallel 0.43x (0.43 to 0.43); against\n"
		  "            parallel: near 0.80x (0.80 to 0.80) approximate\n");
	has(text, "\nno gain     against parallel: live ");
	has(text, ", late 0.67x (0.67 to\n            0.67) while the machine was busy\n");
	has(text, "\nrejected    against parallel: chunked 1.67x (1.67 to 1.67), pipelined 1.40x");
	has(text, "; threaded: crashed\n");
	free(text);
	made.run.decided = false;
	text = render(print_lines, &made.run);
	assert_string_equal(text, "");
	free(text);
}

static void test_the_lesson_fits_the_verdict(void **state)
{
	(void)state;
	make_all();
	json_t *record = record_of(&made.run, true);
	char *text = render(print_notebook, record);
	has(text,
	    "| pipelined | rejected | - | parallel: -29 % (-29 to -29) slower | +19 % (19 to 19) | - |");
	has(text, "- **Verdict**: rejected: crashed: SIGABRT\n- **Lesson**: it does not stay.\n");
	has(text,
	    "- **Lesson**: it does not stay. It wins back some of what chunked lost, but is not faster than "
	    "parallel.\n");
	has(text,
	    "- **Lesson**: it does not stay. It is faster than double-load, but what it changes gains less than "
	    "parallel had gained before it.\n");
	has(text, "- **Lesson**: it stays, and the next are measured against it.\n");
	has(text, "- **Lesson**: what comes after is measured against it.\n");
	has(text, "- **Lesson**: it does not stay: here it gains nothing that these rounds can show.\n");
	free(text);
	json_decref(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_parent_explains_the_incumbent_decides),
		cmocka_unit_test(test_what_failed),
		cmocka_unit_test(test_without_parents),
		cmocka_unit_test(test_undecided),
		cmocka_unit_test(test_disturbed),
		cmocka_unit_test(test_another_purpose),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_approximate),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_the_table_says_it),
		cmocka_unit_test(test_the_lesson_fits_the_verdict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
