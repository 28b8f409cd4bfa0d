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
#include "harness/run/decision.h"

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

/* The verdict is the record's: nothing here decides it anew. */
static void test_verdicts(void **state)
{
	(void)state;
	static const char *const verdicts[] = {"kept", "rejected", "no gain", "not judged", "baseline"};
	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
		char why[PF_DECISION_TEXT], line[100];
		json_t *record = make("ok", "{'mean': 1.1, 'low': 1.05, 'high': 1.2}");
		json_t *own = json_array_get(json_object_get(record, "variants"), 1);
		assert_string_equal(pf_note_verdict(own, why, sizeof why), "not judged");
		has(why, "only a journey decides");
		json_object_set_new(own, "decision",
				    json_pack("{s:s,s:s,s:s}", "verdict", verdicts[i], "reason", "so it is",
					      "incumbent", "another"));
		assert_string_equal(pf_note_verdict(own, why, sizeof why), verdicts[i]);
		assert_string_equal(why, "so it is");
		char *text = print(record);
		snprintf(line, sizeof line, "- **Verdict**: %s: so it is\n", verdicts[i]);
		has(text, line);
		free(text);
		json_decref(record);
	}
}

static void test_lesson(void **state)
{
	(void)state;
	json_t *record = make("ok", "{'mean': 2, 'low': 1.9, 'high': 2.1}");
	char *text = print(record);
	has(text, "- **Principle**: once is enough\n");
	has(text,
	    "- **Why**: against base (means; stages are sums over the workers): decode 4.00 s less; CPU time 6.00 s, was 9.90 s; 5 MB moved between processes.\n");
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
		cmocka_unit_test(test_lesson),
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_incomplete_records),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
