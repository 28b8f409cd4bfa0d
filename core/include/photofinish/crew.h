/* A crew: worker processes that score the bursts of a list, all of it there at the start or still growing.
 * What variants of several processes are built from. */
#ifndef PHOTOFINISH_CREW_H
#define PHOTOFINISH_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/burst.h"
#include "photofinish/dataset.h"
#include "photofinish/exec.h"
#include "photofinish/scorer.h"
#include "photofinish/side_thread.h"
#include "photofinish/status.h"
#include "photofinish/variant.h"

/* Bursts in shared memory: one process adds, those that it forked read what was there when they learned of
 * it. */
typedef struct pf_burst_store pf_burst_store;
PF_API pf_status pf_burst_store_create(size_t photos, pf_burst_store **out, pf_error *error);
PF_API void pf_burst_store_destroy(pf_burst_store *store); /* NULL is fine; unmaps this process's view */

/* In a forked process: it can only read from here on. */
PF_API pf_status pf_burst_store_read_only(pf_burst_store *store, pf_error *error);

/* Copies the burst. PF_ERR_INVALID when it has no photo or one that is none of
 * 0..photos-1, or the store's would be more than `photos`. */
PF_API pf_status pf_burst_store_add(pf_burst_store *store, const pf_burst *burst);
PF_API size_t pf_burst_store_count(const pf_burst_store *store);
/* Photos of all bursts in that order; *count is how many are known by now. */
PF_API const uint32_t *pf_burst_store_order(const pf_burst_store *store, size_t *count);
PF_API pf_burst pf_burst_store_get(const pf_burst_store *store, size_t place); /* in the order of adding */
/* From then on, of the last `last` bursts longer ones come before shorter ones, those of one length in the
 * order of adding. Before anyone else reads. */
PF_API void pf_burst_store_longest_first(pf_burst_store *store, size_t last);

typedef struct pf_crew {
	const struct pf_env *env;
	const pf_dataset *dataset;
	struct pf_sink *sink;
	pf_trace *trace; /* of the variant's own process */
	pf_burst_store *bursts;
	pf_result_table *table;

	/* What a variant may set between open and run; all may be NULL. */
	void *context; /* of the variant; score_photo finds it in the worker */
	pf_status (*score_photo)(const pf_burst_worker *worker, size_t index, pf_score *score,
				 pf_error *error);
	/* In a worker, in place of pf_burst_score for burst `place` of the list, by crew->worker. */
	pf_status (*score_burst)(struct pf_crew *crew, size_t place, pf_error *error);
	/* In each worker, after it was opened and before it is closed. */
	pf_status (*enter)(struct pf_crew *crew, pf_error *error);
	void (*leave)(struct pf_crew *crew);
	/* In the variant's own process; either may be NULL. A photo's outcome was taken in. */
	void (*taken)(struct pf_crew *crew, uint32_t photo);
	/* What the worker that has burst `place` said by pf_crew_tell. Anything
	 * may come: PF_ERR_INVALID for a number that is not its to tell. */
	pf_status (*told)(struct pf_crew *crew, size_t place, uint32_t number);
	/* In the variant's own process, right before and right after each fork of worker `slot`. */
	pf_status (*forking)(struct pf_crew *crew, uint32_t slot, pf_error *error);
	void (*forked)(struct pf_crew *crew, uint32_t slot);
	/* A thread of the variant's own process, which loads photos (pf_crew_load) while the workers work;
	 * `over`, called when they are gone, makes it end. */
	void (*beside)(struct pf_crew *crew);
	void (*over)(struct pf_crew *crew);
	/* NULL: the list is complete. Otherwise called in the variant's own process, as pf_pool_job's: takes
	 * a step that may find bursts, clears *more after the last. */
	pf_status (*feed)(struct pf_crew *crew, bool *more, pf_error *error);
	int feed_fd; /* -1, as pf_crew_open sets it: feed takes step after step */

	pf_side_thread *thread; /* with `beside` */
	pf_scorer *loader;      /* the thread's */
	pf_scorer
		*inherited; /* created before any fork, each worker's own after its; NULL: each creates one */
	pf_burst_worker worker; /* each process has its own after the fork */
	pf_pool_job job;
} pf_crew;

/* Joins the run as worker 0 and prepares for all photos of the dataset. Close may follow a failed open. */
PF_API pf_status pf_crew_open(pf_crew *crew, const struct pf_env *env, const pf_dataset *dataset,
			      struct pf_sink *sink, pf_error *error);
PF_API void pf_crew_close(pf_crew *crew); /* leaves the run */

/* pf_burst_fn whose context is a pf_crew: tells the sink of the burst and adds it to the list. */
PF_API pf_status pf_crew_add(void *crew, const pf_burst *burst);

/* Detects all bursts of the dataset (span `detect`), tells the sink of each the moment that it is complete,
 * and then adds them to the empty list in the order of their ids, which is that of *found. The caller frees
 * it. */
PF_API pf_status pf_crew_detect(pf_crew *crew, pf_burst_list *found, pf_error *error);

/* In a worker that has a burst: tells the variant's own process a number (crew->told). */
PF_API pf_status pf_crew_tell(uint32_t number);

/* In a process other than a worker that the variant forked: what pf_crew_run does in workers, so that it
 * cannot write what others go by. `slot`: whose trace it may write. */
PF_API pf_status pf_crew_isolate(pf_crew *crew, uint32_t slot, pf_error *error);

/* In the thread beside: pf_scorer_load, during which nothing is forked. */
PF_API pf_status pf_crew_load(pf_crew *crew, size_t index, pf_image *image);

/* Has every burst of the list scored by env->workers processes, see pf_pool_run and pf_burst_score. */
PF_API pf_status pf_crew_run(pf_crew *crew, pf_error *error);

/* The whole run of a variant that differs from `parallel` in how its scorers work: detects all bursts, then
 * has env->workers processes score them, each scorer with the PF_STRATEGY_* bits of `strategy`. */
PF_API pf_status pf_crew_score_all(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
				   uint32_t strategy, pf_error *error);

#endif
