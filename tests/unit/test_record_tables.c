/* Stored records that somebody else wrote, printed: whatever stands in whichever place, nothing that a
 * terminal obeys comes out, and nothing is read that is not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/json_values.h"
#include "harness/record/record_kind.h"
#include "harness/show/audit_table.h"
#include "harness/show/bench_table.h"
#include "harness/show/load_table.h"
#include "harness/show/record_pair.h"
#include "harness/show/soak_table.h"

#define HEAD(schema, command)                                     \
	"'schema': '" schema "', 'command': '" command            \
	"', 'started': '2026-01-02T03:04:05Z', 'label': 'mine', " \
	"'environment': {'cpu': 'a', 'cores': 2, 'version': '1', 'build_type': 'Release', 'sanitizers': ''}, "
#define ONE                                                                                                            \
	"'variant': 'parallel', 'workers': 2, 'dataset': {'name': 'tiny', 'photos': 8, 'sha256': '00'}, 'seed': '7', " \
	"'configuration': {'digest': '01', 'engine_sha256': '02', 'stages': ['decode'], 'no_pose': 'none'}, "          \
	"'partial': true, 'wrong': 0, 'disturbed': 'steal 9 %', 'photos': 4, "                                         \
	"'caveats': [{'kind': 'partial', 'text': 'PARTIAL: ended'}, {'kind': 'busy', 'text': 'This machine was busy: steal 9 %'}], "
#define MEAN(mean) "{'mean': " mean ", 'low': 0.9, 'high': 1.2, 'level': 0.95, 'n': 3, 'method': 'Student t'}"
#define RESULT(command)                                                                                         \
	"{'command': '" command                                                                                 \
	"', 'mean': 0.1, 'median': 0.1, 'min': 0.1, 'max': 0.2, 'user': 0.01, 'system': 0.01, "                 \
	"'times': [0.1, 0.1, 0.2], 'exit_codes': [0, 0, 3], 'memory_usage_byte': [1000000], 'interval': " MEAN( \
		"0.1") ", "                                                                                     \
		       "'caveats': ['1 of 3 runs failed: their times may stand for less work']}"
#define PERCENTILE(p) \
	"{'p': " p ", 'ns': 90000000, 'low_ns': 80000000, 'high_ns': 99000000, 'n': 4, 'needs_n': 72}"

static const struct {
	const char *text, *words; /* words: something of it that is printed */
	void (*print)(const json_t *record, FILE *stream);
} records[] = {
	{"{" HEAD("photofinish.time/1", "time") "'rounds_done': 3, 'results': [" RESULT("fast") ", " RESULT(
		 "slow") "], 'caveats': ['NOT FOR TIMING: so'], "
			 "'comparisons': [{'a': 'fast', 'b': 'slow', 'word': 'undecided', 'ratio': " MEAN("1.1") ", 'ratio_strict': " MEAN(
				 "1.1") ", 'ratio_totals': " MEAN("1.1") ", "
									 "'withheld': null, 'decided_after': null, 'pairs': 3, 'margin': 0.02, 'alpha': 0.01, 'until_decided': false, "
									 "'cpu': {'word': 'faster', 'ratio': " MEAN(
										 "0.95") ", 'ratio_strict': " MEAN("0.95") "}}]}",
	 "fast: 1 of 3 runs failed", pf_bench_print},
	{"{" HEAD("photofinish.load/1", "load") ONE
	 "'scenario': 'server', 'duration_s': 2.5, 'rate_per_s': 20, 'latency': [" PERCENTILE("0") ", " PERCENTILE(
		 "0.5") "], 'service': [" PERCENTILE("0.5") "], 'queries': [{'service_ns': 90000000}], "
							    "'harness_hop_p50_ns': 100000, 'slos': [{'slo': 'p50=1s', 'verdict': 'met', 'why': 'all of it'}]}",
	 "p50=1s: met (all of it)", pf_load_print},
	{"{" HEAD("photofinish.load/1", "load") ONE
	 "'scenario': 'offline', 'rounds_done': 3, 'status': 'ok', 'reason': '', 'wall_s': " MEAN(
		 "1") ", "
		      "'throughput_photos_per_s': " MEAN("1") ", 'slos': []}",
	 "throughput  1 photos/s (0.9 to 1.2, 95 % t-interval over 3 trials)", pf_load_print},
	{"{" HEAD("photofinish.soak/1", "soak") ONE
	 "'wall_s': 2.5, 'runs': 1, 'judged_processes': 2, 'judged_photos': 100, 'warmup_photos': 8, 'trends': ["
	 "{'metric': 'heap', 'unit': 'bytes', 'level': 1000000, 'slope_a_photo': " MEAN(
		 "1") ", 'smallest_slope_of_interest': 8, 'verdict': 'no leak', 'why': ''}, "
		      "{'metric': 'p50', 'unit': 'ns', 'level': 1000000, 'slope_a_photo': " MEAN(
			      "1") ", 'smallest_slope_of_interest': 0.05, 'verdict': 'steady', 'why': 'so'}, "
				   "{'metric': 'fds', 'unit': 'descriptors', 'level': null, 'slope_a_photo': null, 'smallest_slope_of_interest': 0.001, 'verdict': 'not tested', 'why': ''}]}",
	 "This machine was busy: steal 9 %", pf_soak_print},
	{"{" HEAD("photofinish.audit/1", "audit") ONE
	 "'rounds_done': 1, 'verdict': 'caught', 'checks': ["
	 "{'check': 'fresh_photos', 'verdict': 'caught', 'figure': '1 of 2', 'detail': 'a photo differs'}, "
	 "{'check': 'stages', 'verdict': 'not testable', 'figure': null, 'detail': ''}]}",
	 "parallel: caught by 1 check; 1 not testable", pf_audit_print},
};
enum { RECORDS = sizeof records / sizeof *records };

