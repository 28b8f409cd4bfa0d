#include "core/nn/onnx_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

pf_status pf_file_view_open(const char *file, uint64_t max_bytes, pf_file_view *view, pf_error *error)
{
	*view = (pf_file_view){0};
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		return pf_fail_errno(error, file, "cannot open the model");
	}
	pf_status status = PF_OK;
	struct stat info;
	if (fstat(fd, &info)) {
		status = pf_fail_errno(error, file, "cannot read the model");
	} else if (!S_ISREG(info.st_mode)) {
		status = pf_fail(error, PF_ERR_NOT_REGULAR, file, "not a regular file");
	} else if (info.st_size == 0) {
		status = pf_fail(error, PF_ERR_EMPTY, file, "the file is empty");
	} else if ((uint64_t)info.st_size > max_bytes) {
		status = pf_fail(error, PF_ERR_TOO_LARGE, file, "the model is larger than %llu MiB",
				 (unsigned long long)(max_bytes >> 20));
	}
	if (status == PF_OK) {
		void *map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (map == MAP_FAILED) {
			status = pf_fail_errno(error, file, "cannot read the model");
		} else {
			*view = (pf_file_view){map, (size_t)info.st_size};
		}
	}
	close(fd);
	return status;
}

void pf_file_view_close(pf_file_view *view)
{
	if (view->bytes) {
		munmap((void *)view->bytes, view->size);
	}
	*view = (pf_file_view){0};
}

/* Without openat2 (old kernels, sandboxes) only plain names are opened, and no links. */
static int open_below(int folder, const char *location)
{
	struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
			       .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
	int fd = (int)syscall(SYS_openat2, folder, location, &how, sizeof how);
	if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
		if (strchr(location, '/')) {
			errno = EXDEV;
			return -1;
		}
		fd = openat(folder, location, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	}
	return fd;
}

static pf_status read_range(int fd, const char *location, uint64_t offset, uint64_t size, void *out,
			    pf_error *error)
{
	struct stat info;
	if (fstat(fd, &info)) {
		return pf_fail_errno(error, location, "cannot read external data");
	}
	if (!S_ISREG(info.st_mode)) {
		return pf_fail(error, PF_ERR_NOT_REGULAR, location, "external data: not a regular file");
	}
	uint64_t there = (uint64_t)info.st_size;
	if (offset > there || size > there - offset) {
		return pf_fail(error, PF_ERR_TRUNCATED, location, "external data end before the tensor does");
	}
	for (uint64_t done = 0; done < size;) {
		ssize_t got = pread(fd, (char *)out + done, size - done, (off_t)(offset + done));
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			return pf_fail(error, PF_ERR_TRUNCATED, location,
				       "external data end before the tensor does");
		}
		done += (uint64_t)got;
	}
	return PF_OK;
}

pf_status pf_external_read(const char *model, const char *location, uint64_t offset, uint64_t size, void *out,
			   pf_error *error)
{
	char *copy = strdup(model);
	if (!copy) {
		return pf_fail(error, PF_ERR_NO_MEMORY, model, "not enough memory");
	}
	int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1;
	free(copy);
	if (folder < 0) {
		return pf_fail_errno(error, model, "cannot open the model's folder");
	}
	pf_status status = PF_OK;
	fd = open_below(folder, location);
	if (fd < 0) {
		status = errno == EXDEV || errno == ELOOP
				 ? pf_fail(error, PF_ERR_OUTSIDE, location,
					   "external data lie outside of the model's folder")
				 : pf_fail_errno(error, location, "cannot open external data");
	} else {
		status = read_range(fd, location, offset, size, out, error);
		close(fd);
	}
	close(folder);
	return status;
}

static bool begins(const uint8_t *bytes, size_t size, const char *with)
{
	size_t length = strlen(with);
	return size >= length && !strncasecmp((const char *)bytes, with, length);
}

pf_status pf_onnx_sniff(const uint8_t *bytes, size_t size, bool malformed, const char *file, pf_error *error)
{
	if (size == 0) {
		return pf_fail(error, PF_ERR_EMPTY, file, "the file is empty");
	}
	if (begins(bytes, size, "\xef\xbb\xbf")) {
		bytes += 3;
		size -= 3;
	}
	/* An ONNX file begins with a field's tag, which may be a line feed: look behind blanks for markup. */
	size_t skip = 0;
	while (skip < size && skip < 256 && strchr(" \t\r\n", bytes[skip]) && bytes[skip]) {
		skip++;
	}
	const char *like = NULL;
	if (begins(bytes + skip, size - skip, "<!DOCTYPE html") ||
	    begins(bytes + skip, size - skip, "<html")) {
		like = "HTML";
	} else if (begins(bytes + skip, size - skip, "<?xml") || begins(bytes + skip, size - skip, "<")) {
		like = "XML";
	} else if (begins(bytes, size, "PK\x03\x04")) {
		like = "a ZIP archive; PyTorch's .pt files are ones";
	} else if (begins(bytes + skip, size - skip, "{\"") || begins(bytes + skip, size - skip, "{\n")) {
		like = "JSON";
	} else if (begins(bytes, size, "version https://git-lfs")) {
		like = "a Git LFS pointer";
	} else if (malformed) {
		size_t text = 0, limit = size < 64 ? size : 64;
		while (text < limit && (bytes[text] >= ' ' || strchr("\t\r\n", bytes[text])) && bytes[text] &&
		       bytes[text] < 0x7f) {
			text++;
		}
		like = text == limit ? "text" : NULL;
	}
	return like ? pf_fail(error, PF_ERR_INVALID, file, "not an ONNX file (it looks like %s)", like)
		    : PF_OK;
}
