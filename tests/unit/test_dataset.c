/* Scanning folders, and opening what is in a dataset: never anything outside of it, never waiting. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "photofinish/dataset.h"
#include "temp_folder.h"

static char folder[256]; /* holds "in", the dataset, and "out" beside it */
static char in[300];

static int set_up(void **state)
{
	(void)state;
	pf_temp_make(folder);
	snprintf(in, sizeof in, "%s/in", folder);
	mkdir(in, 0777);
	mkdir(pf_temp_path(folder, "out"), 0777);
	pf_temp_write(pf_temp_path(folder, "out/secret.jpg"), "secret", 6);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pf_temp_remove(folder);
	return 0;
}

static const char *inside(const char *name)
{
	return pf_temp_path(in, name);
}

static void test_scan_lists_photos_only(void **state)
{
	(void)state;
	static const char *const expected[] = {
		"B.JPG",  "a.jpg",    "c.JpEg",         "d.jpe",      "fifo.jpg", "folder.jpg/x.jpg",
		"k.JFIF", "link.jpg", "sub/deep/e.jpg", "z\n\x1b.jpg"};
	pf_error error;
	pf_dataset *dataset;
	mkdir(inside("sub"), 0777);
	mkdir(inside("sub/deep"), 0777);
	mkdir(inside("folder.jpg"), 0777);
	mkdir(inside(".hidden"), 0777);
	static const char *const files[] = {
		"a.jpg",     "B.JPG",         "c.JpEg",         "d.jpe",
		"k.JFIF",    "z\n\x1b.jpg",   "sub/deep/e.jpg", "folder.jpg/x.jpg",
		".f.jpg",    ".hidden/g.jpg", "notes.txt",      "jpg",
		"h.jpg.txt", "i.jpgx"};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		pf_temp_write(inside(files[i]), "0123456789abcdef", i);
	}
	assert_int_equal(mkfifo(inside("fifo.jpg"), 0600), 0);
	assert_int_equal(symlink("../out/secret.jpg", inside("link.jpg")), 0);
	assert_int_equal(symlink("..", inside("sub/loop.jpg")), 0); /* a link to a folder is not followed */
	assert_int_equal(symlink("..", inside("sub/loop")), 0);
	assert_int_equal(pf_dataset_scan(in, &dataset, &error), PF_OK);
	assert_int_equal(dataset->count, sizeof expected / sizeof *expected);
	for (size_t i = 0; i < dataset->count; i++) {
		assert_string_equal(dataset->photos[i].path, expected[i]);
		assert_false(dataset->photos[i].hashed);
	}
	assert_int_equal(dataset->ignored, 4); /* files that are no photos by name */
	assert_int_equal(dataset->linked, 2);
	assert_int_equal(dataset->photos[0].size_bytes, 1);
	assert_int_equal(dataset->photos[4].size_bytes, 0);
	assert_string_equal(dataset->name, in);
	pf_dataset_free(dataset);
}

static void test_scan_of_nothing(void **state)
{
	(void)state;
	pf_error error;
	pf_dataset *dataset;
	assert_int_equal(pf_dataset_scan(in, &dataset, &error), PF_OK);
	assert_int_equal(dataset->count, 0);
	pf_dataset_free(dataset);
	assert_int_equal(pf_dataset_scan(inside("none"), &dataset, &error), PF_ERR_NOT_FOUND);
	pf_temp_write(inside("file"), "", 0);
	assert_int_equal(pf_dataset_scan(inside("file"), &dataset, &error), PF_ERR_INVALID);
}

static void test_scan_ends_in_a_deep_tree(void **state)
{
	(void)state;
	pf_error error;
	pf_dataset *dataset;
	char path[1024];
	int used = snprintf(path, sizeof path, "%s", in);
	for (int depth = 1; depth <= 66; depth++) {
		used += snprintf(path + used, sizeof path - (size_t)used, "/d");
		mkdir(path, 0777);
		pf_status status = pf_dataset_scan(in, &dataset, &error);
		assert_int_equal(status, depth <= 64 ? PF_OK : PF_ERR_INVALID);
		if (status == PF_OK) {
			pf_dataset_free(dataset);
		}
	}
}

/* Runs `check` in a child and returns its exit status: it may change what cannot be changed back. */
static int in_child(int (*check)(void))
{
	int ending;
	pid_t child = fork();
	if (child == 0) {
		_exit(check());
	}
	assert_int_equal(waitpid(child, &ending, 0), child);
	assert_true(WIFEXITED(ending));
	return WEXITSTATUS(ending);
}

