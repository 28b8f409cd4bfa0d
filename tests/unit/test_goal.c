/* Projections to a goal, worked out by hand, on runs that are made for them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/claims/claims.h"
#include "harness/claims/goal.h"
#include "harness/cli/goal_args.h"
#include "harness/record/goal_json.h"
#include "harness/show/goal_table.h"
#include "run_fixture.h"
#include "temp_folder.h"

static pf_fixture_run made;
static pf_goal goal;

#define TIMES(...) ((const double[]){__VA_ARGS__, 0})

static void begin(double seconds, uint32_t photos)
{
	pf_fixture_run_open(&made, 100);
	goal = (pf_goal){.seconds = seconds, .photos = photos};
	made.run.goal = &goal;
}

/* Each trial of the contestant opened scorers for so long. */
static pf_contestant *add(const char *name, uint32_t workers, const double *seconds, double startup)
{
	pf_contestant *contestant = pf_fixture_run_add(&made, name, NULL, workers, seconds);
	for (size_t i = 0; i < contestant->trial_count; i++) {
		contestant->trials[i].startup_ns = (uint64_t)(startup * 1e9);
	}
	return contestant;
}

static void near(double value, double expected)
{
	if (fabs(value - expected) > 1e-6 * fabs(expected)) {
		fail_msg("%.10g, not %.10g", value, expected);
	}
}

static pf_projection project(const pf_contestant *contestant)
{
	pf_projection projection;
	assert_true(pf_goal_project(&made.run, contestant, &projection));
	return projection;
}

static void test_startup_does_not_grow(void **state)
{
	(void)state;
	begin(3600, 1000);
	goal.has_price = true;
	goal.price_per_hour = 3;
	const pf_contestant *step = add("single-load", 2, TIMES(11, 13), 1);
	/* 100 photos in 10 and 12 s beside 1 s: 1,000 take 101 and 121 s. */
	pf_projection projection = project(step);
	near(projection.startup_s, 1);
	near(projection.photo_s, 0.11);
	near(projection.seconds.mean, 111);
	double half = pf_student_quantile(0.975, 1) * 10; /* s = 14.14, over the root of 2 */
	near(projection.seconds.low, 0);                  /* no time is below 0 */
	near(projection.seconds.high, 111 + half);
	near(projection.events_a_week, 168 * 3600 / 111.0);
	near(projection.cpu_s, 0.24); /* two workers, all of the time */
	near(projection.cost, 3 * 111 / 3600.0);
	/* What starting a process takes is not for each photo either. */
	pf_contestant *floor = add("null", 1, TIMES(0.4, 0.6), 0);
	floor->status = PF_RUN_FLOOR;
	projection = project(step);
	near(projection.startup_s, 1.5);
	near(projection.seconds.mean, 1.5 + 10.5 * 10);
	pf_projection none;
	assert_false(pf_goal_project(&made.run, floor, &none));
}

static void test_a_program_from_outside_grows_as_a_whole(void **state)
{
	(void)state;
	begin(3600, 200);
	pf_contestant *command = add("opencv", 1, TIMES(5, 5.2), 0);
	pf_contestant *floor = add("null", 1, TIMES(0.5), 0);
	floor->status = PF_RUN_FLOOR;
	made.variants[0].caps |= PF_CAP_COMMAND;
	near(project(command).seconds.mean, 10.2);
	near(project(command).startup_s, 0);
}

/* Startup can be no longer than the trial. */
static void test_startup_is_bounded(void **state)
{
	(void)state;
	begin(10, 1000);
	near(project(add("single-load", 1, TIMES(2, 2), 3)).seconds.mean, 2);
}

static void word(const double *seconds, pf_goal_word expected)
{
	begin(100, 100); /* as many photos as there are: the projection is the time */
	assert_int_equal(project(add("single-load", 1, seconds, 0.5)).word, expected);
	assert_int_equal(pf_goal_is_met(&made.run), expected == PF_GOAL_MET);
}

static void test_words(void **state)
{
	(void)state;
	word(TIMES(98, 99, 98.5), PF_GOAL_MET);
	word(TIMES(99, 101.5, 100), PF_GOAL_UNDECIDED);
	word(TIMES(104, 105, 104.5), PF_GOAL_MISSED);
	word(TIMES(90, 109, 98), PF_GOAL_UNDECIDED); /* the mean is within, the interval is not */
	word(TIMES(50), PF_GOAL_UNDECIDED);          /* one round has no interval */
}

static void test_the_first_that_meets_it(void **state)
{
	(void)state;
	begin(50, 100);
	assert_null(pf_goal_first(&made.run));
	add("double-load", 1, TIMES(80, 81), 0);
	pf_contestant *wrong = add("cheat", 1, TIMES(1, 1.01), 0);
	pf_contestant *single = add("single-load", 1, TIMES(45, 45.1), 0);
	add("parallel", 2, TIMES(20, 20.1), 0);
	wrong->status = PF_RUN_WRONG_OUTPUT;
	assert_ptr_equal(pf_goal_first(&made.run), single);
	pf_projection none;
	assert_false(pf_goal_project(&made.run, wrong, &none));
	single->trials[1].checked = false; /* a trial that was disturbed has no say */
	near(project(single).seconds.mean, 45);
	assert_string_equal(pf_goal_first(&made.run)->label, "parallel");
}

