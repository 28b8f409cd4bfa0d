/* What a scoring need not do again: what its journal has of an interrupted run, and what the cache has of
 * photos with the same bytes; and where its results are kept for the next time. For one thread. */
#ifndef HARNESS_KNOWN_SCORES_H
#define HARNESS_KNOWN_SCORES_H

#include <stdbool.h>

#include "harness/run/run.h"
#include "harness/trial/trial.h"

typedef struct pf_known_request {
	const char *journal; /* path; NULL: none is kept */
	const char *
		cache; /* NULL: none is used; "", or "verify": a part of what it has is scored all the same */
	double cache_mb; /* that it may take */
	bool quiet;
} pf_known_request;

typedef struct pf_known_scores pf_known_scores;

/* Opens journal and cache and looks the session's photos up. Sets session->known, and has workers tell what
 * they read where there is a cache. A journal of another run is an error; a cache that cannot be used is told
 * of, and the run goes on without. PF_ERR_CANCELLED at an interrupt. The session must not outlive *out. */
pf_status pf_known_scores_open(const pf_known_request *request, pf_session *session,
			       const pf_contestant *contestant, pf_known_scores **out, pf_error *error);

/* For the trial's listener: keeps what comes. */
void pf_known_scores_hear(pf_known_scores *known, const pf_outcomes *so_far, const pf_frame *frame);

/* Says what was saved. False where a score of the cache is not that of the photo (`verify`), which it says,
 * too. */
bool pf_known_scores_report(pf_known_scores *known);

/* `whole`: all results were delivered, so that no journal is needed. NULL is fine. */
void pf_known_scores_close(pf_known_scores *known, bool whole);

#endif
