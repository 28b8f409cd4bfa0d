/* What a device did for a contestant of a run. */
#ifndef HARNESS_RUN_DEVICE_H
#define HARNESS_RUN_DEVICE_H

#include "harness/device/device.h"
#include "harness/run/run.h"

/* Of the trial whose time is the median; NULL: it had none, or no time. */
const pf_device_found *pf_run_device(const pf_contestant *contestant);

/* Photos of all its trials with a time whose pose the processor found in a device's place, and the first
 * reason for it (`why` may be NULL). Above 0, its time is not a device's. */
uint64_t pf_run_fallen(const pf_contestant *contestant, const char **why);

#endif
