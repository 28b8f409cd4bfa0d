/* How near to the reference's scores that are approximate have to be: a variant's stated tolerance, or what a
 * program from outside declares of the scores that it produces. */
#ifndef HARNESS_TOLERANCE_H
#define HARNESS_TOLERANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/scores/outcomes.h"
#include "photofinish/variant.h"

#define PF_NOT_DECLARED (-1.0)

/* Largest absolute differences; PF_NOT_DECLARED: not produced, not checked. Lies in memory that is shared
 * with a trial's process, too: its flags (0 or not) are no bools. */
typedef struct pf_tolerance {
	uint32_t declared;      /* otherwise the records are complete, and compared bit by bit */
	uint32_t bursts, ranks; /* declared ones have to be the same */
	double total;
	double factors[PF_FACTOR_COUNT], measures[PF_MEASURE_COUNT];
	unsigned not_compared; /* factors and measures of which a variant says PF_NOT_COMPARED */
	double best_shots,
		rank_correlation; /* least agreement of the ranks; as in struct pf_variant_tolerance */
} pf_tolerance;

/* Nothing is declared. */
void pf_tolerance_reset(pf_tolerance *tolerance);

/* What a variant states; NULL: nothing, its scores are exact. */
void pf_tolerance_take(const struct pf_variant_tolerance *stated, pf_tolerance *tolerance);

/* NULL, or what is wrong with a stated tolerance (static text). */
const char *pf_tolerance_fault(const struct pf_variant_tolerance *stated);

/* How many figures are declared: measures, factors, the score, bursts, ranks, bounds of their agreement. */
size_t pf_tolerance_count(const pf_tolerance *tolerance);

/* True if status and scores of one photo are what they have to be: within the tolerance, or the same bits
 * where none is declared. `what` says what is not. */
bool pf_tolerance_photo(const pf_tolerance *tolerance, const pf_outcome *reference, const pf_outcome *outcome,
			char *what, size_t capacity);

/* Photos in which a declared figure is further from the reference's than it may be, or of which one has a
 * score and the other has not; *first is the first one's index, `what` says in words what differs. */
size_t pf_tolerance_exceeded(const pf_tolerance *tolerance, const pf_outcomes *reference,
			     const pf_outcomes *outcomes, size_t *first, char *what, size_t capacity);

/* How the ranks of two runs agree, over the reference's bursts of at least two scored photos. */
typedef struct pf_agreement {
	size_t bursts, best_shots; /* all, and those with the same best photo */
	size_t pairs;              /* of photos of one burst */
	size_t in_order,
		reversed; /* pairs that both have in one order, or in opposite ones; the rest are ties */
} pf_agreement;

pf_agreement pf_agreement_of(const pf_outcomes *reference, const pf_outcomes *outcomes);

/* The same of each burst by itself: `bursts` is 1. */
void pf_agreement_each(const pf_outcomes *reference, const pf_outcomes *outcomes,
		       void (*take)(void *context, const pf_agreement *burst), void *context);
double pf_agreement_best_shots(const pf_agreement *agreement);       /* 0 to 1; 1 without bursts */
double pf_agreement_rank_correlation(const pf_agreement *agreement); /* -1 to 1; 1 without pairs */

/* False, and said in `what`, where ranks agree less than they have to. */
bool pf_tolerance_agrees(const pf_tolerance *tolerance, const pf_agreement *agreement, char *what,
			 size_t capacity);

#define PF_TOLERANCE_TEXT 200 /* of pf_tolerance_text, with its NUL */

/* "3 measures within 0.5, bursts, best shots at least 99 %". Returns `out`. */
char *pf_tolerance_text(const pf_tolerance *tolerance, char *out, size_t capacity);

#endif
