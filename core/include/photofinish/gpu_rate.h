/* Rates of a device, measured. docs/gpu.md. */
#ifndef PHOTOFINISH_GPU_RATE_H
#define PHOTOFINISH_GPU_RATE_H

#include "photofinish/status.h"

/* What a device can do at most: operations of fp16 convolutions (a multiply and an add are two), or bytes
 * copied from or to page-locked memory. Opens the first device in the calling process, which must not fork
 * afterwards to use it in a child. A run takes some milliseconds and returns what it did; below 0 the device
 * failed. One thread. PF_ERR_UNAVAILABLE where there is none. */
typedef enum pf_gpu_rate_kind { PF_GPU_RATE_FP16, PF_GPU_RATE_UPLOAD, PF_GPU_RATE_DOWNLOAD } pf_gpu_rate_kind;
typedef struct pf_gpu_rate pf_gpu_rate;
PF_API pf_status pf_gpu_rate_open(pf_gpu_rate_kind kind, pf_gpu_rate **out, pf_error *error);
PF_API double pf_gpu_rate_run(pf_gpu_rate *rate);
PF_API void pf_gpu_rate_close(pf_gpu_rate *rate);

#endif
