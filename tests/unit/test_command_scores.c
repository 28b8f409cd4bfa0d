/* What programs from outside may write, and how near to the reference is near enough. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/registry/command_scores.h"

static pf_dataset *dataset;
static pf_command_scores scores;

static int set_up(void **state)
{
	(void)state;
	pf_error error;
	assert_int_equal(pf_dataset_create("three", "/", &dataset, &error), PF_OK);
	assert_int_equal(pf_dataset_add(dataset, "a.jpg", 1, NULL, &error), PF_OK);
	assert_int_equal(pf_dataset_add(dataset, "b\n.jpg", 1, NULL, &error), PF_OK);
	assert_int_equal(pf_dataset_add(dataset, "c/c.jpg", 1, NULL, &error), PF_OK);
	assert_int_equal(pf_dataset_sort(dataset, &error), PF_OK);
	return pf_command_scores_open(&scores, dataset, &error);
}

static int tear_down(void **state)
{
	(void)state;
	pf_command_scores_close(&scores);
	pf_dataset_free(dataset);
	return 0;
}

/* Index that the line tells of, -1 for none; the message where it is refused. */
static long take(const char *line, const char **why)
{
	static pf_error error;
	size_t index;
	error = (pf_error){0};
	pf_status status = pf_command_scores_line(&scores, line, &index, &error);
	*why = status == PF_OK ? NULL : error.message;
	return index == SIZE_MAX ? -1 : (long)index;
}

static void accept(const char *line, long index)
{
	const char *why;
	long got = take(line, &why);
	if (why) {
		print_error("%s: %s\n", line, why);
	}
	assert_null(why);
	assert_int_equal(got, index);
}

static void refuse(const char *line, const char *expected)
{
	const char *why;
	take(line, &why);
	const char *said = why ? strstr(why, ": line ") : NULL;
	assert_true(said && strchr(said + 2, ':'));
	assert_string_equal(said ? strchr(said + 2, ':') + 2 : "", expected);
}

#define DECLARED                                                                                      \
	"{\"photofinish\":\"scores/1\",\"tolerance\":{\"measures\":{\"width\":0,\"brightness\":0.5}," \
	"\"factors\":{\"exposure\":\"0x1p-4\"},\"score\":0.25,\"burst\":0}}"

static void test_declarations(void **state)
{
	(void)state;
	char text[128];
	accept("", -1);
	accept(DECLARED, -1);
	assert_true(scores.tolerance.declared && scores.tolerance.bursts && !scores.tolerance.ranks);
	assert_int_equal(pf_tolerance_count(&scores.tolerance), 5);
	assert_true(scores.tolerance.factors[PF_FACTOR_EXPOSURE] == 0.0625);
	assert_string_equal(
		pf_tolerance_text(&scores.tolerance, text, sizeof text),
		"2 measures within 0 to 0.5, 1 factor within 0.0625, 1 score within 0.25, bursts");
	pf_tolerance_text(&scores.tolerance, text, 20);
	assert_string_equal(text, "2 measures within 0");
}

