/* Profiles of contestants: trials that are looked into, in turn with trials that are not, so that what
 * looking costs is measured beside it. */
#ifndef HARNESS_PROFILE_TRIALS_H
#define HARNESS_PROFILE_TRIALS_H

#include "harness/profile/profiler.h"
#include "harness/run/run.h"
#include "harness/stats/student.h"

typedef struct pf_profiled {
	const pf_contestant *contestant;
	pf_profile profile; /* the sum over the rounds */
	pf_profiled_stage stages[PF_STAGE_COUNT];
	uint32_t pairs;        /* rounds with both trials */
	pf_interval cpu, wall; /* time with looking over time without; where pairs > 0 */
} pf_profiled;

typedef struct pf_profile_trials {
	const pf_session *session;
	const pf_profile_order *order;
	uint32_t rounds;
	bool compare_off; /* each round has a trial that is not looked into, too */
	uint64_t seed;    /* of the order within rounds */
	pf_profiled *profiled;
	size_t count;
	bool stopped; /* by an interrupt; what was found until then is kept */
	void (*told)(const char *label, size_t done, size_t total); /* may be NULL */
} pf_profile_trials;

/* Runs them. A trial that does not end well, or whose scores are not those of the others of its variant, is
 * an error. Release in any case. */
pf_status pf_profile_trials_run(pf_profile_trials *trials, pf_error *error);
void pf_profile_trials_release(pf_profile_trials *trials);

#endif
