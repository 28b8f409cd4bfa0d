/* What a device did, below the table of a run. */
#ifndef HARNESS_DEVICE_LINES_H
#define HARNESS_DEVICE_LINES_H

#include <stdio.h>

#include "harness/run/run.h"

/* For each contestant with a time that used a device, or fell back: where the poses were found, the device's
 * time by its parts, overlap, and NVML's figures or why there are none. Of the median trial. */
void pf_device_print(const pf_run *run, int columns, FILE *stream);

/* "no GPU used", or the name of the device that was used. Returns `out`. */
char *pf_device_heading(const pf_run *run, char *out, size_t capacity);

#endif
