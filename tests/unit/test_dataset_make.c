/* Making datasets: the same bytes every time, resumed after a kill, refused where it must be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "datasets/dataset_import.h"
#include "datasets/dataset_make.h"
#include "datasets/make_journal.h"
#include "photofinish/file.h"
#include "tests/unit/temp_folder.h"

/* What goes between the opening of a journal and its locking; NULL: nothing. Takes the place of the C
 * library's flock. */
static const char *goes_before_lock;

int flock(int fd, int operation)
{
	if (goes_before_lock) {
		unlink(goes_before_lock);
		goes_before_lock = NULL;
	}
	return (int)syscall(SYS_flock, fd, operation);
}

static char home[256], other[256], spec[300];

static const char spec_text[] =
	"name: mini\n"
	"summary: for tests\n"
	"seed: %d\n"
	"photos: 14\n"
	"quality: 90\n"
	"start: \"2026-06-07 10:15:00\"\n"
	"frames_per_second: 10\n"
	"naming: time\n"
	"cameras:\n"
	"  - {make: M, model: One, serial: \"1\", lens: Long, width: %d, height: %d, subseconds: yes}\n"
	"  - {make: M, model: Two, serial: \"2\", lens: Long, width: %d, height: %d, subseconds: yes}\n"
	"sequence:\n"
	"  - {kind: burst, frames: 5, camera: A}\n"
	"  - {kind: burst, frames: 3, camera: B}\n"
	"  - {kind: single}\n"
	"  - {kind: bracket, camera: A}\n"
	"  - {kind: single}\n"
	"motions: [sprint, jump, throw, kick]\n"
	"palettes: [red_white]\n"
	"patterns: [plain, hoops]\n"
	"backgrounds: [stadium, park]\n"
	"mix: {portrait: 40, second_athlete: 50, crowd: 50, frontal: 50, close_up: 10, blur: 100, defocus: "
	"100, exposure: 100, noise: 100}\n";

static void write_spec(int seed, int scale)
{
	char text[2000];
	snprintf(text, sizeof text, spec_text, seed, 160 * scale, 106 * scale, 128 * scale, 96 * scale);
	snprintf(spec, sizeof spec, "%s/mini.yaml", other);
	pf_temp_write(spec, text, strlen(text));
}

