/* How a contestant of a run stands, and the rule of which of its trials count. */
#ifndef HARNESS_RUN_STATUS_H
#define HARNESS_RUN_STATUS_H

#include <stdbool.h>

/* X(constant, name in records) */
#define PF_RUN_STATUS_LIST(X)                                                                            \
	X(PF_RUN_OK, "ok")                     /* every trial's scores are the reference's */            \
	X(PF_RUN_FLOOR, "floor")               /* scores nothing by design */                            \
	X(PF_RUN_FAILED, "failed")             /* the variant gave up */                                 \
	X(PF_RUN_CRASHED, "crashed")           /* its process died */                                    \
	X(PF_RUN_WRONG_OUTPUT, "wrong_output") /* scores that differ from the reference */               \
	X(PF_RUN_UNCHECKED, "unchecked")       /* not compared */                                        \
	X(PF_RUN_UNAVAILABLE, "unavailable")   /* cannot run on this machine */                          \
	X(PF_RUN_INVALID, "invalid")           /* photos unaccounted for, or no trial came to its end */ \
	X(PF_RUN_TIMEOUT, "timeout")           /* killed at the time limit */                            \
	X(PF_RUN_NOT_RUN, "not_run")           /* there was enough without it */

#define PF_RUN_STATUS_ENUM(constant, name) constant,
typedef enum pf_run_status { PF_RUN_STATUS_LIST(PF_RUN_STATUS_ENUM) PF_RUN_STATUS_COUNT } pf_run_status;
#undef PF_RUN_STATUS_ENUM
const char *pf_run_status_name(pf_run_status status);
pf_run_status pf_run_status_of(const char *name); /* PF_RUN_INVALID for a name that is none */

/* What a trial's figures are worth. */
typedef enum pf_trial_counting {
	PF_COUNTS_NOT,       /* nothing */
	PF_COUNTS,           /* a result */
	PF_COUNTS_UNCHECKED, /* of a program that wrote no scores: a time that stands in no ratio */
} pf_trial_counting;

/* The one rule of which trials count, for whatever shows figures of a run or of a record: those that ended
 * well and have a time, of a contestant all of whose trials did well so far. A contestant that crashed in a
 * late round has no figures of the rounds before. `checked`: the trial's scores are the reference's. */
pf_trial_counting pf_trial_counts(pf_run_status status, bool ended_well, bool checked, bool timed);

#endif
