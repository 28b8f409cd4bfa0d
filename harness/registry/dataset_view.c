#include "harness/registry/dataset_view.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "photofinish/file.h"

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

void pf_view_close(char view[PF_VIEW_PATH_MAX])
{
	if (view[0]) {
		nftw(view, make_writable, 16, FTW_PHYS);
		nftw(view, remove_entry, 16, FTW_PHYS | FTW_DEPTH);
	}
	view[0] = '\0';
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
	snprintf(view, PF_VIEW_PATH_MAX, "%s/photofinish-XXXXXX",
		 temporary && temporary[0] == '/' ? temporary : "/tmp");
	if (!mkdtemp(view)) {
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
