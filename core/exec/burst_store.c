/* Bursts in shared memory. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "photofinish/crew.h"

/* The mapping lies at the same address in every process forked after it was made, so pointers into it hold.
 */
struct pf_burst_store {
	size_t bytes, photos_most;
	atomic_size_t photos, count; /* raised last: what lies before them is complete */
	pf_burst *bursts;            /* behind this struct, then the photos */
	uint32_t *order;             /* photos of all bursts, one burst after another */
};

pf_status pf_burst_store_create(size_t photos, pf_burst_store **out, pf_error *error)
{
	size_t bytes = sizeof(pf_burst_store) + photos * (sizeof(pf_burst) + sizeof(uint32_t));
	pf_burst_store *store = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*out = NULL;
	if (store == MAP_FAILED) {
		return pf_fail_errno(error, NULL, "cannot map %zu bytes for the bursts", bytes);
	}
	store->bytes = bytes;
	store->photos_most = photos;
	store->bursts = (pf_burst *)(store + 1);
	store->order = (uint32_t *)(store->bursts + photos);
	*out = store;
	return PF_OK;
}

void pf_burst_store_destroy(pf_burst_store *store)
{
	if (store) {
		munmap(store, store->bytes);
	}
}

pf_status pf_burst_store_add(pf_burst_store *store, const pf_burst *burst)
{
	size_t before = atomic_load(&store->photos);
	if (burst->count == 0 || burst->count > store->photos_most - before) {
		return PF_ERR_INVALID;
	}
	for (uint32_t i = 0; i < burst->count; i++) {
		if (burst->photos[i] >= store->photos_most) {
			return PF_ERR_INVALID;
		}
	}
	uint32_t *photos = store->order + before;
	memcpy(photos, burst->photos, burst->count * sizeof *photos);
	store->bursts[atomic_load(&store->count)] = (pf_burst){
		.id = burst->id, .count = burst->count, .photos = photos};
	atomic_store(&store->photos, before + burst->count);
	atomic_fetch_add(&store->count, 1);
	return PF_OK;
}

size_t pf_burst_store_count(const pf_burst_store *store)
{
	return atomic_load(&store->count);
}

const uint32_t *pf_burst_store_order(const pf_burst_store *store, size_t *count)
{
	*count = atomic_load(&store->photos);
	return store->order;
}

pf_burst pf_burst_store_get(const pf_burst_store *store, size_t place)
{
	return store->bursts[place];
}

static int longer_first(const void *left, const void *right)
{
	const pf_burst *a = left, *b = right;
	return a->count != b->count ? (a->count < b->count) - (a->count > b->count)
				    : (a->photos > b->photos) - (a->photos < b->photos);
}

void pf_burst_store_longest_first(pf_burst_store *store)
{
	qsort(store->bursts, atomic_load(&store->count), sizeof *store->bursts, longer_first);
}
