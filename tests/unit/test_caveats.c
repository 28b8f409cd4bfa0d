/* What qualifies a figure is said wherever the figure is: in every export, in the notebook, in the tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/export/export.h"
#include "harness/export/notebook.h"
#include "harness/record/caveats.h"
#include "harness/record/stored_run.h"
#include "harness/show/run_table.h"

static const struct {
	const char *name;
	void (*print)(const json_t *record, FILE *stream);
} exports[] = {{"csv", pf_export_csv},
	       {"benchmark", pf_export_benchmark},
	       {"openmetrics", pf_export_openmetrics},
	       {"markdown", pf_export_markdown},
	       {"junit", pf_export_junit},
	       {"notebook", pf_notebook_print}};
enum { EXPORTS = sizeof exports / sizeof *exports };

#define TOLERANCE                                                                                      \
	"{'best_shots': 0.99, 'bursts': true, 'factors': {}, 'measures': {'width': 0, 'noise': 0.5}, " \
	"'rank_correlation': 0.9, 'ranks': false, 'score': 0.01}"
#define TRIAL(round, more)                                                                                                                    \
	"{'round': " #round                                                                                                                   \
	", 'ending': 'ok', 'checked': true, 'wall_ns': 2000000000, 'cpu_ns': 900000000, 'device_read_bytes': 100000000, 'photos_scored': 7, " \
	"'stages': {}, 'tolerance': " more "}"

/* A run of which everything is to be known that there is. */
static const char everything[] =
	"{'command': 'run', 'started': '2026-01-02T03:04:05Z', 'partial': true, 'why_partial': 'stopped on request', "
	"'rounds': 5, 'rounds_done': 3, 'profiled': true, "
	"'environment': {'cores': 2, 'cpu': 'a', 'sanitizers': 'address', 'build_type': 'Release'}, "
	"'configuration': {'preset': 'draft', 'no_pose': 'it is not there', 'stages': ['facts', 'decode', 'pose', 'quality'], 'weights': {'noise': 0.5}}, "
	"'dataset': {'name': 'made', 'photos': 8, 'bytes': 800000000, 'hash': '00', 'cache': 'not held'}, "
	"'reference': {'photos_scored': 7, 'photos_failed': 1, 'failures': []}, "
	"'variants': ["
	"{'name': 'exact', 'parent': null, 'outside': null, 'status': 'ok', 'workers': 1, "
	"'capabilities': [], 'wall_s': {'mean': 2, 'low': null, 'high': null, 'n': 1, 'level': 0.95}, "
	"'trials': [" TRIAL(
		1,
		"null") "]},"
			"{'name': 'near', 'parent': 'exact', 'outside': null, 'status': 'ok', 'workers': 3, "
			"'capabilities': ['approx', 'workers'], "
			"'wall_s': {'mean': 2, 'low': null, 'high': null, 'n': 1, 'level': 0.95}, "
			"'trials': [" TRIAL(
				1,
				TOLERANCE) ", "
					   "{'round': 2, 'ending': 'disturbed', 'checked': false, 'wall_ns': null, 'stages': {}, 'tolerance': " TOLERANCE
					   "}, {'round': 3, 'ending': 'ok', 'checked': true, 'wall_ns': 2000000000, 'cpu_ns': 900000000, 'stages': {}, "
					   "'tolerance': " TOLERANCE
					   ", 'device': {'photos': 5, 'photos_on_processor': 2, 'fell_back': 'no memory'}"
					   ", 'machine': {'processors': 2, 'elapsed_ns': 2000000000, 'others_ns': 1900000000, 'steal_ns': 0}, "
					   "'disturbed_by': ['others took 0.9 processors']}]},"
					   "{'name': 'bare', 'parent': null, 'outside': {'command_sha256': '00'}, 'status': 'unchecked', "
					   "'reason': 'it wrote no scores', 'workers': 1, 'capabilities': ['command'], 'wall_s': null, "
					   "'trials': [{'round': 1, 'ending': 'ok', 'checked': false, 'wall_ns': null, 'unchecked_wall_ns': 3000000000, "
					   "'stages': {}, 'tolerance': null, 'containment': {'in_force': 'no_new_privs, seccomp', 'refused': {'socket': 2, 'execve': 1}}}]}"
					   "]}";

