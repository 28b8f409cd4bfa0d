/* A goal, "27,539 photos in 4 h", and how far each step of a run is from it: projections of its trials to the
 * goal's number of photos. Pure functions. docs/event.md has the formulas. */
#ifndef HARNESS_GOAL_H
#define HARNESS_GOAL_H

#include "harness/run/run.h"

#define PF_GOAL_PHOTOS 27539         /* of the case study's largest event */
#define PF_GOAL_PUBLISHED_BYTES 70e6 /* of one of its photos: 1.9 TB / 27,539 */

typedef struct pf_goal {
	double seconds;        /* in which the photos are to be done */
	uint32_t photos;       /* of one event */
	bool has_price;        /* otherwise no cost is told */
	double price_per_hour; /* of the machine, in whatever currency */
	bool until_met;        /* steps join one after another until one meets it */
	uint32_t rounds_each;  /* where until_met: rounds that each step gets */
} pf_goal;

/* X(constant, name) */
#define PF_GOAL_WORD_LIST(X)                                                          \
	X(PF_GOAL_MET, "met")             /* the whole interval is within the goal */ \
	X(PF_GOAL_MISSED, "missed")       /* the whole interval is beyond it */       \
	X(PF_GOAL_UNDECIDED, "undecided") /* it holds the goal, or one round has none */

#define PF_GOAL_WORD_ENUM(constant, name) constant,
typedef enum pf_goal_word { PF_GOAL_WORD_LIST(PF_GOAL_WORD_ENUM) PF_GOAL_WORD_COUNT } pf_goal_word;
#undef PF_GOAL_WORD_ENUM
const char *pf_goal_word_name(pf_goal_word word);

typedef struct pf_projection {
	const pf_contestant *contestant;
	double startup_s, photo_s; /* means of its trials: once, and for each photo */
	pf_interval seconds;  /* wall time of the goal's photos; the interval is that of repeated trials */
	double events_a_week; /* one after another, day and night */
	double cpu_s;         /* user and system time of all processes a photo, start-up included */
	double cost;          /* of one event; 0 where no price was told */
	pf_goal_word word;
} pf_projection;

/* Projects a contestant of the run to run->goal, which must be there. False unless it is ok: scores of every
 * trial checked, no floor. */
bool pf_goal_project(const pf_run *run, const pf_contestant *contestant, pf_projection *out);

/* The first contestant, in the order of the journey, that meets run->goal with its whole interval, or NULL.
 */
const pf_contestant *pf_goal_first(const pf_run *run);

/* True if there is one: for pf_run.enough_steps. */
bool pf_goal_is_met(const pf_run *run);

/* Mean size of the dataset's photos in bytes, and of the scored ones in megapixels (0: unknown). */
void pf_goal_photo_size(const pf_run *run, double *bytes, double *megapixels);

#endif
