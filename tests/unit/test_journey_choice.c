/* Which variants take part in a journey, from the text of --only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/cli/journey_choice.h"
#include "harness/registry/known.h"

static pf_contestant *list;
static size_t count;
static pf_error error;

static void check(const char *only, const char *expected)
{
	char labels[512] = "";
	assert_int_equal(pf_journey_choose(only, 3, &list, &count, &error), PF_OK);
	for (size_t i = 0; i < count; i++) {
		strcat(strcat(labels, i ? " " : ""), list[i].label);
	}
	free(list);
	assert_string_equal(labels, expected);
}

static void refuse(const char *only, const char *message)
{
	assert_int_equal(pf_journey_choose(only, 3, &list, &count, &error), PF_ERR_USAGE);
	assert_non_null(strstr(error.message, message));
	free(list);
}

static void test_all_without_a_list(void **state)
{
	(void)state;
	const struct pf_variant **order = pf_variants_in_order();
	assert_int_equal(pf_journey_choose(NULL, 3, &list, &count, &error), PF_OK);
	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(list[i].variant, order[i]);
		bool many = order[i]->caps & PF_CAP_WORKERS;
		assert_int_equal(list[i].workers, many ? 3 : 1);
	}
	assert_null(order[count]);
	free(list);
	free(order);
}

static void test_listed(void **state)
{
	(void)state;
	check("parallel", "parallel");
	check("parallel,double-load", "double-load parallel"); /* parents before children */
	check("null,parallel:workers=2,single-load", "single-load parallel:workers=2 null");
	check("parallel:workers=4,parallel,parallel:workers=1",
	      "parallel:workers=4 parallel parallel:workers=1");
	check("parallel:workers=4,workers=2,double-load", "double-load parallel:workers=4,workers=2");
}

static void test_refused(void **state)
{
	(void)state;
	refuse("paralel", "there is no variant \"paralel\"");
	refuse("parallel,", "there is no variant \"\"");
	refuse("parallel,,null", "there is no variant \"\"");
	refuse("null,null", "\"null\" stands twice");
	refuse("parallel:workers=0", "whole number");
	refuse("workers=2", "there is no variant \"workers=2\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_without_a_list),
		cmocka_unit_test(test_listed),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
