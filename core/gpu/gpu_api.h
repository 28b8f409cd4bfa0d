/* The device's entries that are used: one table of function pointers, filled from the driver's library and
 * cuDNN's when a worker opens its device. Nothing else of core calls them by name. */
#ifndef PF_GPU_API_H
#define PF_GPU_API_H

#include <cuda.h>
#include <cudnn.h>

#include "photofinish/status.h"

/* X(entry). Some are macros of cuda.h that name the version in use (cuMemAlloc is cuMemAlloc_v2). */
#define PF_GPU_DRIVER_LIST(X)          \
	X(cuInit)                      \
	X(cuDriverGetVersion)          \
	X(cuGetErrorName)              \
	X(cuDeviceGet)                 \
	X(cuDeviceGetCount)            \
	X(cuDeviceGetName)             \
	X(cuDeviceGetPCIBusId)         \
	X(cuDevicePrimaryCtxRetain)    \
	X(cuDevicePrimaryCtxRelease)   \
	X(cuCtxSetCurrent)             \
	X(cuMemAlloc)                  \
	X(cuMemFree)                   \
	X(cuMemHostRegister)           \
	X(cuMemHostUnregister)         \
	X(cuMemcpyHtoDAsync)           \
	X(cuMemcpyDtoHAsync)           \
	X(cuEventCreate)               \
	X(cuEventDestroy)              \
	X(cuEventRecord)               \
	X(cuEventSynchronize)          \
	X(cuEventElapsedTime)          \
	X(cuStreamCreate)              \
	X(cuStreamDestroy)             \
	X(cuStreamSynchronize)         \
	X(cuStreamBeginCapture)        \
	X(cuStreamEndCapture)          \
	X(cuGraphInstantiateWithFlags) \
	X(cuGraphLaunch)               \
	X(cuGraphExecDestroy)          \
	X(cuGraphDestroy)              \
	X(cuModuleLoadData)            \
	X(cuModuleUnload)              \
	X(cuModuleGetFunction)         \
	X(cuLaunchKernel)

#define PF_GPU_CUDNN_LIST(X)             \
	X(cudnnGetVersion)               \
	X(cudnnGetErrorString)           \
	X(cudnnGetLastErrorString)       \
	X(cudnnCreate)                   \
	X(cudnnDestroy)                  \
	X(cudnnSetStream)                \
	X(cudnnBackendCreateDescriptor)  \
	X(cudnnBackendDestroyDescriptor) \
	X(cudnnBackendSetAttribute)      \
	X(cudnnBackendGetAttribute)      \
	X(cudnnBackendFinalize)          \
	X(cudnnBackendExecute)

#define PF_GPU_FIELD(entry) __typeof__(&(entry)) entry; /* NOLINT(bugprone-macro-parentheses): a name */
typedef struct pf_gpu_api {
	PF_GPU_DRIVER_LIST(PF_GPU_FIELD)
	PF_GPU_CUDNN_LIST(PF_GPU_FIELD)
} pf_gpu_api;
#undef PF_GPU_FIELD

/* Fill *api: with cuDNN's entries alone (plans can be made without a driver), or with all. PF_ERR_UNAVAILABLE
 * says which library or entry is missing. The libraries stay loaded. Not before a fork whose child shall use
 * a device. */
pf_status pf_gpu_api_cudnn(pf_gpu_api *api, pf_error *error);
pf_status pf_gpu_api_all(pf_gpu_api *api, pf_error *error);

#endif
