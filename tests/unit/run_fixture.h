/* Runs that never were: contestants with given times, for whatever judges or renders a run. */
#ifndef TESTS_RUN_FIXTURE_H
#define TESTS_RUN_FIXTURE_H

#include "harness/run/run.h"

enum { PF_FIXTURE_CONTESTANTS = 16, PF_FIXTURE_TRIALS = 8, PF_FIXTURE_PHOTOS = 1000 };

typedef struct pf_fixture_run {
	pf_run run;
	pf_session session;
	pf_dataset dataset;
	pf_dataset_photo photos[PF_FIXTURE_PHOTOS];
	struct pf_variant variants[PF_FIXTURE_CONTESTANTS];
	pf_contestant contestants[PF_FIXTURE_CONTESTANTS];
	pf_trial trials[PF_FIXTURE_CONTESTANTS][PF_FIXTURE_TRIALS];
	pf_outcomes outcomes;
} pf_fixture_run;

/* A run over `photos` <= PF_FIXTURE_PHOTOS photos that has no contestants yet. Nothing needs to be freed. */
void pf_fixture_run_open(pf_fixture_run *fixture, size_t photos);

/* Adds a contestant that is ok; its trials of rounds 1..n take seconds[i], ended by 0. `name` and `parent`
 * (may be NULL) must live on. One worker is no PF_CAP_WORKERS. CPU time is the wall time of all workers. */
pf_contestant *pf_fixture_run_add(pf_fixture_run *fixture, const char *name, const char *parent,
				  uint32_t workers, const double *seconds);

/* Gives every trial of the contestant that share of its wall time in a stage. */
void pf_fixture_run_stage(pf_contestant *contestant, pf_stage stage, double share);

#endif
