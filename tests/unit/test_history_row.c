/* What of a record gets into the history's index, and texts of records made fit to be shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/plain_text.h"
#include "harness/history/history_row.h"
#include "harness/record/stored_trial.h"

/* JSON with ' for ". */
static json_t *parse(const char *text)
{
	char *copy = strdup(text);
	assert_non_null(copy);
	for (char *at = copy; *at; at++) {
		*at = *at == '\'' ? '"' : *at;
	}
	json_t *record = json_loads(copy, 0, NULL);
	free(copy);
	assert_non_null(record);
	return record;
}

#define RATIO(mean, low, high) \
	"{'mean': " mean ", 'low': " low ", 'high': " high ", 'level': 0.95, 'n': 5, 'method': 'Student t'}"

static void test_ratios(void **state)
{
	(void)state;
	json_t *record = parse(
		"{'variants': [{'name': 'null', 'status': 'floor', 'parent': null, 'outside': null},{'name': "
		"'base', 'status': 'ok', 'parent': null, 'outside': null, 'speedup_over_baseline': " RATIO("1", "1", "1") "},{'name': 'own', 'status': 'ok', 'parent': 'other', 'speedup_over_parent': " RATIO(
			"2", "1.5",
			"2.5") ", 'speedup_over_baseline': " RATIO("3", "null",
								   "null") "},{'name': 'bad', 'status': 'crashed', 'parent': 'base', 'speedup_over_parent': " RATIO("2",
																				    "1.5",
																				    "2.5") "},{'name': 'odd', 'status': 'ok', 'parent': 'base', 'speedup_over_parent': " RATIO("2",
																															       "2.5",
																															       "1.5") "}]}");
	const char *other;
	pf_interval ratio;
	assert_true(pf_history_ratio(record, 2, PF_HISTORY_PARENT, &other, &ratio));
	assert_string_equal(other, "other");
	assert_true(ratio.mean == 2 && ratio.low == 1.5 && ratio.high == 2.5 && ratio.n == 5 &&
		    ratio.has_interval);
	assert_true(pf_history_ratio(record, 2, PF_HISTORY_BASELINE, &other, &ratio));
	assert_string_equal(other, "base");
	assert_true(ratio.mean == 3 && !ratio.has_interval);
	assert_false(pf_history_ratio(record, 1, PF_HISTORY_BASELINE, &other, &ratio)); /* against itself */
	assert_false(pf_history_ratio(record, 1, PF_HISTORY_PARENT, &other, &ratio));
	assert_false(pf_history_ratio(record, 3, PF_HISTORY_PARENT, &other, &ratio)); /* crashed */
	assert_false(pf_history_ratio(record, 4, PF_HISTORY_PARENT, &other, &ratio)); /* no interval */
	assert_false(pf_history_ratio(record, 2, PF_HISTORY_COMPARED, &other, &ratio));
	assert_false(pf_history_ratio(record, 9, PF_HISTORY_PARENT, &other, &ratio));
	json_decref(record);
}

/* A comparison has a ratio of times of its first step over the second: as speeds it is the other way round.
 */
static void test_comparison(void **state)
{
	(void)state;
	json_t *record = parse(
		"{'variants': [{'name': 'a', 'status': 'ok'}, {'name': 'b', 'status': 'ok'}], 'comparison': {'a': "
		"'a', 'b': 'b', 'ratio': " RATIO("0.5", "0.4", "0.8") "}}");
	const char *other;
	pf_interval ratio;
	assert_true(pf_history_ratio(record, 0, PF_HISTORY_COMPARED, &other, &ratio));
	assert_string_equal(other, "b");
	assert_true(ratio.mean == 2 && ratio.low == 1 / 0.8 && ratio.high == 2.5);
	assert_true(pf_history_ratio(record, 1, PF_HISTORY_COMPARED, &other, &ratio));
	assert_string_equal(other, "a");
	assert_true(ratio.mean == 0.5 && ratio.low == 0.4 && ratio.high == 0.8);
	json_decref(record);
}

