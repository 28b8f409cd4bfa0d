/* Sittings of a calibration, in which gates are run and kept. One may be stopped or killed at any time: it
 * loses the gate at hand. */
#ifndef HARNESS_SITTING_H
#define HARNESS_SITTING_H

#include "harness/calibrate/calibration_file.h"

/* Begins a calibration of an arm that was made, with folder, request, workloads and their count filled in:
 * finds the doses, writes the settings. Minutes; tells what takes long on standard error. */
pf_status pf_calibration_begin(pf_calibration *calibration, pf_error *error);

/* NULL, or why such a cell cannot be run here. */
const char *pf_cell_unable(const pf_cell *cell);

/* A gate begins (`gate` NULL), or has ended. */
typedef void (*pf_sitting_tell)(void *context, const pf_cell *cell, const pf_gate *gate);

/* Runs gates, each of the cell that is farthest from what is wanted of it, until `hours` have gone by, an
 * interrupt, or all is there. Of cells whose names contain one of `only` (`only_count` 0: all).
 * PF_ERR_CANCELLED after an interrupt; PF_ERR_NOT_FOUND: no cell has such a name. */
pf_status pf_sitting_run(pf_calibration *calibration, const char *const *only, size_t only_count,
			 double hours, pf_sitting_tell tell, void *context, pf_error *error);

#endif
