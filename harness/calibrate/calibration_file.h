/* A calibration: what is measured, by which rules, and what was measured by now. Lies in a folder. */
#ifndef HARNESS_CALIBRATION_FILE_H
#define HARNESS_CALIBRATION_FILE_H

#include "harness/calibrate/slow_library.h"
#include "harness/calibrate/stream.h"
#include "harness/gate/gate.h"

typedef struct pf_calibration {
	char folder[PATH_MAX];
	pf_gate_arm arm;         /* that is measured against itself */
	pf_gate_request request; /* of each gate; without names */
	char workloads[PF_STREAM_WORKLOADS][PF_GATE_NAME];
	pf_dose doses[PF_STREAM_WORKLOADS];
	size_t count; /* of workloads and doses */
	pf_streams streams;
} pf_calibration;

/* Reads the one that lies in calibration->folder. PF_ERR_NOT_FOUND: there is none; PF_ERR_INVALID: it is
 * damaged, or of another machine. Freed by pf_calibration_free, also after an error. */
pf_status pf_calibration_load(pf_calibration *calibration, pf_error *error);
void pf_calibration_free(pf_calibration *calibration);

/* Keeps other sittings out of the folder for as long as this process lives: two would write over each other's
 * gates. PF_ERR_EXISTS: one is running. */
pf_status pf_calibration_lock(const pf_calibration *calibration, pf_error *error);

/* Writes all but the streams. */
pf_status pf_calibration_write(const pf_calibration *calibration, pf_error *error);

/* Path of the file with streams. */
void pf_calibration_streams(const pf_calibration *calibration, char path[PATH_MAX]);

#endif
