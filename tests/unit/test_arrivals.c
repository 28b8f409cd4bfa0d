/* Arrivals: what --rate takes; a Poisson process of the rate that was asked for, also where it rises; each
 * photo as often as any other. By fixed seeds: nothing depends on time. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/load/arrivals.h"

static void test_parses(void **state)
{
	(void)state;
	pf_rate_phase phases[PF_RATE_PHASES_MOST];
	assert_int_equal(pf_rate_parse("20", phases), 1);
	assert_true(phases[0].from == 20 && phases[0].to == 20);
	assert_int_equal(pf_rate_parse("10,20.5,40", phases), 3);
	assert_true(phases[1].from == 20.5 && phases[2].to == 40);
	assert_int_equal(pf_rate_parse("10..50", phases), PF_RATE_RAMP_PHASES);
	assert_true(phases[0].from == 10 && phases[0].to == 15 && phases[7].from == 45 && phases[7].to == 50);
	static const char *const wrong[] = {"",        "0",    "-1",      "nan",   "inf", "2e9",
					    "1,",      ",1",   "1,,2",    "1;2",   "1..", "..1",
					    "1..2..3", "1..0", "10..2,3", "1 ..2", "x"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		if (pf_rate_parse(wrong[i], phases)) {
			fail_msg("\"%s\" was taken", wrong[i]);
		}
	}
	char many[4 * PF_RATE_PHASES_MOST] = "1";
	for (size_t i = 1; i < 2 * (PF_RATE_PHASES_MOST + 1) - 1; i += 2) {
		many[i] = ',';
		many[i + 1] = '1';
		many[i + 2] = '\0';
	}
	assert_int_equal(pf_rate_parse(many, phases), 0);
}

/* Counts of equal parts of a phase against the integral of its rate, at 5 standard deviations. */
static void check_phase(const pf_rate_phase *phase, uint64_t seed)
{
	enum { PARTS = 10 };
	pf_arrivals arrivals;
	pf_error error = {0};
	double counts[PARTS] = {0}, gap_squares = 0, gaps = 0;
	uint64_t at, before = 0, n = 0;
	assert_int_equal(pf_arrivals_init(&arrivals, 3, seed, &error), PF_OK);
	pf_arrivals_begin(&arrivals);
	while (pf_arrivals_next(&arrivals, phase, &at)) {
		double t = (double)at * 1e-9;
		assert_true(at >= before && t < phase->duration_s);
		counts[(int)(t / phase->duration_s * PARTS)]++;
		gaps += (double)(at - before) * 1e-9;
		gap_squares += pow((double)(at - before) * 1e-9, 2);
		before = at;
		n++;
	}
	for (int i = 0; i < PARTS; i++) {
		double middle = phase->from + (phase->to - phase->from) * (i + 0.5) / PARTS,
		       expected = middle * phase->duration_s / PARTS;
		if (fabs(counts[i] - expected) > 5 * sqrt(expected)) {
			fail_msg("part %d of %g..%g: %g, expected %g", i, phase->from, phase->to, counts[i],
				 expected);
		}
	}
	if (phase->from ==
	    phase->to) { /* exponential gaps: the mean of squares is twice the square of the mean */
		double mean = gaps / (double)n;
		assert_true(fabs(gap_squares / (double)n / (mean * mean) - 2) < 0.2);
	}
	pf_arrivals_release(&arrivals);
}

static void test_rates(void **state)
{
	(void)state;
	static const pf_rate_phase phases[] = {{50, 50, 400}, {5, 95, 400}, {95, 5, 400}, {10, 1e-3, 2000}};
	for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
		for (uint64_t seed = 1; seed <= 20; seed++) {
			check_phase(&phases[i], seed);
		}
	}
}

static void test_photos(void **state)
{
	(void)state;
	enum { PHOTOS = 7, PASSES = 50 };
	pf_arrivals arrivals;
	pf_error error = {0};
	assert_int_equal(pf_arrivals_init(&arrivals, PHOTOS, 3, &error), PF_OK);
	for (int pass = 0; pass < PASSES; pass++) {
		unsigned seen = 0;
		for (int i = 0; i < PHOTOS; i++) {
			seen |= 1u << pf_arrivals_photo(&arrivals);
		}
		assert_int_equal(seen, (1u << PHOTOS) - 1);
	}
	pf_arrivals_release(&arrivals);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_parses), cmocka_unit_test(test_rates),
					   cmocka_unit_test(test_photos)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
