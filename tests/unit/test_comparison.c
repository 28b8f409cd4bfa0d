/* Comparisons from paired times, differences split into parts, and both in words. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/run/run_comparison.h"
#include "harness/show/comparison_lines.h"
#include "harness/stats/eprocess.h"
#include "harness/stats/random.h"
#include "harness/stats/split.h"

static void check_near(double actual, double expected, double tolerance)
{
	if (!(fabs(actual - expected) <= tolerance)) {
		print_error("%.15g, not %.15g +-%g\n", actual, expected, tolerance);
		fail();
	}
}

/* Eight pairs whose log-ratios are `centre` +- `spread`, by turns. */
static void fill(double centre, double spread, double *a, double *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		b[i] = 100.0 + 10.0 * (double)i;
		a[i] = b[i] * exp(centre + (i % 2 ? spread : -spread));
	}
}

static void test_fixed_number_of_pairs(void **state)
{
	(void)state;
	enum { N = 8 };
	static const struct {
		double centre, spread, alpha;
		pf_word word;
	} cases[] = {
		/* The half width is t * spread / sqrt(7): 0.894 of it at 95 %, 1.323 at 99 %. */
		{-0.20, 0.05, 0.01, PF_WORD_FASTER},      {0.20, 0.05, 0.01, PF_WORD_SLOWER},
		{0.00, 0.01, 0.01, PF_WORD_EQUIVALENT},   {0.00, 0.05, 0.01, PF_WORD_UNDECIDED},
		{0.0198, 0.001, 0.01, PF_WORD_UNDECIDED}, {0.10, 0.07, 0.01, PF_WORD_UNDECIDED},
		{0.10, 0.07, 0.05, PF_WORD_SLOWER},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double a[N], b[N];
		pf_comparison_rules rules = {0.02, cases[i].alpha, false};
		fill(cases[i].centre, cases[i].spread, a, b, N);
		pf_comparison got = pf_compare(a, b, N, &rules);
		assert_string_equal(pf_word_name(got.word), pf_word_name(cases[i].word));
		check_near(got.ratio.mean, exp(cases[i].centre), 1e-12);
		check_near(log(got.ratio.high / got.ratio.mean), 2.364624 * cases[i].spread / sqrt(N - 1.0),
			   1e-6);
		double strict = cases[i].alpha < 0.02 ? 3.499483 : 2.364624;
		check_near(log(got.strict.mean / got.strict.low), strict * cases[i].spread / sqrt(N - 1.0),
			   1e-6);
		assert_int_equal(got.decided_after, 0);
	}
}

static void test_one_pair_has_no_word(void **state)
{
	(void)state;
	double a[] = {1}, b[] = {5};
	pf_comparison_rules rules = {0.02, 0.01, false};
	pf_comparison got = pf_compare(a, b, 1, &rules);
	assert_int_equal(got.word, PF_WORD_UNDECIDED);
	assert_false(got.ratio.has_interval);
	check_near(got.ratio.mean, 0.2, 1e-15);
}

/* The same word, at the same pair, as from the e-process itself; more pairs do not change it. */
static void test_until_decided(void **state)
{
	(void)state;
	enum { N = 60 };
	double a[N], b[N];
	pf_comparison_rules rules = {0.02, 0.01, true};
	pf_eprocess process;
	fill(0.3, 0.05, a, b, N);
	pf_eprocess_start(&process, 0.02, 0.01);
	size_t decided = 0;
	while (pf_eprocess_add(&process, log(a[decided] / b[decided])) == PF_WORD_UNDECIDED) {
		decided++;
	}
	decided++;
	assert_in_range(decided, 8, 30);
	assert_int_equal(pf_compare(a, b, decided - 1, &rules).word, PF_WORD_UNDECIDED);
	assert_int_equal(pf_compare(a, b, decided - 1, &rules).decided_after, 0);
	assert_int_equal(pf_compare(a, b, decided, &rules).word, PF_WORD_SLOWER);
	assert_int_equal(pf_compare(a, b, decided, &rules).decided_after, decided);
	for (size_t i = decided; i < N; i++) {
		a[i] = 1.01 * b[i];
	}
	assert_int_equal(pf_compare(a, b, N, &rules).word, PF_WORD_SLOWER);
	assert_int_equal(pf_compare(a, b, N, &rules).decided_after, decided);
	/* Unless their totals say the contrary. */
	for (size_t i = decided; i < N; i++) {
		a[i] = 0.1 * b[i];
	}
	assert_int_equal(pf_compare(a, b, N, &rules).word, PF_WORD_UNDECIDED);
	assert_int_equal(pf_compare(a, b, N, &rules).withheld, PF_WORD_SLOWER);
}

