/* A dataset as bytes that another process of this program takes over without parsing: the time to a first
 * result must not grow with the photos that come after it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/dataset/dataset_storage.h"

#define MAGIC UINT64_C(0x31676d6974616470)

/* Then name, root, entries (`path` is where it begins in the paths) and paths, each path and text with its
 * end. */
typedef struct image {
	uint64_t magic, entry_bytes, count, path_bytes, name_bytes, root_bytes;
} image;

pf_status pf_dataset_pack(const pf_dataset *dataset, FILE *stream)
{
	image head = {
		.magic = MAGIC,
		.entry_bytes = sizeof(pf_dataset_photo),
		.count = dataset->count,
		.name_bytes = strlen(dataset->name) + 1,
		.root_bytes = strlen(dataset->root) + 1,
	};
	for (size_t i = 0; i < dataset->count; i++) {
		head.path_bytes += strlen(dataset->photos[i].path) + 1;
	}
	fwrite(&head, sizeof head, 1, stream);
	fwrite(dataset->name, head.name_bytes, 1, stream);
	fwrite(dataset->root, head.root_bytes, 1, stream);
	uintptr_t begin = 0;
	for (size_t i = 0; i < dataset->count; i++) {
		pf_dataset_photo photo = dataset->photos[i];
		photo.path = (const char *)begin; /* NOLINT(performance-no-int-to-ptr) */
		begin += strlen(dataset->photos[i].path) + 1;
		fwrite(&photo, sizeof photo, 1, stream);
	}
	for (size_t i = 0; i < dataset->count; i++) {
		fwrite(dataset->photos[i].path, strlen(dataset->photos[i].path) + 1, 1, stream);
	}
	return fflush(stream) || ferror(stream) ? PF_ERR_IO : PF_OK;
}

static bool read_at(int fd, void *to, size_t bytes, off_t *offset)
{
	bool all = pread(fd, to, bytes, *offset) == (ssize_t)bytes;
	*offset += (off_t)bytes;
	return all;
}

/* In portions, so that what was read does not add up to this process's resident size. */
static bool read_photos(int fd, pf_dataset *dataset, const image *head, off_t offset)
{
	enum { PORTION = 256 };
	off_t paths_at = offset + (off_t)(head->count * sizeof(pf_dataset_photo));
	for (size_t used = 0; used < head->path_bytes;) {
		size_t rest = head->path_bytes - used, bytes = rest < 65536 ? rest : 65536;
		if (!read_at(fd, dataset->paths + used, bytes, &paths_at)) {
			return false;
		}
		used += bytes;
		pf_dataset_let_go(dataset, PORTION - 1);
	}
	if (head->path_bytes && dataset->paths[head->path_bytes - 1] != '\0') {
		return false;
	}
	dataset->path_used = head->path_bytes;
	while (dataset->count < head->count) {
		size_t rest = head->count - dataset->count, photos = rest < PORTION ? rest : PORTION;
		pf_dataset_photo *first = &dataset->photos[dataset->count];
		if (!read_at(fd, first, photos * sizeof *first, &offset)) {
			return false;
		}
		for (size_t i = 0; i < photos; i++) {
			uintptr_t begin = (uintptr_t)first[i].path;
			unsigned char hashed; /* a bool that is neither may not even be looked at */
			memcpy(&hashed, &first[i].hashed, sizeof hashed);
			if (begin >= head->path_bytes || hashed > 1) {
				return false;
			}
			first[i].path = dataset->paths + begin;
		}
		dataset->count += photos;
		pf_dataset_let_go(dataset, dataset->count - 1);
	}
	return true;
}

static bool is_whole(const image *head, const struct stat *info)
{
	uint64_t bytes = 0, entries;
	return head->magic == MAGIC && head->entry_bytes == sizeof(pf_dataset_photo) && head->name_bytes &&
	       head->root_bytes && !__builtin_mul_overflow(head->count, head->entry_bytes, &entries) &&
	       !__builtin_add_overflow(sizeof *head, head->name_bytes, &bytes) &&
	       !__builtin_add_overflow(bytes, head->root_bytes, &bytes) &&
	       !__builtin_add_overflow(bytes, entries, &bytes) &&
	       !__builtin_add_overflow(bytes, head->path_bytes, &bytes) && bytes == (uint64_t)info->st_size;
}

pf_status pf_dataset_unpack(int fd, pf_dataset **out, pf_error *error)
{
	image head = {0};
	off_t offset = 0;
	struct stat info;
	if (fstat(fd, &info) || !read_at(fd, &head, sizeof head, &offset) || !is_whole(&head, &info)) {
		return pf_fail(error, PF_ERR_INVALID, NULL, "not a dataset as this program packs it");
	}
	pf_dataset *dataset = calloc(1, sizeof *dataset);
	if (dataset) {
		dataset->name = malloc(head.name_bytes);
		dataset->root = malloc(head.root_bytes);
	}
	if (!dataset || !dataset->name || !dataset->root ||
	    pf_dataset_reserve(dataset, head.count, head.path_bytes) != PF_OK) {
		pf_dataset_free(dataset);
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for %llu photos",
			       (unsigned long long)head.count);
	}
	if (!read_at(fd, dataset->name, head.name_bytes, &offset) ||
	    !read_at(fd, dataset->root, head.root_bytes, &offset) || dataset->name[head.name_bytes - 1] ||
	    dataset->root[head.root_bytes - 1] || !read_photos(fd, dataset, &head, offset)) {
		pf_dataset_free(dataset);
		return pf_fail(error, PF_ERR_INVALID, NULL, "a packed dataset is damaged");
	}
	*out = dataset;
	return PF_OK;
}
