#include "datasets/dataset_verify.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct checker {
	const pf_dataset *dataset;
	const pf_verify_options *options;
	pf_verify_report *report;
} checker;

static void tell(checker *c, pf_verify_kind kind, const char *path, const pf_error *why)
{
	size_t *const counts[] = {&c->report->missing, &c->report->changed, &c->report->unreadable,
				  &c->report->extra};
	(*counts[kind])++;
	if (c->options->problem) {
		c->options->problem(c->options->context, kind, path, why);
	}
}

static void check_photo(checker *c, const pf_dataset_photo *photo)
{
	char path[PATH_MAX];
	uint8_t hash[PF_SHA256_BYTES];
	uint64_t size = 0;
	struct stat st;
	pf_error why;
	memset(&why, 0, sizeof why);
	snprintf(path, sizeof path, "%s/%s", c->dataset->root, photo->path);
	if (lstat(path, &st) != 0) {
		pf_fail_errno(&why, path, "cannot find the photo");
		tell(c, errno == ENOENT || errno == ENOTDIR ? PF_VERIFY_MISSING : PF_VERIFY_UNREADABLE,
		     photo->path, &why);
		return;
	}
	if (!photo->hashed) {
		c->report->unhashed++;
		return;
	}
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size != photo->size_bytes) {
		pf_fail(&why, PF_ERR_CHANGED, path, "the photo has %lld bytes, the manifest says %llu",
			(long long)st.st_size, (unsigned long long)photo->size_bytes);
		tell(c, PF_VERIFY_CHANGED, photo->path, &why);
		return;
	}
	pf_status status = pf_file_sha256(path, hash, &size, &why);
	c->report->bytes += size;
	if (status) {
		tell(c, PF_VERIFY_UNREADABLE, photo->path, &why);
	} else if (size != photo->size_bytes || memcmp(hash, photo->sha256, sizeof hash) != 0) {
		pf_fail(&why, PF_ERR_CHANGED, path, "the photo's bytes are not those of the manifest");
		tell(c, PF_VERIFY_CHANGED, photo->path, &why);
	}
}

/* Both lists are sorted: one pass finds what only the folder has. */
static pf_status find_extra(checker *c, pf_error *error)
{
	pf_dataset *there = NULL;
	pf_status status = pf_dataset_scan(c->dataset->root, &there, error);
	size_t i = 0;
	for (size_t k = 0; status == PF_OK && k < there->count; k++) {
		const char *path = there->photos[k].path;
		while (i < c->dataset->count && strcmp(c->dataset->photos[i].path, path) < 0) {
			i++;
		}
		if (i == c->dataset->count || strcmp(c->dataset->photos[i].path, path) != 0) {
			pf_error why;
			memset(&why, 0, sizeof why);
			pf_fail(&why, PF_ERR_CHANGED, path, "the photo is not in the manifest");
			tell(c, PF_VERIFY_EXTRA, path, &why);
		}
	}
	pf_dataset_free(there);
	return status;
}

pf_status pf_dataset_verify(const pf_dataset *dataset, const struct pf_verify_options *options,
			    struct pf_verify_report *report, pf_error *error)
{
	pf_verify_report unused;
	checker c = {dataset, options, report ? report : &unused};
	memset(c.report, 0, sizeof *c.report);
	for (size_t i = 0; i < dataset->count; i++) {
		if (options->cancel && *options->cancel) {
			return pf_fail(error, PF_ERR_CANCELLED, NULL,
				       "stopped on request after %zu of %zu photos", i, dataset->count);
		}
		check_photo(&c, &dataset->photos[i]);
		c.report->checked++;
		if (options->progress) {
			options->progress(options->context, i + 1, dataset->count, c.report->bytes);
		}
	}
	pf_status status = find_extra(&c, error);
	size_t problems = c.report->missing + c.report->changed + c.report->unreadable + c.report->extra;
	if (status == PF_OK && problems > 0) {
		status = pf_fail(error, PF_ERR_CHANGED, dataset->root,
				 "%zu missing, %zu changed, %zu unreadable, %zu extra of %zu photos",
				 c.report->missing, c.report->changed, c.report->unreadable, c.report->extra,
				 dataset->count);
	}
	return status;
}
