/* Figures as text, and tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/plain_text.h"
#include "harness/base/text.h"
#include "temp_folder.h"

static void test_seconds(void **state)
{
	(void)state;
	static const struct {
		double seconds;
		const char *text;
	} cases[] = {
		{0.00012, "0.1 ms"}, {0.0042, "4.2 ms"},   {0.00994, "9.9 ms"},   {0.00996, "10 ms"},
		{0.012, "12 ms"},    {0.0994, "99 ms"},    {0.0996, "0.10 s"},    {0.61, "0.61 s"},
		{9.994, "9.99 s"},   {9.996, "10.0 s"},    {46.1, "46.1 s"},      {99.94, "99.9 s"},
		{99.96, "100 s"},    {599.4, "599 s"},     {599.6, "10 min"},     {3540, "59 min"},
		{3569, "59 min"},    {3571, "1 h 00 min"}, {11160, "3 h 06 min"}, {43200, "12 h 00 min"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[PF_TEXT];
		assert_string_equal(pf_text_seconds(cases[i].seconds, text), cases[i].text);
	}
}

static pf_interval interval(double mean, double low, double high)
{
	return (pf_interval){
		.mean = mean, .low = low, .high = high, .level = 0.95, .n = 5, .has_interval = true};
}

static void check_time(double mean, double half, const char *expected)
{
	char text[PF_TEXT];
	pf_interval value = interval(mean, mean - half, mean + half);
	assert_string_equal(pf_text_time(&value, text), expected);
}

static void test_times_with_their_interval(void **state)
{
	(void)state;
	check_time(46.1, 0.82, "46.1 s +-0.8");
	check_time(0.61, 0.013, "0.61 s +-0.01");
	check_time(0.0123, 0.0011, "12 ms +-1");
	check_time(0.0042, 0.0011, "4.2 ms +-1.1");
	check_time(250, 12, "250 s +-12");
	/* Minutes and hours: the half width says its own unit. */
	check_time(720, 30, "12 min +-30.0 s");
	check_time(11160, 720, "3 h 06 min +-12 min");
	char text[PF_TEXT];
	pf_interval one = {.mean = 46.1, .low = 46.1, .high = 46.1, .n = 1};
	assert_string_equal(pf_text_time(&one, text), "46.1 s");
}

