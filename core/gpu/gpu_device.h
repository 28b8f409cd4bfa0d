/* A worker's device: context, stream, kernels and cuDNN's handle. One thread at a time. */
#ifndef PF_GPU_DEVICE_H
#define PF_GPU_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/gpu/gpu_api.h"
#include "core/gpu/gpu_kernels.h"

extern const unsigned char pf_gpu_fatbin[];

typedef struct pf_gpu_times pf_gpu_times;

typedef struct pf_gpu_device {
	pf_gpu_api api;
	CUdevice device;
	CUcontext context;
	CUstream stream;
	CUmodule module;
	CUfunction kernels[PF_GPU_KERNEL_COUNT];
	cudnnHandle_t cudnn;
	pf_error failure;    /* of the first call that failed; code PF_OK: none did */
	pf_gpu_times *times; /* gpu_times.h; NULL: nobody times */
} pf_gpu_device;

/* Opens the first device in the calling process, which must not fork afterwards to use it in a child.
 * PF_ERR_UNAVAILABLE: there is none, or a library is missing; PF_ERR_NO_MEMORY: it has no memory left. */
pf_status pf_gpu_device_open(pf_gpu_device *device, pf_error *error);
void pf_gpu_device_close(pf_gpu_device *device); /* also one that failed to open */

/* True where a call of the driver succeeded; else keeps what failed, of several calls the first. */
bool pf_gpu_check(pf_gpu_device *device, CUresult result, const char *what);
bool pf_gpu_check_cudnn(pf_gpu_device *device, cudnnStatus_t result, const char *what);
/* The failure as the result of a function. */
pf_status pf_gpu_fail(const pf_gpu_device *device, pf_error *error);

/* Memory of the device, 256-byte aligned; 0 with the failure kept. */
CUdeviceptr pf_gpu_allocate(pf_gpu_device *device, size_t bytes);

/* Queue a copy on the stream; the host's memory is read or written until pf_gpu_wait, or at once where it is
 * not page-locked. */
bool pf_gpu_upload(pf_gpu_device *device, CUdeviceptr to, const void *from, size_t bytes, const char *what);
bool pf_gpu_download(pf_gpu_device *device, void *to, CUdeviceptr from, size_t bytes, const char *what);

/* Queues a kernel on the stream; `arguments` is the struct of PF_GPU_KERNEL_LIST, copied by the call. */
bool pf_gpu_launch(pf_gpu_device *device, pf_gpu_kernel kernel, const void *arguments);

/* Waits for all that was queued. */
bool pf_gpu_wait(pf_gpu_device *device);

#endif
