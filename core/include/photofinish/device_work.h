/* What a device did for one worker, and where the poses of its photos were found: a part of its trace. */
#ifndef PHOTOFINISH_DEVICE_WORK_H
#define PHOTOFINISH_DEVICE_WORK_H

#include <stdint.h>

#include "photofinish/status.h"

/* X(constant, name in records, its letter in timelines, what it is). Times are the device's own, between two
 * events of its stream. */
#define PF_DEVICE_PART_LIST(X)                                                                           \
	X(PF_DEVICE_UPLOAD, "upload", 'u', "copies to the device")                                       \
	X(PF_DEVICE_INPUT, "input", 'i', "kernels that make the network's input")                        \
	X(PF_DEVICE_NETWORK, "network", 'n', "the network's layers")                                     \
	X(PF_DEVICE_OUTPUT, "output", 'o', "kernels that find the maxima, or lay out what is read back") \
	X(PF_DEVICE_DOWNLOAD, "download", 'd', "copies from the device")

#define PF_DEVICE_PART_ENUM(constant, name, letter, text) constant,
typedef enum pf_device_part { PF_DEVICE_PART_LIST(PF_DEVICE_PART_ENUM) PF_DEVICE_PARTS } pf_device_part;
#undef PF_DEVICE_PART_ENUM

/* pf_span.stage of a device's part in a worker's ring is that and the part: no stage of the worker itself. */
#define PF_DEVICE_SPAN 0x4000u

/* Sums. */
typedef struct pf_device_time {
	uint64_t count, ns, bytes; /* bytes: of copies */
} pf_device_time;

enum { PF_DEVICE_NAME = 64, PF_DEVICE_BUS = 16, PF_DEVICE_WHY = 160 };

/* Zeroed to begin with; the worker alone writes. */
typedef struct pf_device_work {
	pf_device_time parts[PF_DEVICE_PARTS];
	uint64_t untimed;          /* parts that no event timed */
	uint64_t photos;           /* whose pose the device found */
	uint64_t fallen;           /* whose pose the processor found in its place (PF_STRATEGY_FALL_BACK) */
	char name[PF_DEVICE_NAME]; /* of the device, as the driver says; "": none was opened */
	char bus[PF_DEVICE_BUS];   /* its PCI address, "0000:17:00.0"; "" not known */
	char why[PF_DEVICE_WHY];   /* it fell back: the first failure; may be cut */
} pf_device_work;

/* "upload"; "none" for any other value. */
PF_API const char *pf_device_part_name(pf_device_part part);

struct pf_trace;

/* Adds a part's time, between two instants of pf_now_ns; keeps the span, too, where the trace has a ring.
 * NULL records nothing. */
PF_API void pf_trace_device(struct pf_trace *trace, pf_device_part part, uint64_t begin_ns, uint64_t end_ns,
			    uint64_t bytes);

#endif
