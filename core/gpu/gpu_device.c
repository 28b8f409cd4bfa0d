#include "core/gpu/gpu_device.h"

#include "core/gpu/gpu_times.h"

#define THREADS 256
#define MOST_BLOCKS 4096

static const char *const kernel_names[] = {
#define NAME(name, type) "pf_kernel_" #name,
	PF_GPU_KERNEL_LIST(NAME)
#undef NAME
};

bool pf_gpu_check(pf_gpu_device *device, CUresult result, const char *what)
{
	if (result == CUDA_SUCCESS) {
		return true;
	}
	const char *name = NULL;
	pf_status status = PF_ERR_INTERNAL;
	if (result == CUDA_ERROR_OUT_OF_MEMORY) {
		status = PF_ERR_NO_MEMORY;
	} else if (result == CUDA_ERROR_NO_DEVICE || result == CUDA_ERROR_SYSTEM_DRIVER_MISMATCH ||
		   result == CUDA_ERROR_DEVICE_UNAVAILABLE || result == CUDA_ERROR_NO_BINARY_FOR_GPU) {
		status = PF_ERR_UNAVAILABLE;
	}
	if (device->failure.code == PF_OK) {
		device->api.cuGetErrorName(result, &name);
		pf_fail(&device->failure, status, NULL, "the device failed: %s: %s", what,
			name ? name : "unknown error");
	}
	return false;
}

bool pf_gpu_check_cudnn(pf_gpu_device *device, cudnnStatus_t result, const char *what)
{
	if (result != CUDNN_STATUS_SUCCESS && device->failure.code == PF_OK) {
		pf_status status = result == CUDNN_STATUS_ALLOC_FAILED ? PF_ERR_NO_MEMORY : PF_ERR_INTERNAL;
		pf_fail(&device->failure, status, NULL, "the device failed: %s: %s", what,
			device->api.cudnnGetErrorString(result));
	}
	return result == CUDNN_STATUS_SUCCESS;
}

pf_status pf_gpu_fail(const pf_gpu_device *device, pf_error *error)
{
	return pf_fail(error, device->failure.code, NULL, "%s", device->failure.message);
}

static bool open_context(pf_gpu_device *d)
{
	int count = 0;
	const pf_gpu_api *api = &d->api;
	bool fine = pf_gpu_check(d, api->cuInit(0), "cuInit") &&
		    pf_gpu_check(d, api->cuDeviceGetCount(&count), "cuDeviceGetCount");
	if (fine && !count) {
		pf_fail(&d->failure, PF_ERR_UNAVAILABLE, NULL, "the driver counts no device");
		return false;
	}
	return fine && pf_gpu_check(d, api->cuDeviceGet(&d->device, 0), "cuDeviceGet") &&
	       pf_gpu_check(d, api->cuDevicePrimaryCtxRetain(&d->context, d->device), "opening a context") &&
	       pf_gpu_check(d, api->cuCtxSetCurrent(d->context), "opening a context") &&
	       pf_gpu_check(d, api->cuStreamCreate(&d->stream, CU_STREAM_NON_BLOCKING), "making a stream");
}

static bool load_kernels(pf_gpu_device *d)
{
	bool fine = pf_gpu_check(d, d->api.cuModuleLoadData(&d->module, pf_gpu_fatbin), "loading kernels");
	for (int i = 0; fine && i < PF_GPU_KERNEL_COUNT; i++) {
		fine = pf_gpu_check(d, d->api.cuModuleGetFunction(&d->kernels[i], d->module, kernel_names[i]),
				    kernel_names[i]);
	}
	return fine;
}

pf_status pf_gpu_device_open(pf_gpu_device *device, pf_error *error)
{
	*device = (pf_gpu_device){.failure = {.code = PF_OK}};
	pf_status status = pf_gpu_api_all(&device->api, error);
	if (status != PF_OK) {
		return status;
	}
	bool fine = open_context(device) && load_kernels(device) &&
		    pf_gpu_check_cudnn(device, device->api.cudnnCreate(&device->cudnn), "opening cuDNN") &&
		    pf_gpu_check_cudnn(device, device->api.cudnnSetStream(device->cudnn, device->stream),
				       "opening cuDNN");
	if (!fine) {
		status = pf_gpu_fail(device, error);
		pf_gpu_device_close(device);
	}
	return status;
}

void pf_gpu_device_close(pf_gpu_device *device)
{
	pf_gpu_times_close(device);
	if (device->cudnn) {
		device->api.cudnnDestroy(device->cudnn);
	}
	if (device->module) {
		device->api.cuModuleUnload(device->module);
	}
	if (device->stream) {
		device->api.cuStreamDestroy(device->stream);
	}
	if (device->context) {
		device->api.cuDevicePrimaryCtxRelease(device->device);
	}
	*device = (pf_gpu_device){0};
}

CUdeviceptr pf_gpu_allocate(pf_gpu_device *device, size_t bytes)
{
	CUdeviceptr made = 0;
	pf_gpu_check(device, device->api.cuMemAlloc(&made, bytes), "allocating memory");
	return made;
}

bool pf_gpu_upload(pf_gpu_device *device, CUdeviceptr to, const void *from, size_t bytes, const char *what)
{
	pf_gpu_part_begin(device, PF_DEVICE_UPLOAD);
	bool fine = pf_gpu_check(device, device->api.cuMemcpyHtoDAsync(to, from, bytes, device->stream),
				 what);
	pf_gpu_part_end(device, bytes);
	return fine;
}

bool pf_gpu_download(pf_gpu_device *device, void *to, CUdeviceptr from, size_t bytes, const char *what)
{
	pf_gpu_part_begin(device, PF_DEVICE_DOWNLOAD);
	bool fine = pf_gpu_check(device, device->api.cuMemcpyDtoHAsync(to, from, bytes, device->stream),
				 what);
	pf_gpu_part_end(device, bytes);
	return fine;
}

bool pf_gpu_launch(pf_gpu_device *device, pf_gpu_kernel kernel, const void *arguments)
{
	int64_t count = *(const int64_t *)arguments; /* each begins with it */
	int64_t blocks = (count + THREADS - 1) / THREADS;
	void *parameters[1] = {(void *)arguments};
	return pf_gpu_check(
		device,
		device->api.cuLaunchKernel(device->kernels[kernel],
					   (unsigned)(blocks < MOST_BLOCKS ? blocks : MOST_BLOCKS), 1, 1,
					   THREADS, 1, 1, 0, device->stream, parameters, NULL),
		kernel_names[kernel]);
}

bool pf_gpu_wait(pf_gpu_device *device)
{
	bool fine = pf_gpu_check(device, device->api.cuStreamSynchronize(device->stream), "waiting");
	if (fine) {
		pf_gpu_times_read(device);
	}
	return fine;
}
