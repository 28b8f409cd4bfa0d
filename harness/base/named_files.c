#include "harness/base/named_files.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "harness/base/output.h"
#include "photofinish/file.h"

enum { LINKS_MOST = 40 };

/* Which file a path leads to. */
struct place {
	bool there;
	dev_t device;
	ino_t inode;
	mode_t mode;
	bool keeps_nothing;
	char path[PATH_MAX]; /* where it will be; "" if it is there, or its folder is not */
};

/* /dev/null, /dev/full and their kind: Linux's memory devices. */
static bool is_null(const struct stat *info)
{
	return S_ISCHR(info->st_mode) && major(info->st_rdev) == 1;
}

static void locate_descriptor(int fd, struct place *place)
{
	struct stat info;
	*place = (struct place){0};
	place->there = fstat(fd, &info) == 0;
	if (place->there) {
		place->device = info.st_dev;
		place->inode = info.st_ino;
		place->mode = info.st_mode;
		place->keeps_nothing = is_null(&info);
	}
}

/* Follows a link to nothing by one step; false where `path` is none. */
static bool follow(char path[PATH_MAX])
{
	char target[PATH_MAX], joined[2 * PATH_MAX];
	ssize_t length = readlink(path, target, sizeof target - 1);
	if (length <= 0) {
		return false;
	}
	target[length] = '\0';
	const char *slash = strrchr(path, '/');
	int folder = target[0] == '/' || !slash ? 0 : (int)(slash - path) + 1;
	snprintf(joined, sizeof joined, "%.*s%s", folder, path, target);
	if (strlen(joined) >= PATH_MAX) {
		return false;
	}
	memcpy(path, joined, strlen(joined) + 1);
	return true;
}

/* The canonical path of a file that is not there yet; "" where its folder is not there either. */
static void locate_absent(const char *named, char out[PATH_MAX])
{
	char path[PATH_MAX], folder[PATH_MAX], real[PATH_MAX];
	out[0] = '\0';
	if (snprintf(path, sizeof path, "%s", named) >= (int)sizeof path) {
		return;
	}
	for (int i = 0; i < LINKS_MOST && follow(path); i++) {
	}
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 2, slash ? path : "./");
	if (!realpath(folder, real) ||
	    snprintf(out, PATH_MAX, "%s/%s", strcmp(real, "/") == 0 ? "" : real, name) >= PATH_MAX) {
		out[0] = '\0';
	}
}

static void locate(const char *path, struct place *place)
{
	struct stat info;
	if (pf_output_is_stdout(path)) {
		locate_descriptor(STDOUT_FILENO, place);
		return;
	}
	*place = (struct place){0};
	if (stat(path, &info) == 0) {
		place->there = true;
		place->device = info.st_dev;
		place->inode = info.st_ino;
		place->mode = info.st_mode;
		place->keeps_nothing = is_null(&info);
	} else {
		locate_absent(path, place->path);
	}
}

static bool same(const struct place *a, const struct place *b)
{
	if (a->there != b->there || a->keeps_nothing) {
		return false;
	}
	return a->there ? a->device == b->device && a->inode == b->inode
			: a->path[0] && strcmp(a->path, b->path) == 0;
}

/* Two of the command line's own. What is read and not there cannot be overwritten. */
static pf_status compare(const pf_named_file *a, const struct place *at_a, const pf_named_file *b,
			 const struct place *at_b, pf_error *error)
{
	bool apart = (a->read && b->read) || (a->read && !at_a->there) || (b->read && !at_b->there);
	if (apart || !same(at_a, at_b)) {
		return PF_OK;
	}
	const pf_named_file *written = a->read ? b : a, *other = a->read ? a : b;
	if (pf_output_is_stdout(a->path) && pf_output_is_stdout(b->path)) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "only one of %s and %s can go to standard output",
			       a->name, b->name);
	}
	return other->read ? pf_fail(error, PF_ERR_USAGE, written->path,
				     "%s would overwrite %s: it is the same file", written->name, other->name)
			   : pf_fail(error, PF_ERR_USAGE, written->path,
				     "%s and %s cannot go to the same file", written->name, other->name);
}

static pf_status compare_with_photo(const pf_named_file *file, const struct place *place,
				    const pf_dataset *dataset, size_t index, const struct stat *photo,
				    pf_error *error)
{
	const char *path = dataset->photos[index].path;
	size_t root = strlen(dataset->root);
	bool hit = photo ? place->there && photo->st_dev == place->device && photo->st_ino == place->inode
			 : !place->there && strncmp(place->path, dataset->root, root) == 0 &&
				   place->path[root] == '/' && strcmp(place->path + root + 1, path) == 0;
	char shown[256];
	return hit ? pf_fail(error, PF_ERR_USAGE, file->path, "%s would overwrite photo %s of the dataset",
			     file->name, pf_escape(path, shown, sizeof shown))
		   : PF_OK;
}

static pf_status check_photos(const pf_named_file *files, const struct place *places, size_t count,
			      const pf_dataset *dataset, pf_error *error)
{
	pf_status status = PF_OK;
	int root = open(dataset->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; root >= 0 && i < dataset->count && status == PF_OK; i++) {
		struct stat info;
		bool there = fstatat(root, dataset->photos[i].path, &info, 0) == 0;
		for (size_t k = 0; k < count && status == PF_OK; k++) {
			if (files[k].path && !files[k].read) {
				status = compare_with_photo(&files[k], &places[k], dataset, i,
							    there ? &info : NULL, error);
			}
		}
	}
	if (root >= 0) {
		close(root);
	}
	return status;
}

pf_status pf_named_files_check(const pf_named_file *files, size_t count, const pf_dataset *dataset,
			       pf_error *error)
{
	const pf_named_file standard = {.path = "-", .name = "standard output"};
	struct place output, *places = calloc(count + 1, sizeof *places);
	pf_status status = PF_OK;
	bool written = false, printed = true;
	if (!places) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	locate(standard.path, &output);
	for (size_t i = 0; i < count; i++) {
		if (files[i].path) {
			locate(files[i].path, &places[i]);
			written = written || !files[i].read;
			printed = printed && !pf_output_is_stdout(files[i].path);
		}
	}
	for (size_t i = 0; i < count && status == PF_OK; i++) {
		for (size_t k = 0; k < i && files[i].path && status == PF_OK; k++) {
			status = files[k].path ? compare(&files[k], &places[k], &files[i], &places[i], error)
					       : PF_OK;
		}
		if (files[i].path && status == PF_OK && printed && S_ISREG(output.mode)) {
			status = compare(&files[i], &places[i], &standard, &output, error);
		}
	}
	if (status == PF_OK && dataset && written) {
		status = check_photos(files, places, count, dataset, error);
	}
	free(places);
	return status;
}
