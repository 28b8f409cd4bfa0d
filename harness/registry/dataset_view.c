#include "harness/registry/dataset_view.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "photofinish/file.h"

#define NAME "photofinish-view-"

/* Folders of this process, locked as long as it lives: what is not is left of one that was killed. */
static int locks[16];
static size_t lock_count;

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
	(void)info;
	(void)place;
	return kind == FTW_DP ? rmdir(path) : unlink(path);
}

/* On the way down, so that folders can be emptied on the way up. */
static int make_writable(const char *path, const struct stat *info, int kind, struct FTW *place)
{
	(void)info;
	(void)place;
	return kind == FTW_D ? chmod(path, 0700) : 0;
}

static int make_read_only(const char *path, const struct stat *info, int kind, struct FTW *place)
{
	(void)info;
	(void)place;
	return kind == FTW_DP ? chmod(path, 0555) : 0;
}

static void remove_view(const char *view)
{
	nftw(view, make_writable, 16, FTW_PHYS);
	nftw(view, remove_entry, 16, FTW_PHYS | FTW_DEPTH);
}

void pf_view_close(char view[PF_VIEW_PATH_MAX])
{
	struct stat own, held;
	if (!view[0]) {
		return;
	}
	bool known = stat(view, &own) == 0;
	remove_view(view);
	for (size_t i = 0; i < lock_count && known; i++) {
		if (fstat(locks[i], &held) == 0 && held.st_ino == own.st_ino && held.st_dev == own.st_dev) {
			close(locks[i]);
			locks[i] = locks[--lock_count];
			break;
		}
	}
	view[0] = '\0';
}

/* The folder, locked; -1: somebody else's, or gone. */
static int lock_view(const char *view)
{
	struct stat named, held;
	int fd = open(view, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	bool own = fd >= 0 && fstat(fd, &held) == 0 && held.st_uid == geteuid() &&
		   flock(fd, LOCK_EX | LOCK_NB) == 0 && lstat(view, &named) == 0 &&
		   named.st_ino == held.st_ino;
	if (fd >= 0 && !own) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Removes what processes that were killed left there. */
static void remove_left(const char *folder)
{
	char view[PF_VIEW_PATH_MAX];
	DIR *stream = opendir(folder);
	for (struct dirent *entry; stream && (entry = readdir(stream));) {
		bool ours = strncmp(entry->d_name, NAME, sizeof NAME - 1) == 0 &&
			    snprintf(view, sizeof view, "%s/%s", folder, entry->d_name) < (int)sizeof view;
		int fd = ours ? lock_view(view) : -1;
		if (fd >= 0) {
			remove_view(view);
			close(fd);
		}
	}
	if (stream) {
		closedir(stream);
	}
}

/* Makes the folder and locks it. One that another process took for left over in between is made again. */
static bool make_view(const char *folder, char view[PF_VIEW_PATH_MAX])
{
	for (int attempt = 0; attempt < 100 && lock_count < sizeof locks / sizeof *locks; attempt++) {
		snprintf(view, PF_VIEW_PATH_MAX, "%s/" NAME "XXXXXX", folder);
		if (!mkdtemp(view)) {
			return false;
		}
		int fd = lock_view(view);
		if (fd >= 0) {
			locks[lock_count++] = fd;
			return true;
		}
	}
	return false;
}

static pf_status add_photo(const pf_dataset *dataset, size_t index, const char *view, pf_error *error)
{
	char link[2 * PATH_MAX], target[2 * PATH_MAX];
	const char *path = dataset->photos[index].path;
	int length = snprintf(link, sizeof link, "%s/dataset/%s", view, path);
	snprintf(target, sizeof target, "%s/%s", dataset->root, path);
	if (length >= PATH_MAX) {
		return pf_fail(error, PF_ERR_INVALID, path, "the path is too long");
	}
	pf_status status = PF_OK;
	if (strchr(path, '/')) {
		char *slash = strrchr(link, '/');
		*slash = '\0';
		status = pf_make_folders(link, error);
		*slash = '/';
	}
	return status == PF_OK && symlink(target, link)
		       ? pf_fail_errno(error, link, "cannot show the photo to the command")
		       : status;
}

static pf_status write_manifest(const pf_dataset *dataset, const char *view, pf_error *error)
{
	char path[PF_VIEW_PATH_MAX + 16];
	snprintf(path, sizeof path, "%s/manifest", view);
	FILE *stream = fopen(path, "we");
	if (!stream) {
		return pf_fail_errno(error, path, "cannot write the manifest");
	}
	pf_dataset_write(dataset, dataset->root, stream);
	return fclose(stream) ? pf_fail_errno(error, path, "cannot write the manifest") : PF_OK;
}

pf_status pf_view_open(const pf_dataset *dataset, char view[PF_VIEW_PATH_MAX], pf_error *error)
{
	const char *temporary = getenv("TMPDIR");
	char folder[PF_VIEW_PATH_MAX + 16];
	temporary = temporary && temporary[0] == '/' ? temporary : "/tmp";
	remove_left(temporary);
	if (!make_view(temporary, view)) {
		pf_status failed = pf_fail_errno(error, view, "cannot make a folder for the command");
		view[0] = '\0';
		return failed;
	}
	snprintf(folder, sizeof folder, "%s/dataset", view);
	pf_status status = mkdir(folder, 0777) ? pf_fail_errno(error, folder, "cannot make the folder")
					       : PF_OK;
	for (size_t i = 0; i < dataset->count && status == PF_OK; i++) {
		status = add_photo(dataset, i, view, error);
	}
	if (status == PF_OK) {
		nftw(folder, make_read_only, 16, FTW_PHYS | FTW_DEPTH);
		status = write_manifest(dataset, view, error);
	}
	if (status != PF_OK) {
		pf_view_close(view);
	}
	return status;
}
