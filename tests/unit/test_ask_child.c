/* A child that asks a library: its answer comes back whole, and its end is its own. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/ask_child.h"

typedef struct answer {
	int number;
	char text[5000];
} answer;

static int asked_here;

static void ask(const void *context, void *out)
{
	answer *found = out;
	asked_here = 1;
	assert_int_equal(found->number, 0);
	found->number = *(const int *)context;
	memset(found->text, 'x', sizeof found->text - 1);
}

static void end_badly(const void *context, void *out)
{
	ask(context, out);
	if (*(const int *)context == SIGABRT) {
		fprintf(stderr, "this is not to be seen\n");
		raise(SIGABRT);
	}
	_exit(*(const int *)context);
}

static void test_answer(void **state)
{
	(void)state;
	answer found = {.number = 1};
	int number = 7;
	asked_here = 0;
	assert_int_equal(pf_ask_child(ask, &number, &found, sizeof found, NULL), PF_OK);
	assert_int_equal(found.number, 7);
	assert_int_equal(strlen(found.text), sizeof found.text - 1);
	assert_int_equal(asked_here, 0); /* what it changed is gone with it */
}

static void test_crash(void **state)
{
	(void)state;
	static const int ends[] = {SIGABRT, 0, 1};
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		answer found = {.number = 1, .text = "as it was"};
		pf_error error;
		assert_int_equal(pf_ask_child(end_badly, &ends[i], &found, sizeof found, &error),
				 PF_ERR_CRASHED);
		assert_non_null(strstr(error.message, "crashed"));
		assert_int_equal(found.number, 1);
		assert_string_equal(found.text, "as it was");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_crash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
