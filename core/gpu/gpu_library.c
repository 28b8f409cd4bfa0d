#include "core/gpu/gpu_library.h"

#include <dlfcn.h>
#include <stddef.h>

#ifndef PF_CUDNN_LIBRARY
#define PF_CUDNN_LIBRARY NULL
#endif

static void *first_of(const char *const *names)
{
	void *handle = NULL;
	for (; !handle && *names; names++) {
		handle = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
	}
	return handle;
}

void *pf_gpu_library_driver(void)
{
	return first_of((const char *const[]){PF_GPU_DRIVER, NULL});
}

void *pf_gpu_library_cudnn(void)
{
	return first_of((const char *const[]){PF_GPU_CUDNN, PF_CUDNN_LIBRARY, NULL});
}

void *pf_gpu_library_nvrtc(void)
{
	return first_of((const char *const[]){"libnvrtc.so.13", "libnvrtc.so.12", NULL});
}
