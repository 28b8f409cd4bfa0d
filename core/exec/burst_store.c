/* Bursts in shared memory. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/exec/shared_pages.h"
#include "photofinish/crew.h"

/* Of each process: the list, which lies in pages of its own. */
struct pf_burst_store {
	pf_shared_pages pages;
	struct listed *listed;
};

/* The mapping lies at the same address in every process forked after it was made, so pointers into it hold.
 */
struct listed {
	size_t photos_most;
	atomic_size_t photos, count; /* raised last: what lies before them is complete */
	pf_burst *bursts;            /* behind this struct, then the photos */
	uint32_t *order;             /* photos of all bursts, one burst after another */
};

pf_status pf_burst_store_create(size_t photos, pf_burst_store **out, pf_error *error)
{
	size_t bytes = sizeof(struct listed) + photos * (sizeof(pf_burst) + sizeof(uint32_t));
	pf_burst_store *store = calloc(1, sizeof *store);
	*out = NULL;
	if (!store) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for the bursts");
	}
	pf_status status = pf_shared_pages_create(bytes, &store->pages, error);
	if (status != PF_OK) {
		free(store);
		return status;
	}
	struct listed *listed = store->pages.memory;
	listed->photos_most = photos;
	listed->bursts = (pf_burst *)(listed + 1);
	listed->order = (uint32_t *)(listed->bursts + photos);
	store->listed = listed;
	*out = store;
	return PF_OK;
}

void pf_burst_store_destroy(pf_burst_store *store)
{
	if (store) {
		pf_shared_pages_destroy(&store->pages);
		free(store);
	}
}

pf_status pf_burst_store_read_only(pf_burst_store *store, pf_error *error)
{
	return pf_shared_pages_read_only(&store->pages, error);
}

pf_status pf_burst_store_add(pf_burst_store *store, const pf_burst *burst)
{
	size_t before = atomic_load(&store->listed->photos);
	if (burst->count == 0 || burst->count > store->listed->photos_most - before) {
		return PF_ERR_INVALID;
	}
	for (uint32_t i = 0; i < burst->count; i++) {
		if (burst->photos[i] >= store->listed->photos_most) {
			return PF_ERR_INVALID;
		}
	}
	uint32_t *photos = store->listed->order + before;
	memcpy(photos, burst->photos, burst->count * sizeof *photos);
	store->listed->bursts[atomic_load(&store->listed->count)] = (pf_burst){
		.id = burst->id, .count = burst->count, .photos = photos};
	atomic_store(&store->listed->photos, before + burst->count);
	atomic_fetch_add(&store->listed->count, 1);
	return PF_OK;
}

size_t pf_burst_store_count(const pf_burst_store *store)
{
	return atomic_load(&store->listed->count);
}

const uint32_t *pf_burst_store_order(const pf_burst_store *store, size_t *count)
{
	*count = atomic_load(&store->listed->photos);
	return store->listed->order;
}

pf_burst pf_burst_store_get(const pf_burst_store *store, size_t place)
{
	return store->listed->bursts[place];
}

static int longer_first(const void *left, const void *right)
{
	const pf_burst *a = left, *b = right;
	return a->count != b->count ? (a->count < b->count) - (a->count > b->count)
				    : (a->photos > b->photos) - (a->photos < b->photos);
}

void pf_burst_store_longest_first(pf_burst_store *store, size_t last)
{
	size_t count = atomic_load(&store->listed->count), sorted = last < count ? last : count;
	qsort(store->listed->bursts + count - sorted, sorted, sizeof *store->listed->bursts, longer_first);
}
