/* Hashes of photos' files, read by several threads. Nothing of what is in them is looked at. */
#ifndef HARNESS_PHOTO_HASHES_H
#define HARNESS_PHOTO_HASHES_H

#include <stdbool.h>
#include <stdint.h>

#include "photofinish/dataset.h"

typedef struct pf_photo_hash {
	bool wanted; /* in: read it */
	bool known;  /* out: the next two are there; not of files that cannot be read */
	uint8_t sha256[PF_SHA256_BYTES];
	uint64_t bytes;
} pf_photo_hash;

/* `hashes`: one for each photo of the dataset. Threads are at most `threads`. `tick` (may be NULL) is called
 * ten times a second; it returns false to stop, which is PF_ERR_CANCELLED. PF_ERR_NO_MEMORY where not even
 * one thread can be had. */
pf_status pf_photo_hashes_read(const pf_dataset *dataset, pf_photo_hash *hashes, uint32_t threads,
			       bool (*tick)(void *context, size_t done, size_t wanted), void *context,
			       pf_error *error);

#endif
