/* Compares a dataset's files with its manifest. */
#ifndef PF_DATASET_VERIFY_H
#define PF_DATASET_VERIFY_H

#include <signal.h>

#include "photofinish/dataset.h"

typedef enum pf_verify_kind {
	PF_VERIFY_MISSING,    /* in the manifest, not there */
	PF_VERIFY_CHANGED,    /* another size or another hash */
	PF_VERIFY_UNREADABLE, /* there, but not to be read (no regular file, no permission, a failing disk) */
	PF_VERIFY_EXTRA       /* a photo in the folder that is not in the manifest */
} pf_verify_kind;

typedef struct pf_verify_report {
	size_t checked, unhashed; /* unhashed: listed in the manifest without a hash, not compared */
	size_t missing, changed, unreadable, extra;
	uint64_t bytes;
} pf_verify_report;

typedef struct pf_verify_options {
	/* One call for each problem, in byte order of the paths (extra files last); `why` says more. */
	void (*problem)(void *context, pf_verify_kind kind, const char *path, const pf_error *why);
	void (*progress)(void *context, size_t done, size_t total,
			 uint64_t bytes); /* after each photo; may be NULL */
	void *context;
	const volatile sig_atomic_t *cancel; /* may be NULL */
} pf_verify_options;

/* PF_OK where all photos are as they were; PF_ERR_CHANGED where not (report and callbacks tell);
 * PF_ERR_CANCELLED. `report` may be NULL. */
pf_status pf_dataset_verify(const pf_dataset *dataset, const struct pf_verify_options *options,
			    struct pf_verify_report *report, pf_error *error);

#endif
