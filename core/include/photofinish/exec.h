/* What variants are built from: the table of results that survives a worker's death, scoring a burst, and a
 * pool of worker processes that may die. */
#ifndef PHOTOFINISH_EXEC_H
#define PHOTOFINISH_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/burst.h"
#include "photofinish/dataset.h"
#include "photofinish/scorer.h"
#include "photofinish/status.h"
#include "photofinish/variant.h"

/* Outcomes of a dataset's photos, in memory of the process that created it, or of its threads. Workers of a
 * pool have it as it was when they were forked: what they put goes to that process (pf_result_take), which
 * believes it of the photos of the unit that it gave them. */
typedef struct pf_result_table pf_result_table;
PF_API pf_status pf_result_table_create(size_t photos, pf_result_table **out, pf_error *error);
PF_API void pf_result_table_destroy(pf_result_table *table); /* NULL is fine; unmaps this process's view */

/* Records the outcome of photo `index` and passes it to the sink; in a worker of a pool it is told to the
 * parent, which does so. `error` says why where status is not PF_OK. */
PF_API pf_status pf_result_put(pf_result_table *table, struct pf_sink *sink, uint32_t index, uint32_t burst,
			       pf_status status, const pf_score *score, const pf_error *error);
PF_API int pf_result_is_done(const pf_result_table *table, uint32_t index);

/* How many workers died while they had photo `index`, and the last one's signal (0: it exited). From
 * PF_DEATHS_ALLOWED on the photo is not tried again; the first death may be the fault of something else. */
#define PF_DEATHS_ALLOWED 2
#define PF_DEATH_BY_TIMEOUT (-1) /* in place of a signal: killed after env->photo_timeout_ns on one photo */
#define PF_DEATH_BY_REFUSAL (-2) /* killed for having told of what is not its own */
PF_API unsigned pf_result_deaths(const pf_result_table *table, uint32_t index, int *last_signal);

/* How a worker ended, by a signal or what stands in its place; not for two threads at a time. */
PF_API const char *pf_death_text(int signal);

/* Ranks a burst all of whose photos are done (span `score`) and passes the ranks to the sink. Does nothing in
 * a worker of a pool: the parent ranks a burst when it takes in its last outcome. */
PF_API pf_status pf_result_rank(pf_result_table *table, const pf_scorer_config *config, pf_trace *trace,
				struct pf_sink *sink, const pf_burst *burst);

/* Joins the calling process, or thread, to the run as worker `slot` (0: the variant's own process): it dies
 * with the thread that forked it (slot > 0), so fork from one that outlives the workers. It is bound to its
 * place (placement.h): alone on a core where there are enough; slot 0 is bound to a core only where the
 * variant has no other workers. What it starts later inherits that. Leave fills the trace's peak_rss_bytes
 * and notes what came of the binding; call it in the thread that entered. */
PF_API pf_trace *pf_worker_enter(const struct pf_env *env, uint32_t slot);
PF_API void pf_worker_leave(const struct pf_env *env, uint32_t slot);

/* A worker that scores whole bursts. */
typedef struct pf_burst_worker {
	const struct pf_env *env;
	const pf_dataset *dataset;
	pf_result_table *table;
	struct pf_sink *sink;
	/* How one photo is scored; pf_burst_worker_open sets the single load (pf_scorer_photo with `scorer`),
	 * a variant may set its own, and `context` for it. */
	pf_status (*score_photo)(const struct pf_burst_worker *worker, size_t index, pf_score *score,
				 pf_error *error);
	void *context;
	uint32_t slot;
	pf_trace *trace;
	pf_scorer *scorer;
} pf_burst_worker;

/* Enters the run as worker `slot` and opens a scorer; call it in the process that will score. Close also
 * leaves the run; it may follow a failed open. */
PF_API pf_status pf_burst_worker_open(pf_burst_worker *worker, const struct pf_env *env, uint32_t slot,
				      const pf_dataset *dataset, pf_result_table *table, struct pf_sink *sink,
				      pf_error *error);
PF_API void pf_burst_worker_close(pf_burst_worker *worker);

/* The same with a scorer that was created before the fork and becomes this worker's. */
PF_API void pf_burst_worker_inherit(pf_burst_worker *worker, const struct pf_env *env, uint32_t slot,
				    const pf_dataset *dataset, pf_result_table *table, struct pf_sink *sink,
				    pf_scorer *scorer);

/* Scores each photo of the burst that is not done yet and ranks the burst. A photo on which workers died
 * twice is not tried again: its outcome is PF_ERR_CRASHED. */
PF_API pf_status pf_burst_score(const pf_burst_worker *worker, const pf_burst *burst, pf_error *error);

