/* The four words in which a comparison ends. Pure functions. */
#ifndef HARNESS_WORDS_H
#define HARNESS_WORDS_H

#include "harness/stats/student.h"

/* X(constant, name). */
#define PF_WORD_LIST(X)                   \
	X(PF_WORD_UNDECIDED, "undecided") \
	X(PF_WORD_FASTER, "faster")       \
	X(PF_WORD_SLOWER, "slower")       \
	X(PF_WORD_EQUIVALENT, "equivalent")

#define PF_WORD_ENUM(constant, name) constant,
typedef enum pf_word { PF_WORD_LIST(PF_WORD_ENUM) PF_WORD_COUNT } pf_word;
#undef PF_WORD_ENUM

/* "faster"; "?" for values out of range. */
const char *pf_word_name(pf_word word);

#define PF_MARGIN 0.02 /* unless told otherwise */

/* The word for A from the interval of time A / time B: faster or slower where the whole interval lies beyond
 * the margin (below 1 / (1 + margin), above 1 + margin), equivalent where it lies within, else undecided;
 * undecided without an interval. For a number of trials that was fixed beforehand: looking again and again
 * until a word comes is pf_eprocess's. */
pf_word pf_word_of(const pf_interval *ratio, double margin);

#endif
