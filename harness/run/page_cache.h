/* What of a dataset the page cache holds: dropping it before a trial, and whether that trial proves it. */
#ifndef HARNESS_PAGE_CACHE_H
#define HARNESS_PAGE_CACHE_H

#include <stdbool.h>

#include "harness/run/run.h"

#define PF_COLD_SHARE 0.90 /* of the photos' bytes: a trial that read less from storage was not cold */

/* Writes back and drops every photo of the dataset (fdatasync, posix_fadvise). Photos that cannot be opened
 * are skipped. It is a request: pf_trial_was_cold tells whether it was heard. */
void pf_page_cache_drop(const pf_dataset *dataset);

/* Bytes of all photos by the manifest. */
uint64_t pf_dataset_bytes(const pf_dataset *dataset);

/* True if the trial's processes read at least PF_COLD_SHARE of those bytes from storage, by the kernel's
 * count. */
bool pf_trial_was_cold(const pf_trial *trial, const pf_dataset *dataset);

/* Checked trials that scored photos, and how many of them were cold. */
void pf_run_count_cold(const pf_run *run, size_t *trials, size_t *cold);

/* "warm", "cold", "not held" (photos came from storage though it was to be warm) or "not cold" (dropped, and
 * at least one trial did not read them from storage). Static. */
const char *pf_run_cache_state(const pf_run *run);

#endif
