#include "core/dataset/dataset_storage.h"

#include <string.h>
#include <sys/mman.h>

#define LET_GO_EVERY 256 /* photos: some 25 KB of entries and paths */
#define LEAST_BYTES 65536

/* Moves `used` bytes to a larger shared mapping. */
static bool enlarge(void **memory, size_t *bytes, size_t used, size_t wanted)
{
	if (wanted <= *bytes) {
		return true;
	}
	size_t room = wanted > LEAST_BYTES ? wanted : LEAST_BYTES;
	void *larger = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (larger == MAP_FAILED) {
		return false;
	}
	if (*memory) {
		memcpy(larger, *memory, used);
		munmap(*memory, *bytes);
	}
	*memory = larger;
	*bytes = room;
	return true;
}

static bool enlarge_paths(pf_dataset *dataset, size_t wanted)
{
	void *paths = dataset->paths;
	const char *before = paths;
	if (!enlarge(&paths, &dataset->path_bytes, dataset->path_used, wanted)) {
		return false;
	}
	dataset->paths = paths;
	for (size_t i = 0; i < dataset->count && paths != before; i++) {
		dataset->photos[i].path = dataset->paths + (dataset->photos[i].path - before);
	}
	return true;
}

pf_status pf_dataset_reserve(pf_dataset *dataset, size_t photos, size_t path_bytes)
{
	void *entries = dataset->photos;
	size_t wanted, used = dataset->count * sizeof *dataset->photos;
	if (__builtin_mul_overflow(photos, sizeof *dataset->photos, &wanted) ||
	    !enlarge(&entries, &dataset->photo_bytes, used, wanted)) {
		return PF_ERR_NO_MEMORY;
	}
	dataset->photos = entries;
	return enlarge_paths(dataset, path_bytes) ? PF_OK : PF_ERR_NO_MEMORY;
}

const char *pf_dataset_store_path(pf_dataset *dataset, const char *path)
{
	size_t length = strlen(path) + 1;
	if (dataset->path_bytes - dataset->path_used < length &&
	    !enlarge_paths(dataset, 2 * dataset->path_bytes + length)) {
		return NULL;
	}
	char *copy = memcpy(dataset->paths + dataset->path_used, path, length);
	dataset->path_used += length;
	return copy;
}

void pf_dataset_storage_free(pf_dataset *dataset)
{
	if (dataset->photos) {
		munmap(dataset->photos, dataset->photo_bytes);
	}
	if (dataset->paths) {
		munmap(dataset->paths, dataset->path_bytes);
	}
}

void pf_dataset_let_go(const pf_dataset *dataset, size_t index)
{
	if (index % LET_GO_EVERY == LET_GO_EVERY - 1) {
		madvise(dataset->photos, dataset->photo_bytes, MADV_DONTNEED);
		madvise(dataset->paths, dataset->path_bytes, MADV_DONTNEED);
	}
}
