/* The four words: from intervals, and from bets until decided. False words are counted on simulated streams;
 * prints the table of docs/statistics.md. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/stats/eprocess.h"
#include "harness/stats/order_statistics.h"
#include "tests/unit/noise.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MOST_ROUNDS 200

static void test_words_of_intervals(void **state)
{
	(void)state;
	static const struct {
		double low, high;
		pf_word word;
	} cases[] = {
		{0.90, 0.97, PF_WORD_FASTER},     {0.90, 0.9804, PF_WORD_UNDECIDED},
		{1.03, 1.40, PF_WORD_SLOWER},     {1.02, 1.40, PF_WORD_UNDECIDED},
		{0.99, 1.01, PF_WORD_EQUIVALENT}, {0.981, 1.0199, PF_WORD_EQUIVALENT},
		{0.98, 1.01, PF_WORD_UNDECIDED},  {0.99, 1.021, PF_WORD_UNDECIDED},
		{0.50, 2.00, PF_WORD_UNDECIDED},  {1.005, 1.01, PF_WORD_EQUIVALENT},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		pf_interval ratio = {.mean = sqrt(cases[i].low * cases[i].high),
				     .low = cases[i].low,
				     .high = cases[i].high,
				     .level = 0.95,
				     .n = 5,
				     .has_interval = true};
		assert_int_equal(pf_word_of(&ratio, 0.02), cases[i].word);
		ratio.has_interval = false;
		assert_int_equal(pf_word_of(&ratio, 0.02), PF_WORD_UNDECIDED);
	}
	assert_string_equal(pf_word_name(PF_WORD_EQUIVALENT), "equivalent");
	assert_string_equal(pf_word_name(PF_WORD_COUNT), "?");
}

/* The definition, written down once more: whole sums instead of steps. */
static double log_e_by_definition(const double *x, size_t n)
{
	static const double c[] = {0.05, 0.1, 0.2, 0.4, 0.7, 1.0};
	double mean = 0;
	for (size_t k = 0; k < COUNT(c); k++) {
		double exponent = 0;
		for (size_t i = 3; i < n; i++) {
			double squares = 0;
			for (size_t past = 0; past < i; past++) {
				squares += x[past] * x[past];
			}
			double lambda = c[k] / sqrt(squares / (double)i);
			exponent += lambda * x[i] - lambda * lambda * x[i] * x[i] / 2;
		}
		mean += exp(exponent) / 6;
	}
	return log(mean);
}

static void test_definition(void **state)
{
	(void)state;
	static const double sides[][2] = {{1, -1}, {-1, -1}, {-1, 1}, {1, 1}}; /* of d, of m */
	pf_random random = {.state = 41};
	pf_eprocess process;
	pf_eprocess_start(&process, 0.02, 0.05);
	double x[PF_THESIS_COUNT][40];
	for (size_t n = 1; n <= 40; n++) {
		double d = 0.03 + 0.02 * draw_normal(&random);
		pf_eprocess_add(&process, d);
		for (int claim = 0; claim < PF_THESIS_COUNT; claim++) {
			x[claim][n - 1] = sides[claim][0] * d + sides[claim][1] * log(1.02);
			double expected = log_e_by_definition(x[claim], n),
			       got = pf_eprocess_log_e(&process, (pf_thesis)claim);
			if (!(fabs(got - expected) < 1e-9 * fmax(1, fabs(expected)))) {
				fail_msg("claim %d after %zu: %.15g, not %.15g", claim, n, got, expected);
			}
		}
	}
}

/* Swapping the two, or bringing in absurd values, does what it must. */
static void test_symmetry_and_extremes(void **state)
{
	(void)state;
	pf_random random = {.state = 42};
	pf_eprocess one, other;
	pf_eprocess_start(&one, 0.02, 0.05);
	pf_eprocess_start(&other, 0.02, 0.05);
	for (int i = 0; i < 100; i++) {
		double d = 0.1 + 0.02 * draw_normal(&random);
		pf_word a = pf_eprocess_add(&one, d), b = pf_eprocess_add(&other, -d);
		assert_int_equal(a == PF_WORD_SLOWER, b == PF_WORD_FASTER);
		assert_true(a == PF_WORD_UNDECIDED || a == PF_WORD_SLOWER);
	}
	assert_int_equal(one.word, PF_WORD_SLOWER);
	pf_eprocess_start(&one, 0.02, 0.05);
	for (int i = 0; i < 30; i++) { /* exactly equal times */
		pf_eprocess_add(&one, 0);
	}
	assert_int_equal(one.word, PF_WORD_EQUIVALENT);
	pf_eprocess_start(&one, 0.02, 0.05);
	for (int i = 0; i < 50; i++) {
		pf_eprocess_add(&one, i % 5 == 4 ? 1e200 : i % 7 == 6 ? -1e200 : 1e-9);
		for (int claim = 0; claim < PF_THESIS_COUNT; claim++) {
			assert_false(isnan(pf_eprocess_log_e(&one, (pf_thesis)claim)));
		}
	}
}

typedef struct tally {
	double words[PF_WORD_COUNT]; /* shares */
	double rounds[4096];         /* until decided */
	size_t decided;
} tally;

