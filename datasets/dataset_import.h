/* Makes a dataset of someone's own folder: a manifest in the home folder; nothing is copied, and nothing is
 * written in that folder. */
#ifndef PF_DATASET_IMPORT_H
#define PF_DATASET_IMPORT_H

#include <signal.h>
#include <stdbool.h>

#include "datasets/dataset_store.h"

typedef struct pf_import_options {
	const char *folder; /* searched with all below it */
	const char *name;   /* of the dataset */
	const char *home;   /* NULL: pf_store_home */
	bool force;         /* replace an imported dataset of that name (never a made one) */
	void (*progress)(void *context, size_t done, size_t total,
			 uint64_t bytes); /* after each file; may be NULL */
	void *context;
	const volatile sig_atomic_t *cancel; /* may be NULL */
} pf_import_options;

typedef struct pf_import_report {
	size_t photos, unhashed; /* unhashed: FIFOs, unreadable files and the like; listed all the same */
	size_t ignored;          /* files that are no photos by their name */
	uint64_t bytes;
	char manifest[PF_STORE_PATH_MAX];
} pf_import_report;

/* PF_ERR_NOT_FOUND where no photo is below the folder, PF_ERR_EXISTS where the name is taken,
 * PF_ERR_CANCELLED, PF_ERR_USAGE for the name. `report` may be NULL. */
pf_status pf_dataset_import(const struct pf_import_options *options, struct pf_import_report *report,
			    pf_error *error);

#endif
