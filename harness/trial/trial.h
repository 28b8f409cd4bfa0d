/* A trial: one run of one variant over one dataset in a fresh process, and all that was measured beside it.
 */
#ifndef HARNESS_TRIAL_H
#define HARNESS_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/machine/machine_state.h"
#include "harness/machine/trial_io.h"
#include "harness/memory/moved.h"
#include "harness/probe/probe.h"
#include "harness/scores/outcomes.h"
#include "harness/scores/tolerance.h"
#include "harness/trial/frames.h"
#include "harness/trial/observer.h"
#include "harness/trial/refusals.h"
#include "harness/trial/trial_figures.h"
#include "harness/trial/trial_order.h"
#include "photofinish/dataset.h"
#include "photofinish/placement.h"
#include "photofinish/scorer.h"
#include "photofinish/status.h"
#include "photofinish/trace.h"
#include "photofinish/variant.h"

/* What all trials of a run have in common. */
typedef struct pf_session {
	const pf_dataset *dataset;
	pf_trial_order order;       /* of each trial, but for its workers and options */
	double timeout_s;           /* of one trial; 0: none */
	bool keep_spans;            /* of each trial, one by one */
	bool stop_at_first_result;  /* trials are killed at the first scored photo */
	bool stop_at_first_failure; /* they drain once a photo could not be scored */
	const pf_outcomes
		*known; /* photos that are done there need no scoring (known_part.h); NULL: none are */
	const char *executable; /* that has the "trial" command; NULL: this program */
	int manifest_fd;        /* the dataset's manifest in memory; -1 until opened */
	const char *view;       /* of the dataset, for commands (dataset_view.h); NULL: none run */
	pf_placement placement; /* of the workers; zeroed: none are bound */
	int queries_fd;         /* queries come from there (queries.h); 0: one run over the dataset */
	const struct pf_inbox
		*inbox;     /* photos come through queries_fd one by one (photo_stream.h); NULL: none do */
	bool drains_itself; /* the first interrupt is the listener's to deal with */
	const pf_observer *observer; /* what observing costs; NULL: not known, and no trial is judged by it */
	const void *asked[PF_PROBE_COUNT]; /* of each probe, of the type that it says; NULL: nothing */
} pf_session;

/* Opens *session on a dataset, which must outlive it. */
pf_status pf_session_open(pf_session *session, const pf_dataset *dataset, const pf_scorer_config *scorer,
			  pf_error *error);
void pf_session_close(pf_session *session);

typedef enum pf_ending {
	PF_ENDED_OK,          /* the variant returned PF_OK, every photo is accounted for */
	PF_ENDED_FAILED,      /* it returned an error, or there was not enough memory for a photo */
	PF_ENDED_CRASHED,     /* its process died */
	PF_ENDED_TIMEOUT,     /* it was killed after session.timeout_s */
	PF_ENDED_CANCELLED,   /* it stopped on request, or was killed on the second request */
	PF_ENDED_INVALID,     /* it returned PF_OK with photos unaccounted for */
	PF_ENDED_DISTURBED,   /* it did well, but its time says nothing: the harness was held up, a worker was
				 killed */
	PF_ENDED_UNAVAILABLE, /* it cannot run on this machine */
	PF_ENDED_AT_FIRST_RESULT, /* killed there, as session.stop_at_first_result asks for */
} pf_ending;

typedef struct pf_trial {
	uint32_t round, workers;
	pf_ending ending;
	char reason[512];           /* of every ending but OK; names are escaped */
	uint64_t memory_seen_bytes; /* with order.memory_most_bytes: the most that was seen, ten times a
				       second */
	PF_TRIAL_FIGURES(PF_TRIAL_FIGURE_FIELD)
	/* Sums over the workers: of the stages' own time (pf_stage_sum.own_ns), and their spans. */
	uint64_t stage_ns[PF_STAGE_COUNT], stage_spans[PF_STAGE_COUNT];
	uint64_t main_stage_ns[PF_STAGE_COUNT]; /* of them in the variant's own process (slot 0) */
	pf_io_count io;                         /* of all its processes, when it ended */
	pf_moved *moved;                        /* between its processes, and to the harness; owned */
	size_t moved_count;
	pf_observed observed;
	pf_machine_state machine;   /* what else went on; steal, others' processor time, minor faults */
	pf_containment containment; /* what was in force in its processes */
	pf_refusals refusals;       /* what they were refused */
	uint32_t refused_worker;    /* that told of what was not its own; 0: none */
	bool checked;  /* its scores are the reference's (or it scores nothing by design): its time may be
			  shown */
	bool unscored; /* a command that wrote no scores: nothing was compared */
	pf_tolerance tolerance;       /* of approximate scores; not declared: they are exact */
	pf_agreement agreement;       /* of their ranks with the reference's, once a run has checked them */
	pf_place *places;             /* workers + 1: where each slot ran; owned */
	void *found[PF_PROBE_COUNT];  /* by each probe, of the type that it says; owned */
	struct pf_trial_spans *spans; /* trial_spans.h; NULL: it has none; owned */
	pf_outcomes *outcomes;        /* NULL once a run has checked them */
	uint8_t digest[PF_SHA256_BYTES]; /* of the outcomes, where it ended OK */
	json_t *as_kept; /* of one that was read back: its record, word for word; NULL; owned */
} pf_trial;

/* Told of every event as it comes, and about ten times a second with a NULL frame; and as often, how many of
 * the workers are at work (pf_occupancy). Each may be NULL. */
typedef struct pf_trial_listener {
	void (*hear)(void *context, const pf_outcomes *so_far, const pf_frame *frame);
	void (*look)(void *context, uint32_t busy, uint32_t of);
	void *context;
} pf_trial_listener;

/* Runs a trial; the caller frees *out by pf_trial_release. A variant that fails, crashes or hangs is a
 * result, not an error. The first interrupt (harness/base/interrupt.h) makes the variant drain, the second
 * kills it. `options` are values in the order of the variant's option list (NULL: its defaults); `listener`
 * may be NULL. */
pf_status pf_trial_run(const pf_session *session, const struct pf_variant *variant, uint32_t workers,
		       const int64_t *options, const pf_trial_listener *listener, pf_trial *out,
		       pf_error *error);
void pf_trial_release(pf_trial *trial);

/* The same process's other side: what the hidden command "trial" does. `plugin` is the shared object of a
 * variant that comes from one, `command` and `view` are those of a program from outside; else NULL. Returns
 * the exit status. */
int pf_trial_child(const char *variant_name, const char *plugin, const char *command, const char *view);

#endif
