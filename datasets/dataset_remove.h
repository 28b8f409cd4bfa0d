/* Takes a dataset away from where datasets live. */
#ifndef PF_DATASET_REMOVE_H
#define PF_DATASET_REMOVE_H

#include "datasets/dataset_store.h"

/* Removes dataset `name` of `home` (NULL: pf_store_home): the photos, truth and manifest that a make wrote,
 * or the manifest of an import, and then the folder, if nothing is left in it. What is somebody's own stays:
 * photos of an imported folder, and any file that a make did not write. *left says whether such files keep
 * the folder. PF_ERR_NOT_FOUND where there is none, PF_ERR_EXISTS while it is being made, PF_ERR_INVALID for
 * a link. */
pf_status pf_dataset_remove(const char *home, const char *name, bool *left, pf_error *error);

#endif
