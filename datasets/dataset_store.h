/* Where datasets live: HOME/NAME/manifest, and for made ones photos/ and truth.json beside it. HOME is
 * $PHOTOFINISH_DATA, else $XDG_CACHE_HOME/photofinish, else ~/.cache/photofinish. */
#ifndef PF_DATASET_STORE_H
#define PF_DATASET_STORE_H

#include <stdbool.h>

#include "photofinish/dataset.h"

enum { PF_STORE_PATH_MAX = 1024 };

/* The home folder (not created). PF_ERR_NOT_FOUND where no variable tells one, PF_ERR_INVALID if too long. */
pf_status pf_store_home(char path[PF_STORE_PATH_MAX], pf_error *error);

/* A dataset's name: letters, digits, '.', '_', '-', not beginning with '.'; at most 63. */
bool pf_store_name_ok(const char *name);

/* HOME/NAME, and HOME/NAME/file where `file` is not NULL. `home` NULL: pf_store_home. */
pf_status pf_store_path(const char *home, const char *name, const char *file, char path[PF_STORE_PATH_MAX],
			pf_error *error);

/* Opens a dataset by its name in the home folder, or by a path: of a manifest, of a dataset's folder (one
 * that holds a manifest), or of any other folder, which is scanned (nothing hashed). A name wins over a
 * folder of the same name; write "./name" for that. The caller frees *out with pf_dataset_free. */
pf_status pf_store_open(const char *name_or_path, pf_dataset **out, pf_error *error);

/* The manifest that pf_store_open reads; false where there is none. */
bool pf_store_manifest(const char *name_or_path, char path[PF_STORE_PATH_MAX]);

typedef struct pf_store_entry {
	const char *name; /* valid during the visit */
	bool complete;    /* has a manifest; otherwise a make was interrupted */
	bool made;        /* from a spec; otherwise imported */
	size_t photos;    /* 0 where not complete */
	uint64_t bytes;
} pf_store_entry;

/* Visits the datasets of a home folder (NULL: the usual one) in byte order of their names. None is no error.
 */
pf_status pf_store_list(const char *home, void (*visit)(void *context, const pf_store_entry *entry),
			void *context, pf_error *error);

#endif