static void test_wrong_declarations(void **state)
{
	static const char *const cases[][2] = {
		{"[]", "it is no JSON object"},
		{"{\"photofinish\":1}", "the format is not scores/1"},
		{"{\"photofinish\":\"scores/1\"}", "it declares no tolerance"},
		{"{\"photofinish\":\"scores/1\",\"tolerance\":{}}", "it declares no figure"},
		{"{\"photofinish\":\"scores/1\",\"tolerance\":{\"rank\":1}}",
		 "the tolerance has to be 0 for rank"},
		{"{\"photofinish\":\"scores/1\",\"tolerance\":{\"score\":-1}}",
		 "no tolerance from 0 on for score"},
		{"{\"photofinish\":\"scores/1\",\"tolerance\":{\"score\":\"inf\"}}",
		 "no tolerance from 0 on for score"},
		{"{\"photofinish\":\"scores/1\",\"tolerance\":{\"measures\":{\"noise\":\"nan\"}}}",
		 "no tolerance from 0 on for noise"},
		{"{\"photofinish\":\"scores/1\",\"tolerance\":{\"measures\":[1]}}",
		 "measures and factors are objects"},
		{"{\"photofinish\":\"scores/1\",\"tolerance\":{\"colour\":1}}", "there is no figure colour"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		refuse(cases[i][0], cases[i][1]);
		tear_down(state);
		set_up(state);
	}
}

static void test_records(void **state)
{
	(void)state;
	accept(DECLARED, -1);
	refuse(DECLARED, "neither index nor path"); /* only the first line declares */
	refuse("{\"index\":3,\"status\":\"ok\"}", "no photo has this index");
	refuse("{\"index\":-1,\"status\":\"ok\"}", "no photo has this index");
	refuse("{\"path\":\"nope.jpg\",\"status\":\"ok\"}", "no photo has this path");
	refuse("{\"index\":0,\"status\":\"fine\",\"burst\":0}", "no status of docs/formats.md");
	refuse("{\"index\":0,\"status\":\"ok\"}", "no index of a photo for burst");
	refuse("{\"index\":0,\"status\":\"ok\",\"burst\":3}", "no index of a photo for burst");
	refuse("{\"index\":0,\"status\":\"ok\",\"burst\":0}", "no number for score");
	refuse("{\"index\":0,\"index\":0}", "it is no JSON object");
	accept("{\"index\":0,\"status\":\"ok\",\"burst\":0,\"score\":0.5,\"factors\":{\"exposure\":\"0x1p-1\"},\"measures\":{\"width\":6,\"brightness\":100,\"more\":1}}\r",
	       0);
	refuse("{\"index\":0,\"status\":\"damaged\",\"burst\":0}", "this photo stands twice");
	accept("{\"path\":\"b\\\\x0a.jpg\",\"status\":\"damaged\",\"error\":\"torn\",\"burst\":0}", 1);
	accept("  ", -1);
	assert_string_equal(scores.outcomes->photos[1].message, "torn");
	assert_true(scores.outcomes->photos[0].score.factors[PF_FACTOR_EXPOSURE] == 0.5);
}

static void test_exact_records_are_complete(void **state)
{
	(void)state;
	pf_outcome outcome = {.done = true, .rank = 2, .burst = 1, .status = PF_OK, .score = {.total = 0.1}};
	outcome.score.measures[3] = 1.0 / 3;
	char *line = NULL;
	size_t size;
	FILE *stream = open_memstream(&line, &size);
	pf_outcome_write(stream, dataset, 2, &outcome);
	fclose(stream);
	line[strcspn(line, "\n")] = '\0';
	accept(line, 2); /* what photofinish score writes */
	assert_false(scores.tolerance.declared);
	assert_memory_equal(&scores.outcomes->photos[2].score, &outcome.score, sizeof outcome.score);
	assert_int_equal(scores.outcomes->photos[2].rank, 2);
	refuse("{\"index\":0,\"status\":\"ok\",\"burst\":0,\"rank\":1,\"score\":1}",
	       "no number for sharpness");
	free(line);
}

static size_t exceeded(pf_outcome other, const char *expected)
{
	pf_outcome one = {.done = true, .rank = 1, .burst = 0, .status = PF_OK, .score = {.total = 0.5}};
	pf_outcomes reference = {.count = 1, .photos = &one}, own = {.count = 1, .photos = &other};
	size_t first = 9;
	char what[128] = "";
	size_t count = pf_tolerance_exceeded(&scores.tolerance, &reference, &own, &first, what, sizeof what);
	assert_string_equal(what, expected);
	assert_int_equal(first, count ? 0 : 9);
	return count;
}

static void test_what_is_near(void **state)
{
	(void)state;
	accept(DECLARED, -1);
	pf_outcome good = {.done = true, .rank = 9, .burst = 0, .status = PF_OK, .score = {.total = 0.75}};
	good.score.measures[PF_MEASURE_NOISE] = 1000; /* not declared */
	good.score.measures[PF_MEASURE_BRIGHTNESS] = -0.5;
	assert_int_equal(exceeded(good, ""), 0);
	pf_outcome far = good;
	far.score.measures[PF_MEASURE_BRIGHTNESS] = 0.51;
	assert_int_equal(exceeded(far, "brightness 0.51, reference 0, more than 0.5 apart"), 1);
	far.score.measures[PF_MEASURE_BRIGHTNESS] = NAN;
	assert_int_equal(exceeded(far, "brightness nan, reference 0, more than 0.5 apart"), 1);
	far = good;
	far.score.factors[PF_FACTOR_EXPOSURE] = 0.07;
	assert_int_equal(exceeded(far, "exposure 0.07, reference 0, more than 0.0625 apart"), 1);
	far = good;
	far.burst = 1;
	assert_int_equal(exceeded(far, "burst 1, reference 0"), 1);
	far = good;
	far.status = PF_ERR_DAMAGED;
	assert_int_equal(exceeded(far, "status damaged, reference ok"), 1);
	scores.tolerance.ranks = true;
	assert_int_equal(exceeded(good, "rank 9, reference 1"), 1);
}

#define WITH_SCORES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SCORES(test_declarations), WITH_SCORES(test_wrong_declarations),
		WITH_SCORES(test_records),      WITH_SCORES(test_exact_records_are_complete),
		WITH_SCORES(test_what_is_near),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
