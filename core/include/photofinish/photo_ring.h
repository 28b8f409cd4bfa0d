/* Decoded photos in shared memory: a loader decodes ahead into a ring of slots, workers (processes or
 * threads) score from it; and the division of a dataset into chunks. */
#ifndef PHOTOFINISH_PHOTO_RING_H
#define PHOTOFINISH_PHOTO_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/burst.h"
#include "photofinish/image.h"
#include "photofinish/status.h"
#include "photofinish/variant.h"

/* Photos have tickets 0, 1, 2 ... in the order of loading; ticket t lies in slot t modulo the number of
 * slots. Taking a photo makes nobody its owner: it stays until it is given back, so a worker that dies with
 * it leaves it to the one that replaces it. All waits end within 50 ms of what they wait for, even where the
 * one who should have woken them was killed. The memory has no name: it is gone with the last process. */
typedef struct pf_photo_ring pf_photo_ring;

/* Create it before the fork. Slots are of `slot_bytes`, memory is taken as photos are put in.
 * `cancel`, in shared memory, may be NULL; once it is not 0 no function waits any more. */
PF_API pf_status pf_photo_ring_create(uint32_t slots, uint64_t slot_bytes, const atomic_int *cancel,
				      pf_photo_ring **out, pf_error *error);
PF_API void pf_photo_ring_destroy(pf_photo_ring *ring); /* NULL is fine; unmaps this process's view */

/* The loader, one thread, ticket by ticket. Begin waits until the slot is free and lends it to *image for
 * pf_scorer_load; put ends it, with NULL where the photo could not be loaded. Begin gives PF_ERR_EXISTS where
 * a worker has turned to the photo already (go on with the next ticket), PF_ERR_CANCELLED where it is over.
 */
PF_API pf_status pf_photo_ring_begin(pf_photo_ring *ring, uint32_t ticket, pf_image *image);
PF_API void pf_photo_ring_put(pf_photo_ring *ring, uint32_t ticket, const pf_image *image);

/* A worker: true if the photo's planes are in *image, to be read only and until it is given back; waits for a
 * loader that is at it. False: load it yourself, the loader has not come so far (and leaves it out once it is
 * given back), could not load it, or is gone. */
PF_API bool pf_photo_ring_take(pf_photo_ring *ring, uint32_t ticket, pf_image *image);

/* In a worker: the ring can only be read from here on; it tells the variant's own process what to give back.
 */
PF_API pf_status pf_photo_ring_read_only(const pf_photo_ring *ring, pf_error *error);

/* The photo is not needed any more, taken or not; may be called twice. A photo that is done must be recorded
 * as such (pf_result_put) before. */
PF_API void pf_photo_ring_give(pf_photo_ring *ring, uint32_t ticket);

/* Waits until the loader is past the ticket; until every ticket before this one was given back. False where
 * it is over. */
PF_API bool pf_photo_ring_await(pf_photo_ring *ring, uint32_t ticket);
PF_API bool pf_photo_ring_await_given(pf_photo_ring *ring, uint32_t ticket);

/* It is over: ends all waits. */
PF_API void pf_photo_ring_close(pf_photo_ring *ring);

/* Bursts that are loaded together. */
typedef struct pf_chunk {
	size_t first_burst, bursts;
	uint32_t first_ticket, photos;
} pf_chunk;

/* A dataset's bursts in chunks, and its photos in the order of loading. */
typedef struct pf_chunk_plan {
	pf_chunk *chunks;
	size_t count;
	uint32_t most_photos;   /* of one chunk */
	uint32_t *photos;       /* manifest index by ticket */
	uint32_t *tickets;      /* ticket by manifest index */
	uint32_t *chunk_of;     /* chunk by number of the burst */
	uint32_t *first_ticket; /* by number of the burst */
} pf_chunk_plan;

/* Photos of a chunk: `asked`, or where that is 0 a quarter of the dataset, 200 at most; at least 1. */
PF_API uint32_t pf_chunk_photos(int64_t asked, size_t photos);

/* What decoded photos may take: the limit that was set, or half of the memory that is available now. */
PF_API uint64_t pf_memory_budget(const struct pf_env *env);

/* Divides the list, which must outlive the plan: a chunk ends at a whole burst and has at most `photos`,
 * unless its only burst has more. The caller frees *out. */
PF_API pf_status pf_chunk_plan_make(const pf_burst_list *bursts, uint32_t photos, pf_chunk_plan *out,
				    pf_error *error);
PF_API void pf_chunk_plan_free(pf_chunk_plan *plan);

/* What a variant wants of its chunks. */
typedef struct pf_chunk_wish {
	int64_t photos;  /* as for pf_chunk_photos */
	uint32_t copies; /* of a chunk that are in memory at a time */
	bool may_shrink; /* where `photos` is 0: make chunks smaller until they fit */
} pf_chunk_wish;

/* Divides the list so that the chunks keep within pf_memory_budget. PF_ERR_MEMORY_LIMIT says which size would
 * fit; then, too, the caller frees *out. A burst is never divided. */
PF_API pf_status pf_chunk_plan_fit(const struct pf_env *env, const pf_burst_list *bursts, size_t photos,
				   const pf_chunk_wish *wish, pf_chunk_plan *out, pf_error *error);

#endif
