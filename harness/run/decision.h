/* What a journey keeps. Each variant is compared with the incumbent, the fastest that was kept before it, and
 * that comparison decides; the one with its parent only explains. Pure functions over times, for runs and for
 * stored records alike. */
#ifndef HARNESS_DECISION_H
#define HARNESS_DECISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/run/run_status.h"
#include "harness/stats/words.h"
#include "photofinish/variant.h"

/* X(constant, name in records and tables) */
#define PF_KEEP_LIST(X)                                                                                    \
	X(PF_NOT_JUDGED, "not judged") /* a floor, or nothing that could be compared */                    \
	X(PF_BASELINE, "baseline")     /* the first with a time: the incumbent at the start */             \
	X(PF_KEPT, "kept")         /* faster than the incumbent; or improves the figure it is there for */ \
	X(PF_REJECTED, "rejected") /* slower than the incumbent, crashed, failed, or wrong scores */       \
	X(PF_NO_GAIN, "no gain")   /* equivalent, or undecided */

#define PF_KEEP_ENUM(constant, name) constant,
typedef enum pf_keep { PF_KEEP_LIST(PF_KEEP_ENUM) PF_KEEP_COUNT } pf_keep;
#undef PF_KEEP_ENUM
const char *pf_keep_name(pf_keep keep);
pf_keep pf_keep_of(const char *name); /* PF_NOT_JUDGED for a name that is none */

enum { PF_PURPOSES = PF_PURPOSE_MEMORY + 1 };
const char *pf_purpose_name(enum pf_purpose purpose); /* "time", "first result", "memory" */
enum pf_purpose pf_purpose_of(const char *name);      /* PF_PURPOSE_TIME for a name that is none */

/* One trial of a variant; of those that do not count, nothing is looked at. */
typedef struct pf_decision_trial {
	uint32_t round;
	bool counts;                 /* pf_trial_counts: PF_COUNTS */
	bool disturbed;              /* tagged */
	double figures[PF_PURPOSES]; /* by enum pf_purpose, times in one unit; 0: not measured */
} pf_decision_trial;

/* One variant of the journey. */
typedef struct pf_decision_step {
	const char *name, *reason; /* reason: of a status that is not ok; "" */
	pf_run_status status;
	bool approximate;       /* its scores are not meant to be the reference's bits */
	bool tolerance_checked; /* and were held to what it states, in every trial that counts */
	bool processes;         /* it has worker processes: its memory is an upper bound */
	enum pf_purpose purpose;
	const pf_decision_trial *trials;
	size_t trial_count;
} pf_decision_step;

#define PF_DECISION_TEXT 700 /* of a reason */

typedef struct pf_decision {
	pf_keep keep;
	char reason[PF_DECISION_TEXT]; /* one clause, no full stop; never empty */
	char incumbent[128];           /* that it was compared with; "": with none */
	bool has_ratio;                /* then: times of this one over the incumbent's, paired by round */
	pf_interval ratio;
	pf_word word; /* what the ratio says; PF_WORD_UNDECIDED without one, or where the machine was busy */
	enum pf_purpose purpose;
	char purpose_against[128]; /* whose figure its own was compared with; "": none, or the purpose is time
				    */
	bool has_purpose_ratio;
	pf_interval purpose_ratio; /* of that figure, as above: below 1 is better */
	bool becomes_incumbent;    /* the next ones are compared with it */
	bool approximate;
} pf_decision;

/* Decides on `count` variants in the order of the journey. The rule:
 * - baseline: the first that is ok, has a time and is no floor. It is the incumbent.
 * - rejected: it crashed, failed, ran out of time, gave wrong scores, or is slower than the incumbent by more
 *   than PF_MARGIN with the whole interval (95 %).
 * - kept: faster than the incumbent in the same way: then it is the next incumbent. Or neither faster nor
 *   slower, but its purpose is another figure, and that is better in the same way than that of the last
 *   variant that was kept for it (of the incumbent, if none was); the incumbent stays.
 * - no gain: the rest, and all of which more than half of the trials, or of the incumbent's, are tagged as
 *   disturbed: such times decide nothing.
 * - not judged: floors, what could not run or was not checked, what never ran in a round with the incumbent,
 *   and approximate scores that were held to no tolerance. Checked ones take part; the reason says so. */
void pf_decide(const pf_decision_step *steps, size_t count, pf_decision *out);

#endif
