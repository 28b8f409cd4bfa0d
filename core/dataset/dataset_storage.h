/* Where a dataset's entries and paths lie: memory that is shared across fork and that a process can let go
 * of. An event's manifest takes megabytes; on the heap every worker would have a copy of it in its resident
 * size. */
#ifndef CORE_DATASET_STORAGE_H
#define CORE_DATASET_STORAGE_H

#include "photofinish/dataset.h"

/* Room for `photos` entries in all and `path_bytes` of paths with their ends, so that adding them moves
 * nothing. Memory is taken where it is written. PF_ERR_NO_MEMORY leaves the dataset as it was. */
pf_status pf_dataset_reserve(pf_dataset *dataset, size_t photos, size_t path_bytes);

/* Copies the path behind the others, growing the storage if need be. NULL: no memory. Earlier entries' paths
 * may move: they are set anew. */
const char *pf_dataset_store_path(pf_dataset *dataset, const char *path);

void pf_dataset_storage_free(pf_dataset *dataset);

/* Takes the storage out of this process's resident size: its pages stay, and are mapped again where they are
 * read. Done at every 256th photo that is added or opened: what a process passes by does not add up.
 * Thread-safe. */
void pf_dataset_let_go(const pf_dataset *dataset, size_t index);

#endif