static json_t *read_json(const char *source)
{
	char *text = strdup(source);
	json_error_t why = {0};
	for (char *at = text; *at; at++) {
		*at = *at == '\'' ? '"' : *at;
	}
	json_t *record = json_loads(text, 0, &why);
	free(text);
	if (!record) {
		fail_msg("%d: %s", why.column, why.text);
	}
	return record;
}

/* Printed, without what Markdown escapes and emphasises with. */
static char *render(void (*print)(const json_t *record, FILE *stream), const json_t *record)
{
	char *text, *to;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);
	assert_non_null(stream);
	print(record, stream);
	fclose(stream);
	to = text;
	for (const char *at = text; *at; at++) {
		if (*at != '\\' && *at != '*') {
			*to++ = *at;
		}
	}
	*to = '\0';
	return text;
}

static void print_screen(const json_t *record, FILE *stream)
{
	pf_stored_run *stored;
	pf_error error;
	assert_int_equal(pf_stored_run_read(record, &stored, &error), PF_OK);
	pf_run_print(pf_stored_run_model(stored), stream);
	pf_stored_run_free(stored);
}

struct seen {
	char *texts[EXPORTS], *screen;
	bool caveats[PF_CAVEAT_COUNT];
};

/* What the tables say of it, in their words; NULL: as the exports do, up to the colon. */
static const char *words_on_screen(pf_caveat caveat)
{
	switch (caveat) {
	case PF_CAVEAT_UNCHECKED:
		return "Scores not checked: bare wrote none";
	case PF_CAVEAT_CACHE:
		return "photos came from storage in part";
	case PF_CAVEAT_LOST:
		return "1 of 8 photos could not be scored, in the reference and in every variant above";
	case PF_CAVEAT_PROFILED:
	case PF_CAVEAT_UNTIMED: /* a line for each trial while it runs */
		return "";
	case PF_CAVEAT_DISTURBED:
		return "This machine was busy: 1 of 4 trials are tagged";
	default:
		return NULL;
	}
}

static void is_everywhere(void *context, pf_caveat caveat, const char *text)
{
	struct seen *seen = context;
	const char *words = words_on_screen(caveat);
	char gist[PF_CAVEAT_TEXT];
	seen->caveats[caveat] = true;
	for (size_t i = 0; i < EXPORTS; i++) {
		if (!strstr(seen->texts[i], text)) {
			fail_msg("%s does not say: %s\n%s", exports[i].name, text, seen->texts[i]);
		}
	}
	snprintf(gist, sizeof gist, "%.*s", (int)strcspn(text, ":;"), text);
	words = words ? words : caveat == PF_CAVEAT_APPROXIMATE ? text : gist;
	if (!strstr(seen->screen, words)) {
		fail_msg("the tables do not say: %s\n%s", words, seen->screen);
	}
}

static void test_every_export_says_all(void **state)
{
	(void)state;
	struct seen seen = {0};
	size_t index;
	const json_t *variant;
	json_t *record = read_json(everything);
	for (size_t i = 0; i < EXPORTS; i++) {
		seen.texts[i] = render(exports[i].print, record);
	}
	seen.screen = render(print_screen, record);
	pf_caveats(record, NULL, is_everywhere, &seen);
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		pf_caveats(record, variant, is_everywhere, &seen);
	}
	for (int i = 0; i < PF_CAVEAT_COUNT; i++) { /* one that is added stands in this test's record, too */
		if (!seen.caveats[i]) {
			fail_msg("%s is not tested", pf_caveat_name((pf_caveat)i));
		}
	}
	for (size_t i = 0; i < EXPORTS; i++) {
		free(seen.texts[i]);
	}
	free(seen.screen);
	json_decref(record);
}

/* The line of `text` that has `part`. */
static char *line_of(const char *text, const char *part)
{
	const char *at = strstr(text, part);
	if (!at) {
		fail_msg("no line has %s\n%s", part, text);
		return NULL;
	}
	while (at > text && at[-1] != '\n') {
		at--;
	}
	return strndup(at, strcspn(at, "\r\n"));
}

