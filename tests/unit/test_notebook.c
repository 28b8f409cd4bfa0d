/* The notebook of records that are made for it: verdicts, lessons, hostile and incomplete ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/export/notebook.h"
#include "harness/record/notebook_parts.h"

/* A record of a step "own" over its parent, with that status and that speedup (JSON). */
static json_t *make(const char *status, const char *speedup)
{
	char text[2048];
	snprintf(
		text, sizeof text,
		"{'dataset': {'photos': 10}, 'variants': [{'name': 'base', 'parent': null, 'outside': null, "
		"'status': 'ok', 'workers': 1, 'trials': [{'ending': 'ok', 'checked': true, 'wall_ns': 10000000000, 'cpu_ns': "
		"9900000000, 'stages': {'decode': {'wall_ns': 8000000000}, 'pose': {'wall_ns': "
		"1000000000}}}]},{'name': 'own', 'parent': 'base', 'outside': null, 'status': '%s', 'reason': "
		"'SIGABRT', 'workers': 2, 'speedup_over_parent': %s, 'story': {'principle': 'once is enough'}, "
		"'trials': [{'ending': 'ok', 'checked': true, 'wall_ns': 5000000000, 'cpu_ns': 6000000000, 'moved_bytes': 5000000, "
		"'stages': {'decode': {'wall_ns': 4000000000}, 'pose': {'wall_ns': 1300000000}}}, {'checked': "
		"false, 'wall_ns': null, 'cpu_ns': null, 'stages': {}}]}]}",
		status, speedup);
	for (char *at = text; *at; at++) {
		*at = *at == '\'' ? '"' : *at;
	}
	json_t *record = json_loads(text, 0, NULL);
	assert_non_null(record);
	return record;
}

static char *print(const json_t *record)
{
	char *text;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);
	assert_non_null(stream);
	pf_notebook_print(record, stream);
	fclose(stream);
	return text;
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part)) {
		fail_msg("not there: %s\nbut: %s", part, text);
	}
}

static void test_verdicts(void **state)
{
	(void)state;
	static const struct {
		const char *status, *speedup, *verdict, *why;
	} cases[] = {
		{"ok", "{'mean': 1.1, 'low': 1.05, 'high': 1.2}", "kept", "faster than base"},
		{"ok", "{'mean': 1.1, 'low': 1.01, 'high': 1.2}", "undecided", "the margin of 2 %"},
		{"ok", "{'mean': 0.8, 'low': 0.7, 'high': 0.9}", "rejected", "slower than base"},
		{"ok", "{'mean': 1, 'low': 0.99, 'high': 1.01}", "undecided", "as fast as base within 2 %"},
		{"ok", "{'mean': 2, 'low': null, 'high': null}", "undecided", "no interval"},
		{"ok", "null", "undecided", "has no time"},
		{"crashed", "null", "crashed", "SIGABRT"},
		{"wrong_output", "null", "wrong output", "SIGABRT"},
		{"unavailable", "null", "unavailable", "SIGABRT"},
		{"not_run", "null", "not run", "SIGABRT"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char why[600], line[700];
		json_t *record = make(cases[i].status, cases[i].speedup);
		const char *verdict = pf_note_verdict(record, pf_note_variant(record, "own"), why,
						      sizeof why);
		assert_string_equal(verdict, cases[i].verdict);
		has(why, cases[i].why);
		assert_string_equal(pf_note_verdict(record, pf_note_variant(record, "base"), why, sizeof why),
				    "the baseline");
		char *text = print(record);
		snprintf(line, sizeof line, "- **Verdict**: %s: ", cases[i].verdict);
		has(text, line);
		free(text);
		json_decref(record);
	}
}

/* A time that others' work made decides nothing, be it the parent's. */
static void test_disturbed(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		char why[600];
		json_t *record = make("ok", "{'mean': 2, 'low': 1.9, 'high': 2.1}");
		const json_t *own = pf_note_variant(record, "own"),
			     *of = i ? pf_note_variant(record, "base") : own;
		assert_string_equal(pf_note_verdict(record, own, why, sizeof why), "kept");
		json_object_set_new(json_array_get(json_object_get(of, "trials"), 0), "disturbed_by",
				    json_pack("[s]", "others used 0.5 of 2 processors"));
		assert_string_equal(pf_note_verdict(record, own, why, sizeof why), "undecided");
		has(why, i ? "1 of 1 trials of base" : "1 of 1 trials of own");
		json_decref(record);
	}
}

static void test_lesson(void **state)
{
	(void)state;
	json_t *record = make("ok", "{'mean': 2, 'low': 1.9, 'high': 2.1}");
	char *text = print(record);
	has(text,
	    "- **Lesson**: once is enough. By the figures (means; stages are sums over the workers), "
	    "against its parent: decode 4.00 s less; CPU time 6.00 s, was 9.90 s; 5 MB moved between processes.\n");
	has(text, "| base | 800.00 | 100.00 |\n| own | 400.00 | 130.00 |\n");
	has(text, "| image I/O: read, decode | 80.0 % | 38 % |\n");
	has(text, "| overhead: all else | 10.0 % | 2 % |\n");
	free(text);
	json_decref(record);
}

/* Names are other people's: they are neither markup nor commands to a terminal. */
static void test_hostile_text(void **state)
{
	(void)state;
	char *text;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);
	assert_non_null(stream);
	pf_note_print(stream,
		      "a\n# b | <script> `c` \x1b[31m \xE2\x80\xAE_d_ \xC2\x9B \xE2\x81\xA6 \xC3\xA9&amp;");
	fclose(stream);
	assert_string_equal(text, "a?\\# b \\| \\<script\\> \\`c\\` ?\\[31m ?\\_d\\_ ? ? \xC3\xA9\\&amp;");
	free(text);
}

static void test_incomplete_records(void **state)
{
	(void)state;
	static const char *const records[] = {
		"{}",
		"[]",
		"{\"variants\": 5, \"claims\": [1, null, {}], \"goal\": {\"steps\": [3]}, \"environment\": []}",
		"{\"variants\": [7, {\"trials\": {}, \"name\": 3}, {\"name\": \"\", \"status\": \"ok\", \"trials\": "
		"[1, {\"checked\": true, \"stages\": []}]}], \"dataset\": {\"photos\": 1e300}}",
	};
	for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
		json_t *record = json_loads(records[i], 0, NULL);
		assert_non_null(record);
		char *text = print(record);
		has(text, "# The journey over ");
		free(text);
		json_decref(record);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_disturbed),
		cmocka_unit_test(test_lesson),
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_incomplete_records),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
