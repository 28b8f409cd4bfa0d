/* Command lines: what is parsed, what is refused, and with which words. Variants with their options. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/cli/common.h"
#include "harness/cli/options.h"
#include "harness/registry/known.h"
#include "harness/run/contestant.h"
#include "temp_folder.h"

static struct {
	bool flag;
	const char *text, *choice;
	double number, share;
	uint32_t count;
	uint64_t seed;
} values;

static const pf_arg table[] = {
	{"flag", 'f', PF_ARG_FLAG, &values.flag, NULL, "a flag", 0, 0},
	{"text", 't', PF_ARG_TEXT, &values.text, "TEXT", "a text", 0, 0},
	{"choice", 0, PF_ARG_CHOICE, &values.choice, "auto|always|never", "a choice with a long line of text",
	 0, 0},
	{"number", 'x', PF_ARG_NUMBER, &values.number, "X", "a number", 0.5, 10},
	{"share", 0, PF_ARG_NUMBER, &values.share, "PERCENT", "a share", 0.5, 10},
	{"count", 'n', PF_ARG_COUNT, &values.count, "N", "a count", 1, 1024},
	{"seed", 0, PF_ARG_SEED, &values.seed, "S", "a seed", 0, 0},
	{0},
};
static const pf_command command = {
	.name = "test", .operands = "A B", .summary = "Test", .least_operands = 1, .most_operands = 2};

static char folder[256];
static char output[8192]; /* what the last call wrote to either stream */
static char **operands;
static int operand_count;

