#include "datasets/dataset_remove.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/make_clear.h"
#include "datasets/make_journal.h"

/* With the journal locked. */
static pf_status remove_locked(const char *home, const char *name, const char *folder, int journal_fd,
			       bool *left, pf_error *error)
{
	static const char *const files[] = {"truth.json", "spec", "journal"};
	char path[PF_STORE_PATH_MAX];
	pf_status status = pf_make_clear(folder, journal_fd, error);
	for (size_t i = 0; i < sizeof files / sizeof *files && status == PF_OK; i++) {
		status = pf_store_path(home, name, files[i], path, error);
		if (status == PF_OK && unlink(path) != 0 && errno != ENOENT) {
			status = pf_fail_errno(error, path, "cannot remove");
		}
	}
	if (status == PF_OK && rmdir(folder) != 0) {
		*left = errno == ENOTEMPTY || errno == EEXIST;
		status = *left ? PF_OK : pf_fail_errno(error, folder, "cannot remove");
	}
	return status;
}

pf_status pf_dataset_remove(const char *home, const char *name, bool *left, pf_error *error)
{
	static const char *const marks[] = {"manifest", PF_MAKE_REPLACED, "journal", "spec"};
	char folder[PF_STORE_PATH_MAX], path[PF_STORE_PATH_MAX];
	struct stat info;
	bool known = false;
	int journal_fd = -1;
	*left = false;
	pf_status status = pf_store_path(home, name, NULL, folder, error);
	if (status == PF_OK && lstat(folder, &info) != 0) {
		return pf_fail(error, PF_ERR_NOT_FOUND, folder, "there is no such dataset");
	}
	if (status == PF_OK && !S_ISDIR(info.st_mode)) {
		return pf_fail(error, PF_ERR_INVALID, folder, "no folder, but a link or a file");
	}
	for (size_t i = 0; i < sizeof marks / sizeof *marks && status == PF_OK; i++) {
		status = pf_store_path(home, name, marks[i], path, error);
		known = known || (status == PF_OK && lstat(path, &info) == 0 && S_ISREG(info.st_mode));
	}
	if (status == PF_OK && !known) {
		return pf_fail(error, PF_ERR_INVALID, folder,
			       "no dataset: nothing in it was made or imported");
	}
	status = status ? status : pf_store_path(home, name, "journal", path, error);
	status = status ? status : pf_journal_open(path, &journal_fd, error);
	if (status == PF_OK) {
		status = remove_locked(home, name, folder, journal_fd, left, error);
		close(journal_fd);
	}
	return status;
}
