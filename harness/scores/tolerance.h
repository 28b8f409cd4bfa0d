/* What a program from outside says of its own scores: which it produces, and how near to the reference's. */
#ifndef HARNESS_TOLERANCE_H
#define HARNESS_TOLERANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/scores/outcomes.h"

#define PF_NOT_DECLARED (-1.0)

/* Largest absolute differences; PF_NOT_DECLARED: not produced, not checked. */
typedef struct pf_tolerance {
	bool declared;      /* otherwise the records are complete, and compared bit by bit */
	bool bursts, ranks; /* declared ones have to be the same */
	double total;
	double factors[PF_FACTOR_COUNT], measures[PF_MEASURE_COUNT];
} pf_tolerance;

/* Nothing is declared. */
void pf_tolerance_reset(pf_tolerance *tolerance);

/* How many figures are declared: measures, factors, the score, bursts, ranks. */
size_t pf_tolerance_count(const pf_tolerance *tolerance);

/* Photos in which a declared figure is further from the reference's than it may be, or of which one has a
 * score and the other has not; *first is the first one's index, `what` says in words what differs. */
size_t pf_tolerance_exceeded(const pf_tolerance *tolerance, const pf_outcomes *reference,
			     const pf_outcomes *outcomes, size_t *first, char *what, size_t capacity);

/* "3 measures within 0.5, bursts". Returns `out`. */
char *pf_tolerance_text(const pf_tolerance *tolerance, char *out, size_t capacity);

#endif