static int set_up(void **state)
{
	(void)state;
	pf_temp_make(folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pf_temp_remove(folder);
	return 0;
}

static int parse(const char *line)
{
	static char copy[512];
	static char *words[32];
	int count = 0;
	snprintf(copy, sizeof copy, "test %s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
		words[count++] = strcmp(word, "''") != 0 ? word : "";
	}
	words[count] = NULL;
	memset(&values, 0, sizeof values);
	const char *file = pf_temp_path(folder, "output");
	int to = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	fflush(stdout);
	fflush(stderr);
	int kept[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
	dup2(to, STDOUT_FILENO);
	dup2(to, STDERR_FILENO);
	int code = pf_options_parse(&command, table, count, words, &operands, &operand_count);
	fflush(stdout);
	dup2(kept[0], STDOUT_FILENO);
	dup2(kept[1], STDERR_FILENO);
	close(kept[0]);
	close(kept[1]);
	close(to);
	char *text = pf_temp_read(file, NULL);
	snprintf(output, sizeof output, "%s", text);
	free(text);
	return code;
}

static void test_all_forms_are_parsed(void **state)
{
	(void)state;
	assert_int_equal(
		parse("one --flag --text=abc -x 2.5 two -n 7 --choice never --seed 18446744073709551615"),
		-1);
	assert_string_equal(output, "");
	assert_true(values.flag);
	assert_string_equal(values.text, "abc");
	assert_string_equal(values.choice, "never");
	assert_true(values.number == 2.5);
	assert_int_equal(values.count, 7);
	assert_true(values.seed == UINT64_MAX);
	assert_int_equal(parse("one --share 2.5%"), -1);
	assert_true(values.share == 2.5);
	assert_int_equal(parse("one --share 2.5"), -1);
	assert_int_equal(parse("one --share 2.5%%"), PF_EXIT_ERROR);
	assert_int_equal(parse("one --share %"), PF_EXIT_ERROR);
	assert_int_equal(parse("one -x 2.5%"), PF_EXIT_ERROR);
	assert_int_equal(
		parse("one --flag --text=abc -x 2.5 two -n 7 --choice never --seed 18446744073709551615"),
		-1);
	assert_int_equal(operand_count, 2);
	assert_string_equal(operands[0], "one");
	assert_string_equal(operands[1], "two");
	assert_int_equal(parse("-fn1024 -tx a"), -1);
	assert_true(values.flag && values.count == 1024);
	assert_string_equal(values.text, "x");
	assert_int_equal(parse("-- --flag -n"), -1);
	assert_false(values.flag);
	assert_string_equal(operands[0], "--flag");
	assert_string_equal(operands[1], "-n");
	assert_int_equal(parse("- a"), -1);
	assert_string_equal(operands[0], "-");
	assert_int_equal(parse("a --cou 3"), -1); /* an unambiguous beginning */
	assert_int_equal(values.count, 3);
}

static void test_what_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *line, *message;
	} cases[] = {
		{"", "missing operand: A B"},
		{"a b c", "one operand too many: \"c\""},
		{"a --nope", "unknown option --nope"},
		{"a -z", "unknown option -z"},
		{"a -fz", "unknown option -z"},
		{"a --flag=yes", "--flag takes no value"},
		{"a --text", "--text needs a value"},
		{"a -n", "-n needs a value"},
		{"a --text ''", "--text cannot be \"\""},
		{"a --choice sometimes", "--choice takes auto|always|never, not \"sometimes\""},
		{"a --choice al", "--choice takes"},
		{"a --choice auto|always", "--choice takes"},
		{"a --choice ''", "--choice takes"},
		{"a -n 0", "--count takes a whole number from 1 to 1024, not \"0\""},
		{"a -n 1025", "--count takes"},
		{"a -n 2.5", "--count takes"},
		{"a -n 4294967297", "--count takes"},
		{"a -n -1", "--count takes"},
		{"a -n 3x", "--count takes"},
		{"a -n ''", "--count takes"},
		{"a -n nan", "--count takes"},
		{"a -n inf", "--count takes"},
		{"a -x 0.49", "--number takes a number from 0.5 to 10, not \"0.49\""},
		{"a -x 1e400", "--number takes"},
		{"a --seed -1", "--seed cannot be \"-1\""},
		{"a --seed 18446744073709551616", "--seed cannot be"},
		{"a --seed 1x", "--seed cannot be"},
		{"a --seed \x1b[31m", "--seed cannot be \"\\x1b[31m\""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int code = parse(cases[i].line);
		if (code != PF_EXIT_ERROR || !strstr(output, cases[i].message) ||
		    strncmp(output, "photofinish test: ", 18) != 0 ||
		    !strstr(output, "(see photofinish test --help)\n") || strchr(output, '\n')[1]) {
			print_error("%s: status %d, %s", cases[i].line, code, output);
			fail();
		}
	}
}

static void test_help_lists_every_option(void **state)
{
	(void)state;
	assert_int_equal(parse("--help"), PF_EXIT_OK);
	for (const pf_arg *arg = table; arg->name; arg++) {
		char form[32];
		snprintf(form, sizeof form, "--%s", arg->name);
		assert_non_null(strstr(output, form));
		assert_non_null(strstr(output, arg->help));
	}
	assert_non_null(strstr(output, "Usage: photofinish test A B [options]"));
	assert_int_equal(parse("a b c d -h"), PF_EXIT_OK);
	assert_int_equal(parse("--nope --help"), PF_EXIT_ERROR); /* the first mistake wins */
}

/* Every command's own table: no option twice, defaults stated. */
static void test_commands_are_complete(void **state)
{
	(void)state;
	size_t count = 0;
	for (const pf_command *entry = pf_commands; entry->name; entry++, count++) {
		assert_non_null(entry->run);
		assert_true(entry->summary[0] && entry->summary[strlen(entry->summary) - 1] != '.');
		for (const pf_command *other = pf_commands; other < entry; other++) {
			assert_string_not_equal(entry->name, other->name);
		}
	}
	assert_true(count >= 5);
}

static void test_contestants(void **state)
{
	(void)state;
	pf_contestant contestant;
	pf_error error;
	assert_int_equal(pf_contestant_parse("parallel", 6, &contestant, &error), PF_OK);
	assert_string_equal(contestant.variant->name, "parallel");
	assert_string_equal(contestant.label, "parallel");
	assert_int_equal(contestant.workers, 6);
	assert_int_equal(pf_contestant_parse("parallel:workers=3", 6, &contestant, &error), PF_OK);
	assert_int_equal(contestant.workers, 3);
	assert_string_equal(contestant.label, "parallel:workers=3");
	assert_int_equal(pf_contestant_parse("single-load", 6, &contestant, &error), PF_OK);
	assert_int_equal(contestant.workers, 1); /* it has no more */
	static const char *const refused[] = {
		"",
		"nope",
		"reference",
		"Parallel",
		"parallel:workers",
		"parallel:workers=",
		"parallel:workers=0",
		"parallel:workers=1025",
		"parallel:workers=2x",
		"parallel:workers=99999999999999999999",
		"parallel:depth=2",
		"single-load:workers=2",
		"parallel:=2",
		"parallel:workers=2,,",
	};
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		memset(&error, 0, sizeof error);
		if (pf_contestant_parse(refused[i], 6, &contestant, &error) != PF_ERR_USAGE ||
		    !error.message[0]) {
			print_error("\"%s\" was taken\n", refused[i]);
			fail();
		}
	}
	char long_text[300];
	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	assert_int_equal(pf_contestant_parse(long_text, 1, &contestant, &error), PF_ERR_USAGE);
}

static void test_order_of_variants(void **state)
{
	(void)state;
	const struct pf_variant **order = pf_variants_in_order();
	size_t count = 0, registered = 0;
	while (pf_variant_registry[registered]) {
		registered++;
	}
	for (; order[count]; count++) {
		bool parent_seen = !order[count]->parent;
		for (size_t i = 0; i < count; i++) {
			assert_ptr_not_equal(order[i], order[count]);
			parent_seen = parent_seen || strcmp(order[i]->name, order[count]->parent) == 0;
			assert_false(order[i]->caps & PF_CAP_FLOOR && !(order[count]->caps & PF_CAP_FLOOR));
		}
		assert_true(parent_seen);
	}
	assert_int_equal(count, registered);
	free(order);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(test_all_forms_are_parsed),    WITH_FOLDER(test_what_is_refused),
		WITH_FOLDER(test_help_lists_every_option), cmocka_unit_test(test_commands_are_complete),
		cmocka_unit_test(test_contestants),        cmocka_unit_test(test_order_of_variants),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