static void has_line(const char *text, const char *name, const char *part)
{
	char *line = line_of(text, name);
	if (!strstr(line, part)) {
		fail_msg("no %s in: %s", part, line);
	}
	free(line);
}

/* No cell, key or series that says "identical" of one step says "approximate" of another. */
static void test_approximate_is_not_identical(void **state)
{
	(void)state;
	static const char limits[] = "2 measures within 0 to 0.5, 1 score within 0.01, bursts, "
				     "best shots at least 99 %, rank correlation at least 0.9";
	char wanted[300];
	json_t *record = read_json(everything);
	char *csv = render(pf_export_csv, record), *markdown = render(pf_export_markdown, record),
	     *metrics = render(pf_export_openmetrics, record), *screen = render(print_screen, record),
	     *notebook = render(pf_notebook_print, record);
	assert_non_null(strstr(
		csv, ",identical,approximate,step_caveats,run_caveats,verdict,incumbent,verdict_reason\r\n"));
	has_line(csv, ",exact,", ",true,,");
	snprintf(wanted, sizeof wanted, ",false,\"%s\",", limits);
	has_line(csv, ",near,", wanted);
	has_line(csv, ",bare,", ",false,,");
	has_line(markdown, "| exact |", "| identical |");
	has_line(markdown, "| near |", "| - |");
	has_line(markdown, "Scores of ", "Scores of 1 variant were compared");
	has_line(metrics, "photofinish_checked_trials{dataset=\"made\",variant=\"exact\"", "} 1");
	has_line(metrics, "photofinish_checked_trials{dataset=\"made\",variant=\"near\"", "} 0");
	has_line(metrics, "photofinish_approximate_trials{dataset=\"made\",variant=\"exact\"", "} 0");
	has_line(metrics, "photofinish_approximate_trials{dataset=\"made\",variant=\"near\"", "} 2");
	has_line(metrics, "photofinish_wall_seconds{dataset=\"made\",variant=\"near\"",
		 "scores=\"approximate\"");
	has_line(notebook, "| near |", "(approximate)");
	has_line(screen, "exact ", "identical");
	has_line(screen, "near x3", " -");
	snprintf(wanted, sizeof wanted, "near  approximate: %s\n", limits);
	assert_non_null(strstr(screen, wanted));
	free(csv);
	free(markdown);
	free(metrics);
	free(screen);
	free(notebook);
	json_decref(record);
}

/* A run of which nothing is to be known. */
static void test_nothing_is_said_of_nothing(void **state)
{
	(void)state;
	char text[PF_CAVEAT_TEXT];
	json_t *record = read_json(
		"{'command': 'run', 'partial': false, 'rounds': 5, 'rounds_done': 5, 'profiled': false, "
		"'environment': {'cores': 2, 'sanitizers': '', 'build_type': 'Release'}, "
		"'configuration': {'stages': ['facts', 'decode', 'pose', 'faces', 'quality'], "
		"'weights': {'noise': 0.01}}, 'dataset': {'name': 'made', 'photos': 8, 'cache': 'warm'}, "
		"'reference': {'photos_scored': 8, 'photos_failed': 0}, 'variants': [{'name': 'exact', 'status': "
		"'ok', 'workers': 2, 'wall_s': {'mean': 2, 'low': null, 'high': null}, 'trials': [{'round': 1, "
		"'ending': 'ok', 'checked': true, 'wall_ns': 2000000000, 'cpu_ns': 1990000000, 'tolerance': null, "
		"'disturbed_by': []}]}]}");
	const json_t *variant = json_array_get(json_object_get(record, "variants"), 0);
	assert_string_equal(pf_caveats_text(record, NULL, text, sizeof text), "");
	assert_string_equal(pf_caveats_text(record, variant, text, sizeof text), "");
	char *markdown = render(pf_export_markdown, record);
	has_line(markdown, "| exact |", "| identical |");
	free(markdown);
	json_decref(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_export_says_all),
		cmocka_unit_test(test_approximate_is_not_identical),
		cmocka_unit_test(test_nothing_is_said_of_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
