/* Times and sizes with their units, and the name that was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/nearest.h"
#include "harness/base/quantity.h"

static void seconds(const char *text, double expected)
{
	double found = -1;
	assert_int_equal(pf_seconds_parse(text, &found), expected >= 0);
	assert_float_equal(found, expected, 1e-12);
}

static void test_times(void **state)
{
	(void)state;
	seconds("90", 90);
	seconds("90s", 90);
	seconds("1.5 min", 90);
	seconds("2m", 120);
	seconds("2h", 7200);
	seconds("1d", 86400);
	seconds("200ms", 0.2);
	seconds("5us", 5e-6);
	seconds("2H", 7200);
	static const char *const none[] = {"",        "s",   "-1s", "1e999", "nan", "inf",
					   "4 hours", "1s2", " 1s", "1  s",  "+1s"};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		seconds(none[i], -1);
	}
	assert_true(pf_has_unit("4h") && pf_has_unit("4 s"));
	assert_false(pf_has_unit("4") || pf_has_unit("4.") || pf_has_unit(""));
}

static void test_sizes(void **state)
{
	(void)state;
	double found = 0;
	assert_true(pf_megabytes_parse("512", &found) && found == 512);
	assert_true(pf_megabytes_parse("512MB", &found) && found == 512);
	assert_true(pf_megabytes_parse("2G", &found) && found == 2000);
	assert_true(pf_megabytes_parse("1500 kb", &found) && found == 1.5);
	assert_false(pf_megabytes_parse("2 TB", &found) || pf_megabytes_parse("MB", &found));
}

static const char *meant(const char *word)
{
	static const char *const names[] = {"journey", "run", "score", "compare", "sweep", "double-load"};
	static char hint[PF_NEAREST + 32];
	pf_nearest nearest = {.word = word};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		pf_nearest_try(&nearest, names[i]);
	}
	return pf_nearest_hint(&nearest, hint);
}

static void test_the_name_that_was_meant(void **state)
{
	(void)state;
	assert_string_equal(meant("jurney"), "; did you mean journey?");
	assert_string_equal(meant("journye"), "; did you mean journey?");
	assert_string_equal(meant("jou"), "; did you mean journey?");
	assert_string_equal(meant("rnu"), "; did you mean run?");
	assert_string_equal(meant("doubleload"), "; did you mean double-load?");
	assert_string_equal(meant("scroe"), "; did you mean score?");
	assert_string_equal(meant("nope"), "");
	assert_string_equal(meant(""), "");
	assert_string_equal(meant("x"), "");
	char longer[300];
	memset(longer, 'r', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	assert_string_equal(meant(longer), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_the_name_that_was_meant),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
