#include "harness/audit/audit_alter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/registry/contained_run.h"
#include "photofinish/file.h"

enum { MOST_BYTES = 1 << 30 }; /* of one photo */

struct task {
	const char *file;
	uint64_t seed;
	bool half;
	int fd; /* in memory: an error, then the photo's bytes */
};

/* In the contained process. */
static int alter(void *context)
{
	const struct task *task = context;
	pf_altered altered = {0};
	pf_error why = {0};
	if (pf_photo_alter(task->file, task->seed, task->half, &altered, &why) == PF_OK) {
		why.code = PF_OK;
	}
	bool written = pf_write_all(task->fd, &why, sizeof why) &&
		       pf_write_all(task->fd, altered.bytes, altered.size);
	return written ? 0 : 1;
}

static bool read_all(int fd, void *to, size_t bytes, off_t from)
{
	size_t done = 0;
	while (done < bytes) {
		ssize_t got = TEMP_FAILURE_RETRY(
			pread(fd, (char *)to + done, bytes - done, from + (off_t)done));
		if (got <= 0) {
			return false;
		}
		done += (size_t)got;
	}
	return true;
}

/* What that process left is as hostile as the file. */
static pf_status take(const struct task *task, pf_altered *out, pf_error *error)
{
	struct stat info;
	pf_error why;
	if (fstat(task->fd, &info) || info.st_size < (off_t)sizeof why || info.st_size > MOST_BYTES ||
	    !read_all(task->fd, &why, sizeof why, 0)) {
		return pf_fail(error, PF_ERR_DAMAGED, task->file, "it cannot be altered");
	}
	if (why.code != PF_OK) {
		why.file[sizeof why.file - 1] = why.message[sizeof why.message - 1] = '\0';
		why.code = (unsigned)why.code < PF_STATUS_COUNT ? why.code : PF_ERR_DAMAGED;
		*error = why;
		return why.code;
	}
	size_t size = (size_t)info.st_size - sizeof why;
	*out = (pf_altered){.bytes = malloc(size + 1), .size = size, .capacity = size + 1};
	if (!out->bytes) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for a photo of %zu bytes",
			       size);
	}
	return read_all(task->fd, out->bytes, size, (off_t)sizeof why)
		       ? PF_OK
		       : pf_fail(error, PF_ERR_IO, task->file, "cannot read what was made of it");
}

pf_status pf_audit_alter(const char *file, uint64_t seed, bool half, pf_altered *out, pf_error *error)
{
	struct task task = {file, seed, half, memfd_create("altered", MFD_CLOEXEC)};
	int code = 1;
	*out = (pf_altered){0};
	if (task.fd < 0) {
		return pf_fail_errno(error, NULL, "cannot take memory for a photo");
	}
	pf_status status = pf_contained_run(file, false, alter, &task, &code, error);
	if (status == PF_OK) {
		status = code == 0 ? take(&task, out, error)
				   : pf_fail(error, PF_ERR_NO_MEMORY, file, "not enough memory to alter it");
	}
	close(task.fd);
	return status;
}
