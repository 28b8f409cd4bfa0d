/* The four words in which a comparison ends. Pure functions. */
#ifndef HARNESS_VERDICT_H
#define HARNESS_VERDICT_H

#include "harness/stats/student.h"

/* X(constant, name). */
#define PF_VERDICT_LIST(X)                   \
	X(PF_VERDICT_UNDECIDED, "undecided") \
	X(PF_VERDICT_FASTER, "faster")       \
	X(PF_VERDICT_SLOWER, "slower")       \
	X(PF_VERDICT_EQUIVALENT, "equivalent")

#define PF_VERDICT_ENUM(constant, name) constant,
typedef enum pf_verdict { PF_VERDICT_LIST(PF_VERDICT_ENUM) PF_VERDICT_COUNT } pf_verdict;
#undef PF_VERDICT_ENUM

/* "faster"; "?" for values out of range. */
const char *pf_verdict_name(pf_verdict verdict);

#define PF_MARGIN 0.02 /* unless told otherwise */

/* The word for A from the interval of time A / time B: faster or slower where the whole interval lies beyond
 * the margin (below 1 / (1 + margin), above 1 + margin), equivalent where it lies within, else undecided;
 * undecided without an interval. For a number of trials that was fixed beforehand: looking again and again
 * until a word comes is pf_eprocess's. */
pf_verdict pf_verdict_of(const pf_interval *ratio, double margin);

#endif