/* Streams of d = effect + noise of A - noise of B, until decided or MOST_ROUNDS. */
static void simulate(const pf_noise *of_a, const pf_noise *of_b, double effect, double alpha, int runs,
		     pf_random *random, tally *out)
{
	*out = (tally){0};
	for (int run = 0; run < runs; run++) {
		pf_eprocess process;
		pf_eprocess_start(&process, PF_MARGIN, alpha);
		while (process.word == PF_WORD_UNDECIDED && process.n < MOST_ROUNDS) {
			double d = effect + of_a->draw(random) - of_a->mean - of_b->draw(random) + of_b->mean;
			pf_eprocess_add(&process, d);
		}
		out->words[process.word] += 1.0 / runs;
		if (process.word != PF_WORD_UNDECIDED && out->decided < COUNT(out->rounds)) {
			out->rounds[out->decided++] = (double)process.n;
		}
	}
}

static void print_tally(const char *noise, double effect, double alpha, tally *t)
{
	double median = t->decided ? pf_median(t->rounds, t->decided) : NAN;
	print_message("%-22s %+6.1f %%  %5g  %6.2f %6.2f %6.2f %6.2f  %5.0f\n", noise,
		      100 * (exp(effect) - 1), alpha, 100 * t->words[PF_WORD_FASTER],
		      100 * t->words[PF_WORD_SLOWER], 100 * t->words[PF_WORD_EQUIVALENT],
		      100 * t->words[PF_WORD_UNDECIDED], median);
}

/* The chance of a false word is at most alpha, at the margin too, where it is hardest, looked at after every
 * round. */
static void test_false_words(void **state)
{
	(void)state;
	static const pf_noise *const noises[] = {&pf_noise_normal, &pf_noise_t3,     &pf_noise_cauchy,
						 &pf_noise_late,   &pf_noise_skewed, &pf_noise_spikes};
	static const double alphas[] = {0.05, 0.01};
	const char *times = getenv("PF_SIMULATIONS");
	const int runs = 400 * (times ? atoi(times) : 1);
	pf_random random = {.state = 43};
	tally *t = malloc(sizeof *t);
	assert_non_null(t);
	print_message("noise in both           effect   alpha  faster slower  equiv. undec. "
		      " rounds (%% of %d; at most %d rounds; median where decided)\n",
		      runs, MOST_ROUNDS);
	for (size_t k = 0; k < COUNT(noises); k++) {
		for (size_t a = 0; a < COUNT(alphas); a++) {
			double limit = alphas[a] + 3 * sqrt(alphas[a] / runs);
			/* at the margin each word is one too many, but for undecided */
			simulate(noises[k], noises[k], log(1 + PF_MARGIN), alphas[a], runs, &random, t);
			print_tally(noises[k]->name, log(1 + PF_MARGIN), alphas[a], t);
			assert_true(1 - t->words[PF_WORD_UNDECIDED] <= limit);
		}
		simulate(noises[k], noises[k], 0, 0.05, runs, &random, t);
		print_tally(noises[k]->name, 0, 0.05, t);
		assert_true(t->words[PF_WORD_FASTER] + t->words[PF_WORD_SLOWER] <= 0.05);
		simulate(noises[k], noises[k], log(1.4), 0.05, runs, &random, t);
		print_tally(noises[k]->name, log(1.4), 0.05, t);
		assert_true(t->words[PF_WORD_FASTER] + t->words[PF_WORD_EQUIVALENT] == 0);
	}
	/* The limit of the method, printed: d is not symmetric where only one of the two has slow trials. */
	for (size_t k = 3; k < COUNT(noises); k++) {
		char name[40];
		snprintf(name, sizeof name, "%s, in A only", noises[k]->name);
		simulate(noises[k], &pf_noise_normal, log(1 + PF_MARGIN), 0.05, runs, &random, t);
		print_tally(name, log(1 + PF_MARGIN), 0.05, t);
	}
	free(t);
}

/* It also decides: clear differences soon, small ones in the end. */
static void test_power(void **state)
{
	(void)state;
	pf_random random = {.state = 44};
	tally *t = malloc(sizeof *t);
	assert_non_null(t);
	simulate(&pf_noise_none, &pf_noise_none, log(1.4), 0.05, 1, &random, t);
	assert_true(t->words[PF_WORD_SLOWER] == 1 && t->rounds[0] <= 13);
	simulate(&pf_noise_normal, &pf_noise_normal, -log(1.4), 0.05, 200, &random, t);
	assert_true(t->words[PF_WORD_FASTER] > 0.999 && pf_median(t->rounds, t->decided) <= 14);
	simulate(&pf_noise_normal, &pf_noise_normal, log(1.06), 0.05, 200, &random, t);
	assert_true(t->words[PF_WORD_SLOWER] > 0.98 && pf_median(t->rounds, t->decided) <= 35);
	simulate(&pf_noise_normal, &pf_noise_normal, 0, 0.05, 200, &random, t);
	assert_true(t->words[PF_WORD_EQUIVALENT] > 0.9 && pf_median(t->rounds, t->decided) <= 100);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_of_intervals),
		cmocka_unit_test(test_definition),
		cmocka_unit_test(test_symmetry_and_extremes),
		cmocka_unit_test(test_false_words),
		cmocka_unit_test(test_power),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