static void test_bytes(void **state)
{
	(void)state;
	static const struct {
		double bytes;
		const char *text;
	} cases[] = {
		{0, "0 B"},          {999, "999 B"},      {1000, "1 kB"},    {142e6, "142 MB"},
		{999.4e6, "999 MB"}, {999.6e6, "1.0 GB"}, {1.6e9, "1.6 GB"}, {99.4e9, "99.4 GB"},
		{142e9, "142 GB"},   {1.9e12, "1.9 TB"},  {4e15, "4000 TB"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[PF_TEXT];
		assert_string_equal(pf_text_bytes(cases[i].bytes, text), cases[i].text);
	}
}

static void check_gain(double mean, double low, double high, const char *expected)
{
	char text[PF_TEXT];
	pf_interval speedup = interval(mean, low, high);
	assert_string_equal(pf_text_gain(&speedup, text), expected);
}

static void test_gains(void **state)
{
	(void)state;
	check_gain(1.21, 1.19, 1.24, "+21 % (19 to 24)");
	check_gain(0.69, 0.65, 0.72, "-31 % (-35 to -28) slower");
	check_gain(1.98, 1.95, 2.01, "+98 % (95 to 101)");
	check_gain(1.012, 0.98, 1.045, "+1.2 % (-2 to 4.5)");
	check_gain(0.97, 0.92, 1.02, "-3 % (-8 to 2)");
	check_gain(3.9, 3.85, 3.95, "+290 % (285 to 295)");
	check_gain(0.0999, 0.09, 0.11, "-90 % (-91 to -89) slower");
	char text[PF_TEXT];
	pf_interval one = {.mean = 1.2, .low = 1.2, .high = 1.2, .n = 1};
	assert_string_equal(pf_text_gain(&one, text), "+20 % (no interval)");
	one.mean = 0.5;
	assert_string_equal(pf_text_gain(&one, text), "-50 % (no interval)");
	assert_string_equal(pf_text_plural(1), "");
	assert_string_equal(pf_text_plural(0), "s");
	assert_string_equal(pf_text_plural(2), "s");
}

static void test_width_counts_characters(void **state)
{
	(void)state;
	assert_int_equal(pf_text_width(""), 0);
	assert_int_equal(pf_text_width("abc"), 3);
	assert_int_equal(pf_text_width("gr\xC3\xBC\xC3\x9F"), 4);
	assert_int_equal(pf_text_width("\xE2\x82\xAC\xF0\x9F\x98\x80"), 2);
}

static void test_table(void **state)
{
	(void)state;
	static const bool right[3] = {false, true, false};
	static const char *const rows[][3] = {
		{"step", "time", "scores"}, {"gr\xC3\xBCn", "46.1 s", "identical"}, {"b", "9 s", "-"}};
	static const char *const failed[] = {"threaded", "crashed: SIGABRT in faces, 7 of 100 photos done"};
	char *text = NULL;
	size_t size;
	unsetenv("COLUMNS");
	pf_table *table = pf_table_create(3, right);
	for (size_t i = 0; i < 3; i++) {
		pf_table_row(table, rows[i], 3);
	}
	pf_table_row(table, failed, 2); /* runs on, and widens no column */
	for (int i = 0; i < 40; i++) {
		pf_table_row(table, rows[2], 3); /* grows */
	}
	FILE *stream = open_memstream(&text, &size);
	pf_table_print(table, stream, "  ");
	fclose(stream);
	pf_table_free(table);
	pf_table_free(NULL);
	static const char expected[] = "  step        time  scores\n"
				       "  gr\xC3\xBCn      46.1 s  identical\n"
				       "  b            9 s  -\n"
				       "  threaded  crashed: SIGABRT in faces, 7 of 100 photos done\n"
				       "  b            9 s  -\n";
	text[strlen(expected)] = '\0';
	assert_string_equal(text, expected);
	free(text);
}

/* Numbers are numbers in a spreadsheet, also negative ones; what begins like a formula is none. */
/* What the table prints in a terminal of that many columns; freed by the caller. */
static char *in_columns(const pf_table *table, const char *columns)
{
	char *text;
	size_t bytes;
	setenv("COLUMNS", columns, 1);
	FILE *stream = open_memstream(&text, &bytes);
	assert_non_null(stream);
	pf_table_print(table, stream, "");
	fclose(stream);
	unsetenv("COLUMNS");
	return text;
}

static void test_a_table_fits_its_terminal(void **state)
{
	(void)state;
	static const bool right[] = {false, true, true, false};
	static const char *const rows[][4] = {
		{"name", "time", "memory", "what it is"},
		{"first", "12.3 s +-0.4", "100 MB", "so"},
		{"second", "1.0 s", "1.2 GB", "a text of several words that goes on"},
		{"", "", "", "of the row before"},
	};
	static const struct {
		const char *columns, *text;
	} cases[] = {
		{"0", "name            time  memory  what it is\n"
		      "first   12.3 s +-0.4  100 MB  so\n"
		      "second         1.0 s  1.2 GB  a text of several words that goes on\n"
		      "                              of the row before\n"
		      "third   failed: for a reason that takes some room to tell\n"},
		{"55", "name            time  memory  what it is\n"
		       "first   12.3 s +-0.4  100 MB  so\n"
		       "second         1.0 s  1.2 GB  a text of several words\n"
		       "                              that goes on\n"
		       "                              of the row before\n"
		       "third   failed: for a reason that takes some room to\n"
		       "        tell\n"},
		{"40", "name            time  memory\n"
		       "  what it is\n"
		       "first   12.3 s +-0.4  100 MB\n"
		       "  so\n"
		       "second         1.0 s  1.2 GB\n"
		       "  a text of several words that goes on\n"
		       "  of the row before\n"
		       "third   failed: for a reason that takes\n"
		       "        some room to tell\n"},
		{"24", "name            time\n"
		       "  memory\n"
		       "  what it is\n"
		       "first   12.3 s +-0.4\n"
		       "  100 MB\n"
		       "  so\n"
		       "second         1.0 s\n"
		       "  1.2 GB\n"
		       "  a text of several\n"
		       "  words that goes on\n"
		       "  of the row before\n"
		       "third   failed: for a\n"
		       "    reason that takes\n"
		       "    some room to tell\n"},
	};
	pf_table *table = pf_table_create(4, right);
	const char *const failed[] = {"third", "failed: for a reason that takes some room to tell"};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		pf_table_row(table, rows[i], 4);
	}
	pf_table_row(table, failed, 2);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = in_columns(table, cases[i].columns);
		assert_string_equal(text, cases[i].text);
		free(text);
	}
	pf_table_free(table);
}

