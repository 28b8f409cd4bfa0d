/* Verify names each file that is not as it was; import lists a folder without touching it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/dataset_import.h"
#include "datasets/dataset_verify.h"
#include "tests/unit/temp_folder.h"

static char home[256], own[256];
static char told[8][80];
static unsigned told_count;

static int set_up(void **state)
{
	(void)state;
	pf_temp_make(home);
	pf_temp_make(own);
	assert_int_equal(mkdir(pf_temp_path(own, "day1"), 0777), 0);
	pf_temp_write(pf_temp_path(own, "a.jpg"), "first", 5);
	pf_temp_write(pf_temp_path(own, "day1/b.JPG"), "second", 6);
	pf_temp_write(pf_temp_path(own, "day1/c.jpeg"), "third", 5);
	pf_temp_write(pf_temp_path(own, "notes.txt"), "no photo", 8);
	assert_int_equal(mkfifo(pf_temp_path(own, "pipe.jpg"), 0666), 0);
	told_count = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pf_temp_remove(home);
	pf_temp_remove(own);
	return 0;
}

static pf_status import(bool force, pf_import_report *report, pf_error *error)
{
	pf_import_options options = {.folder = own, .name = "mine", .home = home, .force = force};
	return pf_dataset_import(&options, report, error);
}

static void note(void *context, pf_verify_kind kind, const char *path, const pf_error *why)
{
	static const char *const kinds[] = {"missing", "changed", "unreadable", "extra"};
	(void)context;
	assert_true(told_count < 8 && why->message[0]);
	snprintf(told[told_count++], sizeof told[0], "%s %s", kinds[kind], path);
}

static pf_status verify(pf_verify_report *report)
{
	pf_dataset *dataset = NULL;
	pf_error error;
	pf_verify_options options = {.problem = note};
	told_count = 0;
	assert_int_equal(pf_dataset_load(pf_temp_path(home, "mine/manifest"), &dataset, &error), PF_OK);
	pf_status status = pf_dataset_verify(dataset, &options, report, &error);
	pf_dataset_free(dataset);
	return status;
}

static void test_import_and_verify(void **state)
{
	pf_import_report imported;
	pf_verify_report report;
	pf_error error;
	(void)state;
	size_t entries = pf_temp_entries(own);
	assert_int_equal(import(false, &imported, &error), PF_OK);
	assert_int_equal(imported.photos, 4);
	assert_int_equal(imported.unhashed, 1); /* the FIFO, without waiting for a writer */
	assert_int_equal(imported.bytes, 16);
	assert_int_equal(pf_temp_entries(own), entries);
	assert_int_equal(verify(&report), PF_OK);
	assert_int_equal(report.checked, 4);
	assert_int_equal(report.unhashed, 1);
	assert_int_equal(told_count, 0);
}

static void test_names_each_difference(void **state)
{
	pf_import_report imported;
	pf_verify_report report;
	pf_error error;
	(void)state;
	assert_int_equal(import(false, &imported, &error), PF_OK);
	pf_temp_write(pf_temp_path(own, "a.jpg"), "fiRst", 5); /* the same size */
	pf_temp_write(pf_temp_path(own, "day1/c.jpeg"), "third and more", 14);
	pf_temp_write(pf_temp_path(own, "day1/new.jpg"), "fourth", 6);
	assert_int_equal(unlink(pf_temp_path(own, "day1/b.JPG")), 0);
	assert_int_equal(verify(&report), PF_ERR_CHANGED);
	assert_int_equal(told_count, 4);
	assert_string_equal(told[0], "changed a.jpg");
	assert_string_equal(told[1], "missing day1/b.JPG");
	assert_string_equal(told[2], "changed day1/c.jpeg");
	assert_string_equal(told[3], "extra day1/new.jpg");
	assert_int_equal(report.changed, 2);
	assert_int_equal(report.missing, 1);
	assert_int_equal(report.extra, 1);
}

static void test_import_refuses(void **state)
{
	pf_import_report imported;
	pf_error error;
	(void)state;
	volatile sig_atomic_t cancel = 1;
	pf_import_options options = {.folder = own, .name = "mine", .home = home, .cancel = &cancel};
	assert_int_equal(pf_dataset_import(&options, &imported, &error), PF_ERR_CANCELLED);
	assert_int_equal(import(false, &imported, &error), PF_OK);
	assert_int_equal(import(false, &imported, &error), PF_ERR_EXISTS);
	assert_int_equal(import(true, &imported, &error), PF_OK);
	options = (pf_import_options){.folder = own, .name = "no/good", .home = home};
	assert_int_equal(pf_dataset_import(&options, NULL, &error), PF_ERR_USAGE);
	options = (pf_import_options){.folder = home, .name = "empty", .home = home};
	assert_int_equal(pf_dataset_import(&options, NULL, &error), PF_ERR_NOT_FOUND);
}

static void count_entry(void *context, const pf_store_entry *entry)
{
	unsigned *count = context;
	assert_string_equal(entry->name, "mine");
	assert_true(entry->complete && !entry->made && entry->photos == 4 && entry->bytes == 16);
	(*count)++;
}

static void test_store(void **state)
{
	pf_import_report imported;
	pf_dataset *dataset = NULL;
	pf_error error;
	unsigned count = 0;
	char path[PF_STORE_PATH_MAX], expected[PF_STORE_PATH_MAX];
	(void)state;
	assert_int_equal(import(false, &imported, &error), PF_OK);
	assert_int_equal(pf_store_list(home, count_entry, &count, &error), PF_OK);
	assert_int_equal(count, 1);
	setenv("PHOTOFINISH_DATA", home, 1);
	assert_int_equal(pf_store_open("mine", &dataset, &error), PF_OK);
	assert_int_equal(dataset->count, 4);
	assert_true(dataset->photos[0].hashed);
	pf_dataset_free(dataset);
	assert_int_equal(pf_store_open("absent", &dataset, &error), PF_ERR_NOT_FOUND);
	assert_int_equal(pf_store_open(own, &dataset, &error), PF_OK); /* scanned on the fly */
	assert_int_equal(dataset->count, 4);
	assert_false(dataset->photos[0].hashed);
	pf_dataset_free(dataset);
	unsetenv("PHOTOFINISH_DATA");
	setenv("XDG_CACHE_HOME", own, 1);
	assert_int_equal(pf_store_home(path, &error), PF_OK);
	snprintf(expected, sizeof expected, "%s/photofinish", own);
	assert_string_equal(path, expected);
	unsetenv("XDG_CACHE_HOME");
	setenv("HOME", "/somewhere", 1);
	assert_int_equal(pf_store_home(path, &error), PF_OK);
	assert_string_equal(path, "/somewhere/.cache/photofinish");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_import_and_verify, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_names_each_difference, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_import_refuses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_store, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