static int scan_as_nobody(void)
{
	pf_error error = {0};
	pf_dataset *dataset;
	if (geteuid() == 0 && (setgid(65534) || setuid(65534))) {
		return 1;
	}
	if (pf_dataset_scan(in, &dataset, &error) != PF_OK) {
		return 2;
	}
	int code = dataset->unreadable == 1 && dataset->count == 1 ? 0
								   : 3; /* the rest is listed all the same */
	pf_dataset_free(dataset);
	return code;
}

static int open_as_nobody(void)
{
	pf_error error = {0};
	pf_dataset *dataset;
	int fd;
	uint64_t size;
	if (geteuid() == 0 && (setgid(65534) || setuid(65534))) {
		return 1;
	}
	if (pf_dataset_scan(in, &dataset, &error) != PF_OK || dataset->count != 1) {
		return 2;
	}
	pf_status status = pf_dataset_open(dataset, 0, &fd, &size, &error);
	pf_dataset_free(dataset);
	return status != PF_ERR_IO || error.sys_errno != EACCES ? 3 : 0;
}

static void test_unreadable(void **state)
{
	(void)state;
	chmod(folder, 0755);
	pf_temp_write(inside("a.jpg"), "x", 1);
	chmod(inside("a.jpg"), 0);
	assert_int_equal(in_child(open_as_nobody), 0);
	mkdir(inside("sub"), 0);
	assert_int_equal(in_child(scan_as_nobody), 0);
	chmod(inside("sub"), 0700);
}

static const struct {
	const char *name, *target; /* NULL: made by make_entries */
	pf_status expected;
} entries[] = {
	{"a_plain.jpg", NULL, PF_OK},
	{"b_fifo.jpg", NULL, PF_ERR_NOT_REGULAR},
	{"c_socket.jpg", NULL, PF_ERR_NOT_REGULAR},
	{"d_out_relative.jpg", "../out/secret.jpg", PF_ERR_OUTSIDE},
	{"e_out_absolute.jpg", "/etc/hostname", PF_ERR_OUTSIDE},
	{"f_out_folder.jpg", "../out", PF_ERR_OUTSIDE},
	{"g_device.jpg", "/dev/zero", PF_ERR_OUTSIDE},
	{"h_in.jpg", "a_plain.jpg", PF_OK},
	{"i_in_by_detour.jpg", "sub/../a_plain.jpg", PF_OK},
	{"j_in_absolute.jpg", "@a_plain.jpg", PF_OK},
	{"k_dangling.jpg", "nowhere.jpg", PF_ERR_NOT_FOUND},
	{"l_circle.jpg", "l_circle.jpg", PF_ERR_IO},
	{"m_folder.jpg", "sub", PF_ERR_NOT_REGULAR},
	{"n_neighbour.jpg", "../in-other/x.jpg", PF_ERR_OUTSIDE}, /* shares the root's name as a prefix */
	{"o_proc.jpg", "/proc/self/exe", PF_ERR_OUTSIDE},
	{"through/secret.jpg", NULL, PF_ERR_OUTSIDE}, /* the folder became a link to the outside */
	{"vanished.jpg", NULL, PF_ERR_NOT_FOUND},
};
enum { ENTRIES = sizeof entries / sizeof *entries };

