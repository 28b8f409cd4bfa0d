/* What a device did in a trial: from the workers' traces, and by NVML. */
#ifndef HARNESS_DEVICE_H
#define HARNESS_DEVICE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/device/nvml.h"
#include "photofinish/device_work.h"
#include "photofinish/trace.h"

enum { PF_DEVICE_COLUMNS = 400 };

/* How long the device and the decoders were busy, and at once; of all workers together. */
typedef struct pf_device_overlap {
	uint64_t wall_ns;        /* of the trial; less what rings of spans had lost by its end */
	uint64_t copy_ns;        /* something was copied, either way */
	uint64_t compute_ns;     /* a kernel ran, or the network */
	uint64_t both_ns;        /* copied and computed at once */
	uint64_t busy_ns;        /* either */
	uint64_t with_decode_ns; /* of that, while a worker decoded a photo */
} pf_device_overlap;

typedef struct pf_device_found {
	pf_device_work work; /* sums over the workers; name, bus and why are the first one's */
	pf_device_overlap overlap;
	char timeline[PF_DEVICE_COLUMNS + 1]; /* the trial in columns: what took most of each, by the letters
						 of PF_DEVICE_PART_LIST, ' ' for nothing; "": not known */
	pf_nvml_load load;
} pf_device_found;

/* From traces and rings as in pf_probe_look, which may hold anything. NULL where no device was opened and
 * nothing fell back, or without memory; else to be freed. */
pf_device_found *pf_device_find(const pf_trace *traces, uint32_t workers, const pf_span *rings,
				uint32_t ring_capacity, uint64_t begin_ns, uint64_t wall_ns);

json_t *pf_device_json(const pf_device_found *found); /* NULL: null */
pf_device_found *pf_device_of(const json_t *object);  /* NULL: there is none; else to be freed */

#endif
