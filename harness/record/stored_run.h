/* A stored record read back into the model of a run, so that whatever renders a run renders records, too. */
#ifndef HARNESS_STORED_RUN_H
#define HARNESS_STORED_RUN_H

#include <jansson.h>

#include "harness/run/run.h"

typedef struct pf_stored_run pf_stored_run;

/* Reads a record that pf_record_load let pass. Texts are made fit for a terminal. What the record lacks was
 * not measured. The caller frees *out. PF_ERR_INVALID: it is
 * beyond what can be shown (photos, steps, trials, workers). */
pf_status pf_stored_run_read(const json_t *record, pf_stored_run **out, pf_error *error);
void pf_stored_run_free(pf_stored_run *stored); /* NULL is fine */

/* Belongs to *stored. */
const pf_run *pf_stored_run_model(const pf_stored_run *stored);

#endif
