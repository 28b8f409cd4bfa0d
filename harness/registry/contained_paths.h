/* Paths that a process may use once it is contained: a list that grows. */
#ifndef HARNESS_CONTAINED_PATHS_H
#define HARNESS_CONTAINED_PATHS_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/registry/allowance.h"
#include "photofinish/containment.h"
#include "photofinish/scorer.h"

enum { PF_CONTAINED_PATHS = 64 };

/* Zeroed to begin with. What does not fit is left out: that process can do less, not more. */
typedef struct pf_contained_paths {
	pf_contained_path list[PF_CONTAINED_PATHS];
	char *owned[PF_CONTAINED_PATHS];
	size_t count, owned_count;
} pf_contained_paths;

/* `path` is kept, not copied; "" and NULL are left out. */
void pf_contained_add(pf_contained_paths *paths, const char *path, bool writable);
/* A copy of its first `length` bytes. */
void pf_contained_add_part(pf_contained_paths *paths, const char *path, size_t length, bool writable);

/* The folder of this program's library, and those that the loader was told to search (LD_LIBRARY_PATH). */
void pf_contained_add_libraries(pf_contained_paths *paths);
/* What a scorer of this configuration reads; `config` is kept. */
void pf_contained_add_models(pf_contained_paths *paths, const pf_scorer_config *config);
/* What finding a host by its name reads. */
void pf_contained_add_names(pf_contained_paths *paths);
/* The files of devices, and the folder where cuDNN's plans are kept. */
void pf_contained_add_devices(pf_contained_paths *paths);
void pf_contained_add_allowed(pf_contained_paths *paths, const pf_allowance *allowance);
/* Contains this process, which may use these paths and what `allow` (PF_ALLOW_*) lets through; what is
 * refused is not counted. Releases the list. */
pf_status pf_contained_enter(pf_contained_paths *paths, uint32_t allow, pf_error *error);
void pf_contained_free(pf_contained_paths *paths);

#endif