/* Lines of sentences, each with its own indent; a word that is too long for it begins further left. */
static void test_say(void **state)
{
	(void)state;
	static const struct {
		const char *columns, *text;
	} cases[] = {{"0", "\n  it is in /sys/devices/system/cpu, said 5 times\nand ends\n"},
		     {"25", "\n  it is in\n /sys/devices/system/cpu,\n  said 5 times\nand ends\n"},
		     {"20", "\n  it is in\n/sys/devices/system/cpu,\n  said 5 times\nand ends\n"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text;
		size_t bytes;
		setenv("COLUMNS", cases[i].columns, 1);
		FILE *stream = open_memstream(&text, &bytes);
		assert_non_null(stream);
		pf_text_say(stream, "\n  it is in %s, said %d times\nand ends\n", "/sys/devices/system/cpu",
			    5);
		fclose(stream);
		assert_string_equal(text, cases[i].text);
		free(text);
	}
	unsetenv("COLUMNS");
}

static void test_formulas(void **state)
{
	(void)state;
	static const char *const numbers[] = {"-1", "+2.5", "-.5", "-1e-9", "1", "", "a=b", "0-1"},
				 *const formulas[] = {"=1",   "-1+2", "-",    "+",   "@a",
						      "-inf", "--1",  "+cmd", "\t1", "-1 "};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		if (pf_csv_is_formula(numbers[i])) {
			fail_msg("%s is no formula", numbers[i]);
		}
	}
	for (size_t i = 0; i < sizeof formulas / sizeof *formulas; i++) {
		if (!pf_csv_is_formula(formulas[i])) {
			fail_msg("%s may be a formula", formulas[i]);
		}
	}
}

/* An interval from two rounds of a busy machine has ends of any size. */
static void test_bounds(void **state)
{
	(void)state;
	char text[PF_TEXT];
	assert_string_equal(pf_text_bound(1.23456, 3, text), "1.235");
	assert_string_equal(pf_text_bound(9999999, 0, text), "9999999");
	assert_string_equal(pf_text_bound(1.25e60, 3, text), "1.2e+60");
	pf_interval wild = {.mean = 2, .low = 1e-60, .high = 1e60, .has_interval = true};
	assert_string_equal(pf_text_factor(&wild, text), "2.00x (0.00 to 1e+60)");
	assert_string_equal(pf_text_gain(&wild, text), "+100 % (-100 to 1e+62)");
	pf_interval cut = pf_interval_within((pf_interval){.mean = 0.5, .low = -1, .high = 2}, 0, 1);
	assert_true(cut.low == 0 && cut.high == 1 && cut.mean == 0.5);
	cut = pf_interval_within((pf_interval){.mean = 0.5, .low = 0.25, .high = 0.75}, 0, 1);
	assert_true(cut.low == 0.25 && cut.high == 0.75);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formulas),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_times_with_their_interval),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_gains),
		cmocka_unit_test(test_width_counts_characters),
		cmocka_unit_test(test_a_table_fits_its_terminal),
		cmocka_unit_test(test_say),
		cmocka_unit_test(test_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
