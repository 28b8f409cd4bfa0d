/* What the doctor found, as JSON. */
#ifndef HARNESS_DOCTOR_JSON_H
#define HARNESS_DOCTOR_JSON_H

#include <stdio.h>

#include "harness/doctor/doctor.h"
#include "harness/doctor/noise_floor.h"
#include "harness/trial/observer.h"

/* What was not asked for is NULL. */
typedef struct pf_doctor_report {
	const pf_finding *findings; /* PF_FINDING_COUNT */
	const pf_noise_floor *noise;
	const pf_observer *observer;
} pf_doctor_report;

/* Writes schema photofinish.doctor/1 (docs/doctor.md). */
pf_status pf_doctor_json(const pf_doctor_report *report, FILE *stream, pf_error *error);

#endif