/* Prints the goal's table; freed by the caller. */
static char *print(int columns)
{
	char *text;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);
	assert_non_null(stream);
	pf_goal_print(&made.run, columns, stream);
	fclose(stream);
	return text;
}

static void test_table(void **state)
{
	(void)state;
	begin(4 * 3600, 100000);
	add("double-load", 1, TIMES(21, 21.2), 1);
	char *text = print(0);
	assert_non_null(strstr(text,
			       "Goal: 100000 photos in 4 h 00 min. A projection of what 100 photos took: "
			       "to photos like these (4 MB each;"));
	assert_non_null(strstr(text, "have 70 MB), on this machine.\n"));
	assert_non_null(strstr(text, "double-load    1.00 s   0.20 s  5.58 h (5.23 to 5.94)  missed"));
	assert_non_null(strstr(text,
			       "No variant meets the goal with its whole interval; the nearest, double-load, "
			       "takes 1.4 times the time of the goal.\n"));
	assert_null(strstr(text, "cost"));
	free(text);
	add("parallel", 2, TIMES(10.5, 10.6), 1);
	pf_contestant *left_out = add("chunked", 2, NULL, 0);
	left_out->status = PF_RUN_NOT_RUN;
	goal.has_price = true;
	goal.price_per_hour = 2;
	text = print(80);
	assert_non_null(strstr(text, "2.65 h (2.48 to 2.83)  met"));
	assert_non_null(strstr(text, " 5.31\nparallel is the first variant"));
	assert_non_null(strstr(text, "Stopped there, as asked for. Not run: chunked.\n"));
	free(text);
}

static void test_record(void **state)
{
	(void)state;
	begin(4 * 3600, 100000);
	made.run.goal = NULL;
	json_t *object = pf_goal_json(&made.run);
	assert_true(json_is_null(object));
	json_decref(object);
	made.run.goal = &goal;
	add("parallel", 2, TIMES(10.5, 10.6), 1);
	add("chunked", 2, NULL, 0)->status = PF_RUN_NOT_RUN;
	object = pf_goal_json(&made.run);
	assert_string_equal(json_string_value(json_object_get(object, "first_met")), "parallel");
	assert_string_equal(json_string_value(json_array_get(json_object_get(object, "not_run"), 0)),
			    "chunked");
	assert_true(json_is_null(json_object_get(object, "price_per_hour")));
	const json_t *steps = json_object_get(object, "steps");
	assert_int_equal(json_array_size(steps), 1);
	const json_t *step = json_array_get(steps, 0);
	near(json_real_value(json_object_get(step, "hours")), (1 + 0.0955 * 100000) / 3600);
	assert_true(json_is_null(json_object_get(step, "cost")));
	assert_string_equal(json_string_value(json_object_get(step, "word")), "met");
	json_decref(object);
}

/* A claim about what was left out is not testable, not undecided. */
static void test_claims_of_what_was_not_run(void **state)
{
	(void)state;
	static pf_claim claims[PF_CLAIM_COUNT];
	begin(10, 10);
	add("threaded", 2, NULL, 0)->status = PF_RUN_NOT_RUN;
	add("double-load", 1, NULL, 0)->status = PF_RUN_NOT_RUN;
	pf_claims_answer(&made.run, &(pf_claim_setting){.cores = 2, .photos = 100}, claims);
	for (size_t i = 0; i < PF_CLAIM_COUNT; i++) {
		assert_int_equal(claims[i].verdict, PF_VERDICT_NOT_TESTABLE);
		assert_non_null(strstr(claims[i].why, "was not run"));
	}
}

static double time_of(const char *text)
{
	pf_goal_args args = {.text = text, .goal = {.photos = 1}};
	static const pf_command command = {.name = "journey"};
	return pf_goal_args_apply(&command, &args) < 0 ? args.goal.seconds : -1;
}

static void test_times(void **state)
{
	(void)state;
	near(time_of("4h"), 14400);
	near(time_of("4 h"), 14400);
	near(time_of("4H"), 14400);
	near(time_of("0.5h"), 1800);
	near(time_of("90min"), 5400);
	near(time_of("45s"), 45);
	static const char *const wrong[] = {"4",   "h",    "0h",   "-4h",  "4 hours", "1e99h",
					    "4h ", "nanh", "infh", "4  h", "",        " 4h"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		near(time_of(wrong[i]), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_startup_does_not_grow),
		cmocka_unit_test(test_a_program_from_outside_grows_as_a_whole),
		cmocka_unit_test(test_startup_is_bounded),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_the_first_that_meets_it),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_claims_of_what_was_not_run),
		cmocka_unit_test(test_times),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
