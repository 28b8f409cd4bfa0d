/* Photos that no variant has seen, in a folder and under names that it cannot know. */
#ifndef HARNESS_AUDIT_SET_H
#define HARNESS_AUDIT_SET_H

#include <stdbool.h>

#include "harness/registry/dataset_view.h"
#include "harness/stats/random.h"
#include "harness/trial/trial.h"

enum { PF_AUDIT_PHOTOS_MOST = 64 };

/* What a set is made of. */
typedef struct pf_audit_recipe {
	const pf_dataset *base;
	size_t sources[PF_AUDIT_PHOTOS_MOST]; /* photos of the base, one for each photo of the set */
	size_t count;
	bool one;   /* one alteration for all: copies of one photo, if the sources are one */
	bool half;  /* only a quarter of each photo's pixels */
	bool pairs; /* the photos of sources 0 and 1, 2 and 3, ... get one size and one date */
} pf_audit_recipe;

typedef struct pf_audit_set {
	char folder[PF_VIEW_PATH_MAX], view[PF_VIEW_PATH_MAX];
	pf_dataset *dataset;
	pf_session session;
	size_t source[PF_AUDIT_PHOTOS_MOST]; /* of photo i by the manifest: its place in the recipe */
	uint64_t bytes;
} pf_audit_set;

/* Renders nothing: alters the recipe's photos (dataset_alter.h) into a new folder beside the datasets, named
 * as their files are, with other digits, which also shuffles them. The session has the limits of `like`.
 * Close it in any case. PF_ERR_CANCELLED at an interrupt. */
pf_status pf_audit_set_make(const pf_audit_recipe *recipe, const pf_session *like, pf_random *random,
			    pf_audit_set *set, pf_error *error);

/* Exchanges the contents of each pair: same folder, names, sizes and dates, other photos. */
pf_status pf_audit_set_swap(pf_audit_set *set, pf_error *error);

void pf_audit_set_close(pf_audit_set *set); /* removes the folder; a zeroed set is fine */

#endif
