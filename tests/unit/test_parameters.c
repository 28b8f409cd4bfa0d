/* Parameters of command lines: lists, scans, combinations, replacing; and dividing a line into words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/cli/parameters.h"

static pf_parameters parse(const pf_texts *scans, const pf_texts *steps, const pf_texts *lists)
{
	static const pf_texts none = {0};
	pf_parameters parameters;
	pf_error error = {0};
	assert_int_equal(pf_parameters_parse(scans ? scans : &none, steps ? steps : &none,
					     lists ? lists : &none, &parameters, &error),
			 PF_OK);
	return parameters;
}

static void check_values(const pf_parameter *parameter, const char *expected)
{
	char text[1024] = "";
	for (size_t i = 0; i < parameter->count; i++) {
		strcat(strcat(text, i ? "|" : ""), parameter->values[i]);
	}
	assert_string_equal(text, expected);
}

static void test_lists(void **state)
{
	(void)state;
	pf_texts lists = {{"a", "1,2,,4", "b", "x\\,y,\\\\,z"}, 4};
	pf_parameters parameters = parse(NULL, NULL, &lists);
	check_values(&parameters.list[0], "1|2||4");
	check_values(&parameters.list[1], "x,y|\\|z");
	assert_int_equal(pf_parameters_combinations(&parameters), 12);
	pf_bench_parameter values[PF_PARAMETERS_MOST];
	pf_parameters_take(&parameters, 5, values); /* the first one changes fastest */
	assert_string_equal(values[0].value, "2");
	assert_string_equal(values[1].value, "\\");
	pf_parameters_free(&parameters);
}

static void test_scans(void **state)
{
	(void)state;
	static const struct {
		const char *first, *last, *step, *expected;
	} cases[] = {
		{"1", "4", NULL, "1|2|3|4"},
		{"3", "3", NULL, "3"},
		{"1", "8", "3", "1|4|7"},
		{"0", "1", "0.25", "0.00|0.25|0.50|0.75|1.00"},
		{"-0.2", "0.2", "0.1", "-0.2|-0.1|0.0|0.1|0.2"},
		{"0.1", "0.30", "0.1", "0.10|0.20|0.30"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		pf_texts scans = {{"n", cases[i].first, cases[i].last}, 3}, steps = {{cases[i].step}, 1};
		pf_parameters parameters = parse(&scans, cases[i].step ? &steps : NULL, NULL);
		check_values(&parameters.list[0], cases[i].expected);
		pf_parameters_free(&parameters);
	}
	/* Ten times a tenth is not left out by rounding. */
	pf_texts scans = {{"n", "0", "1"}, 3}, steps = {{"0.1"}, 1};
	pf_parameters parameters = parse(&scans, &steps, NULL);
	assert_int_equal(parameters.list[0].count, 11);
	assert_string_equal(parameters.list[0].values[10], "1.0");
	pf_parameters_free(&parameters);
}

static void test_what_is_wrong(void **state)
{
	(void)state;
	static const struct {
		pf_texts scans, steps, lists;
		const char *says;
	} cases[] = {
		{{{"n", "1", "x"}, 3}, {{0}, 0}, {{0}, 0}, "from one number to another"},
		{{{"n", "2", "1"}, 3}, {{0}, 0}, {{0}, 0}, "no values"},
		{{{"n", "1", "65"}, 3}, {{0}, 0}, {{0}, 0}, "too many values"},
		{{{"n", "1", "1e9"}, 3}, {{0}, 0}, {{0}, 0}, "from one number to another"},
		{{{"n", "1", "9"}, 3}, {{"0"}, 1}, {{0}, 0}, "above 0"},
		{{{"n", "1", "9"}, 3}, {{"1", "1"}, 2}, {{0}, 0}, "more steps than scans"},
		{{{"n", "1", "9"}, 3}, {{0}, 0}, {{"n", "1"}, 2}, "given twice"},
		{{{0}, 0}, {{0}, 0}, {{"n}", "1"}, 2}, "cannot be a parameter's name"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		pf_parameters parameters;
		pf_error error = {0};
		assert_int_equal(pf_parameters_parse(&cases[i].scans, &cases[i].steps, &cases[i].lists,
						     &parameters, &error),
				 PF_ERR_USAGE);
		assert_non_null(strstr(error.message, cases[i].says));
		pf_parameters_free(&parameters);
	}
}

static void test_replacing(void **state)
{
	(void)state;
	static const pf_bench_parameter values[] = {{"n", "{file}"}, {"file", "a b"}};
	static const char *const cases[][2] = {
		{"x {n} {n}", "x {file} {file}"}, /* what was put in is not looked at again */
		{"{file}{m}{", "a b{m}{"},
		{"{ n} {{n}}", "{ n} {{file}}"},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = pf_parameters_put(cases[i][0], values, 2);
		assert_string_equal(text, cases[i][1]);
		free(text);
	}
}

static void test_words(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"  a  b ", "a|b"},
		{"a 'b c'd", "a|b cd"},
		{"\"a\\\"b\" '\\'", "a\"b|\\"},
		{"a\\ b \"c\\d\"", "a b|c\\d"},
		{"'' \"\"", "|"},
		{"a$x *", "a$x|*"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[256] = "", **words = pf_split_words(cases[i][0]);
		assert_non_null(words);
		for (size_t k = 0; words[k]; k++) {
			strcat(strcat(text, k ? "|" : ""), words[k]);
		}
		assert_string_equal(text, cases[i][1]);
		pf_free_words(words);
	}
	assert_null(pf_split_words(" "));
	assert_null(pf_split_words("a 'b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),         cmocka_unit_test(test_scans),
		cmocka_unit_test(test_what_is_wrong), cmocka_unit_test(test_replacing),
		cmocka_unit_test(test_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
