/* What an earlier make left under a name, taken away: its photos, and nothing else that is there. */
#ifndef PF_MAKE_CLEAR_H
#define PF_MAKE_CLEAR_H

#include "datasets/dataset_store.h"

/* Removes of `folder`/photos what a make wrote there: regular files that its manifest lists, with that size,
 * and those that the journal `journal_fd` (locked) has by size and SHA-256; then folders that are empty. The
 * manifest is renamed first, so that no half of a dataset is taken for all of it, and goes last: a clearing
 * that was killed is gone on with by the next one. */
pf_status pf_make_clear(const char *folder, int journal_fd, pf_error *error);

/* Where a manifest lies that is being cleared: FOLDER/manifest.replaced. */
#define PF_MAKE_REPLACED "manifest.replaced"

#endif
