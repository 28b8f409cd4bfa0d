/* A calibration for people: what was found, by cell, with what other rules say of the same observations. */
#ifndef HARNESS_CALIBRATION_TABLE_H
#define HARNESS_CALIBRATION_TABLE_H

#include <stdio.h>

#include "harness/calibrate/calibration_file.h"

void pf_calibration_print(const pf_calibration *calibration, FILE *stream);
void pf_calibration_markdown(const pf_calibration *calibration, FILE *stream);

#endif
