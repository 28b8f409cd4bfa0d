/* No result overwrites another one, nor what is read: by whatever name, whether it is there or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/named_files.h"
#include "temp_folder.h"

static char folder[256];
static pf_error error;

static int set_up(void **state)
{
	(void)state;
	pf_temp_make(folder);
	pf_temp_write(pf_temp_path(folder, "there"), "a", 1);
	assert_int_equal(link(pf_temp_path(folder, "there"), pf_temp_path(folder, "hard")), 0);
	assert_int_equal(symlink("there", pf_temp_path(folder, "soft")), 0);
	assert_int_equal(symlink("absent", pf_temp_path(folder, "dangling")), 0);
	assert_int_equal(symlink(".", pf_temp_path(folder, "again")), 0);
	assert_int_equal(mkdir(pf_temp_path(folder, "sub"), 0700), 0);
	assert_int_equal(chdir(folder), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assert_int_equal(chdir("/"), 0);
	pf_temp_remove(folder);
	return 0;
}

static pf_status check(const char *a, const char *b, bool read, const pf_dataset *dataset)
{
	const pf_named_file files[] = {{a, "--json", false}, {NULL, "--csv", false}, {b, "--other", read}};
	error = (pf_error){0};
	return pf_named_files_check(files, 3, dataset, &error);
}

static void test_two_names_of_one_file(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{"there", "there", true},
		{"there", "./sub/../there", true},
		{"there", "hard", true},
		{"soft", "there", true},
		{"soft", "again/hard", true},
		{"absent", "./absent", true},
		{"absent", "again/absent", true},
		{"absent", "dangling", true},
		{"again/dangling", "sub/../absent", true},
		{"there", "absent", false},
		{"absent", "sub/absent", false},
		{"absent", "absent2", false},
		{"nowhere/x", "nowhere/y", false}, /* neither can be made: said elsewhere */
		{"/dev/null", "/dev/null", false},
		{"there", NULL, false},
		{"-", "-", true},
		{"-", "there", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool same = check(cases[i].a, cases[i].b, false, NULL) != PF_OK;
		if (same != cases[i].same) {
			fail_msg("%s and %s: %s", cases[i].a, cases[i].b, error.message);
		}
	}
	assert_int_equal(check("there", "hard", false, NULL), PF_ERR_USAGE);
	assert_string_equal(error.message, "--json and --other cannot go to the same file");
	assert_int_equal(check("-", "-", false, NULL), PF_ERR_USAGE);
	assert_string_equal(error.message, "only one of --json and --other can go to standard output");
}

static void test_what_is_read_is_spared(void **state)
{
	(void)state;
	assert_int_equal(check("hard", "there", true, NULL), PF_ERR_USAGE);
	assert_string_equal(error.message, "--json would overwrite --other: it is the same file");
	/* Nothing is lost where nothing is: an id of the history, say. */
	assert_int_equal(check("absent", "absent", true, NULL), PF_OK);
	const pf_named_file both_read[] = {{"there", "--a", true}, {"hard", "--b", true}};
	assert_int_equal(pf_named_files_check(both_read, 2, NULL, &error), PF_OK);
}

static void test_photos_are_spared(void **state)
{
	uint8_t hash[PF_SHA256_BYTES] = {0};
	pf_dataset *dataset = NULL;
	(void)state;
	assert_int_equal(pf_dataset_create("d", folder, &dataset, NULL), PF_OK);
	assert_int_equal(pf_dataset_add(dataset, "there", 1, hash, NULL), PF_OK);
	assert_int_equal(pf_dataset_add(dataset, "sub/gone", 1, hash, NULL), PF_OK);
	assert_int_equal(pf_dataset_sort(dataset, NULL), PF_OK);
	assert_int_equal(check("soft", NULL, false, dataset), PF_ERR_USAGE);
	assert_string_equal(error.message, "--json would overwrite photo there of the dataset");
	assert_int_equal(check(NULL, "again/hard", false, dataset), PF_ERR_USAGE);
	assert_int_equal(check("again/sub/gone", NULL, false, dataset), PF_ERR_USAGE);
	assert_int_equal(check("sub/other", "absent", false, dataset), PF_OK);
	assert_int_equal(check(NULL, "there", true, dataset), PF_OK);
	pf_dataset_free(dataset);
}

/* Calls check with standard output in file `path`. */
static pf_status check_with_output_in(const char *path, const char *a, const char *b)
{
	fflush(stdout);
	int kept = dup(STDOUT_FILENO), to = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(kept >= 0 && to >= 0);
	dup2(to, STDOUT_FILENO);
	pf_status status = check(a, b, false, NULL);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	close(to);
	return status;
}

static void test_what_is_printed_is_spared(void **state)
{
	(void)state;
	assert_int_equal(check_with_output_in("there", "hard", NULL), PF_ERR_USAGE);
	assert_string_equal(error.message, "--json and standard output cannot go to the same file");
	assert_int_equal(check_with_output_in("there", "-", "soft"), PF_ERR_USAGE);
	assert_int_equal(check_with_output_in("there", "-", "absent"), PF_OK);
	assert_int_equal(check_with_output_in("/dev/null", "-", "/dev/null"), PF_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_two_names_of_one_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_read_is_spared, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_photos_are_spared, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_printed_is_spared, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
