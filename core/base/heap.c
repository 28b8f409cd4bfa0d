#include "core/base/heap.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define LARGE_PAGE_BYTES ((uintptr_t)2 << 20)
#define BLOCK_BYTES (30 << 20)    /* below the threshold */
#define MMAP_THRESHOLD (32 << 20) /* the most that glibc takes */
#define KEPT_FREE_BYTES (256 << 20)

enum { BLOCKS = 2 };

static atomic_bool large;

void pf_heap_use_large_pages(void)
{
	void *blocks[BLOCKS];
	atomic_store(&large, true);
	mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD);
	mallopt(M_TRIM_THRESHOLD, KEPT_FREE_BYTES);
	for (unsigned i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(BLOCK_BYTES);
	}
	for (unsigned i = 0; i < BLOCKS; i++) {
		uintptr_t begin = ((uintptr_t)blocks[i] + LARGE_PAGE_BYTES - 1) & ~(LARGE_PAGE_BYTES - 1);
		uintptr_t end = ((uintptr_t)blocks[i] + BLOCK_BYTES) & ~(LARGE_PAGE_BYTES - 1);
		if (blocks[i]) {
			madvise((void *)begin, end - begin, MADV_HUGEPAGE);
			madvise((void *)begin, end - begin, MADV_DONTNEED);
		}
	}
	for (unsigned i = 0; i < BLOCKS; i++) {
		free(blocks[i]);
	}
}

void pf_heap_advise(void *mapping, size_t bytes)
{
	if (atomic_load(&large)) {
		madvise(mapping, bytes, MADV_HUGEPAGE);
	}
}
