#include "datasets/make_clear.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/make_journal.h"

/* nftw hands nothing through: one clearing at a time, as one make is. */
static struct {
	pf_made_photo *photos; /* sorted by size */
	size_t count;
} known;

static pf_status fail(pf_error *error, const char *path)
{
	return pf_fail_errno(error, path, "cannot remove what the other spec made");
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = ((const pf_made_photo *)a)->size_bytes, y = ((const pf_made_photo *)b)->size_bytes;
	return (x > y) - (x < y);
}

static bool is_known(const char *path, uint64_t size)
{
	uint8_t hash[PF_SHA256_BYTES];
	bool hashed = false;
	size_t low = 0, high = known.count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (known.photos[middle].size_bytes < size) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	for (; low < known.count && known.photos[low].size_bytes == size; low++) {
		hashed = hashed || pf_file_sha256(path, hash, NULL, NULL) == PF_OK;
		if (hashed && memcmp(hash, known.photos[low].sha256, sizeof hash) == 0) {
			return true;
		}
	}
	return false;
}

/* Folders last, and only where nothing is left in them. */
static int remove_known(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)where;
	if (type == FTW_DP) {
		rmdir(path);
		return 0;
	}
	bool ours = type == FTW_F && S_ISREG(st->st_mode) && is_known(path, (uint64_t)st->st_size);
	return ours ? unlink(path) : 0;
}

static pf_status remove_listed(const char *folder, const char *manifest, pf_error *error)
{
	pf_dataset *dataset = NULL;
	pf_error ignored;
	pf_status status = PF_OK;
	if (pf_dataset_load(manifest, &dataset, &ignored) != PF_OK) {
		return PF_OK; /* none, or one that cannot be read: then nothing is known to be the make's */
	}
	for (size_t i = 0; i < dataset->count && status == PF_OK; i++) {
		char path[PF_STORE_PATH_MAX * 2];
		struct stat st;
		snprintf(path, sizeof path, "%s/%s", folder, dataset->photos[i].path);
		bool ours = strncmp(dataset->photos[i].path, "photos/", 7) == 0 && lstat(path, &st) == 0 &&
			    S_ISREG(st.st_mode) && (uint64_t)st.st_size == dataset->photos[i].size_bytes;
		if (ours && unlink(path) != 0) {
			status = fail(error, path);
		}
	}
	pf_dataset_free(dataset);
	return status;
}

static pf_status name_file(const char *folder, const char *name, char path[PF_STORE_PATH_MAX],
			   pf_error *error)
{
	return snprintf(path, PF_STORE_PATH_MAX, "%s/%s", folder, name) < PF_STORE_PATH_MAX
		       ? PF_OK
		       : pf_fail(error, PF_ERR_INVALID, folder, "the path is too long");
}

pf_status pf_make_clear(const char *folder, int journal_fd, pf_error *error)
{
	char photos[PF_STORE_PATH_MAX], manifest[PF_STORE_PATH_MAX], replaced[PF_STORE_PATH_MAX];
	pf_status status = name_file(folder, "photos", photos, error);
	status = status ? status : name_file(folder, "manifest", manifest, error);
	status = status ? status : name_file(folder, PF_MAKE_REPLACED, replaced, error);
	if (status == PF_OK && rename(manifest, replaced) != 0 && errno != ENOENT) {
		status = fail(error, manifest);
	}
	status = status ? status : remove_listed(folder, replaced, error);
	status = status ? status : pf_journal_read_all(journal_fd, &known.photos, &known.count, error);
	if (status == PF_OK) {
		if (known.count) {
			qsort(known.photos, known.count, sizeof *known.photos, by_size);
		}
		if (nftw(photos, remove_known, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT) {
			status = fail(error, photos);
		}
	}
	free(known.photos);
	memset(&known, 0, sizeof known);
	if (status == PF_OK && ftruncate(journal_fd, 0) != 0) {
		status = pf_fail_errno(error, folder, "cannot empty the journal");
	}
	if (status == PF_OK && unlink(replaced) != 0 && errno != ENOENT) {
		status = fail(error, replaced);
	}
	return status;
}
