/* Files written all or nothing. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "photofinish/file.h"
#include "temp_folder.h"

static char folder[256];

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

static void check_content(const char *path, const char *expected)
{
	size_t count;
	char *bytes = pf_temp_read(path, &count);
	assert_int_equal(count, strlen(expected));
	assert_string_equal(bytes, expected);
	free(bytes);
}

static pf_status write_new(const char *target, const char *text, bool replace, pf_error *error)
{
	pf_new_file file;
	pf_status status = pf_new_file_open(&file, target, error);
	if (status == PF_OK) {
		fputs(text, file.stream);
		status = pf_new_file_commit(&file, replace, error);
	}
	return status;
}

static void test_appears_complete_or_not_at_all(void **state)
{
	(void)state;
	const char *target = pf_temp_path(folder, "result");
	pf_new_file file;
	pf_error error;
	assert_int_equal(pf_new_file_open(&file, target, &error), PF_OK);
	fputs("first", file.stream);
	fflush(file.stream);
	assert_false(pf_temp_exists(target));
	assert_int_equal(pf_new_file_commit(&file, false, &error), PF_OK);
	check_content(target, "first");
	assert_int_equal(pf_temp_entries(folder), 1);
}

static void test_replaces_only_when_told(void **state)
{
	(void)state;
	const char *target = pf_temp_path(folder, "result");
	pf_error error;
	assert_int_equal(write_new(target, "one", false, &error), PF_OK);
	assert_int_equal(write_new(target, "two", false, &error), PF_ERR_EXISTS);
	assert_string_equal(error.file, target);
	check_content(target, "one");
	assert_int_equal(write_new(target, "three", true, &error), PF_OK);
	check_content(target, "three");
	assert_int_equal(pf_temp_entries(folder), 1);
}

static void test_abandoned_leaves_nothing(void **state)
{
	(void)state;
	const char *target = pf_temp_path(folder, "result");
	pf_temp_write(target, "old", 3);
	pf_new_file file;
	pf_error error;
	assert_int_equal(pf_new_file_open(&file, target, &error), PF_OK);
	fputs("never seen", file.stream);
	pf_new_file_abandon(&file);
	pf_new_file_abandon(&file); /* a second time is fine */
	check_content(target, "old");
	assert_int_equal(pf_temp_entries(folder), 1);
}

/* A disk that is full half-way: the old file stays, no temporary one is left, the error says why. */
static void test_failed_write_keeps_the_old_file(void **state)
{
	(void)state;
	const char *target = pf_temp_path(folder, "result");
	pf_temp_write(target, "old", 3);
	pid_t child = fork();
	if (child == 0) {
		static char block[65536];
		pf_new_file file;
		pf_error error;
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){100000, 100000});
		if (pf_new_file_open(&file, target, &error) != PF_OK) {
			_exit(1);
		}
		for (int i = 0; i < 4; i++) {
			fwrite(block, 1, sizeof block, file.stream);
		}
		if (pf_new_file_commit(&file, true, &error) == PF_OK) {
			_exit(2);
		}
		bool said = strstr(error.message, "cannot write: File too large") &&
			    strcmp(error.file, target) == 0;
		_exit(said ? 0 : 3);
	}
	int ending;
	assert_int_equal(waitpid(child, &ending, 0), child);
	assert_int_equal(ending, 0);
	check_content(target, "old");
	assert_int_equal(pf_temp_entries(folder), 1);
}

