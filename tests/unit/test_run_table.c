/* The journey's table on terminals of several widths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/show/run_table.h"
#include "run_fixture.h"
#include "temp_folder.h"

static char folder[256];
static pf_fixture_run made;

static int make(void **state)
{
	(void)state;
	static const double baseline[] = {46.0, 46.4, 45.9, 0}, parallel[] = {19.2, 19.1, 19.4, 0},
			    null[] = {0.012, 0.013, 0.012, 0}, chunked[] = {27.9, 27.8, 28.1, 0};
	pf_temp_make(folder);
	pf_fixture_run_open(&made, 100);
	pf_fixture_run_stage(pf_fixture_run_add(&made, "double-load", NULL, 1, baseline), PF_STAGE_DECODE,
			     0.6);
	pf_fixture_run_add(&made, "parallel", "double-load", 5000, parallel);
	pf_fixture_run_add(&made, "shared-memory", "chunked", 2, chunked);
	pf_contestant *threaded = pf_fixture_run_add(&made, "threaded", "parallel", 2, NULL);
	threaded->status = PF_RUN_CRASHED;
	snprintf(
		threaded->reason, sizeof threaded->reason,
		"SIGABRT in faces of 2026/IMG_0042.jpg, 7 of 100 photos done (terminate called after throwing an "
		"instance of 'std::out_of_range')");
	pf_contestant *floor = pf_fixture_run_add(&made, "null", NULL, 1, null);
	floor->status = PF_RUN_FLOOR;
	for (size_t i = 0; i < floor->trial_count; i++) {
		floor->trials[i].first_result_ns = 0;
		floor->trials[i].photos_scored = 0;
	}
	made.variants[4].caps = PF_CAP_FLOOR;
	return 0;
}

static int tidy(void **state)
{
	(void)state;
	unsetenv("COLUMNS");
	pf_temp_remove(folder);
	return 0;
}

/* The table for that many columns (0: of no terminal). Freed by the caller. */
static char *print(int columns)
{
	char text[16];
	snprintf(text, sizeof text, "%d", columns);
	setenv("COLUMNS", text, 1);
	FILE *stream = fopen(pf_temp_path(folder, "table"), "we");
	assert_non_null(stream);
	pf_run_print(&made.run, stream);
	assert_int_equal(fclose(stream), 0);
	return pf_temp_read(pf_temp_path(folder, "table"), NULL);
}

static void test_no_line_is_longer_than_the_terminal(void **state)
{
	(void)state;
	for (int columns = 80; columns <= 180; columns += 10) {
		char *text = print(columns);
		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
			if ((int)strlen(line) > columns) {
				fail_msg("%d columns: %s", columns, line);
			}
		}
		free(text);
	}
}

static void test_two_lines_a_step(void **state)
{
	(void)state;
	char *text = print(80);
	static const char *const parts[] = {
		"\nvariant                        time  photos/s  against its parent\n"
		"      against baseline   first result  memory at most  scores\n"
		"double-load            46.1 s +-0.7      2.17  -\n"
		"                 1.00x  4.61 s +-0.07          100 MB  identical\n"
		"parallel x5000 (over)  19.2 s +-0.4      5.20  +140 % (132 to 148)\n"
		"  2.40x (2.32 to 2.48)  1.92 s +-0.04          100 MB  identical\n",
		"\n(over): more workers than cores\n"
		"threaded x2  crashed: SIGABRT in faces of 2026/IMG_0042.jpg, 7 of 100 photos\n"
		"    done (terminate called after throwing an instance of 'std::out_of_range')\n",
		"\nshared-memory changes chunked, which was not run: no ratio.\n",
	};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (!strstr(text, parts[i])) {
			fail_msg("not there: %s\nbut: %s", parts[i], text);
		}
	}
	free(text);
}

static void test_one_line_a_step(void **state)
{
	(void)state;
	static const int widths[] = {0, 200};
	for (size_t i = 0; i < 2; i++) {
		char *text = print(widths[i]);
		assert_non_null(strstr(text, "variant "));
		assert_non_null(strstr(text, "  against its parent  "));
		assert_non_null(strstr(text, "  memory at most  scores\n"));
		assert_null(strstr(text, "  identical  "));
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_line_is_longer_than_the_terminal),
		cmocka_unit_test(test_two_lines_a_step),
		cmocka_unit_test(test_one_line_a_step),
	};
	return cmocka_run_group_tests(tests, make, tidy);
}
