#include "harness/gate/gate_elf.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "photofinish/sha256.h"

/* Of a private copy in memory. */
static void blank(uint8_t *bytes, size_t size, const char *root)
{
	size_t length = root ? strlen(root) : 0;
	for (uint8_t *at = bytes, *end = bytes + size;
	     length && (at = memmem(at, (size_t)(end - at), root, length)); at += length) {
		memset(at, ' ', length);
	}
}

static bool is_elf(const uint8_t *bytes, size_t size)
{
	const Elf64_Ehdr *head = (const Elf64_Ehdr *)(const void *)bytes;
	return size >= sizeof *head && memcmp(bytes, ELFMAG, SELFMAG) == 0 && bytes[EI_CLASS] == ELFCLASS64 &&
	       head->e_phentsize == sizeof(Elf64_Phdr) && head->e_phoff <= size &&
	       head->e_phnum <= (size - head->e_phoff) / sizeof(Elf64_Phdr) && head->e_phoff % 8 == 0;
}

static pf_status digest_of(uint8_t *bytes, size_t size, const char *library, const char *root,
			   uint8_t digest[PF_SHA256_BYTES], pf_error *error)
{
	if (!is_elf(bytes, size)) {
		return pf_fail(error, PF_ERR_INVALID, library, "it is no 64-bit shared library");
	}
	const Elf64_Ehdr head = *(const Elf64_Ehdr *)(const void *)bytes;
	pf_sha256 context;
	pf_sha256_begin(&context);
	pf_status status = PF_OK;
	for (size_t i = 0; i < head.e_phnum && status == PF_OK; i++) {
		Elf64_Phdr part;
		memcpy(&part, bytes + head.e_phoff + i * sizeof part, sizeof part);
		if (part.p_type != PT_LOAD || !part.p_filesz) {
			continue;
		}
		if (part.p_offset > size || part.p_filesz > size - part.p_offset) {
			status = pf_fail(error, PF_ERR_INVALID, library, "its parts lie outside of the file");
			break;
		}
		uint8_t *from = bytes + part.p_offset;
		size_t count = part.p_filesz;
		if (part.p_offset == 0 &&
		    count > sizeof head) { /* where tables for linkers lie is no matter */
			from += sizeof head;
			count -= sizeof head;
		}
		blank(from, count, root);
		pf_sha256_add(&context, from, count);
	}
	pf_sha256_end(&context, digest);
	return status;
}

pf_status pf_gate_loaded_digest(const char *library, const char *root, uint8_t digest[PF_SHA256_BYTES],
				pf_error *error)
{
	struct stat info;
	int fd = open(library, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &info)) {
		pf_status status = pf_fail_errno(error, library, "cannot open");
		if (fd >= 0) {
			close(fd);
		}
		return status;
	}
	size_t size = (size_t)info.st_size;
	uint8_t *bytes = size ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) : MAP_FAILED;
	close(fd);
	if (bytes == MAP_FAILED) {
		return pf_fail(error, PF_ERR_INVALID, library, "it is no 64-bit shared library");
	}
	pf_status status = digest_of(bytes, size, library, root, digest, error);
	munmap(bytes, size);
	return status;
}
