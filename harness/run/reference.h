/* The reference: the scores that every variant's are compared with. A serial run of the scorer, photo by
 * photo, kept in a cache file for as long as dataset, engine and configuration are the same. */
#ifndef HARNESS_REFERENCE_H
#define HARNESS_REFERENCE_H

#include <limits.h>
#include <stdbool.h>

#include "harness/scores/outcomes.h"
#include "harness/trial/trial.h"
#include "photofinish/variant.h"

typedef struct pf_reference {
	pf_outcomes *outcomes;
	uint8_t digest[PF_SHA256_BYTES];
	bool from_cache;
	char note[256]; /* why it could not be kept; "" if it was, or need not be */
} pf_reference;

/* Takes the reference from the cache folder, or runs it and keeps it there; a cache that cannot be used is
 * noted and no error. A dataset with photos that were not hashed is never cached. PF_ERR_INVALID, and nothing
 * is kept, where not one photo could be scored. The caller frees *out. */
pf_status pf_reference_get(const pf_session *session, const pf_trial_listener *listener, pf_reference *out,
			   pf_error *error);

/* Runs it afresh in place of one from the cache. */
pf_status pf_reference_renew(const pf_session *session, pf_reference *reference, pf_error *error);
/* The file that it is kept in: of this dataset, engine and configuration. Makes the folder. */
pf_status pf_reference_path(const pf_session *session, char path[PATH_MAX], pf_error *error);
void pf_reference_release(pf_reference *reference);

/* Reads every photo once, so that the page cache holds what fits, and compares those that were hashed with
 * the manifest: PF_ERR_CHANGED names the first that differs. `progress` may be NULL. PF_ERR_CANCELLED at an
 * interrupt. */
pf_status pf_dataset_warm(const pf_dataset *dataset,
			  void (*progress)(void *context, size_t done, size_t total), void *context,
			  pf_error *error);

#endif
