/* A load on a variant whose workers live on with their models open: its queries are photos given to its
 * intake (photofinish/intake.h), by the generator and with the results of any load. */
#ifndef HARNESS_LOAD_INTAKE_H
#define HARNESS_LOAD_INTAKE_H

#include "harness/load/load.h"

/* In place of runs of the variant; results go into `load`, whose histograms are there. What differs from
 * `reference` is wrong. */
pf_status pf_load_by_intake(pf_load *load, const pf_outcomes *reference, pf_error *error);

/* How the trial ended, into `load`; releases it. `status` of running it, or PF_ERR_CRASHED where it did not
 * end well: of load.c. */
pf_status pf_load_take_end(pf_load *load, pf_trial *trial, pf_status status, pf_error *error);

/* Compares an outcome with the reference's: of load.c. */
void pf_load_check(pf_load *load, const pf_outcomes *reference, size_t photo, const pf_outcome *own);

#endif