static void test_log_mean(void **state)
{
	(void)state;
	check_near(pf_log_mean(2, 1), 1 / log(2), 1e-15);
	check_near(pf_log_mean(1, 2), 1 / log(2), 1e-15);
	check_near(pf_log_mean(7, 7), 7, 0);
	/* Against the definition in long double, where doubles lose their digits. */
	for (int i = 1; i < 40; i++) {
		double a = 3 + ldexp(3, -i), b = 3;
		long double exact = ((long double)a - b) / log1pl(((long double)a - b) / b);
		check_near(pf_log_mean(a, b), (double)exact, 3e-10);
	}
}

/* Parts add up to the ratio's difference, without a rest; what does not differ adds nothing. */
static void test_split_adds_up(void **state)
{
	(void)state;
	enum { PAIRS = 5, PARTS = 4 };
	double a[PAIRS * PARTS], b[PAIRS * PARTS], times_a[PAIRS] = {0}, times_b[PAIRS] = {0};
	pf_random random = {.state = 7};
	for (size_t i = 0; i < (size_t)PAIRS * PARTS; i++) {
		b[i] = 1.0 + (double)pf_random_below(&random, 1000) / 100;
		a[i] = i % PARTS == 2 ? b[i] : b[i] * (0.4 + (double)pf_random_below(&random, 100) / 200);
		if (i % PARTS == 3) { /* work beside the others */
			a[i] = -a[i] / 8;
		}
		times_a[i / PARTS] += a[i];
		times_b[i / PARTS] += b[i];
	}
	pf_interval out[PARTS];
	pf_split(a, b, PAIRS, PARTS, 0.95, out);
	double sum = 0;
	for (int k = 0; k < PARTS; k++) {
		sum += out[k].mean;
		assert_true(out[k].low <= out[k].mean && out[k].mean <= out[k].high && out[k].n == PAIRS);
	}
	pf_interval ratio = pf_ratio_interval(times_a, times_b, PAIRS, 0.95);
	check_near(sum, ratio.mean - 1, 1e-12);
	check_near(out[2].mean, 0, 0);
	check_near(out[2].high - out[2].low, 0, 0);
}

/* By hand: one part alone differs, 8 against 4 of 10 and 6. */
static void test_split_by_hand(void **state)
{
	(void)state;
	double a[] = {4, 2, 4, 2}, b[] = {8, 2, 8, 2};
	pf_interval out[2];
	pf_split(a, b, 2, 2, 0.95, out);
	check_near(out[0].mean, -0.4, 1e-12);
	check_near(out[1].mean, 0, 0);
	pf_split(b, b, 2, 2, 0.95, out); /* no difference at all */
	check_near(out[0].mean, 0, 0);
}

static void test_split_in_words(void **state)
{
	(void)state;
	pf_part_share parts[] = {
		{"read", {.mean = 0.0004, .low = 0.0003, .high = 0.0005, .has_interval = true}},
		{"wait", {.mean = 0.03, .low = 0.01, .high = 0.05, .has_interval = true}},
		{"decode", {.mean = -0.213, .low = -0.22, .high = -0.2, .has_interval = true}},
		{"faces", {.mean = 0.0041, .low = -0.01, .high = 0.02, .has_interval = true}},
	};
	char text[200];
	pf_split_text(-0.178, parts, 4, text, sizeof text);
	assert_string_equal(text, "-18 %: decode -21, wait +3, [faces +0.4]");
	pf_part_share none[] = {{"read", {.mean = -0.00001, .has_interval = true}}};
	pf_split_text(0.00001, none, 1, text, sizeof text);
	assert_string_equal(text, "+0 %: others +0");
	char little[12]; /* cut, not beyond the end */
	pf_split_text(-0.178, parts, 4, little, sizeof little);
	assert_int_equal(strlen(little), 11);
}