/* Timed commands: the first was compared with each of the others. */
static void test_commands(void **state)
{
	(void)state;
	json_t *record = parse(
		"{'schema': 'photofinish.time/1', 'rounds_done': 5, 'held_up_s': 0.5, 'results': [{'command': 'a', 'exit_codes': [0, 0]}, "
		"{'command': 'b', 'exit_codes': [0, 3]}, {'command': 'c'}], 'comparisons': [{'a': 'a', 'b': 'b', 'ratio': " RATIO(
			"0.5", "0.4", "0.8") "}, "
					     "{'a': 'a', 'b': 'c', 'ratio': " RATIO("2", "1.5", "2.5") "}]}");
	const char *other;
	pf_interval ratio;
	pf_history_row row;
	assert_false(pf_history_ratio(record, 0, PF_HISTORY_BASELINE, &other, &ratio));
	assert_true(pf_history_ratio(record, 2, PF_HISTORY_BASELINE, &other, &ratio));
	assert_string_equal(other, "a");
	assert_true(ratio.mean == 2 && ratio.low == 1.5 && ratio.high == 2.5);
	assert_false(pf_history_ratio(record, 1, PF_HISTORY_PARENT, &other, &ratio));
	assert_false(pf_history_ratio(record, 1, PF_HISTORY_COMPARED, &other, &ratio)); /* of three */
	json_array_remove(json_object_get(record, "comparisons"), 1);
	assert_true(pf_history_ratio(record, 0, PF_HISTORY_COMPARED, &other, &ratio));
	assert_string_equal(other, "b");
	assert_true(ratio.mean == 2);
	pf_history_row_of(record, &row);
	assert_string_equal(row.kind, "time");
	assert_true(row.steps == 3 && row.rounds_done == 5 && row.photos == -1);
	assert_string_equal(row.flags, "disturbed,failed");
	assert_string_equal(pf_history_step_of(record, 1).name, "b");
	json_decref(record);
}

static void test_flags(void **state)
{
	(void)state;
	static const struct {
		const char *record, *flags;
	} cases[] = {
		{"{}", ""},
		{"{'partial': true, 'environment': {'build_type': 'Debug'}}", "partial,not-for-timing"},
		{"{'environment': {'sanitizers': 'thread'}, 'dataset': {'cache': 'not cold'}}",
		 "not-for-timing,not-cold"},
		{"{'configuration': {'stages': ['facts', 'decode']}}", "part-of-the-job"},
		{"{'profiled': true}", "profiled"},
		{"{'configuration': {'no_pose': 'it is not there'}}", "without-pose"},
		{"{'variant': 'a', 'wrong': 2, 'disturbed': 'steal 9 %'}", "disturbed,wrong-output"},
		{"{'variant': 'a', 'wrong': 0, 'disturbed': '', 'status': 'crashed'}", "crashed"},
		{"{'variants': [{'status': 'crashed', 'capabilities': ['workers', 'may-crash']}]}", ""},
		{"{'variants': [{'status': 'crashed'}, {'status': 'wrong_output'}, {'status': 'crashed'}]}",
		 "wrong-output,crashed"},
		{"{'partial': true, 'variants': [{'status': 'invalid', 'trials': []}, {'status': 'invalid', "
		 "'trials': [{'ending': 'cancelled'}]}]}",
		 "partial"},
		{"{'partial': true, 'variants': [{'status': 'invalid', 'trials': [{'ending': 'ok'}]}]}",
		 "partial,invalid"},
		{"{'variants': [{'status': 'invalid', 'trials': []}]}", "invalid"},
		{"{'variants': [{'status': 'ok', 'trials': [{'ending': 'ok', 'checked': true, 'wall_ns': 5, 'disturbed_by': ['others']}]}]}",
		 "disturbed"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		pf_history_row row;
		json_t *record = parse(cases[i].record);
		pf_history_row_of(record, &row);
		assert_string_equal(row.flags, cases[i].flags);
		json_decref(record);
	}
}

/* The same machine whatever its load and the build; another one with another kernel or number of cores. */
static void test_machines(void **state)
{
	(void)state;
	static const char *const same[] = {
		"{'cpu': 'A', 'cores': 2, 'kernel': 'Linux 6', 'memory_bytes': 8000000000, 'load_average_1min': 1}",
		"{'cpu': 'A', 'cores': 2, 'kernel': 'Linux 6', 'memory_bytes': 8000009999, 'compiler': 'GNU 13'}"};
	static const char *const others[] = {
		"{'cpu': 'A', 'cores': 4, 'kernel': 'Linux 6', 'memory_bytes': 8000000000}",
		"{'cpu': 'A', 'cores': 2, 'kernel': 'Linux 7', 'memory_bytes': 8000000000}",
		"{'cpu': 'A', 'cores': 2, 'kernel': 'Linux 6', 'memory_bytes': 16000000000}", "{}"};
	char id[PF_MACHINE_ID + 1], other[PF_MACHINE_ID + 1];
	json_t *environment = parse(same[0]);
	pf_machine_id(environment, id);
	assert_int_equal(strlen(id), PF_MACHINE_ID);
	json_decref(environment);
	environment = parse(same[1]);
	pf_machine_id(environment, other);
	assert_string_equal(id, other);
	json_decref(environment);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		environment = parse(others[i]);
		pf_machine_id(environment, other);
		assert_string_not_equal(id, other);
		json_decref(environment);
	}
}