static void test_respects_the_umask(void **state)
{
	(void)state;
	const char *target = pf_temp_path(folder, "result");
	pf_error error;
	struct stat info;
	mode_t before = umask(027);
	assert_int_equal(write_new(target, "x", false, &error), PF_OK);
	umask(before);
	assert_int_equal(stat(target, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0640);
}

static void test_folder_that_is_not_there(void **state)
{
	(void)state;
	pf_new_file file;
	pf_error error;
	const char *target = pf_temp_path(folder, "no/such/result");
	assert_int_equal(pf_new_file_open(&file, target, &error), PF_ERR_NOT_FOUND);
	assert_string_equal(error.file, target);
	assert_null(file.stream);
	pf_new_file_abandon(&file);
}

/* Renaming onto a device would replace it by a file: as root, --json /dev/null was the end of /dev/null. */
static void test_devices_and_fifos_are_written_to_not_replaced(void **state)
{
	(void)state;
	const char *fifo = pf_temp_path(folder, "fifo"), *link = pf_temp_path(folder, "link");
	pf_error error;
	struct stat info;
	char got[16] = "";
	assert_int_equal(mkfifo(fifo, 0600), 0);
	int reader = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(write_new(fifo, "hello", true, &error), PF_OK);
	assert_int_equal(read(reader, got, sizeof got), 5);
	assert_string_equal(got, "hello");
	assert_int_equal(write_new(fifo, "hello", false, &error), PF_ERR_EXISTS);
	close(reader);
	assert_int_equal(lstat(fifo, &info), 0);
	assert_true(S_ISFIFO(info.st_mode));
	assert_int_equal(write_new(fifo, "nobody reads", true, &error), PF_ERR_IO);

	/* Devices of this test's own: were the system's replaced, by a defect as root, they would be gone. */
	const char *full = pf_temp_path(folder, "full"), *null = pf_temp_path(folder, "null");
	if (mknod(full, S_IFCHR | 0600, makedev(1, 7)) == 0 &&
	    mknod(null, S_IFCHR | 0600, makedev(1, 3)) == 0) {
		assert_int_equal(symlink("full", link), 0);
		assert_int_equal(write_new(full, "hello", true, &error), PF_ERR_NO_SPACE);
		assert_int_equal(write_new(link, "hello", true, &error), PF_ERR_NO_SPACE);
		assert_int_equal(write_new(null, "hello", true, &error), PF_OK);
		assert_true(lstat(full, &info) == 0 && S_ISCHR(info.st_mode));
		assert_true(lstat(null, &info) == 0 && S_ISCHR(info.st_mode));
		assert_true(lstat(link, &info) == 0 && S_ISLNK(info.st_mode));
		unlink(full);
		unlink(null);
		unlink(link);
	}
	assert_int_equal(pf_temp_entries(folder), 1);
	assert_int_equal(write_new(folder, "hello", true, &error), PF_ERR_IO);
}

/* The file that a link leads to is made anew; the link stays. */
static void test_links_are_followed(void **state)
{
	(void)state;
	pf_error error;
	struct stat info;
	mkdir(pf_temp_path(folder, "other"), 0777);
	const char *file = pf_temp_path(folder, "other/file"), *link = pf_temp_path(folder, "link");
	pf_temp_write(file, "old", 3);
	assert_int_equal(symlink("other/file", link), 0);
	assert_int_equal(write_new(link, "new", true, &error), PF_OK);
	check_content(file, "new");
	assert_true(lstat(link, &info) == 0 && S_ISLNK(info.st_mode));
	assert_int_equal(write_new(link, "newer", false, &error), PF_ERR_EXISTS);
	check_content(file, "new");
	assert_int_equal(pf_temp_entries(pf_temp_path(folder, "other")), 1);
}

static void test_makes_folders(void **state)
{
	(void)state;
	pf_error error;
	struct stat info;
	const char *deep = pf_temp_path(folder, "a/b//c/");
	assert_int_equal(pf_make_folders(deep, &error), PF_OK);
	assert_int_equal(stat(pf_temp_path(folder, "a/b/c"), &info), 0);
	assert_int_equal(pf_make_folders(deep, &error), PF_OK);
	assert_int_equal(pf_make_folders("/", &error), PF_OK);
	assert_int_equal(pf_make_folders(".", &error), PF_OK);
	pf_temp_write(pf_temp_path(folder, "file"), "", 0);
	assert_int_not_equal(pf_make_folders(pf_temp_path(folder, "file"), &error), PF_OK);
	assert_int_not_equal(pf_make_folders(pf_temp_path(folder, "file/x"), &error), PF_OK);
	assert_int_equal(pf_make_folders("", &error), PF_ERR_NOT_FOUND);
	static char long_path[5000];
	memset(long_path, 'x', sizeof long_path - 1);
	assert_int_equal(pf_make_folders(long_path, &error), PF_ERR_INVALID);
}

static void test_memory_files_keep_their_size(void **state)
{
	(void)state;
	struct stat info;
	int fd = pf_memory_file("test", 10000);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 1), -1);
	assert_int_equal(ftruncate(fd, 20000), -1);
	assert_int_equal(fstat(fd, &info), 0);
	assert_int_equal(info.st_size, 10000);
	close(fd);
	assert_int_equal(pf_memory_file("test", UINT64_MAX), -1);
	assert_int_equal(errno, EFBIG);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(test_appears_complete_or_not_at_all),
		WITH_FOLDER(test_replaces_only_when_told),
		WITH_FOLDER(test_abandoned_leaves_nothing),
		WITH_FOLDER(test_failed_write_keeps_the_old_file),
		WITH_FOLDER(test_respects_the_umask),
		WITH_FOLDER(test_folder_that_is_not_there),
		WITH_FOLDER(test_devices_and_fifos_are_written_to_not_replaced),
		WITH_FOLDER(test_links_are_followed),
		WITH_FOLDER(test_makes_folders),
		cmocka_unit_test(test_memory_files_keep_their_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
