#include "datasets/dataset_import.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/make_journal.h"
#include "photofinish/file.h"

/* May the name be taken? */
static pf_status check_target(const pf_import_options *options, char manifest[PF_STORE_PATH_MAX],
			      pf_error *error)
{
	char folder[PF_STORE_PATH_MAX], mark[PF_STORE_PATH_MAX];
	pf_status status = pf_store_path(options->home, options->name, "manifest", manifest, error);
	status = status ? status : pf_store_path(options->home, options->name, "spec", mark, error);
	status = status ? status : pf_store_path(options->home, options->name, NULL, folder, error);
	if (status) {
		return status;
	}
	if (access(mark, F_OK) == 0) {
		return pf_fail(error, PF_ERR_EXISTS, folder,
			       "a dataset of this name was made from a spec; choose another name");
	}
	struct stat st;
	if (lstat(manifest, &st) == 0 && (!options->force || S_ISLNK(st.st_mode))) {
		return pf_fail(
			error, PF_ERR_EXISTS, folder,
			"a dataset of this name was imported already; choose another name, or --force");
	}
	return pf_make_folders(folder, error);
}

/* Copies the scanned list with sizes and hashes. */
static pf_status hash_all(const pf_import_options *options, const pf_dataset *found, pf_dataset *dataset,
			  pf_import_report *report, pf_error *error)
{
	pf_status status = PF_OK;
	for (size_t i = 0; i < found->count && status == PF_OK; i++) {
		uint8_t hash[PF_SHA256_BYTES];
		uint64_t size = 0;
		int fd = -1;
		if (options->cancel && *options->cancel) {
			return pf_fail(error, PF_ERR_CANCELLED, NULL,
				       "stopped on request; nothing was imported");
		}
		/* opening it the dataset's way refuses FIFOs, devices and links that lead out */
		bool hashed = pf_dataset_open(found, i, &fd, &size, NULL) == PF_OK;
		if (hashed) {
			char path[PF_STORE_PATH_MAX * 4];
			close(fd);
			int used = snprintf(path, sizeof path, "%s/%s", found->root, found->photos[i].path);
			hashed = used > 0 && (size_t)used < sizeof path &&
				 pf_file_sha256(path, hash, &size, NULL) == PF_OK;
		}
		size = hashed ? size : 0;
		report->unhashed += !hashed;
		report->bytes += size;
		status = pf_dataset_add(dataset, found->photos[i].path, size, hashed ? hash : NULL, error);
		if (options->progress) {
			options->progress(options->context, i + 1, found->count, report->bytes);
		}
	}
	return status;
}

/* Takes the lock that makes take, too; what stands there may have changed until then. */
static pf_status lock(const pf_import_options *options, char manifest[PF_STORE_PATH_MAX],
		      char journal[PF_STORE_PATH_MAX], int *fd, pf_error *error)
{
	pf_status status = check_target(options, manifest, error);
	status = status ? status : pf_store_path(options->home, options->name, "journal", journal, error);
	status = status ? status : pf_journal_open(journal, fd, error);
	return status ? status : check_target(options, manifest, error);
}

static void unlock(const char *journal, int fd)
{
	struct stat st;
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size == 0) { /* it was made for the lock alone */
		unlink(journal);
	}
	if (fd >= 0) {
		close(fd);
	}
}

pf_status pf_dataset_import(const struct pf_import_options *options, struct pf_import_report *report,
			    pf_error *error)
{
	pf_import_report unused;
	pf_dataset *found = NULL, *dataset = NULL;
	report = report ? report : &unused;
	memset(report, 0, sizeof *report);
	pf_status status = pf_dataset_scan(options->folder, &found, error);
	if (status == PF_OK && found->count == 0) {
		status = pf_fail(error, PF_ERR_NOT_FOUND, options->folder,
				 "no photo (.jpg, .jpeg or .jpe) is in this folder");
	}
	char journal[PF_STORE_PATH_MAX];
	int fd = -1;
	status = status ? status : lock(options, report->manifest, journal, &fd, error);
	status = status ? status : pf_dataset_create(options->name, found->root, &dataset, error);
	status = status ? status : hash_all(options, found, dataset, report, error);
	status = status ? status : pf_dataset_sort(dataset, error);
	status = status ? status : pf_dataset_save(dataset, report->manifest, error);
	if (status == PF_OK) {
		report->photos = dataset->count;
		report->ignored = found->ignored;
	}
	unlock(journal, fd);
	pf_dataset_free(dataset);
	pf_dataset_free(found);
	return status;
}