/* pf_burst_fn whose context is a struct pf_sink: tells it of the burst. */
PF_API pf_status pf_burst_tell(void *sink, const pf_burst *burst);

/* Most bytes that a worker can tell at once. */
#define PF_POOL_TOLD_MOST 4000

/* In a worker of a pool: tells the parent of the unit at hand. PF_ERR_INVALID elsewhere, PF_ERR_IO where the
 * parent is gone. From any thread. */
PF_API pf_status pf_pool_tell(const void *what, size_t bytes);

/* A job of many units for a pool of processes. `open`, `unit` and `close` run in the workers. */
typedef struct pf_pool_job {
	size_t units; /* how many; with a feed: at most how many */
	void *context;
	/* Opens what worker `slot` (1..workers) needs, after the fork. *state goes to the others. */
	pf_status (*open)(void *context, uint32_t slot, void **state, pf_error *error);
	pf_status (*unit)(void *context, void *state, size_t unit, pf_error *error);
	void (*close)(void *context, void *state);
	/* In the parent: a worker died (by `signal`; 0: by an exit; PF_DEATH_BY_*) while it had `photo` (or
	 * PF_NO_PHOTO; its own word: any number) of `unit`. PF_OK: give the unit to a fresh worker. */
	pf_status (*died)(void *context, size_t unit, uint32_t photo, int signal, pf_error *error);
	/* In the parent, right before and right after each fork of worker `slot`, also of a replacement; may
	 * be NULL. */
	pf_status (*forking)(void *context, uint32_t slot, pf_error *error);
	void (*forked)(void *context, uint32_t slot);
	struct pf_side_thread *beside; /* a thread that works beside the pool (side_thread.h); may be NULL */
	/* In the parent, a few times a second; may be NULL. */
	void (*tick)(void *context);
	/* Where units come in while the others are at work, else NULL. In the parent: takes one step that
	 * does not last (it holds up the replacing of workers), raises *units to how many there are now,
	 * clears *more after the last. Called again and again; while feed_fd is not -1, only when that can be
	 * read or was hung up. It may change feed_fd. */
	pf_status (*feed)(void *context, size_t *units, bool *more, pf_error *error);
	int feed_fd;
	/* In the parent: what the worker that has `unit` told (pf_pool_tell, pf_result_put), or, with NULL
	 * and 0, that it is done with it. Trust none of it. PF_ERR_INVALID: that is not this worker's to
	 * tell; it is killed, and one more is forked (PF_DEATH_BY_REFUSAL). Any other failure ends the run.
	 * NULL: nothing may be told. */
	pf_status (*told)(void *context, size_t unit, const void *what, size_t bytes, pf_error *error);
} pf_pool_job;

/* Runs every unit, in order of their numbers, each on the next free of env->workers processes. Workers that
 * find none while the feed goes on wait for it (span `wait`). A worker that dies is replaced, and its unit is
 * tried again first, as long as `died` agrees; more than 16 deaths outside of any unit end the run. Returns
 * the first failure of a worker, or PF_ERR_CANCELLED; all workers are gone then. */
PF_API pf_status pf_pool_run(const struct pf_env *env, const pf_pool_job *job, pf_error *error);

/* `told` of a job whose units are bursts: takes in the outcome of a photo of `burst` that is not done yet,
 * passes it to the sink, and ranks the burst after its last one (span `score` of the calling process). *photo
 * (NULL is fine) is which. PF_ERR_INVALID for all else, as for a burst that a worker says to be done with
 * when it is not. */
PF_API pf_status pf_result_take(pf_result_table *table, const struct pf_env *env, struct pf_sink *sink,
				const pf_burst *burst, const void *what, size_t bytes, uint32_t *photo);

/* Gives what a worker told of a photo (bytes that pf_result_take took) that one's number in another run;
 * returns the photo's status, PF_ERR_INVALID where it is of another size. */
PF_API pf_status pf_result_retell(void *what, size_t bytes, uint32_t index, uint32_t burst);

/* Asked in the process that scored a photo, and handed on with its outcome (pf_photo_result.heap_bytes): the
 * bytes that are allocated there. NULL: nobody wants to know. Set before a trial's workers start. */
extern PF_API uint64_t (*pf_result_heap)(void);

/* `died` of a job whose units are bursts: counts the death against the photo, or where that is none of the
 * burst's that is not done, against the first of those, see pf_burst_score. Fails when workers died outside
 * of any photo of the same burst more than PF_DEATHS_ALLOWED times. */
PF_API pf_status pf_result_count_death(pf_result_table *table, const pf_burst *burst, uint32_t photo,
				       int signal, pf_error *error);

#endif