static char *print_comparison(const pf_comparison *comparison, size_t pairs, const pf_comparison_rules *rules)
{
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);
	pf_comparison_print("a", "b", comparison, pairs, rules, 0, stream);
	fclose(stream);
	return text;
}

static void test_words_in_words(void **state)
{
	(void)state;
	enum { N = 40 };
	static const struct {
		double centre, spread;
		size_t pairs;
		bool until;
		const char *text;
	} cases[] = {
		{-0.3, 0.01, 8, false,
		 "a is faster than b: 0.741 times as long (geometric mean; 0.734 to 0.747, 95 % t-interval of 8 pairs)\n"
		 "the verdict rests on the 99 % interval, 0.731 to 0.751, and a margin of 2 %: "
		 "false in 1 % of such comparisons at most\n"},
		{3, 0.001, 2, false, "a is slower than b: 20.1 times as long (geometric mean; 19.8 to 20.3,"},
		{0, 0.001, 8, false, "a and b are equivalent within 2 %: 1.000 times as long"},
		{0, 0.1, 8, false,
		 "undecided between a and b: 1.000 times as long (geometric mean; 0.915 to 1.093,"},
		{0, 0.1, 8, false,
		 "beyond or within the margin of 2 %: more rounds narrow it, --until-decided"},
		{0.3, 0.1, 1, false,
		 "undecided between a and b: 1.221 times as long\n"
		 "one pair gives no interval and no verdict: it takes two, better ten\n"},
		{0.3, 0.01, N, true, "proved after 1"},
		{0.3, 0.01, 4, true,
		 "no verdict was proved in 4 pairs (e-process, false in 1 % at most, margin 2 %)\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double a[N], b[N];
		pf_comparison_rules rules = {0.02, 0.01, cases[i].until};
		fill(cases[i].centre, cases[i].spread, a, b, cases[i].pairs);
		pf_comparison comparison = pf_compare(a, b, cases[i].pairs, &rules);
		char *text = print_comparison(&comparison, cases[i].pairs, &rules);
		if (!strstr(text, cases[i].text)) {
			print_error("%s is not in\n%s", cases[i].text, text);
			fail();
		}
		free(text);
	}
}

/* Of a trial: what the process does itself counts whole, what its workers do by their mean. */
static void test_parts_of_a_trial(void **state)
{
	(void)state;
	pf_trial trial = {.wall_ns = 1000, .workers = 4};
	double parts[PF_PARTS], sum = 0;
	trial.main_stage_ns[PF_STAGE_DETECT] = trial.stage_ns[PF_STAGE_DETECT] = 100;
	trial.main_stage_ns[PF_STAGE_WAIT] = 880;
	trial.stage_ns[PF_STAGE_WAIT] = 880 + 4 * 30;
	trial.stage_ns[PF_STAGE_DECODE] = 4 * 800;
	pf_trial_parts(&trial, true, parts);
	check_near(parts[PF_STAGE_DETECT], 100, 0);
	check_near(parts[PF_STAGE_WAIT], 30, 0);
	check_near(parts[PF_STAGE_DECODE], 800, 0);
	check_near(parts[PF_STAGE_COUNT], 70, 0);
	pf_trial alone = {.wall_ns = 1000, .workers = 1};
	alone.main_stage_ns[PF_STAGE_WAIT] = alone.stage_ns[PF_STAGE_WAIT] = 10;
	alone.main_stage_ns[PF_STAGE_DECODE] = alone.stage_ns[PF_STAGE_DECODE] = 900;
	pf_trial_parts(&alone, false, parts);
	check_near(parts[PF_STAGE_WAIT], 10, 0); /* nobody works meanwhile */
	for (int i = 0; i < PF_PARTS; i++) {
		sum += parts[i];
	}
	check_near(sum, 1000, 1e-9);
	assert_string_equal(pf_part_name(PF_STAGE_DECODE), "decode");
	assert_string_equal(pf_part_name(PF_STAGE_COUNT), "unattributed");
}

enum { ROUNDS = 40 };

/* A run of two variants without photos whose trials in round i take a[i] and b[i] ns, `done` of them. */
static pf_run make_run(pf_contestant *contestants, pf_trial (*trials)[ROUNDS], const double *a,
		       const double *b, uint32_t done)
{
	static const struct pf_variant variant = {.name = "one"};
	for (uint32_t i = 0; i < done; i++) {
		trials[0][i] = (pf_trial){.round = i + 1, .wall_ns = (uint64_t)a[i], .checked = true};
		trials[1][i] = (pf_trial){.round = i + 1, .wall_ns = (uint64_t)b[i], .checked = true};
	}
	for (int k = 0; k < 2; k++) {
		contestants[k] = (pf_contestant){
			.variant = &variant, .workers = 1, .trials = trials[k], .trial_count = done};
	}
	return (pf_run){.contestants = contestants,
			.contestant_count = 2,
			.rounds = ROUNDS,
			.rounds_done = done,
			.rounds_begin_ns = pf_now_ns()};
}

static void test_when_it_is_enough(void **state)
{
	(void)state;
	static pf_trial trials[2][ROUNDS];
	pf_contestant contestants[2];
	double a[ROUNDS], b[ROUNDS];
	for (int i = 0; i < ROUNDS; i++) {
		b[i] = 1e6 + 1e3 * i;
		a[i] = b[i] * (i % 2 ? 1.31 : 1.29);
	}
	pf_run_comparison until = {.rules = {0.02, 0.01, true}, .stopped = "rounds"};
	uint32_t done = 1;
	for (pf_run run = make_run(contestants, trials, a, b, done);
	     !pf_run_comparison_enough(&until, &run) && done < ROUNDS;) {
		run = make_run(contestants, trials, a, b, ++done);
	}
	assert_in_range(done, 8, 30);
	assert_string_equal(until.stopped, "decided");
	assert_int_equal(until.pairs, done);
	assert_int_equal(until.result.decided_after, done);
	assert_int_equal(until.result.word, PF_WORD_SLOWER);

	pf_run_comparison fixed = {.rules = {0.02, 0.01, false}, .stopped = "rounds"};
	pf_run run = make_run(contestants, trials, a, b, 30);
	assert_false(pf_run_comparison_enough(&fixed, &run)); /* however clear it is */
	contestants[1].status = PF_RUN_CRASHED;
	assert_true(pf_run_comparison_enough(&fixed, &run));
	assert_string_equal(fixed.stopped, "failure");
}

static void test_when_time_is_up(void **state)
{
	(void)state;
	static pf_trial trials[2][ROUNDS];
	pf_contestant contestants[2];
	double times[ROUNDS];
	for (int i = 0; i < ROUNDS; i++) {
		times[i] = 1e6;
	}
	pf_run_comparison timed = {.rules = {0.02, 0.01, false}, .max_time_s = 50, .stopped = "rounds"};
	pf_run run = make_run(contestants, trials, times, times, 4);
	run.rounds_begin_ns -= 39000000000u; /* 4 rounds in 39 s: a fifth one ends in time */
	assert_false(pf_run_comparison_enough(&timed, &run));
	run.rounds_begin_ns -= 2000000000u; /* in 41 s: it does not */
	assert_true(pf_run_comparison_enough(&timed, &run));
	assert_string_equal(timed.stopped, "time");
	timed.stopped = "rounds";
	timed.least_rounds = 5;
	assert_false(pf_run_comparison_enough(&timed, &run));
	timed.least_rounds = 0;
	run.rounds = 4; /* all are done */
	assert_false(pf_run_comparison_enough(&timed, &run));
	assert_string_equal(timed.stopped, "rounds");
}

/* A round in which one of the two was disturbed is no pair. */
static void test_pairs(void **state)
{
	(void)state;
	static pf_trial trials[2][ROUNDS];
	pf_contestant contestants[2];
	double a[] = {300, 1, 300, 300}, b[] = {200, 200, 1, 200};
	pf_trial_pair pairs[4];
	pf_run run = make_run(contestants, trials, a, b, 4);
	trials[0][1].checked = trials[1][2].checked = false;
	assert_int_equal(pf_run_pairs(&contestants[0], &contestants[1], pairs), 2);
	assert_ptr_equal(pairs[1].a, &trials[0][3]);
	assert_ptr_equal(pairs[1].b, &trials[1][3]);
	pf_run_comparison comparison = {.rules = {0.02, 0.01, false}};
	pf_run_compare(&run, &comparison);
	assert_int_equal(comparison.pairs, 2);
	check_near(comparison.result.ratio.mean, 1.5, 1e-12);
	check_near(comparison.split[PF_STAGE_COUNT].mean, 0.5,
		   1e-12); /* without stages all is unattributed */
	contestants[0].status = PF_RUN_WRONG_OUTPUT;
	pf_run_compare(&run, &comparison);
	assert_int_equal(comparison.pairs, 0);
}

/* A takes 0.10 always; B 0 and 0.25 in turn: B needs a quarter more for any number of runs, and yet the mean
 * ratio says that A is slower. Neither is said. */
static void test_ratios_and_totals_have_to_agree(void **state)
{
	(void)state;
	enum { N = 40 };
	static const pf_comparison_rules rules[] = {{0.02, 0.01, false}, {0.02, 0.01, true}};
	double a[N], b[N];
	for (size_t i = 0; i < N; i++) {
		a[i] = 0.10;
		b[i] = i % 2 ? 0.25 : 0.002;
	}
	for (size_t k = 0; k < 2; k++) {
		pf_comparison got = pf_compare(a, b, N, &rules[k]);
		assert_true(got.ratio.mean > 3 && got.totals.mean < 0.8);
		assert_string_equal(pf_word_name(got.word), "undecided");
		assert_int_equal(got.decided_after, 0);
		got = pf_compare(b, a, N, &rules[k]);
		assert_string_equal(pf_word_name(got.word), "undecided");
	}
	assert_string_equal(pf_word_name(pf_compare(a, b, N, &rules[0]).withheld), "slower");
	assert_string_equal(pf_word_name(pf_compare(b, a, N, &rules[0]).withheld), "faster");
	pf_comparison told = pf_compare(a, b, N, &rules[0]);
	char *text = print_comparison(&told, N, &rules[0]);
	assert_non_null(strstr(text, "undecided between a and b: "));
	assert_non_null(strstr(text,
			       "no verdict: the ratios of single rounds say slower, but the ratio of total "
			       "times is 0.794 ("));
	free(text);
	/* Equal but for a rare slow call of the one: not equivalent. */
	for (size_t i = 0; i < N; i++) {
		a[i] = b[i] = 0.1;
	}
	assert_string_equal(pf_word_name(pf_compare(a, b, N, &rules[0]).word), "equivalent");
	for (size_t i = 0; i < N; i++) {
		a[i] = 0.0985 + (i == 7 ? 0.5 : 0);
		b[i] = 0.1;
	}
	pf_comparison rare = pf_compare(a, b, N, &(pf_comparison_rules){0.2, 0.01, false});
	assert_string_equal(pf_word_name(rare.word), "equivalent"); /* 11 % of 20 */
	rare = pf_compare(a, b, N, &(pf_comparison_rules){0.1, 0.01, true});
	assert_string_equal(pf_word_name(rare.word), "undecided");
}

static void test_ratio_of_totals(void **state)
{
	(void)state;
	const double a[] = {2, 4, 6, 9}, b[] = {1, 2, 3, 4};
	pf_interval got = pf_total_ratio_interval(a, b, 4, 0.95);
	/* Residuals a - 2.1 b: -0.1, -0.2, -0.3, 0.6; t(3) = 3.182446. */
	double half = 3.182446 * sqrt(0.5 / 3 / 4) / 2.5;
	check_near(got.mean, 2.1, 1e-12);
	check_near(got.low, 2.1 * exp(-half / 2.1), 1e-6);
	check_near(got.high, 2.1 * exp(half / 2.1), 1e-6);
	assert_false(pf_total_ratio_interval(a, b, 1, 0.95).has_interval);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ratios_and_totals_have_to_agree),
		cmocka_unit_test(test_ratio_of_totals),
		cmocka_unit_test(test_fixed_number_of_pairs),
		cmocka_unit_test(test_one_pair_has_no_word),
		cmocka_unit_test(test_until_decided),
		cmocka_unit_test(test_log_mean),
		cmocka_unit_test(test_split_adds_up),
		cmocka_unit_test(test_split_by_hand),
		cmocka_unit_test(test_split_in_words),
		cmocka_unit_test(test_words_in_words),
		cmocka_unit_test(test_parts_of_a_trial),
		cmocka_unit_test(test_when_it_is_enough),
		cmocka_unit_test(test_when_time_is_up),
		cmocka_unit_test(test_pairs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
