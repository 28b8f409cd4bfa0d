/* How busy a device is and how much of its memory is taken, by NVIDIA's management library, where it is: it
 * is loaded at run time. All of the device, whoever uses it. */
#ifndef HARNESS_NVML_H
#define HARNESS_NVML_H

#include <stdbool.h>
#include <stdint.h>

#define PF_NVML_LIBRARY "libnvidia-ml.so.1"

/* Over the samples of one trial. */
typedef struct pf_nvml_load {
	uint64_t busy_samples;    /* of how busy it is; 0: see why */
	double busy_percent;      /* mean share of the time in which a kernel ran, as the driver counts it */
	uint64_t memory_samples;  /* of its memory; 0: see why. A device cut into parts tells this alone */
	uint64_t used_most_bytes; /* of the device's memory, at most */
	uint64_t memory_bytes;    /* that it has */
	char why[128];            /* one of them is not there; "" where both are */
} pf_nvml_load;

/* Loads the library and starts it, once for the process; false where that fails. Not thread-safe, like all
 * here. It takes some milliseconds the first time: before a trial, not in it. */
bool pf_nvml_open(void);

/* Adds a sample of the device with that PCI address; a failure goes into load->why. */
void pf_nvml_sample(const char *bus, pf_nvml_load *load);

#endif
