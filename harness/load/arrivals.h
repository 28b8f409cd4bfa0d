/* What a load asks for, and when: the one generator of all loads, of variants and of servers. Pure, by a
 * seed; one owner at a time. */
#ifndef HARNESS_ARRIVALS_H
#define HARNESS_ARRIVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/stats/random.h"
#include "photofinish/status.h"

/* A stretch of time whose rate of arrivals goes evenly from one to another. */
typedef struct pf_rate_phase {
	double from, to; /* arrivals a second */
	double duration_s;
} pf_rate_phase;

enum { PF_RATE_PHASES_MOST = 32, PF_RATE_RAMP_PHASES = 8 };

/* "20"; steps as "10,20,40"; a ramp as "10..40", in PF_RATE_RAMP_PHASES parts. Returns the number of phases,
 * 0 where the text is none of these. Durations are left to the caller. */
size_t pf_rate_parse(const char *text, pf_rate_phase phases[PF_RATE_PHASES_MOST]);

typedef struct pf_arrivals {
	pf_random random;
	size_t *order, place, photos; /* of the pass at hand; owned */
	double at_s;                  /* of the last arrival, since the phase began */
} pf_arrivals;

pf_status pf_arrivals_init(pf_arrivals *arrivals, size_t photos, uint64_t seed, pf_error *error);
void pf_arrivals_release(pf_arrivals *arrivals);

/* All photos in an order that is drawn, then all in another one. */
size_t pf_arrivals_photo(pf_arrivals *arrivals);

void pf_arrivals_begin(pf_arrivals *arrivals); /* a phase */

/* When the next one of the phase comes, in ns since it began: a Poisson process, whose rate is the phase's,
 * by inverting the integral of the rate. What is past the duration is not part of it: false. */
bool pf_arrivals_next(pf_arrivals *arrivals, const pf_rate_phase *phase, uint64_t *at_ns);

#endif