static pf_dataset *make_entries(void)
{
	pf_error error;
	pf_dataset *dataset;
	mkdir(inside("sub"), 0777);
	mkdir(pf_temp_path(folder, "in-other"), 0777);
	pf_temp_write(pf_temp_path(folder, "in-other/x.jpg"), "secret", 6);
	pf_temp_write(inside("a_plain.jpg"), "plain", 5);
	assert_int_equal(mkfifo(inside("b_fifo.jpg"), 0600), 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	assert_true(snprintf(address.sun_path, sizeof address.sun_path, "%s", inside("c_socket.jpg")) <
		    (int)sizeof address.sun_path);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
	close(listener);
	assert_int_equal(symlink("../out", inside("through")), 0);
	assert_int_equal(pf_dataset_create("n", in, &dataset, &error), PF_OK);
	for (int i = 0; i < ENTRIES; i++) {
		const char *target = entries[i].target;
		if (target) {
			target = target[0] == '@' ? inside(target + 1) : target;
			assert_int_equal(symlink(target, inside(entries[i].name)), 0);
		}
		assert_int_equal(pf_dataset_add(dataset, entries[i].name, 5, NULL, &error), PF_OK);
	}
	assert_int_equal(pf_dataset_sort(dataset, &error), PF_OK);
	return dataset;
}

/* 0, or 10 and more: the entry that is opened otherwise than expected. */
static int open_entries(void)
{
	pf_error error;
	pf_dataset *dataset;
	int wrong = 0;
	if (pf_dataset_create("n", in, &dataset, &error) != PF_OK) {
		return 1;
	}
	for (int i = 0; i < ENTRIES; i++) {
		pf_dataset_add(dataset, entries[i].name, 5, NULL, &error);
	}
	alarm(600); /* opening a FIFO may wait for ever */
	for (int i = 0; i < ENTRIES && !wrong; i++) {
		int fd = -1;
		uint64_t size = 99;
		char text[8] = "";
		memset(&error, 0, sizeof error);
		pf_status status = pf_dataset_open(dataset, (size_t)i, &fd, &size, &error);
		wrong = status == entries[i].expected ? 0 : 10 + i;
		if (status == PF_OK &&
		    (size != 5 || read(fd, text, sizeof text) != 5 || strcmp(text, "plain") != 0)) {
			wrong = 60 + i;
		}
		if (status != PF_OK &&
		    (error.code != status || strcmp(error.file, entries[i].name) != 0 || !error.message[0])) {
			wrong = 110 + i;
		}
		if (fd >= 0) {
			close(fd);
		}
	}
	pf_dataset_free(dataset);
	return wrong;
}

/* As on a kernel without openat2: the call fails with ENOSYS. */
static int open_entries_without_openat2(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0)) {
		return 2;
	}
	char how[24] = {0};
	if (syscall(SYS_openat2, AT_FDCWD, ".", how, sizeof how) != -1 || errno != ENOSYS) {
		return 3;
	}
	return open_entries();
}

static void test_opens_what_is_inside_only(void **state)
{
	(void)state;
	pf_dataset_free(make_entries());
	assert_int_equal(in_child(open_entries), 0);
}

static void test_opens_what_is_inside_only_without_openat2(void **state)
{
	(void)state;
	pf_dataset_free(make_entries());
	assert_int_equal(in_child(open_entries_without_openat2), 0);
}

static void test_descriptors_do_not_leak(void **state)
{
	(void)state;
	pf_dataset *dataset = make_entries();
	size_t before = pf_temp_entries("/proc/self/fd");
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < dataset->count; i++) {
			int fd;
			uint64_t size;
			pf_error error;
			if (pf_dataset_open(dataset, i, &fd, &size, &error) == PF_OK) {
				assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
				close(fd);
			}
		}
	}
	assert_int_equal(pf_temp_entries("/proc/self/fd"), before);
	pf_dataset_free(dataset);
	assert_int_equal(pf_dataset_scan(in, &dataset, NULL), PF_OK);
	assert_int_equal(pf_temp_entries("/proc/self/fd"), before);
	pf_dataset_free(dataset);
}

static void test_grows_and_sorts(void **state)
{
	(void)state;
	pf_error error;
	pf_dataset *dataset;
	assert_int_equal(pf_dataset_create("n", in, &dataset, &error), PF_OK);
	for (unsigned i = 0; i < 1000; i++) {
		char name[32];
		snprintf(name, sizeof name, "%03u.jpg", i * 617 % 1000);
		assert_int_equal(pf_dataset_add(dataset, name, i, NULL, &error), PF_OK);
	}
	assert_int_equal(pf_dataset_sort(dataset, &error), PF_OK);
	assert_int_equal(dataset->count, 1000);
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(atoi(dataset->photos[i].path), i);
	}
	assert_int_equal(pf_dataset_add(dataset, "500.jpg", 1, NULL, &error), PF_OK);
	assert_int_equal(pf_dataset_sort(dataset, &error), PF_ERR_INVALID);
	assert_string_equal(error.file, "500.jpg");
	pf_dataset_free(dataset);
	pf_dataset_free(NULL);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(test_scan_lists_photos_only),
		WITH_FOLDER(test_scan_of_nothing),
		WITH_FOLDER(test_scan_ends_in_a_deep_tree),
		WITH_FOLDER(test_unreadable),
		WITH_FOLDER(test_opens_what_is_inside_only),
		WITH_FOLDER(test_opens_what_is_inside_only_without_openat2),
		WITH_FOLDER(test_descriptors_do_not_leak),
		WITH_FOLDER(test_grows_and_sorts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