static int set_up(void **state)
{
	(void)state;
	pf_temp_make(home);
	pf_temp_make(other);
	write_spec(5, 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pf_temp_remove(home);
	pf_temp_remove(other);
	return 0;
}

static pf_status make_in(const char *where, pf_make_options options, pf_make_report *report, pf_error *error)
{
	memset(error, 0, sizeof *error);
	options.spec = spec;
	options.home = where;
	return pf_dataset_make(&options, report, error);
}

/* Fails unless both folders hold the same files with the same bytes; returns how many. */
static size_t compare_folders(const char *a, const char *b)
{
	DIR *folder = opendir(a);
	size_t count = 0;
	assert_non_null(folder);
	for (struct dirent *e; (e = readdir(folder)) != NULL;) {
		char path_a[700], path_b[700];
		size_t size_a, size_b;
		if (e->d_name[0] == '.') {
			continue;
		}
		snprintf(path_a, sizeof path_a, "%s/%s", a, e->d_name);
		snprintf(path_b, sizeof path_b, "%s/%s", b, e->d_name);
		if (e->d_type == DT_DIR) {
			count += compare_folders(path_a, path_b);
			continue;
		}
		char *bytes_a = pf_temp_read(path_a, &size_a), *bytes_b = pf_temp_read(path_b, &size_b);
		assert_int_equal(size_a, size_b);
		assert_memory_equal(bytes_a, bytes_b, size_a);
		free(bytes_a);
		free(bytes_b);
		count++;
	}
	closedir(folder);
	return count;
}

static void assert_same_datasets(void)
{
	char a[300], b[300];
	snprintf(a, sizeof a, "%s/mini", home);
	snprintf(b, sizeof b, "%s/mini", other);
	assert_int_equal(compare_folders(a, b), 14 + 3); /* photos, manifest, spec, truth.json */
	assert_int_equal(pf_temp_entries(pf_temp_path(a, "photos")), 14);
}

static void test_same_bytes_whatever_the_workers(void **state)
{
	pf_make_report report;
	pf_error error;
	(void)state;
	assert_int_equal(make_in(home, (pf_make_options){.workers = 1}, &report, &error), PF_OK);
	assert_int_equal(report.rendered, 14);
	assert_true(report.pixels > 14 * 12000 && report.core_seconds > 0);
	/* and whatever fresh memory holds */
	mallopt(M_PERTURB, 0x55);
	assert_int_equal(make_in(other, (pf_make_options){.workers = 3}, &report, &error), PF_OK);
	mallopt(M_PERTURB, 0);
	assert_same_datasets();
	assert_int_equal(make_in(other, (pf_make_options){.workers = 3}, &report, &error), PF_OK);
	assert_true(report.already_there);
	assert_int_equal(report.rendered, 0);
}

/* Lines of the journal that are whole. */
static size_t finished(void)
{
	size_t size, lines = 0;
	if (!pf_temp_exists(pf_temp_path(home, "mini/journal"))) {
		return 0;
	}
	char *text = pf_temp_read(pf_temp_path(home, "mini/journal"), &size);
	for (const char *at = text; (at = strstr(at, " ok\n")) != NULL; at++) {
		lines++;
	}
	free(text);
	return lines;
}

/* Makes in a child that is killed with some photos done. */
static void make_and_kill(size_t at_least)
{
	pid_t pid = fork();
	int status;
	assert_true(pid >= 0);
	if (pid == 0) {
		pf_error error;
		make_in(home, (pf_make_options){.workers = 1}, NULL, &error);
		_exit(0);
	}
	while (finished() < at_least && waitpid(pid, &status, WNOHANG) == 0) {
		usleep(500);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_false(pf_temp_exists(pf_temp_path(home, "mini/manifest")));
}

/* The killed maker's workers die with it, a little later. */
static pf_status make_when_unlocked(pf_make_report *report, pf_error *error)
{
	pf_status status = PF_ERR_EXISTS;
	for (int i = 0; i < 6000 && status == PF_ERR_EXISTS; i++) {
		usleep(10000);
		status = make_in(home, (pf_make_options){.workers = 2}, report, error);
	}
	return status;
}

/* What a crash may leave: a photo cut short, and a torn line at the journal's end. */
static void damage(void)
{
	char name[300] = "";
	DIR *folder = opendir(pf_temp_path(home, "mini/photos"));
	assert_non_null(folder);
	for (struct dirent *e; (e = readdir(folder)) != NULL;) {
		size_t length = strlen(e->d_name);
		if (length > 4 && strcmp(e->d_name + length - 4, ".jpg") == 0) {
			snprintf(name, sizeof name, "mini/photos/%s", e->d_name);
		}
	}
	closedir(folder);
	assert_true(name[0] != 0);
	pf_temp_write(pf_temp_path(home, name), "cut", 3);
	FILE *journal = fopen(pf_temp_path(home, "mini/journal"), "a");
	assert_non_null(journal);
	fputs("13 12", journal);
	fclose(journal);
}

static void test_goes_on_after_a_kill(void **state)
{
	pf_make_report report;
	pf_error error;
	(void)state;
	write_spec(5, 4);
	make_and_kill(4);
	damage();
	assert_int_equal(make_when_unlocked(&report, &error), PF_OK);
	assert_true(report.rendered >= 1 && report.rendered <= 11);
	assert_int_equal(make_in(other, (pf_make_options){.workers = 2}, NULL, &error), PF_OK);
	assert_same_datasets();
}

static pid_t first_child(void)
{
	FILE *file = fopen("/proc/thread-self/children", "r");
	int pid = 0;
	if (file) {
		if (fscanf(file, "%d", &pid) != 1) {
			pid = 0;
		}
		fclose(file);
	}
	return pid;
}

static void kill_worker(void *context, const pf_make_progress *progress)
{
	int *left = context;
	pid_t pid = first_child();
	(void)progress;
	if (*left > 0 && pid > 0) {
		(*left)--;
		kill(pid, SIGKILL);
	}
}

static void test_a_dead_worker_is_replaced(void **state)
{
	int deaths = 1;
	pf_error error;
	(void)state;
	pf_make_options options = {.workers = 2, .progress = kill_worker, .context = &deaths};
	/* On a fast machine all may be done before the first look at the workers. */
	for (unsigned i = 0; i < 20 && deaths > 0; i++) {
		write_spec(i + 1, 4);
		options.force = i > 0;
		assert_int_equal(make_in(home, options, NULL, &error), PF_OK);
	}
	assert_int_equal(deaths, 0);
	assert_int_equal(make_in(other, (pf_make_options){.workers = 2}, NULL, &error), PF_OK);
	assert_same_datasets();
	assert_int_equal(first_child(), 0);
}

static void test_refusals(void **state)
{
	pf_make_report report;
	pf_error error;
	(void)state;
	pf_make_options huge = {.keep_free_bytes = (uint64_t)1 << 62};
	assert_int_equal(make_in(home, huge, &report, &error), PF_ERR_NO_SPACE);
	assert_non_null(strstr(error.message, "disk space"));
	assert_int_equal(pf_temp_entries(pf_temp_path(home, "mini/photos")), 0);
	assert_int_equal(make_in(home, (pf_make_options){.workers = 2}, &report, &error), PF_OK);
	write_spec(6, 1);
	assert_int_equal(make_in(home, (pf_make_options){.workers = 2}, &report, &error), PF_ERR_EXISTS);
	assert_non_null(strstr(error.message, "another spec"));
	assert_int_equal(make_in(home, (pf_make_options){.workers = 2, .force = true}, &report, &error),
			 PF_OK);
	assert_int_equal(report.rendered, 14);
	assert_int_equal(pf_temp_entries(pf_temp_path(home, "mini/photos")), 14);
	volatile sig_atomic_t cancel = 1;
	write_spec(7, 1);
	assert_int_equal(make_in(home, (pf_make_options){.force = true, .cancel = &cancel}, &report, &error),
			 PF_ERR_CANCELLED);
	assert_int_equal(first_child(), 0);
	assert_int_equal(make_in(home, (pf_make_options){.name = "../up"}, &report, &error), PF_ERR_USAGE);
}

/* While another make holds the lock, --force removes nothing, and an import puts nothing beside it. */
static void test_force_beside_another(void **state)
{
	pf_make_options force = {.workers = 1, .force = true};
	pf_error error;
	(void)state;
	assert_int_equal(make_in(home, (pf_make_options){.workers = 2}, NULL, &error), PF_OK);
	assert_int_equal(make_in(other, (pf_make_options){.workers = 2}, NULL, &error), PF_OK);
	int journal = -1;
	assert_int_equal(pf_journal_open(pf_temp_path(home, "mini/journal"), &journal, &error), PF_OK);
	write_spec(6, 1);
	assert_int_equal(make_in(home, force, NULL, &error), PF_ERR_EXISTS);
	assert_non_null(strstr(error.message, "another process"));
	assert_int_equal(unlink(pf_temp_path(home, "mini/spec")), 0); /* now it looks like an import */
	pf_import_options import = {
		.folder = pf_temp_path(home, "mini"), .name = "mini", .home = home, .force = true};
	assert_int_equal(pf_dataset_import(&import, NULL, &error), PF_ERR_EXISTS);
	assert_non_null(strstr(error.message, "another process"));
	assert_int_equal(unlink(pf_temp_path(home, "mini/journal")), 0);
	assert_int_equal(unlink(pf_temp_path(other, "mini/spec")), 0);
	close(journal);
	char a[300], b[300];
	snprintf(a, sizeof a, "%s/mini", home);
	snprintf(b, sizeof b, "%s/mini", other);
	assert_int_equal(compare_folders(a, b), 14 + 2);
}

/* Whoever had to wait for a journal that was finished meanwhile holds nothing. */
static void test_a_journal_that_went_is_no_lock(void **state)
{
	pf_error error;
	int first = -1, second = -1, third = -1;
	const char *path = pf_temp_path(home, "journal");
	(void)state;
	assert_int_equal(pf_journal_open(path, &first, &error), PF_OK);
	assert_int_equal(pf_journal_open(path, &second, &error), PF_ERR_EXISTS);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(pf_journal_open(path, &second, &error), PF_OK);
	assert_int_equal(pf_journal_open(path, &third, &error), PF_ERR_EXISTS);
	close(first);
	assert_int_equal(pf_journal_open(path, &third, &error), PF_ERR_EXISTS);
	close(second);
}

/* A make that ends between the opening and the locking of another one takes its journal with it: what is
 * locked then has no name any more, and a third one must not get another lock. */
static void test_a_journal_that_went_before_its_lock(void **state)
{
	pf_error error;
	int first = -1, second = -1;
	char path[300];
	struct stat held, named;
	(void)state;
	snprintf(path, sizeof path, "%s", pf_temp_path(home, "journal-2"));
	goes_before_lock = path;
	assert_int_equal(pf_journal_open(path, &first, &error), PF_OK);
	assert_null(goes_before_lock);
	assert_int_equal(fstat(first, &held), 0);
	assert_int_equal(stat(path, &named), 0);
	assert_true(held.st_ino == named.st_ino);
	assert_int_equal(pf_journal_open(path, &second, &error), PF_ERR_EXISTS);
	close(first);
}

static void write_own(const char *name)
{
	pf_temp_write(pf_temp_path(home, name), "mine", 4);
}

static void assert_own(const char *name)
{
	char *text = pf_temp_read(pf_temp_path(home, name), NULL);
	assert_string_equal(text, "mine");
	free(text);
}

/* A photo's name of the dataset in `other`, with "mini/photos/". */
static void first_photo(char name[300])
{
	DIR *folder = opendir(pf_temp_path(other, "mini/photos"));
	name[0] = '\0';
	assert_non_null(folder);
	for (struct dirent *e; (e = readdir(folder)) != NULL;) {
		if (e->d_name[0] != '.') {
			snprintf(name, 300, "mini/photos/%s", e->d_name);
		}
	}
	closedir(folder);
	assert_true(name[0]);
}

static void test_an_import_keeps_its_photos(void **state)
{
	pf_make_options force = {.workers = 1, .force = true};
	pf_error error;
	char name[300], photos[300];
	(void)state;
	assert_int_equal(make_in(other, (pf_make_options){.workers = 2}, NULL, &error), PF_OK);
	first_photo(name);
	snprintf(photos, sizeof photos, "%s/mini/photos", home);
	assert_int_equal(pf_make_folders(photos, &error), PF_OK);
	write_own("mini/photos/mine.jpg");
	write_own(name);
	pf_import_options import = {.folder = photos, .name = "mini", .home = home};
	assert_int_equal(pf_dataset_import(&import, NULL, &error), PF_OK);
	assert_false(pf_temp_exists(pf_temp_path(home, "mini/journal")));
	assert_int_equal(make_in(home, (pf_make_options){.workers = 1}, NULL, &error), PF_ERR_EXISTS);
	assert_non_null(strstr(error.message, "was imported"));
	assert_int_equal(make_in(home, force, NULL, &error), PF_ERR_EXISTS);
	assert_non_null(strstr(error.message, "no make of this dataset wrote"));
	assert_true(pf_temp_exists(pf_temp_path(home, "mini/manifest"))); /* the import is as it was */
	assert_own(name);
	assert_int_equal(unlink(pf_temp_path(home, name)), 0);
	assert_int_equal(make_in(home, force, NULL, &error), PF_OK);
	assert_own("mini/photos/mine.jpg");
	assert_int_equal(pf_temp_entries(photos), 14 + 1);
	/* Made again from another spec, unfinished or not: what is not a make's own stays. */
	for (int seed = 6; seed < 9; seed++) {
		volatile sig_atomic_t cancel = seed == 7;
		write_spec(seed, seed == 8 ? 2 : 1);
		pf_make_options options = {.workers = 1, .force = true, .cancel = &cancel};
		assert_int_equal(make_in(home, options, NULL, &error), cancel ? PF_ERR_CANCELLED : PF_OK);
		assert_own("mini/photos/mine.jpg");
	}
	assert_int_equal(pf_temp_entries(photos), 14 + 1);
	assert_false(pf_temp_exists(pf_temp_path(home, "mini/manifest.replaced")));
}

/* Of another spec, and killed in the middle: its photos go all the same. */
static void test_an_unfinished_one_is_replaced(void **state)
{
	pf_make_options force = {.workers = 1, .force = true};
	pf_error error;
	pf_status status = PF_ERR_EXISTS;
	(void)state;
	write_spec(5, 4);
	make_and_kill(4);
	write_own("mini/photos/mine.jpg");
	write_spec(6, 1);
	for (int i = 0; i < 200 && status == PF_ERR_EXISTS; i++) {
		usleep(10000);
		status = make_in(home, force, NULL, &error);
	}
	assert_int_equal(status, PF_OK);
	assert_own("mini/photos/mine.jpg");
	assert_int_equal(unlink(pf_temp_path(home, "mini/photos/mine.jpg")), 0);
	assert_int_equal(make_in(other, (pf_make_options){.workers = 2}, NULL, &error), PF_OK);
	assert_same_datasets();
}

static void test_links_are_not_followed(void **state)
{
	pf_make_options plain = {.workers = 1}, force = {.workers = 1, .force = true};
	pf_error error;
	char folder[300], target[300];
	(void)state;
	snprintf(folder, sizeof folder, "%s/mini", home);
	snprintf(target, sizeof target, "%s/elsewhere", other);
	assert_int_equal(pf_make_folders(target, &error), PF_OK);
	assert_int_equal(symlink(target, folder), 0);
	assert_int_equal(make_in(home, plain, NULL, &error), PF_ERR_EXISTS);
	assert_int_equal(pf_temp_entries(target), 0);
	assert_int_equal(make_in(home, force, NULL, &error), PF_OK); /* asked for */
	assert_int_equal(pf_temp_entries(pf_temp_path(target, "photos")), 14);
	assert_int_equal(unlink(folder), 0);
	assert_int_equal(pf_make_folders(folder, &error), PF_OK);
	static const char *const names[] = {"manifest", "spec", "truth.json", "journal"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		assert_int_equal(symlink("../absent", pf_temp_path(folder, names[i])), 0);
		assert_int_equal(make_in(home, plain, NULL, &error), PF_ERR_EXISTS);
		assert_non_null(strstr(error.message, "a link"));
	}
	assert_int_equal(make_in(home, force, NULL, &error), PF_OK);
	assert_false(pf_temp_exists(pf_temp_path(home, "absent")));
	assert_int_equal(pf_temp_entries(folder), 4); /* photos, manifest, spec, truth.json */
}

/* A disk that has all but the size of event is too small for it, and is left as it was. */
static void test_event_needs_its_space(void **state)
{
	pf_make_report report;
	pf_error error;
	struct statvfs fs;
	(void)state;
	assert_int_equal(statvfs(home, &fs), 0);
	uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	static const struct {
		const char *name;
		uint64_t bytes; /* at least as much as it needs */
	} specs[] = {{"event", 150000000000}, {"heavy", 1000000000}, {"event-small", 1000000000}};
	for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
		uint64_t less = specs[i].bytes < free_bytes ? free_bytes - specs[i].bytes : 0;
		pf_make_options options = {.spec = specs[i].name, .home = home, .keep_free_bytes = less};
		assert_int_equal(pf_dataset_make(&options, &report, &error), PF_ERR_NO_SPACE);
		assert_non_null(strstr(error.message, "disk space"));
		char photos[64];
		snprintf(photos, sizeof photos, "%s/photos", specs[i].name);
		assert_int_equal(pf_temp_entries(pf_temp_path(home, photos)), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_same_bytes_whatever_the_workers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_goes_on_after_a_kill, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_dead_worker_is_replaced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_force_beside_another, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_journal_that_went_before_its_lock, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_journal_that_went_is_no_lock, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_an_import_keeps_its_photos, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_an_unfinished_one_is_replaced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_links_are_not_followed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_event_needs_its_space, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
