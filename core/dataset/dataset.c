#include "photofinish/dataset.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/dataset/dataset_storage.h"

#define MAX_DEPTH 64 /* of folders in a scan */

pf_status pf_dataset_create(const char *name, const char *root, pf_dataset **out, pf_error *error)
{
	char absolute[PATH_MAX];
	if (!realpath(root, absolute)) {
		return pf_fail_errno(error, root, "cannot open the dataset's folder");
	}
	struct stat info;
	if (stat(absolute, &info) || !S_ISDIR(info.st_mode)) {
		return pf_fail(error, PF_ERR_INVALID, root, "not a folder");
	}
	pf_dataset *dataset = calloc(1, sizeof *dataset);
	if (dataset) {
		dataset->name = strdup(name);
		dataset->root = strdup(absolute);
	}
	if (!dataset || !dataset->name || !dataset->root) {
		pf_dataset_free(dataset);
		return pf_fail(error, PF_ERR_NO_MEMORY, root, "not enough memory");
	}
	*out = dataset;
	return PF_OK;
}

void pf_dataset_free(pf_dataset *dataset)
{
	if (!dataset) {
		return;
	}
	pf_dataset_storage_free(dataset);
	free(dataset->name);
	free(dataset->root);
	free(dataset);
}

/* Relative, without empty, "." or ".." parts. */
static bool path_is_plain(const char *path)
{
	for (const char *part = path;; part++) {
		size_t length = strcspn(part, "/");
		if (length == 0 || (length == 1 && part[0] == '.') ||
		    (length == 2 && part[0] == '.' && part[1] == '.')) {
			return false;
		}
		part += length;
		if (!*part) {
			return true;
		}
	}
}

pf_status pf_dataset_add(pf_dataset *dataset, const char *path, uint64_t size_bytes, const uint8_t *sha256,
			 pf_error *error)
{
	if (!path_is_plain(path)) {
		return pf_fail(error, PF_ERR_INVALID, path, "a photo's path must lead down from the root");
	}
	if (strlen(path) >= PATH_MAX) {
		return pf_fail(error, PF_ERR_INVALID, path, "the path is too long");
	}
	if (dataset->count >= UINT32_MAX - 1) {
		return pf_fail(error, PF_ERR_INVALID, path, "too many photos");
	}
	bool full = (dataset->count + 1) * sizeof *dataset->photos > dataset->photo_bytes;
	const char *kept = full && pf_dataset_reserve(dataset, 2 * dataset->count + 1, 0) != PF_OK
				   ? NULL
				   : pf_dataset_store_path(dataset, path);
	if (!kept) {
		return pf_fail(error, PF_ERR_NO_MEMORY, path, "not enough memory");
	}
	pf_dataset_photo *photo = &dataset->photos[dataset->count];
	*photo = (pf_dataset_photo){.path = kept, .size_bytes = size_bytes, .hashed = sha256 != NULL};
	if (sha256) {
		memcpy(photo->sha256, sha256, sizeof photo->sha256);
	}
	pf_dataset_let_go(dataset, dataset->count++);
	return PF_OK;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const pf_dataset_photo *)a)->path, ((const pf_dataset_photo *)b)->path);
}

pf_status pf_dataset_sort(pf_dataset *dataset, pf_error *error)
{
	bool sorted = true; /* as manifests are: sorting takes as much memory again */
	for (size_t i = 1; i < dataset->count && sorted; i++) {
		sorted = by_path(&dataset->photos[i - 1], &dataset->photos[i]) < 0;
		pf_dataset_let_go(dataset, i);
	}
	if (sorted) {
		return PF_OK;
	}
	qsort(dataset->photos, dataset->count, sizeof *dataset->photos, by_path);
	for (size_t i = 1; i < dataset->count; i++) {
		if (by_path(&dataset->photos[i - 1], &dataset->photos[i]) == 0) {
			return pf_fail(error, PF_ERR_INVALID, dataset->photos[i].path,
				       "the path stands twice");
		}
	}
	return PF_OK;
}

static bool named_like_a_photo(const char *name)
{
	const char *dot = strrchr(name, '.');
	return dot && (!strcasecmp(dot, ".jpg") || !strcasecmp(dot, ".jpeg") || !strcasecmp(dot, ".jpe") ||
		       !strcasecmp(dot, ".jfif"));
}

static bool leads_to_folder(int folder, const char *name, const struct stat *info)
{
	struct stat target;
	return S_ISLNK(info->st_mode) && fstatat(folder, name, &target, 0) == 0 && S_ISDIR(target.st_mode);
}

