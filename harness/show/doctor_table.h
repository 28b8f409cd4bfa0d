/* What the doctor found, for people. */
#ifndef HARNESS_DOCTOR_TABLE_H
#define HARNESS_DOCTOR_TABLE_H

#include <stdio.h>

#include "harness/doctor/doctor.h"
#include "harness/doctor/noise_floor.h"

/* The worst first: what was read; where something is not well, why it matters and how to mend it. `columns`:
 * 0 is 120. */
void pf_doctor_print_findings(const pf_finding findings[PF_FINDING_COUNT], int columns, FILE *stream);

/* How many there are of each status, in one line. */
void pf_doctor_print_summary(const pf_finding findings[PF_FINDING_COUNT], FILE *stream);

/* The noise floor, and which margins it allows. */
void pf_doctor_print_noise(const pf_noise_floor *floor, int columns, FILE *stream);

#endif
