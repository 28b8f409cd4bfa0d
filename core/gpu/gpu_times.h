/* What the device spends its time on: each part of its work between two events of the stream, read once the
 * stream was waited for, and put into the worker's trace by the host's clock. */
#ifndef PF_GPU_TIMES_H
#define PF_GPU_TIMES_H

#include "core/gpu/gpu_device.h"
#include "photofinish/trace.h"

/* From now on parts are timed, for `trace` (NULL: no more). Where the device gives no events, nothing is
 * timed, and nothing fails. Waits for the device once. */
void pf_gpu_times_open(pf_gpu_device *device, pf_trace *trace);
void pf_gpu_times_close(pf_gpu_device *device);

/* Around the calls that queue one part. Nothing where nobody times. */
void pf_gpu_part_begin(pf_gpu_device *device, pf_device_part part);
void pf_gpu_part_end(pf_gpu_device *device, size_t bytes);

/* Reads what was timed; after pf_gpu_wait, which calls it. */
void pf_gpu_times_read(pf_gpu_device *device);

#endif