static json_t *read_json(const char *source)
{
	char *text = strdup(source);
	json_error_t why = {0};
	assert_non_null(text);
	for (char *at = text; *at; at++) {
		*at = *at == '\'' ? '"' : *at;
	}
	json_t *record = json_loads(text, 0, &why);
	if (!record) {
		fail_msg("%d: %s in %s", why.column, why.text, text);
	}
	free(text);
	return record;
}

/* The table and a pair of the record with itself, in one text. */
static char *print_all(size_t kind, const json_t *record)
{
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);
	assert_non_null(stream);
	records[kind].print(record, stream);
	pf_record_pair_print(record, "0000", record, "1111", stream);
	fclose(stream);
	return text;
}

/* Replaces the place with that number, counted through the document in its order; *left goes down to 0. */
static json_t *bend(const json_t *json, size_t *left, const json_t *value)
{
	size_t index;
	const char *key;
	json_t *member, *out;
	if ((*left)-- == 0) {
		return json_deep_copy(value);
	}
	if (json_is_array(json)) {
		out = json_array();
		json_array_foreach(json, index, member)
		{
			json_array_append_new(out, *left == SIZE_MAX ? json_deep_copy(member)
								     : bend(member, left, value));
		}
		return out;
	}
	if (json_is_object(json)) {
		out = json_object();
		json_object_foreach((json_t *)json, key, member)
		{
			json_object_set_new(out, key,
					    *left == SIZE_MAX ? json_deep_copy(member)
							      : bend(member, left, value));
		}
		return out;
	}
	return json_deep_copy(json);
}

static void test_whole(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < RECORDS; kind++) {
		json_t *record = read_json(records[kind].text);
		assert_null(pf_record_fault(record, pf_record_kind_of(record)));
		char *text = print_all(kind, record);
		if (!strstr(text, records[kind].words) || !strstr(text, "without a verdict")) {
			fail_msg("\"%s\" is not in %s", records[kind].words, text);
		}
		free(text);
		json_decref(record);
	}
}

static void test_bent(void **state)
{
	(void)state;
	static const char *const values[] = {"null",
					     "'\\u001b[31m\\u202e'",
					     "1e300",
					     "-1e300",
					     "[]",
					     "{}",
					     "[{'command': '\\u001b[31m', 'text': '\\u001b[31m'}, null]"};
	size_t printed = 0;
	for (size_t kind = 0; kind < RECORDS; kind++) {
		json_t *whole = read_json(records[kind].text);
		for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
			json_t *list = NULL, *value = read_json(i < 4 ? "[]" : values[i]);
			if (i < 4) { /* a document is a list or an object */
				char text[64];
				snprintf(text, sizeof text, "[%s]", values[i]);
				list = read_json(text);
				json_decref(value);
				value = json_incref(json_array_get(list, 0));
			}
			size_t left = 0;
			for (size_t place = 1;; place++) {
				left = place;
				json_t *record = bend(whole, &left, value);
				bool bent = left == SIZE_MAX;
				pf_record_kind own = bent ? pf_record_kind_of(record) : PF_RECORD_KINDS;
				if (own == pf_record_kind_of(whole) && !pf_record_fault(record, own)) {
					pf_json_make_plain(record);
					char *text = print_all(kind, record);
					assert_null(strchr(text, '\x1b'));
					assert_null(strstr(text, "\xE2\x80\xAE"));
					free(text);
					printed++;
				}
				json_decref(record);
				if (!bent) {
					break;
				}
			}
			json_decref(value);
			json_decref(list);
		}
		json_decref(whole);
	}
	assert_true(printed > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole), cmocka_unit_test(test_bent)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
