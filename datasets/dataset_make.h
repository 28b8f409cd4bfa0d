/* Makes a dataset from a spec: worker processes render groups of photos. A make that was stopped or killed
 * goes on where it was when it is called again, and gives the same bytes. */
#ifndef PF_DATASET_MAKE_H
#define PF_DATASET_MAKE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "datasets/dataset_store.h"
#include "photofinish/status.h"

typedef struct pf_make_progress {
	uint32_t done, total; /* photos, those of an earlier make included */
	uint32_t resumed;     /* of `done`: found finished */
	uint64_t bytes;       /* written so far by this make */
	double seconds;       /* since this make began */
	double eta_seconds;   /* from this make's rate; negative while unknown */
} pf_make_progress;

typedef struct pf_make_options {
	const char *spec;  /* name of a spec, or path of a .yaml file */
	const char *name;  /* of the dataset; NULL: the spec's */
	double megapixels; /* of every camera, in place of the spec's sizes; 0: those */
	const char *home;  /* NULL: pf_store_home */
	unsigned workers;  /* processes; 0: one for each processor the caller may use */
	bool force; /* replace a dataset of that name: what another make wrote, or an import's manifest */
	uint64_t keep_free_bytes; /* disk space to leave free */
	void (*progress)(void *context,
			 const pf_make_progress *progress); /* about 5 times a second; may be NULL */
	void *context;
	const volatile sig_atomic_t *cancel; /* not 0: stop soon; a signal handler may set it; may be NULL */
} pf_make_options;

typedef struct pf_make_report {
	bool already_there;
	uint32_t photos, rendered; /* of the dataset, by this make */
	uint64_t pixels, bytes;    /* rendered and written by this make */
	double seconds,
		core_seconds; /* wall; CPU of all workers: pixels / core_seconds is the rate of a core */
	unsigned workers;
	char folder[PF_STORE_PATH_MAX];
} pf_make_report;

/* Prints nothing. `report` may be NULL. Errors: those of pf_spec_load; PF_ERR_EXISTS (another spec, an
 * imported dataset, another make at work, a link, a file where a photo is to be made that no make wrote: with
 * `force` the last two as well, but that links to folders are followed then and links to files removed),
 * PF_ERR_NO_SPACE (before anything is written, or when the disk fills), PF_ERR_CANCELLED, PF_ERR_CRASHED
 * (workers died repeatedly at one photo), PF_ERR_IO. After any of them what is finished stays and a later
 * call goes on from there. Not to be called from two threads at once (it forks and waits for its children
 * only). */
pf_status pf_dataset_make(const struct pf_make_options *options, struct pf_make_report *report,
			  pf_error *error);

#endif
