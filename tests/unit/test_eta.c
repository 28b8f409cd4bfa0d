/* What is left of a command: by hand, where nothing is known, and where the line of parents is odd. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/stats/eta.h"

enum { STEPS = 4 };

static void check_range(pf_eta eta, double low_s, double high_s)
{
	assert_true(eta.known);
	assert_true(fabs(eta.low_s - low_s) < 1e-9 && fabs(eta.high_s - high_s) < 1e-9);
}

static void test_by_pace(void **state)
{
	(void)state;
	pf_eta_pace pace = {.done = 100, .total = 300, .elapsed_s = 50};
	check_range(pf_eta_by_pace(&pace), 100 / 1.1, 100 * 1.1);
	pace.recent_done = 10; /* it has become half as fast: 10 in 10 s */
	pace.recent_s = 10;
	check_range(pf_eta_by_pace(&pace), 100 / 1.1, 200 * 1.1);
	pace.recent_s = 1; /* or five times as fast */
	check_range(pf_eta_by_pace(&pace), 20 / 1.1, 100 * 1.1);
	pace = (pf_eta_pace){.done = 1, .total = 2, .elapsed_s = 8};
	check_range(pf_eta_by_pace(&pace), 4, 16);
}

static void test_no_pace_yet(void **state)
{
	(void)state;
	static const pf_eta_pace none[] = {{.done = 0, .total = 9, .elapsed_s = 5},
					   {.done = 9, .total = 9, .elapsed_s = 5},
					   {.done = 12, .total = 9, .elapsed_s = 5},
					   {.done = 0, .total = 0, .elapsed_s = 5},
					   {.done = 3, .total = 9, .elapsed_s = 0.4}};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		assert_false(pf_eta_by_pace(&none[i]).known);
	}
}

/* A baseline that ran twice, a child that ran once, a grandchild that never ran, and the floor. */
static void fill(pf_eta_step *steps)
{
	steps[0] = (pf_eta_step){2, 9, 10, 11, PF_ETA_NO_PARENT, 3, false};
	steps[1] = (pf_eta_step){1, 8, 8, 8, 0, 4, false};
	steps[2] = (pf_eta_step){0, 0, 0, 0, 1, 5, false};
	steps[3] = (pf_eta_step){0, 0, 0, 0, PF_ETA_NO_PARENT, 5, true};
}

static void test_trials(void **state)
{
	(void)state;
	pf_eta_step steps[STEPS];
	pf_eta trials[STEPS];
	fill(steps);
	pf_eta_trials(steps, STEPS, NULL, 0, trials);
	check_range(trials[0], 9, 11);
	check_range(trials[1], 8 / 1.25, 8 * 1.25);
	check_range(trials[2], 8 / 1.25 / 3, 8 * 1.25 * 2);
	check_range(trials[3], 0, 0);
	/* Two generations without a trial: widened twice. */
	steps[1].trials = 0;
	pf_eta_trials(steps, STEPS, NULL, 0, trials);
	check_range(trials[1], 9.0 / 3, 22);
	check_range(trials[2], 1, 44);
	/* The order in the run does not matter: a child may stand before its parent. */
	pf_eta_step turned[2] = {steps[1], steps[0]};
	turned[0].parent = 1;
	pf_eta_trials(turned, 2, NULL, 0, trials);
	check_range(trials[0], 3, 22);
}

static void test_the_whole_rest(void **state)
{
	(void)state;
	pf_eta_step steps[STEPS];
	pf_eta trials[STEPS];
	fill(steps);
	pf_eta_trials(steps, STEPS, NULL, 0, trials);
	double low_s = 3 * 9 + 4 * 6.4 + 5 * 6.4 / 3, high_s = 3 * 11 + 4 * 10 + 5 * 20;
	check_range(pf_eta_rest(steps, trials, STEPS, NULL), low_s, high_s);
	/* At hand: the baseline, 4 s old. Nothing of it is done: what its trials took says all. */
	pf_eta_hand hand = {.step = 0, .elapsed_s = 4, .done_share = 0};
	check_range(pf_eta_rest(steps, trials, STEPS, &hand), low_s - 4, high_s - 4);
	hand.done_share = 0.25; /* 12 s to go at this pace, 5 to 7 by what it took before */
	check_range(pf_eta_rest(steps, trials, STEPS, &hand), low_s - 4, high_s - 11 + 12);
	hand = (pf_eta_hand){
		.step = 0, .elapsed_s = 30, .done_share = 0.75}; /* longer than ever: 10 s to go */
	check_range(pf_eta_rest(steps, trials, STEPS, &hand), low_s - 9 + 10, high_s - 11 + 10);
	hand.done_share = 0; /* never negative */
	check_range(pf_eta_rest(steps, trials, STEPS, &hand), low_s - 9, high_s - 11);
	for (size_t i = 0; i < STEPS; i++) {
		steps[i].left = 0;
	}
	check_range(pf_eta_rest(steps, trials, STEPS, NULL), 0, 0);
}

static void test_the_first_trial_of_all(void **state)
{
	(void)state;
	pf_eta_step steps[3] = {{0, 0, 0, 0, PF_ETA_NO_PARENT, 1, false},
				{0, 0, 0, 0, 0, 2, false},
				{0, 0, 0, 0, PF_ETA_NO_PARENT, 1, false}};
	pf_eta trials[3];
	pf_eta_hand hand = {.step = 0, .elapsed_s = 2, .done_share = 0.05};
	pf_eta_trials(steps, 3, &hand, 0, trials);
	assert_false(trials[0].known || trials[1].known || trials[2].known);
	assert_false(pf_eta_rest(steps, trials, 3, &hand).known);
	hand.done_share = 0.2; /* 10 s in all */
	pf_eta_trials(steps, 3, &hand, 0, trials);
	check_range(trials[0], 8, 12.5);
	check_range(trials[1], 8.0 / 3, 25);
	check_range(trials[2], 8.0 / 3, 25); /* no parent: like any other */
	assert_true(pf_eta_rest(steps, trials, 3, &hand).known);
	/* A serial run says more than that of those without a line. */
	pf_eta_trials(steps, 3, NULL, 30, trials);
	for (size_t i = 0; i < 3; i++) {
		check_range(trials[i], 10, 60);
	}
}

/* Plug-ins may name each other as parents, or somebody who does not take part. */
static void test_odd_lines(void **state)
{
	(void)state;
	pf_eta_step steps[3] = {
		{0, 0, 0, 0, 1, 1, false}, {0, 0, 0, 0, 0, 1, false}, {0, 0, 0, 0, 17, 1, false}};
	pf_eta trials[3];
	pf_eta_trials(steps, 3, NULL, 0, trials);
	assert_false(trials[0].known || trials[1].known || trials[2].known);
	pf_eta_trials(steps, 3, NULL, 6, trials);
	for (size_t i = 0; i < 3; i++) {
		check_range(trials[i], 2, 12);
	}
	pf_eta_trials(NULL, 0, NULL, 6, trials);
	check_range(pf_eta_rest(NULL, NULL, 0, NULL), 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_pace),
		cmocka_unit_test(test_no_pace_yet),
		cmocka_unit_test(test_trials),
		cmocka_unit_test(test_the_whole_rest),
		cmocka_unit_test(test_the_first_trial_of_all),
		cmocka_unit_test(test_odd_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
