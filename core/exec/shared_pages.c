#include "core/exec/shared_pages.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "photofinish/file.h"

pf_status pf_shared_pages_map(int fd, uint64_t bytes, pf_shared_pages *out, pf_error *error)
{
	char path[64];
	*out = (pf_shared_pages){.memory = MAP_FAILED, .bytes = bytes, .read_fd = -1};
	if (fd >= 0) {
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		out->read_fd = open(path, O_RDONLY | O_CLOEXEC);
		out->memory = out->read_fd < 0 ? MAP_FAILED
					       : mmap(NULL, bytes, PROT_READ | PROT_WRITE,
						      MAP_SHARED | MAP_NORESERVE, fd, 0);
	}
	if (out->memory != MAP_FAILED) {
		return PF_OK;
	}
	pf_status status = pf_fail_errno(error, NULL, "cannot share %llu bytes between processes",
					 (unsigned long long)bytes);
	if (out->read_fd >= 0) {
		close(out->read_fd);
	}
	*out = (pf_shared_pages){.memory = NULL};
	return status;
}

pf_status pf_shared_pages_create(uint64_t bytes, pf_shared_pages *out, pf_error *error)
{
	int fd = pf_memory_file("pages", bytes);
	pf_status status = pf_shared_pages_map(fd, bytes, out, error);
	if (fd >= 0) {
		close(fd);
	}
	return status;
}

void pf_shared_pages_destroy(const pf_shared_pages *pages)
{
	if (!pages->memory) {
		return;
	}
	munmap(pages->memory, pages->bytes);
	if (pages->read_fd >= 0) {
		close(pages->read_fd);
	}
}

pf_status pf_shared_pages_read_only(pf_shared_pages *pages, pf_error *error)
{
	if (pages->read_fd < 0) {
		return PF_OK;
	}
	if (mmap(pages->memory, pages->bytes, PROT_READ, MAP_SHARED | MAP_FIXED | MAP_NORESERVE,
		 pages->read_fd, 0) == MAP_FAILED) {
		return pf_fail_errno(error, NULL, "cannot give up writing to shared memory");
	}
	close(pages->read_fd);
	pages->read_fd = -1;
	return PF_OK;
}
