/* What the processes of one make share, and the worker's work. */
#ifndef PF_MAKE_WORKER_H
#define PF_MAKE_WORKER_H

#include <stdatomic.h>

#include "datasets/dataset_plan.h"
#include "datasets/make_journal.h"

enum { PF_MAKE_WORKERS_MAX = 256 };

/* One worker's place. */
typedef struct pf_make_slot {
	atomic_int group;  /* at work on, -1: none */
	atomic_uint photo; /* index at work on */
	_Atomic uint64_t cpu_ns;
	pf_error error; /* set before it exits with a failure */
} pf_make_slot;

/* In memory shared by the parent and its workers. */
typedef struct pf_make_shared {
	atomic_uint next_group, done;
	atomic_int stop;
	_Atomic uint64_t bytes, pixels;
	pf_make_slot slots[PF_MAKE_WORKERS_MAX];
	pf_made_photo photos[]; /* the spec's count */
} pf_make_shared;

typedef struct pf_make_job {
	const pf_plan *plan;
	const char *folder; /* of the dataset */
	int journal_fd;
	pf_make_shared *shared;
} pf_make_job;

/* Renders what is missing: first `group` (-1: none), then groups off the shared counter. Runs in a worker
 * process. */
pf_status pf_make_work(const pf_make_job *job, unsigned slot, int group, pf_error *error);

#endif