/* Lists one folder; `prefix` is its path below the root, "" or ending in "/". */
static pf_status scan_folder(pf_dataset *dataset, int fd, const char *prefix, int depth, pf_error *error)
{
	pf_status status = PF_OK;
	DIR *folder = fdopendir(fd);
	if (!folder) {
		status = pf_fail_errno(error, prefix, "cannot list the folder");
		close(fd);
		return status;
	}
	if (depth > MAX_DEPTH) {
		closedir(folder);
		return pf_fail(error, PF_ERR_INVALID, prefix, "folders are nested deeper than %d", MAX_DEPTH);
	}
	struct dirent *entry;
	while (status == PF_OK && (errno = 0, entry = readdir(folder))) {
		if (entry->d_name[0] == '.') {
			continue;
		}
		char path[PATH_MAX];
		struct stat info = {0};
		if (fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW)) {
			continue; /* gone since it was listed */
		}
		bool is_folder = S_ISDIR(info.st_mode);
		int length = snprintf(path, sizeof path, "%s%s%s", prefix, entry->d_name,
				      is_folder ? "/" : "");
		if (length >= (int)sizeof path) {
			status = pf_fail(error, PF_ERR_INVALID, prefix, "a path in it is too long");
		} else if (is_folder) {
			int sub = openat(dirfd(folder), entry->d_name,
					 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (sub < 0 && (errno == EACCES || errno == EPERM)) {
				dataset->unreadable++; /* lost+found, somebody else's trash: no reason to stop
							*/
			} else {
				status = sub < 0 ? pf_fail_errno(error, path, "cannot open the folder")
						 : scan_folder(dataset, sub, path, depth + 1, error);
			}
		} else if (leads_to_folder(dirfd(folder), entry->d_name, &info)) {
			dataset->linked++;
		} else if (named_like_a_photo(entry->d_name)) {
			uint64_t size = S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0;
			status = pf_dataset_add(dataset, path, size, NULL, error);
		} else {
			dataset->ignored++;
		}
	}
	if (status == PF_OK && errno) {
		status = pf_fail_errno(error, prefix, "cannot list the folder");
	}
	closedir(folder);
	return status;
}

pf_status pf_dataset_scan(const char *folder, pf_dataset **out, pf_error *error)
{
	pf_dataset *dataset = NULL;
	pf_status status = pf_dataset_create(folder, folder, &dataset, error);
	if (status != PF_OK) {
		return status;
	}
	int fd = open(dataset->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	status = fd < 0 ? pf_fail_errno(error, folder, "cannot open the folder")
			: scan_folder(dataset, fd, "", 0, error);
	if (status == PF_OK) {
		status = pf_dataset_sort(dataset, error);
	}
	if (status != PF_OK) {
		pf_dataset_free(dataset);
		return status;
	}
	*out = dataset;
	return PF_OK;
}

/* See where the path leads before opening what is there (a device may act on being opened): for kernels
 * without openat2, sandboxes that forbid it, and absolute links, which openat2 refuses wherever they lead. */
static int open_checked(const pf_dataset *dataset, const char *path, int flags)
{
	char full[PATH_MAX], link[64], real[PATH_MAX], root[PATH_MAX];
	if (snprintf(full, sizeof full, "%s/%s", dataset->root, path) >= (int)sizeof full) {
		errno = ENAMETOOLONG;
		return -1;
	}
	int place = open(full, O_PATH | O_CLOEXEC);
	if (place < 0) {
		return -1;
	}
	snprintf(link, sizeof link, "/proc/self/fd/%d", place);
	ssize_t length = readlink(link, real, sizeof real - 1);
	real[length > 0 ? length : 0] = '\0';
	size_t root_length = realpath(dataset->root, root) ? strlen(root) : 0;
	bool below = root_length && !strncmp(real, root, root_length) &&
		     (root_length == 1 || real[root_length] == '/');
	int fd = below ? open(link, flags) : -1;
	int number = below ? errno : EXDEV;
	close(place);
	errno = number;
	return fd;
}

static int open_beneath(const pf_dataset *dataset, const char *path)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int root = open(dataset->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0) {
		return -1;
	}
	struct open_how how = {.flags = (uint64_t)flags, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
	int fd = -1, number = EAGAIN;
	/* The kernel says EAGAIN where it could not be sure because of a rename elsewhere at that moment. */
	for (int tries = 0; fd < 0 && number == EAGAIN && tries < 100; tries++) {
		fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
		number = errno;
	}
	close(root);
	errno = number;
	if (fd < 0 && (number == ENOSYS || number == EPERM || number == EXDEV)) {
		fd = open_checked(dataset, path, flags);
	}
	return fd;
}

pf_status pf_dataset_open(const pf_dataset *dataset, size_t index, int *fd, uint64_t *size_bytes,
			  pf_error *error)
{
	pf_dataset_let_go(dataset, index);
	const char *path = dataset->photos[index].path;
	int opened = open_beneath(dataset, path);
	if (opened < 0) {
		switch (errno) {
		case EXDEV:
			return pf_fail(error, PF_ERR_OUTSIDE, path,
				       "the link leads out of the dataset's folder");
		case ENXIO: /* a socket */
			return pf_fail(error, PF_ERR_NOT_REGULAR, path, "not a regular file");
		default:
			return pf_fail_errno(error, path, "cannot open");
		}
	}
	struct stat info;
	if (fstat(opened, &info)) {
		pf_status status = pf_fail_errno(error, path, "cannot stat");
		close(opened);
		return status;
	}
	if (!S_ISREG(info.st_mode)) {
		close(opened);
		return pf_fail(error, PF_ERR_NOT_REGULAR, path, "%s, not a regular file",
			       S_ISFIFO(info.st_mode)  ? "a FIFO"
			       : S_ISDIR(info.st_mode) ? "a folder"
						       : "a device or socket");
	}
	*fd = opened;
	*size_bytes = (uint64_t)info.st_size;
	return PF_OK;
}
