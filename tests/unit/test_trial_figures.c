/* The list of a trial's figures, and all that is made of it: what is written is read back, every figure is
 * measured, and the documents have it. With --update the documents are written anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/record/stored_trial.h"
#include "harness/record/trial_json.h"
#include "tests/unit/temp_folder.h"

static bool updates;

/* Written as text and read again. */
static void round_trip(const pf_trial *trial, pf_trial *out)
{
	json_t *object = pf_trial_json(trial);
	char *text = json_dumps(object, JSON_SORT_KEYS);
	json_t *read = json_loads(text, 0, NULL);
	assert_non_null(read);
	*out = (pf_trial){0};
	pf_stored_trial(read, trial->workers, out);
	json_decref(read);
	json_decref(object);
	free(text);
}

static void fill(pf_trial *trial)
{
	for (int i = 0; i < PF_TRIAL_FIGURE_COUNT; i++) {
		*pf_trial_figure_at(trial, &pf_trial_figures[i]) = 1000u + (unsigned)i;
	}
}

static uint64_t value_of(const pf_trial *trial, int index)
{
	pf_trial copy = *trial;
	return *pf_trial_figure_at(&copy, &pf_trial_figures[index]);
}

static void test_every_figure_comes_back(void **state)
{
	(void)state;
	pf_trial trial = {.round = 3, .workers = 2, .checked = true}, read;
	fill(&trial);
	round_trip(&trial, &read);
	for (int i = 0; i < PF_TRIAL_FIGURE_COUNT; i++) {
		assert_int_equal(value_of(&read, i), 1000 + i);
	}
	assert_true(read.checked);
	assert_int_equal(read.round, 3);
	pf_trial_release(&read);
}

/* Times of a trial whose scores are not the reference's are no result; what was not measured is null. */
static void test_what_is_told(void **state)
{
	(void)state;
	pf_trial trial = {.workers = 2}, read, nothing = {.workers = 2, .checked = true};
	fill(&trial);
	round_trip(&trial, &read);
	json_t *empty = pf_trial_json(&nothing);
	for (int i = 0; i < PF_TRIAL_FIGURE_COUNT; i++) {
		const pf_trial_figure *figure = &pf_trial_figures[i];
		bool time = pf_trial_figure_is_time(figure);
		bool zero = figure->shown == PF_SHOWN_ALWAYS || figure->shown == PF_SHOWN_CHECKED;
		assert_int_equal(value_of(&read, i), time ? 0 : 1000 + i);
		assert_int_equal(json_is_integer(json_object_get(empty, figure->name)), zero);
	}
	json_decref(empty);
	pf_trial_release(&read);
}

/* A figure that nobody measures would be 0 for ever. */
static void test_every_figure_is_measured(void **state)
{
	(void)state;
	static const char *const sources[] = {"trial.c", "trial_ending.c"};
	char *texts[2], assigned[2][80];
	size_t bytes;
	for (int i = 0; i < 2; i++) {
		texts[i] = pf_temp_read(pf_temp_path(PF_SOURCE_DIR "/harness/trial", sources[i]), &bytes);
		assert_non_null(texts[i]);
	}
	for (int i = 0; i < PF_TRIAL_FIGURE_COUNT; i++) {
		bool found = false;
		snprintf(assigned[0], sizeof assigned[0], "trial->%s =", pf_trial_figures[i].name);
		snprintf(assigned[1], sizeof assigned[1], "trial->%s +=", pf_trial_figures[i].name);
		for (int k = 0; k < 4; k++) {
			found = found || strstr(texts[k / 2], assigned[k % 2]);
		}
		if (!found) {
			fail_msg("%s is measured nowhere", pf_trial_figures[i].name);
		}
	}
	free(texts[0]);
	free(texts[1]);
}

static void print_table(FILE *stream)
{
	fputs("| figure of a trial | unit | what it is |\n|---|---|---|\n", stream);
	for (int i = 0; i < PF_TRIAL_FIGURE_COUNT; i++) {
		const pf_trial_figure *figure = &pf_trial_figures[i];
		fprintf(stream, "| `%s` | %s | %s |\n", figure->name, figure->unit, figure->what);
	}
}

/* One place of the file, so that a figure more is one line and a name. */
static void print_schema(FILE *stream)
{
	fputs("    \"trial_figures\": {\n      \"properties\": {", stream);
	for (int i = 0; i < PF_TRIAL_FIGURE_COUNT; i++) {
		const pf_trial_figure *figure = &pf_trial_figures[i];
		fprintf(stream,
			"%s\n        \"%s\": {\"$ref\": \"#/$defs/count%s\", \"description\": \"%s\"}",
			i ? "," : "", figure->name, figure->shown == PF_SHOWN_ALWAYS ? "" : "_or_null",
			figure->what);
	}
	fputs("\n      },\n      \"required\": [", stream);
	for (int i = 0; i < PF_TRIAL_FIGURE_COUNT; i++) {
		fprintf(stream, "%s\"%s\"", i ? ", " : "", pf_trial_figures[i].name);
	}
	fputs("]\n    },\n", stream);
}

/* The part of a document from `begin` to before `end` is what `print` says. */
static void check_document(const char *name, const char *begin, const char *end, void (*print)(FILE *))
{
	const char *path = pf_temp_path(PF_SOURCE_DIR "/docs", name);
	size_t bytes, made;
	char *text = pf_temp_read(path, &bytes), *block = NULL;
	FILE *stream = open_memstream(&block, &made);
	assert_non_null(text);
	assert_non_null(stream);
	print(stream);
	fclose(stream);
	char *from = strstr(text, begin), *to = from ? strstr(from, end) : NULL;
	if (!to || !block) {
		fail_msg("%s has no such block", path);
		return;
	}
	bool same = (size_t)(to - from) == made && memcmp(from, block, made) == 0;
	if (!same && updates) {
		FILE *file = fopen(path, "we");
		assert_non_null(file);
		fwrite(text, 1, (size_t)(from - text), file);
		fwrite(block, 1, made, file);
		fputs(to, file);
		assert_int_equal(fclose(file), 0);
	} else if (!same) {
		fail_msg(
			"docs/%s has not the figures of trial_figures.h: test_trial_figures --update writes them",
			name);
	}
	free(block);
	free(text);
}

static void test_documents(void **state)
{
	(void)state;
	check_document("formats.md", "| figure of a trial |", "\n`label`", print_table);
	check_document("run-schema.json", "    \"trial_figures\": {\n", "    \"trial\": {\n", print_schema);
}

int main(int argc, char **argv)
{
	updates = argc > 1 && strcmp(argv[1], "--update") == 0;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_figure_comes_back),
		cmocka_unit_test(test_what_is_told),
		cmocka_unit_test(test_every_figure_is_measured),
		cmocka_unit_test(test_documents),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