static void test_plain_text(void **state)
{
	(void)state;
	char out[16];
	assert_string_equal(pf_plain_text("a\x1b[1m\n\xE2\x80\xAE\xC2\x9B \xC3\xA9", out, sizeof out),
			    "a?[1m??? \xC3\xA9");
	assert_string_equal(pf_plain_text("123456789012345", out, sizeof out), "123456789012345");
	assert_string_equal(pf_plain_text("1234567890123456", out, sizeof out), "123456789012...");
	/* Cut between characters, not within one. */
	assert_string_equal(pf_plain_text("12345678901\xC3\xA9\xC3\xA9\xC3\xA9", out, sizeof out),
			    "12345678901...");
	assert_string_equal(pf_plain_text("", out, sizeof out), "");
}

static void test_csv_text(void **state)
{
	(void)state;
	static const struct {
		const char *text, *cell;
	} cases[] = {
		{"plain", "plain"},    {"", ""},
		{"a,b", "\"a,b\""},    {"say \"hi\"", "\"say \"\"hi\"\"\""},
		{"=1+1", "\"'=1+1\""}, {"-2", "-2"},
		{"-2+3", "\"'-2+3\""}, {"@x", "\"'@x\""},
		{"+x", "\"'+x\""},     {"\tx", "\"'?x\""},
		{"a\r\nb", "a??b"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text;
		size_t bytes;
		FILE *stream = open_memstream(&text, &bytes);
		assert_non_null(stream);
		pf_csv_text(stream, cases[i].text);
		fclose(stream);
		assert_string_equal(text, cases[i].cell);
		free(text);
	}
}

static void test_lists_of_processors(void **state)
{
	(void)state;
	static const char *const good[] = {"", "0", "0,2,4-7", "1-1", "1023"},
				 *const bad[] = {"1024", "3-2", "1,",
						 ",1",   "-1",  "1-",
						 "a",    "1 2", "0-99999999999999999999",
						 "1,,2"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		pf_cpus cpus;
		char text[64];
		assert_true(pf_stored_cpus(good[i], &cpus));
		assert_string_equal(pf_cpus_text(&cpus, text, sizeof text), i == 3 ? "1" : good[i]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		pf_cpus cpus;
		assert_false(pf_stored_cpus(bad[i], &cpus));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ratios),   cmocka_unit_test(test_comparison),
		cmocka_unit_test(test_commands), cmocka_unit_test(test_flags),
		cmocka_unit_test(test_machines), cmocka_unit_test(test_plain_text),
		cmocka_unit_test(test_csv_text), cmocka_unit_test(test_lists_of_processors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
