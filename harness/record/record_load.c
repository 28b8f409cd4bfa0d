#include "harness/record/record_load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/json_file.h"
#include "harness/record/decision_json.h"
#include "harness/record/record_kind.h"
#include "photofinish/dataset.h"
#include "photofinish/sha256.h"

void pf_record_id(const void *bytes, size_t count, char id[PF_RECORD_ID + 1])
{
	uint8_t digest[PF_SHA256_BYTES];
	char hex[2 * PF_SHA256_BYTES + 1];
	pf_sha256_of(bytes, count, digest);
	pf_sha256_hex(digest, hex);
	memcpy(id, hex, PF_RECORD_ID);
	id[PF_RECORD_ID] = '\0';
}

/* The whole file; the caller frees *bytes. Opening does not wait for the writer of a FIFO. */
static pf_status read_file(const char *path, char **bytes, size_t *count, pf_error *error)
{
	struct stat info;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		return pf_fail_errno(error, path, "cannot open the record");
	}
	pf_status status = PF_OK;
	if (fstat(fd, &info) || !S_ISREG(info.st_mode)) {
		status = pf_fail(error, PF_ERR_INVALID, path, "not a regular file");
	} else if (info.st_size > (off_t)PF_RECORD_MAX_BYTES) {
		status = pf_fail(error, PF_ERR_INVALID, path, "larger than %u MiB: no record of a run",
				 PF_RECORD_MAX_BYTES >> 20);
	}
	size_t size = status == PF_OK ? (size_t)info.st_size : 0, got = 0;
	*bytes = status == PF_OK ? malloc(size + 1) : NULL;
	if (status == PF_OK && !*bytes) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, path, "not enough memory");
	}
	while (status == PF_OK && got < size) {
		ssize_t more = read(fd, *bytes + got, size - got);
		if (more < 0 && errno == EINTR) {
			continue;
		}
		if (more <= 0) {
			status = more ? pf_fail_errno(error, path, "cannot read the record")
				      : pf_fail(error, PF_ERR_INVALID, path, "it shrank while it was read");
			break;
		}
		got += (size_t)more;
	}
	close(fd);
	*count = got;
	return status;
}

static pf_status parse(const char *bytes, size_t count, const char *path, bool run_only, json_t **out,
		       pf_error *error)
{
	json_error_t why;
	json_t *record = pf_json_parse(bytes, count, JSON_REJECT_DUPLICATES, &why);
	if (!record) {
		return why.line < 0 ? pf_fail(error, PF_ERR_INVALID, path, "no record: %s", why.text)
				    : pf_fail(error, PF_ERR_INVALID, path, "not JSON: %s (line %d)", why.text,
					      why.line);
	}
	pf_record_kind kind = pf_record_kind_of(record);
	const char *fault = run_only && kind != PF_RECORD_RUN
				    ? "not the record of a run (schema " PF_RECORD_SCHEMA ")"
			    : kind == PF_RECORD_KINDS ? "no record of photofinish, by its schema"
						      : pf_record_fault(record, kind);
	if (fault) {
		json_decref(record);
		return pf_fail(error, PF_ERR_INVALID, path, "%s", fault);
	}
	if (kind == PF_RECORD_RUN) {
		pf_decisions_complete(record);
	}
	*out = record;
	return PF_OK;
}

static pf_status load(const char *path, bool run_only, json_t **out, char id[PF_RECORD_ID + 1],
		      pf_error *error)
{
	char *bytes = NULL;
	size_t count = 0;
	*out = NULL;
	pf_status status = read_file(path, &bytes, &count, error);
	if (status == PF_OK) {
		status = parse(bytes, count, path, run_only, out, error);
	}
	if (status == PF_OK && id) {
		pf_record_id(bytes, count, id);
	}
	free(bytes);
	return status;
}

pf_status pf_record_load(const char *path, json_t **out, char id[PF_RECORD_ID + 1], pf_error *error)
{
	return load(path, true, out, id, error);
}

pf_status pf_record_load_any(const char *path, json_t **out, char id[PF_RECORD_ID + 1], pf_error *error)
{
	return load(path, false, out, id, error);
}
