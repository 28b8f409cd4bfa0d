#include "harness/export/best_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "photofinish/file.h"

struct filling {
	const char *folder;
	const pf_dataset *dataset;
	pf_best_report *report;
	void (*told)(const pf_error *error);
	pf_error first;
};

static pf_status copy_bytes(int from, FILE *to, const char *target, pf_error *error)
{
	char buffer[1 << 16];
	for (;;) {
		ssize_t got = read(from, buffer, sizeof buffer);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return pf_fail_errno(error, target, "cannot read the photo");
		}
		if (got == 0) {
			return PF_OK;
		}
		if (fwrite(buffer, 1, (size_t)got, to) != (size_t)got) {
			return pf_fail_errno(error, target, "cannot write");
		}
	}
}

static pf_status copy(int from, const char *target, pf_error *error)
{
	pf_new_file file;
	pf_status status = pf_new_file_open(&file, target, error);
	if (status != PF_OK) {
		return status;
	}
	status = copy_bytes(from, file.stream, target, error);
	if (status != PF_OK) {
		pf_new_file_abandon(&file);
		return status;
	}
	return pf_new_file_commit(&file, false, error);
}

/* True if both have the same bytes. */
static bool same_bytes(int photo, const char *target)
{
	char a[1 << 14], b[1 << 14];
	bool same = true;
	int other = open(target, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	off_t at = 0;
	for (ssize_t got = 1; other >= 0 && same && got > 0; at += got) {
		got = pread(photo, a, sizeof a, at);
		same = got >= 0 && pread(other, b, sizeof b, at) == got && memcmp(a, b, (size_t)got) == 0;
	}
	if (other >= 0) {
		close(other);
	}
	return other >= 0 && same;
}

static pf_status place(int photo, const char *target, pf_best_report *report, pf_error *error)
{
	char source[64];
	snprintf(source, sizeof source, "/proc/self/fd/%d", photo);
	/* The descriptor and not the name: what was opened is inside of the dataset's folder. */
	if (linkat(AT_FDCWD, source, AT_FDCWD, target, AT_SYMLINK_FOLLOW) == 0) {
		report->linked++;
		return PF_OK;
	}
	pf_status status = errno == EEXIST ? PF_ERR_EXISTS : copy(photo, target, error);
	if (status == PF_ERR_EXISTS) {
		if (same_bytes(photo, target)) {
			report->present++;
			return PF_OK;
		}
		return pf_fail(error, PF_ERR_EXISTS, target, "another file is there; it is not replaced");
	}
	report->copied += status == PF_OK;
	return status;
}

static pf_status put(const struct filling *filling, size_t index, pf_error *error)
{
	char target[PATH_MAX], parent[PATH_MAX];
	int photo;
	uint64_t size;
	if (snprintf(target, sizeof target, "%s/%s", filling->folder, filling->dataset->photos[index].path) >=
	    (int)sizeof target) {
		return pf_fail(error, PF_ERR_INVALID, filling->folder, "the path is too long");
	}
	memcpy(parent, target, strlen(target) + 1);
	pf_status status = pf_make_folders(dirname(parent), error);
	if (status == PF_OK) {
		status = pf_dataset_open(filling->dataset, index, &photo, &size, error);
	}
	if (status == PF_OK) {
		status = place(photo, target, filling->report, error);
		close(photo);
	}
	return status;
}

static pf_status take(void *context, size_t index, pf_error *error)
{
	struct filling *filling = context;
	pf_error why = {0};
	pf_status status = put(filling, index, &why);
	(void)error;
	if (status != PF_OK) {
		filling->first = filling->report->failed++ ? filling->first : why;
		filling->told(&why);
	}
	return PF_OK;
}

pf_status pf_best_folder_fill(const char *folder, const pf_outcomes *outcomes, const pf_dataset *dataset,
			      void (*told)(const pf_error *error), pf_best_report *report, pf_error *error)
{
	struct filling filling = {.folder = folder, .dataset = dataset, .report = report, .told = told};
	*report = (pf_best_report){0};
	pf_status status = pf_make_folders(folder, error);
	status = status == PF_OK ? pf_outcomes_each_best(outcomes, take, &filling, error) : status;
	if (status == PF_OK && report->failed) {
		*error = filling.first;
		status = filling.first.code;
	}
	return status;
}
